"""An invite counts the same everywhere, whoever heard of whom first; and who was removed is out."""

from __future__ import annotations

import os

import pytest

from node.network.memory import open_memory
from node.network.port import DialFailed, Refused
from protocol.envelope import Draft, Envelope, seal
from protocol.errors import LocalError
from protocol.ids import THING_KEY_BYTES, HouseholdId, ThingKey
from protocol.invite import InviteText
from protocol.kinds import Kind, lifetime_ms
from protocol.membership.bodies import Confirmation, Device, Invite, certify
from protocol.signing import KeyPair, Seed
from tests.sim.world import ROUGH, Household, World

SEEDS = (1, 2, 3)


def by_way_of(invite: InviteText, member: Household) -> InviteText:
    """The same invite, naming another member's addresses."""
    return InviteText(
        invite.community,
        invite.network_key,
        invite.secret,
        tuple(member.node.addresses()),
        invite.record,
    )


async def refused(deed: object) -> str:
    with pytest.raises(LocalError) as error:
        await deed  # type: ignore[misc]
    return error.value.code


def belonging(household: Household) -> dict[bytes, str]:
    return {m.household: m.status.value for m in household.members.households.values()}


@pytest.mark.covers("MEM-14")
@pytest.mark.covers("MEM-15")
@pytest.mark.parametrize("seed", SEEDS)
async def test_an_invite_used_from_two_places_of_a_torn_community_counts_once_everywhere(
    world: World,
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    world.switchboard.faults = ROUGH
    invite = await ana.invite(uses=1)
    await world.settle()
    world.switchboard.cut(["ana", "cem", "near"], ["ben", "far"])
    # The household that was nearer is confirmed by its inviter; the other one waits, with ben.
    far = await world.join("far", by_way_of(invite, ben))
    await world.until(lambda: far.node.community.my_status == "provisional")
    await far.publish("far's bike")
    near = await world.join("near", by_way_of(invite, cem))
    await world.until(lambda: near.node.community.my_status == "confirmed")
    assert ben.members.households[far.id].status.value == "provisional"
    far_id = far.id
    world.switchboard.heal()
    staying = [ana, ben, cem, near]
    await world.settle(staying)
    for household in staying:
        assert belonging(household) == {
            ana.id: "founder",
            ben.id: "confirmed",
            cem.id: "confirmed",
            near.id: "confirmed",
        }
        assert far_id not in household.members.removed
        assert "far's bike" not in await household.titles()
        assert household.members.uses_of(ana.id, invite.record.key) == 1


async def test_an_invite_that_is_used_twice_is_refused_the_second_time_with_the_reason(
    world: World,
) -> None:
    ana = await world.found("ana")
    invite = await ana.invite(uses=1)
    ben = await world.join("ben", invite)
    await world.until(lambda: ben.node.community.my_status == "confirmed")
    assert await refused(world.join("cem", invite)) == "invite-used-up"
    await world.settle([ana, ben])
    assert await refused(world.join("dora", by_way_of(invite, ben))) == "invite-used-up"
    assert ana.node.health()["gate-refused:invite-used-up"] == 1
    assert ben.node.health()["gate-refused:invite-used-up"] == 1


@pytest.mark.covers("GOV-13")
async def test_a_removed_household_is_refused_with_its_old_keys_whoever_invites_it(
    world: World,
) -> None:
    ana, ben, cem = await world.community(["ana", "ben", "cem"])
    await ben.publish("ben's cot")
    await world.settle()
    ben_id = ben.id
    await remove(ana, ben)
    await world.until(lambda: ben.node.community.my_status == "removed")
    await world.until(lambda: ben_id in cem.members.removed)
    invite = await cem.invite(uses=1)
    await ben.stop()
    for file in ben.folder.iterdir():
        file.unlink()
    ben.folder.rmdir()
    # The same words, a friend's invite, a new device: the same household.
    assert await refused(world.enrol(ben, by_way_of(invite, cem))) == "removed"
    assert cem.node.health()["gate-refused:removed"] >= 1
    assert ben_id not in cem.members.households

    # With fresh keys it comes in, at the friend's cost and for all to see.
    left_before = await cem.node.community.free_confirmations()
    anew = await world.join("ben anew", invite)
    await world.until(lambda: anew.node.community.my_status == "confirmed")
    await world.settle([ana, cem, anew])
    assert await cem.node.community.free_confirmations() == left_before - 1
    for household in (ana, cem, anew):
        member = household.members.households[anew.id]
        assert (member.inviter, member.status.value) == (cem.id, "confirmed")
        assert ben_id in household.members.removed
        assert await household.titles() == []


async def remove(by: Household, whom: Household) -> None:
    await by.node.governance.removals.remove(whom.id, "Cheated.", False)


class Stranger:
    """Keys of households that never were invited, and what they can sign with them."""

    def __init__(self, world: World, community: bytes) -> None:
        self.household, self.device, self.host = (
            KeyPair(Seed(os.urandom(32))),
            KeyPair(Seed(os.urandom(32))),
            Seed(os.urandom(32)),
        )
        self.secret = Seed(os.urandom(32))
        self._world = world
        self._community = community
        self.invite = self.sign(
            Kind.INVITE,
            Invite(KeyPair(self.secret).public, 9, world.clock.now_ms() + 10**8).pack(),
            self.device,
        )

    @property
    def id(self) -> HouseholdId:
        return HouseholdId(self.household.public)

    def sign(self, kind: Kind, body: bytes, signer: KeyPair) -> Envelope:
        now_ms = self._world.clock.now_ms()
        draft = Draft(
            self._community, kind, HouseholdId(self.household.public), 0,  # type: ignore[arg-type]
            ThingKey(os.urandom(THING_KEY_BYTES)), now_ms, 0, now_ms,
            now_ms + lifetime_ms(kind), False, body,
        )  # fmt: skip
        return seal(draft, signer)

    def brought_by(self, other: Stranger) -> list[Envelope]:
        """Everything that makes this household stand, if the other one does."""
        body = certify(
            self._community,  # type: ignore[arg-type]
            self.id,
            other.id,
            other.invite.key,
            KeyPair(other.secret),
        ).pack()
        device = Device(self.device.public, KeyPair(self.host).public).pack()
        confirmation = Confirmation(self.id, other.invite.key).pack()
        return [
            self.sign(Kind.CERTIFICATE, body, self.household),
            self.sign(Kind.DEVICE, device, self.household),
            self.invite,
            other.sign(Kind.CONFIRMATION, confirmation, other.device),
        ]


async def test_households_that_bring_each_other_in_a_circle_belong_nowhere(world: World) -> None:
    ana, ben = await world.community(["ana", "ben"])
    one, two = (Stranger(world, ana.members.community) for _ in range(2))
    circle = [*one.brought_by(two), *two.brought_by(one)]
    extended = ana.members.extended(circle)
    assert one.id not in extended.households
    assert two.id not in extended.households
    await ben.node.inbox.submit([record.raw for record in circle], None, parks=False)
    await world.settle()
    for household in (ana, ben):
        assert set(household.members.households) == {ana.id, ben.id}
    # At the gate the circle proves nothing either, and the refusal is counted.
    async with open_memory(world.switchboard, one.host, "one")(
        Shows(one.id, circle, world), Silent()
    ) as network:
        with pytest.raises((Refused, DialFailed)):
            await network.dial(ana.node.addresses()[0], 10)
    assert ana.node.health()["gate-refused:stranger"] == 1


class Shows:
    """A gate that shows the same proof to everybody."""

    def __init__(self, household: HouseholdId, proof: list[Envelope], world: World) -> None:
        self._household, self._proof, self._world = household, proof, world

    async def admit(self, channel: object, remote: bytes, is_dialer: bool) -> None:
        from protocol import gate as messages

        hello = messages.Hello(
            self._world.clock.now_ms(),
            self._household,
            False,
            None,
            tuple(record.raw for record in self._proof),
        )
        await channel.send(messages.write_hello(hello))  # type: ignore[attr-defined]
        answer = messages.read_answer(
            await channel.receive(messages.MAX_MESSAGE_BYTES)  # type: ignore[attr-defined]
        )
        assert isinstance(answer, str)
        raise Refused(answer, by_us=False)


class Silent:
    """Listens to nothing."""

    async def on_gossip(self, forwarder: bytes, data: bytes) -> bool:
        return True

    def on_connected(self, peer: bytes, address: str, outbound: bool) -> None: ...

    def on_disconnected(self, peer: bytes) -> None: ...

    def on_moved(self) -> None: ...

    def on_misconduct(self, peer: bytes | None, reason: str) -> None: ...

    def party_of(self, peer: bytes) -> bytes:
        return peer
