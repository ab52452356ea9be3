"""Backups: everything a household keeps, in one file that only its 24 words open.

The file is a stream of sealed chunks (libsodium's secretstream, XChaCha20-Poly1305), so
that a change or a cut anywhere is noticed. A restored household goes on as a new device:
what the old device signed is never continued, so nothing forks.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import nacl.bindings as sodium
from nacl.exceptions import CryptoError

from node.clock import Clock
from node.enrolment import DATABASE_FILE, renew_device
from node.identity import Identity, root_of
from node.store.database import Database, open_database
from protocol import wire
from protocol.errors import LocalError, RemoteError
from protocol.keys import backup_key

_MAGIC = b"P2PMARKET-BACKUP-1\n"
_CHUNK_BYTES = 1 << 20
_TAG_MESSAGE = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_TAG_FINAL = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_OVERHEAD = sodium.crypto_secretstream_xchacha20poly1305_ABYTES
_HEADER_BYTES = sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES
_MAX_ENTRIES = 100


async def write_backup(
    databases: dict[str, Database], home_files: dict[str, bytes], identity: Identity, target: Path
) -> int:
    """Write a backup of the open communities and small files; return its size in bytes.

    databases: folder name → open database. target: must not exist yet.
    Raises LocalError ``backup-exists``, ``backup-not-writable``, ``disk-full``, or
    ``needs-first-device`` where the words are not that could open it.
    """
    root = identity.household_root
    if target.exists():
        raise LocalError("backup-exists", path=str(target))
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            copies: list[tuple[str, Path]] = []
            for name, database in databases.items():
                copy = Path(scratch) / f"{len(copies)}.db"
                await database.copy_to(copy)
                copies.append((name, copy))
            part = Path(scratch) / "part"
            _seal_to(part, root, identity.database_key, copies, home_files)
            part.rename(target)
    except OSError as error:
        code = "disk-full" if error.errno == 28 else "backup-not-writable"
        raise LocalError(code, path=str(target)) from error
    return target.stat().st_size


async def restore_backup(source: Path, words: list[str], home: Path, clock: Clock) -> Identity:
    """Restore a household into an empty home, as a new device of it.

    Raises LocalError ``words-invalid``, ``backup-unreadable``, ``backup-wrong-words``,
    ``backup-damaged``, ``home-exists`` or ``home-not-writable``; nothing is left behind then.
    """
    root = root_of(words)
    if home.exists() and any(home.iterdir()):
        raise LocalError("home-exists", path=str(home))
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as scratch:
        staged = Path(scratch) / "home"
        staged.mkdir(mode=0o700)
        database_key = _open_to(source, root, staged)
        identity = Identity(root, database_key)
        identity.write(staged)
        for folder in sorted((staged / "communities").glob("*")):
            async with open_database(folder / DATABASE_FILE, database_key) as database:
                await renew_device(database, clock)
        with suppress(OSError):
            home.rmdir()
        staged.rename(home)
    return identity


def _seal_to(
    target: Path,
    root: bytes,
    database_key: bytes,
    databases: list[tuple[str, Path]],
    files: dict[str, bytes],
) -> None:
    """Write: magic, stream header, then sealed chunks, each with a 4-byte length."""
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    header = sodium.crypto_secretstream_xchacha20poly1305_init_push(state, backup_key(root))
    index = wire.pack(
        (
            database_key,
            tuple((name, path.stat().st_size) for name, path in databases),
            tuple(files.items()),
        )
    )
    with target.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(_MAGIC + header)

        def push(chunk: bytes, tag: int) -> None:
            sealed = sodium.crypto_secretstream_xchacha20poly1305_push(state, chunk, None, tag)
            file.write(len(sealed).to_bytes(4, "big") + sealed)

        push(index, _TAG_MESSAGE)
        for _, path in databases:
            with path.open("rb") as source:
                while chunk := source.read(_CHUNK_BYTES):
                    push(chunk, _TAG_MESSAGE)
        push(b"", _TAG_FINAL)
        file.flush()
        os.fsync(file.fileno())


def _open_to(source: Path, root: bytes, home: Path) -> bytes:
    """Unpack a backup into an empty folder; return the key of its databases."""
    chunks = _chunks(source, root)
    try:
        database_key, databases, files = _read_index(next(chunks))
        for name, content in files:
            (home / name).write_bytes(content)
        for name, size in databases:
            folder = home / "communities" / name
            folder.mkdir(mode=0o700, parents=True)
            with (folder / DATABASE_FILE).open("wb") as file:
                while size > 0:
                    chunk = next(chunks)
                    file.write(chunk)
                    size -= len(chunk)
            if size < 0:
                raise LocalError("backup-damaged", path=str(source))
        if next(chunks, None) is not None:
            raise LocalError("backup-damaged", path=str(source))
    except StopIteration:
        raise LocalError("backup-damaged", path=str(source)) from None
    except OSError as error:
        raise LocalError("home-not-writable", path=str(home)) from error
    return database_key


def _chunks(source: Path, root: bytes) -> Iterator[bytes]:
    """Yield the opened chunks; ends after the final one, raises if it is missing."""
    damaged = LocalError("backup-damaged", path=str(source))
    try:
        file = source.open("rb")
    except OSError:
        raise LocalError("backup-unreadable", path=str(source)) from None
    with file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise LocalError("backup-unreadable", path=str(source))
        state = sodium.crypto_secretstream_xchacha20poly1305_state()
        header = file.read(_HEADER_BYTES)
        if len(header) != _HEADER_BYTES:
            raise damaged
        sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, header, backup_key(root))
        first = True
        while True:
            length = int.from_bytes(file.read(4), "big")
            if not _OVERHEAD <= length <= _CHUNK_BYTES * 2:
                raise damaged
            sealed = file.read(length)
            try:
                chunk, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(state, sealed, None)
            except (CryptoError, ValueError, RuntimeError):
                # The first chunk fails with other words; a later one only if it was changed.
                if first and len(sealed) == length:
                    raise LocalError("backup-wrong-words", path=str(source)) from None
                raise damaged from None
            first = False
            if tag == _TAG_FINAL:
                return
            yield chunk


def _read_index(
    chunk: bytes,
) -> tuple[bytes, list[tuple[str, int]], list[tuple[str, bytes]]]:
    try:
        value = wire.unpack(chunk, _CHUNK_BYTES)
        fields = wire.Fields(value, 3, "index")
        key = fields.octets("database_key", 32)
        databases: list[tuple[str, int]] = []
        for item in fields.array("databases", _MAX_ENTRIES):
            entry = wire.Fields(item, 2, "database")
            databases.append((_plain(entry.text("name")), entry.integer("size", 0, 1 << 45)))
        files: list[tuple[str, bytes]] = []
        for item in fields.array("files", _MAX_ENTRIES):
            entry = wire.Fields(item, 2, "file")
            name, content = _plain(entry.text("name")), entry.optional("content")
            files.append((name, content if type(content) is bytes else b""))
    except RemoteError:
        raise LocalError("backup-damaged", path="") from None
    return key, databases, files


def _plain(name: str) -> str:
    """Refuse a name that would leave the folder it belongs into."""
    if not name or name != Path(name).name or name.startswith("."):
        raise RemoteError("body-invalid", field="name")
    return name
