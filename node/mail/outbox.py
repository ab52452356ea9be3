"""Letters on their way out: sealed for every device, until each is done (docs/adr/0009).

Every function runs inside a transaction of the caller. What is done twice does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from node.mail.outbox_reading import Row
from node.mail.sealing import Sealing, cards_of
from node.store.database import Connection
from protocol.ids import CommunityId, DeviceKey, HouseholdId
from protocol.limits import DAY_MS, MAX_TIME_MS
from protocol.mail.letter import Letter, Topic
from protocol.mail.limits import MAX_LIFE_MS
from protocol.mail.mailbox import expiry_of
from protocol.mail.parcel import read_parcel
from protocol.membership.members import Members

COPIED = frozenset({Topic.CHAT, Topic.TRADE})
"""What one's own other devices get to see as well."""
RENEWED = frozenset({Topic.TRADE, Topic.OWN})
"""What is sealed anew when its time is over: whoever wrote it drops it when it is settled."""
_REMEMBERED_MS = 32 * DAY_MS


@dataclass(frozen=True, slots=True)
class _Open:
    n: int
    message_id: bytes
    recipient: HouseholdId
    device: DeviceKey | None
    topic: int
    content: bytes
    sent_at_ms: int


_LETTER = "n, message_id, recipient, device, topic, content, sent_at_ms"


class Outbox:
    """The letters that one device sends."""

    def __init__(
        self,
        community: CommunityId,
        household: HouseholdId,
        device: DeviceKey,
        sealing: Sealing,
        members: Callable[[], Members],
    ) -> None:
        self._community = community
        self._household = household
        self._device = device
        self._sealing = sealing
        self._members = members

    def add(
        self,
        connection: Connection,
        message_id: bytes,
        recipient: HouseholdId,
        device: DeviceKey | None,
        topic: Topic,
        content: bytes,
        sent_at_ms: int,
        now_ms: int,
        clock_agrees: bool,
    ) -> None:
        """Queue a letter, and seal it for every device whose card is known.

        clock_agrees: with the neighbours'. Else its time begins when it does.
        """
        letter = _Open(0, message_id, recipient, device, topic, content, sent_at_ms)
        n = connection.execute(
            "INSERT OR IGNORE INTO letter_out (message_id, recipient, device, topic, content,"
            " sent_at_ms, expires_at_ms, is_open, changed_at_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)",
            (*_values(letter), expiry_of(now_ms) if clock_agrees else MAX_TIME_MS, now_ms),
        )
        if n.rowcount:
            found = _Open(n.lastrowid, *_values(letter))
            self._address(connection, found)
            self._seal(connection, found, now_ms)

    def drop(self, connection: Connection, message_id: bytes) -> None:
        """Forget a letter, whatever became of it."""
        connection.execute("DELETE FROM letter_out WHERE message_id = ?", (message_id,))

    def refit(self, connection: Connection, now_ms: int, clock_agrees: bool) -> None:
        """Bring open letters in line with the devices and cards that stand now, and with time."""
        rows = connection.execute(f"SELECT {_LETTER} FROM letter_out WHERE is_open = 1").fetchall()
        for row in rows:
            letter = _Open(*row)
            self._address(connection, letter)
            self._seal(connection, letter, now_ms)
            self._close(connection, letter.n, now_ms)
        self._redate(connection, now_ms, clock_agrees)
        if clock_agrees:
            self._age(connection, now_ms)

    # -- what became of them

    def settle(self, connection: Connection, rows: Iterable[int], state: Row, now_ms: int) -> None:
        """Note that parcels arrived (maybe long ago), or were refused for good."""
        for n in rows:
            row = connection.execute(
                "UPDATE parcel_out SET state = ?, parcel = NULL WHERE n = ? AND state IN (?, ?)"
                " RETURNING letter, household",
                (int(state), n, int(Row.OPEN), int(Row.EXPIRED)),
            ).fetchone()
            if row is None:
                continue
            letter, household = row
            if state is Row.DELIVERED:
                connection.execute(
                    "UPDATE letter_out SET delivered_at_ms = ?1"
                    " WHERE n = ?2 AND recipient = ?3 AND delivered_at_ms IS NULL",
                    (now_ms, letter, household),
                )
            self._close(connection, letter, now_ms)

    def note_held(self, connection: Connection, parcels: Iterable[bytes], by: HouseholdId) -> None:
        """Note that a neighbour keeps parcels (by id). A delivery note is done with that."""
        for id in parcels:
            connection.execute(
                "INSERT OR IGNORE INTO parcel_holder SELECT n, ? FROM parcel_out WHERE id = ?",
                (by, id),
            )
            connection.execute(
                "DELETE FROM letter_out WHERE topic = ? AND n ="
                " (SELECT letter FROM parcel_out WHERE id = ?)",
                (int(Topic.DELIVERY), id),
            )

    def seal_anew(self, connection: Connection, parcels: Iterable[bytes], now_ms: int) -> None:
        """Begin new sessions for parcels (by id) that could not be deciphered, and seal again."""
        found = [
            row
            for id in parcels
            for row in connection.execute(
                "SELECT n, letter, device FROM parcel_out WHERE id = ? AND state = 0", (id,)
            )
        ]
        for device in {device for _, _, device in found}:
            self._sealing.forget_sessions(connection, DeviceKey(device))
        for n, letter, _ in found:
            self._unseal(connection, n)
            row = connection.execute(
                f"SELECT {_LETTER} FROM letter_out WHERE n = ?", (letter,)
            ).fetchone()
            self._seal(connection, _Open(*row), now_ms)

    def acknowledged(
        self, connection: Connection, by: DeviceKey, acks: Sequence[bytes], now_ms: int
    ) -> None:
        """Note what a device says that it has got."""
        for message_id in acks:
            rows = connection.execute(
                "SELECT p.n FROM parcel_out AS p JOIN letter_out AS l ON l.n = p.letter"
                " WHERE l.message_id = ? AND p.device = ?",
                (message_id, by),
            ).fetchall()
            self.settle(connection, [n for (n,) in rows], Row.DELIVERED, now_ms)

    def undeciphered(
        self, connection: Connection, by: DeviceKey, nacks: Sequence[bytes], now_ms: int
    ) -> None:
        """Seal anew what a device says that it could not decipher."""
        own = [
            parcel
            for parcel in nacks
            if connection.execute(
                "SELECT 1 FROM parcel_out WHERE id = ? AND device = ?", (parcel, by)
            ).fetchone()
        ]
        self.seal_anew(connection, own, now_ms)

    def read_by(
        self, connection: Connection, by: HouseholdId, reads: Sequence[bytes], now_ms: int
    ) -> None:
        """Note what a household says that it has read."""
        for message_id in reads:
            connection.execute(
                "UPDATE letter_out SET read_at_ms = ?"
                " WHERE message_id = ? AND recipient = ? AND read_at_ms IS NULL",
                (now_ms, message_id, by),
            )

    # -- addressing and sealing

    def _address(self, connection: Connection, letter: _Open) -> None:
        """Have one row for each device that the letter is for, as the membership stands."""
        wanted = self._devices(letter)
        rows = connection.execute(
            "SELECT n, household, device, state FROM parcel_out WHERE letter = ?", (letter.n,)
        ).fetchall()
        present = {device for _, _, device, _ in rows}
        arrived = {household for _, household, _, state in rows if state == Row.DELIVERED}
        for n, _, device, state in rows:
            if device not in wanted and state == Row.OPEN:
                connection.execute("DELETE FROM parcel_out WHERE n = ?", (n,))
        for device, household in wanted.items():
            # A device that came later sees no history.
            if device not in present and household not in arrived:
                self._copy_to(connection, letter.n, household, device)

    def _copy_to(
        self, connection: Connection, letter: int, household: bytes, device: bytes
    ) -> None:
        connection.execute(
            "INSERT INTO parcel_out (letter, household, device, state) VALUES (?, ?, ?, 0)",
            (letter, household, device),
        )

    def _devices(self, letter: _Open) -> dict[bytes, HouseholdId]:
        members = self._members()
        member = members.member(letter.recipient)
        wanted = dict.fromkeys(member.devices if member else (), letter.recipient)
        if letter.device is not None:
            return {d: h for d, h in wanted.items() if d == letter.device}
        own = members.member(self._household)
        if letter.topic in COPIED and own is not None:
            wanted |= dict.fromkeys(own.devices, self._household)
        wanted.pop(self._device, None)
        return wanted

    def _seal(self, connection: Connection, letter: _Open, now_ms: int) -> None:
        """Seal for devices that lack a parcel, or whose card has changed since nobody has it."""
        rows = connection.execute(
            "SELECT n, household, device, card FROM parcel_out WHERE letter = ? AND state = 0"
            " AND NOT EXISTS (SELECT 1 FROM parcel_holder AS h WHERE h.parcel = parcel_out.n)",
            (letter.n,),
        ).fetchall()
        if not rows:
            return
        written = Letter(
            self._community,
            letter.message_id,
            self._household,
            letter.recipient,
            letter.sent_at_ms,
            letter.topic,
            letter.content,
        )
        cards = {household: cards_of(connection, household) for _, household, _, _ in rows}
        for n, household, device, sealed_for in rows:
            card = cards[household].get(DeviceKey(device))
            if card is None or card.record == sealed_for:
                continue
            sealed = self._sealing.seal(connection, written, DeviceKey(device), card, now_ms)
            if sealed is not None:
                connection.execute(
                    "UPDATE parcel_out SET id = ?, tag = ?, card = ?, parcel = ? WHERE n = ?",
                    (sealed.id, sealed.tag, sealed.card, sealed.raw, n),
                )

    def _unseal(self, connection: Connection, n: int) -> None:
        connection.execute(
            "UPDATE parcel_out SET id = NULL, tag = NULL, card = NULL, parcel = NULL WHERE n = ?",
            (n,),
        )
        connection.execute("DELETE FROM parcel_holder WHERE parcel = ?", (n,))

    # -- ageing

    def _redate(self, connection: Connection, now_ms: int, clock_agrees: bool) -> None:
        """Date what was written while the clock could not be trusted; no holder takes it else.

        now_ms: by the neighbours' clocks, if theirs differ.
        """
        rows = connection.execute(
            f"SELECT {_LETTER} FROM letter_out WHERE is_open = 1 AND expires_at_ms > ?",
            (now_ms + MAX_LIFE_MS,),
        ).fetchall()
        for row in rows:
            letter = _Open(*row)
            if clock_agrees:
                connection.execute(
                    "UPDATE letter_out SET expires_at_ms = ? WHERE n = ?",
                    (expiry_of(now_ms), letter.n),
                )
            for n, household, device, raw in connection.execute(
                "SELECT n, household, device, parcel FROM parcel_out"
                " WHERE letter = ? AND state = 0 AND parcel IS NOT NULL",
                (letter.n,),
            ).fetchall():
                if not 0 <= expiry_of(now_ms) - read_parcel(raw).expires_at_ms <= DAY_MS:
                    # A new row: those that refused the old one are asked again at once.
                    connection.execute("DELETE FROM parcel_out WHERE n = ?", (n,))
                    self._copy_to(connection, letter.n, household, device)
            self._seal(connection, letter, now_ms)

    def _age(self, connection: Connection, now_ms: int) -> None:
        rows = connection.execute(
            f"SELECT {_LETTER} FROM letter_out WHERE is_open = 1 AND expires_at_ms <= ?",
            (now_ms,),
        ).fetchall()
        for row in rows:
            letter = _Open(*row)
            if letter.topic in RENEWED:
                connection.execute(
                    "UPDATE letter_out SET expires_at_ms = ? WHERE n = ?",
                    (expiry_of(now_ms), letter.n),
                )
                for (n,) in connection.execute(
                    "SELECT n FROM parcel_out WHERE letter = ? AND state = 0", (letter.n,)
                ).fetchall():
                    self._unseal(connection, n)
                self._seal(connection, letter, now_ms)
            else:
                connection.execute(
                    "UPDATE parcel_out SET state = ?, parcel = NULL WHERE letter = ? AND state = 0",
                    (int(Row.EXPIRED), letter.n),
                )
                connection.execute(
                    "UPDATE letter_out SET is_open = 0, content = x'', changed_at_ms = ?"
                    " WHERE n = ?",
                    (now_ms, letter.n),
                )
        # Of chats the state is shown for as long as the chat is.
        connection.execute(
            "DELETE FROM letter_out WHERE is_open = 0 AND topic != ? AND changed_at_ms < ?",
            (int(Topic.CHAT), now_ms - _REMEMBERED_MS),
        )

    def _close(self, connection: Connection, letter: int, now_ms: int) -> None:
        """Close a letter of which no device's copy is open any more."""
        states = {
            state
            for (state,) in connection.execute(
                "SELECT state FROM parcel_out WHERE letter = ?", (letter,)
            )
        }
        if not states or Row.OPEN in states:
            return
        connection.execute(
            "DELETE FROM letter_out WHERE n = ? AND topic = ?", (letter, int(Topic.DELIVERY))
        )
        connection.execute(
            "UPDATE letter_out SET is_open = 0, content = x'', changed_at_ms = ? WHERE n = ?",
            (now_ms, letter),
        )


def _values(
    letter: _Open,
) -> tuple[bytes, HouseholdId, DeviceKey | None, int, bytes, int]:
    return (
        letter.message_id,
        letter.recipient,
        letter.device,
        int(letter.topic),
        letter.content,
        letter.sent_at_ms,
    )
