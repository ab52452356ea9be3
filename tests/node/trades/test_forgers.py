"""Who forges what another said, or takes back what it said itself, moves no trade."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest

from node.trades import book
from protocol.charter import CreditRules
from protocol.envelope import decode
from protocol.ids import HouseholdId, RecordId, ThingKey
from protocol.ledger.receipt import Outcome
from protocol.listing import ListingKind
from protocol.mail.letter import Topic
from protocol.signing import KeyPair, Seed
from protocol.trade.agreement import Ask, Promise, Words
from protocol.trade.bodies import Body
from protocol.trade.case import RulingLetter
from protocol.trade.dispute import RulingCopy, rule
from protocol.trade.draw import Enter
from protocol.trade.letter import TradeLetter
from protocol.trade.limits import PROMISE_MS
from protocol.trade.machine import fold
from protocol.trade.meeting import Confirm, Slot, Slots
from protocol.trade.message import (
    NOTHING,
    OPENING,
    Message,
    Position,
    TradeId,
    sign_message,
)
from protocol.trade.terms import Terms
from protocol.trade.transitions import Role, State
from protocol.trade.types import Type
from tests.node.test_devices import add
from tests.sim.trading import HOUR_MS, ask, eventually, offer, promised, reaches
from tests.sim.world import Household, World


def key_of(household: Household) -> KeyPair:
    return household.node.trades._desk.device


def signed(
    author: Household, position: Position, type: Type, body: Body, key: KeyPair | None = None
) -> Message:
    community, now_ms = author.members.community, author.clock.now_ms()
    signer = key or key_of(author)
    return sign_message(community, author.id, position, now_ms, type, body, signer)


async def send(sender: Household, to: HouseholdId, *messages: Message) -> None:
    letter = TradeLetter(messages[0].trade, tuple(m.raw for m in messages), (NOTHING, NOTHING))
    await send_letter(sender, to, Topic.TRADE, letter.pack())


async def send_letter(sender: Household, to: HouseholdId, topic: Topic, content: bytes) -> None:
    post = sender.node.post
    await sender.node.database.write(lambda c: post.write(c, to, topic, content))
    post.wake()


async def an_ask(at: Household, listing: ThingKey, publisher: HouseholdId, **changes: Any) -> Ask:
    """An ASK for a listing as it stands at a household."""
    raw = await at.node.database.read(lambda c: book.listing_record(c, listing, publisher))
    assert raw is not None
    usual = Ask(
        listing=listing,
        revision=RecordId(decode(raw).id),
        listing_kind=ListingKind.GIVE,
        publisher=publisher,
        salt=os.urandom(16),
        handover_hash=bytes(32),
        return_hash=bytes(32),
        public=True,
        terms=Terms(),
    )
    return replace(usual, **changes)


async def with_steward(world: World, ana: Household, ben: Household, steward: Household) -> TradeId:
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    await ben.node.trades.dispute(trade, steward.id, "Die Kette fehlt.")
    await reaches(world, trade, State.DISPUTED, ana)
    await ana.node.trades.accept_steward(trade)
    await reaches(world, trade, State.WITH_STEWARD, ana, ben)
    return trade


@pytest.mark.covers("TRD-28")
async def test_a_ruling_that_the_stewards_devices_did_not_sign_counts_for_nothing(
    world: World,
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    trade = await with_steward(world, ana, ben, cem)
    community = ben.members.community
    held = (await ben.node.trades.show(trade)).trade
    assert held.dispute is not None
    stranger = KeyPair(Seed(os.urandom(32)))
    forged = rule(community, trade, held.dispute.id, cem.id, Outcome.COMPLETED, "", stranger)
    position = held.next_position(Role.SEEKER)
    await send(ben, ana.id, signed(ben, position, Type.RULING, RulingCopy(forged.raw)))
    await world.pass_time(120)
    assert (await ana.node.trades.show(trade)).trade.state is State.WITH_STEWARD


async def test_a_letter_from_nobodys_steward_takes_no_rulings_place(world: World) -> None:
    ana, ben, cem, mallory = await world.community(["ana", "ben", "cem", "mallory"])
    trade = await with_steward(world, ana, ben, cem)
    dispute = (await ben.node.trades.show(trade)).trade.dispute
    assert dispute is not None
    rulings = [
        rule(
            mallory.members.community, about, dispute.id, by, Outcome.COMPLETED, "", key_of(mallory)
        )
        for about, by in ((trade, mallory.id), (trade, cem.id), (os.urandom(32), mallory.id))
    ]
    for ruling in rulings:
        for named in (trade, TradeId(ruling.trade)):  # type: ignore[arg-type]
            content = RulingLetter(named, ruling.raw).pack()
            await send_letter(mallory, ana.id, Topic.CASE, content)
    await world.pass_time(120)
    kept = await ana.node.database.read(
        lambda c: c.execute("SELECT count(*) FROM trade_ruling").fetchone()
    )
    assert kept == (0,)
    assert (await ana.node.trades.show(trade)).trade.state is State.WITH_STEWARD


async def test_one_commitment_in_two_entries_does_not_stop_a_draw_nor_anything_else(
    world: World,
) -> None:
    ana, ben, mallory, dora = await world.community(["ana", "ben", "mallory", "dora"])
    cot = await offer(ana, "Kinderbett", kind=ListingKind.GIVE)
    honest = await ask(world, ben, cot)
    asked = [
        (by, signed(by, OPENING, Type.ASK, await an_ask(ana, cot, ana.id)))
        for by in (mallory, dora, dora, dora)
    ]
    for by, opening in asked:
        await send(by, ana.id, opening)
        await reaches(world, opening.trade, State.ASKED, ana)
    assert {view.waiting for view in await ana.node.trades.mine()} == {3}
    assert await ana.node.trades.draw(cot, ana.clock.now_ms() + HOUR_MS) == 3
    for by, opening in asked[:2]:  # one entry each, though dora asked three times
        (view,) = await reaches(world, opening.trade, State.DRAWING, ana)
        announced = view.trade.next_position(Role.SEEKER)
        await send(by, ana.id, signed(by, announced, Type.ENTER, Enter(bytes(32))))
        await reaches(world, opening.trade, State.ENTERED, ana)
    await reaches(world, honest, State.ENTERED, ana)
    world.pass_days(1)
    await world.pass_time(120)
    world.pass_days(2)
    await world.pass_time(120)

    async def drawn() -> bool:
        view = await ben.node.trades.show(honest)
        return view.trade.drawing is not None and view.trade.drawing.won is not None

    await eventually(world, drawn)
    other = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    await reaches(world, other, State.PROMISED, ben)


async def test_a_code_shown_once_is_good_for_that_trade_alone(world: World) -> None:
    ana, mallory = await world.community(["ana", "mallory"])
    drill = await offer(ana, "Bohrmaschine", kind=ListingKind.LEND, quantity=2)
    due_ms, salt = ana.clock.now_ms() + 10 * 86_400_000, os.urandom(16)
    hashes: list[tuple[bytes, bytes]] = []
    for note in ("erst", "dann"):
        body = await an_ask(
            ana, drill, ana.id, listing_kind=ListingKind.LEND, salt=salt,
            terms=Terms(due_at_ms=due_ms, note=note),
        )  # fmt: skip
        opening = signed(mallory, OPENING, Type.ASK, body)
        await send(mallory, ana.id, opening)
        await reaches(world, opening.trade, State.ASKED, ana)
        promise = (await ana.node.trades.promise(opening.trade)).trade.promise
        assert promise is not None
        hashes.append((promise.handover_hash, promise.return_hash))
    assert len({*hashes[0], *hashes[1]}) == 4


async def test_a_lost_devices_key_writes_nothing_for_its_household_any_more(world: World) -> None:
    ana, mallory = await world.community(["ana", "mallory"], credit=CreditRules("Stunde", 100))
    phone = await add(world, ana, "phone")
    stolen = key_of(phone)
    await world.settle()
    await phone.stop()
    slot = next(d.slot for d in await ana.node.devices.list() if not d.is_this)
    await ana.node.devices.revoke(slot)
    cake = await offer(mallory, "Kuchen", kind=ListingKind.GIVE)
    await world.settle([ana, mallory])
    terms = Terms(credit=100)
    opening = signed(
        ana, OPENING, Type.ASK, await an_ask(mallory, cake, mallory.id, terms=terms), stolen
    )
    trade = fold([opening])
    assert trade is not None
    promise = Promise(
        terms_hash=trade.terms_hash,
        public=True,
        until_ms=ana.clock.now_ms() + PROMISE_MS,
        handover_hash=bytes(32),
        return_hash=bytes(32),
    )
    messages = [opening]
    for author, role, type, body, key in (
        (mallory, Role.PUBLISHER, Type.PROMISE, promise, None),
        (ana, Role.SEEKER, Type.HANDOVER, Confirm(), stolen),
        (mallory, Role.PUBLISHER, Type.HANDOVER, Confirm(), None),
    ):
        folded = fold(messages)
        assert folded is not None
        messages.append(signed(author, folded.next_position(role), type, body, key))
    await send(mallory, ana.id, *messages)
    await world.pass_time(120)
    assert await ana.node.trades.mine(over=True) == []
    assert await ana.node.ledger.receipts() == []


async def test_who_took_its_asking_back_cannot_take_that_back(world: World) -> None:
    """Else the thing, promised to somebody else meanwhile, would be promised twice."""
    ana, ben, mallory = await world.community(["ana", "ben", "mallory"])
    bike = await offer(ana, "Fahrrad")
    trade = await ask(world, mallory, bike)
    await reaches(world, trade, State.ASKED, ana)
    position = (await mallory.node.trades.show(trade)).trade.next_position(Role.SEEKER)
    variants = sorted(
        (signed(mallory, position, Type.CANCEL, Words(str(n))) for n in range(2)),
        key=lambda message: message.id,
    )
    await ana.node.trades.promise(trade)
    late = await reaches(world, trade, State.PROMISED, ana)
    aware = replace(position, seen=late[0].trade.heads()[0])
    while True:
        other = signed(mallory, aware, Type.SLOTS, _slots(ana))
        if other.id < variants[1].id:
            break
        variants[1] = signed(mallory, position, Type.CANCEL, Words(os.urandom(4).hex()))
    await send(mallory, ana.id, variants[1])
    await reaches(world, trade, State.CLOSED, ana)
    await promised(world, ana, ben, bike)
    await send(mallory, ana.id, other)
    await world.pass_time(120)
    standing = [v for v in await ana.node.trades.mine() if v.trade.state is State.PROMISED]
    assert [view.other for view in standing] == [ben.id]


def _slots(household: Household) -> Any:
    starts = household.clock.now_ms() + HOUR_MS
    return Slots((Slot(starts, starts + HOUR_MS + int.from_bytes(os.urandom(2), "big")),))
