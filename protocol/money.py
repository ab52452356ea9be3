"""Amounts of money: whole minor units of an ISO 4217 currency, never floating point."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.errors import RemoteError
from protocol.limits import MAX_PRICE_MINOR

_WITHOUT_MINOR = frozenset(
    {
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
        "VND", "VUV", "XAF", "XOF", "XPF",
    }
)  # fmt: skip
_THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


@dataclass(frozen=True, slots=True)
class Price:
    """minor: 0 … MAX_PRICE_MINOR in the currency's smallest unit. currency: three capitals."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not 0 <= self.minor <= MAX_PRICE_MINOR:
            raise RemoteError("body-invalid", field="price_minor")
        if not is_currency(self.currency):
            raise RemoteError("body-invalid", field="currency")


def is_currency(value: str) -> bool:
    """Tell whether ``value`` has the form of an ISO 4217 code: three capitals A … Z."""
    return len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()


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
    if not is_currency(currency):
        raise ValueError(f"not a currency: {currency!r}")
    digits = minor_digits(currency)
    whole, _, part = text.strip().replace(",", ".").partition(".")
    if not (whole.isascii() and whole.isdigit()) or len(part) > digits:
        raise ValueError(f"not an amount of {currency}: {text!r}")
    if part and not (part.isascii() and part.isdigit()):
        raise ValueError(f"not an amount of {currency}: {text!r}")
    if len(whole) > len(str(MAX_PRICE_MINOR)):
        raise ValueError(f"more than can be asked: {text!r}")
    minor = int(whole) * 10**digits + int(part.ljust(digits, "0") or "0")
    if minor > MAX_PRICE_MINOR:
        raise ValueError(f"more than can be asked: {text!r}")
    return Price(minor, currency)
