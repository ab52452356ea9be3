"""How much one household can make another keep, look at and wait for."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from node.trades import book
from protocol.envelope import decode
from protocol.errors import LocalError
from protocol.ids import RecordId, ThingKey
from protocol.listing import ListingKind
from protocol.mail.letter import Topic
from protocol.trade.agreement import Ask, Offer, Words
from protocol.trade.letter import TradeLetter
from protocol.trade.limits import ENDING_FROM, MAX_UNANSWERED
from protocol.trade.message import NOTHING, OPENING, Message, sign_message
from protocol.trade.terms import Terms
from protocol.trade.transitions import Role, State
from protocol.trade.types import Type
from tests.sim.trading import ask, eventually, offer, reaches
from tests.sim.world import Household, World

GIFTS = [f"Topf {number}" for number in range(MAX_UNANSWERED + 1)]


def signed(author: Household, position: object, type: Type, body: object) -> Message:
    key = author.node.trades._desk.device
    return sign_message(
        author.members.community, author.id, position, author.clock.now_ms(), type, body, key  # type: ignore[arg-type]
    )  # fmt: skip


async def send(sender: Household, to: Household, *messages: Message) -> None:
    letter = TradeLetter(messages[0].trade, tuple(m.raw for m in messages), (NOTHING, NOTHING))
    post = sender.node.post
    await sender.node.database.write(lambda c: post.write(c, to.id, Topic.TRADE, letter.pack()))
    post.wake()


async def kept(household: Household) -> set[bytes]:
    rows = await household.node.database.read(
        lambda c: c.execute("SELECT id FROM trade_message").fetchall()
    )
    return {bytes(id) for (id,) in rows}


async def asked_for(ana: Household, ben: Household, listing: ThingKey) -> Message:
    """What ben would ask ana, past all that his own node checks."""
    raw = await ana.node.database.read(lambda c: book.listing_record(c, listing, ana.id))
    assert raw is not None
    body = Ask(
        listing=listing,
        revision=RecordId(decode(raw).id),
        listing_kind=ListingKind.GIVE,
        publisher=ana.id,
        salt=os.urandom(16),
        handover_hash=bytes(32),
        return_hash=bytes(32),
        public=True,
        terms=Terms(),
    )
    return signed(ben, OPENING, Type.ASK, body)


@pytest.mark.covers("TRD-41")
async def test_who_has_asked_for_much_waits_for_an_answer(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    pots = [await offer(ana, title, kind=ListingKind.GIVE) for title in GIFTS]
    trades = [await ask(world, ben, pot) for pot in pots[:-1]]
    await reaches(world, trades[-1], State.ASKED, ana)
    with pytest.raises(LocalError, match="asks-unanswered"):
        await ask(world, ben, pots[-1])
    await ana.node.trades.decline(trades[3])
    await reaches(world, trades[3], State.CLOSED, ben)
    last = await ask(world, ben, pots[-1])
    await reaches(world, last, State.ASKED, ana)


@pytest.mark.covers("TRD-41")
async def test_who_asks_for_more_all_the_same_is_not_heard_until_then(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    pot = await offer(ana, "Topf", kind=ListingKind.GIVE)
    messages = [await asked_for(ana, ben, pot) for _ in range(MAX_UNANSWERED + 5)]
    for message in messages:
        await send(ben, ana, message)
    await world.pass_time(300)
    here = {message.id for message in messages} & await kept(ana)
    assert len(here) == MAX_UNANSWERED
    await reaches(world, await ask(world, cem, pot), State.ASKED, ana)
    first = next(message for message in messages if message.id in here)
    await ana.node.trades.decline(first.trade)

    async def next_one() -> bool:
        return len({message.id for message in messages} & await kept(ana)) > MAX_UNANSWERED

    await eventually(world, next_one)


@pytest.mark.covers("TRD-40")
async def test_of_what_stands_in_one_place_two_are_kept(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await ask(world, ben, await offer(ana, "Fahrrad"))
    await reaches(world, trade, State.ASKED, ana)
    position = (await ben.node.trades.show(trade)).trade.next_position(Role.SEEKER)
    forks = [
        signed(ben, position, Type.OFFER, Offer(Terms(), f"oder {number}")) for number in range(9)
    ]
    for fork in forks:
        await send(ben, ana, fork)
        await world.pass_time(5)
    assert {fork.id for fork in forks} & await kept(ana) == {fork.id for fork in forks[:2]}
    await ana.node.trades.decline(trade)


@pytest.mark.covers("TRD-40")
async def test_nothing_that_is_put_in_another_place_opens_a_closed_trade(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await ask(world, ben, await offer(ana, "Fahrrad"))
    await reaches(world, trade, State.ASKED, ana)
    position = (await ben.node.trades.show(trade)).trade.next_position(Role.SEEKER)
    offers = [signed(ben, position, Type.OFFER, Offer(Terms(), str(n))) for n in range(40)]
    first = replace(position, seq=0, previous=NOTHING)
    offers.append(signed(ben, first, Type.OFFER, Offer(Terms(), "als hätte ich nie gefragt")))
    cancels = [signed(ben, position, Type.CANCEL, Words(str(n))) for n in range(40)]
    cancel = max(cancels, key=lambda message: message.id)
    assert min(offer.id for offer in offers) < cancel.id, "alone it would stand"
    await send(ben, ana, cancel)
    await reaches(world, trade, State.CLOSED, ana)
    await send(ben, ana, *offers)
    await world.pass_time(120)
    (view,) = await reaches(world, trade, State.CLOSED, ana)
    assert [message.id for message in view.trade.order] == [trade, cancel.id]


@pytest.mark.covers("TRD-42")
async def test_however_long_they_haggled_it_can_be_ended_and_confirmed(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await ask(world, ben, await offer(ana, "Fahrrad"))
    await reaches(world, trade, State.ASKED, ana)
    place = (await ben.node.trades.show(trade)).trade.next_position(Role.SEEKER)
    offers: list[Message] = []
    for seq in range(1, ENDING_FROM):
        offers.append(signed(ben, place, Type.OFFER, Offer(Terms(), str(seq))))
        place = replace(place, seq=seq + 1, previous=offers[-1].id)
    now_ms = ben.clock.now_ms()
    await ben.node.database.write(lambda c: [book.insert(c, m, now_ms) for m in offers])
    for at in range(0, len(offers), 60):
        await send(ben, ana, *offers[at : at + 60])

    async def heard() -> bool:
        return offers[-1].id in await kept(ana)

    await eventually(world, heard)
    with pytest.raises(LocalError, match="trade-full"):
        await ben.node.trades.offer(trade, lambda terms: Terms(note="noch etwas"))
    await ana.node.trades.promise(trade)
    await reaches(world, trade, State.PROMISED, ben)
    code = (await ana.node.trades.show(trade)).handover_code
    await ben.node.trades.handover(trade, code)
    await reaches(world, trade, State.RECEIPTED, ana, ben)
