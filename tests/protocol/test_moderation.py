"""Labels, block lists, appeals and reports: what is read, what is refused, what applies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vector_world import Household, World, thing_key

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.kinds import Kind
from protocol.listing import Listing, ListingKind, Variant
from protocol.moderation.applied import (
    appeals_in,
    applied,
    blocked_in,
    is_fine,
    labels_in,
    words_on,
)
from protocol.moderation.labels import (
    Appeal,
    Appeals,
    Blocked,
    BlockList,
    Label,
    Labels,
    Subject,
    Verdict,
    read_appeals,
    read_block_list,
    read_labels,
    text_digest,
)
from protocol.moderation.report import Ground, Report, read_report
from protocol.place import Place

WORLD = World()
KNIFE = Listing(kind=ListingKind.GIVE, title="Knife", visible_until_ms=1)
ANA, BEN, EVA = (Household(number) for number in (2, 3, 4))
COT = Subject(BEN.id, thing_key(7))
READERS: tuple[Callable[[bytes], object], ...] = (
    read_labels,
    read_block_list,
    read_appeals,
    read_report,
)

REASONS = st.text("abcdefg hä", max_size=60).map(str.strip)
SUBJECTS = st.builds(
    Subject,
    st.sampled_from([ANA.id, BEN.id]),
    st.sampled_from([None, thing_key(1), thing_key(2)]),
)
LABELS = st.builds(
    Label, SUBJECTS, st.sampled_from(list(Verdict)), REASONS.filter(lambda reason: bool(reason))
)


def refusal(read: Callable[[bytes], object], body: bytes) -> str:
    """The code with which a body is refused; "" if it is read."""
    try:
        read(body)
    except RemoteError as error:
        return error.code
    return ""


@given(st.binary(max_size=200))
def test_whatever_the_bytes_each_reader_answers_or_refuses(body: bytes) -> None:
    for read in READERS:
        code = refusal(read, body)
        assert code in ("", "body-invalid") or code.startswith("wire-")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.binary(max_size=33) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5).map(tuple),
    max_leaves=12,
)


@given(st.lists(VALUES, max_size=5).map(tuple))
def test_whatever_the_values_each_reader_answers_or_refuses(value: wire.Value) -> None:
    try:
        body = wire.pack(value)
    except (RemoteError, ValueError):
        return
    for read in READERS:
        code = refusal(read, body)
        assert code in ("", "body-invalid") or code.startswith("wire-")


@given(st.lists(LABELS, max_size=32).map(tuple))
def test_labels_come_back_as_they_were_written(labels: tuple[Label, ...]) -> None:
    assert read_labels(Labels(labels).pack()) == Labels(labels)


def test_the_other_bodies_come_back_as_they_were_written() -> None:
    listed = BlockList((Blocked(ANA.id, "Does not come."), Blocked(BEN.id, "")))
    assert read_block_list(listed.pack()) == listed
    appeals = Appeals((Appeal(COT, "It is mine.\nReally."), Appeal(Subject(ANA.id, None), "No.")))
    assert read_appeals(appeals.pack()) == appeals
    report = Report(COT, Ground.OTHER, "It shouts.\nAt night.")
    assert read_report(report.pack()) == report


@pytest.mark.parametrize("reason", ["", "x" * (limits.MAX_REASON + 1), "a\nb", "\x1b[2J", " x"])
def test_a_label_without_a_proper_reason_cannot_be_made(reason: str) -> None:
    with pytest.raises(RemoteError) as error:
        Label(COT, Verdict.HIDE, reason)
    assert error.value.fields["field"] == "reason"


def test_a_report_of_something_else_says_what() -> None:
    with pytest.raises(RemoteError):
        Report(COT, Ground.OTHER, "")


@given(st.lists(LABELS, max_size=12), st.integers(1, 4))
def test_labels_are_read_as_one_however_they_are_spread_over_slots(
    labels: list[Label], each: int
) -> None:
    parts = [tuple(labels[at : at + each]) for at in range(0, len(labels), each)]
    records = [
        WORLD.sign(ANA, Kind.LABELS, Labels(part).pack(), slot=slot)
        for slot, part in enumerate(parts)
    ]
    together = labels_in([WORLD.sign(ANA, Kind.LABELS, Labels(tuple(labels)).pack())])
    assert labels_in(reversed(records)) == together
    for subject, label in together.items():
        assert label == next(one for one in labels if one.subject == subject)


def test_what_is_withdrawn_or_unreadable_says_nothing() -> None:
    label = Labels((Label(COT, Verdict.HIDE, "Stolen."),)).pack()
    gone = WORLD.sign(ANA, Kind.LABELS, label, withdrawn=True, revision=1)
    strange = WORLD.sign(ANA, Kind.LABELS, wire.pack((3, ())), slot=1)
    assert labels_in([gone, strange]) == {}
    assert blocked_in([WORLD.sign(ANA, Kind.BLOCK_LIST, b"\x91\x02")]) == {}
    assert appeals_in([WORLD.sign(ANA, Kind.APPEALS, b"")]) == {}


def test_hide_is_stronger_than_warn_and_fine_is_nothing() -> None:
    said = {
        ANA.id: {COT: Label(COT, Verdict.FINE, "Looked at.")},
        EVA.id: {COT: Label(COT, Verdict.WARN, "Dear.")},
    }
    assert applied(words_on(said, BEN.id, COT.listing)) is Verdict.WARN
    whole = Subject(BEN.id, None)
    said[EVA.id][whole] = Label(whole, Verdict.HIDE, "Cheats.")
    words = words_on(said, BEN.id, COT.listing)
    assert applied(words) is Verdict.HIDE
    assert [(word.verdict, word.whole) for word in words if word.by == EVA.id] == [
        (Verdict.WARN, False),
        (Verdict.HIDE, True),
    ]
    assert applied(words_on({ANA.id: said[ANA.id]}, BEN.id, COT.listing)) is None
    assert words_on(said, ANA.id, None) == ()


def test_a_steward_finds_its_own_listing_fine_only_while_nobody_else_votes() -> None:
    own = Subject(ANA.id, thing_key(3))
    said = {ANA.id: {own: Label(own, Verdict.FINE, "Mine.")}}
    text = text_digest(KNIFE)
    assert is_fine(said, [ANA.id], ANA.id, thing_key(3), text)
    assert not is_fine(said, [ANA.id, EVA.id], ANA.id, thing_key(3), text)
    assert not is_fine(said, [EVA.id], ANA.id, thing_key(3), text)


def test_fine_counts_for_the_text_that_was_looked_at() -> None:
    knife, sword = text_digest(KNIFE), text_digest(replace(KNIFE, title="Sword"))
    said = {ANA.id: {COT: Label(COT, Verdict.FINE, "For bread.", knife)}}
    assert COT.listing is not None
    assert is_fine(said, [ANA.id], BEN.id, COT.listing, knife)
    assert not is_fine(said, [ANA.id], BEN.id, COT.listing, sword)
    parts: list[dict[str, Any]] = [
        {"title": "Axt"}, {"description": "Axt"}, {"tags": ("Axt",)}, {"swap_for": "Axt"},
        {"variants": (Variant("Axt", ("a",)),)}, {"variants": (Variant("a", ("Axt",)),)},
        {"place": Place("Axt")},
    ]  # fmt: skip
    written = [replace(KNIFE, **each) for each in parts]
    assert len({text_digest(each) for each in written}) == len(parts)
    # Where a worry word counts, and only there, an edit is looked at again.
    assert all("Axt" in each.said for each in written)
    assert text_digest(replace(KNIFE, quantity=3, category="tools")) == knife
    for label in ((COT, Verdict.HIDE), (Subject(BEN.id, None), Verdict.FINE)):
        with pytest.raises(RemoteError):
            Label(*label, "x", knife)
    with pytest.raises(RemoteError):
        Label(COT, Verdict.FINE, "x", knife[1:])


def test_a_label_of_the_first_version_names_no_text() -> None:
    body = wire.pack((1, ((BEN.id, COT.listing, 1, "Looked at."),)))
    assert read_labels(body).labels == (Label(COT, Verdict.FINE, "Looked at."),)
