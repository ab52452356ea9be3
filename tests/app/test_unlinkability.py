"""Two communities on one node: nothing that either of them can see tells that it is one household.

Except what people write, and the address of the computer: the manual says so.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import trio_asyncio

from node.identity import Identity
from node.network import mdns_record
from node.store.database import Database, open_database
from node.store.settings import Enrolment, read_enrolment
from p2pmarket.daemon.network import EVERYWHERE, Reach
from protocol.envelope import Envelope, decode
from protocol.kinds import Kind
from protocol.membership.bodies import read_device
from protocol.signing import KeyPair

_NOW_MS = 1_800_000_000_000
_ALIKE_BYTES = 12
"""Shorter pieces of two records are alike by chance, or because both were made the same hour."""


@pytest.fixture(scope="module")
def both(new_household: Callable[[], Any]) -> list[tuple[Enrolment, list[Envelope]]]:
    """What one household keeps of each of its two communities: one founded, one joined."""
    anna, ben = new_household(), new_household()
    anna.init("Anna")
    ben.init("Ben")
    for household in (anna, ben):
        household.up()
    anna.json("community", "create", "--name", "Lindenau", "--rules", "")
    ben.json("community", "create", "--name", "Verein", "--rules", "")
    anna.json("join", "--yes", stdin=ben.json("invite")["invite"])
    anna.until(
        lambda: (
            {c["my_status"] for c in anna.json("status")["communities"]} == {"founder", "confirmed"}
        )
    )
    anna.json("publish", "--title", "Rad", "--kind", "give", "--community", "Lindenau")
    rad = anna.finds("Rad")[0]["id"]
    anna.json("cross-post", rad, "--to", "Verein", "--title", "Ein anderes Wort")
    for name in ("Lindenau", "Verein"):
        anna.json("invite", "--community", name)
    anna.stop()
    key = Identity.load(anna.folder).database_key
    files = sorted((anna.folder / "communities").glob("*/market.db"))
    found = [trio_asyncio.run(_kept, file, key) for file in files]
    assert len(found) == 2
    return found


async def _kept(file: Any, key: bytes) -> tuple[Enrolment, list[Envelope]]:
    async with open_database(file, key) as database:
        enrolment = await read_enrolment(database)
        assert enrolment is not None
        return enrolment, await _own(database, enrolment.household)


async def _own(database: Database, household: bytes) -> list[Envelope]:
    rows = await database.read(
        lambda connection: connection.execute(
            "SELECT raw FROM record JOIN household ON n = household WHERE household.id = ?",
            (household,),
        ).fetchall()
    )
    return [decode(bytes(raw)) for (raw,) in rows]


def test_the_two_share_no_key_and_no_host(both: list[tuple[Enrolment, list[Envelope]]]) -> None:
    (one, _), (other, _) = both
    for name in ("household", "household_seed", "signing_seed", "host_seed", "network_key"):
        assert getattr(one, name) != getattr(other, name), name
    for enrolment, records in both:
        (device,) = [record for record in records if record.kind == Kind.DEVICE]
        body = read_device(device.body)
        assert body.host == KeyPair(enrolment.host_seed).public
        assert body.signing == KeyPair(enrolment.signing_seed).public


def test_the_two_have_different_tags_in_the_local_network_on_every_day(
    both: list[tuple[Enrolment, list[Envelope]]],
) -> None:
    days = range(-1, 30)
    tags = {mdns_record.tag(e.network_key, _NOW_MS, d) for (e, _), d in product(both, days)}
    assert len(tags) == 2 * len(days)
    (one, _), (other, _) = both
    announced = mdns_record.encode(one.network_key, _NOW_MS, ["/ip4/192.168.1.2/tcp/4001"])
    assert mdns_record.decode(other.network_key, _NOW_MS, announced) == []


def test_no_port_follows_from_the_other() -> None:
    reach = Reach(EVERYWHERE, mdns=True)
    # The system draws each; a person who chooses one chooses that they are neighbours.
    assert reach.shifted(1) == reach.with_port(0) == reach


def test_no_own_record_of_one_shares_bytes_with_one_of_the_other(
    both: list[tuple[Enrolment, list[Envelope]]],
) -> None:
    (_, ours), (_, theirs) = both
    kinds = {Kind.DEVICE, Kind.PROFILE, Kind.LISTING, Kind.INVITE}
    for records in (ours, theirs):
        assert kinds <= {record.kind for record in records}
    for record, other in product(ours, theirs):
        # Bodies of one kind are alike as forms are, and in what a person chose to write in both.
        form = record.body if record.kind == other.kind else b""
        for part in record.raw.split(form) if form else [record.raw]:
            for at in range(len(part) - _ALIKE_BYTES + 1):
                piece = part[at : at + _ALIKE_BYTES]
                assert piece not in other.raw, (record.kind, other.kind, at, piece)
