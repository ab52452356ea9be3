"""Whom a node dials, keeps and gives up, where somebody brings one sockpuppet after another."""

from __future__ import annotations

import pytest
from nacl.signing import SigningKey

from node import address_book, anchors
from node.address_book import AddressBook
from node.anchors import Anchors
from node.branches import branch_of, branches_beside
from node.network.port import HostKey
from node.store.neighbours import good_neighbours
from protocol.ids import HouseholdId
from tests.sim.world import Household, World

PUPPETS = ("puppet-0", "puppet-1")


@pytest.fixture
async def ana(world: World) -> Household:
    """The founder, who let Ben and Mallory in; Mallory let in her sockpuppets."""
    ana, _, mallory = await world.community(["ana", "ben", "mallory"])
    invite = await mallory.invite(uses=2)
    for name in PUPPETS:
        await world.join(name, invite)
    await world.pass_time(150)  # by then everybody was equal with everybody
    return ana


def chooser(household: Household) -> Anchors:
    return household.node.neighbourhood._anchors


def id_of(household: Household, name: str) -> HouseholdId:
    return household.world.households[name].id


async def test_sockpuppets_all_stand_in_the_branch_of_whom_the_founder_let_in(
    ana: Household,
) -> None:
    mallory = id_of(ana, "mallory")
    for name in ("mallory", *PUPPETS):
        assert branch_of(ana.members, id_of(ana, name)) == mallory
    assert branch_of(ana.members, ana.id) == ana.id
    ben = id_of(ana, "ben")
    assert branches_beside(ana.members, ana.id) == {ben, mallory}
    assert branches_beside(ana.members, ben) == {ana.id, mallory}
    stranger = HouseholdId(bytes(SigningKey(b"s" * 32).verify_key))
    assert branch_of(ana.members, stranger) is None


async def test_a_branch_that_no_connection_leads_to_is_dialled_first(
    ana: Household, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ana.wire, "connections", list)
    crowd = {HostKey(bytes([n]) * 32): (id_of(ana, PUPPETS[n % 2]),) for n in range(40)}
    bens = HostKey(b"b" * 32)
    own = HostKey(b"o" * 32)
    hosts: dict[HostKey, tuple[HouseholdId, ...]] = {
        **crowd,
        bens: (id_of(ana, "ben"),),
        own: (ana.id,),
    }
    for _ in range(10):
        first, *others = chooser(ana).order(hosts, 3)
        assert first == own
        assert bens in others
    # A host that two households certify may be either's: nobody hides another's behind a claim.
    hosts[bens] = (id_of(ana, "ben"), id_of(ana, PUPPETS[0]))
    assert bens in chooser(ana).order(hosts, 3)
    monkeypatch.setattr(chooser(ana), "_hides", lambda host: host == bens)
    assert chooser(ana).order(hosts, 42)[-1] == bens


async def test_good_neighbours_come_first_in_their_branch_and_no_crowd_displaces_them(
    ana: Household, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = world.households["ben"].wire.host_key
    for _ in range(3):
        world.pass_days(0.1)
        await world.pass_time(150)
    kept = {good.host: good for good in await good_neighbours(ana.node.database)}
    assert len(kept) == 4
    assert kept[ben].hours_equal == 4  # not each exchange counts: an hour does
    monkeypatch.setattr(anchors, "_MAX_GOOD", 3)
    for name in ("ben", "mallory", *PUPPETS):
        host = world.households[name].wire.host_key
        chooser(ana).forget(host)
        await chooser(ana).note_equal(host)
    assert ben in {good.host for good in await good_neighbours(ana.node.database)}
    await ana.stop()
    await ana.start()
    assert chooser(ana)._good[ben].household == id_of(ana, "ben")


async def test_a_host_that_belongs_no_more_is_no_good_neighbour(
    ana: Household, world: World
) -> None:
    ben = world.households["ben"]
    host = ben.wire.host_key
    assert host in {good.host for good in await good_neighbours(ana.node.database)}
    await ana.node.governance.removals.remove(ben.id, "Cheated.", False)
    await ben.stop()
    await world.pass_time(60)
    assert host not in {good.host for good in await good_neighbours(ana.node.database)}


async def test_addresses_that_somebody_claims_for_another_s_host_displace_none(
    ana: Household,
) -> None:
    book, host = AddressBook(), HostKey(b"h" * 32)
    ben, puppet = id_of(ana, "ben"), id_of(ana, PUPPETS[0])
    book.learn(host, "/memory/worked", None, ana.members, ())
    book.learn(host, "/memory/ben", ben, ana.members, ())
    for number in range(100):
        book.learn(host, f"/memory/claimed-{number}", puppet, ana.members, ())
    assert {"/memory/worked", "/memory/ben"} <= set(book.at(host).addresses)
    assert len(book.at(host).addresses) == address_book._MAX_ADDRESSES
    assert book.at(host).claims == {ben, puppet}


async def test_a_crowd_of_hosts_makes_room_for_another_branch_s(
    ana: Household, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address_book, "MAX_HOSTS", 2)
    book = AddressBook()
    hosts = {name: h.wire.host_key for name, h in world.households.items()}
    for name in ("mallory", *PUPPETS, "ben"):
        book.learn(hosts[name], f"/memory/{name}", id_of(ana, name), ana.members, ())
    assert len(book) == 2
    assert hosts["ben"] in book.hosts
    book.learn(hosts["puppet-1"], "/memory/again", id_of(ana, "puppet-1"), ana.members, ())
    assert hosts["ben"] in book.hosts
