"""Two neighbours make their sets equal: everything, in order, at little cost."""

from __future__ import annotations

from dataclasses import replace

import pytest
import trio
import trio.lowlevel

from node.catchup import Exchange
from node.network.port import Stream, StreamClosed
from protocol import catchup as messages
from protocol.catchup import Compare, Fetch, Records
from protocol.kinds import Kind
from protocol.reconcile import respond
from tests.sim.world import Household, World


async def apart(world: World, slots: int = 5_000) -> tuple[Household, Household]:
    """Two members that agree, and whose wire has been cut."""
    ana, ben = await world.community(["ana", "ben"], listing_slots=slots)
    world.part([ana], [ben])
    return ana, ben


async def together(world: World, ana: Household, ben: Household) -> None:
    """Heal the wire and connect, without an exchange that anybody began by itself."""
    for household in (ana, ben):
        household.node.catchup.keep_equal = forget  # type: ignore[method-assign]
    world.switchboard.heal()
    await world.until(lambda: bool(ben.wire.connections()))


async def forget(peer: object, begin_after_s: float) -> None:
    await trio.sleep_forever()


async def exchange(ben: Household, ana: Household) -> Exchange:
    return await ben.node.catchup.exchange(ana.wire.host_key)


async def test_a_hundred_recent_of_two_thousand_cost_little(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"], listing_slots=5_000)
    for batch in range(4):
        await ana.publish(*(f"Thing {batch}-{n}" for n in range(500)))
        await world.pass_time(1)
    await world.settle()
    world.part([ana], [ben])
    await ana.publish(*(f"New {n}" for n in range(100)))
    await together(world, ana, ben)
    done = await exchange(ben, ana)
    assert done.fetched == 100
    assert done.round_trips <= 4  # of both sets together
    assert done.compared_bytes <= 4_600
    assert len(await ben.titles("New")) == 100
    again = await exchange(ben, ana)
    assert (again.fetched, again.offered, again.round_trips) == (0, 0, 2)
    assert again.compared_bytes < 600


async def test_one_exchange_brings_what_is_missing_on_both_sides(world: World) -> None:
    ana, ben = await apart(world)
    await ana.publish(*(f"Ana's {n}" for n in range(30)))
    await ben.publish(*(f"Ben's {n}" for n in range(20)))
    await together(world, ana, ben)
    done = await exchange(ben, ana)
    assert (done.fetched, done.offered) == (30, 20)
    assert await ana.titles() == await ben.titles()
    assert len(await ana.titles()) == 50


async def test_long_listings_come_in_one_exchange_and_in_order(world: World) -> None:
    ana, ben = await apart(world)
    for number in range(6):
        long = [
            replace(ana.listing(f"Cot {number}-{n:03}"), description="äöü" * 1_000)
            for n in range(100)
        ]
        assert all(await ana.node.market.publish(long))
        await world.pass_time(1)
    await together(world, ana, ben)
    done = await exchange(ben, ana)
    assert done.fetched == 600
    rows = await ben.node.database.read(
        lambda connection: connection.execute(
            "SELECT created_at_ms FROM record WHERE kind = ? ORDER BY seq", (int(Kind.LISTING),)
        ).fetchall()
    )
    assert len(rows) == 600
    assert rows == sorted(rows)


async def test_unequal_long_records_are_asked_for_again(world: World) -> None:
    ana, ben = await apart(world)
    await ana.publish(*(f"Short {n}" for n in range(300)))
    await world.pass_time(1)
    long = [replace(ana.listing(f"Long {n}"), description="äöü" * 1_000) for n in range(400)]
    assert all(await ana.node.market.publish(long))
    await together(world, ana, ben)
    await exchange(ben, ana)
    assert len(await ben.titles()) == 700


@pytest.mark.covers("TRN-57")
async def test_exchanges_in_quick_succession_are_nobody_s_fault(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    for _ in range(60):
        ben.node.catchup.nudge()
        ana.node.catchup.nudge()
        await world.pass_time(0.01)
    for _ in range(40):
        await exchange(ben, ana)
    for household in (ana, ben):
        assert not [name for name in household.node.health() if name.startswith("fault")]
        assert len(household.wire.connections()) == 1


@pytest.mark.covers("TRN-57")
async def test_a_newer_stream_takes_the_place_of_one_that_was_given_up(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    idle = await ben.wire.open_stream(ana.wire.host_key, messages.PROTOCOL)
    await world.pass_time(1)
    await exchange(ben, ana)
    assert ana.node.health()["catchup-twice"] == 1
    with trio.fail_after(30), pytest.raises(StreamClosed):
        await idle.receive_frame()


@pytest.mark.covers("TRN-55")
async def test_at_most_one_fetch_is_sent_ahead(world: World) -> None:
    ana, ben = await apart(world)
    await ana.publish(*(f"Thing {n}" for n in range(1_500)))
    store = ana.node.catchup._store
    ahead: list[int] = []

    async def serve(stream: Stream) -> None:
        waiting: list[Fetch] = []
        while True:
            with trio.move_on_after(1) as scope:
                frame = await stream.receive_frame()
                if frame is None:
                    return
                message = messages.read(frame)
            if scope.cancelled_caught:
                # Nothing more comes until an answer goes out.
                ahead.append(len(waiting))
                raws = await store.raws(waiting.pop(0).wanted)
                await stream.send_frame(messages.write(Records(tuple(raws))))
            elif isinstance(message, Compare):
                reply = respond(store.items(message.membership), message.message)
                await stream.send_frame(messages.write(Compare(message.membership, reply)))
            elif isinstance(message, Fetch):
                waiting.append(message)

    async def patient(stream: Stream) -> None:
        """As serve, but with a stream that a time-out does not reset."""
        await serve(PatientStream(stream))  # type: ignore[arg-type]

    await together(world, ana, ben)
    ana.wire.serve(messages.PROTOCOL, patient)
    async with trio.open_nursery() as nursery:
        PatientStream.nursery = nursery
        await exchange(ben, ana)
        nursery.cancel_scope.cancel()
    assert len(await ben.titles()) == 1_500
    assert max(ahead) <= 2


class PatientStream:
    """Reads ahead in a task of its own, so that waiting for a frame can be given up."""

    nursery: trio.Nursery

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._send, self._receive = trio.open_memory_channel[bytes | None](100)
        self.nursery.start_soon(self._read)

    async def _read(self) -> None:
        frame: bytes | None = b""
        while frame is not None:
            frame = await self._stream.receive_frame()
            await self._send.send(frame)

    async def receive_frame(self) -> bytes | None:
        return await self._receive.receive()

    async def send_frame(self, frame: bytes) -> None:
        await self._stream.send_frame(frame)


async def test_what_a_neighbour_misses_is_counted_until_it_is_there(world: World) -> None:
    ana, ben = await apart(world)
    await ana.publish(*(f"Thing {n}" for n in range(1_000)))
    seen: list[int] = []
    missing = ben.node.catchup.missing
    ben.node.inbox.on_stored.append(lambda records, origin: seen.append(sum(missing.values())))
    await together(world, ana, ben)
    await exchange(ben, ana)
    status = await ben.node.sync.status()
    assert (status.missing, status.neighbours_synced, status.neighbours_known) == (0, 1, 1)
    assert seen == sorted(seen, reverse=True)
    assert seen[0] > 0
    assert status.since_ms is not None


async def test_the_time_of_the_last_sync_is_known_after_a_restart(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    await ana.stop()
    before = (await ben.node.sync.status()).neighbours[0]
    assert before.last_synced_at_ms is not None
    assert not before.connected
    await ben.stop()
    await ben.start()
    after = (await ben.node.sync.status()).neighbours[0]
    assert after.last_synced_at_ms == before.last_synced_at_ms


async def test_the_order_of_an_exchange_is_membership_first(world: World) -> None:
    ana, ben = await apart(world)
    world.switchboard.cut(["cem"], ["ben"])
    cem = await world.join("cem", await ana.invite(uses=1))
    await world.until(lambda: cem.node.community.my_status == "confirmed")
    await cem.publish("Cem's cot")
    await world.settle([ana, cem])
    await cem.stop()
    order: list[int] = []
    ben.node.inbox.on_stored.append(
        lambda records, origin: order.extend(record.kind for record in records)
    )
    await together(world, ana, ben)
    await exchange(ben, ana)
    first_content = next(at for at, kind in enumerate(order) if kind >= 32)
    assert all(kind >= 32 for kind in order[first_content:])
    assert ben.node.inbox.parked == 0
    assert await ben.titles() == ["Cem's cot"]


async def test_a_joiner_with_several_neighbours_fetches_everything_once(world: World) -> None:
    ana, _ben = await world.community(["ana", "ben"], listing_slots=2_000)
    await ana.publish(*[f"Thing {number}" for number in range(1_200)])
    await world.settle()
    cem = await world.join("cem", await ana.invite(uses=1))
    await world.settle()
    assert len(await cem.titles()) == len(await ana.titles())
    assert cem.node.health()["catchup-fetched"] < 2 * 1_200


async def test_a_bulk_travels_on_without_waiting_for_the_next_minute(world: World) -> None:
    ana, _ben, cem = await world.community(["ana", "ben", "cem"])
    world.part([ana], [cem])
    await world.until(lambda: len(ana.wire.connections()) == len(cem.wire.connections()) == 1)
    await world.pass_time(100)  # the exchanges of the parting are over
    began = trio.current_time()
    await ana.publish(*[f"Thing {number}" for number in range(200)])
    await world.until(lambda: len(cem.node.inbox._store.content) >= 200)
    assert trio.current_time() - began < 20
