"""Community credit as people read it. Every line returned is safe."""

from __future__ import annotations

from typing import Any

from p2pmarket.cli.terminal import safe, wrapped
from p2pmarket.texts import _


def credit_lines(terms: dict[str, Any] | None) -> list[str]:
    """Say what a community's rules allow; nothing where it keeps no credit."""
    if terms is None:
        return []
    return wrapped(
        _(
            "It keeps credit, counted in {unit}: a household may owe the others up to {limit}."
        ).format(unit=safe(terms["unit"]), limit=terms["limit"])
    )


def credit_amount(amount: int, unit: str, signed: bool = False) -> str:
    """Return e.g. ``3 hours``. signed: with its sign, as balances are written."""
    number = f"{amount:+}" if signed and amount else str(amount)
    return safe(f"{number.replace('-', '−')} {unit}")
