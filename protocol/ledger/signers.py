"""Whether a device could sign for a household: now, or before it was withdrawn (spec 10 §signers).

A withdrawn device record still names its device, so that what was signed before stays signed.
"""

from __future__ import annotations

from protocol.envelope import Envelope
from protocol.ids import DeviceKey, HouseholdId
from protocol.kinds import Kind
from protocol.ledger.receipt import month_of
from protocol.membership.bodies import Device
from protocol.membership.members import Members


def stands(members: Members, household: HouseholdId, device: DeviceKey) -> bool:
    """Tell whether the household has this device now."""
    return members.signs_for(device, household)


def was_device(members: Members, household: HouseholdId, device: DeviceKey) -> bool:
    """Tell whether the household certified this device, withdrawn or not."""
    return _certified(members, household, device) is not None


def signs_in(members: Members, household: HouseholdId, device: DeviceKey, month: int) -> bool:
    """Tell whether a receipt of ``month`` (yyyymm) may bear this device's signature.

    That of a withdrawn one counts up to the month of its withdrawal: who steals a device can
    make no receipts with it afterwards but for months gone by.
    """
    record = _certified(members, household, device)
    if record is None:
        return False
    return not record.withdrawn or month <= month_of(record.created_at_ms)


def _certified(members: Members, household: HouseholdId, device: DeviceKey) -> Envelope | None:
    """Return the record that names the device, one that stands before a withdrawn one."""
    naming = [
        fact.record
        for fact in members.facts_of(household, Kind.DEVICE)
        if isinstance(fact.body, Device) and fact.body.signing == device
    ]
    return min(naming, key=lambda record: (record.withdrawn, -record.created_at_ms), default=None)
