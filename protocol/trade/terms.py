"""The terms of a trade: what changes hands for what (spec 09 §terms)."""

from __future__ import annotations

from dataclasses import dataclass

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.ids import THING_KEY_BYTES, ThingKey
from protocol.ledger.receipt import hash_of_terms
from protocol.listing import Listing, ListingKind
from protocol.money import Price
from protocol.text import is_text
from protocol.trade.limits import MAX_TEXT, MAX_VARIANTS
from protocol.wire import Fields, Value

_ARITY = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What both agree on. price: for the whole quantity together, in money; None for none.

    credit: units of the community's own credit that the taker owes for it. swap: what the
    seeker gives in return, swap_listing: the key of its listing, if that has one.
    due_at_ms: of a loan, when the thing comes back; a trade with it is a loan. deposit: of a
    loan. variants: what was chosen, one for each of the listing's.
    """

    quantity: int = 1
    price: Price | None = None
    credit: int | None = None
    swap: str = ""
    swap_listing: ThingKey | None = None
    due_at_ms: int | None = None
    deposit: Price | None = None
    variants: tuple[str, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        def require(holds: bool, field: str) -> None:
            if not holds:
                raise RemoteError("body-invalid", field=field)

        require(1 <= self.quantity <= limits.MAX_QUANTITY, "quantity")
        require(self.credit is None or 1 <= self.credit <= limits.MAX_CREDIT, "credit")
        require(is_text(self.swap, limits.MAX_TITLE), "swap")
        require(
            self.swap_listing is None or len(self.swap_listing) == THING_KEY_BYTES, "swap_listing"
        )
        require(self.due_at_ms is None or 0 < self.due_at_ms <= limits.MAX_TIME_MS, "due_at_ms")
        require(self.deposit is None or self.due_at_ms is not None, "deposit")
        require(len(self.variants) <= MAX_VARIANTS, "variants")
        require(all(is_text(v, limits.MAX_TAG, shortest=1) for v in self.variants), "variants")
        require(is_text(self.note, MAX_TEXT, lines=True), "note")

    @property
    def is_loan(self) -> bool:
        """Whether the thing comes back."""
        return self.due_at_ms is not None

    def as_value(self) -> Value:
        """Return the terms as an array for the wire."""
        return (
            self.quantity,
            None if self.price is None else self.price.minor,
            None if self.price is None else self.price.currency,
            self.credit,
            self.swap,
            self.swap_listing,
            self.due_at_ms,
            None if self.deposit is None else (self.deposit.minor, self.deposit.currency),
            self.variants,
            self.note,
        )

    def salted_hash(self, salt: bytes) -> bytes:
        """Return the 32-byte hash by which messages and receipts name these terms.

        salt: the trade's 16 random bytes, so that the hash in a public receipt tells nobody
        the price.
        """
        return hash_of_terms(wire.pack(self.as_value()), salt)


def read_terms(value: Value) -> Terms:
    """Read terms from the wire. Raises RemoteError ``body-invalid``."""
    fields = Fields(value, _ARITY, "terms")
    return Terms(
        quantity=fields.integer("quantity", 1, limits.MAX_QUANTITY),
        price=_read_price(fields),
        credit=fields.optional_integer("credit", 1, limits.MAX_CREDIT),
        swap=fields.text("swap"),
        swap_listing=_read_key(fields.optional("swap_listing")),
        due_at_ms=fields.optional_integer("due_at_ms", 1, limits.MAX_TIME_MS),
        deposit=_read_deposit(fields.optional("deposit")),
        variants=fields.texts("variants", MAX_VARIANTS),
        note=fields.text("note"),
    )


def listed_terms(listing: Listing, quantity: int = 1) -> Terms:
    """Return the terms that a listing itself offers, before any choice or haggling."""
    price = listing.price
    return Terms(
        quantity=quantity,
        price=None if price is None else Price(price.minor * quantity, price.currency),
    )


def fit(terms: Terms, listing: Listing) -> str | None:
    """Return the field in which terms ask for what the listing does not have, or None.

    Price and credit are for the two to haggle over; what is, or is not, there is not.
    """
    if terms.quantity > listing.quantity:
        return "quantity"
    if terms.is_loan != (listing.kind is ListingKind.LEND) and listing.lend is None:
        return "due_at_ms"
    if listing.kind is ListingKind.LEND and not terms.is_loan:
        return "due_at_ms"
    if listing.price and terms.price and terms.price.currency != listing.price.currency:
        return "price"
    if terms.variants and (
        len(terms.variants) != len(listing.variants)
        or any(
            chosen not in variant.choices
            for chosen, variant in zip(terms.variants, listing.variants, strict=True)
        )
    ):
        return "variants"
    return None


def _read_price(fields: Fields) -> Price | None:
    minor = fields.optional_integer("price_minor", 0, limits.MAX_PRICE_MINOR)
    currency = fields.optional_text("currency")
    if (minor is None) != (currency is None):
        raise RemoteError("body-invalid", field="currency")
    return None if minor is None or currency is None else Price(minor, currency)


def _read_key(value: Value) -> ThingKey | None:
    if value is None:
        return None
    if type(value) is not bytes or len(value) != THING_KEY_BYTES:
        raise RemoteError("body-invalid", field="swap_listing")
    return ThingKey(value)


def _read_deposit(value: Value) -> Price | None:
    if value is None:
        return None
    fields = Fields(value, 2, "deposit")
    return Price(fields.integer("deposit", 0, limits.MAX_PRICE_MINOR), fields.text("deposit"))
