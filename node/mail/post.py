"""The post: what other services use of mail (docs/adr/0009).

``write`` queues a letter within the caller's transaction; from there it is the post's to bring
it to every device of the recipient. ``serve`` names who takes in the letters of a topic, within
the transaction that acknowledges them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import trio

from node.author import Author
from node.clock import Clock, Skew
from node.conduct import Conduct
from node.inbox import Inbox
from node.mail import holding
from node.mail.courier import Courier
from node.mail.dispatch import Dispatch
from node.mail.holder_conduct import HolderConduct
from node.mail.holding import HeldForOthers
from node.mail.incoming import Delivery, DeliveryState, Incoming, NotYet, TakeIn
from node.mail.intake import Intake
from node.mail.keys import MailKeys
from node.mail.mailroom import Mailroom
from node.mail.outbox import Outbox
from node.mail.outbox_reading import deliveries, due, queued, waiting_for
from node.mail.sealing import Sealing
from node.mail.serving import Serving
from node.network.port import HostKey, Network
from node.store.database import Connection, Database
from protocol.envelope import Envelope
from protocol.errors import LocalError
from protocol.ids import DeviceKey, HouseholdId
from protocol.kinds import Kind
from protocol.limits import DAY_MS
from protocol.mail.letter import MESSAGE_ID_BYTES, Topic
from protocol.mail.limits import MAX_CONTENT_BYTES
from protocol.membership.members import Members
from protocol.signing import KeyPair

__all__ = ["Delivery", "DeliveryState", "Incoming", "NotYet", "Post", "Topic"]

_ATTEND_S = 60.0
_PAUSE_S = 0.25
"""Between two looks at all open letters, however often the membership or the cards move."""
_MOST_DUE = 2_048
_CARD_REFRESH_MS = 30 * DAY_MS


@dataclass(frozen=True, slots=True)
class Holding:
    """What this node keeps. for_others: parcels. queued: own letters that nobody has got yet."""

    for_others: HeldForOthers
    queued: int


class Post:
    """Mail of one device; run :meth:`run` in the node's nursery."""

    def __init__(
        self,
        network: Network,
        database: Database,
        inbox: Inbox,
        author: Author,
        clock: Clock,
        skew: Skew,
        conduct: Conduct,
        random: Random,
        device: KeyPair,
        device_slot: int,
        network_key: bytes,
        household_of: Callable[[HostKey], HouseholdId | None],
    ) -> None:
        """household_of: whom a connected host has proven to be at the gate."""
        self._network = network
        self._database = database
        self._inbox = inbox
        self._author = author
        self._clock = clock
        self._skew = skew
        self._conduct = conduct
        self._random = random
        self._device_slot = device_slot
        community, own = inbox.members.community, author.household
        members = lambda: inbox.members  # noqa: E731 - read anew at each use
        self._keys = MailKeys(community, device)
        sealing = Sealing(community, own, network_key, self._keys)
        self._outbox = Outbox(community, own, self._keys.device, sealing, members)
        self._intake = Intake(community, own, sealing, members)
        self._dispatch = Dispatch(own, members, random)
        self._holders = HolderConduct(random)
        self._mailroom = Mailroom(
            database,
            self._outbox,
            self._intake,
            lambda connection, to, topic, content, device: self.write(
                connection, to, topic, content, device=device
            ),
            clock,
            skew,
            conduct,
            members,
            household_of,
            network_key,
        )
        self._mailroom.wake = self.wake
        self._couriers: dict[HostKey, Courier] = {}
        self._wake = trio.Event()
        self._stale = trio.Event()
        Serving(network, self._mailroom, conduct, self._fault, self._fetch, self._tell_waiting)
        inbox.on_stored.append(self._follow)
        inbox.on_members.append(lambda members: self._stale.set())

    # -- for other services

    def serve(self, topic: Topic, take_in: TakeIn) -> None:
        """Name who takes in the letters of a topic, before the first connection.

        take_in runs inside the transaction that de-duplicates and acknowledges. RemoteError:
        refused for good, and counted. NotYet: not taken, the sender tries again.
        """
        self._intake.serve(topic, take_in)

    @property
    def on_taken(self) -> list[Callable[[Sequence[Incoming]], None]]:
        """Told, on the trio thread after the commit, what was taken in."""
        return self._mailroom.on_taken

    def write(
        self,
        connection: Connection,
        recipient: HouseholdId,
        topic: Topic,
        content: bytes,
        message_id: bytes | None = None,
        device: DeviceKey | None = None,
        sent_at_ms: int | None = None,
    ) -> bytes:
        """Queue one letter within the caller's transaction; return its message id.

        It is sealed for every device of the recipient with a card, now or once there is one;
        device: for this one only. content: at most MAX_CONTENT_BYTES, or ValueError.
        sent_at_ms: when it was first written, by another device; None for now.
        The same message_id again changes nothing. :meth:`wake` after the commit.
        """
        if len(content) > MAX_CONTENT_BYTES:
            raise ValueError(f"a letter of {len(content)} bytes")
        message_id = message_id or os.urandom(MESSAGE_ID_BYTES)
        now_ms = self._mailroom.times_ms()[-1]
        self._outbox.add(
            connection,
            message_id,
            recipient,
            device,
            topic,
            content,
            now_ms if sent_at_ms is None else sent_at_ms,
            now_ms,
            self._skew.trustworthy,
        )
        return message_id

    def unfetched(self, connection: Connection, recipient: HouseholdId) -> int:
        """Return how many letters are still on their way to a household."""
        return waiting_for(connection, recipient)

    def drop(self, connection: Connection, message_id: bytes) -> None:
        """Forget a letter, delivered or not."""
        self._outbox.drop(connection, message_id)

    def wake(self) -> None:
        """After the commit: deliver what is due."""
        self._wake.set()

    async def delivery(self, message_ids: Sequence[bytes]) -> dict[bytes, Delivery]:
        """Return how far letters have come; those that are not known are left out."""
        return await self._database.read(lambda connection: deliveries(connection, message_ids))

    async def holding(self) -> Holding:
        """Return what is kept for others, and what is queued of one's own."""
        return await self._database.read(
            lambda connection: Holding(holding.held_for_others(connection), queued(connection))
        )

    # -- the neighbours

    async def keep(self, peer: HostKey) -> None:
        """Bring and fetch mail at one connected host; cancelled when it disconnects."""
        courier = self._couriers[peer] = Courier(
            peer,
            self._network,
            self._mailroom,
            self._dispatch,
            self._conduct,
            self._holders,
            self._random,
            self._fault,
        )
        self._dispatch.forget(peer)
        self._stale.set()
        self.wake()
        try:
            await courier.run()
        finally:
            if self._couriers.get(peer) is courier:
                del self._couriers[peer]
                self._dispatch.forget(peer)
                self.wake()

    def _fault(self, peer: HostKey, reason: str) -> None:
        self._inbox.on_fault(peer, reason)

    def _fetch(self, peer: HostKey) -> None:
        if peer in self._couriers:
            self._couriers[peer].collect()

    def _tell_waiting(self, tags: Collection[bytes]) -> None:
        """Something was deposited here: if its device is connected, it may fetch it at once."""
        for peer, courier in self._couriers.items():
            if not set(tags).isdisjoint(self._mailroom.tags_at(peer)):
                courier.tell_waiting()

    # -- what happens by itself

    async def run(self) -> None:
        """Deliver, rotate keys and forget what is over, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._attend)
            while True:
                self._wake = trio.Event()
                next_s = await self._assign()
                with trio.move_on_at(float("inf") if next_s is None else next_s):
                    await self._wake.wait()

    async def _assign(self) -> float | None:
        if not self._couriers:
            return None
        hosts = {
            host: household
            for host, courier in self._couriers.items()
            if not courier.is_paused
            and (household := self._mailroom.household_of(host)) is not None
        }
        connected = self._devices_at(hosts)
        found = await self._database.read(lambda connection: due(connection, connected, _MOST_DUE))
        jobs, next_s = self._dispatch.assign(found, hosts, trio.current_time())
        for host, job in jobs.items():
            if host in self._couriers:
                self._couriers[host].give(job)
            else:
                self._dispatch.forget(host)
        return next_s

    def _devices_at(self, hosts: Mapping[HostKey, HouseholdId]) -> list[DeviceKey]:
        members = self._inbox.members
        return [
            DeviceKey(device)
            for host, household in hosts.items()
            if (member := members.member(household)) is not None
            for device, at in member.devices.items()
            if at == host
        ]

    async def _attend(self) -> None:
        while True:
            self._stale = trio.Event()
            try:
                await self._refit()
                await self._publish_card()
            except LocalError as error:  # a full disk, or not a member yet: tried again
                self._conduct.count(f"mail-not-attended:{error.code}")
            self.wake()
            with trio.move_on_after(_ATTEND_S):
                await self._stale.wait()
            await trio.sleep(_PAUSE_S)

    async def _refit(self) -> None:
        """Bring keys and open letters in line with time, and with who has which devices."""
        now_ms, agrees = self._clock.now_ms(), self._skew.trustworthy
        times_ms = self._mailroom.times_ms()

        def refit(connection: Connection) -> None:
            if agrees:
                self._keys.rotate(connection, now_ms)
                self._intake.forget(connection, now_ms)
                holding.forget_expired(connection, now_ms)
            self._outbox.refit(connection, times_ms[-1], agrees)

        await self._database.write(refit)

    async def _publish_card(self) -> None:
        """Have the own keys stand on the card, renewed before it expires.

        Not while the clock may be wrong: dated far ahead it would stand in every later one's way.
        """
        members: Members = self._inbox.members
        if not self._skew.trustworthy or not members.signs_for(
            self._keys.device, self._author.household
        ):
            return
        now_ms = self._clock.now_ms()
        card = await self._database.write(lambda connection: self._keys.card(connection, now_ms))
        body = card.pack()
        held = (await self._author.standing(Kind.MAIL_CARD)).get(self._device_slot)
        if (
            held is None
            or held.withdrawn
            or held.device != self._keys.device
            or held.body != body
            or now_ms >= held.created_at_ms + _CARD_REFRESH_MS
        ):
            await self._author.replace(Kind.MAIL_CARD, self._device_slot, body)

    def _follow(self, records: Sequence[Envelope], origin: HostKey | None) -> None:
        if any(record.kind == Kind.MAIL_CARD for record in records):
            self._stale.set()
