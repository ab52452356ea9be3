"""Amounts of money: whole minor units of an ISO 4217 currency, never floating point."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.errors import RemoteError
from protocol.limits import MAX_PRICE_MINOR

_WITHOUT_MINOR = frozenset({"JPY", "KRW", "ISK", "CLP", "VND", "XAF", "XOF"})
_THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


@dataclass(frozen=True, slots=True)
class Price:
    """minor: 0 … MAX_PRICE_MINOR in the currency's smallest unit. currency: three capitals."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not 0 <= self.minor <= MAX_PRICE_MINOR:
            raise RemoteError("body-invalid", field="price_minor")
        if not (
            len(self.currency) == 3
            and self.currency.isascii()
            and self.currency.isalpha()
            and self.currency.isupper()
        ):
            raise RemoteError("body-invalid", field="currency")


def minor_digits(currency: str) -> int:
    """Return how many decimals the currency's main unit has (ISO 4217 exponent)."""
    if currency in _WITHOUT_MINOR:
        return 0
    return 3 if currency in _THOUSANDTHS else 2


def in_main_unit(price: Price, decimal_point: str = ".") -> str:
    """Return the amount in the main unit, e.g. ``"12.50"``, without the currency."""
    digits = minor_digits(price.currency)
    if digits == 0:
        return str(price.minor)
    whole, part = divmod(price.minor, 10**digits)
    return f"{whole}{decimal_point}{part:0{digits}d}"


def from_main_unit(text: str, currency: str) -> Price:
    """Read ``"12"``, ``"12.5"`` or ``"12,50"`` in the main unit. Raises ValueError."""
    digits = minor_digits(currency)
    whole, _, part = text.strip().replace(",", ".").partition(".")
    if not (whole.isascii() and whole.isdigit()) or len(part) > digits:
        raise ValueError(f"not an amount of {currency}: {text!r}")
    if part and not (part.isascii() and part.isdigit()):
        raise ValueError(f"not an amount of {currency}: {text!r}")
    return Price(int(whole) * 10**digits + int(part.ljust(digits, "0") or "0"), currency)
