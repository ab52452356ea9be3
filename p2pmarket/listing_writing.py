"""A listing as the fields of a file, from which it can be published again."""

from __future__ import annotations

from p2pmarket.texts.formats import iso
from protocol.limits import DAY_MS
from protocol.listing import Listing
from protocol.place import Place


def fields_of(listing: Listing, now_ms: int) -> dict[str, object]:
    """Return the fields that `listing_fields.read_listing_fields` reads this listing from.

    What is empty is left out; photos are no fields. days_valid: what is left of its time, in
    days begun; an event's time follows from the event.
    """
    price, lend, event = listing.price, listing.lend, listing.event
    fields: dict[str, object | None] = {
        "id": listing.source_id,
        "lang": listing.language,
        "kind": listing.kind.name.lower(),
        "title": listing.title,
        "description": listing.description,
        "category": listing.category,
        "price_minor": None if price is None else price.minor,
        "currency": listing.deposit_currency if price is None else price.currency,
        "negotiable": listing.negotiable,
        "quantity": listing.quantity,
        "condition": (
            None if listing.condition is None else listing.condition.name.lower().replace("_", "-")
        ),
        "tags": list(listing.tags),
        "variants": [{"name": v.name, "choices": list(v.choices)} for v in listing.variants],
        "swap_for": listing.swap_for,
        "place": None if listing.place is None else place_text(listing.place),
    }
    if lend is not None:
        fields |= {"lend_days": lend.max_days, "deposit_minor": lend.deposit_minor}
    if event is None:
        left_ms = max(1, listing.visible_until_ms - now_ms)
        fields["days_valid"] = -(-left_ms // DAY_MS)
    else:
        fields["starts"] = iso(event.starts_at_ms)
        fields["ends"] = None if event.ends_at_ms is None else iso(event.ends_at_ms)
    return {name: value for name, value in fields.items() if value not in (None, "", [])}


def place_text(place: Place) -> str:
    """Return a place as `listing_fields.place_named` reads it."""
    if place.lat_e4 is None or place.lon_e4 is None:
        return place.name
    return f"{place.name}@{place.lat_e4 / 10_000},{place.lon_e4 / 10_000}"
