"""Ratchet sessions with other devices: in the file, and the last one of each device at hand.

Every function runs inside a transaction of the caller. What is at hand may come from a
transaction that has been undone since, as a whole or back to a savepoint. So a session is only
ever moved on from the very state that stands in the file: else nothing is written, and the
caller begins again from the file.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from node.store.database import Connection
from protocol.ids import DeviceKey
from protocol.mail.seal import Ratchet

SESSIONS_KEPT = 4
"""With one device: when both begin at once, or one has lost its own, several live side by side."""

_MAX_AT_HAND = 64
_MOVE = (
    "UPDATE mail_session SET pickle = ?, decrypted = ? WHERE n = ? AND pickle = ? AND decrypted = ?"
)


@dataclass(frozen=True, slots=True)
class Session:
    """A session with a device's Olm identity, as it stands in the file.

    n: its row; None while it has none. rank: the order of the last decryption over all sessions
    with the device, 0 for none yet. next_rank: what it becomes by decrypting.
    """

    n: int | None
    device: DeviceKey
    identity: bytes
    ratchet: Ratchet
    rank: int
    next_rank: int


class Sessions:
    """The sessions of one device with all others."""

    def __init__(self) -> None:
        self._at_hand: OrderedDict[DeviceKey, Session] = OrderedDict()

    def at_hand(self, device: DeviceKey, identity: bytes) -> Session | None:
        """Return the session with a device that was moved last, without a look at the file."""
        session = self._at_hand.get(device)
        return session if session is not None and session.identity == identity else None

    def latest(self, connection: Connection, device: DeviceKey, identity: bytes) -> Session | None:
        """Return the session to write with: the last that deciphered something."""
        session = self.at_hand(device, identity)
        if session is None:
            session = next(iter(self.read(connection, device, identity)), None)
        return session

    def read(self, connection: Connection, device: DeviceKey, identity: bytes) -> list[Session]:
        """Return the sessions with a device that stand in the file, the one to write with first."""
        rows = connection.execute(
            "SELECT n, id, identity, pickle, decrypted FROM mail_session WHERE device = ?"
            " ORDER BY decrypted DESC, n DESC",
            (device,),
        ).fetchall()
        highest = rows[0][-1] if rows else 0
        return [
            Session(
                n,
                device,
                identity,
                Ratchet(id, pickle),
                rank,
                rank if rank == highest > 0 else highest + 1,
            )
            for n, id, of, pickle, rank in rows
            if of == identity
        ]

    def begun(
        self, connection: Connection, device: DeviceKey, identity: bytes, ratchet: Ratchet
    ) -> Session:
        """Return a session that stands nowhere yet."""
        (above,) = connection.execute(
            "SELECT coalesce(max(decrypted), 0) + 1 FROM mail_session WHERE device = ?", (device,)
        ).fetchone()
        return Session(None, device, identity, ratchet, 0, above)

    def move(
        self, connection: Connection, session: Session, ratchet: Ratchet, decrypted: bool
    ) -> bool:
        """Keep a session as it is now. decrypted: it has just done so, the last of its device's.

        False: what it was moved on from does not stand in the file, nothing is changed, and
        nothing is at hand.
        """
        self._at_hand.pop(session.device, None)
        rank = session.next_rank if decrypted else session.rank
        if session.n is None:
            n = self._insert(connection, session, ratchet, rank)
        else:
            n = session.n
            before = session.ratchet.pickle
            values = (ratchet.pickle, rank, n, before, session.rank)
            if not connection.execute(_MOVE, values).rowcount:
                return False
        next_rank = rank if decrypted else session.next_rank
        self._at_hand[session.device] = Session(
            n, session.device, session.identity, ratchet, rank, next_rank
        )
        if len(self._at_hand) > _MAX_AT_HAND:
            self._at_hand.popitem(last=False)
        return True

    def forget(self, connection: Connection, device: DeviceKey) -> None:
        """Drop all sessions with a device."""
        self._at_hand.pop(device, None)
        connection.execute("DELETE FROM mail_session WHERE device = ?", (device,))

    def _insert(self, connection: Connection, session: Session, ratchet: Ratchet, rank: int) -> int:
        n: int = connection.execute(
            "INSERT INTO mail_session (id, device, identity, pickle, decrypted)"
            " VALUES (?, ?, ?, ?, ?)",
            (ratchet.id, session.device, session.identity, ratchet.pickle, rank),
        ).lastrowid
        connection.execute(
            "DELETE FROM mail_session WHERE device = ?1 AND n NOT IN"
            " (SELECT n FROM mail_session WHERE device = ?1"
            "  ORDER BY decrypted DESC, n DESC LIMIT ?2)",
            (session.device, SESSIONS_KEPT),
        )
        return n
