"""The cases before this household, on disk. All functions run inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from node.mail.incoming import NotYet
from node.store.database import Connection
from protocol.errors import RemoteError
from protocol.ids import HouseholdId
from protocol.limits import DAY_MS
from protocol.trade.agreement import Ask
from protocol.trade.case import (
    MAX_CASE_MESSAGES,
    OPENERS,
    CasePart,
    missing,
    read_case_letter,
)
from protocol.trade.dispute import Ruling, read_ruling
from protocol.trade.message import Message, MessageId, TradeId, reread_unverified

MAX_CASES = 256
"""In all. A new one takes the place of the one that was ruled on first."""
MAX_OPEN_OF_ONE = 16
"""That one household has laid before this one, and that wait for a ruling."""
MAX_BYTES_OF_ONE = 8 << 20
"""Of messages: two of the longest cases, or very many usual ones."""
MAX_BYTES = 64 << 20
KEPT_MS = 90 * DAY_MS
"""After the ruling; without one after the last part came: a dispute can lapse after 30 days."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one household has handed over. part: what it names, and its words; openers only.

    missing: messages that it names and that nobody has brought yet.
    """

    household: HouseholdId
    part: CasePart
    received_at_ms: int
    missing: int
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Ruled:
    """What this household ruled, and when."""

    ruling: Ruling
    at_ms: int


def keep(
    connection: Connection,
    household: HouseholdId,
    part: CasePart,
    messages: Sequence[Message],
    now_ms: int,
) -> None:
    """Keep a part that was checked.

    Raises NotYet if there is too much of this household's, or of all, and RemoteError
    ``case-too-long``.
    """
    row = connection.execute(
        "SELECT handed FROM trade_case WHERE trade = ? AND household = ?", (part.trade, household)
    ).fetchone()
    if row is None:
        _make_room(connection, household)
    bare = replace(part, raws=part.raws[:OPENERS])
    if row is None or part.rank > _part(row[0]).rank:
        connection.execute(
            "INSERT INTO trade_case VALUES (?1, ?2, ?3, 0, ?4) ON CONFLICT DO UPDATE"
            " SET handed = ?4, received_at_ms = ?3",
            (part.trade, household, now_ms, bare.pack()),
        )
    new = sum(
        connection.execute(
            "INSERT OR IGNORE INTO trade_case_message VALUES (?, ?, ?, ?)",
            (part.trade, household, message.id, message.raw),
        ).rowcount
        for message in messages
    )
    _refuse_too_much(connection, household, part.trade)
    if new:
        connection.execute(
            "UPDATE trade_case SET received_at_ms = ? WHERE trade = ? AND household = ?",
            (now_ms, part.trade, household),
        )
    _count_missing(connection, part.trade)


def _make_room(connection: Connection, household: HouseholdId) -> None:
    (open_of_one,) = connection.execute(
        "SELECT count(*) FROM trade_case WHERE household = ?"
        " AND trade NOT IN (SELECT trade FROM trade_case_ruling)",
        (household,),
    ).fetchone()
    (every,) = connection.execute("SELECT count(*) FROM trade_case").fetchone()
    if open_of_one >= MAX_OPEN_OF_ONE:
        raise NotYet(full=True)
    if every >= MAX_CASES:
        oldest = connection.execute(
            "SELECT trade FROM trade_case_ruling ORDER BY ruled_at_ms LIMIT 1"
        ).fetchone()
        if oldest is None:
            raise NotYet(full=True)
        forget(connection, TradeId(MessageId(oldest[0])))


def _refuse_too_much(connection: Connection, household: HouseholdId, trade: TradeId) -> None:
    (count,) = connection.execute(
        "SELECT count(*) FROM trade_case_message WHERE trade = ? AND household = ?",
        (trade, household),
    ).fetchone()
    if count > MAX_CASE_MESSAGES:
        raise RemoteError("case-too-long")
    of_one, of_all = connection.execute(
        "SELECT coalesce(sum(length(raw)) FILTER (WHERE household = ?), 0), sum(length(raw))"
        " FROM trade_case_message",
        (household,),
    ).fetchone()
    if of_one > MAX_BYTES_OF_ONE or of_all > MAX_BYTES:
        raise NotYet(full=True)


def _count_missing(connection: Connection, trade: TradeId) -> None:
    """Whatever either side has brought is here."""
    held = load(connection, trade)
    here = [message for each in held for message in each.messages]
    for each in held:
        opening = reread_unverified(each.part.raws[0])
        assert isinstance(opening.body, Ask)
        count = missing(each.part.named, opening.body.publisher, opening.author, here)
        connection.execute(
            "UPDATE trade_case SET missing = ? WHERE trade = ? AND household = ?",
            (count, trade, each.household),
        )


def load(connection: Connection, trade: TradeId) -> list[Held]:
    """Return what was handed over of a trade, by one household or by two."""
    rows = connection.execute(
        "SELECT household, received_at_ms, missing, handed FROM trade_case WHERE trade = ?"
        " ORDER BY household",
        (trade,),
    ).fetchall()
    return [
        Held(
            HouseholdId(household),
            _part(handed),
            received_at_ms,
            lacking,
            _messages(connection, trade, household),
        )
        for household, received_at_ms, lacking, handed in rows
    ]


def _messages(connection: Connection, trade: TradeId, household: bytes) -> tuple[Message, ...]:
    rows = connection.execute(
        "SELECT raw FROM trade_case_message WHERE trade = ? AND household = ?", (trade, household)
    ).fetchall()
    return tuple(reread_unverified(raw) for (raw,) in rows)


def _part(handed: bytes) -> CasePart:
    part = read_case_letter(handed)
    assert isinstance(part, CasePart)
    return part


def every_trade(connection: Connection) -> list[TradeId]:
    """Return the trades that were laid before this household, the latest first."""
    rows = connection.execute(
        "SELECT trade FROM trade_case GROUP BY trade ORDER BY max(received_at_ms) DESC, trade"
    ).fetchall()
    return [TradeId(MessageId(trade)) for (trade,) in rows]


def note_ruling(connection: Connection, ruling: Ruling, now_ms: int) -> None:
    """Note how this household ruled on a case that is here."""
    connection.execute(
        "INSERT OR REPLACE INTO trade_case_ruling SELECT ?1, ?2, ?3"
        " WHERE EXISTS (SELECT 1 FROM trade_case WHERE trade = ?1)",
        (ruling.trade, now_ms, ruling.raw),
    )


def ruled(connection: Connection, trade: TradeId) -> Ruled | None:
    """Return how this household ruled on a case."""
    row = connection.execute(
        "SELECT ruled_at_ms, raw FROM trade_case_ruling WHERE trade = ?", (trade,)
    ).fetchone()
    return None if row is None else Ruled(read_ruling(row[1]), row[0])


def forget(connection: Connection, trade: TradeId) -> bool:
    """Forget a case, whoever handed it over; False if it is not here."""
    found = connection.execute("DELETE FROM trade_case WHERE trade = ?", (trade,)).rowcount
    connection.execute("DELETE FROM trade_case_message WHERE trade = ?", (trade,))
    connection.execute("DELETE FROM trade_case_ruling WHERE trade = ?", (trade,))
    return bool(found)


def forget_old(connection: Connection, now_ms: int) -> int:
    """Forget the cases whose time is over; return how many."""
    rows: Iterable[tuple[bytes]] = connection.execute(
        "SELECT trade_case.trade FROM trade_case LEFT JOIN trade_case_ruling USING (trade)"
        " GROUP BY trade_case.trade HAVING coalesce(ruled_at_ms, max(received_at_ms)) < ?",
        (now_ms - KEPT_MS,),
    ).fetchall()
    return sum(forget(connection, TradeId(MessageId(trade))) for (trade,) in rows)
