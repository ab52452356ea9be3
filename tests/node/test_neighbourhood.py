"""Staying connected: patiently, cheaply, and only to those who belong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import trio
from trio.abc import Instrument

from node.network.port import DialFailed, HostKey
from node.store.neighbours import known_addresses
from protocol.addresses import LIFETIME_MS, Addresses
from protocol.kinds import Kind
from protocol.membership.members import found
from tests.sim.world import Household, World


def names_connected(household: Household) -> set[str]:
    return {connection.address.rpartition("/")[2] for connection in household.wire.connections()}


class Steps(Instrument):
    """Counts how often tasks of one name are run."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.count = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.count += self._name in task.name


async def test_a_lost_connection_is_made_again_within_seconds(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    for _ in range(3):
        await ana.wire.disconnect(ben.wire.host_key)
        assert not ben.wire.connections()
        before = trio.current_time()
        await world.until(lambda: bool(ben.wire.connections()))
        assert trio.current_time() - before < 3


async def test_who_is_off_is_dialled_ever_less_often_and_found_when_back(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ben.stop()
    failed: list[int] = []
    for _ in range(6):
        before = ana.node.health().get("dial-failed", 0)
        await world.pass_time(600)
        failed.append(ana.node.health()["dial-failed"] - before)
    assert failed[0] > failed[1]
    assert failed[-1] <= 5
    await ben.start()
    await world.until(lambda: bool(ana.wire.connections()))


async def test_after_a_move_nobody_waits_for_its_turn(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    candidate = ana.node.neighbourhood._book.hosts[ben.wire.host_key]
    await ben.stop()
    await world.pass_time(3600)
    assert candidate.delay_s == 300
    failed = ana.node.health()["dial-failed"]
    ana.node.neighbourhood.moved()
    await world.pass_time(1)
    assert ana.node.health()["dial-failed"] > failed
    assert candidate.delay_s <= 4


async def test_an_address_where_another_host_answers_is_as_good_as_none(world: World) -> None:
    ana, _ = await world.community(["ana", "ben"])
    ana.node.neighbourhood._learn(HostKey(b"h" * 32), "/memory/ben")
    failed = ana.node.health().get("dial-failed", 0)
    await world.pass_time(60)
    assert 1 <= ana.node.health()["dial-failed"] - failed <= 10
    assert names_connected(ana) == {"ben"}


async def test_addresses_are_known_again_after_a_restart(world: World) -> None:
    *_, cem = await world.community(["ana", "ben", "cem"])
    await world.until(lambda: names_connected(cem) == {"ana", "ben"})
    await cem.stop()
    await cem.start()
    await world.until(lambda: names_connected(cem) == {"ana", "ben"})


async def test_neighbours_of_neighbours_are_found_by_their_records(world: World) -> None:
    names = ["ana", "ben", "cem", "dora", "emil"]
    households = await world.community(names)
    for household in households:
        await world.until(
            lambda h=household: names_connected(h) == set(names) - {h.name}  # type: ignore[misc]
        )


@pytest.mark.covers("LST-15")
async def test_nobody_is_sent_to_another_s_machine_in_a_third_one_s_name(world: World) -> None:
    ana, ben, mallory = await world.community(["ana", "ben", "mallory"])
    victim = HostKey(b"v" * 32)
    for host in (victim, ben.wire.host_key):
        body = Addresses(host, ("/memory/victim",)).pack()
        await mallory.node.market._author.replace(Kind.ADDRESSES, 5, body)
        await world.settle()
        await world.pass_time(30)
    known = await known_addresses(ana.node.database)
    assert victim not in ana.node.neighbourhood._book.hosts
    assert "/memory/victim" not in ana.node.neighbourhood._book.hosts[ben.wire.host_key].addresses
    assert all("/memory/victim" not in addresses for addresses in known.values())


async def test_hosts_without_an_address_cost_nothing(world: World) -> None:
    ana = await world.found("ana")
    steps = Steps("Neighbourhood.run")
    await world.pass_time(60)
    stranger = HostKey(b"s" * 32)
    ana.node.neighbourhood.connected(stranger, "/memory/stranger", False)
    ana.node.neighbourhood.disconnected(stranger)
    trio.lowlevel.add_instrument(steps)
    await world.pass_time(600)
    trio.lowlevel.remove_instrument(steps)
    assert steps.count < 300  # a round every five seconds, not twenty a second


async def test_addresses_that_never_answer_do_not_keep_a_neighbour_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    for household in (ana, ben):
        dial = household.wire.dial

        async def dial_slowly(address: str, deadline_s: float = 10.0, dial: Any = dial) -> HostKey:
            if "tarpit" not in address:
                return HostKey(await dial(address, deadline_s))
            await world.pass_time(deadline_s)
            raise DialFailed("no answer in time")

        monkeypatch.setattr(household.wire, "dial", dial_slowly)
        for number in range(8):
            for port in range(8):
                host = HostKey(bytes([number]) * 32)
                household.node.neighbourhood._learn(host, f"/memory/tarpit-{number}-{port}")
        household.node.neighbourhood._wake.set()
    await world.pass_time(1)
    await ana.wire.disconnect(ben.wire.host_key)
    before = trio.current_time()
    await world.until(lambda: bool(ana.wire.connections()))
    assert trio.current_time() - before < 60


async def test_each_address_of_a_host_has_its_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = await world.found("ana")
    dialled: list[str] = []

    async def never(address: str, deadline_s: float = 10.0) -> HostKey:
        dialled.append(address)
        await world.pass_time(deadline_s)
        raise DialFailed("no answer in time")

    monkeypatch.setattr(ana.wire, "dial", never)
    for port in range(8):
        ana.node.neighbourhood._learn(HostKey(b"h" * 32), f"/memory/{port}")
    ana.node.neighbourhood._wake.set()
    await world.until(lambda: len(set(dialled)) == 8)


async def test_hosts_of_nobody_leave_room_for_a_newcomer_s(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    for number in range(600):
        host = HostKey(number.to_bytes(32, "big"))
        ana.node.neighbourhood._learn(host, f"/memory/gone-{number}")
    invite = await ana.invite()
    world.part([ana], [world.household("cem")])
    cem = world.households["cem"]
    await world.enrol(cem, replace(invite, addresses=tuple(ben.node.addresses())))
    await cem.start()
    await world.until(
        lambda: (
            cem.wire.host_key in ana.node.neighbourhood._book.hosts
            and bool(ana.node.neighbourhood._book.hosts[cem.wire.host_key].addresses)
        )
    )


async def test_a_removed_household_s_addresses_are_forgotten(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    host = ben.wire.host_key
    await ana.node.governance.removals.remove(ben.id, "Cheated.", False)
    await world.until(lambda: "ben" not in names_connected(ana) | names_connected(cem))
    await ben.stop()
    await world.pass_time(60)
    for household in (ana, cem):
        assert host not in household.node.neighbourhood._book.hosts
        assert host not in await known_addresses(household.node.database)


async def test_an_address_found_on_the_lan_is_dialled_and_nonsense_is_given_up(
    world: World,
) -> None:
    ana, ben = await world.community(["ana", "ben"])
    ben.node.neighbourhood._book.hosts.clear()
    ana.node.neighbourhood._book.hosts.clear()
    await ana.wire.disconnect(ben.wire.host_key)
    await world.pass_time(30)
    assert not ana.wire.connections()
    own = list(ana.node.addresses())
    ana.node.neighbourhood.found([*own, "/memory/nobody", "nonsense", *ben.node.addresses()])
    await world.until(lambda: names_connected(ana) == {"ben"})
    ana.node.neighbourhood.found([f"/memory/nobody-{n}" for n in range(1_000)])
    assert len(ana.node.neighbourhood._strays) <= 64
    await world.pass_time(3_600)
    assert ana.node.neighbourhood._strays == {}


async def test_a_joiner_is_not_sent_away_while_its_records_are_on_their_way(
    world: World,
) -> None:
    ana = await world.found("ana")
    invite = await ana.invite(uses=6)
    async with trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(world.join, f"joiner-{number}", invite)
    await world.until(
        lambda: all(h.node.community.my_status in ("confirmed", "founder") for h in world.running)
    )
    await world.settle()


async def test_who_only_looked_like_a_stranger_stays_connected(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    # As it looks while the records of a joiner are on their way into the store.
    for listener in ana.node.inbox.on_members:
        listener(found(ana.members.genesis.raw))
    parted = trio.Event()
    ana.node.neighbourhood.disconnected = lambda peer: parted.set()  # type: ignore[method-assign]
    await world.pass_time(10)
    assert not parted.is_set()
    assert names_connected(ben) == {"ana"}


async def test_a_gate_that_says_removed_is_not_believed_while_another_is_open(
    world: World,
) -> None:
    _, ben, _ = await world.community(["ana", "ben", "cem"])
    ben.node.neighbourhood.told_removed = True
    assert ben.node.community.my_status == "confirmed"
    for connection in list(ben.wire.connections()):
        await ben.wire.disconnect(connection.peer)
    assert ben.node.community.my_status == "removed"
    await world.until(lambda: {"ana", "cem"} <= names_connected(ben))
    assert ben.node.community.my_status == "confirmed"
    assert "cem" in names_connected(ben)


async def test_the_own_address_is_told_again_every_few_days(world: World) -> None:
    _, ben = await world.community(["ana", "ben"])

    async def told_at() -> int:
        told = [r for r in await ben.standing() if r.kind == Kind.ADDRESSES]
        assert all(r.expires_at_ms - r.created_at_ms == LIFETIME_MS for r in told)
        return max(r.created_at_ms for r in told)

    before = await told_at()
    world.pass_days(4)
    await world.pass_time(60)
    await world.settle()
    assert await told_at() > before
