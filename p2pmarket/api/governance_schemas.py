"""The shapes of requests and answers about charters, stewards and removals."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from p2pmarket.api.ledger_schemas import HouseholdName
from p2pmarket.api.member_schemas import RemovedAnswer
from p2pmarket.api.schemas import CreditTerms, PlaceFields
from p2pmarket.api.window_schemas import (
    WindowAnswer,
    WindowDifference,
    WindowTerms,
    WindowWish,
)


@dataclass(frozen=True, slots=True)
class CharterTerms:
    """What a version of the charter says. credit: null for none. subtree, first_listings: 0 for
    no bound.
    """

    name: str
    rules: str
    languages: list[str]
    currency: str
    categories: list[str]
    questions: list[str]
    listing_slots: int
    visible_days: int
    photos: int
    invite_budget: int
    quorum: int
    places: list[PlaceFields]
    credit: CreditTerms | None
    approval: bool
    subtree: int
    first_listings: int
    worry_words: list[str]
    windows: list[WindowTerms]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that two versions say differently.

    before, after: of a single value, as text. added, removed: of a list. lines: of the rules, each
    with ``+``, ``-`` or a space before it. windows: of these.
    """

    field: str
    before: str | None = None
    after: str | None = None
    added: list[str] = dataclasses.field(default_factory=list)
    removed: list[str] = dataclasses.field(default_factory=list)
    lines: list[str] = dataclasses.field(default_factory=list)
    windows: list[WindowDifference] = dataclasses.field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CharterVersionAnswer:
    """One version. signed_by: by seniority. missing: stewards that must still sign. differences:
    from the version in force.
    """

    number: int
    digest: str
    in_force: bool
    signed_by: list[HouseholdName]
    mine: bool
    missing: int
    terms: CharterTerms
    differences: list[Difference]


@dataclass(frozen=True, slots=True)
class CharterAnswer:
    """The rules. consented: whether this household agreed to those in force; if not, consented_to
    is the last version to which it did, and new_to_me what has changed since. may_sign: whether
    it is a steward. community_id: what others need for a window to this community. windows: those
    in force, and what the other communities say, if it is known.
    """

    in_force: CharterVersionAnswer
    proposals: list[CharterVersionAnswer]
    needed: int
    may_sign: bool
    consented: bool
    consented_to: int
    new_to_me: list[Difference]
    without_consent: list[HouseholdName]
    community_id: str
    windows: list[WindowAnswer]


@dataclass(frozen=True, slots=True)
class CharterProposal:
    """What shall be different; null stays. no_credit: credit ends. windows: all of them;
    add_windows, drop_windows: some more, and names or ids of those that end. preview: only show
    what would follow.
    """

    name: str | None = None
    rules: str | None = None
    languages: list[str] | None = None
    currency: str | None = None
    categories: list[str] | None = None
    questions: list[str] | None = None
    listing_slots: int | None = None
    visible_days: int | None = None
    photos: int | None = None
    places: list[PlaceFields] | None = None
    credit: CreditTerms | None = None
    no_credit: bool = False
    approval: bool | None = None
    first_listings: int | None = None
    worry_words: list[str] | None = None
    windows: list[WindowTerms] | None = None
    add_windows: list[WindowWish] = dataclasses.field(default_factory=list)
    drop_windows: list[str] = dataclasses.field(default_factory=list)
    preview: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """preview: sign nothing, only show what would follow."""

    preview: bool = False


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """digest: of the version that the person has read."""

    digest: str


@dataclass(frozen=True, slots=True)
class DecisionAnswer:
    """What a decision brings. signed: whether it is signed, or only a preview.

    along_…: what is signed first, so that what was decided goes on to hold. needed: how many
    stewards must agree. charter: numbers of the versions in force. removed, returning: households
    that are removed only afterwards, or no longer. leaving: others that would not belong.
    missing: how many more must agree before the decision takes effect.
    """

    signed: bool
    along_removals: list[RemovedAnswer]
    along_charters: list[int]
    along_confirmations: list[HouseholdName]
    stewards_before: list[HouseholdName]
    stewards_after: list[HouseholdName]
    needed_before: int
    needed_after: int
    charter_before: int
    charter_after: int
    removed: list[RemovedAnswer]
    returning: list[RemovedAnswer]
    leaving: list[HouseholdName]
    missing: int


@dataclass(frozen=True, slots=True)
class CharterDecision:
    """A version that this household signs, and what follows from it."""

    version: CharterVersionAnswer
    decision: DecisionAnswer


@dataclass(frozen=True, slots=True)
class StewardAnswer:
    """A steward. seat: from 1, the most senior first. votes: false for one that left or, the
    founder, has stepped down.
    """

    household: HouseholdName
    seat: int
    votes: bool
    me: bool
    wanted_by: list[HouseholdName]
    opposed_by: list[HouseholdName]


@dataclass(frozen=True, slots=True)
class CandidateAnswer:
    """A household that some steward wants as one. accepts: whether it would take the seat.
    missing: how many more must want it, or less be against it.
    """

    household: HouseholdName
    me: bool
    accepts: bool
    missing: int
    wanted_by: list[HouseholdName]
    opposed_by: list[HouseholdName]


@dataclass(frozen=True, slots=True)
class StewardsAnswer:
    """Who decides. needed: how many of them must agree. offered: whether this household only has
    to accept.
    """

    results: list[StewardAnswer]
    candidates: list[CandidateAnswer]
    quorum: int
    needed: int
    offered: bool


@dataclass(frozen=True, slots=True)
class RemovalAnswer:
    """A removal that stewards want. missing: how many more must agree. possible: false of the
    household that founded the community, which nobody can remove.
    """

    household: HouseholdName
    reason: str
    wanted_by: list[HouseholdName]
    in_force: bool
    missing: int
    mine: bool
    possible: bool


@dataclass(frozen=True, slots=True)
class RemovalsAnswer:
    """Removals, those that are not in force yet first. may_agree: whether one is a steward."""

    results: list[RemovalAnswer]
    needed: int
    may_agree: bool


@dataclass(frozen=True, slots=True)
class RemovalRequest:
    """why: everybody can read it. with_invited: also the households it invited."""

    why: str
    with_invited: bool = False
    preview: bool = False
