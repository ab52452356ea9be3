"""Puts the services of trades together."""

from __future__ import annotations

from collections.abc import Sequence

from node.author import Author
from node.clock import Clock
from node.conduct import Conduct
from node.inbox import Inbox
from node.ledger.ledger import Ledger
from node.mail.incoming import Incoming
from node.mail.post import Post
from node.market import Market
from node.store.database import Database
from node.trades.attending import TradeAttending
from node.trades.cases import Cases
from node.trades.counting import Counting
from node.trades.desk import Desk
from node.trades.elsewhere import Elsewhere
from node.trades.reading import TradeReading
from node.trades.requests import Requests
from node.trades.trades import Trades
from protocol.errors import LocalError
from protocol.mail.letter import Topic
from protocol.membership.members import Members
from protocol.signing import KeyPair


def open_trades(
    author: Author,
    device: KeyPair,
    database: Database,
    post: Post,
    clock: Clock,
    inbox: Inbox,
    market: Market,
    ledger: Ledger,
    conduct: Conduct,
    elsewhere: Elsewhere,
) -> tuple[Trades, TradeAttending]:
    """Return the trades, and what attends to them; its ``run`` belongs into the nursery.

    device: the key with which this device signs. To be called before the first connection.
    """

    def members() -> Members:
        return inbox.members

    def may_sign() -> None:
        if author.is_copied:
            raise LocalError("device-copied")

    desk = Desk(
        author.household,
        device,
        database,
        post,
        clock,
        members,
        ledger.keep,
        ledger.head_in,
        may_sign,
        elsewhere.reserve,
    )
    desk.on_moved.append(ledger.wake)

    def after_taking(taken: Sequence[Incoming]) -> None:
        if any(incoming.topic is Topic.REVIEW for incoming in taken):
            ledger.wake()  # the other side is bound now: what waited for that can show

    post.on_taken.append(after_taking)
    requests = Requests(desk, database, post)
    cases = Cases(desk, database, post, clock, may_sign)
    reading = TradeReading(desk, database, post, members, elsewhere.claimed)
    attending = TradeAttending(desk, requests, database, market, clock, conduct, elsewhere.claimed)
    trades = Trades(
        desk,
        requests,
        cases,
        reading,
        database,
        clock,
        members,
        ledger.refuse_over_limit,
        Counting(database, desk, attending),
    )
    return trades, attending
