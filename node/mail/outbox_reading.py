"""Reading the outbox: what is due, and how far letters have come."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from node.mail.incoming import Delivery, DeliveryState
from node.store.database import Connection
from protocol.ids import DeviceKey, HouseholdId
from protocol.mail.letter import Topic
from protocol.mail.limits import HOLDERS


class Row(IntEnum):
    """How one device's copy of a letter stands."""

    OPEN = 0
    DELIVERED = 1
    REFUSED = 2
    EXPIRED = 3


@dataclass(frozen=True, slots=True)
class Due:
    """A sealed parcel that has not arrived yet. n: its row; also the order of sealing."""

    n: int
    household: HouseholdId
    device: DeviceKey
    tag: bytes
    topic: int
    holders: frozenset[HouseholdId]


def due(connection: Connection, connected: Collection[DeviceKey], most: int) -> list[Due]:
    """Return parcels to bring somewhere, in the order of sealing.

    At most ``most`` for the devices that are connected, and as many for absent ones that too
    few neighbours keep.
    """
    marks = ",".join("?" * len(connected))
    columns = (
        "SELECT p.n, p.household, p.device, p.tag, l.topic FROM parcel_out AS p"
        " JOIN letter_out AS l ON l.n = p.letter WHERE p.state = 0 AND p.parcel IS NOT NULL"
    )
    rows = connection.execute(
        f"{columns} AND p.device IN ({marks}) ORDER BY p.n LIMIT ?", (*connected, most)
    ).fetchall()
    rows += connection.execute(
        f"{columns} AND p.device NOT IN ({marks})"
        " AND (SELECT count(*) FROM parcel_holder AS h WHERE h.parcel = p.n) < ?"
        " ORDER BY p.n LIMIT ?",
        (*connected, HOLDERS, most),
    ).fetchall()
    return [
        Due(
            n,
            HouseholdId(household),
            DeviceKey(device),
            tag,
            topic,
            frozenset(_holders(connection, n)),
        )
        for n, household, device, tag, topic in rows
    ]


def _holders(connection: Connection, n: int) -> Iterator[HouseholdId]:
    rows = connection.execute("SELECT household FROM parcel_holder WHERE parcel = ?", (n,))
    return (HouseholdId(household) for (household,) in rows)


def parcels(connection: Connection, rows: Sequence[int]) -> list[tuple[int, bytes]]:
    """Return the bytes of parcels that are still open, by row, in order."""
    marks = ",".join("?" * len(rows))
    return [
        (n, raw)
        for n, raw in connection.execute(
            f"SELECT n, parcel FROM parcel_out WHERE n IN ({marks})"
            " AND state = 0 AND parcel IS NOT NULL ORDER BY n",
            tuple(rows),
        ).fetchall()
    ]


def deliveries(connection: Connection, message_ids: Iterable[bytes]) -> dict[bytes, Delivery]:
    """Return how far letters have come; those that are not known are left out."""
    found: dict[bytes, Delivery] = {}
    for message_id in message_ids:
        row = connection.execute(
            "SELECT n, recipient, is_open, delivered_at_ms, read_at_ms, changed_at_ms"
            " FROM letter_out WHERE message_id = ?",
            (message_id,),
        ).fetchone()
        if row is not None:
            found[message_id] = _delivery(connection, *row)
    return found


def queued(connection: Connection) -> int:
    """Return how many letters have reached none of the recipient's devices."""
    (count,) = connection.execute(
        "SELECT count(*) FROM letter_out"
        " WHERE is_open = 1 AND topic != ? AND delivered_at_ms IS NULL",
        (int(Topic.DELIVERY),),
    ).fetchone()
    return int(count)


def waiting_for(
    connection: Connection,
    recipient: HouseholdId,
    topic: Topic | None = None,
    device: DeviceKey | None = None,
) -> int:
    """Return how many letters to a household, or to one device, have not been settled."""
    (count,) = connection.execute(
        "SELECT count(*) FROM letter_out WHERE is_open = 1 AND recipient = ?1"
        " AND (?2 IS NULL OR topic = ?2) AND (?3 IS NULL OR device = ?3)",
        (recipient, None if topic is None else int(topic), device),
    ).fetchone()
    return int(count)


def _delivery(
    connection: Connection,
    n: int,
    recipient: bytes,
    is_open: int,
    delivered_at_ms: int | None,
    read_at_ms: int | None,
    changed_at_ms: int,
) -> Delivery:
    rows = connection.execute(
        "SELECT state, (SELECT count(*) FROM parcel_holder AS h WHERE h.parcel = parcel_out.n)"
        " FROM parcel_out WHERE letter = ? AND household = ?",
        (n, recipient),
    ).fetchall()
    states = {state for state, _ in rows}
    holders = max((held for state, held in rows if state == Row.OPEN), default=0)
    if read_at_ms is not None:
        return Delivery(DeliveryState.READ, 0, read_at_ms)
    if delivered_at_ms is not None:
        return Delivery(DeliveryState.DELIVERED, 0, delivered_at_ms)
    if Row.REFUSED in states and Row.OPEN not in states:
        return Delivery(DeliveryState.REFUSED, 0, changed_at_ms)
    if not is_open:
        return Delivery(DeliveryState.EXPIRED, 0, changed_at_ms)
    state = DeliveryState.HELD if holders else DeliveryState.QUEUED
    return Delivery(state, holders, changed_at_ms)
