"""Hostile authors and neighbours, at households that carry between two communities."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import trio

from node.store.listings import StoredListing
from p2pmarket.daemon.sealed_file import SealedFile
from p2pmarket.daemon.windows import Windows
from protocol import limits
from protocol.errors import LocalError
from protocol.kinds import Kind
from protocol.mark import State
from tests.sim.test_windows import Two, agree, carrying, publish, two, until_shown
from tests.sim.world import Household

__all__ = ["two"]


async def edit_to_the_longest(author: Household, stored: StoredListing) -> None:
    """As long as a record may be: with where it comes from, it would be none."""
    low, high = 0, limits.MAX_DESCRIPTION
    while low < high:
        middle = (low + high + 1) // 2
        text = "\N{GRINNING FACE}" * middle
        try:
            await author.node.market.edit(stored.key, replace(stored.listing, description=text))
        except LocalError:
            high = middle - 1
        else:
            low = middle
    filled = replace(stored.listing, description="\N{GRINNING FACE}" * low)
    for letters in (3, 2, 1):
        try:
            await author.node.market.edit(
                stored.key, replace(filled, title="Falle" + "x" * letters)
            )
        except LocalError:
            continue
        return


@pytest.mark.covers("WIN-4", "WIN-6")
async def test_one_that_would_be_no_record_there_ends_and_holds_up_no_other(
    two: Two, tmp_path: Path
) -> None:
    ana, ben = two.lane.households["Ana"], two.club.households["Ben"].node
    uwe = two.lane.households["Uwe"]
    await agree(two, "tools")
    trap = await publish(ana, "Falle", ben)
    drill = await publish(uwe, "Bohrmaschine", ben)
    async with trio.open_nursery() as nursery:
        async with carrying(two, "Eva", tmp_path, nursery) as windows:
            await windows.open(*two.of("Eva"))
            await until_shown(two, ben, "Bohrmaschine", "Falle")
            await edit_to_the_longest(ana, trap)
            await uwe.node.market.withdraw(drill.key)
            await publish(uwe, "Leiter", ben)
            with trio.fail_after(900):
                await until_shown(two, ben, "Leiter")
            await ana.node.market.edit(trap.key, replace(trap.listing, title="Kurz"))
            with trio.fail_after(900):
                await until_shown(two, ben, "Kurz", "Leiter")
        nursery.cancel_scope.cancel()


async def test_who_edits_without_end_lets_carriers_write_little(two: Two, tmp_path: Path) -> None:
    ana, ben = two.lane.households["Ana"], two.club.households["Ben"].node
    await agree(two, "tools")
    mine = [await publish(ana, f"Ding {number}", ben) for number in range(5)]
    written: list[bytes] = []
    club = two.of("Eva")[1]
    club.inbox.on_stored.append(
        lambda records, origin: written.extend(r.id for r in records if r.kind == Kind.LISTING)
    )
    async with trio.open_nursery() as nursery:
        async with carrying(two, "Eva", tmp_path, nursery) as windows:
            await windows.open(*two.of("Eva"))
            numbers = count()
            for _ in range(120):
                for one in mine:
                    await ana.node.market.edit(
                        one.key, replace(one.listing, title=f"Neu {next(numbers)}")
                    )
                await two.lane.pass_time(1)
            assert 5 < len(written) < 100  # of 600 edits
            written.clear()
            for _ in range(120):
                for one in mine:
                    await ana.node.market.mark(one.key, State.RESERVED)
                await two.lane.pass_time(1)
                for one in mine:
                    await ana.node.market.mark(one.key, State.OPEN)
                await two.lane.pass_time(1)
            assert len(written) < 150  # of 1,200 marks; what is withdrawn counts too
            await two.lane.pass_time(200)
            last = sorted(one.listing.title for one in await ana.node.market.mine())
            await until_shown(two, ben, *last)
        nursery.cancel_scope.cancel()


@pytest.mark.covers("WIN-6")
async def test_what_is_carried_without_a_window_is_withdrawn(two: Two, tmp_path: Path) -> None:
    """The daemon was killed in the middle of a close, or the file was deleted as it advises."""
    ana, ben = two.lane.households["Ana"], two.club.households["Ben"].node
    await agree(two, "tools")
    await publish(ana, "Bohrmaschine", ben)
    async with trio.open_nursery() as nursery:
        async with carrying(two, "Eva", tmp_path, nursery) as windows:
            await windows.open(*two.of("Eva"))
            await until_shown(two, ben, "Bohrmaschine")
        (tmp_path / "Eva.sealed").unlink()
        # As where the other community was left meanwhile: this node is the only one of its home.
        file = SealedFile(tmp_path / "Eva.sealed", bytes(32), b"test")
        alone = Windows(file, two.club.households["Eva"].clock)
        async with alone.attending(two.club.households["Eva"].node):
            nursery.start_soon(alone.run)
            with trio.fail_after(900):
                await until_shown(two, ben)
        nursery.cancel_scope.cancel()
