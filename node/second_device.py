"""Joining as a further device of a household, with a code that its first device has made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from node.clock import Clock
from node.enrolment import Deaf, Discovery, first_member, new_database
from node.identity import Identity
from node.membership_gate import JoiningGate
from node.network.port import OpenNetwork
from node.store.neighbours import remember_address
from node.store.settings import Enrolment, write_enrolment
from protocol.device_code import DeviceCode
from protocol.envelope import Envelope, decode
from protocol.errors import LocalError, Unreachable
from protocol.ids import CommunityId, HouseholdId
from protocol.keys import device_seeds
from protocol.kinds import Kind
from protocol.signing import Seed


async def join_as_device(
    folder: Path,
    identity: Identity,
    code: DeviceCode,
    clock: Clock,
    network: Callable[[Seed], OpenNetwork],
    discovery: Discovery,
) -> CommunityId:
    """Become the device that a code is for: find one member, get the founding charter.

    network: opens a network for a host seed on the code's private network.
    Raises LocalError ``device-code-expired``, ``device-code-refused``, ``device-revoked``,
    ``removed``, ``left``, ``already-joined``; Unreachable ``nobody-reachable``.
    """
    if folder.exists():
        raise LocalError("already-joined")
    if code.valid_until_ms < clock.now_ms():
        raise LocalError("device-code-expired")
    community, household = code.record.community, code.record.household
    signing, host = device_seeds(code.secret)
    gate = JoiningGate(community, household, clock, (code.record,))
    async with network(host)(gate, Deaf()) as joining:
        reached, address = await first_member(
            joining, code.addresses, code.network_key, discovery, _refused
        )
    if gate.genesis is None:
        raise Unreachable("nobody-reachable")
    kept = [*_certificates(gate.records, household), code.record]
    enrolment = Enrolment(
        gate.genesis,
        code.network_key,
        household,
        None,
        signing,
        host,
        tuple(record.raw for record in kept),
    )
    async with new_database(folder, identity) as database:
        await write_enrolment(database, enrolment)
        await remember_address(database, reached, address, clock.now_ms())
    return community


def _certificates(raws: tuple[bytes, ...], household: HouseholdId) -> list[Envelope]:
    """Return the household's own certificate, if the member that answered has shown it."""
    shown = map(decode, raws)
    return [r for r in shown if r.kind == Kind.CERTIFICATE and r.household == household]


def _refused(reason: str) -> LocalError:
    return LocalError("device-code-refused", reason=reason)
