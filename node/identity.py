"""A household's identity on this computer: the root secret and the key of its databases.

The 24 words (BIP-39, 256 bits) are the root secret itself. A computer that was added to a
household as a further device does not have it. The key file is readable by its owner only; it
lies beside what it opens, so it does not protect a stolen disk.
"""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from protocol.errors import LocalError
from protocol.keys import ROOT_BYTES

KEY_FILE = "household.key"
_FORMAT = 1
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Identity:
    """root: the 32-byte secret behind the 24 words; None on a further device of a household.

    database_key: 32 random bytes, of this device.
    """

    root: bytes | None
    database_key: bytes

    @property
    def household_root(self) -> bytes:
        """The root secret. Raises LocalError ``needs-first-device`` where it is not kept."""
        if self.root is None:
            raise LocalError("needs-first-device")
        return self.root

    @staticmethod
    def create(home: Path) -> tuple[Identity, list[str]]:
        """Make a new identity in an empty home and return its 24 words.

        Raises LocalError ``home-exists`` or ``home-not-writable``.
        """
        root = os.urandom(ROOT_BYTES)
        identity = Identity(root, os.urandom(_KEY_BYTES))
        identity.write(home)
        return identity, words_of(root)

    @staticmethod
    def from_words(home: Path, words: list[str]) -> Identity:
        """Restore an identity in an empty home. Raises as create, and ``words-invalid``."""
        identity = Identity(root_of(words), os.urandom(_KEY_BYTES))
        identity.write(home)
        return identity

    @staticmethod
    def of_further_device(home: Path) -> Identity:
        """Make the key file of a computer that joins a household. Raises as create."""
        identity = Identity(None, os.urandom(_KEY_BYTES))
        identity.write(home)
        return identity

    @staticmethod
    def load(home: Path) -> Identity:
        """Read the key file.

        Raises LocalError ``no-identity``, ``key-file-open-to-others`` or
        ``key-file-damaged``.
        """
        path = home / KEY_FILE
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            content = path.read_bytes()
        except FileNotFoundError:
            raise LocalError("no-identity", path=str(home)) from None
        except OSError:
            raise LocalError("key-file-unreadable", path=str(path)) from None
        if mode & 0o077:
            raise LocalError("key-file-open-to-others", path=str(path), mode=f"{mode:04o}")
        try:
            found = json.loads(content)
            root = None if found["root"] is None else bytes.fromhex(found["root"])
            key = bytes.fromhex(found["database_key"])
        except (ValueError, KeyError, TypeError):
            raise LocalError("key-file-damaged", path=str(path)) from None
        is_root = root is None or len(root) == ROOT_BYTES
        if found.get("format") != _FORMAT or not is_root or len(key) != _KEY_BYTES:
            raise LocalError("key-file-damaged", path=str(path))
        return Identity(root, key)

    def write(self, home: Path) -> None:
        """Write the key file of a new home. Raises ``home-exists`` or ``home-not-writable``."""
        path = home / KEY_FILE
        content = {
            "format": _FORMAT,
            "root": None if self.root is None else self.root.hex(),
            "database_key": self.database_key.hex(),
        }
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise LocalError("home-exists", path=str(home)) from None
        except OSError as error:
            raise LocalError("home-not-writable", path=str(home)) from error
        try:
            with os.fdopen(descriptor, "w") as file:
                json.dump(content, file)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            with suppress(OSError):
                path.unlink()
            raise LocalError("disk-full", path=str(home)) from error


def words_of(root: bytes) -> list[str]:
    """Return the 24 words of a root secret."""
    from mnemonic import Mnemonic

    words: str = Mnemonic("english").to_mnemonic(root)
    return words.split()


def root_of(words: list[str]) -> bytes:
    """Return the root secret of 24 words. Raises LocalError ``words-invalid``."""
    from mnemonic import Mnemonic

    typed = " ".join(word.strip().lower() for word in words if word.strip())
    if len(typed.split()) != 24:
        raise LocalError("words-invalid", count=len(typed.split()))
    try:
        return bytes(Mnemonic("english").to_entropy(typed))
    except (ValueError, LookupError):
        raise LocalError("words-invalid", count=24) from None
