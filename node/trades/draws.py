"""Draws: the publisher's side, which spans all trades about a listing (spec 09 §draw)."""

from __future__ import annotations

import os

from node.store.database import Connection
from node.trades import book
from node.trades.desk import Desk
from protocol.errors import LocalError
from protocol.ids import THING_KEY_BYTES, HouseholdId, ThingKey
from protocol.limits import DAY_MS
from protocol.trade.bodies import Body
from protocol.trade.draw import Close, Draw, Result, commitment_to
from protocol.trade.limits import DRAW_SECRET_BYTES, MAX_ENTRANTS
from protocol.trade.trade import Trade
from protocol.trade.transitions import Role, State
from protocol.trade.types import Type

_REVEAL_MS = 2 * DAY_MS
"""How long after the closing who has not revealed is waited for."""
_IN_DRAW = (State.DRAWING, State.ENTERED, State.DRAWN, State.REVEALED)


def announce(connection: Connection, desk: Desk, listing: ThingKey, closes_at_ms: int) -> int:
    """Announce a draw to all whose asking stands; return how many.

    Raises LocalError ``nobody-asks``, ``draw-runs`` or ``too-many-entrants``.
    """
    trades = book.load_many(connection, book.ids_about(connection, listing))
    if any(trade.state in _IN_DRAW for trade in trades):
        raise LocalError("draw-runs")
    # One entry each, however often somebody asks: that of who asked first.
    first: dict[HouseholdId, Trade] = {}
    for trade in trades:
        if trade.state is State.ASKED:
            first.setdefault(trade.seeker, trade)
    asking = list(first.values())
    if not asking:
        raise LocalError("nobody-asks")
    if len(asking) > MAX_ENTRANTS:
        raise LocalError("too-many-entrants", most=MAX_ENTRANTS)
    draw, secret = os.urandom(THING_KEY_BYTES), os.urandom(DRAW_SECRET_BYTES)
    connection.execute(
        "INSERT INTO trade_draw VALUES (?, ?, ?, ?)", (draw, listing, secret, closes_at_ms)
    )
    body = Draw(draw, commitment_to(secret, draw), closes_at_ms)
    for trade in asking:
        _write(connection, desk, trade, Type.DRAW, body)
    return len(asking)


def go_on(connection: Connection, desk: Desk, now_ms: int) -> None:
    """Close the draws whose time has come, and tell the results that can be told."""
    rows = connection.execute("SELECT draw, listing, secret, closes_at_ms FROM trade_draw")
    for draw, listing, secret, closes_at_ms in rows.fetchall():
        trades = [
            trade
            for trade in book.load_many(connection, book.ids_about(connection, ThingKey(listing)))
            if trade.drawing is not None and trade.drawing.draw.draw == draw
        ]
        running = [trade for trade in trades if trade.state in _IN_DRAW]
        if not running:
            connection.execute("DELETE FROM trade_draw WHERE draw = ?", (draw,))
        elif now_ms >= closes_at_ms:
            _close(connection, desk, running)
            # What has been closed is read anew: results follow from what stands now.
            _tell_result(connection, desk, trades, secret, now_ms, closes_at_ms)


def next_closing(connection: Connection, now_ms: int) -> int | None:
    """Return when the next list of a draw closes, in Unix milliseconds; None: none is open."""
    (closes_at_ms,) = connection.execute(
        "SELECT min(closes_at_ms) FROM trade_draw WHERE closes_at_ms > ?", (now_ms,)
    ).fetchone()
    return None if closes_at_ms is None else int(closes_at_ms)


def _close(connection: Connection, desk: Desk, trades: list[Trade]) -> None:
    """Close the list for all at once; once it is closed for one, it is for all."""
    if any(trade.state in (State.DRAWN, State.REVEALED) for trade in trades):
        return
    # Two that enter with one commitment share its luck, and stop nobody's draw.
    entered = sorted(
        {
            trade.drawing.enter.commitment
            for trade in trades
            if trade.state is State.ENTERED and trade.drawing and trade.drawing.enter
        }
    )
    for trade in trades:
        _write(connection, desk, trade, Type.CLOSE, Close(tuple(entered)))


def _tell_result(
    connection: Connection,
    desk: Desk,
    trades: list[Trade],
    secret: bytes,
    now_ms: int,
    closes_at_ms: int,
) -> None:
    fresh = book.load_many(connection, [trade.id for trade in trades])
    listed = next(
        (t.drawing.close.commitments for t in fresh if t.drawing and t.drawing.close), None
    )
    waiting = [trade for trade in fresh if trade.state is State.DRAWN]
    revealed = [trade for trade in fresh if trade.state is State.REVEALED]
    if listed is None or (waiting and now_ms < closes_at_ms + _REVEAL_MS):
        return
    secrets: dict[bytes, bytes] = {}
    for trade in fresh:
        drawing = trade.drawing
        if drawing is not None and drawing.reveal is not None and drawing.enter is not None:
            secrets[drawing.enter.commitment] = drawing.reveal.secret
    result = Result(secret, tuple(secrets.get(commitment) for commitment in listed))
    for trade in (*waiting, *revealed):
        _write(connection, desk, trade, Type.RESULT, result)


def _write(connection: Connection, desk: Desk, trade: Trade, type: Type, body: Body) -> None:
    def make(trade: Trade, role: Role) -> tuple[Type, Body]:
        return type, body

    desk.write_in(connection, trade.id, make)
