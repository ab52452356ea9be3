"""Listings as people and files write them, read into `protocol.listing.Listing`.

The field names are those of the JSON Lines format (docs/manual.md, "Files of listings"). A
value may be typed (JSON) or text (CSV, command line); null and absent mean the same in a new
listing, and in an edit null empties the field while absent keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from p2pmarket import listing_values as values
from p2pmarket import vocabulary
from p2pmarket.listing_windows import communities_named, refuse_category, still_named
from protocol import limits
from protocol.charter import Charter
from protocol.errors import LocalError, RemoteError
from protocol.ids import CommunityId
from protocol.listing import MAY_BE_LENT, EventTime, LendTerms, Listing, ListingKind
from protocol.money import Price
from protocol.place import Place, coarse

T = TypeVar("T")

FIELDS = frozenset(
    {
        "id", "source_id", "lang", "language", "kind", "title", "description", "category",
        "price", "price_minor", "currency", "negotiable", "quantity", "condition", "tags",
        "swap_for", "lend", "lend_days", "deposit", "deposit_minor", "place", "days_valid",
        "event", "starts", "ends", "variants", "shown_to",
    }
)  # fmt: skip
"""Every name that means something in a file; others are told to the person once."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a listing takes from where it is published. place: of the household, or None."""

    charter: Charter
    now_ms: int
    place: Place | None = None

    def visible_until_ms(self, days: int | None) -> int:
        """Return when a listing that shows for ``days`` (or the default) ends."""
        longest = self.charter.visible_days
        if days is not None and not 1 <= days <= longest:
            raise LocalError("field-out-of-range", field="days_valid", least=1, most=longest)
        return self.now_ms + (longest if days is None else days) * limits.DAY_MS


def read_listing_fields(
    fields: Mapping[str, object], context: Context, base: Listing | None = None
) -> Listing:
    """Return the listing that the fields describe; ``base`` is what an edit starts from.

    An edit may say, besides shown_to (all of them), show_in and no_show_in: neighbouring
    communities in which it may be shown too, or no longer.
    Raises LocalError ``field-…`` or ``category-unknown`` naming the first field that is wrong,
    ``window-…`` or ``no-windows``.
    """
    try:
        return _Reader(fields, context, base).listing()
    except RemoteError as error:
        field = error.fields.get("field", "title")
        raise LocalError("field-refused", field=field) from None


def place_named(text: str, charter: Charter) -> Place:
    """Return a place of the charter, ``name@latitude,longitude``, or just a name."""
    known = charter.place(text)
    if known is not None:
        return known
    name, found, degrees = text.rpartition("@")
    if not found:
        return Place(values.line_text(text, "place", limits.MAX_NAME))
    try:
        latitude, longitude = (float(part) for part in degrees.split(","))
        return coarse(values.line_text(name, "place", limits.MAX_NAME), latitude, longitude)
    except (ValueError, OverflowError, RemoteError):
        raise LocalError("field-refused", field="place") from None


class _Reader:
    """Reads the fields of one listing, each in its place."""

    def __init__(
        self, fields: Mapping[str, object], context: Context, base: Listing | None
    ) -> None:
        self._fields = {_NAMES.get(name, name): value for name, value in fields.items()}
        self._unfold("lend", {"max_days": "lend_days"})
        self._unfold("event", {})
        self._context = context
        self._is_new = base is None
        self._held = base or Listing(
            kind=ListingKind.SELL,
            title="-",
            visible_until_ms=1,
            language=context.charter.languages[0],
            place=context.place,
        )

    def listing(self) -> Listing:
        held = self._held
        kind = self._kind()
        lend, deposit_currency = self._lend(kind)
        event = self._event(kind)
        category = self._category()
        return Listing(
            kind=kind,
            title=self._title(),
            visible_until_ms=self._visible_until(event),
            description=self._field(
                "description", values.long_text, held.description, "", limits.MAX_DESCRIPTION
            ),
            category=category,
            tags=self._tags(),
            language=self._field("lang", values.line_text, held.language, self._language(), 8),
            price=self._price(),
            negotiable=self._field("negotiable", values.boolean, held.negotiable, False),
            quantity=self._field(
                "quantity", values.whole_number, held.quantity, 1, 1, limits.MAX_QUANTITY
            ),
            condition=self._field("condition", values.condition, held.condition, None),
            variants=self._field("variants", values.variants, held.variants, ()),
            swap_for=self._field(
                "swap_for", values.line_text, held.swap_for, None, limits.MAX_TITLE
            ),
            lend=lend,
            deposit_currency=deposit_currency,
            event=event,
            place=self._place(),
            photos=held.photos,
            source_id=self._source_id(),
            shown_to=self._shown_to(category),
        )

    def _field(self, name: str, read: Callable[..., T], held: T, default: T, *bounds: int) -> T:
        if name not in self._fields:
            return held
        value = self._fields[name]
        return default if values.is_empty(value) else read(value, name, *bounds)

    def _unfold(self, name: str, names: Mapping[str, str]) -> None:
        """Put the fields of a nested object beside the others, as CSV has them."""
        nested = self._fields.get(name)
        if values.is_empty(nested):
            return
        if not isinstance(nested, dict):
            raise LocalError("field-not-object", field=name)
        self._fields.update({names.get(inner, inner): value for inner, value in nested.items()})

    def _given(self, *names: str) -> bool:
        return any(name in self._fields for name in names)

    def _language(self) -> str:
        return self._context.charter.languages[0]

    def _title(self) -> str:
        if self._is_new and values.is_empty(self._fields.get("title")):
            raise LocalError("field-missing", field="title")
        title = self._field("title", values.line_text, self._held.title, "", limits.MAX_TITLE)
        if not title:
            raise LocalError("field-missing", field="title")
        return title

    def _kind(self) -> ListingKind:
        if values.is_empty(self._fields.get("kind", None if self._is_new else "held")):
            raise LocalError("field-missing", field="kind")
        return self._field("kind", values.listing_kind, self._held.kind, self._held.kind)

    def _category(self) -> str:
        default = "other"
        if not self._given("category"):
            return self._held.category
        word = self._field("category", values.line_text, default, default, 60)
        category = vocabulary.category_id(word)
        allowed = self._context.charter.categories
        if category not in allowed and category != default:
            raise LocalError("category-unknown", category=word, allowed=", ".join(allowed))
        return category

    def _tags(self) -> tuple[str, ...]:
        tags = self._field("tags", values.text_list, self._held.tags, (), limits.MAX_TAG)
        if len(tags) > limits.MAX_TAGS:
            raise LocalError("field-too-many", field="tags", most=limits.MAX_TAGS)
        return tags

    def _currency(self, held: str | None) -> str:
        default = self._context.charter.currency
        currency = self._field("currency", values.line_text, held or default, default, 8).upper()
        if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
            raise LocalError("field-refused", field="currency")
        return currency

    def _money(self, in_minor: str, in_main: str, currency: str) -> Price | None:
        for name, read in ((in_minor, values.in_minor), (in_main, values.in_main)):
            value = self._fields.get(name)
            if not values.is_empty(value):
                return read(value, name, currency)
        return None

    def _price(self) -> Price | None:
        held = self._held.price
        currency = self._currency(None if held is None else held.currency)
        if self._given("price_minor", "price"):
            return self._money("price_minor", "price", currency)
        return None if held is None else Price(held.minor, currency)

    def _lend(self, kind: ListingKind) -> tuple[LendTerms | None, str | None]:
        if kind not in MAY_BE_LENT:
            return None, None
        held = self._held.lend
        if self._given("lend") and values.is_empty(self._fields["lend"]):
            held = None
        held_days = None if held is None else held.max_days
        days = self._field("lend_days", values.loan_days, held_days, None)
        if days is None:
            return None, None
        currency = self._currency(self._held.deposit_currency)
        if self._given("deposit_minor", "deposit"):
            deposit = self._money("deposit_minor", "deposit", currency)
            minor = None if deposit is None else deposit.minor
        else:
            minor = None if held is None else held.deposit_minor
        return LendTerms(days, minor), None if minor is None else currency

    def _event(self, kind: ListingKind) -> EventTime | None:
        if kind is not ListingKind.EVENT:
            return None
        held = self._held.event
        held_start = None if held is None else held.starts_at_ms
        held_end = None if held is None else held.ends_at_ms
        starts = self._field("starts", values.moment, held_start, None)
        ends = self._field("ends", values.moment, held_end, None)
        if starts is None:
            if ends is not None:
                raise LocalError("field-missing", field="starts")
            return None
        if ends is not None and ends < starts:
            raise LocalError("field-refused", field="ends")
        return EventTime(starts, ends)

    def _place(self) -> Place | None:
        if not self._given("place"):
            return self._held.place
        value = self._fields["place"]
        if values.is_empty(value):
            return None
        return place_named(
            values.line_text(value, "place", limits.MAX_NAME + 40), self._context.charter
        )

    def _visible_until(self, event: EventTime | None) -> int:
        """Return when the listing ends: as asked, else an event ends when it is over."""
        until_ms = self._asked_until()
        if event is None or not values.is_empty(self._fields.get("days_valid")):
            return until_ms
        if not self._is_new and not self._given("starts", "ends"):
            return until_ms
        over_ms = event.starts_at_ms + limits.DAY_MS
        if event.ends_at_ms is not None:
            over_ms = event.ends_at_ms
        if over_ms <= self._context.now_ms:
            raise LocalError("event-over")
        return min(until_ms, over_ms)

    def _asked_until(self) -> int:
        if not self._is_new and not self._given("days_valid"):
            return self._held.visible_until_ms
        value = self._fields.get("days_valid")
        days = (
            None if values.is_empty(value) else values.whole_number(value, "days_valid", 1, 100_000)
        )
        return self._context.visible_until_ms(days)

    def _shown_to(self, category: str) -> tuple[CommunityId, ...]:
        """Return in which neighbouring communities it may be shown: only where a person says so."""
        charter = self._context.charter
        chosen = set(still_named(self._held.shown_to, charter))
        if self._given("shown_to"):
            chosen = self._communities("shown_to")
        chosen |= self._communities("show_in")
        chosen -= self._communities("no_show_in")
        if self._given("shown_to", "show_in", "category"):
            refuse_category(sorted(chosen), category, charter)
        return tuple(sorted(chosen))

    def _communities(self, name: str) -> set[CommunityId]:
        none: tuple[str, ...] = ()
        names = self._field(name, values.text_list, none, none, limits.MAX_NAME)
        return communities_named(names, self._context.charter)

    def _source_id(self) -> str | None:
        value = self._fields.get("id")
        if type(value) is int:
            return str(value)
        return self._field("id", values.line_text, self._held.source_id, None, limits.MAX_SOURCE_ID)


_NAMES = {"source_id": "id", "language": "lang"}
