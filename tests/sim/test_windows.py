"""Two neighbouring communities, households that belong to both, and what these carry over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import trio

from node.node import Node
from node.search.query import SearchQuery
from node.store.listings import StoredListing
from p2pmarket.daemon.sealed_file import SealedFile
from p2pmarket.daemon.windows import Windows
from protocol import limits
from protocol.charter import Charter, Window
from protocol.errors import LocalError
from protocol.listing import Listing
from protocol.mark import State
from protocol.moderation.labels import Subject, Verdict
from tests.sim.world import Household, World


@dataclass(slots=True)
class Two:
    """Ana lives in the lane, Ben in the club; Eva and Uwe belong to both."""

    lane: World
    club: World

    def of(self, name: str) -> tuple[Node, Node]:
        return self.lane.households[name].node, self.club.households[name].node

    async def pass_days(self, days: int) -> None:
        """Day by day, as a node lives through them."""
        for _ in range(days):
            for world in (self.lane, self.club):
                world.pass_days(1)
            await self.lane.pass_time(120)


@pytest.fixture
async def two(world: World) -> Two:
    club = World(world.seed + 1, world.folder / "club", world.nursery)
    await world.community(["Ana", "Eva", "Uwe"])
    await club.community(["Ben", "Eva", "Uwe"], listing_slots=12)
    return Two(world, club)


async def agree(two: Two, *categories: str) -> None:
    """Both charters name the other community, and everybody agrees to that."""
    for here, there in ((two.lane, two.club), (two.club, two.lane)):
        households = list(here.households.values())
        other = next(iter(there.households.values())).node.community
        window = Window(other.id, other.charter.name, categories)
        await change(households, windows=(window,) if categories else ())


async def change(households: list[Household], **fields: Any) -> None:
    """The founder changes the charter, and everybody who runs agrees to it."""
    charter = replace(households[0].node.community.charter, **fields)
    await households[0].node.governance.charters.propose(charter)
    for household in households:
        await agree_to(charter, household)


async def agree_to(charter: Charter, household: Household) -> None:
    charters = household.node.governance.charters
    await household.world.until(lambda: charters.in_force.charter == charter)
    if not charters.is_bound:
        await charters.consent(charters.in_force.digest)


@asynccontextmanager
async def carrying(
    two: Two, name: str, folder: Path, nursery: trio.Nursery
) -> AsyncIterator[Windows]:
    """What runs above the nodes of a household that belongs to both."""
    file = SealedFile(folder / f"{name}.sealed", bytes(32), b"test")
    windows = Windows(file, two.lane.households[name].clock)
    lane, club = two.of(name)
    async with windows.attending(lane), windows.attending(club):
        nursery.start_soon(windows.run)
        yield windows


async def publish(
    household: Household, title: str, shown_to: Node | None, **fields: Any
) -> StoredListing:
    listing = replace(
        household.listing(title),
        category="tools",
        shown_to=() if shown_to is None else (shown_to.community.id,),
        **fields,
    )
    (stored,) = await household.node.market.publish([listing])
    assert isinstance(stored, StoredListing), stored
    return stored


async def shown(node: Node) -> list[tuple[str, bytes]]:
    """Titles of what comes from elsewhere, as a search finds it, and who carries it."""
    found = (await node.market.search(SearchQuery(limit=100, include_taken=True))).results
    return sorted(
        (one.listing.title, bytes(one.household)) for one in found if one.listing.origin is not None
    )


async def until_shown(two: Two, node: Node, *titles: str) -> None:
    while sorted(title for title, _ in await shown(node)) != sorted(titles):
        await two.lane.pass_time(1)


@pytest.mark.covers("WIN-2", "WIN-3", "WIN-6")
async def test_what_its_author_opted_in_shows_next_door_and_follows_its_author(
    two: Two, tmp_path: Path
) -> None:
    ana, ben = two.lane.households["Ana"], two.club.households["Ben"].node
    lane, club = two.of("Eva")
    await agree(two, "tools")
    drill = await publish(ana, "Bohrmaschine", ben)
    await publish(ana, "Säge", None)
    await publish(ana, "Buch", ben, quantity=2)
    async with trio.open_nursery() as nursery:
        async with carrying(two, "Eva", tmp_path, nursery) as windows:
            await until_shown(two, lane)
            await windows.open(lane, club)
            await until_shown(two, ben, "Bohrmaschine", "Buch")
            (found,) = (await ben.market.search(SearchQuery(words="Bohrmaschine"))).results
            assert found.household == club.community.self_id
            assert found.listing.origin is not None
            assert found.listing.origin.community == lane.community.id
            assert bytes(ana.id) not in b"".join(
                [record.raw for record in await two.club.households["Ben"].standing()]
            )
            # The author edits, reserves, opens again, withdraws.
            await ana.node.market.edit(drill.key, replace(drill.listing, title="Schlagbohrer"))
            await until_shown(two, ben, "Buch", "Schlagbohrer")
            await ana.node.market.mark(drill.key, State.RESERVED)
            await until_shown(two, ben, "Buch")
            await ana.node.market.mark(drill.key, State.OPEN)
            await until_shown(two, ben, "Buch", "Schlagbohrer")
            await ana.node.market.withdraw(drill.key)
            await until_shown(two, ben, "Buch")
            # For as long as its author shows it, it does not end.
            await two.pass_days(20)
            await until_shown(two, ben, "Buch")
            await windows.close(lane.community.id, club)
            await until_shown(two, ben)
        nursery.cancel_scope.cancel()


async def test_nothing_is_carried_before_both_communities_have_agreed(
    two: Two, tmp_path: Path
) -> None:
    lane, club = two.of("Eva")
    ana = two.lane.households["Ana"]
    with pytest.raises(AssertionError, match="window-not-found"):
        await publish(ana, "Bohrmaschine", club)
    window = Window(club.community.id, "Verein", ("tools",))
    await change(list(two.lane.households.values()), windows=(window,))
    await publish(ana, "Bohrmaschine", club)
    async with trio.open_nursery() as nursery:
        async with carrying(two, "Eva", tmp_path, nursery) as windows:
            with pytest.raises(LocalError, match="window-not-agreed"):
                await windows.open(lane, club)
            other = Window(lane.community.id, "Gasse", ("bikes",))
            await change(list(two.club.households.values()), windows=(other,))
            with pytest.raises(LocalError, match="window-not-agreed"):
                await windows.open(lane, club)
        nursery.cancel_scope.cancel()


async def test_what_a_charter_does_not_let_in_shows_to_nobody(two: Two, tmp_path: Path) -> None:
    ana, ben = two.lane.households["Ana"], two.club.households["Ben"].node
    lane, club = two.of("Eva")
    await agree(two, "tools")
    await publish(ana, "Bohrmaschine", ben)
    async with trio.open_nursery() as nursery:
        async with carrying(two, "Eva", tmp_path, nursery) as windows:
            await windows.open(lane, club)
            await until_shown(two, ben, "Bohrmaschine")
        nursery.cancel_scope.cancel()
    # Eva's computer is off for good: the club's stewards close the window all the same.
    await two.club.households["Eva"].stop()
    ben_alone = [two.club.households["Ben"], two.club.households["Uwe"]]
    await change(ben_alone, windows=())
    await until_shown(two, ben)
    (concealed,) = [
        one for one in await ben.carrying.carried() if one.household != ben.community.self_id
    ]
    assert concealed.concealed


@pytest.mark.covers("WIN-7")
async def test_of_two_that_carry_the_same_thing_one_stays(two: Two, tmp_path: Path) -> None:
    ana, ben = two.lane.households["Ana"], two.club.households["Ben"].node
    await agree(two, "tools")
    async with trio.open_nursery() as nursery:
        parting = {}
        for name in ("Eva", "Uwe"):
            parting[name] = AsyncExitStack()
            entered = carrying(two, name, tmp_path, nursery)
            windows = await parting[name].enter_async_context(entered)
            await windows.open(*two.of(name))
        for title in ("Bohrmaschine", "Buch", "Zange", "Leiter"):
            await publish(ana, title, ben)
        await until_shown(two, ben, "Bohrmaschine", "Buch", "Leiter", "Zange")
        await two.lane.pass_time(300)
        await until_shown(two, ben, "Bohrmaschine", "Buch", "Leiter", "Zange")
        # One that carries some goes on holiday: they end in a week, the other takes over.
        first = (await shown(ben))[0][1]
        gone = next(name for name in parting if two.club.households[name].id == first)
        await parting.pop(gone).aclose()
        for world in (two.lane, two.club):
            await world.households[gone].stop()
        await two.pass_days(8)
        await until_shown(two, ben, "Bohrmaschine", "Buch", "Leiter", "Zange")
        (left,) = parting
        (second,) = {by for _, by in await shown(ben)}
        assert second == two.club.households[left].id
        await parting[left].aclose()
        nursery.cancel_scope.cancel()


@pytest.mark.covers("WIN-9")
async def test_who_carries_keeps_half_of_its_slots_and_trades_nothing_of_it(
    two: Two, tmp_path: Path
) -> None:
    ana, ben = two.lane.households["Ana"], two.club.households["Ben"].node
    lane, club = two.of("Eva")
    await agree(two, "tools")
    for number in range(9):
        await publish(ana, f"Ding {number}", ben)
    async with trio.open_nursery() as nursery:
        async with carrying(two, "Eva", tmp_path, nursery) as windows:
            await windows.open(lane, club)
            await until_shown(two, ben, *(f"Ding {number}" for number in range(3, 9)))
            (view,) = await windows.views(club)
            assert (view.carries, view.carried, view.by_others) == (True, 6, 0)
            assert view.open == ("tools",)
            own = [one for one in await club.market.mine() if one.listing.origin is not None]
            assert len(own) == 6
            refused: list[Any] = [
                club.market.edit(own[0].key, own[0].listing),
                club.market.mark(own[0].key, State.TAKEN),
                club.market.withdraw(own[0].key),
                ben.trades.ask(own[0].key),
            ]
            for attempt in refused:
                with pytest.raises(LocalError, match="listing-carried"):
                    await attempt
        nursery.cancel_scope.cancel()


@pytest.mark.covers("WIN-8")
async def test_a_listing_that_pretends_to_come_from_elsewhere_is_the_carriers_word_only(
    two: Two, tmp_path: Path
) -> None:
    """A lie that differs does not silence what is really offered, and needs an open window."""
    ana, ben = two.lane.households["Ana"], two.club.households["Ben"].node
    lane, club = two.of("Eva")
    await agree(two, "tools")
    await publish(ana, "Bohrmaschine", ben)
    async with trio.open_nursery() as nursery:
        async with carrying(two, "Eva", tmp_path, nursery) as windows:
            await windows.open(lane, club)
            await until_shown(two, ben, "Bohrmaschine")
            (true,) = [one for one in await ben.carrying.carried() if not one.concealed]
            uwe = two.club.households["Uwe"].node
            lies: list[Listing] = [
                replace(true.listing, title="Geschenkt, kommt alle"),
                replace(true.listing, category="bikes", title="Falsches Fach"),
            ]
            await uwe.market.publish(lies)
            await until_shown(two, ben, "Bohrmaschine", "Geschenkt, kommt alle")
            await two.lane.pass_time(200)
            titles = dict(await shown(ben))
            assert titles["Bohrmaschine"] == bytes(club.community.self_id)
            assert titles["Geschenkt, kommt alle"] == bytes(uwe.community.self_id)
        nursery.cancel_scope.cancel()


async def test_what_is_carried_ends_with_the_listing_and_with_its_author_belonging(
    two: Two, tmp_path: Path
) -> None:
    ana, ben = two.lane.households["Ana"], two.club.households["Ben"].node
    lane, club = two.of("Eva")
    uwe = two.lane.households["Uwe"]
    await agree(two, "tools")
    brief = replace(ana.listing("Kurz"), category="tools", shown_to=(ben.community.id,))
    brief = replace(brief, visible_until_ms=two.lane.clock.now_ms() + 2 * limits.DAY_MS)
    await ana.node.market.publish([brief])
    await publish(uwe, "Uwes Leiter", ben)
    async with trio.open_nursery() as nursery:
        async with carrying(two, "Eva", tmp_path, nursery) as windows:
            await windows.open(lane, club)
            await until_shown(two, ben, "Kurz", "Uwes Leiter")
            await ana.node.governance.removals.remove(uwe.id, "Laut", with_invited=False)
            await until_shown(two, ben, "Kurz")
            await two.pass_days(3)
            await until_shown(two, ben)
        nursery.cancel_scope.cancel()


async def test_who_hears_nothing_from_a_community_renews_nothing_of_it(
    two: Two, tmp_path: Path
) -> None:
    ana, ben = two.lane.households["Ana"], two.club.households["Ben"].node
    lane, club = two.of("Eva")
    await agree(two, "tools")
    drill = await publish(ana, "Bohrmaschine", ben)
    async with trio.open_nursery() as nursery:
        async with carrying(two, "Eva", tmp_path, nursery) as windows:
            await windows.open(lane, club)
            await until_shown(two, ben, "Bohrmaschine")
            eva = two.lane.households["Eva"]
            two.lane.part([eva], [h for h in two.lane.running if h is not eva])
            await ana.node.market.withdraw(drill.key)
            await two.pass_days(5)
            await until_shown(two, ben, "Bohrmaschine")
            await two.pass_days(3)
            await until_shown(two, ben)
        nursery.cancel_scope.cancel()


async def test_what_a_steward_hides_is_not_shown_again_by_the_next_who_carries(
    two: Two, tmp_path: Path
) -> None:
    ana, ben = two.lane.households["Ana"], two.club.households["Ben"].node
    await agree(two, "tools")
    await publish(ana, "Bohrmaschine", ben)
    async with trio.open_nursery() as nursery:
        async with carrying(two, "Eva", tmp_path, nursery) as evas:
            await evas.open(*two.of("Eva"))
            await until_shown(two, ben, "Bohrmaschine")
            (hit,) = [one for one in await ben.carrying.carried() if not one.concealed]
            await ben.moderation.labelling.label(
                Subject(hit.household, hit.key), Verdict.HIDE, "Gestohlen."
            )
            uwe = two.club.households["Uwe"].node
            while not any(one.concealed for one in await uwe.carrying.carried()):
                await two.lane.pass_time(1)
            async with carrying(two, "Uwe", tmp_path, nursery) as uwes:
                await uwes.open(*two.of("Uwe"))
                await two.lane.pass_time(300)
                await until_shown(two, ben)
                assert len(await ben.carrying.carried()) == 1
        nursery.cancel_scope.cancel()
