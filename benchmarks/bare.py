"""The raw limits: what the parts cost without the market around them.

The bare pipeline, for records whose signature input, columns and view row were made ready
beforehand, in one thread and with the same database library, schema and settings:

1. ``crypto_sign_open`` of PyNaCl over each message;
2. one transaction a batch, durable (WAL, synchronous FULL): one ``INSERT`` of each record's
   bytes with its columns, and ``insert_listings``: the row of the view, the German analysis,
   the full-text index and the vocabulary.

It leaves out what makes bytes from a stranger safe to keep: decoding, canonical form, the hash,
membership, slots, time, which of two records stands, reading and checking the body, what may
show, the sets for reconciliation, queues and the way to the database's thread.

``plain`` replaces the German index by an FTS5 table as it comes (unicode61 over title and
description): what any project would have first.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nacl.bindings
import sqlcipher3.dbapi2 as sqlite

from node.store.database import CACHE_KIB, schema_steps
from node.store.listing_index import KnownWords, ListingRow, insert_listings
from protocol.envelope import Envelope
from protocol.listing import read_listing
from protocol.signing import SIGNATURE_BYTES, Purpose

_SIGNATURE_AND_HEADER = 2 + SIGNATURE_BYTES


@dataclass(frozen=True, slots=True)
class Ready:
    """A record made ready. signed: signature and message; columns: of the record table."""

    signed: bytes
    device: bytes
    columns: tuple[object, ...]
    row: ListingRow


def make_ready(records: Sequence[Envelope], first_seq: int = 1) -> list[Ready]:
    """Do beforehand all that the bare pipeline does not measure."""
    return [_make_ready(seq, record) for seq, record in enumerate(records, first_seq)]


def _make_ready(seq: int, record: Envelope) -> Ready:
    listing = read_listing(record.body)
    place = listing.place
    message = record.raw[1:-_SIGNATURE_AND_HEADER]
    tag = Purpose.RECORD.value
    return Ready(
        record.raw[-SIGNATURE_BYTES:]
        + b"%c%b%b%b" % (len(tag), tag, len(message).to_bytes(4, "big"), message),
        record.device,
        (
            *(seq, record.id, 1, record.kind, seq),
            *(record.created_at_ms, record.expires_at_ms, record.raw),
        ),
        ListingRow(
            seq=seq,
            household=1,
            slot=seq,
            key=record.key,
            kind=int(listing.kind),
            category=listing.category,
            language=listing.language,
            title=listing.title,
            description=listing.description,
            tags=listing.tags,
            swap_for=listing.swap_for or "",
            price_minor=None if listing.price is None else listing.price.minor,
            currency=None if listing.price is None else listing.price.currency,
            lat_e4=None if place is None else place.lat_e4,
            lon_e4=None if place is None else place.lon_e4,
            created_at_ms=record.created_at_ms,
            visible_until_ms=listing.visible_until_ms,
            state=0,
        ),
    )


def connect(path: Path) -> Any:
    """A connection like those of node.store.database, with the schema and a plain index."""
    is_new = not path.exists()
    connection = sqlite.connect(str(path), isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{'ab' * 32}'\"")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA temp_store = MEMORY")
    if is_new:
        for _, sql in schema_steps():
            connection.executescript(sql)
        connection.execute("INSERT INTO household VALUES (1, x'00')")
        connection.execute(
            "CREATE VIRTUAL TABLE plain USING fts5 (title, description, content = '',"
            " tokenize = 'unicode61 remove_diacritics 2')"
        )
    return connection


class BarePipeline:
    """Verify, insert, index; nothing else."""

    def __init__(self, path: Path, plain: bool = False) -> None:
        self._connection = connect(path)
        self._known = KnownWords()
        self._plain = plain

    def take(self, records: Sequence[Ready], batch: int) -> float:
        """Take records in, so many a transaction; return the seconds."""
        began = time.perf_counter()
        for at in range(0, len(records), batch):
            self._take_batch(records[at : at + batch])
        return time.perf_counter() - began

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _take_batch(self, records: Sequence[Ready]) -> None:
        for record in records:
            nacl.bindings.crypto_sign_open(record.signed, record.device)
        cursor = self._connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        cursor.executemany(
            "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [r.columns for r in records]
        )
        if self._plain:
            cursor.executemany(
                "INSERT INTO plain (rowid, title, description) VALUES (?, ?, ?)",
                [(r.row.seq, r.row.title, r.row.description) for r in records],
            )
        else:
            insert_listings(cursor, [r.row for r in records], self._known)
        cursor.execute("COMMIT")


def tcp_copy_seconds(total_bytes: int) -> float:
    """Send so many bytes through a TCP connection on loopback and wait for the last one."""
    chunk = bytes(64 << 10)
    with _loopback() as (near, far):

        def drain() -> None:
            left = total_bytes
            while left > 0:
                left -= len(far.recv(256 << 10))
            far.sendall(b"!")

        reader = threading.Thread(target=drain)
        reader.start()
        began = time.perf_counter()
        left = total_bytes
        while left > 0:
            near.sendall(chunk[: min(left, len(chunk))])
            left -= len(chunk)
        near.recv(1)
        seconds = time.perf_counter() - began
        reader.join()
    return seconds


def tcp_round_trips(message_bytes: int, count: int) -> list[float]:
    """Send a message and wait for as many bytes in answer, so many times; return the seconds."""
    message = bytes(message_bytes)
    with _loopback() as (near, far):

        def echo() -> None:
            for _ in range(count):
                _receive(far, message_bytes)
                far.sendall(message)

        answering = threading.Thread(target=echo)
        answering.start()
        seconds = []
        for _ in range(count):
            began = time.perf_counter()
            near.sendall(message)
            _receive(near, message_bytes)
            seconds.append(time.perf_counter() - began)
        answering.join()
    return seconds


@contextmanager
def _loopback() -> Iterator[tuple[socket.socket, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname())
        far, _ = server.accept()
        with near, far:
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield near, far


def _receive(end: socket.socket, count: int) -> None:
    while count:
        count -= len(end.recv(count))
