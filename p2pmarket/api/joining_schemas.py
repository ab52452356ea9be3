"""The shapes of the interface for joining, newcomers, invites and vouching."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from p2pmarket.api.ledger_schemas import HouseholdName
from p2pmarket.api.schemas import CreditTerms

StepName = Literal[
    "phrase", "confirmed", "met", "profile", "listing", "traded-or-vouched", "second-computer"
]


@dataclass(frozen=True, slots=True)
class LookRequest:
    """The text of an invite."""

    invite: str


@dataclass(frozen=True, slots=True)
class LookAnswer:
    """What a community asks of who joins. charter: which version of the rules this is, to be
    named when joining; number: 1 for that of the founding. approval: whether a person decides
    who is let in. returns: whether this household was here before, and so nothing is asked.
    first_listings: how many listings of a newcomer show; 0 for all.
    """

    name: str
    rules: str
    charter: str
    number: int
    languages: list[str]
    questions: list[str]
    approval: bool
    returns: bool
    first_listings: int
    credit: CreditTerms | None
    valid_until: str


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """invite: its text. answers: to the questions of the charter, one each. charter: the version
    that was read and agreed to; null for whichever is in force.
    """

    invite: str
    answers: list[str] = field(default_factory=list)
    charter: str | None = None


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """A question and what a newcomer answers; the question is "" where it is not known here."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class NewcomerAnswer:
    """A household that waits to be confirmed. yours: whether you decide. written: whether its
    answers have arrived. declined: whether you said no.
    """

    id: str
    name: str
    about: str
    place: str | None
    invited_by: HouseholdName
    since: str
    answers: list[AnsweredQuestion]
    written: bool
    yours: bool
    declined: bool


@dataclass(frozen=True, slots=True)
class NewcomersAnswer:
    """The households that wait, the one that has waited longest first."""

    results: list[NewcomerAnswer]


@dataclass(frozen=True, slots=True)
class RefusalRequest:
    """reason: told to the household; may be empty. end_invite: also end the own invite by which
    it came, so that it is out, and whoever else waits by it.
    """

    reason: str = ""
    end_invite: bool = False


@dataclass(frozen=True, slots=True)
class DecidedAnswer:
    """What was decided about a household. invite: by which it came. own_invite: whether that is
    this household's; invite_ended: whether it was ended now; also_waiting: others that wait, or
    waited, by it.
    """

    household: HouseholdName
    approved: bool
    invited_by: HouseholdName
    invite: str | None
    own_invite: bool = False
    invite_ended: bool = False
    also_waiting: int = 0


@dataclass(frozen=True, slots=True)
class InviteLine:
    """An invite of this household. used: by households that were confirmed; waiting: by more."""

    id: str
    uses: int
    used: int
    waiting: int
    made_at: str
    valid_until: str
    over: bool


@dataclass(frozen=True, slots=True)
class InvitesAnswer:
    """The invites of this household that were not ended, the latest first. left: how many more
    households it can bring.
    """

    results: list[InviteLine]
    left: int


@dataclass(frozen=True, slots=True)
class VouchAnswer:
    """Who vouches for a household now; by_me: whether this one is among them."""

    household: HouseholdName
    vouched_by: list[HouseholdName]
    by_me: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A step of getting started. done: null where only the people know."""

    what: StepName
    done: bool | None


@dataclass(frozen=True, slots=True)
class RefusalLine:
    """A member that told this household that it will not confirm it, and why."""

    household: HouseholdName
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class WelcomeAnswer:
    """What is done and what comes next. shown_listings: how many of this household's listings
    its neighbours are shown. refusals: while it waits.
    """

    community: str
    my_status: str
    steward: bool
    steps: list[Step]
    shown_listings: int
    refusals: list[RefusalLine]
