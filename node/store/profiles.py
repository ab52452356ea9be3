"""Reading the profiles of a community's households."""

from __future__ import annotations

import json
from collections.abc import Iterable

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


async def read_former_names(database: Database) -> dict[HouseholdId, str]:
    """Return what households were called last that have no profile any more."""

    def read(connection: Connection) -> list[tuple[bytes, str]]:
        rows: list[tuple[bytes, str]] = connection.execute(
            "SELECT household, name FROM former_name WHERE household NOT IN"
            " (SELECT id FROM profile JOIN household ON household.n = profile.household)"
        ).fetchall()
        return rows

    return {HouseholdId(household): name for household, name in await database.read(read)}


def forget_former_names(connection: Connection, removed: Iterable[HouseholdId]) -> None:
    """Forget names of whom the log does not mention, within the caller's transaction."""
    connection.execute(
        "DELETE FROM former_name WHERE household NOT IN (SELECT author FROM moderation_log"
        " UNION SELECT household FROM moderation_log WHERE household IS NOT NULL"
        " UNION SELECT unhex(value) FROM json_each(?))",
        (json.dumps([household.hex() for household in removed]),),
    )
