"""The types of trade message, by their numbers on the wire (spec 09 §messages)."""

from __future__ import annotations

from enum import IntEnum

from protocol.errors import RemoteError


class Type(IntEnum):
    """The types of message, in the order of their numbers on the wire."""

    ASK = 1
    OFFER = 2
    ACCEPT = 3
    PROMISE = 4
    DECLINE = 5
    CANCEL = 6
    SLOTS = 7
    APPOINT = 8
    ADDRESS = 9
    HANDOVER = 10
    RETURN = 11
    EXTEND = 12
    AGREE = 13
    NO_SHOW = 14
    LAPSE = 15
    DISPUTE = 16
    STEWARD = 17
    RULING = 18
    SETTLE = 19
    QUEUE = 20
    DRAW = 21
    ENTER = 22
    CLOSE = 23
    REVEAL = 24
    RESULT = 25
    SIGN = 26


def require(holds: bool, field: str) -> None:
    """Raise RemoteError ``body-invalid`` naming the field unless ``holds``."""
    if not holds:
        raise RemoteError("body-invalid", field=field)
