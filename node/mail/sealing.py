"""From a letter to a parcel for one device, and back; ratchets move with the transaction.

Every function runs inside a transaction of the caller: if it fails, no ratchet has moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from node.mail.keys import MailKeys
from node.mail.sessions import Session, Sessions
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
    accept,
    begin,
    decrypt,
    encrypt,
    prekey_session_id,
    unwrap,
    wrap,
)


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
        self._sessions = Sessions()

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
            session = self._sessions.latest(connection, device, to.card.olm_identity)
            if session is None:
                account, card = self._keys.account(connection, now_ms), to.card
                begun = begin(account, card.olm_identity, card.olm_fallback)
                session = self._sessions.begun(connection, device, card.olm_identity, begun)
            ratchet, olm_type, message = encrypt(session.ratchet, letter.pack())
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
        if not self._sessions.move(connection, session, ratchet, decrypted=False):
            # What was at hand has been undone; now it is read from the file.
            return self.seal(connection, letter, device, to, now_ms)
        raw = Parcel(tag, expires_at_ms, sealed).pack()
        return SealedParcel(parcel_id(raw), tag, to.record, raw)

    def seeds(self, connection: Connection) -> list[bytes]:
        """Return the secrets of the keys that open parcels, the latest first."""
        return self._keys.hpke_seeds(connection)

    def open(self, parcel: Parcel, seeds: Sequence[bytes]) -> Inner | None:
        """Return what is inside the outer layer; None if no key of this device opens it.

        seeds: as they stand in this transaction, read once for all its parcels.
        Raises RemoteError if what opens is nonsense, or its device does not vouch for it.
        """
        info = seal_info(self._community, self._keys.device, parcel.tag, parcel.expires_at_ms)
        for seed in seeds:
            opened = unwrap(parcel.sealed, seed, info)
            if opened is not None:
                inner = read_inner(unpad(opened))
                if not _is_bound(self._community, inner.device, inner.olm_identity, inner.binding):
                    raise RemoteError("parcel-binding")
                return inner
        return None

    def decipher(self, connection: Connection, inner: Inner, now_ms: int) -> bytes | None:
        """Return the ratchet's plaintext; None if no session with the sender fits."""
        wanted = None
        if inner.olm_type == 0:
            wanted = prekey_session_id(inner.olm_message)
            if wanted is None:
                return None
        at_hand = self._sessions.at_hand(inner.device, inner.olm_identity)
        if at_hand is not None:
            plaintext = self._read(connection, at_hand, wanted, inner)
            if plaintext is not None:
                return plaintext
        found = self._sessions.read(connection, inner.device, inner.olm_identity)
        for session in found:
            if session != at_hand:
                plaintext = self._read(connection, session, wanted, inner)
                if plaintext is not None:
                    return plaintext
        if wanted is None or any(session.ratchet.id == wanted for session in found):
            return None
        account = self._keys.account(connection, now_ms)
        accepted = accept(account, inner.olm_identity, inner.olm_message)
        if accepted is None:
            return None
        ratchet, plaintext = accepted
        session = self._sessions.begun(connection, inner.device, inner.olm_identity, ratchet)
        self._sessions.move(connection, session, ratchet, decrypted=True)
        return plaintext

    def _read(
        self, connection: Connection, session: Session, wanted: str | None, inner: Inner
    ) -> bytes | None:
        """Return what a session deciphers, kept as it is then; None if it does not fit.

        wanted: the only session that may, by its id.
        """
        if wanted is not None and session.ratchet.id != wanted:
            return None
        done = decrypt(session.ratchet, inner.olm_type, inner.olm_message)
        if done is None or not self._sessions.move(connection, session, done[0], decrypted=True):
            return None
        return done[1]

    def forget_sessions(self, connection: Connection, device: DeviceKey) -> None:
        """Drop what the other side cannot follow: the next letter begins a session anew."""
        self._sessions.forget(connection, device)
