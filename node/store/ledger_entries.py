"""What is remembered of the devices' chains, beyond the records that stand."""

from __future__ import annotations

from collections.abc import Iterable

from node.store.database import Connection
from protocol.envelope import Envelope, decode
from protocol.ids import DeviceKey, HouseholdId, RecordId
from protocol.kinds import Kind
from protocol.ledger.chain import Seen
from protocol.ledger.entry import EMPTY, Head, entry_of
from protocol.ledger.forks import Fork, fork_of

_OF_ONE_PLACE = 2
"""Two entries with one number are a proof; a third one adds nothing."""
_OF_ONE_HOUSEHOLD = 16_384
"""Four times what can stand: a household that adds and revokes devices cannot fill the disk."""


def note_entries(connection: Connection, records: Iterable[Envelope]) -> None:
    """Remember links among admitted records, whether or not they take their register."""
    for record in records:
        if record.kind != Kind.LEDGER:
            continue
        entry = entry_of(record)
        if entry is None:
            continue
        (beside,) = connection.execute(
            "SELECT count(*) FROM ledger_entry WHERE device = ? AND place = ?",
            (record.device, entry.index),
        ).fetchone()
        (held,) = connection.execute(
            "SELECT count(*) FROM ledger_entry WHERE household = ?", (record.household,)
        ).fetchone()
        if beside < _OF_ONE_PLACE and held < _OF_ONE_HOUSEHOLD:
            connection.execute(
                "INSERT OR IGNORE INTO ledger_entry (device, place, id, household, raw)"
                " VALUES (?, ?, ?, ?, ?)",
                (record.device, entry.index, record.id, record.household, record.raw),
            )


def note_written(connection: Connection, record: Envelope) -> None:
    """Remember that this device signed a link, before anybody can see it."""
    connection.execute("INSERT OR IGNORE INTO ledger_written VALUES (?)", (record.id,))


def is_copied(connection: Connection, device: DeviceKey) -> bool:
    """Tell whether the device's chain holds a link that this file's device did not write."""
    row = connection.execute(
        "SELECT 1 FROM ledger_entry WHERE device = ?"
        " AND id NOT IN (SELECT id FROM ledger_written) LIMIT 1",
        (device,),
    ).fetchone()
    return row is not None


def remembered(connection: Connection, device: DeviceKey) -> list[Envelope]:
    """Return the links of one device's chain, in the order of their numbers."""
    rows = connection.execute(
        "SELECT raw FROM ledger_entry WHERE device = ? ORDER BY place, id", (device,)
    ).fetchall()
    return [decode(raw) for (raw,) in rows]


def head_of(connection: Connection, device: DeviceKey) -> Head:
    """Return how long a device's chain is, as far as it was ever seen here."""
    row = connection.execute(
        "SELECT place, id FROM ledger_entry WHERE device = ? ORDER BY place DESC, id LIMIT 1",
        (device,),
    ).fetchone()
    return EMPTY if row is None else Head(row[0] + 1, RecordId(row[1]))


def note_head(
    connection: Connection, household: HouseholdId, device: DeviceKey, head: Head
) -> None:
    """Remember the length of a chain as its device told it; a shorter one changes nothing."""
    if head.count > 0:
        connection.execute(
            "INSERT INTO ledger_told VALUES (?, ?, ?, ?) ON CONFLICT (device) DO UPDATE"
            " SET household = excluded.household, count = excluded.count, id = excluded.id"
            " WHERE excluded.count > count",
            (device, household, head.count, head.id),
        )


def seen_of(connection: Connection, household: HouseholdId) -> list[Seen]:
    """Return what was ever seen or told of a household's chains."""
    rows = connection.execute(
        "SELECT device, place, id FROM ledger_entry WHERE household = ?1"
        " UNION SELECT device, count - 1, id FROM ledger_told WHERE household = ?1",
        (household,),
    ).fetchall()
    return [Seen(DeviceKey(device), place, RecordId(id)) for device, place, id in rows]


def forks_seen(connection: Connection) -> list[Fork]:
    """Return the first fork of each device that has one."""
    rows = connection.execute(
        "SELECT a.raw, b.raw, min(a.place) FROM ledger_entry a JOIN ledger_entry b"
        " ON b.device = a.device AND b.place = a.place AND b.id > a.id GROUP BY a.device"
    ).fetchall()
    found = (fork_of(decode(a), decode(b)) for a, b, _ in rows)
    return [fork for fork in found if fork is not None]


def ledger_records(
    connection: Connection, kind: Kind, household: HouseholdId | None = None
) -> list[Envelope]:
    """Return the standing records of a kind, of one household or of all."""
    # CROSS JOIN keeps the order: for each household the index on (household, kind) is used.
    rows = connection.execute(
        "SELECT raw FROM household CROSS JOIN record ON record.household = household.n"
        " WHERE record.kind = ?1 AND (?2 IS NULL OR household.id = ?2)",
        (int(kind), household),
    ).fetchall()
    return [decode(raw) for (raw,) in rows]
