"""Room in a chain for the end of a trade (spec 09 §11)."""

from __future__ import annotations

from protocol.trade.limits import CLOSING_FROM, ENDING_FROM, MAX_CHAIN
from protocol.trade.types import Type

_CLOSING = frozenset(
    {
        Type.DECLINE, Type.CANCEL, Type.HANDOVER, Type.RETURN, Type.NO_SHOW, Type.LAPSE,
        Type.RULING, Type.SIGN,
    }
)  # fmt: skip
_ENDING = _CLOSING | {Type.DISPUTE, Type.STEWARD, Type.SETTLE}


def has_room(type: Type, seq: int) -> bool:
    """Tell whether a party may write this as its message number ``seq``, counted from 0.

    Whatever has been said before, each party can still cancel, confirm, or let a trade lapse.
    """
    if seq < ENDING_FROM:
        return True
    return seq < MAX_CHAIN and type in (_ENDING if seq < CLOSING_FROM else _CLOSING)
