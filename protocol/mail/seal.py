"""The two layers of encryption (spec 08 §seal): Olm inside, HPKE with X-Wing outside.

The libraries draw their own randomness, here and nowhere else in protocol/. Ratchet state goes
in and comes out as pickles, so that the caller can keep it in the transaction of what it does.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import vodozemac
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import (
    MLKEM768PrivateKey,
    MLKEM768PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from protocol.errors import RemoteError

HPKE_SEED_BYTES = 32
_MLKEM_SEED_BYTES = 64
_MLKEM_PUBLIC_BYTES = 1_184
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_PICKLE_KEY = bytes(32)
"""Pickles lie in a database that is encrypted as a whole: a second key would lie beside it."""

_MAX_LIVE = 64
"""Sessions kept ready between two letters."""


# -- the outer layer


def hpke_public(seed: bytes) -> bytes:
    """Return the 1,216 public bytes of the X-Wing key that follows from 32 secret ones."""
    mlkem, x25519 = _parts(seed)
    return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def wrap(plaintext: bytes, public: bytes, info: bytes) -> bytes:
    """Seal for an X-Wing public key. Raises RemoteError ``card-unusable`` if it is none."""
    try:
        return _SUITE.encrypt(plaintext, _loaded_public(public), info)
    except ValueError:
        raise RemoteError("card-unusable") from None


def unwrap(sealed: bytes, seed: bytes, info: bytes) -> bytes | None:
    """Open with the key that follows from a seed; None if it is not the one."""
    try:
        return _SUITE.decrypt(sealed, _loaded_private(seed), info)
    except (InvalidTag, ValueError):
        return None


def _parts(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    """The expansion of draft-connolly-cfrg-xwing-kem: SHAKE-256 to 96 bytes."""
    expanded = hashlib.shake_256(seed).digest(_MLKEM_SEED_BYTES + HPKE_SEED_BYTES)
    return (
        MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES]),
        X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:]),
    )


@lru_cache(maxsize=8)
def _loaded_private(seed: bytes) -> MLKEM768X25519PrivateKey:
    return MLKEM768X25519PrivateKey(*_parts(seed))


@lru_cache(maxsize=512)
def _loaded_public(public: bytes) -> MLKEM768X25519PublicKey:
    return MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC_BYTES]),
        X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC_BYTES:]),
    )


# -- the inner layer


@dataclass(frozen=True, slots=True)
class Account:
    """A device's Olm keys. pickle: secret. fallback: the public part of the latest one."""

    pickle: str
    identity: bytes
    fallback: bytes


def new_account() -> Account:
    """Draw a device's Olm identity and its first fallback key."""
    return _with_new_fallback(vodozemac.Account())


def with_new_fallback(account: Account) -> Account:
    """Draw another fallback key. The one before stays usable, earlier ones are forgotten."""
    return _with_new_fallback(_account(account.pickle))


def _with_new_fallback(account: Any) -> Account:
    account.generate_fallback_key()
    (fallback,) = account.fallback_key.values()
    # The binding shows a fallback key only until it is published: its public part is kept here.
    account.mark_keys_as_published()
    return Account(
        account.pickle(_PICKLE_KEY), account.curve25519_key.to_bytes(), fallback.to_bytes()
    )


@dataclass(frozen=True, slots=True)
class Ratchet:
    """One Olm session with another device. id: the same at both ends. pickle: secret."""

    id: str
    pickle: str


def begin(account: Account, olm_identity: bytes, olm_fallback: bytes) -> Ratchet:
    """Begin a session with the keys of a card. Raises RemoteError ``card-unusable``."""
    try:
        session = _account(account.pickle).create_outbound_session(
            vodozemac.Curve25519PublicKey.from_bytes(olm_identity),
            vodozemac.Curve25519PublicKey.from_bytes(olm_fallback),
        )
    except ValueError:
        raise RemoteError("card-unusable") from None
    return _ratchet(session)


def encrypt(ratchet: Ratchet, plaintext: bytes) -> tuple[Ratchet, int, bytes]:
    """Return the session afterwards, the type of the Olm message, and the message."""
    session = _session(ratchet)
    olm_type, message = session.encrypt(plaintext).to_parts()
    return _ratchet(session, ratchet.id), olm_type, bytes(message)


def prekey_session_id(message: bytes) -> str | None:
    """Return the id of the session that a prekey message belongs to; None if it is none."""
    try:
        prekey = vodozemac.AnyOlmMessage.from_parts(0, message).to_pre_key()
    except ValueError:
        return None
    return None if prekey is None else prekey.session_id()


def accept(account: Account, olm_identity: bytes, message: bytes) -> tuple[Ratchet, bytes] | None:
    """Begin the session that a prekey message asks for; return it and the plaintext.

    olm_identity: whose message it must be. None if it cannot be deciphered.
    """
    try:
        prekey = vodozemac.AnyOlmMessage.from_parts(0, message).to_pre_key()
        if prekey is None:
            return None
        session, plaintext = _account(account.pickle).create_inbound_session(
            vodozemac.Curve25519PublicKey.from_bytes(olm_identity), prekey
        )
    except ValueError:
        return None
    return _ratchet(session), bytes(plaintext)


def decrypt(ratchet: Ratchet, olm_type: int, message: bytes) -> tuple[Ratchet, bytes] | None:
    """Return the session afterwards and the plaintext; None if it cannot be deciphered."""
    try:
        parsed = vodozemac.AnyOlmMessage.from_parts(olm_type, message)
        session = _session(ratchet)
        plaintext = session.decrypt(parsed)
    except ValueError:
        return None
    return _ratchet(session, ratchet.id), bytes(plaintext)


def _account(pickle: str) -> Any:
    return vodozemac.Account.from_pickle(pickle, _PICKLE_KEY)


# Sessions by the pickle that holds exactly their state: reading a pickle costs as much as using
# it. Whoever takes one out moves it on, so it is put back under its next pickle only; after a
# transaction that failed the pickle on disk is not found here, and read anew.
_live: OrderedDict[str, Any] = OrderedDict()


def _session(ratchet: Ratchet) -> Any:
    live = _live.pop(ratchet.pickle, None)
    if live is None:
        live = vodozemac.Session.from_pickle(ratchet.pickle, _PICKLE_KEY)
    return live


def _ratchet(session: Any, id: str | None = None) -> Ratchet:
    """id: of a session that had one before; hashing it anew would cost some."""
    pickle = session.pickle(_PICKLE_KEY)
    _live[pickle] = session
    while len(_live) > _MAX_LIVE:
        _live.popitem(last=False)
    return Ratchet(session.session_id if id is None else id, pickle)
