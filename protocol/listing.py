"""Listings: what is offered or wanted, for how long, and where (spec 03 §listing)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES, CommunityId
from protocol.money import Price
from protocol.place import Place, read_place
from protocol.text import is_language, is_text
from protocol.wire import Fields, Value

BODY_VERSION = 1
WINDOW_VERSION = 2
"""Version 1, to which communities it may be shown, and from which one it comes."""
_ARITY: Final = {BODY_VERSION: 21, WINDOW_VERSION: 23}


class ListingKind(IntEnum):
    """What the publisher wants to happen."""

    SELL = 1
    GIVE = 2
    SWAP = 3
    LEND = 4
    WANTED = 5
    SERVICE = 6
    KIT = 7
    EVENT = 8


THING_BYTES: Final = 16

MAY_BE_LENT = frozenset({ListingKind.LEND, ListingKind.KIT, ListingKind.WANTED})
"""Kinds that may name the terms of a loan: kits are lent too, and wished for on loan."""


class Condition(IntEnum):
    """How worn the thing is."""

    NEW = 1
    LIKE_NEW = 2
    GOOD = 3
    WORN = 4
    DEFECT = 5


@dataclass(frozen=True, slots=True)
class LendTerms:
    """max_days: 1 … 3,650. deposit: returned with the thing, or None."""

    max_days: int
    deposit_minor: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.max_days <= 3_650:
            raise RemoteError("body-invalid", field="lend")
        if self.deposit_minor is not None and not (
            0 <= self.deposit_minor <= limits.MAX_PRICE_MINOR
        ):
            raise RemoteError("body-invalid", field="lend")


@dataclass(frozen=True, slots=True)
class EventTime:
    """starts_at_ms, ends_at_ms: Unix milliseconds; the end may be open."""

    starts_at_ms: int
    ends_at_ms: int | None = None

    def __post_init__(self) -> None:
        ends = self.starts_at_ms if self.ends_at_ms is None else self.ends_at_ms
        if not 0 <= self.starts_at_ms <= ends <= limits.MAX_TIME_MS:
            raise RemoteError("body-invalid", field="event")


@dataclass(frozen=True, slots=True)
class Variant:
    """One way in which the offered things differ, e.g. size: 98, 104, 110."""

    name: str
    choices: tuple[str, ...]

    def __post_init__(self) -> None:
        texts = (self.name, *self.choices)
        if not 1 <= len(self.choices) <= limits.MAX_VARIANT_CHOICES or not all(
            is_text(text, limits.MAX_TAG, shortest=1) for text in texts
        ):
            raise RemoteError("body-invalid", field="variants")


@dataclass(frozen=True, slots=True)
class PhotoReference:
    """sha256: the hash of the re-encoded picture. size_bytes: how large it is."""

    sha256: bytes
    size_bytes: int

    def __post_init__(self) -> None:
        if len(self.sha256) != 32 or not 1 <= self.size_bytes <= 4 << 20:
            raise RemoteError("body-invalid", field="photos")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a listing comes from that a member of two communities shows in one of them (WIN-4).

    thing: the same for whoever shows it, and says nothing of the author (WIN-5).
    changed_at_ms: when the author changed it last.
    """

    community: CommunityId
    thing: bytes
    changed_at_ms: int

    def as_value(self) -> Value:
        """Return it as the wire has it."""
        return (self.community, self.thing, self.changed_at_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The body of a listing; the constructor refuses what the specification forbids.

    price: per piece, or None where there is none. currency: of the price and the deposit.
    language: a BCP 47 tag of at most 8 characters. visible_until_ms: when it stops showing,
    at most MAX_VISIBLE_MS after its record's creation. source_id: the id that the household
    itself gave it (in a file it imports), or None. shown_to: neighbouring communities in which
    members may show it (WIN-3), ascending. origin: of one that is shown for somebody there.
    """

    kind: ListingKind
    title: str
    visible_until_ms: int
    description: str = ""
    category: str = "other"
    tags: tuple[str, ...] = ()
    language: str = "de"
    price: Price | None = None
    negotiable: bool = False
    quantity: int = 1
    condition: Condition | None = None
    variants: tuple[Variant, ...] = ()
    swap_for: str | None = None
    lend: LendTerms | None = None
    deposit_currency: str | None = None
    event: EventTime | None = None
    place: Place | None = None
    photos: tuple[PhotoReference, ...] = ()
    source_id: str | None = None
    shown_to: tuple[CommunityId, ...] = ()
    origin: Origin | None = None

    def __post_init__(self) -> None:
        def require(holds: bool, field: str) -> None:
            if not holds:
                raise RemoteError("body-invalid", field=field)

        require(is_text(self.title, limits.MAX_TITLE, shortest=1), "title")
        require(is_text(self.description, limits.MAX_DESCRIPTION, lines=True), "description")
        require(is_category(self.category), "category")
        require(len(self.tags) <= limits.MAX_TAGS, "tags")
        require(all(is_text(tag, limits.MAX_TAG, shortest=1) for tag in self.tags), "tags")
        require(is_language(self.language), "language")
        require(1 <= self.quantity <= limits.MAX_QUANTITY, "quantity")
        require(len(self.variants) <= limits.MAX_VARIANTS, "variants")
        if self.swap_for is not None:
            require(is_text(self.swap_for, limits.MAX_TITLE, shortest=1), "swap_for")
        require(self.lend is None or self.kind in MAY_BE_LENT, "lend")
        require(self.event is None or self.kind is ListingKind.EVENT, "event")
        require(self.swap_for is None or self.kind is not ListingKind.EVENT, "swap_for")
        has_deposit = self.lend is not None and self.lend.deposit_minor is not None
        require(has_deposit == (self.deposit_currency is not None), "deposit_currency")
        if self.deposit_currency is not None:
            Price(0, self.deposit_currency)
        require(len(self.photos) <= limits.MAX_PHOTOS, "photos")
        require(0 < self.visible_until_ms <= limits.MAX_TIME_MS, "visible_until_ms")
        if self.source_id is not None:
            require(is_text(self.source_id, limits.MAX_SOURCE_ID, shortest=1), "source_id")
        require(len(self.shown_to) <= limits.MAX_WINDOWS, "shown_to")
        require(list(self.shown_to) == sorted(set(self.shown_to)), "shown_to")
        if self.origin is not None:
            require(not self.shown_to and not self.photos and self.source_id is None, "origin")

    @property
    def said(self) -> tuple[str, ...]:
        """All that its author put in words of its own, where worry words count (GOV-17)."""
        swap = () if self.swap_for is None else (self.swap_for,)
        place = () if self.place is None else (self.place.name,)
        variants = (text for each in self.variants for text in (each.name, *each.choices))
        return (self.title, self.description, *self.tags, *swap, *variants, *place)

    def pack(self) -> bytes:
        """Return the body's canonical bytes, in the lowest version that can say it."""
        windows: tuple[Value, ...] = ()
        if self.origin is not None:
            windows = ((), self.origin.as_value())
        elif self.shown_to:
            windows = (self.shown_to, None)
        return wire.pack(
            (
                WINDOW_VERSION if windows else BODY_VERSION,
                int(self.kind),
                self.title,
                self.description,
                self.category,
                self.tags,
                self.language,
                None if self.price is None else self.price.minor,
                None if self.price is None else self.price.currency,
                self.negotiable,
                self.quantity,
                None if self.condition is None else int(self.condition),
                tuple((variant.name, variant.choices) for variant in self.variants),
                self.swap_for,
                None if self.lend is None else (self.lend.max_days, self.lend.deposit_minor),
                self.deposit_currency,
                None if self.event is None else (self.event.starts_at_ms, self.event.ends_at_ms),
                None if self.place is None else self.place.as_value(),
                tuple((photo.sha256, photo.size_bytes) for photo in self.photos),
                self.visible_until_ms,
                self.source_id,
                *windows,
            )
        )


def read_listing(body: bytes) -> Listing:
    """Read a listing's body. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    value = wire.unpack(body, limits.MAX_RECORD_BYTES)
    version = value[0] if type(value) is tuple and value else None
    if type(version) is not int or version not in _ARITY:
        raise RemoteError("body-invalid", field="version")
    fields = Fields(value, _ARITY[version], "listing")
    fields.integer("version", BODY_VERSION, WINDOW_VERSION)
    has_windows = version == WINDOW_VERSION
    listing = Listing(
        kind=ListingKind(fields.integer("kind", 1, 8)),
        title=fields.text("title"),
        description=fields.text("description"),
        category=fields.text("category"),
        tags=fields.texts("tags", limits.MAX_TAGS),
        language=fields.text("language"),
        price=_read_price(fields),
        negotiable=fields.boolean("negotiable"),
        quantity=fields.integer("quantity", 1, limits.MAX_QUANTITY),
        condition=_read_condition(fields.optional_integer("condition", 1, 5)),
        variants=tuple(map(_read_variant, fields.array("variants", limits.MAX_VARIANTS))),
        swap_for=fields.optional_text("swap_for"),
        lend=_read_lend(fields.optional("lend")),
        deposit_currency=fields.optional_text("deposit_currency"),
        event=_read_event(fields.optional("event")),
        place=_read_optional_place(fields.optional("place")),
        photos=tuple(map(_read_photo, fields.array("photos", limits.MAX_PHOTOS))),
        visible_until_ms=fields.integer("visible_until_ms", 1, limits.MAX_TIME_MS),
        source_id=fields.optional_text("source_id"),
        shown_to=_read_shown_to(fields) if has_windows else (),
        origin=_read_origin(fields.optional("origin")) if has_windows else None,
    )
    if has_windows and not listing.shown_to and listing.origin is None:
        raise RemoteError("body-invalid", field="version")
    return listing


def is_category(value: str) -> bool:
    """Tell whether ``value`` is a category id: lower-case ASCII words joined by hyphens."""
    return (
        1 <= len(value) <= limits.MAX_CATEGORY
        and value.isascii()
        and all(part.isalnum() and part == part.lower() for part in value.split("-"))
    )


def bounded(listing: Listing, created_at_ms: int) -> Listing:
    """Return the listing as it may show: never longer than MAX_VISIBLE_MS from creation.

    A carried one never longer than MAX_CARRIED_MS (WIN-8).
    """
    longest_ms = limits.MAX_VISIBLE_MS if listing.origin is None else limits.MAX_CARRIED_MS
    latest = created_at_ms + longest_ms
    return (
        listing if listing.visible_until_ms <= latest else replace(listing, visible_until_ms=latest)
    )


def _read_price(fields: Fields) -> Price | None:
    minor = fields.optional_integer("price_minor", 0, limits.MAX_PRICE_MINOR)
    currency = fields.optional_text("currency")
    if (minor is None) != (currency is None):
        raise RemoteError("body-invalid", field="currency")
    return None if minor is None or currency is None else Price(minor, currency)


def _read_condition(value: int | None) -> Condition | None:
    return None if value is None else Condition(value)


def _read_variant(value: Value) -> Variant:
    fields = Fields(value, 2, "variants")
    return Variant(fields.text("variants"), fields.texts("variants", limits.MAX_VARIANT_CHOICES))


def _read_lend(value: Value) -> LendTerms | None:
    if value is None:
        return None
    fields = Fields(value, 2, "lend")
    return LendTerms(
        fields.integer("lend", 1, 3_650),
        fields.optional_integer("lend", 0, limits.MAX_PRICE_MINOR),
    )


def _read_event(value: Value) -> EventTime | None:
    if value is None:
        return None
    fields = Fields(value, 2, "event")
    return EventTime(
        fields.integer("event", 0, limits.MAX_TIME_MS),
        fields.optional_integer("event", 0, limits.MAX_TIME_MS),
    )


def _read_optional_place(value: Value) -> Place | None:
    return None if value is None else read_place(value)


def _read_photo(value: Value) -> PhotoReference:
    fields = Fields(value, 2, "photos")
    return PhotoReference(fields.octets("photos", 32), fields.integer("photos", 1, 4 << 20))


def _read_shown_to(fields: Fields) -> tuple[CommunityId, ...]:
    found: list[CommunityId] = []
    for value in fields.array("shown_to", limits.MAX_WINDOWS):
        if type(value) is not bytes or len(value) != ID_BYTES:
            raise RemoteError("body-invalid", field="shown_to")
        found.append(CommunityId(value))
    return tuple(found)


def _read_origin(value: Value) -> Origin | None:
    if value is None:
        return None
    fields = Fields(value, 3, "origin")
    return Origin(
        CommunityId(fields.octets("origin", ID_BYTES)),
        fields.octets("origin", THING_BYTES),
        fields.integer("origin", 0, limits.MAX_TIME_MS),
    )
