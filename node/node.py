"""The composition root: one node, which is one household in one community.

Everything is opened here, in order of dependency, and closed in reverse; services get the
collaborators they use, never this.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import trio

from node.anchors import Anchors
from node.attending import Attending
from node.author import Author, Keys
from node.carrying import Carrying
from node.catchup import Catchup, Exchange
from node.clock import Clock, Skew, SystemClock
from node.community import Community
from node.conduct import Conduct
from node.copy_watch import CopyWatch
from node.devices import Devices
from node.enrolment import DATABASE_FILE, Discovery
from node.gossip import Gossip
from node.governance.opening import Governance, open_governance
from node.horizon import Horizon
from node.identity import Identity
from node.inbox import Inbox
from node.joining.opening import Joining, open_joining
from node.ledger.ledger import Ledger
from node.listener import NodeListener
from node.mail.chats import Chats
from node.mail.post import Post
from node.market import Market
from node.membership_gate import MembershipGate, Passed
from node.moderation.opening import Moderation, open_moderation
from node.neighbourhood import Neighbourhood
from node.network.port import HostKey, Network, OpenNetwork
from node.reachability import Reachability
from node.shown import Shown
from node.store.database import Database, open_database
from node.store.records import RecordStore
from node.store.settings import Enrolment, read_enrolment
from node.sync import Sync
from node.trades.elsewhere import Elsewhere, Nowhere
from node.trades.opening import open_trades
from node.trades.trades import Trades
from protocol.admission import Admit
from protocol.envelope import Envelope, decode
from protocol.errors import LocalError
from protocol.kinds import Kind
from protocol.membership.members import found
from protocol.membership.showing import proof_of
from protocol.signing import KeyPair, Seed

_PURGE_S = 60.0


@asynccontextmanager
async def no_discovery(
    network_key: bytes, on_found: Callable[[Sequence[str]], None]
) -> AsyncIterator[None]:
    """Stand in for LAN discovery where it is switched off."""
    yield


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """How a node reaches others. network: opens a network for (host seed, network key).

    discovery: looks for neighbours on the LAN and announces the own addresses.
    seed: of the jitter; None draws one. elsewhere: where own listings are offered as well.
    """

    network: Callable[[Seed, bytes], OpenNetwork]
    discovery: Callable[[Callable[[], Sequence[str]]], Discovery] = field(
        default=lambda addresses: no_discovery
    )
    clock: Clock = field(default_factory=SystemClock)
    seed: int | None = None
    elsewhere: Elsewhere = field(default_factory=Nowhere)


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """What the application uses of an open node."""

    community: Community
    market: Market
    carrying: Carrying
    trades: Trades
    chats: Chats
    ledger: Ledger
    devices: Devices
    post: Post
    sync: Sync
    catchup: Catchup
    inbox: Inbox
    skew: Skew
    database: Database
    neighbourhood: Neighbourhood
    reachability: Reachability
    horizon: Horizon
    joining: Joining
    governance: Governance
    moderation: Moderation
    _conduct: Conduct
    _network: Network

    def addresses(self) -> Sequence[str]:
        """Return where this node can be dialled."""
        return self._network.addresses()

    def health(self) -> dict[str, int]:
        """Return what was refused, parked, throttled or lost so far, by reason."""
        copied = {"device-copied": 1} if self.ledger.is_copied else {}
        counts = {**self._network.counters(), **self._conduct.counts}
        return {**counts, "parked-now": self.inbox.parked, **copied}


@asynccontextmanager
async def open_node(folder: Path, identity: Identity, options: NodeOptions) -> AsyncIterator[Node]:
    """Open the node of one community and run it until the context ends.

    Must run inside a trio-asyncio loop. Raises LocalError: ``not-a-community``,
    ``port-in-use`` and those of open_database.
    """
    async with open_database(folder / DATABASE_FILE, identity.database_key) as database:
        enrolment = await read_enrolment(database)
        if enrolment is None:
            raise LocalError("not-a-community", path=str(folder))
        async with _running(database, enrolment, options) as node:
            yield node


@asynccontextmanager
async def _running(
    database: Database, enrolment: Enrolment, options: NodeOptions
) -> AsyncIterator[Node]:
    clock = options.clock
    random = Random(options.seed)
    conduct, skew = Conduct(), Skew(clock.lead_ms)
    seed = enrolment.household_seed
    root = None if seed is None else KeyPair(seed)
    keys = Keys(enrolment.household, KeyPair(enrolment.signing_seed), root)
    own_records = [decode(raw) for raw in enrolment.joining]

    # The rules of what may show come from the community, which needs the store: bound late.
    store = RecordStore(database, lambda: community.view_rules())
    store.own = enrolment.household
    members = found(enrolment.genesis).extended(await store.load(), proven=True)
    inbox = Inbox(store, clock, conduct, members)
    device_slot = _device_slot(own_records)
    author = Author(keys, device_slot, clock, inbox, store, lambda records: gossip.spread(records))

    def own_proof() -> Sequence[Envelope]:
        return proof_of(author.household, inbox.members) or own_records

    started = trio.Event()
    listener = NodeListener(conduct)
    gate = MembershipGate(
        author.household,
        clock,
        lambda: inbox.members,
        own_proof,
        lambda host: conduct.banned(host, trio.current_time()),
        listener.on_passed,
        lambda reason: conduct.count(f"gate-refused:{reason}"),
        started,
        lambda member: anchors.has_room_for(member),
        listener.on_left,
    )
    open_network = options.network(enrolment.host_seed, enrolment.network_key)
    async with open_network(gate, listener) as network:
        sync = Sync(
            network, store, inbox, clock, author.household,
            lambda: sum(catchup.missing.values()), root is None,
        )  # fmt: skip

        shown = Shown(
            inbox, lambda item: any(item in store.items(scope) for scope in (True, False)), conduct
        )

        def on_equal(peer: HostKey, done: Exchange) -> None:
            shown.compared(peer, done.lacking)
            listener.on_equal(peer, done)
            ledger.caught_up()

        catchup = Catchup(network, store, inbox, conduct, random, on_equal)
        gossip = Gossip(network, inbox, conduct, catchup.nudge)
        governance, governing = open_governance(
            author, inbox, database, clock, conduct, device_slot
        )
        community = Community(
            author,
            inbox,
            store,
            clock,
            network,
            enrolment.network_key,
            lambda: neighbourhood.told_removed,
            lambda: neighbourhood.told_revoked,
            governance.charters.require_consent,
        )
        market = Market(
            author,
            inbox,
            store,
            clock,
            governance.charters.require_consent,
            lambda: joining.first_listings.window(),
        )
        carrying = Carrying(author, inbox, store, clock, governance.charters.require_consent)
        anchors = Anchors(
            network, database, inbox, clock, random, author.household,
            sync.household_of, shown.hides,
        )  # fmt: skip
        horizon = Horizon(
            network, store, inbox, clock, conduct, sync, anchors, shown, author.household
        )
        neighbourhood = Neighbourhood(
            network,
            database,
            store,
            inbox,
            author,
            clock,
            conduct,
            random,
            device_slot,
            lambda: skew.trustworthy,
            anchors,
        )
        post = Post(
            network,
            database,
            inbox,
            author,
            clock,
            skew,
            conduct,
            random,
            KeyPair(enrolment.signing_seed),
            device_slot,
            enrolment.network_key,
            sync.household_of,
        )
        copy_watch = CopyWatch(database, author, inbox)
        ledger = Ledger(
            database, author, inbox, copy_watch, device_slot, post, clock, skew, conduct, random
        )
        chats = Chats(database, post, inbox, clock, author.household, community.blocks)
        devices = Devices(
            author,
            inbox,
            store,
            clock,
            network,
            community,
            enrolment.network_key,
            device_slot,
            ledger.adopt,
            chats.send_again,
        )
        reachability = Reachability(network, database, sync.household_of)
        trades, trades_attending = open_trades(
            author,
            keys.device,
            database,
            post,
            clock,
            inbox,
            market,
            ledger,
            conduct,
            options.elsewhere,
        )
        joining, joining_attending = open_joining(
            database, community, author, inbox, store, post, ledger, clock, conduct, device_slot
        )
        moderation, moderating = open_moderation(
            database, community, author, inbox, store, post, clock, conduct,
            governance.charters.require_consent,
        )  # fmt: skip
        node = Node(
            community, market, carrying, trades, chats, ledger, devices, post, sync, catchup,
            inbox, skew, database, neighbourhood, reachability, horizon, joining, governance,
            moderation, conduct, network,
        )  # fmt: skip
        await copy_watch.load()
        await moderating.load()
        await sync.load()
        await reachability.load()
        await joining_attending.load()
        await governance.charters.load()

        async def learn(passed: Passed) -> None:
            skew.observe(passed.member.household, passed.clock_offset_ms)
            verdicts = await inbox.submit(passed.records, passed.host)
            gossip.spread([v.record for v in verdicts if isinstance(v, Admit)])
            if inbox.members.by_host(passed.host) is None:
                # What was proven has not entered the set: nobody may stay who cannot be seen.
                await network.disconnect(passed.host)

        async def take_leave(peer: HostKey, goodbyes: Sequence[bytes]) -> None:
            verdicts = await inbox.submit(goodbyes, peer)
            gossip.spread([v.record for v in verdicts if isinstance(v, Admit)])

        async with trio.open_nursery() as nursery:
            nursery.start_soon(inbox.run)
            nursery.start_soon(copy_watch.run)
            nursery.start_soon(gossip.run)
            await neighbourhood.load()
            listener.attach(
                nursery, gossip, catchup, sync, neighbourhood, learn, take_leave, network, post
            )
            inbox.on_fault = listener.on_fault
            attending = Attending(
                database, clock, skew, inbox, community, author, own_records, conduct
            )
            await attending.attend()
            nursery.start_soon(attending.run)
            nursery.start_soon(_purge, inbox, trades, skew, conduct)
            nursery.start_soon(neighbourhood.run)
            nursery.start_soon(post.run)
            nursery.start_soon(ledger.run)
            nursery.start_soon(joining_attending.run)
            nursery.start_soon(governing.run)
            nursery.start_soon(moderating.run)
            nursery.start_soon(trades_attending.run)
            discovery = options.discovery(network.addresses)
            async with discovery(enrolment.network_key, neighbourhood.found):
                started.set()
                try:
                    yield node
                finally:
                    listener.detach()
                    nursery.cancel_scope.cancel()


def _device_slot(own_records: Sequence[Envelope]) -> int:
    return next((r.slot for r in own_records if r.kind == Kind.DEVICE), 0)


async def _purge(inbox: Inbox, trades: Trades, skew: Skew, conduct: Conduct) -> None:
    """Forget what is over, unless the own clock may be wrong."""
    while True:
        if skew.trustworthy:
            try:
                conduct.count("expired", await inbox.purge())
                conduct.count("cases-forgotten", await trades.forget_old_cases())
            except LocalError:
                conduct.count("store-failed")
        await trio.sleep(_PURGE_S)
