"""The gate on every connection: membership proofs before any stream or gossip (spec 07 §gate).

A proof is a list of ordinary records. It is judged together with what is known already, so
that a known removal always counts, and what it teaches goes through the inbox afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import trio

from node.clock import Clock
from node.network.port import Channel, HostKey, Refused
from protocol import gate as messages
from protocol import limits
from protocol.envelope import Envelope
from protocol.errors import RemoteError
from protocol.gate import Hello
from protocol.ids import CommunityId, HouseholdId
from protocol.kinds import Kind
from protocol.membership.charter_proof import with_charter_proof
from protocol.membership.council import CharterVersion
from protocol.membership.evaluation import Member
from protocol.membership.members import Members, found
from protocol.membership.proof import checked, judge


@dataclass(frozen=True, slots=True)
class Passed:
    """Somebody passed: who, by which host, how far their clock is ahead, and their records."""

    host: HostKey
    member: Member
    clock_offset_ms: int
    records: tuple[bytes, ...]


class MembershipGate:
    """The gate of a node that knows its community's founding charter."""

    def __init__(
        self,
        household: HouseholdId,
        clock: Clock,
        members: Callable[[], Members],
        own_proof: Callable[[], Sequence[Envelope]],
        banned: Callable[[bytes], bool],
        on_passed: Callable[[Passed], None],
        on_refused: Callable[[str], None],
        started: trio.Event,
        has_room_for: Callable[[Member], bool],
        on_left: Callable[[HostKey, Sequence[bytes]], None],
    ) -> None:
        """banned: asked for the host, and for the household that it has proved to be of.

        has_room_for: asked of whoever dials this node, unless it is just joining.
        on_refused: told each refusal of ours, by reason, to count it.
        started: set once the node's services can answer; until then gates wait.
        on_left: told the goodbye of a household that left, where it comes from itself: while it
        was not connected, nobody else can have heard of it.
        """
        self._household = household
        self._clock = clock
        self._members = members
        self._own_proof = own_proof
        self._banned = banned
        self._on_passed = on_passed
        self._on_refused = on_refused
        self._started = started
        self._has_room_for = has_room_for
        self._on_left = on_left

    async def admit(self, channel: Channel, remote: HostKey, is_dialer: bool) -> None:
        """Run the exchange; raises Refused. Called by the network before it opens streams."""
        await self._started.wait()
        try:
            await self._exchange(channel, remote, is_dialer)
        except Refused as refusal:
            if refusal.by_us:
                self._on_refused(refusal.reason)
            raise

    async def _exchange(self, channel: Channel, remote: HostKey, is_dialer: bool) -> None:
        if self._banned(remote):
            if not is_dialer:
                await channel.receive(messages.MAX_MESSAGE_BYTES)
                await channel.send(messages.write_refusal("misconduct"))
            raise Refused("misconduct", by_us=True)
        if is_dialer:
            await self._dial(channel, remote)
        else:
            await self._answer(channel, remote)

    async def _dial(self, channel: Channel, remote: HostKey) -> None:
        await channel.send(messages.write_hello(self._hello()))
        hello = await _receive_hello(channel)
        passed = self._judge(hello, remote)
        if isinstance(passed, str):
            await channel.send(messages.write_refusal(passed))
            raise Refused(passed, by_us=True)
        await channel.send(messages.write_acceptance())
        self._on_passed(passed)

    async def _answer(self, channel: Channel, remote: HostKey) -> None:
        hello = await _receive_hello(channel)
        passed = self._judge(hello, remote)
        if not isinstance(passed, str) and not (
            hello.wants_genesis or self._has_room_for(passed.member)
        ):
            passed = "busy"
        if isinstance(passed, str):
            await channel.send(messages.write_refusal(passed))
            raise Refused(passed, by_us=True)
        await channel.send(messages.write_hello(self._hello(hello)))
        await _receive_verdict(channel)
        self._on_passed(passed)

    def _hello(self, asking: Hello | None = None) -> Hello:
        """Return our hello; a joiner that asks gets the charter and its household's devices."""
        records = [record.raw for record in self._own_proof()]
        genesis: bytes | None = None
        if asking is not None and asking.wants_genesis:
            members = self._members()
            genesis = members.genesis.raw
            devices = [fact.record for fact in members.facts_of(asking.household, Kind.DEVICE)]
            shown = list(dict.fromkeys([*self._own_proof(), *devices]))
            records = [record.raw for record in with_charter_proof(shown, members)]
        return Hello(self._clock.now_ms(), self._household, False, genesis, tuple(records))

    def _judge(self, hello: Hello, remote: HostKey) -> Passed | str:
        """Return who this is, or the reason to refuse."""
        now_ms = self._clock.now_ms()
        proven = judge(hello.household, remote, hello.records, self._members(), now_ms)
        if isinstance(proven, str):
            if proven == "left":
                self._hear_goodbye(hello, remote, now_ms)
            return proven
        if self._banned(proven.member.household):
            return "misconduct"
        raws = tuple(record.raw for record in proven.records)
        return Passed(remote, proven.member, hello.now_ms - now_ms, raws)

    def _hear_goodbye(self, hello: Hello, remote: HostKey, now_ms: int) -> None:
        known = self._members()
        goodbyes = [
            record.raw
            for record in checked(hello.records, known, now_ms)
            if record.kind == Kind.CERTIFICATE
            and record.household == hello.household
            and record.withdrawn
            and not known.holds(record)
        ]
        if goodbyes:
            self._on_left(remote, goodbyes)


LOOKED = "looked"
"""Why a joining gate turns away from a member: what it was shown is not agreed to (yet)."""


@dataclass(frozen=True, slots=True)
class Met:
    """What a member shows at its gate to a household that is about to join.

    version: the charter in force, as far as was shown. known: whether the member knows the
    household already, which then has agreed before.
    """

    founder: HouseholdId
    version: CharterVersion
    known: bool


class JoiningGate:
    """The gate of a household that holds an invite and knows nothing else yet.

    It only dials. ``met`` is there once a member has answered, ``genesis`` and ``records`` once
    the household has agreed to what it was shown; before that the member learns nothing of it.
    ``known_devices`` are the device records of this household that a member knows: a device
    that returns must not displace the lost one, which would void all that it signed.
    """

    def __init__(
        self,
        community: CommunityId,
        household: HouseholdId,
        clock: Clock,
        own_proof: Sequence[Envelope],
        agrees: Callable[[Met], bool] = lambda met: True,
    ) -> None:
        """agrees: asked before anything goes through the member's admission (TRN-66)."""
        self._community = community
        self._household = household
        self._clock = clock
        self._own_proof = own_proof
        self._agrees = agrees
        self.met: Met | None = None
        self.genesis: bytes | None = None
        self.records: tuple[bytes, ...] = ()
        self.known_devices: tuple[Envelope, ...] = ()

    async def admit(self, channel: Channel, remote: HostKey, is_dialer: bool) -> None:
        """Ask a member for the charter, check its proof, and agree or not; raises Refused."""
        if not is_dialer:
            await channel.receive(messages.MAX_MESSAGE_BYTES)
            await channel.send(messages.write_refusal("busy"))
            raise Refused("busy", by_us=True)
        own = tuple(record.raw for record in self._own_proof)
        hello = Hello(self._clock.now_ms(), self._household, True, None, own)
        await channel.send(messages.write_hello(hello))
        answer = await _receive_hello(channel)
        try:
            members = found(answer.genesis or b"")
        except RemoteError:
            raise Refused("stranger", by_us=True) from None
        if members.community != self._community:
            raise Refused("stranger", by_us=True)
        now_ms = self._clock.now_ms()
        proven = judge(answer.household, remote, answer.records, members, now_ms)
        if isinstance(proven, str):
            await channel.send(messages.write_refusal(proven))
            raise Refused(proven, by_us=True)
        # A device that was certified beforehand is known already, by exactly this record.
        others = [record for record in proven.records if record.raw not in own]
        self.known_devices = tuple(device_records(others, self._household))
        version = members.extended(proven.records).council.charter
        self.met = Met(members.founder, version, bool(self.known_devices))
        if not self._agrees(self.met):
            await channel.send(messages.write_refusal("busy"))
            raise Refused(LOOKED, by_us=True)
        allowed = free_device_slots(self.known_devices)
        own_devices = device_records(self._own_proof, self._household)
        if any(record.slot not in allowed for record in own_devices):
            await channel.send(messages.write_refusal("busy"))
            raise Refused("busy", by_us=True)
        await channel.send(messages.write_acceptance())
        self.genesis = answer.genesis
        self.records = tuple(record.raw for record in proven.records)

    def offer(self, own_proof: Sequence[Envelope]) -> None:
        """Try again with another device record."""
        self._own_proof = own_proof


def device_records(records: Sequence[Envelope], household: HouseholdId) -> list[Envelope]:
    """Return a household's device records among some records, withdrawn ones included."""
    return [r for r in records if r.kind == Kind.DEVICE and r.household == household]


def free_device_slots(known: Sequence[Envelope]) -> list[int]:
    """Return the slots in which a household may certify a device; none if all have one.

    known: its device records. Slots never used, or else the one that was given up first: a
    withdrawn certificate tells whose old signatures to believe, until its slot is used (MEM-26).
    """
    used = {record.slot for record in known}
    never = [slot for slot in range(limits.DEVICE_SLOTS) if slot not in used]
    given_up = [record for record in known if record.withdrawn]
    if never or not given_up:
        return never
    return [min(given_up, key=lambda record: (record.created_at_ms, record.slot)).slot]


async def _receive_hello(channel: Channel) -> Hello:
    try:
        answer = messages.read_answer(await channel.receive(messages.MAX_MESSAGE_BYTES))
    except RemoteError:
        raise Refused("stranger", by_us=True) from None
    if isinstance(answer, str):
        raise Refused(answer, by_us=False)
    return answer


async def _receive_verdict(channel: Channel) -> None:
    try:
        reason = messages.read_verdict(await channel.receive(64))
    except RemoteError:
        raise Refused("stranger", by_us=True) from None
    if reason is not None:
        raise Refused(reason, by_us=False)
