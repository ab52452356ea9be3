"""The own trades' receipts, and the reviews that belong to them."""

from __future__ import annotations

from dataclasses import dataclass

from node.store.database import Connection
from protocol import wire
from protocol.errors import RemoteError
from protocol.ids import DeviceKey, HouseholdId
from protocol.ledger.receipt import CoSigned, read_receipt
from protocol.ledger.review import Commitment, Review
from protocol.limits import MAX_SMALL_RECORD_BYTES

_COLUMNS = (
    "fields, publisher_device, publisher_signature, seeker_device, seeker_signature,"
    " concluded_at_ms, linked_by"
)
_MAX_COMMITMENTS = 4_096
"""Of one household: as many as it can have receipts."""


@dataclass(frozen=True, slots=True)
class OwnReceipt:
    """A receipt of this household. linked_by: the device in whose chain it stands, or None."""

    signed: CoSigned
    concluded_at_ms: int
    linked_by: DeviceKey | None


def keep_receipt(
    connection: Connection, own: HouseholdId, signed: CoSigned, concluded_at_ms: int
) -> None:
    """Keep a receipt, or add a signature to it. signed: whose signatures have been checked."""
    receipt = signed.receipt
    connection.execute(
        "INSERT INTO receipt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)"
        " ON CONFLICT (digest) DO UPDATE SET"
        " publisher_device = ifnull(publisher_device, excluded.publisher_device),"
        " publisher_signature = ifnull(publisher_signature, excluded.publisher_signature),"
        " seeker_device = ifnull(seeker_device, excluded.seeker_device),"
        " seeker_signature = ifnull(seeker_signature, excluded.seeker_signature)",
        (
            receipt.digest(),
            receipt.trade,
            receipt.other(own),
            wire.pack(receipt.as_value()),
            signed.publisher_device,
            signed.publisher_signature,
            signed.seeker_device,
            signed.seeker_signature,
            concluded_at_ms,
        ),
    )


def own_receipts(connection: Connection, other: HouseholdId | None = None) -> list[OwnReceipt]:
    """Return the own receipts, the latest first; with one household or with all."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM receipt WHERE ?1 IS NULL OR other = ?1"
        " ORDER BY concluded_at_ms DESC, digest",
        (other,),
    ).fetchall()
    return [_receipt(row) for row in rows]


def own_receipt(connection: Connection, digest: bytes) -> OwnReceipt | None:
    """Return one of the own receipts."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM receipt WHERE digest = ?", (digest,)
    ).fetchone()
    return None if row is None else _receipt(row)


def note_linked(connection: Connection, digest: bytes, device: DeviceKey) -> None:
    """Remember in which device's chain a receipt stands."""
    connection.execute("UPDATE receipt SET linked_by = ? WHERE digest = ?", (device, digest))


def _receipt(row: tuple[object, ...]) -> OwnReceipt:
    fields, *signatures, concluded_at_ms, linked_by = row
    assert isinstance(fields, bytes)
    assert isinstance(concluded_at_ms, int)
    receipt = read_receipt(wire.unpack(fields, MAX_SMALL_RECORD_BYTES))
    signed = CoSigned(receipt, *signatures)  # type: ignore[arg-type]
    return OwnReceipt(
        signed, concluded_at_ms, DeviceKey(linked_by) if isinstance(linked_by, bytes) else None
    )


# -- reviews


@dataclass(frozen=True, slots=True)
class OwnReview:
    """A review that this device wrote. letter: the message that carries its commitment."""

    review: Review
    letter: bytes
    linked: bool


def add_review(connection: Connection, review: Review, letter: bytes) -> None:
    """Keep a review that is not to be shown yet."""
    connection.execute(
        "INSERT INTO review VALUES (?, ?, ?, ?, ?, ?, 0)",
        (review.receipt, review.about, review.recommends, review.text, review.salt, letter),
    )


def own_reviews(connection: Connection) -> list[OwnReview]:
    """Return the reviews that this device wrote."""
    rows = connection.execute(
        "SELECT receipt, about, recommends, text, salt, letter, linked FROM review"
    ).fetchall()
    return [
        OwnReview(
            Review(receipt, HouseholdId(about), bool(recommends), text, salt), letter, bool(linked)
        )
        for receipt, about, recommends, text, salt, letter, linked in rows
    ]


def note_review_linked(connection: Connection, receipt: bytes) -> None:
    """Remember that a review is shown now."""
    connection.execute("UPDATE review SET linked = 1 WHERE receipt = ?", (receipt,))


def take_commitment(connection: Connection, sender: HouseholdId, commitment: Commitment) -> None:
    """Keep what another has committed itself to: the first word counts.

    Raises RemoteError ``too-many-commitments``.
    """
    (held,) = connection.execute(
        "SELECT count(*) FROM review_commitment WHERE household = ?", (sender,)
    ).fetchone()
    if held >= _MAX_COMMITMENTS:
        raise RemoteError("too-many-commitments")
    connection.execute(
        "INSERT OR IGNORE INTO review_commitment VALUES (?, ?, ?)",
        (commitment.receipt, sender, commitment.commitment),
    )


def commitments(connection: Connection) -> dict[tuple[bytes, HouseholdId], bytes]:
    """Return what others have committed themselves to: (receipt, household) → commitment."""
    rows = connection.execute(
        "SELECT receipt, household, commitment FROM review_commitment"
    ).fetchall()
    return {(receipt, HouseholdId(of)): commitment for receipt, of, commitment in rows}
