"""What the interface takes and gives, by subject; times are ISO 8601 in UTC.

Every answer is one of these, so that the OpenAPI document and the code cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from p2pmarket.api.horizon_schemas import HorizonAnswer
from p2pmarket.api.mail_schemas import MailStatus, Waiting
from p2pmarket.api.notice_schemas import NoticeAnswer
from p2pmarket.api.parting_schemas import KeptCommunity
from p2pmarket.api.reach_schemas import ReachAnswer

ListingKindName = Literal["sell", "give", "swap", "lend", "wanted", "service", "kit", "event"]
StateName = Literal["open", "reserved", "taken"]
MemberStatusName = Literal[
    "founder", "confirmed", "provisional", "waiting", "left", "removed", "revoked"
]
SyncStateName = Literal["alone", "never", "offline", "fetching", "synced"]
OutcomeName = Literal["new", "changed", "unchanged", "refused"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something was not done. code and fields are for programs, text is English."""

    code: str
    text: str
    family: Literal["local", "unreachable", "bug"]
    fields: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FailureAnswer:
    """The body of every answer with a status of 400 or more."""

    error: Failure


@dataclass(frozen=True, slots=True)
class Sync:
    """How far this node has seen what its neighbours hold.

    state: alone (no other household known), never (not yet reconciled with anybody),
    offline (nobody connected now), fetching (something is still missing), synced.
    synced_since: when the connected neighbour that waited longest was last reconciled with.
    """

    state: SyncStateName
    neighbours_connected: int
    neighbours_synced: int
    neighbours_known: int
    missing: int
    synced_since: str | None
    synced_seconds_ago: int | None


@dataclass(frozen=True, slots=True)
class Lend:
    """Terms of a loan."""

    max_days: int
    deposit_minor: int | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class EventTimes:
    """When an event takes place; the end may be open."""

    starts_at: str
    ends_at: str | None


@dataclass(frozen=True, slots=True)
class VariantChoices:
    """One way in which the offered things differ, e.g. sizes."""

    name: str
    choices: list[str]


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Degrees, WGS 84."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class OfferedTooAnswer:
    """Another community where an own thing is offered; only this computer knows. state: taken or
    reserved if all that is left was promised there.
    """

    id: str
    community: str
    claimed: int
    state: StateName


@dataclass(frozen=True, slots=True)
class OriginAnswer:
    """The neighbouring community that a listing is from. name: as the rules here call it, "" if
    they do not. thing: the same of one listing there, whoever shows it here. changed_at: there.
    listing, author: of one listing that is asked for, its id there and whose it is, where this
    household belongs there too; else null.
    """

    community: str
    name: str
    thing: str
    changed_at: str
    listing: str | None = None
    author: str | None = None


@dataclass(frozen=True, slots=True)
class ListingAnswer:
    """One listing as it stands. price_minor: in the currency's smallest unit. seconds_left: until
    it shows no more; 0 once it is over. offered_too: where else, if it is one's own. hidden: lists
    and searches leave it out here. notices: why, and what else is said of it. shown_to: what the
    rules call the neighbouring communities in which members may show it. origin: of one that
    carried_by, its household, shows here for somebody in another community; null for all others.
    text: names what title, description and tags say, for who finds them fine.
    """

    id: str
    community: str
    community_id: str
    source_id: str | None
    title: str
    kind: ListingKindName
    price_minor: int | None
    currency: str | None
    household: str
    household_id: str
    mine: bool
    category: str
    description: str
    tags: list[str]
    language: str
    state: StateName
    negotiable: bool
    quantity: int
    condition: str | None
    variants: list[VariantChoices]
    swap_for: str | None
    lend: Lend | None
    event: EventTimes | None
    place: str | None
    coordinates: Coordinates | None
    distance_m: int | None
    published_at: str
    changed_at: str
    visible_until: str
    seconds_left: int
    revision: int
    text: str
    offered_too: list[OfferedTooAnswer] = field(default_factory=list)
    hidden: bool = False
    notices: list[NoticeAnswer] = field(default_factory=list)
    shown_to: list[str] = field(default_factory=list)
    origin: OriginAnswer | None = None
    carried_by: str | None = None


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One listing of a file: its line number, and its fields as docs/manual.md names them."""

    line: int
    fields: dict[str, object]


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """Listings to publish, at most 500 at once. Those whose ``id`` stands already are left alone
    if unchanged, and edited if changed.
    """

    rows: list[ImportRow]


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """What became of one row."""

    line: int
    outcome: OutcomeName
    listing: ListingAnswer | None
    error: Failure | None


@dataclass(frozen=True, slots=True)
class ImportAnswer:
    """One answer a row, in order. unknown_fields: names that mean nothing here."""

    results: list[RowAnswer]
    unknown_fields: list[str]
    unknown_places: list[str]


@dataclass(frozen=True, slots=True)
class EditRequest:
    """The fields to change; the others stay."""

    fields: dict[str, object]


@dataclass(frozen=True, slots=True)
class RenewRequest:
    """How many days from now the listing shall show; without it, as long as before."""

    days: int | None = None


@dataclass(frozen=True, slots=True)
class MarkRequest:
    """What has become of a listing."""

    state: StateName


@dataclass(frozen=True, slots=True)
class AudienceQuestion:
    """days: how long it would show; without it the community's default. show_in: names or ids of
    neighbouring communities in which it may be shown too; category: of the listing.
    """

    days: int | None = None
    show_in: list[str] = field(default_factory=list)
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Audience:
    """Who would see a publication, and until when. slots: how many of the own listings show.

    newcomer: whether that is fewer than the charter allows, until a neighbour vouches for this
    household or it has traded; each adds ``slots_each``. full: whether as many show already, so
    that one more does not show yet. shown_to: what the rules call the communities of ``show_in``.
    """

    community: str
    households: int
    visible_until: str
    provisional: bool
    newcomer: bool
    slots: int
    slots_each: int
    full: bool
    shown_to: list[str]


@dataclass(frozen=True, slots=True)
class PlaceFields:
    """A place that a charter names."""

    name: str
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class CreditTerms:
    """Community credit: what it counts in, and how much anybody may owe."""

    unit: str
    limit: int


@dataclass(frozen=True, slots=True)
class CommunityRequest:
    """A community to found. categories: ids, or the default ones. credit: null for none.

    questions: asked of who joins. approval: whether people decide who is let in.
    first_listings: how many listings of a newcomer show; 0 for all. quorum: stewards that must
    agree, once there are so many. subtree: the most that one household, and those whom it brings,
    can bring; 0 for no bound. worry_words: make a listing wait for a second look.
    """

    name: str
    rules: str
    places: list[PlaceFields] = field(default_factory=list)
    currency: str = "EUR"
    languages: list[str] = field(default_factory=lambda: ["de"])
    categories: list[str] = field(default_factory=list)
    listing_slots: int = 500
    invite_budget: int = 10
    credit: CreditTerms | None = None
    questions: list[str] = field(default_factory=list)
    approval: bool = False
    first_listings: int = 0
    quorum: int = 2
    subtree: int = 0
    worry_words: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CommunityAnswer:
    """One community of this household, and how it is doing."""

    id: str
    name: str
    rules: str
    currency: str
    languages: list[str]
    categories: list[str]
    places: list[str]
    my_status: MemberStatusName
    steward: bool
    household: str
    household_id: str
    households: int
    listings_mine: int
    listing_slots: int
    expiring_soon: int
    addresses: list[str]
    sync: Sync
    clock_offset_seconds: int
    local_discovery: bool
    device_copied: bool
    credit: CreditTerms | None
    reach: ReachAnswer
    horizon: HorizonAnswer
    mail: MailStatus
    waiting: list[Waiting]
    counters: dict[str, int]


@dataclass(frozen=True, slots=True)
class ClosedCommunity:
    """A community that could not be opened, and why."""

    folder: str
    error: Failure


@dataclass(frozen=True, slots=True)
class CommunitiesAnswer:
    """The communities of this household."""

    results: list[CommunityAnswer]


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """The running node. kept: communities that were left, and whose data stays in the home."""

    version: str
    home: str
    pid: int
    started_at: str
    household: str
    place: str
    communities: list[CommunityAnswer]
    closed: list[ClosedCommunity]
    kept: list[KeptCommunity]


@dataclass(frozen=True, slots=True)
class ProfileRequest:
    """What to change; fields left out stay. place: a name, ``name@lat,lon``, or "" for none."""

    name: str | None = None
    place: str | None = None
    about: str | None = None
    languages: list[str] | None = None


@dataclass(frozen=True, slots=True)
class ProfileAnswer:
    """What neighbours read about this household."""

    name: str
    about: str
    languages: list[str]
    place: str | None
    coordinates: Coordinates | None


@dataclass(frozen=True, slots=True)
class PeerAnswer:
    """One neighbour's node."""

    household: str
    household_id: str
    connected: bool
    last_synced_at: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class PeersAnswer:
    """The neighbours' nodes that this one knows, and the addresses it answers at."""

    results: list[PeerAnswer]
    sync: Sync
    addresses: list[str]


@dataclass(frozen=True, slots=True)
class InviteRequest:
    """uses: households that may join with it. valid_seconds: from now."""

    uses: int = 1
    valid_seconds: int = 604_800


@dataclass(frozen=True, slots=True)
class InviteAnswer:
    """Whoever holds the text can join. id: what ends it (DELETE), and no secret."""

    id: str
    community: str
    invite: str
    uses: int
    valid_until: str


@dataclass(frozen=True, slots=True)
class BackupRequest:
    """file: an absolute path that does not exist yet."""

    file: str


@dataclass(frozen=True, slots=True)
class BackupAnswer:
    """The backup that was written."""

    file: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Done:
    """It is done, and there is nothing to tell."""

    done: bool = True
