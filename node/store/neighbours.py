"""Where neighbours were reached, when sets were last equal, and whom this household blocks."""

from __future__ import annotations

from node.store.database import Connection, Database
from protocol.ids import HouseholdId

_ADDRESSES_KEPT = 8


async def remember_address(database: Database, host: bytes, address: str, at_ms: int) -> None:
    """Note an address at which a host was reached; the latest few of each are kept."""

    def write(connection: Connection) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO address VALUES (?, ?, ?)", (host, address, at_ms)
        )
        connection.execute(
            "DELETE FROM address WHERE host = ?1 AND address NOT IN"
            " (SELECT address FROM address WHERE host = ?1"
            "  ORDER BY last_connected_ms DESC LIMIT ?2)",
            (host, _ADDRESSES_KEPT),
        )

    await database.write(write)


async def known_addresses(database: Database) -> dict[bytes, list[str]]:
    """Return host → addresses, the most recently reached first."""
    rows = await database.read(
        lambda connection: connection.execute(
            "SELECT host, address FROM address ORDER BY last_connected_ms DESC"
        ).fetchall()
    )
    found: dict[bytes, list[str]] = {}
    for host, address in rows:
        found.setdefault(host, []).append(address)
    return found


async def forget_host(database: Database, host: bytes) -> None:
    """Drop the addresses of a host that no longer belongs."""
    await database.write(
        lambda connection: connection.execute("DELETE FROM address WHERE host = ?", (host,))
    )


async def note_synced(database: Database, number: int, at_ms: int) -> None:
    """Note when the sets were last found equal with a household (by its table number)."""
    await database.write(
        lambda connection: connection.execute(
            "INSERT OR REPLACE INTO synced VALUES (?, ?)", (number, at_ms)
        )
    )


async def last_synced(database: Database) -> dict[HouseholdId, int]:
    """Return household → when the sets were last found equal (Unix ms)."""
    rows = await database.read(
        lambda connection: connection.execute(
            "SELECT household.id, at_ms FROM synced JOIN household ON n = synced.household"
        ).fetchall()
    )
    return {HouseholdId(id): at_ms for id, at_ms in rows}


def set_blocked(connection: Connection, number: int, blocked: bool, at_ms: int) -> None:
    """Block or unblock a household (by its table number), within the caller's transaction."""
    if blocked:
        connection.execute("INSERT OR IGNORE INTO blocked VALUES (?, ?)", (number, at_ms))
    else:
        connection.execute("DELETE FROM blocked WHERE household = ?", (number,))


async def blocked_households(database: Database) -> frozenset[HouseholdId]:
    """Return the households that this node blocks."""
    rows = await database.read(
        lambda connection: connection.execute(
            "SELECT id FROM blocked JOIN household ON n = blocked.household"
        ).fetchall()
    )
    return frozenset(HouseholdId(household) for (household,) in rows)
