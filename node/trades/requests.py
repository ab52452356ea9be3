"""One device decides: what other devices of the household would like, they ask it for."""

from __future__ import annotations

from collections.abc import Sequence

from node.mail.incoming import Incoming
from node.mail.post import Post
from node.store.database import Connection, Database
from node.trades.desk import Desk
from protocol.errors import LocalError, RemoteError
from protocol.ids import DeviceKey
from protocol.mail.letter import Topic
from protocol.trade.agreement import Promise
from protocol.trade.bodies import Body
from protocol.trade.request import Request, read_request
from protocol.trade.trade import Trade
from protocol.trade.transitions import Role
from protocol.trade.types import Type

_MAX_WAITING = 1_000


class Requests:
    """Both ends: asks another device, and carries out what another asks of this one."""

    def __init__(self, desk: Desk, database: Database, post: Post) -> None:
        self._desk = desk
        self._database = database
        self._post = post
        post.serve(Topic.OWN, self._take_in)

    async def ask(self, device: DeviceKey, request: Request) -> None:
        """Ask the device that decides; its answer shows in the trade."""

        def write(connection: Connection) -> None:
            self._post.write(
                connection, self._desk.household, Topic.OWN, request.pack(), device=device
            )

        await self._database.write(write)
        self._post.wake()

    def _take_in(self, connection: Connection, incoming: Incoming) -> None:
        if incoming.sender != self._desk.household:
            raise RemoteError("foreign-message")
        read_request(incoming.content)
        connection.execute("INSERT INTO trade_request (content) VALUES (?)", (incoming.content,))
        connection.execute(
            "DELETE FROM trade_request WHERE n <= (SELECT max(n) FROM trade_request) - ?",
            (_MAX_WAITING,),
        )

    async def carry_out(self) -> Sequence[LocalError]:
        """Do what waits, each in a transaction with its being crossed off; return what failed."""
        failed: list[LocalError] = []
        while True:
            problem = await self._database.write(self._carry_out_one)
            if problem is None:
                return failed
            if isinstance(problem, LocalError):
                failed.append(problem)

    def _carry_out_one(self, connection: Connection) -> LocalError | bool | None:
        row = connection.execute("SELECT n, content FROM trade_request LIMIT 1").fetchone()
        if row is None:
            return None
        number, content = row
        connection.execute("DELETE FROM trade_request WHERE n = ?", (number,))
        request = read_request(content)

        def make(trade: Trade, role: Role) -> tuple[Type, Body]:
            return request.type, self._with_own(connection, trade, request.body)

        try:
            self._desk.write_in(connection, request.trade, make)
        except LocalError as error:  # the trade has moved on meanwhile: whoever asked sees that
            return error
        return True

    def _with_own(self, connection: Connection, trade: Trade, body: Body) -> Body:
        """Fill in what only this device knows."""
        if not isinstance(body, Promise):
            return body
        return self._desk.promise(connection, trade, body.public, body.until_ms)
