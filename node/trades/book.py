"""The messages of trades on disk, and the trades that follow from them.

All functions run inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable

from node.store.database import Connection
from node.trades.folded import Folded
from protocol.envelope import Envelope, decode
from protocol.ids import HouseholdId, ThingKey
from protocol.trade.agreement import Ask
from protocol.trade.limits import MAX_FORKS
from protocol.trade.machine import fold
from protocol.trade.message import Message, MessageId, TradeId, reread_unverified
from protocol.trade.trade import Trade

_folded = Folded()


def load(connection: Connection, trade: bytes) -> Trade | None:
    """Return a trade as it stands; None if its opening is not here."""
    found = connection.execute(
        "SELECT id FROM trade_message WHERE trade = ? ORDER BY author, seq, id", (trade,)
    ).fetchall()
    ids = [id for (id,) in found]
    known = _folded.get(trade, ids)
    if known is not None:
        return known
    rows = connection.execute("SELECT raw FROM trade_message WHERE trade = ?", (trade,))
    # Whatever is on disk was verified before it was put there.
    folded = fold(reread_unverified(raw) for (raw,) in rows.fetchall())
    if folded is not None:
        _folded.put(folded, ids)
    return folded


def is_opened(connection: Connection, trade: bytes) -> bool:
    """Tell whether the message that opens a trade is here."""
    row = connection.execute("SELECT 1 FROM trade WHERE id = ?", (trade,)).fetchone()
    return row is not None


def load_many(connection: Connection, ids: Iterable[bytes]) -> list[Trade]:
    """Return several trades, those without an opening left out."""
    trades = (load(connection, id) for id in ids)
    return [trade for trade in trades if trade is not None]


def insert(
    connection: Connection,
    message: Message,
    now_ms: int,
    letter: bytes | None = None,
    listing_raw: bytes | None = None,
) -> bool:
    """Keep a message; False if it is here already. It wakes a trade that rested.

    Nor is a third one of an author with the same seq kept: that an author lies, two prove.
    letter: id of the letter that carries an own message. listing_raw: with an ASK, the record
    of the listing as it was read.
    """
    (there,) = connection.execute(
        "SELECT count(*) FROM trade_message WHERE trade = ? AND author = ? AND seq = ?",
        (message.trade, message.author, message.seq),
    ).fetchone()
    if there >= MAX_FORKS:
        return False
    done = connection.execute(
        "INSERT OR IGNORE INTO trade_message VALUES (?, ?, ?, ?, ?, ?, ?)",
        (message.id, message.trade, message.author, message.seq, now_ms, letter, message.raw),
    )
    if done.rowcount == 0:
        return False
    if isinstance(message.body, Ask):
        connection.execute(
            "INSERT INTO trade VALUES (?, ?, ?, ?, ?, 0, ?)",
            (
                message.id,
                message.body.listing,
                message.body.publisher,
                message.author,
                message.at_ms,
                listing_raw,
            ),
        )
    connection.execute("UPDATE trade SET rests = 0 WHERE id = ?", (message.trade,))
    return True


def set_letter(connection: Connection, message: MessageId, letter: bytes) -> None:
    """Note which letter carries an own message."""
    connection.execute("UPDATE trade_message SET letter = ? WHERE id = ?", (letter, message))


def letters_of_trade(connection: Connection, trade: bytes) -> dict[MessageId, bytes]:
    """Return own message → its letter."""
    rows = connection.execute(
        "SELECT id, letter FROM trade_message WHERE trade = ? AND letter IS NOT NULL", (trade,)
    ).fetchall()
    return {MessageId(id): letter for id, letter in rows}


def ids_about(connection: Connection, listing: ThingKey) -> list[TradeId]:
    """Return the trades about a listing, and those in which it is offered in return.

    In the order in which they were opened: that of arrival, so that who dates an ASK back
    gains nothing.
    """
    rows = connection.execute(
        "SELECT trade.id FROM trade JOIN trade_message ON trade_message.id = trade.id"
        " WHERE listing = ?1 OR trade.id IN (SELECT trade FROM trade_swap WHERE listing = ?1)"
        " ORDER BY received_at_ms, trade.id",
        (listing,),
    ).fetchall()
    return [TradeId(MessageId(id)) for (id,) in rows]


def note_swap(connection: Connection, trade: TradeId, listing: ThingKey) -> None:
    """Note that an own listing is offered in return for what a trade is about."""
    connection.execute("INSERT OR IGNORE INTO trade_swap VALUES (?, ?)", (listing, trade))


def offers_in_return(connection: Connection, trade: TradeId, listing: ThingKey) -> bool:
    """Tell whether that was noted."""
    row = connection.execute(
        "SELECT 1 FROM trade_swap WHERE listing = ? AND trade = ?", (listing, trade)
    ).fetchone()
    return row is not None


def every_id(connection: Connection, resting: bool) -> list[TradeId]:
    """Return all trades, newest first. resting: also those in which nothing is due."""
    where = "" if resting else " WHERE rests = 0"
    rows = connection.execute(
        f"SELECT id FROM trade{where} ORDER BY opened_at_ms DESC, id"
    ).fetchall()
    return [TradeId(MessageId(id)) for (id,) in rows]


def ids_beginning(connection: Connection, low: bytes, high: bytes) -> list[TradeId]:
    """Return up to three trades whose id lies within [low, high]."""
    rows = connection.execute(
        "SELECT id FROM trade WHERE id BETWEEN ? AND ? LIMIT 3", (low, high)
    ).fetchall()
    return [TradeId(MessageId(id)) for (id,) in rows]


def let_rest(connection: Connection, trades: Iterable[TradeId]) -> None:
    """Note that nothing is due in these trades until another message comes."""
    connection.executemany("UPDATE trade SET rests = 1 WHERE id = ?", [(id,) for id in trades])


def listing_record(connection: Connection, key: ThingKey, household: HouseholdId) -> bytes | None:
    """Return the record of a listing as it stands; None if none shows."""
    row = connection.execute(
        "SELECT record.raw FROM listing JOIN record ON record.seq = listing.seq"
        " JOIN household ON household.n = listing.household"
        " WHERE listing.key = ? AND household.id = ?",
        (key, household),
    ).fetchone()
    return None if row is None else bytes(row[0])


def read_listing_of(connection: Connection, trade: TradeId) -> Envelope | None:
    """Return the listing's record as it was when the trade was opened, as far as known."""
    row = connection.execute("SELECT listing_raw FROM trade WHERE id = ?", (trade,)).fetchone()
    return None if row is None or row[0] is None else decode(row[0])


def ids_asked(connection: Connection, seeker: HouseholdId, publisher: HouseholdId) -> list[TradeId]:
    """Return the trades of a seeker with a publisher in which something may follow."""
    rows = connection.execute(
        "SELECT id FROM trade WHERE seeker = ? AND publisher = ? AND rests = 0",
        (seeker, publisher),
    ).fetchall()
    return [TradeId(MessageId(id)) for (id,) in rows]


def count_opened_by(connection: Connection, seeker: HouseholdId, since_ms: int) -> int:
    """Return how many trades a household has opened with this one since a moment of ours."""
    (count,) = connection.execute(
        "SELECT count(*) FROM trade JOIN trade_message ON trade_message.id = trade.id"
        " WHERE seeker = ? AND received_at_ms >= ?",
        (seeker, since_ms),
    ).fetchone()
    return int(count)


def count_orphans(connection: Connection, author: HouseholdId) -> int:
    """Return how many messages of a household wait for the one that opens their trade."""
    (count,) = connection.execute(
        "SELECT count(*) FROM trade_message WHERE author = ?"
        " AND trade NOT IN (SELECT id FROM trade)",
        (author,),
    ).fetchone()
    return int(count)


def ids_refusable(connection: Connection, seeker: HouseholdId, since_ms: int) -> list[TradeId]:
    """Return the trades of a seeker in which the publisher said something since a moment of ours.

    Those left out of which the person here has read how they ended; the last heard of come first.
    """
    rows = connection.execute(
        "SELECT trade.id FROM trade JOIN trade_message"
        " ON trade_message.trade = trade.id AND trade_message.author = trade.publisher"
        " WHERE trade.seeker = ? AND received_at_ms >= ?"
        " AND trade.id NOT IN (SELECT trade FROM trade_told)"
        " GROUP BY trade.id ORDER BY max(received_at_ms) DESC",
        (seeker, since_ms),
    ).fetchall()
    return [TradeId(MessageId(id)) for (id,) in rows]


def note_told(connection: Connection, trade: TradeId) -> None:
    """Note that the person here has read how a trade ended."""
    connection.execute("INSERT OR IGNORE INTO trade_told VALUES (?)", (trade,))
