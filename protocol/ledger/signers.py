"""Whether a device could sign for a household: now, or before it was withdrawn (spec 10 §signers).

A withdrawn device record still names its device, so that what was signed before stays signed;
and so does the removal of a household, whose own records are gone.
"""

from __future__ import annotations

from protocol.envelope import Envelope
from protocol.ids import DeviceKey, HouseholdId
from protocol.kinds import Kind
from protocol.ledger.receipt import month_of
from protocol.membership.bodies import Device, Signer
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
    make no receipts with it afterwards but for months gone by. That of a removed household's
    counts up to the month that the removal names: its neighbours keep what they earned.
    """
    removal = members.removed.get(household)
    if removal is not None:
        return any(s.device == device and month <= s.month for s in removal.signers)
    record = _certified(members, household, device)
    if record is None:
        return False
    return not record.withdrawn or month <= month_of(record.created_at_ms)


def signers_of(members: Members, household: HouseholdId, now_ms: int) -> tuple[Signer, ...]:
    """Return what a removal says of the devices of a household that belongs.

    now_ms: the time of the removal, Unix milliseconds.
    """
    found = {
        device.signing: record.created_at_ms if record.withdrawn else now_ms
        for record, device in sorted(
            members.devices_ever(household), key=lambda held: not held[0].withdrawn
        )
    }
    return tuple(Signer(device, month_of(until_ms)) for device, until_ms in found.items())


def _certified(members: Members, household: HouseholdId, device: DeviceKey) -> Envelope | None:
    """Return the record that names the device, one that stands before a withdrawn one."""
    naming = [
        fact.record
        for fact in members.facts_of(household, Kind.DEVICE)
        if isinstance(fact.body, Device) and fact.body.signing == device
    ]
    return min(naming, key=lambda record: (record.withdrawn, -record.created_at_ms), default=None)
