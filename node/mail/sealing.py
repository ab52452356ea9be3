"""From a letter to a parcel for one device, and back; ratchets move with the transaction.

Every function runs inside a transaction of the caller: if it fails, no ratchet has moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from node.mail.keys import MailKeys
from node.store.database import Connection
from protocol import limits as record_limits
from protocol.envelope import decode
from protocol.errors import RemoteError
from protocol.ids import CommunityId, DeviceKey, HouseholdId
from protocol.kinds import Kind
from protocol.mail.card import Card, binding_holds, card_in
from protocol.mail.letter import Letter
from protocol.mail.mailbox import expiry_of, tag_of
from protocol.mail.parcel import Inner, Parcel, pad, parcel_id, read_inner, seal_info, unpad
from protocol.mail.seal import (
    Ratchet,
    accept,
    begin,
    decrypt,
    encrypt,
    prekey_session_id,
    unwrap,
    wrap,
)

SESSIONS_KEPT = 4
"""With one device: when both begin at once, or one has lost its own, several live side by side."""

_NEXT = "(SELECT coalesce(max(decrypted), 0) + 1 FROM mail_session WHERE device = ?2)"
_MOVE_ON = f"UPDATE mail_session SET pickle = ?1, decrypted = {_NEXT} WHERE device = ?2 AND id = ?3"


@dataclass(frozen=True, slots=True)
class StandingCard:
    """A device's card, and the id of the record it stands in."""

    record: bytes
    created_at_ms: int
    card: Card


@dataclass(frozen=True, slots=True)
class SealedParcel:
    """What the outbox keeps of a sealed letter."""

    id: bytes
    tag: bytes
    card: bytes
    raw: bytes


@lru_cache(maxsize=512)
def _card_of(raw: bytes) -> tuple[DeviceKey, StandingCard] | None:
    record = decode(raw)
    card = card_in(record)
    if card is None:
        return None
    return record.device, StandingCard(record.id, record.created_at_ms, card)


def cards_of(connection: Connection, household: HouseholdId) -> dict[DeviceKey, StandingCard]:
    """Return the standing cards of a household by device; of several the latest."""
    rows = connection.execute(
        "SELECT raw FROM record JOIN household ON household.n = record.household"
        " WHERE household.id = ? AND kind = ? AND slot < ?",
        (household, int(Kind.MAIL_CARD), record_limits.DEVICE_SLOTS),
    ).fetchall()
    found: dict[DeviceKey, StandingCard] = {}
    for (raw,) in rows:
        read = _card_of(bytes(raw))
        if read is None:
            continue
        device, standing = read
        held = found.get(device)
        if held is None or (standing.created_at_ms, standing.record) > (
            held.created_at_ms,
            held.record,
        ):
            found[device] = standing
    return found


@lru_cache(maxsize=1_024)
def _is_bound(community: CommunityId, device: DeviceKey, identity: bytes, binding: bytes) -> bool:
    return binding_holds(community, device, identity, binding)


class Sealing:
    """Seals and opens for one device of one household."""

    def __init__(
        self, community: CommunityId, household: HouseholdId, network_key: bytes, keys: MailKeys
    ) -> None:
        self._community = community
        self._household = household
        self._network_key = network_key
        self._keys = keys

    def seal(
        self,
        connection: Connection,
        letter: Letter,
        device: DeviceKey,
        to: StandingCard,
        now_ms: int,
    ) -> SealedParcel | None:
        """Return the letter as a parcel for a device; None if its card is unusable."""
        vouched = self._keys.vouched(connection, now_ms)
        try:
            ratchet = self._latest(connection, device, to.card.olm_identity) or begin(
                self._keys.account(connection, now_ms), to.card.olm_identity, to.card.olm_fallback
            )
            ratchet, olm_type, message = encrypt(ratchet, letter.pack())
            inner = Inner(
                self._household,
                self._keys.device,
                vouched.identity,
                vouched.binding,
                olm_type,
                message,
            )
            tag = tag_of(self._network_key, device, now_ms)
            expires_at_ms = expiry_of(now_ms)
            info = seal_info(self._community, device, tag, expires_at_ms)
            sealed = wrap(pad(inner.pack()), to.card.hpke_public, info)
        except RemoteError:
            return None
        self._keep(connection, device, to.card.olm_identity, ratchet, decrypted=False)
        raw = Parcel(tag, expires_at_ms, sealed).pack()
        return SealedParcel(parcel_id(raw), tag, to.record, raw)

    def open(self, connection: Connection, parcel: Parcel) -> Inner | None:
        """Return what is inside the outer layer; None if no key of this device opens it.

        Raises RemoteError if what opens is nonsense, or its device does not vouch for it.
        """
        info = seal_info(self._community, self._keys.device, parcel.tag, parcel.expires_at_ms)
        for seed in self._keys.hpke_seeds(connection):
            opened = unwrap(parcel.sealed, seed, info)
            if opened is not None:
                inner = read_inner(unpad(opened))
                if not _is_bound(self._community, inner.device, inner.olm_identity, inner.binding):
                    raise RemoteError("parcel-binding")
                return inner
        return None

    def decipher(self, connection: Connection, inner: Inner, now_ms: int) -> bytes | None:
        """Return the ratchet's plaintext; None if no session with the sender fits."""
        sessions = self._sessions(connection, inner.device, inner.olm_identity)
        if inner.olm_type == 0:
            wanted = prekey_session_id(inner.olm_message)
            if wanted is None:
                return None
            sessions = [session for session in sessions if session.id == wanted]
            if not sessions:
                account = self._keys.account(connection, now_ms)
                begun = accept(account, inner.olm_identity, inner.olm_message)
                if begun is None:
                    return None
                self._keep(connection, inner.device, inner.olm_identity, begun[0], decrypted=True)
                return begun[1]
        for session in sessions:
            done = decrypt(session, inner.olm_type, inner.olm_message)
            if done is not None:
                self._keep(connection, inner.device, inner.olm_identity, done[0], decrypted=True)
                return done[1]
        return None

    def forget_sessions(self, connection: Connection, device: DeviceKey) -> None:
        """Drop what the other side cannot follow: the next letter begins a session anew."""
        connection.execute("DELETE FROM mail_session WHERE device = ?", (device,))

    def _sessions(
        self, connection: Connection, device: DeviceKey, identity: bytes
    ) -> list[Ratchet]:
        """Return the sessions with a device, the one to write with first."""
        rows = connection.execute(
            "SELECT id, pickle FROM mail_session WHERE device = ? AND identity = ?"
            " ORDER BY decrypted DESC, n DESC",
            (device, identity),
        ).fetchall()
        return [Ratchet(id, pickle) for id, pickle in rows]

    def _latest(self, connection: Connection, device: DeviceKey, identity: bytes) -> Ratchet | None:
        sessions = self._sessions(connection, device, identity)
        return sessions[0] if sessions else None

    def _keep(
        self,
        connection: Connection,
        device: DeviceKey,
        identity: bytes,
        ratchet: Ratchet,
        decrypted: bool,
    ) -> None:
        """Keep a session as it is now. decrypted: it has just done so, the last of its device's."""
        changed = connection.execute(
            _MOVE_ON
            if decrypted
            else "UPDATE mail_session SET pickle = ?1 WHERE id = ?3 AND device = ?2",
            (ratchet.pickle, device, ratchet.id),
        ).rowcount
        if changed:
            return
        connection.execute(
            "INSERT INTO mail_session (id, device, identity, pickle, decrypted)"
            f" VALUES (?1, ?2, ?3, ?4, {_NEXT if decrypted else 0})",
            (ratchet.id, device, identity, ratchet.pickle),
        )
        connection.execute(
            "DELETE FROM mail_session WHERE device = ?1 AND n NOT IN"
            " (SELECT n FROM mail_session WHERE device = ?1"
            "  ORDER BY decrypted DESC, n DESC LIMIT ?2)",
            (device, SESSIONS_KEPT),
        )
