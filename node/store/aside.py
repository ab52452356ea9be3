"""Own records that stand no more, kept for the case that the household belongs again (GOV-12).

A node that hears of its own removal drops what stood by it, as everybody does. Nobody else would
have these records when an appeal succeeds: neither what it had published, nor for whom it stood.
"""

from __future__ import annotations

from collections.abc import Iterable

from node.store.database import Connection, Database
from protocol.envelope import Envelope


def set_aside(connection: Connection, records: Iterable[Envelope]) -> None:
    """Keep records, within the transaction that drops them."""
    connection.executemany(
        "INSERT OR IGNORE INTO aside VALUES (?, ?, ?)",
        [(record.id, record.kind, record.raw) for record in records],
    )


async def some_aside(database: Database, most: int) -> list[tuple[bytes, bytes]]:
    """Return (id, raw) of up to ``most`` records, those of membership first."""
    return await database.read(
        lambda connection: [
            (bytes(id), bytes(raw))
            for id, raw in connection.execute(
                "SELECT id, raw FROM aside ORDER BY kind, id LIMIT ?", (most,)
            )
        ]
    )


async def forget_aside(database: Database, ids: Iterable[bytes] | None) -> None:
    """Forget records, once they have been offered; None: all of them."""
    chosen = None if ids is None else [(id,) for id in ids]

    def forget(connection: Connection) -> None:
        if chosen is None:
            connection.execute("DELETE FROM aside")
        else:
            connection.executemany("DELETE FROM aside WHERE id = ?", chosen)

    await database.write(forget)
