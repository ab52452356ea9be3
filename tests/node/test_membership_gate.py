"""Nobody without a proof meets anything behind the gate, and the reason given is the useful one."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random

import pytest
import trio

from node.enrolment import certify_device
from node.membership_gate import JoiningGate
from node.network.memory import open_memory
from node.network.port import Channel, DialFailed, HostKey, Network, NetworkError, Refused
from protocol import gate as messages
from protocol import limits
from protocol.errors import LocalError, Unreachable
from protocol.gate import Hello
from protocol.ids import HouseholdId
from protocol.invite import InviteText
from protocol.keys import member_key
from protocol.membership.evaluation import Member
from protocol.membership.showing import proof_of
from protocol.signing import KeyPair, Seed
from tests.sim.world import Household, World

Script = Callable[[Channel], Awaitable[None]]
MALLORY = Seed(b"mallory!" * 4)


class ScriptedGate:
    """The other end of a gate, in the hands of whoever wrote the script."""

    def __init__(self, script: Script) -> None:
        self._script = script

    async def admit(self, channel: Channel, remote: HostKey, is_dialer: bool) -> None:
        await self._script(channel)


class Deaf:
    """Listens to nothing."""

    async def on_gossip(self, forwarder: HostKey, data: bytes) -> bool:
        return True

    def on_connected(self, peer: HostKey, address: str, outbound: bool) -> None: ...

    def on_disconnected(self, peer: HostKey) -> None: ...

    def on_moved(self) -> None: ...

    def on_misconduct(self, peer: HostKey | None, reason: str) -> None: ...

    def party_of(self, peer: HostKey) -> bytes:
        return peer


@asynccontextmanager
async def mallory(world: World, script: Script, seed: Seed = MALLORY) -> AsyncIterator[Network]:
    async with open_memory(world.switchboard, seed, "mallory")(ScriptedGate(script), Deaf()) as net:
        yield net


def says(hello: Hello, told: list[object]) -> Script:
    """Send a hello, and note the answer."""

    async def script(channel: Channel) -> None:
        await channel.send(messages.write_hello(hello))
        told.append(messages.read_answer(await channel.receive(messages.MAX_MESSAGE_BYTES)))

    return script


def hello_of(household: Household) -> Hello:
    proof = tuple(record.raw for record in proof_of(household.id, household.members))
    return Hello(household.clock.now_ms(), household.id, False, None, proof)


async def refusal_of(world: World, at: Household, hello: Hello, seed: Seed = MALLORY) -> object:
    told: list[object] = []
    async with mallory(world, says(hello, told), seed) as network:
        with pytest.raises(NetworkError):
            await network.dial(at.node.addresses()[0])
        assert not network.connections()
    connected = {connection.peer for connection in at.wire.connections()}
    assert KeyPair(seed).public not in connected
    return told[0]


async def code_of(joining: Awaitable[object]) -> str:
    with pytest.raises((LocalError, Unreachable)) as refused:
        await joining
    return refused.value.code


async def test_who_shows_no_proof_is_a_stranger(world: World) -> None:
    ana = await world.found("ana")
    unknown = HouseholdId(member_key(bytes(32), ana.members.community).public)
    nobody = Hello(ana.clock.now_ms(), unknown, False, None, ())
    assert await refusal_of(world, ana, nobody) == "stranger"


async def test_another_household_s_hello_does_not_open_from_another_host(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    assert await refusal_of(world, ana, hello_of(ben)) in messages.REASONS


async def test_a_self_made_device_does_not_open(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    own = KeyPair(Seed(bytes(32)))
    forged = certify_device(own, ana.members.community, MALLORY, MALLORY, 0, ana.clock)
    hello = hello_of(ben)
    for household in (ben.id, HouseholdId(own.public)):
        attempt = Hello(hello.now_ms, household, False, None, (*hello.records, forged.raw))
        assert await refusal_of(world, ana, attempt) in messages.REASONS


async def test_a_member_of_another_community_is_a_stranger(world: World) -> None:
    ana = await world.found("ana")
    zoe = await world.found("zoe")
    assert await refusal_of(world, ana, hello_of(zoe)) == "stranger"


@pytest.mark.covers("TRN-39")
async def test_a_removed_household_is_told_so_and_stays_outside(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await ana.node.governance.removals.remove(ben.id, "Sold what was not theirs.", False)
    await world.until(lambda: ben.node.community.my_status == "removed")
    await world.settle([ana, cem])
    await world.pass_time(30)
    for household in (ana, cem):
        assert {m.name for m in await household.node.community.members() if m.connected} == {
            "ana",
            "cem",
        }
    assert await code_of(come_back(world, "ben", await ana.invite())) == "removed"
    assert ana.node.health()["gate-refused:removed"] >= 1


async def come_back(world: World, name: str, invite: InviteText) -> None:
    """Join with the identity of a household that was there before."""
    household = world.households[name]
    if household.runs:
        await household.stop()
    for file in household.folder.iterdir():
        file.unlink()
    household.folder.rmdir()
    await world.enrol(household, invite)


async def test_a_household_that_left_is_outside_until_it_is_invited_anew(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ben.publish("Cot")
    await ben.node.community.leave()
    await world.until(lambda: ana.members.households[ben.id].status.value == "left")
    await world.until(lambda: ben.node.health().get("refused:left", 0) > 0)
    assert await ana.titles() == []
    await ben.stop()
    await ben.start()
    assert ben.node.community.my_status == "left"
    await come_back(world, "ben", await ana.invite(uses=1))
    await ben.start()
    await world.until(lambda: ben.node.community.my_status == "confirmed")
    await ben.publish("Bike")
    await world.settle()
    assert await ana.titles() == ["Bike"]


async def test_an_invite_lets_nobody_in_after_its_time_or_its_uses(world: World) -> None:
    ana = await world.found("ana")
    short, single = await ana.invite(days=1), await ana.invite(uses=1, days=30)
    await world.join("ben", single)
    await world.until(lambda: any(m.status.value == "confirmed" for m in others(ana)))
    assert await code_of(world.join("cem", single)) == "invite-used-up"
    world.pass_days(2)
    assert await code_of(world.join("dora", short)) == "invite-expired"
    # A dishonest clock does not help: the member's own decides.
    emil = world.household("emil")
    emil.clock.ahead_ms = -2 * limits.DAY_MS
    assert await code_of(world.enrol(emil, short)) == "invite-expired"


def others(household: Household) -> list[Member]:
    return [m for m in household.members.households.values() if m.household != household.id]


async def test_a_provisional_household_passes_while_its_inviter_is_off(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    invite = await ben.invite(uses=1)
    text = InviteText(
        invite.community, invite.network_key, invite.secret,
        (*invite.addresses, *ana.node.addresses()), invite.record,
    )  # fmt: skip
    await world.settle()
    await ben.stop()
    cem = await world.join("cem", text)
    await world.until(lambda: cem.node.community.my_status == "provisional")
    await cem.publish("Cem's cot")
    await world.settle()
    assert await ana.titles() == ["Cem's cot"]
    await ben.start()
    await world.until(lambda: cem.node.community.my_status == "confirmed")
    await world.settle()


async def test_who_was_cut_off_for_misconduct_waits_before_the_gate_opens_again(
    world: World,
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    host = ben.wire.host_key
    while not ana.node._conduct.fault(host, "test", trio.current_time(), 5.0):
        pass
    await ana.wire.disconnect(host)
    await world.pass_time(400)
    assert not ana.wire.connections()
    await world.until(lambda: bool(ana.wire.connections()))
    assert trio.current_time() > 600


async def test_another_host_key_does_not_spare_a_household_the_waiting(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    while not ana.node._conduct.fault(ben.wire.host_key, "test", trio.current_time(), 5.0):
        pass
    household = member_key(ben.identity.root, ben.members.community)
    fresh = certify_device(household, ben.members.community, MALLORY, MALLORY, 7, ben.clock)
    hello = hello_of(ben)
    hello = Hello(hello.now_ms, ben.id, False, None, (fresh.raw, *hello.records))
    assert await refusal_of(world, ana, hello) == "misconduct"


@pytest.mark.parametrize("seed", range(4))
async def test_any_bytes_at_the_gate_are_refused_and_counted(world: World, seed: int) -> None:
    ana, ben = await world.community(["ana", "ben"])
    random, good = Random(seed), messages.write_hello(hello_of(ben))
    for _ in range(30):
        spoilt = bytearray(good)
        for _ in range(random.randrange(1, 4)):
            spoilt[random.randrange(len(spoilt))] = random.randrange(256)
        bad = random.choice((bytes(spoilt), random.randbytes(random.randrange(200)), good[:-1]))

        async def script(channel: Channel, message: bytes = bad) -> None:
            await channel.send(message)
            await channel.receive(messages.MAX_MESSAGE_BYTES)

        async with mallory(world, script) as network:
            with pytest.raises(NetworkError):
                await network.dial(ana.node.addresses()[0])
    await ana.publish("Still here")
    await world.settle()
    assert await ben.titles() == ["Still here"]


@pytest.mark.covers("TRN-30")
async def test_a_message_beyond_the_limit_and_silence_are_misconduct(world: World) -> None:
    ana = await world.found("ana")

    async def shout(channel: Channel) -> None:
        await channel.send(bytes(messages.MAX_MESSAGE_BYTES + 1))

    async def be_silent(channel: Channel) -> None:
        await trio.sleep_forever()

    for script, reason in ((shout, "gate-message"), (be_silent, "gate-deadline")):
        async with mallory(world, script) as network:
            with pytest.raises(DialFailed):
                await network.dial(ana.node.addresses()[0])
        assert ana.node.health()[f"fault:{reason}"] == 1


async def test_a_joiner_believes_only_the_founding_charter_it_was_invited_to(
    world: World,
) -> None:
    ana, zoe = await world.found("ana"), await world.found("zoe")
    invite = await ana.invite()
    misled = InviteText(
        invite.community, invite.network_key, invite.secret, tuple(zoe.node.addresses()),
        invite.record,
    )  # fmt: skip
    assert await code_of(world.join("ben", misled)) in ("nobody-reachable", "invite-refused")
    assert not world.households["ben"].folder.exists()


async def test_a_joiner_refuses_a_member_s_host_that_proves_nothing(world: World) -> None:
    ana = await world.found("ana")
    genesis = ana.members.genesis.raw
    records: tuple[bytes, ...] = tuple(r.raw for r in proof_of(ana.id, ana.members))
    stolen = Hello(ana.clock.now_ms(), ana.id, False, genesis, records)

    async def pose_as_ana(channel: Channel) -> None:
        await channel.receive(messages.MAX_MESSAGE_BYTES)
        await channel.send(messages.write_hello(stolen))
        await channel.receive(messages.MAX_MESSAGE_BYTES)

    gate = JoiningGate(ana.members.community, ana.id, ana.clock, ())
    async with mallory(world, pose_as_ana) as impostor:
        joiner = open_memory(world.switchboard, os.urandom(32), "joiner")(gate, Deaf())
        async with joiner as network:
            with pytest.raises(Refused) as refused:
                await network.dial(impostor.addresses()[0])
    assert (refused.value.reason, refused.value.by_us) == ("stranger", True)
    assert gate.genesis is None
