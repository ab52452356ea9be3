"""The gate on every connection: membership proofs before any stream or gossip (spec 06 §gate).

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
from protocol.envelope import Envelope, Register
from protocol.errors import RemoteError
from protocol.gate import Hello
from protocol.ids import CommunityId, HouseholdId
from protocol.kinds import Kind, is_membership
from protocol.membership.bodies import Certificate, Invite
from protocol.membership.evaluation import Member, Status
from protocol.membership.facts import read_fact
from protocol.membership.members import Members, found


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
        banned: Callable[[HostKey], bool],
        on_passed: Callable[[Passed], None],
        started: trio.Event,
    ) -> None:
        """started: set once the node's services can answer; until then gates wait."""
        self._household = household
        self._clock = clock
        self._members = members
        self._own_proof = own_proof
        self._banned = banned
        self._on_passed = on_passed
        self._started = started

    async def admit(self, channel: Channel, remote: HostKey, is_dialer: bool) -> None:
        """Run the exchange; raises Refused. Called by the network before it opens streams."""
        await self._started.wait()
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
        await channel.send(messages.write_hello(self._hello(None)))
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
        if isinstance(passed, str):
            await channel.send(messages.write_refusal(passed))
            raise Refused(passed, by_us=True)
        genesis = self._members().genesis.raw if hello.wants_genesis else None
        await channel.send(messages.write_hello(self._hello(genesis)))
        await _receive_verdict(channel)
        self._on_passed(passed)

    def _hello(self, genesis: bytes | None) -> Hello:
        records = tuple(record.raw for record in self._own_proof())
        return Hello(self._clock.now_ms(), self._household, False, genesis, records)

    def _judge(self, hello: Hello, remote: HostKey) -> Passed | str:
        """Return who this is, or the reason to refuse."""
        known = self._members()
        records = _checked(hello.records, known)
        candidate = known.extended(records) if records else known
        member = candidate.by_host(remote)
        if member is None or member.household != hello.household:
            return _why_not(hello.household, records, candidate, self._clock.now_ms())
        if member.status is Status.PROVISIONAL and known.member(member.household) is None:
            invite = _invite_of(member, candidate)
            if invite is not None and invite.valid_until_ms < self._clock.now_ms():
                return "invite-expired"
        offset = hello.now_ms - self._clock.now_ms()
        return Passed(remote, member, offset, tuple(record.raw for record in records))


class JoiningGate:
    """The gate of a household that holds an invite and knows nothing else yet.

    It only dials. ``genesis`` and ``records`` are there once a member has answered.
    """

    def __init__(
        self,
        community: CommunityId,
        household: HouseholdId,
        clock: Clock,
        own_proof: Sequence[Envelope],
    ) -> None:
        self._community = community
        self._household = household
        self._clock = clock
        self._own_proof = own_proof
        self.genesis: bytes | None = None
        self.records: tuple[bytes, ...] = ()

    async def admit(self, channel: Channel, remote: HostKey, is_dialer: bool) -> None:
        """Ask a member for the founding charter and check its proof; raises Refused."""
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
        records = _checked(answer.records, members)
        member = members.extended(records).by_host(remote)
        if member is None or member.household != answer.household:
            await channel.send(messages.write_refusal("stranger"))
            raise Refused("stranger", by_us=True)
        await channel.send(messages.write_acceptance())
        self.genesis = answer.genesis
        self.records = tuple(record.raw for record in records)


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


def _checked(raws: Sequence[bytes], known: Members) -> list[Envelope]:
    """Return the membership records of a proof that are signed and of this community."""
    try:
        records = messages.read_proof(raws)
    except RemoteError:
        return []
    return [
        record
        for record in records
        if is_membership(record.kind)
        and record.community == known.community
        and record.household not in known.removed
        and (known.holds(record) or record.signature_holds())
    ]


def _invite_of(member: Member, members: Members) -> Invite | None:
    for fact in members.facts_of(member.inviter, Kind.INVITE):
        if fact.record.key == member.invite and isinstance(fact.body, Invite):
            return fact.body
    return None


def _why_not(
    household: HouseholdId, records: Sequence[Envelope], members: Members, now_ms: int
) -> str:
    """Return the reason that helps an honest household most."""
    if household in members.removed:
        return "removed"
    member = members.member(household)
    if member is not None and not member.stands:
        return "left"
    for record in records:
        if record.kind != Kind.CERTIFICATE or record.household != household:
            continue
        fact = members.fact(Register(household, Kind.CERTIFICATE, 0))
        certificate = fact.body if fact is not None else _read(record)
        if not isinstance(certificate, Certificate):
            continue
        for offered in members.facts_of(certificate.inviter, Kind.INVITE):
            invite = offered.body
            if offered.record.key != certificate.invite or not isinstance(invite, Invite):
                continue
            if offered.record.withdrawn or invite.valid_until_ms < now_ms:
                return "invite-expired"
            if members.uses_of(certificate.inviter, certificate.invite) >= invite.uses:
                return "invite-used-up"
    return "stranger"


def _read(record: Envelope) -> object:
    return read_fact(record).body
