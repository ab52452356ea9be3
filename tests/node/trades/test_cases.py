"""What two lay before a steward: whole or in pieces, by one or by both, and not for ever."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from node.mail.incoming import Incoming, NotYet
from node.trades import docket, reading
from node.trades.case_views import CaseView
from protocol.errors import LocalError, RemoteError
from protocol.ids import CommunityId, DeviceKey, HouseholdId, RecordId, ThingKey
from protocol.ledger.receipt import Outcome
from protocol.limits import DAY_MS
from protocol.listing import ListingKind
from protocol.mail.letter import Topic
from protocol.signing import KeyPair, Seed
from protocol.trade.agreement import Ask, Offer, Promise, Words
from protocol.trade.bodies import Body
from protocol.trade.case import (
    MAX_CASE_MESSAGES,
    MAX_PART_BYTES,
    OPENERS,
    CasePart,
    Extent,
    RulingLetter,
    open_part,
    parts_of,
    read_case_letter,
)
from protocol.trade.dispute import Dispute, Steward, read_ruling, rule
from protocol.trade.limits import MAX_CHAIN, PROMISE_MS
from protocol.trade.machine import fold
from protocol.trade.message import OPENING, Message, Position, TradeId, sign_message
from protocol.trade.terms import Terms
from protocol.trade.trade import Trade
from protocol.trade.transitions import TRANSITIONS, Guard, Role, State
from protocol.trade.types import Type
from tests.node.test_devices import add
from tests.sim.trading import ask, eventually, offer, promised, reaches
from tests.sim.world import Household, World

WIDE = "\U0001f6b2"


def key_of(household: Household) -> KeyPair:
    return household.node.trades._desk.device


async def with_steward(world: World, ana: Household, ben: Household, steward: Household) -> TradeId:
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    await ben.node.trades.dispute(trade, steward.id, "Die Kette fehlt.")
    await reaches(world, trade, State.DISPUTED, ana)
    await ana.node.trades.accept_steward(trade)
    await reaches(world, trade, State.WITH_STEWARD, ana, ben)
    return trade


async def before(world: World, steward: Household, parties: int = 1) -> CaseView:
    """Wait until so many have laid the one case before a steward."""

    async def laid() -> bool:
        cases = await steward.node.trades.cases()
        return bool(cases) and len(cases[0].handed) == parties

    await eventually(world, laid)
    (case,) = await steward.node.trades.cases()
    return case


class Quarrel:
    """A trade that two households write without any post, as long as one likes."""

    def __init__(
        self, publisher: Household, seeker: Household, steward: HouseholdId, **fields: Any
    ) -> None:
        self.community: CommunityId = fields.pop("community", publisher.members.community)
        self.households = {Role.PUBLISHER: publisher, Role.SEEKER: seeker}
        self.keys = {role: key_of(household) for role, household in self.households.items()}
        self.keys |= fields.pop("keys", {})
        self.steward = steward
        ask = Ask(
            listing=ThingKey(bytes(16)), revision=RecordId(bytes(32)),
            listing_kind=ListingKind.SELL, publisher=publisher.id, salt=os.urandom(16),
            handover_hash=bytes(32), return_hash=bytes(32), public=True, terms=Terms(),
        )  # fmt: skip
        self.now_ms = publisher.clock.now_ms()
        self.messages = [
            sign_message(
                self.community, seeker.id, OPENING, self.now_ms, Type.ASK, ask,
                self.keys[Role.SEEKER],
            )
        ]  # fmt: skip

    @property
    def trade(self) -> Trade:
        trade = fold(self.messages)
        assert trade is not None
        return trade

    def say(self, role: Role, type: Type, body: Body) -> Message:
        message = self.draft(role, type, body)
        self.messages.append(message)
        return message

    def draft(self, role: Role, type: Type, body: Body) -> Message:
        author, position = self.households[role].id, self.trade.next_position(role)
        key = self.keys[role]
        return sign_message(self.community, author, position, self.now_ms, type, body, key)

    def haggle(self, offers: int, wide: bool = False) -> None:
        for number in range(offers):
            role = (Role.PUBLISHER, Role.SEEKER)[number % 2]
            note = f"{number} " + (WIDE * 480 if wide else "")
            self.say(role, Type.OFFER, Offer(Terms(note=note.strip()), WIDE * 490 if wide else ""))

    def fall_out(self) -> Trade:
        """Promise, dispute, and accept the steward."""
        self.say(Role.SEEKER, Type.OFFER, Offer(Terms(), ""))
        terms_hash, until_ms = self.trade.terms_hash, self.now_ms + PROMISE_MS
        promise = Promise(
            terms_hash=terms_hash, public=True, until_ms=until_ms,
            handover_hash=bytes(32), return_hash=bytes(32),
        )  # fmt: skip
        self.say(Role.PUBLISHER, Type.PROMISE, promise)
        self.say(Role.SEEKER, Type.DISPUTE, Dispute(self.steward, "So nicht."))
        self.say(Role.PUBLISHER, Type.STEWARD, Steward(self.steward))
        assert self.trade.state is State.WITH_STEWARD
        return self.trade


async def hand_over(
    steward: Household, sender: Household, parts: Sequence[CasePart | RulingLetter]
) -> None:
    """Bring letters to a steward, past the post and past all that an honest sender checks."""
    for part in parts:
        incoming = Incoming(
            os.urandom(16), sender.id, DeviceKey(key_of(sender).public), steward.id,
            steward.clock.now_ms(), Topic.CASE, part.pack(), is_copy=False,
        )  # fmt: skip
        await steward.node.database.write(
            partial(steward.node.trades._cases._take_in, incoming=incoming)
        )


# -- parts


async def test_every_part_is_small_enough_and_the_most_telling_come_first(quarrel: Quarrel) -> None:
    quarrel.haggle(40, wide=True)
    trade = quarrel.fall_out()
    parts = parts_of(trade, quarrel.now_ms, WIDE * 500)
    assert len(parts) > 5
    assert all(len(part.pack()) <= MAX_PART_BYTES for part in parts)
    raws = [raw for part in parts for raw in part.raws[OPENERS:]]
    opening = parts[0].raws[:OPENERS]
    assert all(part.raws[:OPENERS] == opening for part in parts)
    assert sorted([*raws, *opening]) == sorted(message.raw for message in trade.order)
    assert trade.promise_message is not None
    assert trade.promise_message.raw in parts[0].raws
    last_offer = [m for m in trade.order if m.type is Type.OFFER][-1]
    assert raws[0] == last_offer.raw


async def test_many_short_messages_fit_their_letters_exactly(quarrel: Quarrel) -> None:
    quarrel.haggle(150)
    parts = parts_of(quarrel.fall_out(), quarrel.now_ms, "")
    assert [len(part.raws) for part in parts[:-1]] == [64] * (len(parts) - 1)
    assert all(len(part.pack()) <= MAX_PART_BYTES for part in parts)


async def test_a_part_in_which_a_bit_of_a_message_was_flipped_is_refused(
    three: list[Household], quarrel: Quarrel
) -> None:
    _, ben, cem = three
    (part,) = parts_of(quarrel.fall_out(), quarrel.now_ms, "So war es.")
    content, generator = part.pack(), random.Random(1)
    places = [
        content.index(raw) * 8 + generator.randrange(len(raw) * 8)
        for raw in part.raws
        for _ in range(60)
    ]
    for place in places:
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(RemoteError):
            opened(bytes(flipped), ben.id, cem.id)


def opened(content: bytes, sender: HouseholdId, steward: HouseholdId) -> Sequence[Message]:
    part = read_case_letter(content)
    assert isinstance(part, CasePart)
    return open_part(part, sender, steward)


@pytest.fixture
async def three(world: World) -> list[Household]:
    return await world.community(["ana", "ben", "cem"])


@pytest.fixture
async def quarrel(three: list[Household]) -> Quarrel:
    ana, ben, cem = three
    return Quarrel(ana, ben, cem.id)


async def test_a_case_comes_in_any_order_and_says_what_is_missing(
    three: list[Household], quarrel: Quarrel
) -> None:
    _, ben, cem = three
    quarrel.haggle(30, wide=True)
    trade = quarrel.fall_out()
    parts = parts_of(trade, quarrel.now_ms, "So war es.")
    left = len(trade.order)
    known: set[bytes] = set()
    for part in parts[::-1]:
        await hand_over(cem, ben, [part, part])
        known |= set(part.raws)
        (case,) = await cem.node.trades.cases()
        assert case.missing == left - len(known)
        if case.missing:
            assert not case.can_rule
            assert case.trade.state is not State.WITH_STEWARD
            assert len(case.trade.order) + len(case.apart) == len(known)
            with pytest.raises(LocalError, match="case-incomplete"):
                await cem.node.trades.rule(trade.id, Outcome.COMPLETED, "")
    assert case.can_rule
    assert case.apart == ()
    assert case.handed[0].text == "So war es."


async def test_a_wordy_trade_reaches_the_steward_by_post(
    world: World, three: list[Household]
) -> None:
    """More than one letter holds: forty long offers, sent as they are."""
    ana, ben, cem = three
    trade = await promised_wordily(world, ana, ben)
    await ben.node.trades.dispute(trade, cem.id, "Die Kette fehlt.")
    await reaches(world, trade, State.DISPUTED, ana)
    await ana.node.trades.accept_steward(trade)
    await reaches(world, trade, State.WITH_STEWARD, ben)
    await ben.node.trades.hand_over_case(trade, "So stand es in der Anzeige.")
    (shown,) = await ben.node.trades.shown_cases()
    assert shown.steward == cem.id
    assert shown.letters > 1

    async def whole() -> bool:
        cases = await cem.node.trades.cases()
        return bool(cases) and cases[0].can_rule

    await eventually(world, whole)

    async def arrived() -> bool:
        (shown,) = await ben.node.trades.shown_cases()
        return shown.arrived == shown.letters

    await eventually(world, arrived)
    await cem.node.trades.rule(trade, Outcome.COMPLETED, "Das ist so in Ordnung.")
    await reaches(world, trade, State.RECEIPTED, ana, ben)


async def promised_wordily(world: World, ana: Household, ben: Household) -> TradeId:
    trade = await ask(world, ben, await offer(ana, "Fahrrad"))
    await reaches(world, trade, State.ASKED, ana)
    for number in range(4):
        note = f"{number} " + WIDE * 480
        await ana.node.trades.offer(trade, partial(replace, note=note), WIDE * 490)
        await reaches(world, trade, State.OFFERED, ben)
        await ben.node.trades.offer(trade, partial(replace, note=note), WIDE * 490)
        await reaches(world, trade, State.ASKED, ana)
    await ana.node.trades.promise(trade)
    await reaches(world, trade, State.PROMISED, ben)
    return trade


# -- both sides


@pytest.mark.covers("TRD-39")
async def test_both_tell_it_and_the_steward_sees_one_story_and_where_they_differ(
    world: World, three: list[Household]
) -> None:
    ana, ben, cem = three
    trade = await with_steward(world, ana, ben, cem)
    await ben.node.trades.hand_over_case(trade, "Die Kette fehlt.")
    first = await before(world, cem)
    assert first.shown_by == {}
    await ana.node.trades.settle(trade, Outcome.COMPLETED)
    await ana.node.trades.hand_over_case(trade, "Sie war dran.")
    case = await before(world, cem, parties=2)
    assert {h.household: h.text for h in case.handed} == {
        ben.id: "Die Kette fehlt.",
        ana.id: "Sie war dran.",
    }
    assert case.trade.settle == {Role.PUBLISHER: Outcome.COMPLETED}
    only = [m for m in case.trade.order if m.id in case.shown_by]
    assert [(m.type, case.shown_by[m.id]) for m in only] == [(Type.SETTLE, ana.id)]
    await cem.node.trades.rule(trade, Outcome.CANCELLED, "Bitte zurücknehmen.")
    await reaches(world, trade, State.RECEIPTED, ana, ben)
    (ruled,) = await cem.node.trades.cases()
    assert ruled.is_ruled
    assert ruled.ruled is not None
    assert ruled.ruled.ruling.outcome is Outcome.CANCELLED
    with pytest.raises(LocalError, match="case-ruled"):
        await cem.node.trades.rule(trade, Outcome.COMPLETED, "Doch anders.")


async def test_what_one_side_lost_on_the_way_the_other_makes_up_for(
    three: list[Household], quarrel: Quarrel
) -> None:
    ana, ben, cem = three
    quarrel.haggle(30, wide=True)
    trade = quarrel.fall_out()
    parts = parts_of(trade, quarrel.now_ms, "Von Ben.")
    half = len(parts) // 2
    await hand_over(cem, ben, parts[:half])
    (case,) = await cem.node.trades.cases()
    assert case.missing > 0
    await hand_over(cem, ana, [replace(p, text="Von Ana.") for p in parts[half:]])
    (case,) = await cem.node.trades.cases()
    assert case.missing == 0
    assert case.can_rule


async def test_what_one_side_forged_of_its_own_chain_stands_apart(
    three: list[Household], quarrel: Quarrel
) -> None:
    ana, ben, cem = three
    trade = quarrel.fall_out()
    seen = trade.chains[Role.SEEKER][-1]
    (honest,) = parts_of(trade, quarrel.now_ms, "")
    await hand_over(cem, ana, [honest])
    # Ben puts something else in the place of his dispute, which Ana has answered.
    place = position_of(trade, seen)
    other = sign_message(
        quarrel.community, ben.id, place, quarrel.now_ms, Type.CANCEL, Words(), key_of(ben)
    )
    publisher, seeker = honest.named
    named = publisher, Extent(seeker.count, other.id)
    await hand_over(cem, ben, [replace(honest, named=named, raws=(*honest.raws, other.raw))])
    (case,) = await cem.node.trades.cases()
    assert case.can_rule
    assert [message.id for message in case.apart] == [other.id]
    assert case.shown_by == {other.id: ben.id, seen.id: ana.id}


def position_of(trade: Trade, message: Message) -> Position:
    return Position(trade.id, message.seq, message.previous, message.seen)


async def test_handing_over_again_takes_the_place_of_what_is_on_its_way(
    world: World, three: list[Household]
) -> None:
    ana, ben, cem = three
    trade = await with_steward(world, ana, ben, cem)
    await cem.stop()
    await ben.node.trades.hand_over_case(trade, "Zuerst dies.")
    queued = (await ben.node.post.holding()).queued
    await world.pass_time(1)
    await ben.node.trades.hand_over_case(trade, "Nein, das.")
    assert (await ben.node.post.holding()).queued == queued
    await cem.start()
    case = await before(world, cem)
    assert case.handed[0].text == "Nein, das."


async def test_what_never_arrived_is_told_and_can_be_shown_again(
    world: World, three: list[Household]
) -> None:
    ana, ben, cem = three
    trade = await with_steward(world, ana, ben, cem)
    await cem.stop()
    await ben.node.trades.hand_over_case(trade, "")
    world.pass_days(17)
    await world.pass_time(120)

    async def failed() -> bool:
        (shown,) = await ben.node.trades.shown_cases()
        return shown.failed == shown.letters

    await eventually(world, failed)
    await ben.node.trades.hand_over_case(trade, "Noch einmal.")
    (shown,) = await ben.node.trades.shown_cases()
    assert shown.failed == 0
    await cem.start()
    case = await before(world, cem)
    assert case.handed[0].text == "Noch einmal."


async def test_the_other_device_of_a_steward_knows_that_it_has_ruled(
    world: World, three: list[Household]
) -> None:
    ana, ben, cem = three
    phone = await add(world, cem, "phone")
    await world.settle()
    trade = await with_steward(world, ana, ben, cem)
    await ben.node.trades.hand_over_case(trade, "")
    await before(world, cem)
    await before(world, phone)
    await cem.node.trades.rule(trade, Outcome.COMPLETED, "")

    async def known() -> bool:
        (case,) = await phone.node.trades.cases()
        return case.is_ruled

    await eventually(world, known)


# -- not for ever


@pytest.mark.covers("TRD-38")
async def test_a_case_is_forgotten_90_days_after_the_ruling(
    world: World, three: list[Household]
) -> None:
    ana, ben, cem = three
    trade = await with_steward(world, ana, ben, cem)
    await ben.node.trades.hand_over_case(trade, "")
    await before(world, cem)
    world.pass_days(20)
    await cem.node.trades.rule(trade, Outcome.COMPLETED, "")
    world.pass_days(89)
    assert await cem.node.trades.forget_old_cases() == 0
    world.pass_days(2)
    assert await cem.node.trades.forget_old_cases() == 1
    assert await nothing_is_left(cem)


async def test_a_case_that_nobody_rules_on_is_forgotten_too(
    three: list[Household], quarrel: Quarrel, world: World
) -> None:
    _, ben, cem = three
    await hand_over(cem, ben, parts_of(quarrel.fall_out(), quarrel.now_ms, ""))
    world.pass_days(91)
    assert await cem.node.trades.forget_old_cases() == 1
    assert await nothing_is_left(cem)


async def test_a_steward_forgets_a_case_when_told_to(
    three: list[Household], quarrel: Quarrel
) -> None:
    _, ben, cem = three
    trade = quarrel.fall_out()
    await hand_over(cem, ben, parts_of(trade, quarrel.now_ms, ""))
    await cem.node.trades.forget_case(trade.id)
    assert await nothing_is_left(cem)
    with pytest.raises(LocalError, match="case-not-found"):
        await cem.node.trades.forget_case(trade.id)
    with pytest.raises(LocalError, match="case-not-found"):
        await cem.node.trades.rule(trade.id, Outcome.COMPLETED, "")


async def nothing_is_left(steward: Household) -> bool:
    tables = ("trade_case", "trade_case_message", "trade_case_ruling")
    counts = await steward.node.database.read(
        lambda c: [c.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
    )
    return counts == [0, 0, 0]


async def test_a_case_before_a_steward_is_over_when_the_two_have_met(
    three: list[Household], quarrel: Quarrel
) -> None:
    _, ben, cem = three
    trade = quarrel.fall_out()
    quarrel.say(Role.PUBLISHER, Type.CANCEL, Words())
    await hand_over(cem, ben, parts_of(quarrel.trade, quarrel.now_ms, ""))
    (case,) = await cem.node.trades.cases()
    assert not case.can_rule
    with pytest.raises(LocalError, match="case-not-open"):
        await cem.node.trades.rule(trade.id, Outcome.COMPLETED, "")


# -- hostile


async def refused(steward: Household, sender: Household, part: CasePart, why: str) -> None:
    with pytest.raises(RemoteError, match=why):
        await hand_over(steward, sender, [part])
    assert await nothing_is_left(steward)


@pytest.mark.covers("TRD-37")
async def test_a_case_of_others_or_of_another_community_is_refused(
    world: World,
) -> None:
    ana, ben, cem, mallory = await world.community(["ana", "ben", "cem", "mallory"])
    quarrel = Quarrel(ana, ben, cem.id)
    (part,) = parts_of(quarrel.fall_out(), quarrel.now_ms, "")
    await refused(cem, mallory, part, "foreign-message")
    await refused(mallory, ben, part, "not-the-steward")
    await refused(ana, ben, part, "not-the-steward")
    elsewhere = Quarrel(ana, ben, cem.id, community=CommunityId(bytes([7] * 32)))
    (foreign,) = parts_of(elsewhere.fall_out(), elsewhere.now_ms, "")
    await refused(cem, ben, foreign, "other-community")
    alone = Quarrel(ana, ben, cem.id)
    alone.fall_out()
    ask, dispute = alone.trade.opening, alone.trade.dispute
    assert dispute is not None
    own = alone.draft(Role.SEEKER, Type.STEWARD, Steward(cem.id))
    (whole,) = parts_of(alone.trade, alone.now_ms, "")
    grown = whole.named[0], Extent(whole.named[1].count + 1, own.id)
    forged = replace(whole, named=grown, raws=(ask.raw, dispute.raw, own.raw))
    await refused(cem, ben, forged, "not-the-steward")


async def test_what_the_other_side_did_not_sign_waits_until_its_device_is_known_which_is_never(
    three: list[Household],
) -> None:
    ana, ben, cem = three
    stranger = KeyPair(Seed(os.urandom(32)))
    quarrel = Quarrel(ana, ben, cem.id, keys={Role.PUBLISHER: stranger})
    (part,) = parts_of(quarrel.fall_out(), quarrel.now_ms, "")
    with pytest.raises(NotYet):
        await hand_over(cem, ben, [part])
    assert await nothing_is_left(cem)


async def test_a_case_of_ten_thousand_messages_ends_at_512(
    three: list[Household], quarrel: Quarrel
) -> None:
    """More than two chains hold, as one who puts many messages in one place can have."""
    _, ben, cem = three
    trade = quarrel.fall_out()
    (part,) = parts_of(trade, quarrel.now_ms, "")
    place = trade.next_position(Role.SEEKER)
    crowd: list[bytes] = []
    for number in range(MAX_CASE_MESSAGES):
        words = Words(str(number))
        message = sign_message(
            quarrel.community, ben.id, place, quarrel.now_ms, Type.CANCEL, words, key_of(ben)
        )
        crowd.append(message.raw)
    named = part.named[0], Extent(MAX_CHAIN, message.id)
    parts = [
        replace(part, named=named, raws=(*part.raws[:OPENERS], *crowd[at : at + 61]))
        for at in range(0, len(crowd), 61)
    ]
    with pytest.raises(RemoteError, match="case-too-long"):
        await hand_over(cem, ben, parts)
    (case,) = await cem.node.trades.cases()
    assert len(case.trade.order) + len(case.apart) <= MAX_CASE_MESSAGES


async def test_a_flood_of_cases_waits_and_harms_nobody_else(world: World) -> None:
    ana, ben, cem, dora = await world.community(["ana", "ben", "cem", "dora"])

    async def lay(sender: Household) -> TradeId:
        quarrel = Quarrel(ana, sender, cem.id)
        trade = quarrel.fall_out()
        await hand_over(cem, sender, parts_of(trade, quarrel.now_ms, ""))
        return trade.id

    laid = [await lay(ben) for _ in range(docket.MAX_OPEN_OF_ONE)]
    with pytest.raises(NotYet) as waits:
        await lay(ben)
    assert waits.value.full
    await lay(dora)
    await cem.node.trades.rule(laid[0], Outcome.COMPLETED, "")
    await lay(ben)
    assert len(await cem.node.trades.cases()) == docket.MAX_OPEN_OF_ONE + 2


async def test_room_is_made_where_a_ruling_is_oldest(
    three: list[Household], monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben, cem = three
    monkeypatch.setattr(docket, "MAX_CASES", 3)
    laid = []
    for _ in range(3):
        quarrel = Quarrel(ana, ben, cem.id)
        laid.append(quarrel.fall_out().id)
        await hand_over(cem, ben, parts_of(quarrel.trade, quarrel.now_ms, ""))
    last = Quarrel(ana, ben, cem.id)
    parts = parts_of(last.fall_out(), last.now_ms, "")
    with pytest.raises(NotYet):
        await hand_over(cem, ben, parts)
    await cem.node.trades.rule(laid[1], Outcome.COMPLETED, "")
    await hand_over(cem, ben, parts)
    standing = {case.trade.id for case in await cem.node.trades.cases()}
    assert standing == {laid[0], laid[2], last.trade.id}


async def test_a_ruling_on_an_earlier_dispute_is_not_kept_for_a_later_one(
    world: World, three: list[Household]
) -> None:
    ana, ben, cem = three
    trade = await promised(world, ana, ben, await offer(ana, "Fahrrad"))
    await ben.node.trades.dispute(trade, cem.id, "Die Kette fehlt.")
    (first,) = await reaches(world, trade, State.DISPUTED, ana)
    await ben.node.trades.dispute(trade, cem.id, "Und das Licht.")

    async def renewed() -> bool:
        view = await ana.node.trades.show(trade)
        return view.trade.dispute != first.trade.dispute and len(view.trade.applied) == 4

    await eventually(world, renewed)
    await ana.node.trades.accept_steward(trade)
    (view,) = await reaches(world, trade, State.WITH_STEWARD, ana)
    earlier = first.trade.dispute
    assert earlier is not None
    late = rule(view.trade.community, trade, earlier.id, cem.id, Outcome.COMPLETED, "", key_of(cem))
    assert read_ruling(late.raw).dispute == earlier.id
    with pytest.raises(RemoteError, match="late-ruling"):
        await hand_over(ana, cem, [RulingLetter(trade, late.raw)])


# -- codes


async def test_wherever_the_table_takes_a_code_the_other_side_is_shown_its_own(
    quarrel: Quarrel,
) -> None:
    trade = quarrel.fall_out()
    for (state, type, _), rows in TRANSITIONS.items():
        for trade.lent in (True, False):
            trade.state = state
            unfit = Guard.NOT_LENT if trade.lent else Guard.WAS_LENT
            taken = any(Guard.RIGHT_CODE in r.guards and unfit not in r.guards for r in rows)
            shown = reading._may_come_back if type is Type.RETURN else reading._may_be_handed
            assert shown(trade) or not taken, (state, type)


async def test_a_code_that_may_end_a_dispute_is_shown_in_it(
    world: World, three: list[Household]
) -> None:
    ana, ben, cem = three
    trade = await with_steward(world, ana, ben, cem)
    shown = (await ana.node.trades.show(trade)).handover_code
    assert shown is not None
    assert (await ana.node.trades.show(trade)).return_code is None
    await ben.node.trades.handover(trade, shown)
    await reaches(world, trade, State.RECEIPTED, ana, ben)
    assert (await ana.node.trades.show(trade)).handover_code is None


async def test_in_a_dispute_about_a_loan_the_code_for_its_return_is_shown(
    world: World, three: list[Household]
) -> None:
    ana, ben, cem = three
    drill = await offer(ana, "Bohrmaschine", kind=ListingKind.LEND)
    due_ms = ana.clock.now_ms() + 5 * DAY_MS
    trade = await promised(world, ana, ben, drill, terms=Terms(due_at_ms=due_ms))
    code = (await ana.node.trades.show(trade)).handover_code
    await ben.node.trades.handover(trade, code)
    await reaches(world, trade, State.LENT, ana)
    await ana.node.trades.dispute(trade, cem.id, "Sie kommt nicht zurück.")
    (view,) = await reaches(world, trade, State.DISPUTED, ben)
    assert view.handover_code is None
    assert view.return_code is not None
    await ana.node.trades.give_back(trade, view.return_code)
    await reaches(world, trade, State.RECEIPTED, ana, ben)
