"""One file, one writer: transactions are whole, and nothing that was acknowledged is lost."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from node.store.database import Database, open_database, schema_steps
from protocol.errors import LocalError

Connection = Any


def put(connection: Connection, name: str, value: bytes = b"") -> None:
    connection.execute("INSERT INTO setting VALUES (?, ?)", (name, value))


async def names(database: Database) -> list[str]:
    rows = await database.read(
        lambda connection: connection.execute("SELECT name FROM setting ORDER BY name").fetchall()
    )
    return [name for (name,) in rows]


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    def fails(connection: Connection) -> None:
        put(connection, "lost")
        raise ValueError("no")

    await database.write(lambda connection: put(connection, "kept"))
    with pytest.raises(ValueError, match="no"):
        await database.write(fails)
    assert await names(database) == ["kept"]


async def test_tasks_that_write_at_once_do_not_mix_their_transactions(database: Database) -> None:
    async def write(number: int) -> None:
        def both(connection: Connection) -> None:
            put(connection, f"{number:02}-a")
            if number % 3 == 0:
                raise ValueError(number)
            put(connection, f"{number:02}-b")

        try:
            await database.write(both)
        except ValueError:
            assert number % 3 == 0

    async with trio.open_nursery() as nursery:
        for number in range(12):
            nursery.start_soon(write, number)
    kept = [number for number in range(12) if number % 3]
    assert await names(database) == [f"{n:02}-{part}" for n in kept for part in "ab"]


async def test_a_cancelled_writer_still_ends_its_transaction(database: Database) -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        await database.write(lambda connection: put(connection, "whole"))
    # Had it been left open, this one would have failed, or carried it along.
    with pytest.raises(ValueError, match="no"):
        await database.write(lambda connection: int("no"))
    assert await names(database) == ["whole"]


async def test_a_reader_sees_one_moment(database: Database) -> None:
    reading, written = trio.Event(), threading.Event()
    token = trio.lowlevel.current_trio_token()

    async def write() -> None:
        await reading.wait()
        await database.write(lambda connection: put(connection, "later"))
        written.set()

    def count_twice(connection: Connection) -> tuple[int, int]:
        query = "SELECT count(*) FROM setting"
        (before,) = connection.execute(query).fetchone()
        token.run_sync_soon(reading.set)
        assert written.wait(60)
        (after,) = connection.execute(query).fetchone()
        return before, after

    async with trio.open_nursery() as nursery:
        nursery.start_soon(write)
        assert await database.read(count_twice) == (0, 0)
    assert await names(database) == ["later"]


async def test_what_was_acknowledged_is_there_after_the_file_is_opened_again(
    aio_loop: object, tmp_path: Path, key: bytes
) -> None:
    path = tmp_path / "market.db"
    async with open_database(path, key) as database:
        await database.write(lambda connection: put(connection, "kept", b"\0\1"))
    async with open_database(path, key) as database:
        assert await names(database) == ["kept"]


async def test_the_file_is_encrypted(aio_loop: object, tmp_path: Path, key: bytes) -> None:
    async with open_database(tmp_path / "market.db", key) as database:
        await database.write(lambda connection: put(connection, "plainly-readable"))
        written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"plainly-readable" not in written
    assert b"SQLite format" not in written


async def test_another_key_is_refused_and_changes_nothing(
    aio_loop: object, tmp_path: Path, key: bytes
) -> None:
    path = tmp_path / "market.db"
    async with open_database(path, key) as database:
        await database.write(lambda connection: put(connection, "kept"))
    before = path.read_bytes()
    with pytest.raises(LocalError) as refused:
        async with open_database(path, bytes(32)):
            pass
    assert refused.value.code == "wrong-key"
    assert path.read_bytes() == before


async def test_a_damaged_file_is_refused(aio_loop: object, tmp_path: Path, key: bytes) -> None:
    (tmp_path / "market.db").write_bytes(b"not a database at all" * 1000)
    with pytest.raises(LocalError) as refused:
        async with open_database(tmp_path / "market.db", key):
            pass
    assert refused.value.code == "wrong-key"


async def test_a_newer_schema_is_refused_and_left_alone(
    aio_loop: object, tmp_path: Path, key: bytes
) -> None:
    path = tmp_path / "market.db"
    newest = schema_steps()[-1][0]
    async with open_database(path, key) as database:
        await database.write(
            lambda connection: connection.execute(f"PRAGMA user_version = {newest + 1}")
        )
    before = path.read_bytes()
    with pytest.raises(LocalError) as refused:
        async with open_database(path, key):
            pass
    assert refused.value.code == "newer-schema"
    assert refused.value.fields["found"] == newest + 1
    assert refused.value.fields["known"] == newest
    assert path.read_bytes() == before


async def test_a_migration_keeps_a_copy_of_what_was(
    aio_loop: object, tmp_path: Path, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "market.db"
    async with open_database(path, key) as database:
        await database.write(lambda connection: put(connection, "kept"))
    steps = schema_steps()
    later = (steps[-1][0] + 1, "CREATE TABLE later (n INTEGER);\nINSERT INTO later VALUES (7);\n")
    monkeypatch.setattr("node.store.database.schema_steps", lambda: [*steps, later])
    async with open_database(path, key) as database:
        assert await names(database) == ["kept"]
        assert await database.read(
            lambda connection: connection.execute("SELECT n FROM later").fetchall()
        ) == [(7,)]
    monkeypatch.undo()
    copy = path.with_suffix(f".before-{later[0]:04d}.db")
    async with open_database(copy, key) as database:
        assert await names(database) == ["kept"]


async def test_a_migration_that_fails_leaves_the_file_as_it_was(
    aio_loop: object, tmp_path: Path, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "market.db"
    async with open_database(path, key) as database:
        await database.write(lambda connection: put(connection, "kept"))
    steps = schema_steps()
    broken = (steps[-1][0] + 1, "CREATE TABLE half (n INTEGER);\nDROP TABLE setting;\nNONSENSE;\n")
    monkeypatch.setattr("node.store.database.schema_steps", lambda: [*steps, broken])
    with pytest.raises(Exception, match="syntax error"):
        async with open_database(path, key):
            pass
    monkeypatch.undo()
    async with open_database(path, key) as database:
        assert await names(database) == ["kept"]


async def test_a_full_disk_is_told_and_loses_nothing(database: Database) -> None:
    (pages,) = await database.write(
        lambda connection: connection.execute("PRAGMA page_count").fetchone()
    )
    await database.write(
        lambda connection: connection.execute(f"PRAGMA max_page_count = {pages + 4}")
    )
    await database.write(lambda connection: put(connection, "kept"))
    with pytest.raises(LocalError) as refused:
        await database.write(lambda connection: put(connection, "too much", bytes(100_000)))
    assert refused.value.code == "disk-full"
    assert await names(database) == ["kept"]
    await database.write(lambda connection: connection.execute("PRAGMA max_page_count = 100000"))
    await database.write(lambda connection: put(connection, "room again", bytes(100_000)))
    assert await names(database) == ["kept", "room again"]


@contextmanager
def without_privileges() -> Iterator[Path]:
    """A folder, and no right to ignore its permissions, not even for root."""
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if is_root:
            os.chown(folder, 65_534, -1)
            os.seteuid(65_534)
        try:
            yield folder
        finally:
            folder.chmod(0o700)
            if is_root:
                os.seteuid(0)


async def test_a_home_that_cannot_be_written_is_told(aio_loop: object, key: bytes) -> None:
    with without_privileges() as folder:
        folder.chmod(0o500)
        with pytest.raises(LocalError) as refused:
            async with open_database(folder / "market.db", key):
                pass
    assert refused.value.code == "home-not-writable"


async def test_a_file_that_has_become_read_only_is_told(aio_loop: object, key: bytes) -> None:
    with without_privileges() as folder:
        path = folder / "market.db"
        async with open_database(path, key) as database:
            await database.write(lambda connection: put(connection, "kept"))
        path.chmod(0o400)
        folder.chmod(0o500)
        with pytest.raises(LocalError) as refused:
            async with open_database(path, key) as database:
                await database.write(lambda connection: put(connection, "refused"))
    assert refused.value.code == "home-not-writable"


async def test_a_missing_folder_is_told(aio_loop: object, tmp_path: Path, key: bytes) -> None:
    with pytest.raises(LocalError) as refused:
        async with open_database(tmp_path / "nowhere" / "market.db", key):
            pass
    assert refused.value.code == "home-not-writable"
