"""Reviews are written unseen: they show together, or after two weeks."""

from __future__ import annotations

import pytest

from protocol.errors import LocalError
from protocol.ledger.receipt import CoSigned
from protocol.limits import DAY_MS
from tests.node.test_devices import add
from tests.sim.receipting import ledger, receipt, signed_by, trade, until_linked
from tests.sim.trading import eventually
from tests.sim.world import Household, World


async def shown(of: Household, at: Household) -> list[tuple[bool, str]]:
    return [(view.recommends, view.text) for view in await ledger(at).reviews_of(of.id)]


async def code_of(deed: object) -> str:
    with pytest.raises(LocalError) as error:
        await deed  # type: ignore[misc]
    return error.value.code


async def ended(world: World, ana: Household, ben: Household, at: Household) -> CoSigned:
    """A finished trade that both have linked."""
    signed = await trade(ana, ben)
    for party in (ana, ben):
        await until_linked(world, party, at, 1)
    return signed


@pytest.mark.covers("LED-23", "LED-25")
async def test_both_show_together_and_not_before(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    digest = (await ended(world, ana, ben, cem)).receipt.digest()
    await ledger(ana).review(digest, True, "  Punctual,\nfriendly. ")
    await world.pass_time(300)
    for at in (ana, ben, cem):
        assert await shown(ben, at) == []
    assert len(await ledger(ana).reviews.waiting()) == 1
    await ledger(ben).review(digest, False, "Never again.")

    async def both() -> bool:
        return bool(await shown(ben, cem)) and bool(await shown(ana, cem))

    await eventually(world, both)
    assert await shown(ben, cem) == [(True, "Punctual,\nfriendly.")]
    assert await shown(ana, cem) == [(False, "Never again.")]
    (view,) = await ledger(ben).reviews_of(ben.id)
    assert not view.changed
    assert await ledger(ana).reviews.waiting() == []
    for party in (ana, ben):
        assert (await ledger(cem).verify(party.id)).sound
    assert await code_of(ledger(ana).review(digest, False, "Changed.")) == "review-too-late"


@pytest.mark.covers("LED-23", "LED-25")
async def test_without_an_answer_it_shows_after_two_weeks(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    digest = (await ended(world, ana, ben, cem)).receipt.digest()
    await ledger(ana).review(digest, True, "Friendly.")
    world.pass_days(13.9)
    await world.pass_time(200)
    assert await shown(ben, cem) == []
    world.pass_days(0.2)

    async def is_shown() -> bool:
        return bool(await shown(ben, cem))

    await eventually(world, is_shown)
    assert await code_of(ledger(ben).review(digest, False, "So there.")) == "review-too-late"


async def test_a_review_survives_a_crash_before_it_shows(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    digest = (await ended(world, ana, ben, cem)).receipt.digest()
    await ben.stop()
    await ledger(ana).review(digest, True, "Friendly.")
    await ana.crash()
    await ana.start()
    await ben.start()
    await ledger(ben).review(digest, True, "Also friendly.")

    async def both() -> bool:
        return bool(await shown(ben, cem)) and bool(await shown(ana, cem))

    await eventually(world, both)


async def test_what_cannot_be_reviewed_says_why(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    public = await ended(world, ana, ben, ben)
    private = await trade(ana, ben, public=False)
    half = receipt(ana, ben)
    await ledger(ana).link(signed_by(half, ana, None), 1)
    review = ledger(ana).review
    assert await code_of(review(bytes(32), True, "")) == "receipt-not-found"
    assert await code_of(review(private.receipt.digest(), True, "")) == "receipt-private"
    assert await code_of(review(half.digest(), True, "")) == "receipt-unconfirmed"
    digest = public.receipt.digest()
    assert await code_of(review(digest, True, "ä" * 151)) == "review-too-long"
    await review(digest, True, "")
    assert await code_of(review(digest, False, "Anew.")) == "already-reviewed"


@pytest.mark.covers("LED-24")
async def test_a_review_that_differs_from_what_was_promised_is_marked(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    digest = (await ended(world, ana, ben, cem)).receipt.digest()
    await ledger(ana).review(digest, True, "Friendly.")
    await ledger(ben).review(digest, True, "Friendly, too.")
    # Ben's node is a liar's: it rewrites its review once it has committed itself.
    await ben.node.database.write(
        lambda connection: connection.execute("UPDATE review SET text = 'Never again.'")
    )

    async def both() -> bool:
        return bool(await shown(ben, cem)) and bool(await shown(ana, cem))

    await eventually(world, both)
    (view,) = await ledger(ana).reviews_of(ana.id)
    assert view.changed
    (view,) = await ledger(cem).reviews_of(ana.id)
    assert not view.changed  # nobody else knows what Ben had committed himself to


async def test_two_weeks_count_from_the_trade_s_end_not_from_the_review(world: World) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    signed = signed_by(receipt(ana, ben), ana, ben)
    long_ago = ana.clock.now_ms() - 20 * DAY_MS
    await ledger(ana).link(signed, long_ago)
    await until_linked(world, ana, cem, 1)
    await ledger(ana).review(signed.receipt.digest(), True, "Late.")

    async def is_shown() -> bool:
        return bool(await shown(ben, cem))

    await eventually(world, is_shown)


async def test_another_device_of_the_household_writes_it_too_and_it_outlives_that_device(
    world: World,
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    tablet = await add(world, ana, "tablet")
    signed = await ended(world, ana, ben, cem)
    digest = signed.receipt.digest()
    # As trades do it: every device of a household keeps the receipt, and one of them links it.
    await ledger(tablet).link(signed, tablet.clock.now_ms())
    await ledger(tablet).review(digest, True, "Written on the sofa.")
    await ledger(ben).review(digest, True, "Friendly.")

    async def both() -> bool:
        return bool(await shown(ben, cem)) and bool(await shown(ana, cem))

    await eventually(world, both)
    report = await ledger(cem).verify(ana.id)
    assert report.sound
    assert sorted(head.count for head in report.heads.values()) == [1, 1]
    await tablet.stop()
    (slot,) = [view.slot for view in await ana.node.devices.list() if not view.is_this]
    await ana.node.devices.revoke(slot)
    await world.settle()
    assert await shown(ben, cem) == [(True, "Written on the sofa.")]
    report = await ledger(cem).verify(ana.id)
    assert report.sound
    assert [head.count for head in report.heads.values()] == [3]
