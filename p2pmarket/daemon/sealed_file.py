"""A small file of the home that nobody else can read, replaced as a whole."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from protocol.errors import LocalError


class SealedFile:
    """Sealed with a key of its own, which follows from that of the home's databases."""

    def __init__(self, path: Path, database_key: bytes, person: bytes) -> None:
        """person: at most 16 bytes that keep the keys of two such files apart."""
        self.path = path
        key = hashlib.blake2b(database_key, digest_size=32, person=person).digest()
        self._box = SecretBox(key)

    def read(self) -> bytes | None:
        """Return what was written last; None before that. Raises ValueError if it is damaged."""
        try:
            return self._box.decrypt(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except CryptoError as error:
            raise ValueError(f"cannot be opened: {self.path}") from error

    def write(self, content: bytes) -> None:
        """Replace everything. Raises LocalError ``disk-full`` or ``home-not-writable``."""
        replacement = self.path.with_suffix(".new")
        try:
            descriptor = os.open(replacement, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(self._box.encrypt(content))
                file.flush()
                os.fsync(file.fileno())
            replacement.replace(self.path)
        except OSError as error:
            code = "disk-full" if error.errno == 28 else "home-not-writable"
            raise LocalError(code, path=str(self.path.parent)) from error
