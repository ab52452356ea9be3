"""Key derivation: one root secret, a different household key in every community (spec 01 §keys).

All derivations are BLAKE2b-256 keyed with the root secret and personalised by their purpose,
so that no key reveals another and no key serves two purposes.
"""

from __future__ import annotations

import hashlib

from protocol.ids import CommunityId
from protocol.signing import KeyPair, Seed

ROOT_BYTES = 32
NETWORK_KEY_BYTES = 32


def founder_key(root: bytes, salt: bytes) -> KeyPair:
    """Return the household key of a founder; salt is the one that the charter holds."""
    return KeyPair(Seed(_derive(root, b"p2pm-founder", salt)))


def member_key(root: bytes, community: CommunityId) -> KeyPair:
    """Return the household key of one who joined."""
    return KeyPair(Seed(_derive(root, b"p2pm-member", community)))


def backup_key(root: bytes) -> bytes:
    """Return the 32-byte key that seals a household's backups."""
    return _derive(root, b"p2pm-backup", b"")


def device_seeds(secret: bytes) -> tuple[Seed, Seed]:
    """Return the seeds of a further device's signing key and of its network host."""
    return (
        Seed(_derive(secret, b"p2pm-dev-sign", b"")),
        Seed(_derive(secret, b"p2pm-dev-host", b"")),
    )


def topic_of(network_key: bytes) -> str:
    """Return the gossip topic of a community: known to holders of the network key only."""
    return "/p2pmarket/1/" + _derive(network_key, b"p2pm-topic", b"").hex()[:32]


def _derive(key: bytes, purpose: bytes, message: bytes) -> bytes:
    return hashlib.blake2b(message, digest_size=32, key=key, person=purpose).digest()
