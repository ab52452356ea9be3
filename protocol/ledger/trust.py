"""What receipts say of a household, as facts seen from one's own place (spec 10 §trust).

There is no score: a number for everybody could be bought by trading with oneself. Of any two
households at most PAIR_CAP receipts count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from protocol.ids import HouseholdId
from protocol.ledger.chain import Posted
from protocol.ledger.receipt import Outcome, Receipt
from protocol.membership.members import Members

PAIR_CAP = 3
"""Receipts of one pair that count: friends cannot make each other a long record."""


@dataclass(frozen=True, slots=True)
class Tally:
    """receipts: how many count, at most PAIR_CAP a pair. households: with how many others."""

    receipts: int
    households: int


@dataclass(frozen=True, slots=True)
class Record:
    """The public facts of one household. cancelled, no_shows: those that were its fault.

    brought: how many of the households with which it completed a trade came by its own
    invitation, or by that of one it brought: they may be more of the same people.
    """

    completed: Tally
    cancelled: Tally
    no_shows: Tally
    brought: int


@dataclass(frozen=True, slots=True)
class View:
    """What is known of a household from the viewpoint of another.

    common: those with whom both completed trades. vouch_path: from the viewer up to the
    nearest household that brought both, and down again; both ends included, empty where one
    of them is not a member.
    """

    household: HouseholdId
    record: Record
    common: Sequence[HouseholdId]
    vouch_path: Sequence[HouseholdId]
    reviews: Sequence[Posted]


def view(
    household: HouseholdId,
    viewer: HouseholdId,
    receipts: Sequence[Receipt],
    reviews: Iterable[Posted],
    members: Members,
) -> View:
    """Return the facts. receipts: those of everybody that hold, one of each trade
    (:func:`protocol.ledger.counting.once_a_trade`).
    """
    partners = completed_with(household, receipts)
    own = completed_with(viewer, receipts)
    return View(
        household,
        record_of(household, receipts, members),
        sorted((partners & own) - {household, viewer}),
        vouch_path(viewer, household, members),
        sorted(
            (posted for posted in reviews if posted.review.about == household),
            key=lambda posted: posted.at_ms,
        ),
    )


def record_of(household: HouseholdId, receipts: Sequence[Receipt], members: Members) -> Record:
    """Return the public facts of one household."""
    own = [receipt for receipt in receipts if household in receipt.parties]
    partners = completed_with(household, receipts)
    return Record(
        _tally(household, own, lambda receipt: receipt.outcome is Outcome.COMPLETED),
        _tally(household, own, _at_fault(household, Outcome.CANCELLED)),
        _tally(household, own, _at_fault(household, Outcome.NO_SHOW)),
        sum(household in inviters_of(partner, members)[1:] for partner in partners),
    )


def completed_with(household: HouseholdId, receipts: Iterable[Receipt]) -> frozenset[HouseholdId]:
    """Return with whom a household completed trades."""
    return frozenset(
        receipt.other(household)
        for receipt in receipts
        if household in receipt.parties and receipt.outcome is Outcome.COMPLETED
    )


def vouch_path(
    viewer: HouseholdId, household: HouseholdId, members: Members
) -> tuple[HouseholdId, ...]:
    """Return who stands for whom between two households, both ends included."""
    up, down = inviters_of(viewer, members), inviters_of(household, members)
    common = next((inviter for inviter in up if inviter in down), None)
    if common is None:
        return ()
    return (*up[: up.index(common) + 1], *reversed(down[: down.index(common)]))


def inviters_of(household: HouseholdId, members: Members) -> list[HouseholdId]:
    """The household, who stands for it, and so on up to the founder; empty for a stranger."""
    found: list[HouseholdId] = []
    member = members.member(household)
    while member is not None and member.household not in found:
        found.append(member.household)
        member = members.member(member.inviter)
    return found


def _at_fault(household: HouseholdId, outcome: Outcome) -> Callable[[Receipt], bool]:
    return lambda receipt: receipt.outcome is outcome and receipt.at_fault == household


def _tally(
    household: HouseholdId, receipts: Iterable[Receipt], counts: Callable[[Receipt], bool]
) -> Tally:
    pairs = Counter(receipt.other(household) for receipt in receipts if counts(receipt))
    return Tally(sum(min(number, PAIR_CAP) for number in pairs.values()), len(pairs))
