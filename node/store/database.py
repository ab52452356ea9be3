"""One encrypted SQLite file: opened, migrated, and used one whole transaction at a time.

aiosqlite runs each statement as a hop between threads (0.2-0.4 ms), and a connection shared
by tasks mixes their statements into one transaction. So here a transaction is one
synchronous function that runs on the connection's own thread, rolled back on any exception,
its caller shielded from cancellation until it has returned.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
import sqlcipher3.dbapi2 as sqlite
import trio
from trio_asyncio import aio_as_trio

from protocol.errors import LocalError

T = TypeVar("T")
Connection = Any
"""A sqlcipher3 DB-API connection (the package ships no type information)."""

CACHE_KIB = 8_192
READERS = 2
_BUSY_TIMEOUT_MS = 10_000
_MIN_FREE_BYTES = 16 << 20


class _WorkerConnection(aiosqlite.Connection):
    """An aiosqlite connection that also runs a whole function on its thread."""

    async def call(self, function: Callable[[Connection], T]) -> T:
        result: T = await self._execute(function, self._conn)  # type: ignore[no-untyped-call]
        return result


class Database:
    """One writer and a few readers of one file. Obtained from :func:`open_database`."""

    def __init__(self, path: Path, writer: _WorkerConnection) -> None:
        self.path = path
        self._writer = writer
        self._idle_readers: list[_WorkerConnection] = []
        self._reader_slots = trio.Semaphore(READERS)

    async def write(self, function: Callable[[Connection], T]) -> T:
        """Run ``function`` as one transaction on the writer's thread and return its result.

        An exception rolls back and propagates. Durable when it returns (WAL, synchronous
        FULL). Raises LocalError ``disk-full`` where the file system has no room.
        """

        def transaction(connection: Connection) -> T:
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = function(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return result

        return await self._shielded(self._writer, transaction)

    async def read(self, function: Callable[[Connection], T]) -> T:
        """Run ``function`` on a reader's thread, within one consistent snapshot."""

        def transaction(connection: Connection) -> T:
            connection.execute("BEGIN")
            try:
                return function(connection)
            finally:
                connection.execute("ROLLBACK")

        async with self._reader_slots:
            reader = self._idle_readers.pop()
            try:
                return await self._shielded(reader, transaction)
            finally:
                self._idle_readers.append(reader)

    async def copy_to(self, target: Path) -> None:
        """Write a consistent, compact copy of the whole database, with the same key."""

        def vacuum(connection: Connection) -> None:
            connection.execute("VACUUM INTO ?", (str(target),))

        await self._shielded(self._writer, vacuum)

    async def _shielded(
        self, connection: _WorkerConnection, function: Callable[[Connection], T]
    ) -> T:
        with trio.CancelScope(shield=True):
            try:
                result: T = await aio_as_trio(connection.call)(function)
                return result
            except sqlite.OperationalError as error:
                raise _worded(error, self.path) from error


@asynccontextmanager
async def open_database(path: Path, key: bytes) -> AsyncIterator[Database]:
    """Open (or create) the file, bring it to the newest schema, and close it afterwards.

    key: 32 random bytes, used raw. Must run inside a trio-asyncio loop.
    Raises LocalError: ``wrong-key`` (or the file is damaged), ``newer-schema``, ``disk-full``,
    ``home-not-writable``.
    """
    if not path.parent.is_dir():
        raise LocalError("home-not-writable", path=str(path.parent))
    async with AsyncExitStack() as stack:
        try:
            writer = await _open_connection(stack, path, key)
            await aio_as_trio(writer.call)(lambda connection: _migrate(connection, path))
            database = Database(path, writer)
            for _ in range(READERS):
                database._idle_readers.append(await _open_connection(stack, path, key))
        except sqlite.OperationalError as error:
            raise _worded(error, path) from error
        except sqlite.DatabaseError as error:
            raise LocalError("wrong-key", path=str(path)) from error
        yield database


async def _open_connection(stack: AsyncExitStack, path: Path, key: bytes) -> _WorkerConnection:
    def connect() -> Connection:
        connection = sqlite.connect(str(path), isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA cipher_log_level = NONE")  # errors are raised anyway
            connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA temp_store = MEMORY")
        except BaseException:
            connection.close()
            raise
        return connection

    worker = _WorkerConnection(connect, iter_chunk_size=64)
    worker._thread.daemon = True  # a bug elsewhere must not keep the process from ending

    async def start() -> None:
        await worker

    async def close() -> None:
        with trio.CancelScope(shield=True):
            with suppress(ValueError, sqlite.Error):
                await aio_as_trio(worker.close)()
            # The thread's last word goes to the event loop, which must still be there.
            await trio.to_thread.run_sync(worker._thread.join)

    stack.push_async_callback(close)
    await aio_as_trio(start)()
    return worker


def schema_steps() -> list[tuple[int, str]]:
    """Return the numbered migrations in order: (version, SQL)."""
    folder = resources.files("node.store") / "migrations"
    files = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(int(name[:4]), (folder / name).read_text("utf-8")) for name in files]


def _migrate(connection: Connection, path: Path) -> None:
    """Apply the missing steps, each in one transaction, after copying a file that has data."""
    steps = schema_steps()
    (current,) = connection.execute("PRAGMA user_version").fetchone()
    newest = steps[-1][0]
    if current > newest:
        raise LocalError("newer-schema", path=str(path), found=current, known=newest)
    missing = [step for step in steps if step[0] > current]
    if missing and current > 0:
        if shutil.disk_usage(path.parent).free < path.stat().st_size + _MIN_FREE_BYTES:
            raise LocalError("disk-full", path=str(path.parent))
        kept = path.with_suffix(f".before-{missing[0][0]:04d}.db")
        kept.unlink(missing_ok=True)
        connection.execute("VACUUM INTO ?", (str(kept),))
    for version, sql in missing:
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in _statements(sql):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def _statements(sql: str) -> list[str]:
    """Split a migration into statements: executescript would commit between them."""
    statements: list[str] = []
    pending = ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return statements


def _worded(error: Exception, path: Path) -> Exception:
    """Turn what SQLite says of the disk into an error with a next step; others stay bugs."""
    text = str(error)
    if "full" in text:
        return LocalError("disk-full", path=str(path.parent))
    if "readonly" in text or "unable to open" in text:
        return LocalError("home-not-writable", path=str(path.parent))
    return error
