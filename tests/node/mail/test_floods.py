"""Who never fetches what is meant for it fills nobody's disk."""

from __future__ import annotations

import pytest

from protocol.mail.letter import Chat, Topic
from protocol.mail.post import Code
from protocol.trade.letter import TradeLetter
from protocol.trade.message import NOTHING
from protocol.trade.transitions import State
from tests.node.mail.conftest import Correspondence
from tests.node.mail.test_hostile import deliver, letter, sealed
from tests.sim.trading import ask, offer, reaches
from tests.sim.world import Household, World


async def letters_out(household: Household, topic: Topic) -> int:
    (count,) = await household.node.database.read(
        lambda c: c.execute(
            "SELECT count(*) FROM letter_out WHERE topic = ? AND is_open = 1", (int(topic),)
        ).fetchone()
    )
    return int(count)


async def test_notes_that_nobody_fetches_do_not_pile_up(
    world: World, mail: Correspondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parcels of one device brought by another host are noted to it, again after an hour."""
    monkeypatch.setattr("node.mail.mailroom._MAX_NOTES", 5)
    ana, ben, mallory = await world.community(["ana", "ben", "mallory"])
    raws = [
        await sealed(mallory, ben, letter(mallory, ben, content=Chat(f"{n}", None).pack()))
        for n in range(8)
    ]
    monkeypatch.setattr("protocol.mail.limits.DEPOSITOR_PARCELS", 0)  # nor does anybody keep them
    await mallory.stop()
    for _ in range(3):
        for raw in raws:
            assert await deliver(ana, ben, raw) in ([Code.TAKEN], [Code.KNOWN])
        world.pass_days(0.1)
    assert await letters_out(ben, Topic.DELIVERY) == 5
    assert ben.node.health()["mail-notes-full"] > 0


async def test_who_does_not_fetch_what_it_asked_for_is_not_sent_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.trades.desk._MAX_UNFETCHED", 0)
    ana, mallory = await world.community(["ana", "mallory"])
    trade = await ask(world, mallory, await offer(ana, "Fahrrad"))
    await reaches(world, trade, State.ASKED, ana)
    content = TradeLetter(trade, (), (NOTHING, NOTHING), asks=True).pack()
    raw = await sealed(mallory, ana, letter(mallory, ana, topic=Topic.TRADE, content=content))
    assert await deliver(mallory, ana, raw) == [Code.FULL]
    assert await letters_out(ana, Topic.TRADE) == 0
