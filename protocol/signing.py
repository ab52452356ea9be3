"""Ed25519 through libsodium, and nothing else (spec 01 §signatures).

Two verifiers differ on small-order keys and non-canonical signatures, and nodes that differ
never agree on a set of records: so every signature is made and checked here. One domain tag
a purpose, so that a signature for one cannot serve another.
"""

from __future__ import annotations

from enum import Enum
from typing import NewType

import nacl.bindings
from nacl.exceptions import BadSignatureError, CryptoError

Seed = NewType("Seed", bytes)
"""32 secret bytes from which an Ed25519 key pair follows (RFC 8032)."""

SIGNATURE_BYTES = 64


class Purpose(Enum):
    """What a signature is for; the value stands in front of what is signed."""

    RECORD = b"p2pmarket/record/1"
    INVITE = b"p2pmarket/invite/1"
    MAIL = b"p2pmarket/mail/1"
    TRADE = b"p2pmarket/trade/1"
    RECEIPT = b"p2pmarket/receipt/1"
    RULING = b"p2pmarket/ruling/1"


class KeyPair:
    """An Ed25519 key pair, kept expanded so that signing needs no derivation."""

    __slots__ = ("_secret", "public", "seed")

    def __init__(self, seed: Seed) -> None:
        self.seed = seed
        self.public: bytes
        self.public, self._secret = nacl.bindings.crypto_sign_seed_keypair(seed)

    def sign(self, purpose: Purpose, message: bytes) -> bytes:
        """Return the 64-byte signature of ``message`` for ``purpose``."""
        signed: bytes = nacl.bindings.crypto_sign(_tagged(purpose, message), self._secret)
        return signed[:SIGNATURE_BYTES]


def verify(public: bytes, purpose: Purpose, message: bytes, signature: bytes) -> bool:
    """Tell whether ``signature`` is that of ``message``. Small-order keys never verify."""
    try:
        nacl.bindings.crypto_sign_open(signature + _tagged(purpose, message), public)
    except (BadSignatureError, CryptoError, ValueError, TypeError):
        return False
    return True


def _tagged(purpose: Purpose, message: bytes) -> bytes:
    tag = purpose.value
    return b"%c%b%b%b" % (len(tag), tag, len(message).to_bytes(4, "big"), message)
