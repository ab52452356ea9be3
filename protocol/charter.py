"""The charter: a community's name, rules and limits; version 1 founds it (spec 03 §charter)."""

from __future__ import annotations

from dataclasses import dataclass

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES, CommunityId
from protocol.listing import is_category
from protocol.money import is_currency
from protocol.place import Place, read_place
from protocol.text import is_language, is_text
from protocol.wire import Fields

BODY_VERSION = 1
CREDIT_VERSION = 2
"""Version 1 and the terms of community credit."""
GOVERNED_VERSION = 3
"""Version 2, whose credit may be nil, and how newcomers are received."""
WINDOWS_VERSION = 4
"""Version 3, and the neighbouring communities to which there are windows."""
_ARITY = {BODY_VERSION: 14, CREDIT_VERSION: 15, GOVERNED_VERSION: 16, WINDOWS_VERSION: 17}
SALT_BYTES = 16
MAX_UNIT = 20

DEFAULT_CATEGORIES = (
    "animals", "baby-kids", "bikes", "books-media", "building", "clothing", "electronics",
    "events", "food", "furniture", "garden", "help", "household", "lessons", "music",
    "outdoor", "plants", "sports", "tools", "transport", "other",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CreditRules:
    """Mutual credit: what it counts in, and how far below zero anybody's balance may go.

    unit: what people call one of it, e.g. "Stunden"; 1 … 20 code points. limit: 1 … MAX_CREDIT.
    """

    unit: str
    limit: int

    def __post_init__(self) -> None:
        if not is_text(self.unit, MAX_UNIT, shortest=1):
            raise RemoteError("body-invalid", field="credit_unit")
        if not 1 <= self.limit <= limits.MAX_CREDIT:
            raise RemoteError("body-invalid", field="credit_limit")


@dataclass(frozen=True, slots=True)
class Reception:
    """How newcomers are received, and what makes neighbours look twice.

    approval: whether a household that comes by an invite waits until a person has confirmed
    it. subtree: the most households below one that the founder let in, over all invitations;
    0 for no bound (fixed at the founding). first_listings: how many listings of a confirmed
    household show before anybody vouched for it or traded with it; 0 for no bound.
    worry_words: listings with one of these are held for a second look.
    """

    approval: bool = False
    subtree: int = 0
    first_listings: int = 0
    worry_words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.subtree <= limits.MAX_SUBTREE:
            raise RemoteError("body-invalid", field="subtree")
        if not 0 <= self.first_listings <= limits.MAX_LISTING_SLOTS:
            raise RemoteError("body-invalid", field="first_listings")
        words = self.worry_words
        if len(words) > limits.MAX_WORRY_WORDS or not all(
            is_text(word, limits.MAX_WORRY_WORD, shortest=1) for word in words
        ):
            raise RemoteError("body-invalid", field="worry_words")


@dataclass(frozen=True, slots=True)
class Window:
    """A neighbouring community to which some categories are shown, and whose are shown here.

    It is open once the other community's charter says the same of this one (WIN-2). name: what
    people here call the other one, 1 … MAX_NAME code points. categories: 1 … MAX_CATEGORIES.
    """

    community: CommunityId
    name: str
    categories: tuple[str, ...]

    def __post_init__(self) -> None:
        if not is_text(self.name, limits.MAX_NAME, shortest=1):
            raise RemoteError("body-invalid", field="windows")
        if not 1 <= len(self.categories) <= limits.MAX_CATEGORIES or not all(
            map(is_category, self.categories)
        ):
            raise RemoteError("body-invalid", field="windows")


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """The body of a charter.

    rules: plain text, at most MAX_RULES code points. currency: of prices typed without one.
    listing_slots: listings a household may have standing. visible_days: the longest a
    listing shows before it must be renewed. photos: per listing. invite_budget: households
    that a member may confirm. quorum: stewards that must agree to a removal or a new version.
    salt: random, makes the founder's key in this community unlike any other of theirs.
    credit: None where the community keeps none. reception, windows: see there; at most one
    window to a community, and no two of one name.
    """

    name: str
    rules: str
    salt: bytes
    languages: tuple[str, ...] = ("de",)
    currency: str = "EUR"
    categories: tuple[str, ...] = DEFAULT_CATEGORIES
    questions: tuple[str, ...] = ()
    listing_slots: int = 500
    visible_days: int = 90
    photos: int = 6
    invite_budget: int = 10
    quorum: int = 1
    places: tuple[Place, ...] = ()
    credit: CreditRules | None = None
    reception: Reception = Reception()
    windows: tuple[Window, ...] = ()

    @property
    def subtree(self) -> int:
        """The most households below one that the founder let in; 0: no bound."""
        return self.reception.subtree

    def __post_init__(self) -> None:
        def require(holds: bool, field: str) -> None:
            if not holds:
                raise RemoteError("body-invalid", field=field)

        require(is_text(self.name, limits.MAX_NAME, shortest=1), "name")
        require(is_text(self.rules, limits.MAX_RULES, lines=True), "rules")
        require(len(self.salt) == SALT_BYTES, "salt")
        require(1 <= len(self.languages) <= limits.MAX_LANGUAGES, "languages")
        require(all(map(is_language, self.languages)), "languages")
        require(is_currency(self.currency), "currency")
        require(1 <= len(self.categories) <= limits.MAX_CATEGORIES, "categories")
        require(all(map(is_category, self.categories)), "categories")
        require(len(self.questions) <= limits.MAX_QUESTIONS, "questions")
        require(all(is_text(q, limits.MAX_TITLE, shortest=1) for q in self.questions), "questions")
        require(1 <= self.listing_slots <= limits.MAX_LISTING_SLOTS, "listing_slots")
        require(1 <= self.visible_days <= limits.MAX_VISIBLE_MS // limits.DAY_MS, "visible_days")
        require(0 <= self.photos <= limits.MAX_PHOTOS, "photos")
        require(0 <= self.invite_budget <= limits.FOUNDER_CONFIRMATION_SLOTS, "invite_budget")
        require(1 <= self.quorum <= 100, "quorum")
        require(len(self.places) <= limits.MAX_PLACES, "places")
        require(len(self.windows) <= limits.MAX_WINDOWS, "windows")
        others = {window.community for window in self.windows}
        require(len(others) == len(self.windows), "windows")
        names = {window.name for window in self.windows}
        require(len(names) == len(self.windows), "windows")

    def place(self, name: str) -> Place | None:
        """Return the named place, compared without regard to case, or None."""
        wanted = name.strip().casefold()
        return next((p for p in self.places if p.name.casefold() == wanted), None)

    def window_to(self, community: bytes) -> Window | None:
        """Return the window that this charter has to another community, or None."""
        return next((w for w in self.windows if w.community == community), None)

    def pack(self) -> bytes:
        """Return the body's canonical bytes, in the lowest version that can say it."""
        fields = (
            self.name,
            self.rules,
            self.salt,
            self.languages,
            self.currency,
            self.categories,
            self.questions,
            self.listing_slots,
            self.visible_days,
            self.photos,
            self.invite_budget,
            self.quorum,
            tuple(place.as_value() for place in self.places),
        )
        credit = None if self.credit is None else (self.credit.unit, self.credit.limit)
        received = self.reception
        reception = (
            received.approval,
            received.subtree,
            received.first_listings,
            received.worry_words,
        )
        if self.windows:
            windows = tuple((w.community, w.name, w.categories) for w in self.windows)
            return wire.pack((WINDOWS_VERSION, *fields, credit, reception, windows))
        if received != Reception():
            return wire.pack((GOVERNED_VERSION, *fields, credit, reception))
        if credit is not None:
            return wire.pack((CREDIT_VERSION, *fields, credit))
        return wire.pack((BODY_VERSION, *fields))


def read_charter(body: bytes) -> Charter:
    """Read a charter's body. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    value = wire.unpack(body, limits.MAX_RECORD_BYTES)
    version = value[0] if type(value) is tuple and value else None
    if type(version) is not int or version not in _ARITY:
        raise RemoteError("body-invalid", field="version")
    fields = Fields(value, _ARITY[version], "charter")
    fields.integer("version", BODY_VERSION, WINDOWS_VERSION)
    charter = Charter(
        name=fields.text("name"),
        rules=fields.text("rules"),
        salt=fields.octets("salt", SALT_BYTES),
        languages=fields.texts("languages", limits.MAX_LANGUAGES),
        currency=fields.text("currency"),
        categories=fields.texts("categories", limits.MAX_CATEGORIES),
        questions=fields.texts("questions", limits.MAX_QUESTIONS),
        listing_slots=fields.integer("listing_slots", 1, limits.MAX_LISTING_SLOTS),
        visible_days=fields.integer("visible_days", 1, 90),
        photos=fields.integer("photos", 0, limits.MAX_PHOTOS),
        invite_budget=fields.integer("invite_budget", 0, limits.FOUNDER_CONFIRMATION_SLOTS),
        quorum=fields.integer("quorum", 1, 100),
        places=tuple(map(read_place, fields.array("places", limits.MAX_PLACES))),
        credit=_read_credit(fields, version) if version >= CREDIT_VERSION else None,
        reception=(
            _read_reception(fields.optional("reception"))
            if version >= GOVERNED_VERSION
            else Reception()
        ),
        windows=(
            tuple(map(_read_window, fields.array("windows", limits.MAX_WINDOWS)))
            if version >= WINDOWS_VERSION
            else ()
        ),
    )
    if charter.pack() != body:
        raise RemoteError("body-invalid", field="version")
    return charter


def _read_credit(charter: Fields, version: int) -> CreditRules | None:
    value = charter.optional("credit")
    if value is None and version >= GOVERNED_VERSION:
        return None
    fields = Fields(value, 2, "credit")
    return CreditRules(fields.text("unit"), fields.integer("limit", 1, limits.MAX_CREDIT))


def _read_reception(value: wire.Value) -> Reception:
    fields = Fields(value, 4, "reception")
    return Reception(
        fields.boolean("approval"),
        fields.integer("subtree", 0, limits.MAX_SUBTREE),
        fields.integer("first_listings", 0, limits.MAX_LISTING_SLOTS),
        fields.texts("worry_words", limits.MAX_WORRY_WORDS),
    )


def _read_window(value: wire.Value) -> Window:
    fields = Fields(value, 3, "windows")
    return Window(
        CommunityId(fields.octets("windows", ID_BYTES)),
        fields.text("windows"),
        fields.texts("windows", limits.MAX_CATEGORIES),
    )
