"""How many records of one kind a household may have standing (spec 02 §slots).

What decides is fixed with the founding charter and with whether somebody stands for the
household, never with a reader's version: nodes must agree on the set.
"""

from __future__ import annotations

from protocol import limits
from protocol.charter import Charter
from protocol.kinds import FIRST_CONTENT, FIRST_DURABLE, MANY_CONTENT, MANY_DURABLE, Kind

_PROVISIONAL = {
    Kind.CERTIFICATE: 1,
    Kind.DEVICE: limits.DEVICE_SLOTS,
    Kind.PROFILE: 1,
    Kind.LISTING: limits.PROVISIONAL_SLOTS,
    Kind.MARK: limits.PROVISIONAL_SLOTS,
    Kind.ADDRESSES: limits.DEVICE_SLOTS,
    Kind.MAIL_CARD: limits.DEVICE_SLOTS,
}


def provisional_slots(kind: int) -> int:
    """Return the slots of a household that nobody has confirmed (yet, or before it left)."""
    return _PROVISIONAL.get(kind, 0)  # type: ignore[call-overload,no-any-return]


def full_slots(kind: int, charter: Charter, founder: bool) -> int:
    """Return the slots of the founder or of a confirmed household."""
    match kind:
        case Kind.CHARTER if not founder:
            return 0
        case Kind.CHARTER | Kind.PROFILE:
            return 1
        case Kind.CERTIFICATE:
            return 0 if founder else 1
        case Kind.DEVICE | Kind.ADDRESSES:
            return limits.DEVICE_SLOTS
        case Kind.INVITE:
            return limits.INVITE_SLOTS
        case Kind.CONFIRMATION:
            if founder:
                return limits.FOUNDER_CONFIRMATION_SLOTS
            return max(charter.invite_budget, limits.STEWARD_CONFIRMATION_SLOTS)
        case Kind.REMOVAL:
            return limits.REMOVAL_SLOTS if founder else limits.STEWARD_REMOVAL_SLOTS
        case Kind.LISTING | Kind.MARK:
            return charter.listing_slots * limits.SLOT_HEADROOM
    if kind in MANY_CONTENT:
        return limits.MANY_CONTENT_SLOTS
    if kind in MANY_DURABLE:
        return limits.MANY_DURABLE_SLOTS
    if kind < FIRST_CONTENT:
        return limits.UNKNOWN_MEMBERSHIP_SLOTS
    return limits.UNKNOWN_CONTENT_SLOTS if kind < FIRST_DURABLE else limits.UNKNOWN_DURABLE_SLOTS
