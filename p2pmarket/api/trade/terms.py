"""Terms as people type them, read into `protocol.trade.terms.Terms`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from p2pmarket import listing_values as values
from p2pmarket.api.trade.schemas import TermsChange
from protocol import limits
from protocol.errors import LocalError
from protocol.ids import ThingKey
from protocol.listing import Listing, ListingKind
from protocol.money import Price
from protocol.trade.limits import MAX_TEXT
from protocol.trade.terms import Terms, listed_terms

_AMOUNT_FIELDS = ("price", "deposit")


def asked_terms(
    change: TermsChange, listing: Listing, currency: str, swap_listing: ThingKey | None
) -> Terms:
    """Return the terms with which to ask for a listing: its own ones, with what was changed.

    Raises LocalError ``field-…``, ``variant-needed`` or ``day-needed``.
    """
    quantity = 1 if change.quantity is None else _quantity(change.quantity)
    terms = changed_terms(replace(change, quantity=None), listing, currency, swap_listing)(
        listed_terms(listing, quantity)
    )
    if listing.variants and not terms.variants:
        choices = "; ".join(f"{v.name}: {', '.join(v.choices)}" for v in listing.variants)
        raise LocalError("variant-needed", choices=choices)
    if listing.kind is ListingKind.LEND and terms.due_at_ms is None:
        raise LocalError("day-needed")
    deposit = None if listing.lend is None else listing.lend.deposit_minor
    if terms.is_loan and change.deposit is None and deposit is not None:
        terms = replace(terms, deposit=Price(deposit, listing.deposit_currency or currency))
    return terms


def changed_terms(
    change: TermsChange, listing: Listing | None, currency: str, swap_listing: ThingKey | None
) -> Callable[[Terms], Terms]:
    """Return what makes new terms of those on the table.

    listing: as it stands, if it does; its variants tell which choice belongs where. currency:
    of amounts, where the terms name none. Raises LocalError ``field-…``.
    """
    wanted = None if change.variants is None else _variants(change.variants, listing)
    due_at_ms = None if change.due is None else _moment(change.due, "due")
    swap = None if change.swap is None else values.line_text(change.swap, "swap", limits.MAX_TITLE)
    note = None if change.note is None else values.long_text(change.note, "note", MAX_TEXT)
    quantity = None if change.quantity is None else _quantity(change.quantity)
    credit = None
    if change.credit is not None and not values.is_empty(change.credit):
        credit = values.whole_number(change.credit, "credit", 1, limits.MAX_CREDIT)
    # Read once before anything is written, so that what is wrong is said at once.
    amounts = {
        field: None if text is None or values.is_empty(text) else text
        for field in _AMOUNT_FIELDS
        for text in (getattr(change, field),)
    }

    def apply(terms: Terms) -> Terms:
        known = terms.price or terms.deposit
        unit = currency if known is None else known.currency
        read = {
            field: None if text is None else values.in_main(text, field, unit)
            for field, text in amounts.items()
        }
        due = terms.due_at_ms if change.due is None else due_at_ms
        price, deposit = terms.price, terms.deposit
        if quantity is not None and change.price is None:
            price = _scaled(price, terms.quantity, quantity)
        return Terms(
            quantity=terms.quantity if quantity is None else quantity,
            price=price if change.price is None else read["price"],
            credit=terms.credit if change.credit is None else credit,
            swap=terms.swap if swap is None else swap,
            swap_listing=terms.swap_listing if change.swap_listing is None else swap_listing,
            due_at_ms=due,
            deposit=None if due is None else deposit if change.deposit is None else read["deposit"],
            variants=terms.variants if wanted is None else wanted,
            note=terms.note if note is None else note,
        )

    return apply


def is_change(change: TermsChange) -> bool:
    """Tell whether anything would change."""
    return change != TermsChange()


def _quantity(quantity: int) -> int:
    return values.whole_number(quantity, "quantity", 1, limits.MAX_QUANTITY)


def _moment(text: str, field: str) -> int | None:
    return None if values.is_empty(text) else values.moment(text, field)


def _scaled(price: Price | None, before: int, after: int) -> Price | None:
    """Return the price of another number of pieces; what does not divide must be named."""
    if price is None:
        return None
    minor, rest = divmod(price.minor * after, before)
    if rest:
        raise LocalError("field-missing", field="price")
    if minor > limits.MAX_PRICE_MINOR:
        raise LocalError("field-refused", field="price")
    return Price(minor, price.currency)


def _variants(chosen: list[str], listing: Listing | None) -> tuple[str, ...]:
    """Return the choices in the order of the listing's variants, spelled as it spells them."""
    typed = [values.line_text(text, "variants", limits.MAX_TAG) for text in chosen]
    typed = [text for text in typed if text]
    if not typed or listing is None or not listing.variants:
        return tuple(typed)
    found: list[str] = []
    for variant in listing.variants:
        known = {choice.casefold(): choice for choice in variant.choices}
        match = next((text for text in typed if text.casefold() in known), None)
        if match is None:
            allowed = ", ".join(variant.choices)
            value = ", ".join(typed)
            raise LocalError("field-unknown-value", field="variants", value=value, allowed=allowed)
        typed.remove(match)
        found.append(known[match.casefold()])
    if typed:
        raise LocalError(
            "field-unknown-value",
            field="variants",
            value=", ".join(typed),
            allowed="; ".join(", ".join(variant.choices) for variant in listing.variants),
        )
    return tuple(found)
