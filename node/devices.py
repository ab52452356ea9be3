"""The devices of the own household: add one with a code, list them, give one up.

Only a device that holds the household's key adds and revokes. What a revoked device had signed
is signed anew by the one that revokes it, together with the withdrawal of its certificate: so
nothing that stands is lost, and nothing that it signs afterwards counts.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import trio

from node.author import Author
from node.clock import Clock
from node.community import Community
from node.enrolment import free_device_slot
from node.inbox import Inbox
from node.network.port import Network
from node.store.records import RecordStore
from node.store.settings import read_setting, write_setting
from protocol.device_code import SECRET_BYTES, VALID_MS, DeviceCode, body_of
from protocol.envelope import Envelope
from protocol.errors import LocalError
from protocol.ids import DeviceKey
from protocol.invite import MAX_ADDRESSES
from protocol.kinds import Kind
from protocol.membership.bodies import Device
from protocol.signing import Seed

TAKEN_OVER = (
    Kind.INVITE,
    Kind.CONFIRMATION,
    Kind.REMOVAL,
    Kind.SEATS,
    Kind.AMENDMENT,
    Kind.CONSENT,
    Kind.VOUCHES,
    Kind.PROFILE,
    Kind.LISTING,
    Kind.MARK,
    Kind.FORK_PROOF,
)
"""What a household says whichever device signs it; a ledger's entries are re-linked instead."""
_BATCH = 500
"""What is above it is signed anew beforehand, so that one transaction stays short."""

Adopt = Callable[[DeviceKey], Awaitable[object]]
SendAgain = Callable[[DeviceKey], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class DeviceView:
    """One device. name: as called on this computer, or "". since_ms: when it was certified.

    seen_ms: when it last signed something that still stands; None if nothing does: not used
    yet, or not for long.
    """

    slot: int
    is_this: bool
    name: str
    since_ms: int
    connected: bool
    seen_ms: int | None


@dataclass(frozen=True, slots=True)
class Revoked:
    """listings: how many this device took over. ended: how many it withdrew instead.

    letters: chats that the other one wrote lately, and that this one sends once more.
    failed: records that it could not sign anew, which are void now.
    """

    slot: int
    listings: int
    ended: int
    letters: int
    failed: int


class Devices:
    """The household's devices in one community."""

    def __init__(
        self,
        author: Author,
        inbox: Inbox,
        store: RecordStore,
        clock: Clock,
        network: Network,
        community: Community,
        network_key: bytes,
        own_slot: int,
        adopt: Adopt,
        send_again: SendAgain,
    ) -> None:
        """own_slot: of this device, by its own certificate. adopt: continues the ledger of a
        device in this one's, before it is revoked. send_again: the letters that it wrote lately.
        """
        self._author = author
        self._inbox = inbox
        self._store = store
        self._clock = clock
        self._network = network
        self._community = community
        self._network_key = network_key
        self._own_slot = own_slot
        self._adopt = adopt
        self._send_again = send_again
        self._lock = trio.Lock()

    @property
    def holds_key(self) -> bool:
        """Whether this device has the household's key, and so adds and revokes."""
        return self._author.holds_root

    @property
    def own_slot(self) -> int:
        """The slot in which this device is certified."""
        slot = self._inbox.members.device_slot(self._author.household, self._author.device)
        return self._own_slot if slot is None else slot

    @property
    def is_copied(self) -> bool:
        """Whether another computer was seen to sign with this device's key."""
        return self._author.is_copied

    async def add(self, name: str) -> DeviceCode:
        """Certify a new device and return the code with which a computer becomes it.

        name: what to call it on this computer. LocalError ``needs-first-device``,
        ``too-many-devices``, ``removed``, ``left``, or as any record's of one's own.
        """
        async with self._lock:
            self._refuse_unless_first()
            slot = free_device_slot(list((await self._author.standing(Kind.DEVICE)).values()))
            secret = Seed(os.urandom(SECRET_BYTES))
            record = await self._author.start_anew(Kind.DEVICE, slot, body_of(secret).pack())
            await write_setting(self._store.database, _name_setting(record.key), name.encode())
        profile = await self._community.profile()
        return DeviceCode(
            self._network_key,
            secret,
            self._clock.now_ms() + VALID_MS,
            "" if profile is None else profile.name,
            self._addresses(),
            record,
        )

    async def list(self) -> Sequence[DeviceView]:
        """Return the devices that count, by slot."""
        hosts = {connection.peer for connection in self._network.connections()}
        seen: dict[DeviceKey, int] = {}
        for record in await self._store.standing_by(self._author.household):
            seen[record.device] = max(record.created_at_ms, seen.get(record.device, 0))
        views = []
        for record, device in self._certified():
            key = DeviceKey(device.signing)
            name = await read_setting(self._store.database, _name_setting(record.key))
            views.append(
                DeviceView(
                    record.slot,
                    key == self._author.device,
                    (name or b"").decode(),
                    record.created_at_ms,
                    key == self._author.device or device.host in hosts,
                    seen.get(key),
                )
            )
        return views

    async def revoke(self, slot: int, keep_listings: bool = True) -> Revoked:
        """Give a device up; this one takes over what it had published.

        keep_listings: False ends its listings instead, where they may not be its household's,
        and sends none of its letters once more.
        LocalError ``device-not-found``, ``device-is-this``, ``needs-first-device``, ``removed``,
        ``left``. A crash in between leaves the device certified: do it again.
        """
        async with self._lock:
            self._refuse_unless_first()
            held = {record.slot: (record, device) for record, device in self._certified()}
            if slot not in held:
                raise LocalError("device-not-found", number=slot + 1)
            certificate, device = held[slot]
            lost = DeviceKey(device.signing)
            if lost == self._author.device:
                raise LocalError("device-is-this", number=slot + 1)
            try:
                await self._adopt(lost)
            except LocalError as error:
                if error.code != "ledger-full":  # no reason to leave a lost device in force
                    raise
            letters = await self._send_again(lost) if keep_listings else 0
            records = await self._signed_by(lost)
            shown = {r.key for r in records if r.kind == Kind.LISTING and not r.withdrawn}
            results: list[Envelope | LocalError] = []
            for at in range(0, len(records) - _BATCH, _BATCH):
                results += await self._sign_anew(records[at : at + _BATCH], keep_listings)
            rest = await self._signed_by(lost)
            *more, withdrawn = await self._sign_anew(rest, keep_listings, certificate)
            if isinstance(withdrawn, LocalError):
                raise withdrawn
        signed = [result for result in results + more if isinstance(result, Envelope)]
        listings = [r for r in signed if r.kind == Kind.LISTING]
        return Revoked(
            slot,
            sum(not record.withdrawn for record in listings),
            sum(record.withdrawn and record.key in shown for record in listings),
            letters,
            len(results) + len(more) - len(signed),
        )

    def _refuse_unless_first(self) -> None:
        if not self.holds_key:
            raise LocalError("needs-first-device")
        if self._community.my_status in ("removed", "left"):
            raise LocalError(self._community.my_status)

    def _certified(self) -> Sequence[tuple[Envelope, Device]]:
        ever = self._inbox.members.devices_ever(self._author.household)
        return [(record, device) for record, device in ever if not record.withdrawn]

    def _addresses(self) -> tuple[str, ...]:
        """Where to reach this computer, and neighbours in case that it is off."""
        others = [c.address for c in self._network.connections() if c.outbound]
        own = self._network.addresses()
        return tuple(dict.fromkeys([*own[: MAX_ADDRESSES - 2], *others]))[:MAX_ADDRESSES]

    async def _signed_by(self, device: DeviceKey) -> Sequence[Envelope]:
        return [
            record
            for record in await self._store.standing_by(self._author.household)
            if record.device == device and record.kind in TAKEN_OVER
        ]

    async def _sign_anew(
        self, records: Sequence[Envelope], keep_listings: bool, certificate: Envelope | None = None
    ) -> Sequence[Envelope | LocalError]:
        """Sign a device's records anew; withdraw its certificate with them, as the last."""
        changes: list[tuple[Envelope, bytes, bool]] = []
        for record in records:
            ends = record.kind == Kind.LISTING and not record.withdrawn and not keep_listings
            changes.append((record, b"" if ends else record.body, ends or record.withdrawn))
        if certificate is not None:
            # Its body stays: it says whose old signatures to believe (MEM-26).
            changes.append((certificate, certificate.body, True))
        return await self._author.revise(changes)


def _name_setting(key: bytes) -> str:
    return f"device-name-{key.hex()}"
