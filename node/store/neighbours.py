"""Where neighbours were reached, when sets were last equal, and whom this household blocks."""

from __future__ import annotations

from dataclasses import dataclass

from node.store.database import Connection, Database
from protocol.ids import HouseholdId

_ADDRESSES_KEPT = 8


@dataclass(frozen=True, slots=True)
class GoodNeighbour:
    """A host with which the sets were equal. Times are Unix milliseconds.

    household: whose it proved to be. hours_equal: in how many different hours they were equal.
    """

    host: bytes
    household: HouseholdId
    first_met_ms: int
    last_equal_ms: int
    hours_equal: int


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
    """Drop the addresses of a host that no longer belongs, and that it ever was a good one."""

    def write(connection: Connection) -> None:
        connection.execute("DELETE FROM address WHERE host = ?", (host,))
        connection.execute("DELETE FROM good_neighbour WHERE host = ?", (host,))

    await database.write(write)


async def good_neighbours(database: Database) -> list[GoodNeighbour]:
    """Return the hosts with which the sets were equal before."""
    rows = await database.read(
        lambda connection: connection.execute(
            "SELECT host, household, first_met_ms, last_equal_ms, hours_equal FROM good_neighbour"
        ).fetchall()
    )
    return [GoodNeighbour(host, HouseholdId(id), *figures) for host, id, *figures in rows]


async def keep_good_neighbour(
    database: Database, good: GoodNeighbour, instead_of: bytes | None
) -> None:
    """Keep or renew what is known of a host; instead_of: the host that makes room for it."""

    def write(connection: Connection) -> None:
        connection.execute("DELETE FROM good_neighbour WHERE host = ?", (instead_of,))
        connection.execute(
            "INSERT OR REPLACE INTO good_neighbour VALUES (?, ?, ?, ?, ?)",
            (
                good.host,
                good.household,
                good.first_met_ms,
                good.last_equal_ms,
                good.hours_equal,
            ),
        )

    await database.write(write)


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
