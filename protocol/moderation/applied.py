"""What labels, block lists and appeals come to, for one who follows some households (spec 12)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from protocol.envelope import Envelope
from protocol.errors import RemoteError
from protocol.ids import HouseholdId, ThingKey
from protocol.moderation.labels import (
    Appeal,
    Blocked,
    Label,
    Subject,
    Verdict,
    read_appeals,
    read_block_list,
    read_labels,
)

Labelled = Mapping[Subject, Label]
"""What one household's labels say."""

Body = TypeVar("Body")


@dataclass(frozen=True, slots=True)
class Word:
    """What one household says of a listing, or of its household (then ``whole`` is true)."""

    by: HouseholdId
    verdict: Verdict
    reason: str
    whole: bool


def labels_in(records: Iterable[Envelope]) -> dict[Subject, Label]:
    """Return what one household's standing records of kind 41 say (MOD-1)."""
    found: dict[Subject, Label] = {}
    for body in _bodies(records, read_labels):
        for label in body.labels:
            found.setdefault(label.subject, label)
    return found


def blocked_in(records: Iterable[Envelope]) -> dict[HouseholdId, Blocked]:
    """Return whom one household's standing records of kind 42 name (MOD-1)."""
    found: dict[HouseholdId, Blocked] = {}
    for body in _bodies(records, read_block_list):
        for blocked in body.blocked:
            found.setdefault(blocked.household, blocked)
    return found


def appeals_in(records: Iterable[Envelope]) -> dict[Subject, Appeal]:
    """Return what one household's standing records of kind 43 say (MOD-1)."""
    found: dict[Subject, Appeal] = {}
    for body in _bodies(records, read_appeals):
        for appeal in body.appeals:
            found.setdefault(appeal.subject, appeal)
    return found


def words_on(
    labelled: Mapping[HouseholdId, Labelled], household: HouseholdId, listing: ThingKey | None
) -> tuple[Word, ...]:
    """Return what is said of a listing and of its household, by household (MOD-4).

    labelled: what those say whom the viewer follows. listing: None asks for the household alone.
    What a household says of itself does not count.
    """
    subjects = [Subject(household, None)]
    if listing is not None:
        subjects.insert(0, Subject(household, listing))
    return tuple(
        Word(by, label.verdict, label.reason, subject.listing is None)
        for by in sorted(labelled)
        if by != household
        for subject in subjects
        if (label := labelled[by].get(subject)) is not None
    )


def applied(words: Iterable[Word]) -> Verdict | None:
    """Return WARN or HIDE, whichever is the strongest said; None if neither is (MOD-4)."""
    strongest = max((word.verdict for word in words), default=Verdict.FINE)
    return None if strongest is Verdict.FINE else strongest


def found_fine(
    labelled: Mapping[HouseholdId, Labelled],
    voting: Iterable[HouseholdId],
    household: HouseholdId,
    listing: ThingKey,
) -> frozenset[bytes | None]:
    """Return digests of what voting stewards found fine in a listing (MOD-5); None: all it says.

    One that votes alone may say so of its own listings; else nobody does.
    """
    stewards = set(voting)
    if stewards != {household}:
        stewards.discard(household)
    subject = Subject(household, listing)
    found = (labelled.get(steward, {}).get(subject) for steward in stewards)
    return frozenset(
        label.text for label in found if label is not None and label.verdict is Verdict.FINE
    )


def is_fine(
    labelled: Mapping[HouseholdId, Labelled],
    voting: Iterable[HouseholdId],
    household: HouseholdId,
    listing: ThingKey,
    text: bytes,
) -> bool:
    """Tell whether a voting steward has looked at a listing and found it fine (MOD-5).

    text: digest of what the listing says now (labels.text_digest).
    """
    return not found_fine(labelled, voting, household, listing).isdisjoint((None, text))


def _bodies(records: Iterable[Envelope], read: Callable[[bytes], Body]) -> Iterator[Body]:
    """Yield the bodies that can be read, by slot, withdrawn ones left out."""
    for record in sorted(records, key=lambda record: record.slot):
        if not record.withdrawn:
            try:
                yield read(record.body)
            except RemoteError:
                continue  # a later version's
