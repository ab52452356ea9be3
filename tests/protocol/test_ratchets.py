"""A ratchet is what its pickle says, whatever was done with it and undone."""

from __future__ import annotations

from protocol.mail import seal


def test_a_ratchet_goes_on_from_the_same_place_after_what_was_undone() -> None:
    ana, ben = seal.new_account(), seal.new_account()
    begun = seal.begin(ana, ben.identity, ben.fallback)
    at_ana, _, message = seal.encrypt(begun, b"begin")
    accepted = seal.accept(ben, ana.identity, message)
    assert accepted is not None
    at_ben = accepted[0]
    undone = seal.encrypt(at_ben, b"undone")
    kept = seal.encrypt(at_ben, b"kept")
    assert undone[0].id == kept[0].id == at_ben.id
    for _, olm_type, text in (undone, kept, undone):
        assert seal.decrypt(at_ana, olm_type, text) is not None
    read = seal.decrypt(at_ana, kept[1], kept[2])
    assert read is not None
    assert read[1] == b"kept"
    assert seal.decrypt(read[0], kept[1], kept[2]) is None  # no letter is read twice
