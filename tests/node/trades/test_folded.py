"""What is remembered of trades is what their messages say, and bounded."""

from __future__ import annotations

import pytest
from trade_world import PUBLISHER, SEEKER, played

from node.store.database import Connection
from node.trades import book
from node.trades.folded import Folded
from protocol.listing import ListingKind
from protocol.trade.message import Message, TradeId
from protocol.trade.transitions import State
from protocol.trade.types import Type
from tests.sim.world import World


def ids(messages: list[Message]) -> list[bytes]:
    return [message.id for message in messages]


def test_a_trade_is_found_under_exactly_its_messages() -> None:
    folded = Folded()
    play = played([(PUBLISHER, Type.PROMISE)])
    trade, known = play.at(PUBLISHER), ids(play.written)
    folded.put(trade, known)
    assert folded.get(trade.id, known) is trade
    play.say(SEEKER, Type.CANCEL)
    for other in (known[:1], [*reversed(known)], ids(play.written), []):
        assert folded.get(trade.id, other) is None
    after = play.at(PUBLISHER)
    folded.put(after, ids(play.written))
    assert folded.get(trade.id, ids(play.written)) is after
    assert folded.get(trade.id, known) is None, "only as it stands"


def test_no_more_is_kept_than_there_is_room_for() -> None:
    folded = Folded(most_messages=5)
    plays = [played([(PUBLISHER, Type.PROMISE)], kind) for kind in list(ListingKind)[:5]]
    for play in plays:
        folded.put(play.at(PUBLISHER), ids(play.written))
    kept = [play for play in plays if folded.get(play.at(PUBLISHER).id, ids(play.written))]
    assert len(kept) == 2
    large = played([(SEEKER, Type.OFFER)] * 9)
    folded.put(large.at(SEEKER), ids(large.written))
    assert folded.get(large.at(SEEKER).id, ids(large.written)) is None


class Undone(Exception):
    """Whatever goes wrong at the end of a transaction."""


async def test_a_transaction_that_is_undone_leaves_the_trade_as_it_was(world: World) -> None:
    (ana,) = await world.community(["ana"])
    play = played([(PUBLISHER, Type.PROMISE), (SEEKER, Type.CANCEL), (PUBLISHER, Type.SIGN)])
    trade = TradeId(play.written[0].id)

    def state(connection: Connection) -> State:
        found = book.load(connection, trade)
        assert found is not None
        return found.state

    def keep(connection: Connection, *messages: Message) -> State:
        for message in messages:
            assert book.insert(connection, message, 1)
        return state(connection)

    def undone(connection: Connection) -> None:
        assert keep(connection, play.written[2]) is State.CANCELLED
        raise Undone

    database = ana.node.database
    assert await database.write(lambda c: keep(c, *play.written[:2])) is State.PROMISED
    with pytest.raises(Undone):
        await database.write(undone)
    assert await database.read(state) is State.PROMISED
    assert await database.write(lambda c: keep(c, *play.written[2:])) is State.SIGNED
