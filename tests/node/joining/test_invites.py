"""Ending an invite, and what it leaves as it is."""

from __future__ import annotations

import pytest

from protocol.errors import LocalError
from protocol.ids import text_of
from tests.sim.world import World


async def refused(deed: object) -> str:
    with pytest.raises(LocalError) as error:
        await deed  # type: ignore[misc]
    return error.value.code


async def test_an_invite_that_was_ended_lets_nobody_in_and_puts_nobody_out(world: World) -> None:
    ana = await world.found("ana")
    invite = await ana.invite(uses=3)
    ben = await world.join("ben", invite)
    await world.until(lambda: ben.node.community.my_status == "confirmed")
    invites = ana.node.joining.invites
    (view,) = invites.all()
    assert (view.uses, view.used, view.waiting, view.is_over) == (3, 1, 0, False)
    assert await refused(invites.revoke("abc")) == "invite-not-found"
    assert await refused(invites.revoke("zzzz")) == "invite-not-found"
    await invites.revoke(text_of(view.key)[:6].upper())
    assert invites.all() == []
    assert await refused(invites.revoke(text_of(view.key))) == "invite-not-found"
    assert await refused(world.join("cem", invite)) == "invite-expired"
    await world.settle()
    assert ben.node.community.my_status == "confirmed"
    assert ana.node.health()["gate-refused:invite-expired"] == 1


async def test_an_invite_that_is_over_is_listed_as_such(world: World) -> None:
    ana = await world.found("ana")
    await ana.invite(uses=1, days=1)
    later = await ana.invite(uses=2, days=9)
    world.pass_days(2)
    views = ana.node.joining.invites.all()
    assert {(view.uses, view.is_over) for view in views} == {(1, True), (2, False)}
    assert {view.key for view in views if not view.is_over} == {later.record.key}
