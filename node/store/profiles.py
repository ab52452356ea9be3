"""Reading the profiles of a community's households."""

from __future__ import annotations

from node.store.database import Connection, Database
from protocol.ids import HouseholdId
from protocol.place import Place
from protocol.profile import Profile


async def read_profiles(database: Database) -> dict[HouseholdId, Profile]:
    """Return what each household calls itself, and where it is."""

    def read(connection: Connection) -> list[tuple[bytes, str, str, str | None, int, int]]:
        rows: list[tuple[bytes, str, str, str | None, int, int]] = connection.execute(
            "SELECT id, name, about, place, lat_e4, lon_e4"
            " FROM profile JOIN household ON household.n = profile.household"
        ).fetchall()
        return rows

    return {
        HouseholdId(id): Profile(
            name=name,
            about=about,
            place=None if place is None else Place(place, lat_e4, lon_e4),
        )
        for id, name, about, place, lat_e4, lon_e4 in await database.read(read)
    }
