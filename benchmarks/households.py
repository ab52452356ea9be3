"""Communities to measure in: founded and joined within this process, on disk like real ones."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import partial
from importlib import resources
from json import loads
from pathlib import Path

import trio
import trio_asyncio

from node.clock import SystemClock
from node.enrolment import DATABASE_FILE, found_community, join_community
from node.identity import KEY_FILE, Identity
from node.network.memory import open_memory
from node.network.switchboard import Switchboard
from node.node import Node, NodeOptions, no_discovery, open_node
from node.store.database import open_database
from node.store.settings import Enrolment, read_enrolment, write_enrolment
from p2pmarket.home import Home, HouseholdSettings, save_settings
from protocol import limits
from protocol.charter import Charter
from protocol.ids import CommunityId, HouseholdId
from protocol.membership.members import Members
from protocol.place import Place
from protocol.profile import Profile
from protocol.signing import KeyPair

LISTING_SLOTS = 100_000


def charter() -> Charter:
    """A charter with the sample's places and room for large stocks."""
    sample = resources.files("p2pmarket") / "sample" / "places.json"
    places = [
        Place(place["name"], round(place["lat"] * 10_000), round(place["lon"] * 10_000))
        for place in loads(sample.read_text("utf-8"))
    ]
    return Charter(
        name="Lindenau",
        rules="Seid nett zueinander.",
        salt=os.urandom(16),
        listing_slots=LISTING_SLOTS,
        places=tuple(places)[: limits.MAX_PLACES],
    )


@dataclass(frozen=True, slots=True)
class Household:
    """One home with one community. folder: of the community; enrolment: its secret keys too."""

    home: Path
    folder: Path
    identity: Identity
    community: CommunityId
    enrolment: Enrolment

    @property
    def id(self) -> HouseholdId:
        """The household's public key."""
        return self.enrolment.household

    @property
    def host_key(self) -> bytes:
        """The key by which its network host is known."""
        return KeyPair(self.enrolment.host_seed).public

    @property
    def database(self) -> Path:
        """The community's file."""
        return self.folder / DATABASE_FILE


def found(root: Path, joiners: int) -> list[Household]:
    """Found a community below ``root``; return the founder and so many confirmed members."""
    households: list[Household] = trio_asyncio.run(_found, root, joiners)
    return households


def copy_stock(source: Household, target: Household) -> None:
    """Give a member everything that another one stores, so that both sets are equal."""
    trio_asyncio.run(_copy_stock, source, target)


async def _found(root: Path, joiners: int) -> list[Household]:
    clock, wires = SystemClock(), Switchboard(1)
    root.mkdir(parents=True)
    home, identity = _new_home(root, 0)
    folder = home / "communities" / "lindenau"
    community = await found_community(
        folder, identity, charter(), Profile(name="Haushalt 0"), clock
    )
    households = [await _household(home, folder, identity, community)]
    async with open_node(folder, identity, _options(wires, "0")) as founder:
        if joiners:
            invite = await founder.community.invite(joiners, limits.DAY_MS)
        for number in range(1, joiners + 1):
            home, identity = _new_home(root, number)
            folder = home / "communities" / "lindenau"
            name = Profile(name=f"Haushalt {number}")
            wire = partial(open_memory, wires, name=str(number))
            await join_community(folder, identity, invite, name, clock, wire, no_discovery)
            joined = await _household(home, folder, identity, community)
            await _confirmed(founder, joined.id)
            households.append(joined)
    return households


def _options(wires: Switchboard, name: str) -> NodeOptions:
    return NodeOptions(network=lambda seed, key: open_memory(wires, seed, name))


def _new_home(root: Path, number: int) -> tuple[Path, Identity]:
    home = root / str(number)
    home.mkdir()
    identity, _ = Identity.create(home)
    save_settings(Home(home), HouseholdSettings(f"Haushalt {number}"))
    (home / "communities").mkdir(mode=0o700)
    return home, identity


async def _household(
    home: Path, folder: Path, identity: Identity, community: CommunityId
) -> Household:
    async with open_database(folder / DATABASE_FILE, identity.database_key) as database:
        enrolment = await read_enrolment(database)
        # What was reached in memory answers nowhere else.
        await database.write(lambda connection: connection.execute("DELETE FROM address"))
    assert enrolment is not None
    return Household(home, folder, identity, community, enrolment)


async def _confirmed(founder: Node, household: HouseholdId) -> None:
    changed = trio.Event()

    def listen(members: Members) -> None:
        member = members.member(household)
        if member is not None and member.confirmed:
            changed.set()

    listen(founder.inbox.members)
    founder.inbox.on_members.append(listen)
    with trio.fail_after(60):
        await changed.wait()
    founder.inbox.on_members.remove(listen)


async def _copy_stock(source: Household, target: Household) -> None:
    for rest in target.folder.glob(f"{DATABASE_FILE}-*"):
        rest.unlink()
    shutil.copyfile(source.database, target.database)
    # The key of the copied file; the household's own keys stand in the enrolment.
    shutil.copyfile(source.home / KEY_FILE, target.home / KEY_FILE)
    async with open_database(target.database, source.identity.database_key) as database:
        await write_enrolment(database, target.enrolment)
        await database.write(lambda connection: connection.execute("DELETE FROM address"))
