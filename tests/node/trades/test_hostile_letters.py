"""Members who do not keep to the rules of trades: refused, bounded, and nobody else harmed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import pytest
import trio

from node.trades import book
from protocol.envelope import decode
from protocol.errors import LocalError, RemoteError
from protocol.ids import CommunityId, HouseholdId, RecordId, ThingKey
from protocol.ledger.receipt import sign_receipt
from protocol.listing import ListingKind
from protocol.mail.letter import Topic
from protocol.signing import KeyPair, Seed
from protocol.trade.agreement import Ask, Promise, Sign, Why, Words
from protocol.trade.letter import TradeLetter
from protocol.trade.message import (
    NOTHING,
    OPENING,
    Message,
    MessageId,
    Position,
    TradeId,
    read_message,
    sign_message,
)
from protocol.trade.terms import Terms
from protocol.trade.transitions import State
from protocol.trade.types import Type
from tests.sim.trading import ask, eventually, handed_over, offer, promised, reaches
from tests.sim.world import Household, World

NO_HEADS = (NOTHING, NOTHING)


def own_key(household: Household) -> KeyPair:
    return household.node.trades._desk.device


async def send(
    sender: Household, to: HouseholdId, trade: TradeId, messages: Sequence[Message]
) -> None:
    """Send messages as a letter, past all that an honest node checks."""
    content = TradeLetter(trade, tuple(m.raw for m in messages), NO_HEADS).pack()
    post = sender.node.post
    await sender.node.database.write(lambda c: post.write(c, to, Topic.TRADE, content))
    post.wake()


async def kept(household: Household) -> set[bytes]:
    rows = await household.node.database.read(
        lambda c: c.execute("SELECT id FROM trade_message").fetchall()
    )
    return {bytes(id) for (id,) in rows}


async def refused(world: World, household: Household, reason: str) -> None:
    await world.until(lambda: any(reason in k for k in household.node.health()))


def an_ask(publisher: HouseholdId, listing: ThingKey, **changes: object) -> Ask:
    ask = Ask(
        listing=listing,
        revision=RecordId(bytes(32)),
        listing_kind=ListingKind.SELL,
        publisher=publisher,
        salt=os.urandom(16),
        handover_hash=bytes(32),
        return_hash=bytes(32),
        public=True,
        terms=Terms(),
    )
    return replace(ask, **changes)  # type: ignore[arg-type]


def opened(household: Household, body: Ask, community: CommunityId | None = None) -> Message:
    return sign_message(
        community or household.members.community,
        household.id,
        OPENING,
        household.clock.now_ms(),
        Type.ASK,
        body,
        own_key(household),
    )


@pytest.mark.covers("TRD-28")
async def test_nobody_speaks_for_another_household(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    view = await ben.node.trades.show(trade)
    position = view.trade.next_position(view.role)
    forged = sign_message(
        ben.members.community, ben.id, position, ben.clock.now_ms(), Type.CANCEL,
        Words("ich doch nicht"), own_key(cem),
    )  # fmt: skip
    await send(cem, ana.id, trade, [forged])
    await refused(world, ana, "foreign-message")
    # The same from one of the two, with a key that is not of its household's.
    stranger = sign_message(
        ben.members.community, ben.id, position, ben.clock.now_ms(), Type.CANCEL,
        Words("ich doch nicht"), KeyPair(Seed(os.urandom(32))),
    )  # fmt: skip
    await send(ben, ana.id, trade, [stranger])
    await world.pass_time(60)
    assert (await ana.node.trades.show(trade)).trade.state is State.PROMISED
    assert not {forged.id, stranger.id} & await kept(ana)


async def test_what_is_sent_again_changes_nothing(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    view = await ben.node.trades.show(trade)
    before = await kept(ana)
    for _ in range(3):
        await send(ben, ana.id, trade, [*view.trade.applied])
    await world.pass_time(60)
    assert await kept(ana) == before
    assert (await ana.node.trades.show(trade)).trade.state is State.PROMISED


async def test_messages_of_another_trade_or_community_are_refused(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    bike, cot = await offer(ana, "Fahrrad"), await offer(ana, "Kinderbett")
    first, second = await ask(world, ben, bike), await ask(world, ben, cot)
    await reaches(world, second, State.ASKED, ana)
    messages = (await ben.node.trades.show(first)).trade.applied
    await send(ben, ana.id, second, messages)
    await refused(world, ana, "other-trade")
    elsewhere = opened(ben, an_ask(ana.id, bike), CommunityId(os.urandom(32)))
    await send(ben, ana.id, elsewhere.trade, [elsewhere])
    await refused(world, ana, "other-community")
    assert elsewhere.id not in await kept(ana)


async def test_one_cannot_ask_a_household_for_what_is_anothers(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    bike = await offer(ana, "Fahrrad")
    message = opened(ben, an_ask(ana.id, bike))
    await send(ben, cem.id, message.trade, [message])
    await refused(world, cem, "foreign-message")
    claimed = opened(ben, an_ask(cem.id, bike))  # as if ana's bicycle were cem's
    await send(ben, cem.id, claimed.trade, [claimed])
    (view,) = await reaches(world, claimed.trade, State.CLOSED, cem)
    assert view.trade.applied[-1].body.why is Why.OVER  # type: ignore[union-attr]


@pytest.mark.covers("TRD-33")
async def test_terms_that_the_named_revision_does_not_have_are_declined(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    bike = await offer(ana, "Fahrrad")
    raw = await ana.node.database.read(lambda c: book.listing_record(c, bike, ana.id))
    assert raw is not None
    revision = RecordId(decode(raw).id)
    cases = [
        (an_ask(ana.id, bike, revision=revision, terms=Terms(quantity=9)), Why.UNFIT),
        (an_ask(ana.id, bike, revision=revision, listing_kind=ListingKind.GIVE), Why.UNFIT),
        (an_ask(ana.id, bike, revision=revision, terms=Terms(due_at_ms=2**40)), Why.UNFIT),
        (an_ask(ana.id, bike, revision=revision, terms=Terms(variants=("98",))), Why.UNFIT),
        (an_ask(ana.id, bike), Why.CHANGED),
        (an_ask(ana.id, ThingKey(os.urandom(16))), Why.OVER),
    ]
    for body, why in cases:
        message = opened(ben, body)
        await send(ben, ana.id, message.trade, [message])
        (view,) = await reaches(world, message.trade, State.CLOSED, ana)
        assert view.trade.applied[-1].body.why is why  # type: ignore[union-attr]


async def test_who_asks_did_not_promise_and_who_promised_did_not_receive(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await ask(world, ben, await offer(ana, "Fahrrad"))
    (view,) = await reaches(world, trade, State.ASKED, ana)
    promise = Promise(
        terms_hash=view.trade.terms_hash,
        public=True,
        until_ms=ben.clock.now_ms() + 10**6,
        handover_hash=bytes(32),
        return_hash=bytes(32),
    )
    position = (await ben.node.trades.show(trade)).trade.next_position(view.role.other)
    forged = sign_message(
        ben.members.community, ben.id, position, ben.clock.now_ms(), Type.PROMISE, promise,
        own_key(ben),
    )  # fmt: skip
    await send(ben, ana.id, trade, [forged])

    async def void() -> bool:
        return bool((await ana.node.trades.show(trade)).trade.void)

    await eventually(world, void)
    assert (await ana.node.trades.show(trade)).trade.state is State.ASKED
    assert (await ana.node.trades.show(trade)).left == 1


async def test_a_flood_of_asking_is_bounded_and_others_are_served(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    bike = await offer(ana, "Fahrrad")
    for _ in range(130):
        message = opened(ben, an_ask(ana.id, bike))
        await send(ben, ana.id, message.trade, [message])
    await refused(world, ana, "too-many-trades")
    views = await ana.node.trades.mine(over=True)
    assert len(views) == 100
    with trio.fail_after(600):
        await promised(world, ana, cem, bike)


async def test_messages_without_their_opening_are_bounded(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trades = [TradeId(MessageId(os.urandom(32))) for _ in range(300)]
    for trade in trades:
        orphan = sign_message(
            ben.members.community, ben.id,
            Position(trade, 1, MessageId(os.urandom(32)), NOTHING),
            ben.clock.now_ms(), Type.CANCEL, Words(), own_key(ben),
        )  # fmt: skip
        await send(ben, ana.id, trade, [orphan])
    await refused(world, ana, "too-many-trades")
    assert len(await kept(ana)) == 256
    assert await ana.node.trades.mine(over=True) == []


@pytest.mark.covers("TRD-29")
async def test_a_message_from_the_future_waits(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    bike = await offer(ana, "Fahrrad")
    await world.settle()
    body = an_ask(ana.id, bike)
    early = sign_message(
        ben.members.community, ben.id, OPENING, ben.clock.now_ms() + 3_600_000, Type.ASK, body,
        own_key(ben),
    )  # fmt: skip
    await send(ben, ana.id, early.trade, [early])
    await world.pass_time(120)
    assert early.id not in await kept(ana)
    await world.pass_time(3_600)

    async def arrived() -> bool:
        return early.id in await kept(ana)

    await eventually(world, arrived)


async def test_a_receipt_that_one_side_signed_counts_for_nothing(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    world.part([ana], [ben])
    world.part([cem], [ben])
    code = (await ben.node.trades.show(trade)).handover_code
    await ana.node.trades.handover(trade, code)
    (view,) = await reaches(world, trade, State.SIGNED, ana)
    assert view.receipt is not None
    assert not view.receipt.complete
    await world.pass_time(300)
    for household in (ana, cem):
        assert not (await household.node.ledger.verify(ana.id)).receipts
    own = await ana.node.ledger.receipts()
    assert [receipt.signed.complete for receipt in own] == [False]


async def test_every_bit_of_a_message_is_signed(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    views = await handed_over(world, trade, (ana, ben), State.RECEIPTED)
    receipt = views[0].trade.receipt()
    assert receipt is not None
    assert sign_receipt(receipt, own_key(ana)) == next(
        m.body.signature for m in views[0].trade.applied if isinstance(m.body, Sign)
    )
    for message in views[0].trade.applied:
        for bit in range(0, len(message.raw) * 8, 5):
            flipped = bytearray(message.raw)
            flipped[bit // 8] ^= 1 << bit % 8
            with pytest.raises(RemoteError):
                read_message(bytes(flipped))
    with pytest.raises(LocalError, match="trade-not-now"):
        await ana.node.trades.cancel(trade)
