"""What a hostile neighbour, holder or author sends is refused, bounded and counted."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest

from node.mail import chats, holding
from node.mail.incoming import DeliveryState
from node.mail.sealing import cards_of
from node.network.port import NetworkError
from protocol.errors import RemoteError
from protocol.ids import CommunityId, DeviceKey, HouseholdId
from protocol.mail import limits, post, seal
from protocol.mail.letter import Chat, Letter, Note, Topic
from protocol.mail.mailbox import expiry_of
from protocol.mail.parcel import Parcel, pad, parcel_id, read_parcel, seal_info
from protocol.mail.post import Code, Collect, Collected, Deliver, Deposit, Parcels, Result
from protocol.membership.members import found
from tests.node.mail.conftest import Correspondence
from tests.sim.world import Household, World


async def ask(sender: Household, to: Household, message: post.Message) -> post.Message | None:
    """Send one frame on a stream of its own; None if the stream ends instead of an answer."""
    try:
        stream = await sender.wire.open_stream(to.wire.host_key, post.PROTOCOL)
        await stream.send_frame(post.write(message))
        answer = await stream.receive_frame()
        await stream.aclose()
    except NetworkError:
        return None
    return None if answer is None else post.read(answer)


async def deliver(sender: Household, to: Household, *raws: bytes) -> list[Code] | None:
    answer = await ask(sender, to, Deliver(raws))
    return list(answer.codes) if isinstance(answer, Result) else None


def letter(author: Household, to: Household, /, **fields: Any) -> Letter:
    """A chat, as an honest device would write it, with some fields changed."""
    usual = Letter(
        author.members.community,
        os.urandom(16),
        author.id,
        to.id,
        author.clock.now_ms(),
        Topic.CHAT,
        Chat("Hello", None).pack(),
    )
    return replace(usual, **fields)


async def sealed(sender: Household, to: Household, written: Letter) -> bytes:
    """The letter as a parcel for the only device of a household."""
    sealing, now_ms = sender.node.post._outbox._sealing, sender.clock.now_ms()

    def seal(connection: Any) -> bytes:
        ((device, card),) = cards_of(connection, to.id).items()
        made = sealing.seal(connection, written, device, card, now_ms)
        assert made is not None
        return made.raw

    return await sender.node.database.write(seal)


@pytest.fixture
async def pair(world: World) -> tuple[Household, Household]:
    ana, ben = await world.community(["ana", "ben"])
    return ana, ben


@pytest.mark.covers("MAI-30")
async def test_a_parcel_counts_once_however_often_it_is_delivered(
    pair: tuple[Household, Household], mail: Correspondence
) -> None:
    ana, ben = pair
    raw = await sealed(ana, ben, letter(ana, ben))
    assert await deliver(ana, ben, raw) == [Code.TAKEN]
    assert await deliver(ana, ben, raw) == [Code.KNOWN]
    assert await deliver(ana, ben, raw, raw) == [Code.KNOWN, Code.KNOWN]
    assert await mail.texts(ben, ana.id) == ["Hello"]


@pytest.mark.covers("MAI-30")
async def test_a_letter_that_was_sealed_twice_counts_once(
    pair: tuple[Household, Household], mail: Correspondence
) -> None:
    ana, ben = pair
    written = letter(ana, ben)
    first, second = await sealed(ana, ben, written), await sealed(ana, ben, written)
    assert await deliver(ana, ben, second, first) == [Code.TAKEN, Code.KNOWN]
    assert await mail.texts(ben, ana.id) == ["Hello"]


@pytest.mark.covers("MAI-30", "MAI-34")
async def test_a_replayed_prekey_message_counts_once_even_in_another_parcel(
    pair: tuple[Household, Household], mail: Correspondence
) -> None:
    """Only the recipient can open the outer layer and wrap it anew: as if its key were known."""
    ana, ben = pair
    raw = await sealed(ana, ben, letter(ana, ben))
    sealing = ben.node.post._outbox._sealing
    inner = await ben.node.database.write(
        lambda c: sealing.open(read_parcel(raw), sealing.seeds(c))
    )
    assert inner is not None
    assert inner.olm_type == 0
    assert await deliver(ana, ben, raw) == [Code.TAKEN]
    again = await rewrapped(ben, raw, inner.pack())
    assert await deliver(ana, ben, again) == [Code.UNDECIPHERABLE]
    assert await mail.texts(ben, ana.id) == ["Hello"]


async def rewrapped(to: Household, raw: bytes, inner: bytes) -> bytes:
    parcel = read_parcel(raw)
    device = DeviceKey(to.node.post._keys.device)
    cards = await to.node.database.write(lambda c: cards_of(c, to.id))
    info = seal_info(to.members.community, device, parcel.tag, parcel.expires_at_ms)
    public = cards[device].card.hpke_public
    return replace(parcel, sealed=seal.wrap(pad(inner), public, info)).pack()


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"community": CommunityId(bytes(32))}, "letter-other-community"),
        ({"recipient": HouseholdId(bytes(32))}, "letter-other-recipient"),
        ({"sender": HouseholdId(bytes(32))}, "letter-other-sender"),
        ({"topic": Topic.OWN}, "letter-not-own"),
        ({"topic": 999}, "letter-topic"),
        ({"content": b""}, "wire-malformed"),
        ({"topic": Topic.DELIVERY, "content": Chat("no note", None).pack()}, "body-invalid"),
    ],
)
@pytest.mark.covers("MAI-11", "MAI-12", "MAI-35")
async def test_a_letter_that_is_not_for_this_place_is_refused_and_counted(
    pair: tuple[Household, Household],
    mail: Correspondence,
    fields: dict[str, Any],
    why: str,
) -> None:
    ana, ben = pair
    raw = await sealed(ana, ben, letter(ana, ben, **fields))
    assert await deliver(ana, ben, raw) == [Code.REFUSED]
    assert ben.node.health()[f"mail-refused:{why}"] == 1
    assert await deliver(ana, ben, raw) == [Code.REFUSED]
    assert await mail.texts(ben, ana.id) == []


@pytest.mark.covers("MAI-32")
async def test_a_sender_that_is_not_known_yet_is_asked_to_come_again(
    pair: tuple[Household, Household], world: World, mail: Correspondence
) -> None:
    ana, ben = pair
    raw = await sealed(ana, ben, letter(ana, ben))
    known = ben.node.inbox.members
    ben.node.inbox.members = found(known.genesis.raw)
    codes = await ben.node.post._mailroom.take([raw], ana.wire.host_key)
    assert codes == [Code.LATER]
    ben.node.inbox.members = known
    assert await deliver(ana, ben, raw) == [Code.TAKEN]


@pytest.mark.covers("MAI-23", "MAI-24", "MAI-31")
async def test_every_bit_of_a_parcel_counts(pair: tuple[Household, Household]) -> None:
    ana, ben = pair
    raw = await sealed(ana, ben, letter(ana, ben))
    sealing = ben.node.post._outbox._sealing

    def opened(connection: Any) -> list[int]:
        bad, seeds = [], sealing.seeds(connection)
        for bit in range(8 * len(raw)):
            spoilt = bytearray(raw)
            spoilt[bit // 8] ^= 1 << bit % 8
            try:
                parcel = read_parcel(bytes(spoilt))
            except RemoteError:
                continue
            if sealing.open(parcel, seeds) is not None:
                bad.append(bit)
        return bad

    assert await ben.node.database.write(opened) == []
    assert await deliver(ana, ben, raw) == [Code.TAKEN]


@pytest.mark.covers("MAI-24", "MAI-43")
async def test_a_malformed_parcel_or_frame_counts_against_who_hands_it_over(
    pair: tuple[Household, Household],
) -> None:
    ana, ben = pair
    raw = await sealed(ana, ben, letter(ana, ben))
    assert await deliver(ana, ben, raw[:-1]) is None
    assert await deliver(ana, ben, b"") is None
    assert await ask(ana, ben, Deposit((raw, raw + b"\0"))) is None
    assert await ask(ana, ben, Parcels(1, ())) is None
    assert await ask(ana, ben, Result(())) is None
    faults = {k: v for k, v in ben.node.health().items() if k.startswith("fault")}
    assert sum(faults.values()) == 5
    assert await deliver(ana, ben, raw) == [Code.TAKEN]


@pytest.mark.covers("MAI-33")
async def test_who_is_blocked_cannot_write_directly_or_through_others(
    world: World, mail: Correspondence
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await ben.node.moderation.choices.block(ana.id, True)
    await ana.node.chats.send(ben.id, "Answer me!")
    await mail.all_are(ana, ben.id, DeliveryState.REFUSED)
    world.part([ana], [ben])
    await world.pass_time(10)
    await ana.node.chats.send(ben.id, "I know you are there")
    await world.pass_time(200)
    assert await mail.texts(ben, ana.id) == []
    assert (await mail.states(ana, ben.id))[-1] is DeliveryState.HELD
    assert (await cem.node.post.holding()).for_others.parcels == 0
    assert ben.node.health()["mail-blocked"] >= 2
    await ben.node.moderation.choices.block(ana.id, False)
    await ana.node.chats.send(ben.id, "Sorry")
    await mail.arrived(ben, ana.id, ["Sorry"])


@pytest.mark.covers("MAI-32", "MAI-41")
async def test_more_unread_chats_than_anybody_reads_wait_at_their_sender(
    pair: tuple[Household, Household], mail: Correspondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben = pair
    monkeypatch.setattr(chats, "MAX_UNREAD", 5)
    for number in range(9):
        await ana.node.chats.send(ben.id, f"Buy! {number}")
    await mail.until(lambda: count_is(ben, 5))
    await mail.world.pass_time(30)
    assert await ben.node.chats.unread() == 5
    assert (await mail.states(ana, ben.id)).count(DeliveryState.DELIVERED) == 5
    await ben.node.chats.mark_read(ana.id)
    await mail.until(lambda: count_is(ben, 4))
    assert len(await mail.texts(ben, ana.id)) == 9


async def test_what_is_too_much_stays_with_its_holder_and_is_not_fetched_all_the_time(
    world: World, mail: Correspondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chats, "MAX_UNREAD", 5)
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    world.part([ana], [ben])
    await world.pass_time(10)
    for number in range(8):
        await ana.node.chats.send(ben.id, f"Buy! {number}")
    await mail.until(lambda: count_is(ben, 5))
    await world.pass_time(20)
    assert (await cem.node.post.holding()).for_others.parcels >= 3
    refused_at_first = ben.node.health()["mail-full"]
    await world.pass_time(3_600)
    assert ben.node.health()["mail-full"] - refused_at_first <= 3 * 7
    await ben.node.chats.mark_read(ana.id)
    await mail.until(lambda: count_is(ben, 3), within_s=4_000)
    await world.pass_time(10)
    await mail.all_are(ana, ben.id, DeliveryState.DELIVERED)


async def count_is(household: Household, unread: int) -> bool:
    return await household.node.chats.unread() == unread


@pytest.mark.covers("MAI-44")
async def test_a_member_that_floods_holds_up_nobody(
    world: World, mail: Correspondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.mail.serving._BURST", 50.0)
    monkeypatch.setattr("node.mail.serving._PER_S", 1.0)
    ana, ben, mallory = await world.community(["ana", "ben", "mallory"])
    codes: list[Code] = []
    for _ in range(30):
        raws = [await sealed(mallory, ben, letter(mallory, ben)) for _ in range(5)]
        codes += await deliver(mallory, ben, *raws) or []
    assert codes.count(Code.TAKEN) < 60
    assert codes.count(Code.LATER) > 60
    assert ben.node.health()["mail-throttled"] > 10
    await ana.node.chats.send(ben.id, "Do you hear me?")
    assert await mail.arrived(ben, ana.id, ["Do you hear me?"]) <= 1


async def test_what_is_remembered_of_one_household_in_a_day_is_bounded(
    pair: tuple[Household, Household], mail: Correspondence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.mail.intake._A_DAY", 20.0)
    ana, ben = pair
    raws = [
        await sealed(ana, ben, letter(ana, ben, topic=Topic.DELIVERY, content=Note().pack()))
        for _ in range(30)
    ]
    codes = await deliver(ana, ben, *raws)
    assert codes == [Code.TAKEN] * 20 + [Code.FULL] * 10
    mail.world.pass_days(1)
    assert await deliver(ana, ben, *raws) == [Code.KNOWN] * 20 + [Code.TAKEN] * 10


def parcel(world: World, days: float = 14, tag: bytes | None = None) -> bytes:
    """A parcel that nobody can open, as a holder sees any."""
    size = limits.PADDED_BYTES[0] + limits.SEAL_BYTES
    expires_at_ms = world.clock.now_ms() + int(days * 86_400_000)
    return Parcel(tag or os.urandom(16), expires_at_ms, os.urandom(size)).pack()


@pytest.mark.covers("MAI-51", "MAI-55")
async def test_a_holder_keeps_so_much_for_one_household_and_no_more(
    world: World, mail: Correspondence
) -> None:
    ana, ben, mallory = await world.community(["ana", "ben", "mallory"])
    codes: list[Code] = []
    for _ in range(5):
        answer = await ask(mallory, ana, Deposit(tuple(parcel(world) for _ in range(60))))
        assert isinstance(answer, Result)
        codes += answer.codes
    assert codes == [Code.HELD] * limits.DEPOSITOR_PARCELS + [Code.FULL] * (300 - 256)
    view = (await ana.node.post.holding()).for_others
    assert (view.parcels, view.depositors, view.full) == (256, 1, 1)
    assert view.bytes < limits.DEPOSITOR_BYTES
    kept = await ask(ben, ana, Deposit((parcel(world),)))
    assert kept == Result((Code.HELD,))
    world.pass_days(16)
    await world.pass_time(120)
    assert (await ana.node.post.holding()).for_others == holding.HeldForOthers(0, 0, 0, 0)


@pytest.mark.covers("MAI-51")
async def test_a_household_for_which_nobody_stands_yet_gets_little_kept(
    world: World, pair: tuple[Household, Household]
) -> None:
    ana, ben = pair
    mailroom = ana.node.post._mailroom
    mailroom.is_confirmed = lambda household: household != ben.id  # type: ignore[method-assign]
    answer = await ask(ben, ana, Deposit(tuple(parcel(world) for _ in range(20))))
    assert answer == Result((Code.HELD,) * 16 + (Code.FULL,) * 4)


@pytest.mark.covers("MAI-51")
async def test_a_holder_refuses_what_is_over_or_would_stay_too_long(
    world: World, pair: tuple[Household, Household]
) -> None:
    ana, ben = pair
    assert expiry_of(world.clock.now_ms()) <= world.clock.now_ms() + limits.MAX_LIFE_MS
    raws = (parcel(world, -0.01), parcel(world, 16), parcel(world, 15))
    answer = await ask(ana, ben, Deposit((*raws, raws[2])))
    assert answer == Result((Code.REFUSED, Code.REFUSED, Code.HELD, Code.KNOWN))


@pytest.mark.covers("MAI-52", "MAI-53")
async def test_only_a_device_itself_collects_what_is_kept_for_it(
    world: World, mail: Correspondence
) -> None:
    ana, ben, cem, mallory = await world.community(["ana", "ben", "cem", "mallory"])
    world.part([ana], [ben])
    world.part([cem], [ben])
    await world.pass_time(10)
    raw = await sealed(ana, ben, letter(ana, ben))
    assert await ask(ana, cem, Deposit((raw,))) == Result((Code.HELD,))
    assert await ask(mallory, cem, Collect(0)) == Parcels(0, ())
    assert await ask(mallory, cem, Collected((parcel_id(raw),))) == Result(())
    assert (await cem.node.post.holding()).for_others.parcels == 1
    world.switchboard.heal()
    await mail.arrived(ben, ana.id, ["Hello"])


async def test_a_holder_learns_nothing_but_the_tag_the_time_and_the_size(
    world: World, pair: tuple[Household, Household]
) -> None:
    ana, ben = pair
    text = "Meet me at the old oak"
    raw = await sealed(ana, ben, letter(ana, ben, content=Chat(text, None).pack()))
    other = await sealed(ana, ben, letter(ana, ben, content=Chat("x", None).pack()))
    device = ana.node.post._keys.device
    for secret in (text.encode(), ana.id, ben.id, device, ana.wire.host_key, ben.wire.host_key):
        assert secret not in raw
    sealing = ana.node.post._outbox._sealing
    assert (
        await ana.node.database.write(lambda c: sealing.open(read_parcel(raw), sealing.seeds(c)))
        is None
    )
    assert len(raw) == len(other)
    assert read_parcel(raw).tag == read_parcel(other).tag
    assert read_parcel(raw).expires_at_ms % 86_400_000 == 0


async def test_who_sends_nonsense_again_and_again_is_cut_off_and_the_others_go_on(
    world: World, mail: Correspondence
) -> None:
    ana, ben, mallory = await world.community(["ana", "ben", "mallory"])
    host = ben.wire.host_key
    sent = 0
    while host in {connection.peer for connection in mallory.wire.connections()}:
        junk = world.random.randbytes(world.random.randrange(60))
        try:
            stream = await mallory.wire.open_stream(host, post.PROTOCOL)
            await stream.send_frame(junk)
            await stream.receive_frame()
        except NetworkError:
            pass
        sent += 1
        assert sent < 100
    assert ben.node.health()["cut-off"] == 1
    await ana.node.chats.send(ben.id, "Who was that?")
    await mail.arrived(ben, ana.id, ["Who was that?"])


async def test_a_neighbour_that_answers_nonsense_is_asked_ever_less_often(
    world: World, mail: Correspondence
) -> None:
    ana, ben, mallory = await world.community(["ana", "ben", "mallory"])
    asked: list[float] = []

    async def lie(stream: Any) -> None:
        while await stream.receive_frame() is not None:
            asked.append(world.clock.now_ms() / 1000)
            await stream.send_frame(post.write(Parcels(2**40 + len(asked), (os.urandom(99),))))

    mallory.wire.serve(post.PROTOCOL, lie)
    world.part([mallory], [ana, ben])  # so that new streams are opened
    world.switchboard.heal()
    await ana.node.chats.send(ben.id, "Meanwhile")
    await mail.arrived(ben, ana.id, ["Meanwhile"])
    await world.pass_time(7_200)
    of_each = len(asked) / 2
    assert 3 <= of_each <= 20
    assert ana.node.health()["fault:wire-malformed"] >= 1
