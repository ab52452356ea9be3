"""The shapes of the interface for reports, labels, block lists, appeals and the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from p2pmarket.api.ledger_schemas import HouseholdName

VerdictName = Literal["fine", "warn", "hide"]
GroundName = Literal["forbidden", "deceit", "harassment", "misplaced", "other"]
DeedName = Literal["label", "removal", "seat", "charter", "appeal"]


@dataclass(frozen=True, slots=True)
class SubjectAnswer:
    """A household, or one of its listings. title: "" where the listing is not here any more."""

    household: HouseholdName
    listing: str | None
    title: str


@dataclass(frozen=True, slots=True)
class SubjectQuestion:
    """subject: the beginning of a listing's id, or a household's name or id."""

    subject: str


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """subject: as in SubjectQuestion. text: needed for the ground ``other``."""

    subject: str
    ground: GroundName
    text: str = ""


@dataclass(frozen=True, slots=True)
class ReportedAnswer:
    """Who reads a report on something: nobody else does."""

    subject: SubjectAnswer
    read_by: list[HouseholdName]


@dataclass(frozen=True, slots=True)
class ReportLine:
    """What a neighbour told you as a steward. number: names it here."""

    number: int
    sender: HouseholdName
    subject: SubjectAnswer
    ground: GroundName
    text: str
    at: str
    done: bool


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A listing that nobody sees until a steward finds it fine. words: the charter's in it."""

    subject: SubjectAnswer
    words: list[str]


@dataclass(frozen=True, slots=True)
class ReportsAnswer:
    """What waits for a steward. steward: whether you are one."""

    results: list[ReportLine]
    held: list[HeldLine]
    steward: bool


@dataclass(frozen=True, slots=True)
class LabelRequest:
    """reason: all can read it. text: of a listing that is found fine, its ``text`` as it was read;
    with another one since then it is refused.
    """

    subject: str
    verdict: VerdictName
    reason: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class LabelLine:
    """What you say of something in public; counts: whether your neighbours' nodes apply it unless
    they choose not to.
    """

    subject: SubjectAnswer
    verdict: VerdictName
    reason: str
    counts: bool


@dataclass(frozen=True, slots=True)
class WithdrawnAnswer:
    """What you say nothing of any more."""

    subject: SubjectAnswer


@dataclass(frozen=True, slots=True)
class FollowedLine:
    """A household whose labels count here or could. belongs: false for one that is gone."""

    household: HouseholdName
    steward: bool
    followed: bool
    labels: int
    belongs: bool


@dataclass(frozen=True, slots=True)
class LabelsAnswer:
    """Whose labels count here, and what you have labelled."""

    follows: list[FollowedLine]
    mine: list[LabelLine]


@dataclass(frozen=True, slots=True)
class ChosenAnswer:
    """What was chosen about a household; nobody else learns it."""

    household: HouseholdName
    chosen: bool


@dataclass(frozen=True, slots=True)
class ReasonRequest:
    """reason: may be empty; all can read it if the list is shared."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class ListedLine:
    """A household on your block list."""

    household: HouseholdName
    reason: str
    since: str


@dataclass(frozen=True, slots=True)
class BlockListAnswer:
    """Your block list. shared: whether all can read it. blocked, muted: households that are on no
    list of yours. follows: whose lists count here.
    """

    results: list[ListedLine]
    shared: bool
    blocked: list[HouseholdName]
    muted: list[HouseholdName]
    follows: list[HouseholdName]


@dataclass(frozen=True, slots=True)
class AppealRequest:
    """text: all can read it."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class AppealedAnswer:
    """What you say against a label or a removal, in public."""

    subject: SubjectAnswer
    text: str


@dataclass(frozen=True, slots=True)
class LogQuestion:
    """others: also labels that do not count here."""

    others: bool = False
    limit: int = 100


@dataclass(frozen=True, slots=True)
class AppealLine:
    """What somebody says against a label or a removal. gone_at: when it was taken back, or null."""

    by: HouseholdName
    text: str
    at: str
    gone_at: str | None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One thing said in public. counts: whether it has an effect here. verdict: of a label.
    number: of a charter. in_force: of a removal, whether enough stewards want it. at: by the
    author's clock; gone_at: when this node saw that it counts no more, or null.
    """

    deed: DeedName
    by: HouseholdName
    subject: SubjectAnswer | None
    verdict: VerdictName | None
    number: int | None
    in_force: bool
    text: str
    at: str
    seen_at: str | None
    gone_at: str | None
    counts: bool
    appeals: list[AppealLine]


@dataclass(frozen=True, slots=True)
class LogAnswer:
    """What this node knows, the latest first. since: when this household joined; what had been
    withdrawn before is not here.
    """

    results: list[LogLine]
    more: bool
    since: str | None
