"""Founding and joining: what happens once, before a node of the community can be opened."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import trio

from node.clock import Clock
from node.identity import Identity
from node.mail.keys import forget_mail_keys
from node.membership_gate import LOOKED, JoiningGate, Met, device_records, free_device_slots
from node.network.port import HostKey, Network, NetworkError, OpenNetwork, Refused
from node.store.database import Database, open_database
from node.store.neighbours import remember_address
from node.store.settings import (
    ACCEPTED_SETTING,
    ANSWERS_SETTING,
    PROFILE_SETTING,
    Enrolment,
    read_enrolment,
    write_enrolment,
    write_setting,
)
from protocol import limits
from protocol.charter import Charter, read_charter
from protocol.envelope import Draft, Envelope, decode, read_genesis, seal
from protocol.errors import LocalError, RemoteError, Unreachable
from protocol.ids import NO_COMMUNITY, THING_KEY_BYTES, CommunityId, HouseholdId, ThingKey
from protocol.invite import InviteText
from protocol.joining import MAX_ANSWER, Answers
from protocol.keys import NETWORK_KEY_BYTES, founder_key, member_key
from protocol.kinds import Kind, lifetime_ms
from protocol.membership.bodies import Device, certify
from protocol.membership.council import CharterVersion
from protocol.profile import Profile
from protocol.signing import KeyPair, Seed

DATABASE_FILE = "market.db"
_JOIN_DEADLINE_S = 40.0
_DIAL_DEADLINE_S = 10.0
_LAN_ANSWERS_S = 6.0
"""How long to wait for somebody on the LAN once every known address has failed."""

Discovery = Callable[[bytes, Callable[[Sequence[str]], None]], AbstractAsyncContextManager[object]]
"""Looks for neighbours on the LAN: (network key, what to do with their addresses)."""


async def found_community(
    folder: Path, identity: Identity, charter: Charter, profile: Profile, clock: Clock
) -> CommunityId:
    """Found a community in a new folder; its id is that of the charter.

    Raises LocalError ``home-not-writable`` or ``disk-full``.
    """
    household = founder_key(identity.household_root, charter.salt)
    genesis = _seal(Kind.CHARTER, charter.pack(), household, NO_COMMUNITY, clock.now_ms(), slot=0)
    if len(genesis.raw) > limits.MAX_GENESIS_BYTES:
        raise LocalError("charter-too-long", bytes=len(genesis.raw), most=limits.MAX_GENESIS_BYTES)
    community = CommunityId(genesis.id)
    signing, host = Seed(os.urandom(32)), Seed(os.urandom(32))
    device = certify_device(household, community, signing, host, 0, clock)
    enrolment = Enrolment(
        genesis.raw,
        os.urandom(NETWORK_KEY_BYTES),
        HouseholdId(household.public),
        household.seed,
        signing,
        host,
        (device.raw,),
    )
    async with new_database(folder, identity) as database:
        await write_enrolment(database, enrolment)
        await write_setting(database, PROFILE_SETTING, profile.pack())
    return community


async def join_community(
    folder: Path,
    identity: Identity,
    invite: InviteText,
    profile: Profile,
    clock: Clock,
    network: Callable[[Seed], OpenNetwork],
    discovery: Discovery,
    answers: Sequence[str] = (),
    accepted: bytes | None = None,
    previous: Enrolment | None = None,
) -> CommunityId:
    """Join with an invite: find one member, get the charter, and keep what is needed.

    network: opens a network for a host seed on the invite's private network. answers: to the
    charter's questions, one each. accepted: digest of the version that was agreed to; None for
    whichever is in force. A household that has been here before answers nothing. previous: of
    a household that left and comes back into its own folder, as the same device.
    Raises LocalError ``answers-needed``, ``rules-changed``, ``answer-refused``,
    ``invite-expired``, ``invite-used-up``, ``removed``, ``left``, ``already-joined``,
    ``needs-first-device``; Unreachable ``nobody-reachable`` if no member answers in time.
    """
    if previous is None and folder.exists():
        raise LocalError("already-joined")
    if invite.terms.valid_until_ms < clock.now_ms():
        raise LocalError("invite-expired")
    root = identity.household_root
    household = member_key(root, invite.community)
    signing, host = Seed(os.urandom(32)), Seed(os.urandom(32))
    certified: list[Envelope] = []
    if previous is not None:
        signing, host = previous.signing_seed, previous.host_seed
        certified = [r for r in map(decode, previous.joining) if r.kind == Kind.DEVICE]
    certificate = _certificate(household, invite, clock)

    def own(slot: int) -> tuple[Envelope, ...]:
        if certified:
            return (certificate, certified[0], invite.record)
        device = certify_device(household, invite.community, signing, host, slot, clock)
        return (certificate, device, invite.record)

    problems: list[LocalError] = []

    def agrees(met: Met) -> bool:
        is_new = not _returns(met, root)
        problem = _disagreement(met.version, answers, accepted) if is_new else None
        problems.extend([problem] if problem else [])
        return problem is None

    kept = own(0)
    gate = JoiningGate(invite.community, HouseholdId(household.public), clock, kept, agrees)
    async with network(host)(gate, Deaf()) as joining:
        search = (joining, invite.addresses, invite.network_key, discovery)
        try:
            reached, address = await first_member(*search)
        except LocalError:
            if problems:
                raise problems[-1] from None
            if not gate.known_devices or certified:
                raise
            # This household has been here before, with a device that is lost or elsewhere.
            kept = own(free_device_slot(gate.known_devices))
            gate.offer(kept)
            reached, address = await first_member(*search)
    if gate.genesis is None or gate.met is None:
        raise Unreachable("nobody-reachable")
    digest = gate.met.version.digest
    founding = founder_key(root, _salt_of(gate.genesis))
    if founding.public == read_genesis(gate.genesis).household:
        # The founder returns with nothing but the words: the same household, a new device.
        household = founding
        known = [decode(raw) for raw in gate.records]
        slot = free_device_slot(device_records(known, HouseholdId(founding.public)))
        kept = (certify_device(founding, invite.community, signing, host, slot, clock),)
    enrolment = Enrolment(
        gate.genesis,
        invite.network_key,
        HouseholdId(household.public),
        household.seed,
        signing,
        host,
        tuple(record.raw for record in kept),
    )
    file = folder / DATABASE_FILE
    async with (
        new_database(folder, identity)
        if previous is None
        else open_database(file, identity.database_key)
    ) as database:
        await write_enrolment(database, enrolment)
        await write_setting(database, PROFILE_SETTING, profile.pack())
        await write_setting(database, ACCEPTED_SETTING, digest)
        await write_setting(database, ANSWERS_SETTING, _answers(digest, answers).pack())
        await remember_address(database, reached, address, clock.now_ms())
    return invite.community


@dataclass(frozen=True, slots=True)
class Look:
    """What a community asks of who joins. returns: whether this household was here before:
    then nothing is asked.
    """

    version: CharterVersion
    returns: bool


async def look_at_community(
    identity: Identity,
    invite: InviteText,
    clock: Clock,
    network: Callable[[Seed], OpenNetwork],
    discovery: Discovery,
) -> Look:
    """Ask a member for the charter in force, without joining: nobody learns of this household.

    Raises as :func:`join_community`.
    """
    if invite.terms.valid_until_ms < clock.now_ms():
        raise LocalError("invite-expired")
    household = member_key(identity.household_root, invite.community)
    signing, host = Seed(os.urandom(32)), Seed(os.urandom(32))
    device = certify_device(household, invite.community, signing, host, 0, clock)
    shown = (_certificate(household, invite, clock), device, invite.record)
    own = HouseholdId(household.public)
    gate = JoiningGate(invite.community, own, clock, shown, lambda met: False)
    async with network(host)(gate, Deaf()) as looking:
        try:
            await first_member(looking, invite.addresses, invite.network_key, discovery)
        except LocalError:
            if gate.met is None:
                raise
    if gate.met is None:
        raise Unreachable("nobody-reachable")
    return Look(gate.met.version, _returns(gate.met, identity.household_root))


def _returns(met: Met, root: bytes) -> bool:
    """Whether a household was here before; a founder may come with nothing but the words."""
    return met.known or met.founder == founder_key(root, met.version.charter.salt).public


def _disagreement(
    version: CharterVersion, answers: Sequence[str], accepted: bytes | None
) -> LocalError | None:
    """Return why a household does not join under these rules."""
    if accepted not in (None, version.digest):
        return LocalError("rules-changed", name=version.charter.name)
    if len(answers) != len(version.charter.questions):
        return LocalError("answers-needed", questions=len(version.charter.questions))
    try:
        _answers(version.digest, answers)
    except LocalError as error:
        return error
    return None


def _answers(charter: bytes, answers: Sequence[str]) -> Answers:
    try:
        return Answers(charter, tuple(answers))
    except RemoteError:
        raise LocalError("answer-refused", most=MAX_ANSWER) from None


async def renew_device(database: Database, clock: Clock) -> None:
    """Turn a restored copy into a new device of its household: new keys, a new certificate.

    The old device's records stay as they are; nothing that it signed is continued. Raises
    LocalError ``backup-damaged``, ``needs-first-device`` or ``too-many-devices``.
    """
    old = await read_enrolment(database)
    if old is None:
        raise LocalError("backup-damaged")
    if old.household_seed is None:
        raise LocalError("needs-first-device")
    community = CommunityId(read_genesis(old.genesis).id)
    household = KeyPair(old.household_seed)
    rows = await database.read(
        lambda connection: connection.execute(
            "SELECT raw FROM record JOIN household ON n = household"
            " WHERE household.id = ? AND kind = ?",
            (household.public, int(Kind.DEVICE)),
        ).fetchall()
    )
    signing, host = Seed(os.urandom(32)), Seed(os.urandom(32))
    slot = free_device_slot([decode(raw) for (raw,) in rows])
    device = certify_device(household, community, signing, host, slot, clock)
    keep = tuple(raw for raw in old.joining if not _is_device(raw))
    await database.write(forget_mail_keys)
    renewed = replace(old, signing_seed=signing, host_seed=host, joining=(*keep, device.raw))
    await write_enrolment(database, renewed)


def free_device_slot(known: Sequence[Envelope]) -> int:
    """Return a slot for a further device; known: the household's device records.

    Not the first free one: another computer that certifies one from the same state would put
    this one out. Raises LocalError ``too-many-devices``.
    """
    free = free_device_slots(known)
    if not free:
        raise LocalError("too-many-devices", most=limits.DEVICE_SLOTS)
    return free[os.urandom(1)[0] % len(free)]


def certify_device(
    household: KeyPair, community: CommunityId, signing: Seed, host: Seed, slot: int, clock: Clock
) -> Envelope:
    """Return the household's certificate of a device with these secret keys."""
    body = Device(KeyPair(signing).public, KeyPair(host).public).pack()
    return _seal(Kind.DEVICE, body, household, community, clock.now_ms(), slot)


def _certificate(household: KeyPair, invite: InviteText, clock: Clock) -> Envelope:
    own = HouseholdId(household.public)
    body = certify(
        invite.community, own, invite.record.household, invite.record.key, KeyPair(invite.secret)
    ).pack()
    return _seal(Kind.CERTIFICATE, body, household, invite.community, clock.now_ms(), slot=0)


def _seal(
    kind: Kind, body: bytes, household: KeyPair, community: CommunityId, now_ms: int, slot: int
) -> Envelope:
    draft = Draft(
        community,
        kind,
        HouseholdId(household.public),
        slot,
        ThingKey(os.urandom(THING_KEY_BYTES)),
        now_ms,
        0,
        now_ms,
        now_ms + lifetime_ms(kind),
        False,
        body,
    )
    return seal(draft, household)


def _salt_of(genesis: bytes) -> bytes:
    return read_charter(read_genesis(genesis).body).salt


def _is_device(raw: bytes) -> bool:
    return decode(raw).kind == Kind.DEVICE


def _invite_refused(reason: str) -> LocalError:
    return LocalError("invite-refused", reason=reason)


async def first_member(
    network: Network,
    addresses: Sequence[str],
    network_key: bytes,
    discovery: Discovery,
    refused: Callable[[str], LocalError] = _invite_refused,
) -> tuple[HostKey, str]:
    """Dial these addresses and whoever is found on the LAN until one member answers.

    refused: words the reason of a gate that said no, where it is none of those that are final
    (LocalError ``removed``, ``left``, ``invite-expired``, ``invite-used-up``,
    ``device-revoked``). Raises Unreachable ``nobody-reachable`` after some 40 s.
    """
    send, receive = trio.open_memory_channel[str](64)
    tried: set[str] = set()
    reached: list[tuple[HostKey, str]] = []
    refusals: list[str] = []

    def offer(addresses: Sequence[str]) -> None:
        for address in addresses:
            if address not in tried:
                tried.add(address)
                try:
                    send.send_nowait(address)
                except trio.WouldBlock:
                    return

    pending = 0

    async def dial(address: str, scope: trio.CancelScope) -> None:
        nonlocal pending
        try:
            host = await network.dial(address, _DIAL_DEADLINE_S)
        except Refused as refusal:
            refusals.append(refusal.reason)
            is_final = not refusal.by_us and refusal.reason not in ("stranger", "busy")
            if is_final or refusal.reason == LOOKED:
                scope.cancel()  # asking others would not change it
        except NetworkError:
            return
        else:
            reached.append((host, address))
            scope.cancel()
        finally:
            pending -= 1
            if pending == 0:
                scope.deadline = min(scope.deadline, trio.current_time() + _LAN_ANSWERS_S)

    offer(addresses)
    async with discovery(network_key, offer):
        with trio.move_on_after(_JOIN_DEADLINE_S) as scope:
            async with trio.open_nursery() as nursery:
                async for address in receive:
                    pending += 1
                    nursery.start_soon(dial, address, scope)
    if reached:
        return reached[0]
    for reason in ("removed", "left", "invite-expired", "invite-used-up"):
        if reason in refusals:
            raise LocalError(reason)
    if "revoked" in refusals:
        raise LocalError("device-revoked")
    if refusals:
        raise refused(LOOKED if LOOKED in refusals else refusals[0])
    raise Unreachable("nobody-reachable")


@asynccontextmanager
async def new_database(folder: Path, identity: Identity) -> AsyncIterator[Database]:
    """Make the community's folder and file; a failure leaves nothing behind."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise LocalError("home-not-writable", path=str(folder.parent)) from error
    try:
        async with open_database(folder / DATABASE_FILE, identity.database_key) as database:
            yield database
    except BaseException:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        raise


class Deaf:
    """A joining host listens to nothing: it only asks for the founding charter."""

    async def on_gossip(self, forwarder: HostKey, data: bytes) -> bool:
        return True

    def on_connected(self, peer: HostKey, address: str, outbound: bool) -> None: ...

    def on_disconnected(self, peer: HostKey) -> None: ...

    def on_moved(self) -> None: ...

    def on_misconduct(self, peer: HostKey | None, reason: str) -> None: ...

    def party_of(self, peer: HostKey) -> bytes:
        return peer
