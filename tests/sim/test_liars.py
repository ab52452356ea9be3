"""A member that lies, floods or stalls is cut off, and all others go on as if it were not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import pytest
import trio

from node.network.port import NetworkError, Stream
from protocol import catchup as messages
from protocol.catchup import Compare, Fetch, Offer, Records, Taken
from protocol.reconcile import Initiator, ItemSet, Wanted, respond
from tests.sim.world import GUARD_S, Household, World

PROTOCOL = messages.PROTOCOL
INVENTED = 40_000


def is_cut_off(liar: Household, by: Household) -> bool:
    connected = {connection.peer for connection in by.wire.connections()}
    return liar.wire.host_key not in connected and by.node.health().get("cut-off", 0) == 1


async def honest_ones_go_on(world: World, honest: list[Household]) -> None:
    """What one publishes shows at all others, single and in bulk."""
    await honest[0].publish("Single")
    await honest[-1].publish(*(f"Bulk {n}" for n in range(100)))
    await world.settle(honest)
    for household in honest:
        assert len(await household.titles()) == 101
        assert len(household.wire.connections()) >= len(honest) - 1


async def until_cut_off(liar: Household, victim: Household, frame: Callable[[], bytes]) -> int:
    """Send frames, on new streams where one ends, until the connection is gone; how many."""
    sent = 0
    host = victim.wire.host_key
    with trio.fail_after(GUARD_S):
        while host in {connection.peer for connection in liar.wire.connections()}:
            try:
                stream = await liar.wire.open_stream(host, PROTOCOL)
                answer: bytes | None = b""
                while answer is not None:
                    await stream.send_frame(frame())
                    sent += 1
                    answer = await stream.receive_frame()
            except NetworkError:
                continue
    return sent


def invented(world: World) -> ItemSet:
    """Items that nobody has."""
    now_ms = world.clock.now_ms()
    return ItemSet((now_ms - n, world.random.randbytes(32)) for n in range(INVENTED))


@pytest.fixture
async def crowd(world: World) -> tuple[list[Household], Household]:
    """Three honest households, and one that is not."""
    *honest, liar = await world.community(["ana", "ben", "cem", "mallory"])
    return honest, liar


@pytest.mark.covers("RCD-25")
async def test_random_bytes_as_gossip(
    world: World, crowd: tuple[list[Household], Household]
) -> None:
    honest, liar = crowd
    for _ in range(60):
        await liar.wire.publish(world.random.randbytes(world.random.randrange(400)))
    await world.until(lambda: all(is_cut_off(liar, by) for by in honest))
    await honest_ones_go_on(world, honest)


async def test_more_gossip_than_anybody_may_send_is_not_looked_at(
    world: World, crowd: tuple[list[Household], Household]
) -> None:
    honest, liar = crowd
    (real,) = await liar.publish("Real")
    raw = next(r.raw for r in await liar.standing() if r.key == real.key)
    for _ in range(40):
        for _ in range(100):
            await liar.wire.publish(raw)
        await world.pass_time(0.05)
    # Nothing of it was bad, so it is a nuisance and no misconduct: looked at up to the limit.
    assert all(household.node.health().get("throttled", 0) > 0 for household in honest)
    await world.settle()


async def test_forged_records_offered_on_a_stream(
    world: World, crowd: tuple[list[Household], Household]
) -> None:
    honest, liar = crowd
    await liar.publish(*(f"Thing {n}" for n in range(60)))
    await world.settle()
    forged = []
    for record in await liar.standing():
        spoilt = bytearray(record.raw)
        spoilt[-1] ^= 1
        forged.append(bytes(spoilt))
    for victim in honest:
        await until_cut_off(liar, victim, lambda: messages.write(Offer(tuple(forged))))
    assert all(is_cut_off(liar, by) for by in honest)
    before = len(await honest[0].titles())
    await honest[0].publish("Single")
    await world.settle(honest)
    assert len(await honest[1].titles()) == before + 1


async def test_nonsense_instead_of_answers(
    world: World, crowd: tuple[list[Household], Household]
) -> None:
    honest, liar = crowd

    async def babble(stream: Stream) -> None:
        while await stream.receive_frame() is not None:
            await stream.send_frame(world.random.randbytes(200))

    liar.wire.serve(PROTOCOL, babble)
    for _ in range(30):
        for household in honest:
            household.node.catchup.nudge()
        await world.pass_time(0.2)
    await world.until(lambda: all(is_cut_off(liar, by) for by in honest))
    await honest_ones_go_on(world, honest)


async def test_a_list_of_records_that_are_never_given(
    world: World, crowd: tuple[list[Household], Household]
) -> None:
    honest, liar = crowd
    nothing = invented(world)
    asked = 0

    async def promise(stream: Stream) -> None:
        nonlocal asked
        while (frame := await stream.receive_frame()) is not None:
            match messages.read(frame):
                case Compare(membership, message):
                    reply = Compare(membership, respond(nothing, message))
                    await stream.send_frame(messages.write(reply))
                case Fetch(wanted):
                    asked += len(wanted)
                    await stream.send_frame(messages.write(Records(())))
                case Offer():
                    await stream.send_frame(messages.write(Taken(0)))

    liar.wire.serve(PROTOCOL, promise)
    await world.until(lambda: all(is_cut_off(liar, by) for by in honest))
    assert asked < 100_000
    assert all(household.node.catchup.missing == {} for household in honest)
    await honest_ones_go_on(world, honest)


async def test_slow_answers_of_many_do_not_keep_the_honest_waiting(world: World) -> None:
    names = ["ana", "ben", *(f"sloth-{n}" for n in range(5))]
    ana, ben, *sloths = await world.community(names)

    async def dawdle(stream: Stream) -> None:
        while await stream.receive_frame() is not None:
            await world.pass_time(55)
            await stream.send_frame(messages.write(Compare(True, b"")))

    async def idle(peer: object, scope: object = None) -> NoReturn:
        await trio.sleep_forever()

    async def spin_out(stream: Stream) -> None:
        """One well-formed step a minute, of an exchange that would have no end."""
        nothing = invented(world)
        while (frame := await stream.receive_frame(deadline_s=300)) is not None:
            await world.pass_time(55)
            match messages.read(frame):
                case Compare(membership, message):
                    reply = Compare(membership, respond(nothing, message))
                    await stream.send_frame(messages.write(reply))
                case Fetch():
                    await stream.send_frame(messages.write(Records(())))

    for number, sloth in enumerate(sloths):
        sloth.wire.serve(PROTOCOL, spin_out if number else dawdle)
        sloth.node.catchup.exchange = idle  # type: ignore[method-assign]
    await world.pass_time(100)  # by now they have taken every place there is
    world.part([ana], [ben])
    await ana.publish(*(f"Thing {n}" for n in range(100)))
    world.switchboard.heal()
    began = trio.current_time()
    await world.settle([ana, ben])
    assert trio.current_time() - began < 300


@pytest.mark.covers("TRN-58")
async def test_an_exchange_without_end(
    world: World, crowd: tuple[list[Household], Household]
) -> None:
    honest, liar = crowd

    async def ask_for_ever(victim: Household) -> None:
        first = Initiator(ItemSet()).initiate()
        await until_cut_off(liar, victim, lambda: messages.write(Compare(False, first)))
        assert victim.node.health()["fault:catchup-endless"] >= 1

    async with trio.open_nursery() as nursery:
        for victim in honest:
            nursery.start_soon(ask_for_ever, victim)
    assert all(is_cut_off(liar, by) for by in honest)
    await honest_ones_go_on(world, honest)


async def test_the_same_records_fetched_without_end(
    world: World, crowd: tuple[list[Household], Household]
) -> None:
    honest, liar = crowd
    ana = honest[0]
    wanted = tuple(Wanted(r.created_at_ms, r.id[:16]) for r in await ana.standing())
    served = await until_cut_off(liar, ana, lambda: messages.write(Fetch(wanted)))
    assert served * len(wanted) < 10_000
    assert is_cut_off(liar, ana)
    await honest_ones_go_on(world, honest)


async def test_the_same_outdated_records_offered_without_end(
    world: World, crowd: tuple[list[Household], Household]
) -> None:
    honest, liar = crowd
    ana = honest[0]
    old = []
    for stored in await liar.publish(*(f"Thing {n}" for n in range(40))):
        old += [r.raw for r in await liar.standing() if r.key == stored.key]
        await liar.edit(stored.key, f"{stored.listing.title}, now with handle")
    await world.settle()
    offered = await until_cut_off(liar, ana, lambda: messages.write(Offer(tuple(old))))
    assert offered * len(old) < 10_000
    assert is_cut_off(liar, ana)


async def test_any_bytes_on_a_catch_up_stream(
    world: World, crowd: tuple[list[Household], Household]
) -> None:
    honest, liar = crowd
    ana, random = honest[0], world.random
    good = messages.write(Compare(True, Initiator(ItemSet()).initiate()))

    def anything() -> bytes:
        spoilt = bytearray(good)
        spoilt[random.randrange(len(spoilt))] ^= 1 << random.randrange(8)
        return random.choice((bytes(spoilt), random.randbytes(50)))

    await until_cut_off(liar, ana, anything)
    await world.until(lambda: is_cut_off(liar, ana))
    await honest_ones_go_on(world, honest)


async def test_a_crowd_of_streams(world: World, crowd: tuple[list[Household], Household]) -> None:
    honest, liar = crowd
    for victim in honest:
        for _ in range(300):
            await liar.wire.open_stream(victim.wire.host_key, PROTOCOL)
    await world.pass_time(1)
    assert all(len(household.node.catchup._serving) <= 3 for household in honest)
    await honest_ones_go_on(world, honest)
