"""This device's mail keys: made once, rotated, and put on its card (spec 08 §keys).

Every function runs inside a transaction of the caller.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from node.store.database import Connection
from protocol.ids import CommunityId, DeviceKey
from protocol.mail import limits, seal
from protocol.mail.card import Card, bind
from protocol.signing import KeyPair


@dataclass(frozen=True, slots=True)
class Vouched:
    """An Olm identity with the device's signature for it."""

    identity: bytes
    binding: bytes


class MailKeys:
    """Reads and rotates the keys of one device of one community."""

    def __init__(self, community: CommunityId, device: KeyPair) -> None:
        self.device = DeviceKey(device.public)
        self._community = community
        self._signer = device
        self._vouched: Vouched | None = None

    def account(self, connection: Connection, now_ms: int) -> seal.Account:
        """Return the Olm account; draws it at the first use."""
        row = connection.execute("SELECT pickle, identity, fallback FROM mail_account").fetchone()
        if row is not None:
            return seal.Account(*row)
        account = seal.new_account()
        self._keep(connection, account, now_ms)
        self._vouched = None  # if this transaction fails, another one is drawn
        return account

    def vouched(self, connection: Connection, now_ms: int) -> Vouched:
        """Return the own Olm identity with its binding: read and signed once."""
        if self._vouched is None:
            identity = self.account(connection, now_ms).identity
            binding = bind(self._community, self._signer, identity)
            self._vouched = Vouched(identity, binding)
        return self._vouched

    def hpke_seeds(self, connection: Connection) -> list[bytes]:
        """Return the secrets of the HPKE keys that still open parcels, the latest first."""
        rows = connection.execute("SELECT seed FROM mail_hpke ORDER BY n DESC").fetchall()
        return [seed for (seed,) in rows]

    def card(self, connection: Connection, now_ms: int) -> Card:
        """Return the card that should stand; makes what keys are missing."""
        account = self.account(connection, now_ms)
        row = connection.execute("SELECT public FROM mail_hpke ORDER BY n DESC LIMIT 1").fetchone()
        public = row[0] if row is not None else self._new_hpke(connection, now_ms)
        binding = self.vouched(connection, now_ms).binding
        return Card(account.identity, account.fallback, public, binding)

    def rotate(self, connection: Connection, now_ms: int) -> None:
        """Replace keys that are old enough, and forget those that nothing alive needs.

        What was dated by a clock that was ahead counts from now.
        """
        for table, column in (
            ("mail_account", "rotated_at_ms"),
            ("mail_hpke", "created_at_ms"),
            ("mail_hpke", "replaced_at_ms"),
        ):
            connection.execute(f"UPDATE {table} SET {column} = ?1 WHERE {column} > ?1", (now_ms,))
        row = connection.execute(
            "SELECT pickle, identity, fallback, rotated_at_ms FROM mail_account"
        ).fetchone()
        if row is not None and now_ms >= row[3] + limits.FALLBACK_ROTATION_MS:
            self._keep(connection, seal.with_new_fallback(seal.Account(*row[:3])), now_ms)
        latest = connection.execute(
            "SELECT n, created_at_ms FROM mail_hpke ORDER BY n DESC LIMIT 1"
        ).fetchone()
        if latest is not None and now_ms >= latest[1] + limits.HPKE_ROTATION_MS:
            connection.execute(
                "UPDATE mail_hpke SET replaced_at_ms = ? WHERE n = ?", (now_ms, latest[0])
            )
            self._new_hpke(connection, now_ms)
        connection.execute(
            "DELETE FROM mail_hpke WHERE replaced_at_ms <= ?", (now_ms - limits.HPKE_KEPT_MS,)
        )

    def _keep(self, connection: Connection, account: seal.Account, now_ms: int) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO mail_account VALUES (1, ?, ?, ?, ?)",
            (account.pickle, account.identity, account.fallback, now_ms),
        )

    def _new_hpke(self, connection: Connection, now_ms: int) -> bytes:
        seed = os.urandom(seal.HPKE_SEED_BYTES)
        public = seal.hpke_public(seed)
        connection.execute(
            "INSERT INTO mail_hpke (seed, public, created_at_ms) VALUES (?, ?, ?)",
            (seed, public, now_ms),
        )
        return public


def forget_mail_keys(connection: Connection) -> None:
    """Make a restored copy a new device: no ratchet goes on where another one may be.

    Letters stay, and are sealed anew with the new device's keys.
    """
    for table in ("mail_account", "mail_hpke", "mail_session", "parcel_holder", "parcel_held"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("UPDATE parcel_out SET id = NULL, tag = NULL, card = NULL, parcel = NULL")
