"""What is hidden, changed or made up shows; what both signed counts all the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vector_ledger import (
    ANA,
    BEN,
    CEM,
    FOUNDER,
    STRANGER,
    WORLD,
    Chain,
    co_signed,
    members,
    receipt,
    review,
    traded,
)
from vector_world import DAY_MS, START_MS, Household

from protocol.envelope import Envelope
from protocol.errors import RemoteError
from protocol.kinds import Kind
from protocol.ledger.chain import Finding, Flaw, LedgerReport, Seen, verify
from protocol.ledger.entry import (
    NO_ENTRY,
    Adoption,
    Entry,
    PrivateReceipt,
    read_entry,
)
from protocol.ledger.receipt import month_of
from protocol.ledger.review import Commitment, read_commitment
from protocol.ledger.signers import signers_of
from protocol.membership.members import Members

LATER_MS = START_MS + 400 * DAY_MS


def findings(report: LedgerReport) -> list[tuple[str, int]]:
    return [(finding.flaw.value, finding.index) for finding in report.findings]


def chain_of_five(of: Household = ANA) -> Chain:
    chain = Chain(of)
    for trade in range(3):
        chain.link(traded(of, BEN, trade))
    chain.link(PrivateReceipt(bytes(32)))
    chain.link(review(traded(of, BEN, 0), of))
    return chain


def revoked(of: Household, device: int = 0, at_ms: int = LATER_MS) -> Envelope:
    """The withdrawal of a device's record, with the body that still names it."""
    body = WORLD.certify_device(of, device).body
    return WORLD.sign(
        of, Kind.DEVICE, body, slot=device, withdrawn=True, revision=1,
        at_ms=at_ms, generation_ms=WORLD.certify_device(of, device).generation_ms,
    )  # fmt: skip


def test_a_whole_chain_is_sound() -> None:
    chain = chain_of_five()
    report = verify(ANA.id, reversed(chain.records), members())
    assert report.findings == []
    assert report.sound
    assert len(report.receipts) == 3
    assert report.private == 1
    assert [posted.review.about for posted in report.reviews] == [BEN.id]
    (head,) = report.heads.values()
    assert (head.count, head.id) == (5, chain.records[-1].id)


def test_nothing_is_sound_and_empty() -> None:
    report = verify(ANA.id, [], members())
    assert report.sound
    assert (report.heads, report.receipts) == ({}, {})


@pytest.mark.parametrize("hidden", range(4))
def test_a_hidden_link_is_a_gap(hidden: int) -> None:
    chain = chain_of_five()
    del chain.records[hidden]
    report = verify(ANA.id, chain.records, members())
    assert ("gap", hidden) in findings(report)
    assert not report.sound


def test_a_hidden_end_shows_to_who_has_seen_it() -> None:
    *shown, last = chain_of_five().records
    assert verify(ANA.id, shown, members()).sound
    seen = [Seen(last.device, 4, last.id)]
    assert findings(verify(ANA.id, shown, members(), seen)) == [("gap", 4)]


def test_a_chain_written_anew_shows_to_who_has_seen_the_old_one() -> None:
    old = chain_of_five().records
    new = Chain(ANA)
    for trade in range(5, 9):
        new.link(traded(ANA, BEN, trade))
    seen = [Seen(record.device, index, record.id) for index, record in enumerate(old)]
    report = verify(ANA.id, new.records, members(), seen)
    assert findings(report) == [("fork", n) for n in range(4)] + [("gap", 4)]


def test_a_changed_link_breaks_the_next_one() -> None:
    chain = chain_of_five()
    body = Entry(1, chain.records[0].id, traded(ANA, CEM, 77)).pack()
    changed = WORLD.sign(
        ANA, Kind.LEDGER, body, slot=chain.records[1].slot, at_ms=chain.records[1].created_at_ms
    )
    report = verify(ANA.id, [chain.records[0], changed, *chain.records[2:]], members())
    assert ("broken", 2) in findings(report)


def test_two_links_with_one_number_are_a_fork() -> None:
    chain = chain_of_five()
    body = Entry(2, chain.records[1].id, traded(ANA, CEM, 77)).pack()
    other = WORLD.sign(ANA, Kind.LEDGER, body, slot=1)
    assert ("fork", 2) in findings(verify(ANA.id, [*chain.records, other], members()))


def test_a_withdrawn_link_is_missing() -> None:
    chain = chain_of_five()
    chain.records[1] = WORLD.sign(ANA, Kind.LEDGER, b"", slot=8, withdrawn=True)
    assert findings(verify(ANA.id, chain.records, members())) == [("unreadable", -1), ("gap", 1)]


def test_a_forged_record_counts_for_nothing() -> None:
    (record,) = [Chain(ANA).link(traded())]
    forged = replace(record, raw=record.raw[:-1] + bytes([record.raw[-1] ^ 1]))
    report = verify(ANA.id, [forged], members())
    assert findings(report) == [("signature", -1)]
    assert report.receipts == {}


def test_another_s_records_are_left_out() -> None:
    report = verify(ANA.id, [Chain(BEN).link(traded()), WORLD.listing(ANA)], members())
    assert report.heads == {}
    assert report.sound


def test_a_device_that_the_household_never_certified_has_no_chain() -> None:
    report = verify(ANA.id, [Chain(ANA, device=1).link(traded())], members())
    assert findings(report) == [("foreign-device", -1)]


# -- receipts


def found_in(signed, *more: Envelope, of: Household = ANA) -> LedgerReport:
    return verify(of.id, [Chain(of).link(signed)], members(*more))


def test_a_receipt_of_two_others_is_not_one_s_own() -> None:
    report = found_in(traded(BEN, CEM))
    assert findings(report) == [("not-a-party", 0)]
    assert report.receipts == {}


def test_a_receipt_of_another_community_does_not_count() -> None:
    elsewhere = receipt(community=bytes(32))
    assert findings(found_in(co_signed(elsewhere))) == [("other-community", 0)]


def test_a_receipt_that_the_other_did_not_sign_does_not_count() -> None:
    signed = traded()
    for changed in (
        replace(signed, seeker_signature=bytes(64)),
        replace(signed, receipt=replace(signed.receipt, month=202602)),
        with_swapped_sides(signed),
    ):
        report = found_in(changed)
        assert findings(report) == [("receipt-signature", 0)]
        assert report.receipts == {}


def with_swapped_sides(signed):
    return type(signed)(
        signed.receipt,
        signed.seeker_device,
        signed.seeker_signature,
        signed.publisher_device,
        signed.publisher_signature,
    )


def test_one_device_cannot_sign_for_both() -> None:
    report = found_in(co_signed(receipt(), ANA, ANA))
    assert report.receipts == {}


def test_a_signer_that_the_other_never_certified_does_not_count() -> None:
    report = found_in(co_signed(receipt(), devices=(0, 1)))
    assert findings(report) == [("unknown-signer", 0)]
    assert report.receipts == {}


def test_a_receipt_with_a_household_that_was_removed_counts_no_more_and_nobody_is_blamed() -> None:
    report = found_in(traded(), WORLD.removal(BEN))
    assert findings(report) == [("unknown-signer", 0)]
    assert report.sound


def test_a_review_of_somebody_removed_is_nobody_s_fault() -> None:
    chain = Chain(ANA)
    chain.link(traded())
    chain.link(review(traded(), ANA))
    report = verify(ANA.id, chain.records, members(WORLD.removal(BEN)))
    assert report.sound
    assert not report.reviews


def test_a_receipt_with_a_stranger_counts_for_nothing() -> None:
    assert found_in(traded(ANA, STRANGER)).receipts == {}


def test_what_a_device_signed_before_it_was_withdrawn_stays_signed() -> None:
    report = found_in(traded(), revoked(BEN))
    assert report.sound
    assert len(report.receipts) == 1


def test_what_a_stolen_device_signs_afterwards_does_not() -> None:
    month = 202802
    assert LATER_MS < START_MS + 700 * DAY_MS
    assert found_in(traded(month=month)).sound
    assert found_in(traded(month=month), revoked(BEN)).receipts == {}


def test_a_receipt_without_both_signatures_or_a_private_one_cannot_be_linked_for_all() -> None:
    signed = traded()
    for content in (
        replace(signed, seeker_device=None, seeker_signature=None),
        traded(public=False),
    ):
        with pytest.raises(RemoteError):
            Entry(0, NO_ENTRY, content)


# -- reviews


def test_a_review_needs_a_receipt_with_whom_it_is_about() -> None:
    chain = Chain(ANA)
    chain.link(traded())
    chain.link(review(traded(trade=2), ANA))
    chain.link(replace(review(traded(), ANA), about=CEM.id))
    report = verify(ANA.id, chain.records, members())
    assert findings(report) == [("no-receipt", 1), ("no-receipt", 2)]
    assert not report.reviews


def test_only_the_first_review_of_a_receipt_counts() -> None:
    chain = Chain(ANA)
    chain.link(traded())
    chain.link(review(traded(), ANA, "First."))
    chain.link(review(traded(), ANA, "Second."))
    (posted,) = verify(ANA.id, chain.records, members()).reviews
    assert posted.review.text == "First."


def test_a_review_of_a_private_receipt_counts_for_nothing() -> None:
    private = traded(public=False)
    chain = Chain(ANA)
    chain.link(PrivateReceipt(private.receipt.digest()))
    chain.link(review(private, ANA))
    assert not verify(ANA.id, chain.records, members()).reviews


@pytest.mark.parametrize("text", ["x" * 301, "ä" * 151, "\x1b[2J", " ends ", "a\u0308"])
def test_a_review_s_text_is_bounded_and_harmless(text: str) -> None:
    with pytest.raises(RemoteError):
        review(traded(), ANA, text)


def test_a_commitment_binds_every_word_and_the_salt() -> None:
    made = review(traded(), ANA)
    for other in (
        replace(made, recommends=False),
        replace(made, text="Unfriendly."),
        replace(made, salt=bytes(16)),
        replace(made, about=CEM.id),
    ):
        assert other.commitment() != made.commitment()
    letter = Commitment(made.receipt, made.commitment())
    assert read_commitment(letter.pack()) == letter


# -- adoptions


def test_a_chain_goes_on_with_another_device() -> None:
    old = chain_of_five()
    second = WORLD.certify_device(ANA, 1)
    new = Chain(ANA, device=1)
    new.link(Adoption(old.records[0].device, old.records[-1].id, 5))
    for record in old.records:
        new.link(read_entry(record.body).content)
    seen = [Seen(record.device, index, record.id) for index, record in enumerate(old.records)]
    report = verify(ANA.id, new.records, members(second, revoked(ANA)), seen)
    assert report.findings == []
    assert [adoption.count for adoption in report.adoptions] == [5]
    assert len(report.receipts) == 3
    assert len(report.reviews) == 1


def test_an_adoption_that_names_another_head_than_was_seen_shows() -> None:
    old = chain_of_five()
    new = Chain(ANA, device=1)
    new.link(Adoption(old.records[0].device, old.records[2].id, 2))
    seen = [Seen(record.device, index, record.id) for index, record in enumerate(old.records)]
    everybody = members(WORLD.certify_device(ANA, 1), revoked(ANA))
    assert findings(verify(ANA.id, new.records, everybody, seen)) == [("adoption", 0)]


def test_nobody_adopts_what_was_never_theirs() -> None:
    for device in (BEN.device().public, STRANGER.device().public):
        chain = Chain(ANA)
        chain.link(Adoption(device, bytes(32), 3))  # type: ignore[arg-type]
        assert findings(verify(ANA.id, chain.records, members())) == [("adoption", 0)]


# -- totality


@settings(max_examples=300)
@given(body=st.binary(max_size=600))
def test_no_body_is_more_than_a_remote_error(body: bytes) -> None:
    for read in (read_entry, read_commitment):
        try:
            read(body)
        except RemoteError:
            continue


WHOLE = chain_of_five()


@settings(max_examples=300, deadline=None)
@given(
    chosen=st.lists(st.sampled_from(range(5)), max_size=7),
    bits=st.lists(st.integers(0, 8 * 200), max_size=4),
)
def test_whatever_is_left_out_or_changed_there_is_a_report(chosen, bits) -> None:
    records = [WHOLE.records[index] for index in chosen]
    for bit in bits:
        if records:
            record = records[bit % len(records)]
            body = bytearray(record.body)
            body[bit // 8 % len(body)] ^= 1 << bit % 8
            records[bit % len(records)] = WORLD.sign(ANA, Kind.LEDGER, bytes(body), slot=bit)
    report = verify(ANA.id, records, members())
    assert set(report.receipts) <= {traded(ANA, BEN, n).receipt.digest() for n in range(3)}
    if not bits:
        assert report.sound == (set(chosen) == set(range(len(set(chosen)))))


def test_every_bit_of_a_public_receipt_s_link_is_bound() -> None:
    """Signed anew by its author, who may say anything: it must not count, or count the same."""
    chain = Chain(ANA)
    record = chain.link(traded())
    body = bytearray(record.body)
    everybody: Members = members()
    good = traded()
    for bit in range(len(body) * 8):
        body[bit // 8] ^= 1 << bit % 8
        changed = WORLD.sign(ANA, Kind.LEDGER, bytes(body))
        report = verify(ANA.id, [changed], everybody)
        assert all(signed == good for signed in report.receipts.values()), bit
        body[bit // 8] ^= 1 << bit % 8


def test_a_finding_of_the_founder_names_device_and_place() -> None:
    chain = Chain(FOUNDER)
    chain.link(traded(FOUNDER, BEN))
    chain.link(PrivateReceipt(bytes(32)), index=3)
    report = verify(FOUNDER.id, chain.records, members())
    device = FOUNDER.device().public
    assert [Finding(Flaw.GAP, device, n) for n in (1, 2)] == list(report.findings)  # type: ignore[arg-type]


def test_a_removal_names_every_device_there_was_and_till_when_it_signed() -> None:
    everybody = members(WORLD.certify_device(BEN, 1), revoked(BEN))
    said = {signer.device: signer.month for signer in signers_of(everybody, BEN.id, START_MS)}
    assert said == {
        BEN.device().public: month_of(LATER_MS),
        BEN.device(1).public: month_of(START_MS),
    }
    assert signers_of(everybody, STRANGER.id, START_MS) == ()
