"""This household's own facts about one community: keys of the device, and remembered choices."""

from __future__ import annotations

from dataclasses import dataclass

from node.store.database import Connection, Database
from protocol.ids import HouseholdId
from protocol.signing import KeyPair, Seed

FORMAT = 1
PROFILE_SETTING = "profile"
"""The body of the own profile, as last chosen."""
ACCEPTED_SETTING = "accepted-charter"
"""Digest of the version of the charter that was read and agreed to on joining."""
ANSWERS_SETTING = "answers"
"""What was answered on joining, as the content of a letter."""
COPIED_SETTING = "device-copied"
"""The key of the device with which another computer was seen to sign."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a device needs to take part in a community, fixed when it founded or joined.

    genesis: the founding charter's bytes. household: whose device this is. household_seed:
    from which the household key follows; None on a device that was added with a code.
    joining: the own membership records (certificate, device, and the invite that was used),
    shown at gates until the community's records hold them.
    """

    genesis: bytes
    network_key: bytes
    household: HouseholdId
    household_seed: Seed | None
    signing_seed: Seed
    host_seed: Seed
    joining: tuple[bytes, ...]


_NAMES = ("genesis", "network_key", "household", "household_seed", "signing_seed", "host_seed")


async def write_enrolment(database: Database, enrolment: Enrolment) -> None:
    """Store the enrolment of a new community, or of a restored device."""

    def write(connection: Connection) -> None:
        rows = [(name, value) for name in _NAMES if (value := getattr(enrolment, name)) is not None]
        rows += [(f"joining-{n}", raw) for n, raw in enumerate(enrolment.joining)]
        connection.execute("DELETE FROM setting WHERE name LIKE 'joining-%'")
        connection.executemany("INSERT OR REPLACE INTO setting VALUES (?, ?)", rows)

    await database.write(write)


async def add_joining(database: Database, raw: bytes) -> None:
    """Keep one more of the own membership records."""
    await database.write(
        lambda connection: connection.execute(
            "INSERT INTO setting SELECT 'joining-' || count(*), ? FROM setting"
            " WHERE name LIKE 'joining-%'",
            (raw,),
        )
    )


async def read_enrolment(database: Database) -> Enrolment | None:
    """Return the enrolment, or None in a file that has none."""

    def read(connection: Connection) -> dict[str, bytes]:
        return dict(connection.execute("SELECT name, value FROM setting ORDER BY name").fetchall())

    found = await database.read(read)
    if "genesis" not in found:
        return None
    joining = tuple(raw for name, raw in sorted(found.items()) if name.startswith("joining-"))
    seed = found.get("household_seed")
    return Enrolment(
        found["genesis"],
        found["network_key"],
        HouseholdId(found["household"] if seed is None else KeyPair(Seed(seed)).public),
        None if seed is None else Seed(seed),
        Seed(found["signing_seed"]),
        Seed(found["host_seed"]),
        joining,
    )


async def read_setting(database: Database, name: str) -> bytes | None:
    """Return one remembered choice."""
    row = await database.read(
        lambda connection: connection.execute(
            "SELECT value FROM setting WHERE name = ?", (name,)
        ).fetchone()
    )
    return None if row is None else bytes(row[0])


async def write_setting(database: Database, name: str, value: bytes) -> None:
    """Remember one choice."""
    await database.write(
        lambda connection: connection.execute(
            "INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value)
        )
    )
