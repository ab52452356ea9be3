"""Parcels kept for absent devices of others: bounded, and let go once collected (spec 08 §holders).

Every function runs inside a transaction of the caller.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from node.store.database import Connection
from protocol.ids import HouseholdId
from protocol.mail import limits, post
from protocol.mail.mailbox import may_be_held
from protocol.mail.parcel import Parcel, parcel_id, read_parcel
from protocol.mail.post import Code


@dataclass(frozen=True, slots=True)
class HeldForOthers:
    """parcels, bytes: kept now. depositors: households. full: how many of them have used up
    what may be kept for one. notes: how many of the parcels are delivery notes.
    """

    parcels: int
    bytes: int
    depositors: int
    full: int
    notes: int = 0


def deposit(
    connection: Connection,
    raws: Sequence[bytes],
    depositor: HouseholdId,
    confirmed: bool,
    times_ms: Sequence[int],
) -> list[Code]:
    """Keep parcels as far as there is room; one code each. RemoteError if one is malformed.

    confirmed: whether somebody stands for the depositor. times_ms: what time it may be.
    """
    parcels = [read_parcel(raw) for raw in raws]
    most = limits.DEPOSITOR_PARCELS if confirmed else limits.PROVISIONAL_PARCELS
    most_bytes = limits.DEPOSITOR_BYTES if confirmed else limits.PROVISIONAL_BYTES
    count, size = _total(connection)
    own_count, own_size = _of(connection, depositor, is_note=False)
    codes: list[Code] = []
    for raw, parcel in zip(raws, parcels, strict=True):
        id = parcel_id(raw)
        if connection.execute("SELECT 1 FROM parcel_held WHERE id = ?", (id,)).fetchone():
            codes.append(Code.KNOWN)
        elif not any(may_be_held(parcel.expires_at_ms, now_ms) for now_ms in times_ms):
            codes.append(Code.REFUSED)
        elif (
            own_count >= min(most, limits.HELD_PARCELS - count)
            or own_size + len(raw) > min(most_bytes, limits.HELD_BYTES - size)
            or not _has_room_under(connection, parcel.tag, depositor)
        ):
            codes.append(Code.FULL)
        else:
            _keep(connection, raw, parcel, depositor, is_note=False)
            count, size = count + 1, size + len(raw)
            own_count, own_size = own_count + 1, own_size + len(raw)
            codes.append(Code.HELD)
    return codes


def leave(
    connection: Connection, raws: Sequence[bytes], depositor: HouseholdId, times_ms: Sequence[int]
) -> list[Code]:
    """Keep delivery notes, the latest of a household; one code each.

    What they displace are notes of the same household, which nobody misses: a letter that
    comes once more is noted once more. RemoteError if one is malformed.
    """
    parcels = [read_parcel(raw) for raw in raws]
    codes: list[Code] = []
    for raw, parcel in zip(raws, parcels, strict=True):
        count, size = _total(connection)
        if connection.execute(
            "SELECT 1 FROM parcel_held WHERE id = ?", (parcel_id(raw),)
        ).fetchone():
            codes.append(Code.KNOWN)
        elif not any(may_be_held(parcel.expires_at_ms, now_ms) for now_ms in times_ms):
            codes.append(Code.REFUSED)
        elif (
            count >= limits.HELD_PARCELS
            or size + len(raw) > limits.HELD_BYTES
            or not _has_room_under(connection, parcel.tag, depositor)
        ):
            codes.append(Code.FULL)
        else:
            _keep(connection, raw, parcel, depositor, is_note=True)
            _displace(connection, depositor)
            codes.append(Code.HELD)
    return codes


def _keep(
    connection: Connection, raw: bytes, parcel: Parcel, depositor: HouseholdId, is_note: bool
) -> None:
    connection.execute(
        "INSERT INTO parcel_held (id, tag, depositor, bytes, expires_at_ms, parcel, is_note)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (parcel_id(raw), parcel.tag, depositor, len(raw), parcel.expires_at_ms, raw, is_note),
    )


def _displace(connection: Connection, depositor: HouseholdId) -> None:
    """Drop the oldest note under the tag with most of them, while there are too many."""
    while True:
        count, size = _of(connection, depositor, is_note=True)
        tag, under = connection.execute(
            "SELECT tag, count(*) FROM parcel_held WHERE depositor = ? AND is_note = 1"
            " GROUP BY tag ORDER BY count(*) DESC, min(n) LIMIT 1",
            (depositor,),
        ).fetchone()
        if (
            count <= limits.NOTES_OF_DEPOSITOR
            and size <= limits.NOTES_BYTES
            and under <= limits.NOTES_UNDER_TAG
        ):
            return
        connection.execute(
            "DELETE FROM parcel_held WHERE n = (SELECT min(n) FROM parcel_held"
            " WHERE depositor = ? AND tag = ? AND is_note = 1)",
            (depositor, tag),
        )


def held_for(
    connection: Connection, tags: Collection[bytes], after: int, now_ms: int
) -> tuple[int, list[bytes]]:
    """Return what fits one frame of what is kept under some tags, and the number of the last.

    after: the number that the answer before ended with; 0 at first.
    """
    marks = ",".join("?" * len(tags))
    rows = connection.execute(
        f"SELECT n, parcel FROM parcel_held WHERE tag IN ({marks}) AND n > ?"
        " AND expires_at_ms > ? ORDER BY n LIMIT ?",
        (*tags, after, now_ms, limits.MAX_PARCELS),
    ).fetchall()
    rows = rows[: post.fit([raw for _, raw in rows])]
    return (rows[-1][0] if rows else after), [raw for _, raw in rows]


def let_go(connection: Connection, ids: Sequence[bytes], tags: Collection[bytes]) -> None:
    """Drop what a device has collected; only what was under its own tags."""
    marks = ",".join("?" * len(tags))
    for id in ids:
        connection.execute(
            f"DELETE FROM parcel_held WHERE id = ? AND tag IN ({marks})", (id, *tags)
        )


def forget_expired(connection: Connection, now_ms: int) -> None:
    """Drop what nobody collected in its time."""
    connection.execute("DELETE FROM parcel_held WHERE expires_at_ms <= ?", (now_ms,))


def held_for_others(connection: Connection) -> HeldForOthers:
    """Return what is kept in all."""
    count, size = _total(connection)
    rows = connection.execute(
        "SELECT sum(1 - is_note), sum(bytes * (1 - is_note)), sum(is_note) FROM parcel_held"
        " GROUP BY depositor"
    ).fetchall()
    full = sum(
        parcels >= limits.DEPOSITOR_PARCELS
        or used > limits.DEPOSITOR_BYTES - limits.MAX_PARCEL_BYTES
        for parcels, used, _ in rows
    )
    return HeldForOthers(count, size, len(rows), full, sum(notes for _, _, notes in rows))


def _total(connection: Connection) -> tuple[int, int]:
    row: tuple[int, int] = connection.execute(
        "SELECT count(*), coalesce(sum(bytes), 0) FROM parcel_held"
    ).fetchone()
    return row


def _of(connection: Connection, depositor: HouseholdId, is_note: bool) -> tuple[int, int]:
    row: tuple[int, int] = connection.execute(
        "SELECT count(*), coalesce(sum(bytes), 0) FROM parcel_held"
        " WHERE depositor = ? AND is_note = ?",
        (depositor, is_note),
    ).fetchone()
    return row


def _has_room_under(connection: Connection, tag: bytes, depositor: HouseholdId) -> bool:
    """Whether a household may have one more under a tag: it never gets more than is left free."""
    count, own = connection.execute(
        "SELECT count(*), coalesce(sum(depositor = ?), 0) FROM parcel_held WHERE tag = ?",
        (depositor, tag),
    ).fetchone()
    return int(own) < limits.TAG_PARCELS - int(count)
