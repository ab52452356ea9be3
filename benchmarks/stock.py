"""Signed listings in any number, and how they get into a household's file without a network."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import trio_asyncio

from benchmarks.households import LISTING_SLOTS, Household, charter
from benchmarks.synthetic import listings
from node.clock import SystemClock
from node.store.database import open_database
from node.store.records import RecordStore
from node.store.views import ViewRules
from p2pmarket.listing_fields import Context, read_listing_fields
from protocol import limits
from protocol.envelope import Draft, Envelope, seal
from protocol.ids import THING_KEY_BYTES, ThingKey
from protocol.kinds import Kind
from protocol.signing import KeyPair

_SPREAD_MS = 30 * limits.DAY_MS
"""A stock was published over a month, at even intervals."""
_PREFIX_BYTES = 4


def stock(authors: Sequence[Household], count: int) -> Iterator[Envelope]:
    """Listings by the authors in turn, oldest first, the newest an hour ago."""
    end_ms = SystemClock().now_ms() - 60 * limits.MINUTE_MS
    return signed(authors, count, lambda n: end_ms - (count - n) * _SPREAD_MS // count)


def signed(
    authors: Sequence[Household],
    count: int,
    created_at_ms: Callable[[int], int],
    first_slot: int = 0,
    seed: int = 1,
) -> Iterator[Envelope]:
    """Listings by the authors in turn. first_slot: of each author; created_at_ms: of the nth."""
    context = Context(charter(), SystemClock().now_ms())
    keys = [KeyPair(author.enrolment.signing_seed) for author in authors]
    for number, fields in enumerate(listings(count, seed)):
        author = authors[number % len(authors)]
        created = created_at_ms(number)
        yield seal(
            Draft(
                author.community,
                Kind.LISTING,
                author.id,
                first_slot + number // len(authors),
                ThingKey(os.urandom(THING_KEY_BYTES)),
                created,
                0,
                created,
                created + limits.CONTENT_LIFETIME_MS,
                False,
                read_listing_fields(_without_household(fields), context).pack(),
            ),
            keys[number % len(authors)],
        )


def store(household: Household, records: Iterable[Envelope]) -> None:
    """Put records into a household's file, unverified, in large batches."""
    trio_asyncio.run(_store, household, records)


async def _store(household: Household, records: Iterable[Envelope]) -> None:
    async with open_database(household.database, household.identity.database_key) as database:
        kept = RecordStore(database, lambda: ViewRules(LISTING_SLOTS))
        await kept.load()
        remaining = iter(records)
        while batch := list(islice(remaining, 2_000)):
            await kept.apply(batch)


def write_records(file: Path, raws: Iterable[bytes]) -> None:
    """Write records one after the other, each with its length before it."""
    file.write_bytes(b"".join(len(raw).to_bytes(_PREFIX_BYTES, "big") + raw for raw in raws))


def read_records(file: Path) -> list[bytes]:
    """Read what write_records wrote."""
    content, at, raws = file.read_bytes(), 0, []
    while at < len(content):
        end = at + _PREFIX_BYTES + int.from_bytes(content[at : at + _PREFIX_BYTES], "big")
        raws.append(content[at + _PREFIX_BYTES : end])
        at = end
    return raws


def _without_household(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name != "household"}
