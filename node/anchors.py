"""Whom to dial first, whom to keep, whom to give up: spread over the invitation tree.

Against being surrounded (spec 07 §3): what this node dials itself is its own choice, and its
choice goes to branches that it has not reached yet; what dials it has bounded room of its own.
Hosts with which the sets were equal before are kept across restarts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from node.branches import branch_of, branches_beside, branches_of
from node.clock import Clock
from node.inbox import Inbox
from node.network.port import Connection, HostKey, Network
from node.store.database import Database
from node.store.neighbours import GoodNeighbour, good_neighbours, keep_good_neighbour
from protocol.ids import HouseholdId
from protocol.membership.evaluation import Member

ANCHORS = 4
"""Connections that this node has dialled itself, each in another branch while there are others."""
MAX_OUTBOUND = 12
MAX_INBOUND = 96
"""Together with MAX_OUTBOUND below what the network carries."""
_MAX_GOOD = 256
_HOUR_MS = 3_600_000

Claims = Mapping[HostKey, Collection[HouseholdId]]
"""Hosts, and the households that say it is theirs: only the gate shows who is right."""
_NOBODY: Claims = {}


@dataclass(frozen=True, slots=True)
class _Choice:
    """A host that could be dialled. hours: how long it has been a good neighbour."""

    host: HostKey
    is_own: bool
    hides: bool
    hours: int
    branches: Collection[HouseholdId]
    inviters: Collection[HouseholdId]


class Anchors:
    """Chooses among hosts by where their households stand in the invitation tree."""

    def __init__(
        self,
        network: Network,
        database: Database,
        inbox: Inbox,
        clock: Clock,
        random: Random,
        own: HouseholdId,
        household_of: Callable[[HostKey], HouseholdId | None],
        hides: Callable[[HostKey], bool],
    ) -> None:
        """household_of: who a connected host has proved to be. hides: whether it holds back
        records that it must have.
        """
        self._network = network
        self._database = database
        self._inbox = inbox
        self._clock = clock
        self._random = random
        self._own = own
        self._household_of = household_of
        self._hides = hides
        self._good: dict[HostKey, GoodNeighbour] = {}
        self._since: dict[HostKey, int] = {}
        self._met = 0

    # -- what is remembered

    async def load(self) -> None:
        """Recall the good neighbours from the file."""
        self._good = {HostKey(good.host): good for good in await good_neighbours(self._database)}

    def forget(self, host: HostKey) -> None:
        """Forget a host that belongs no more; the caller takes it out of the file."""
        self._good.pop(host, None)

    async def note_equal(self, peer: HostKey) -> None:
        """Note that the sets were equal with a connected host; on disk at most once an hour.

        Raises LocalError if the disk is full.
        """
        household, now_ms = self._household_of(peer), self._clock.now_ms()
        if household is None or household == self._own:
            return
        before = self._good.get(peer)
        if before is not None and before.household == household:
            if before.last_equal_ms <= now_ms < before.last_equal_ms + _HOUR_MS:
                return
            first_met_ms, hours = before.first_met_ms, before.hours_equal + 1
        else:
            first_met_ms, hours = now_ms, 1
        room = self._least_missed(household) if before is None else None
        if room is not None:
            del self._good[room]
        good = GoodNeighbour(peer, household, first_met_ms, now_ms, hours)
        self._good[peer] = good
        await keep_good_neighbour(self._database, good, room)

    def _least_missed(self, household: HouseholdId) -> HostKey | None:
        """Return whom to forget for a new good neighbour: one of the branch that has most."""
        if len(self._good) < _MAX_GOOD:
            return None
        members = self._inbox.members
        heads = {host: branch_of(members, good.household) for host, good in self._good.items()}
        crowd = Counter([*heads.values(), branch_of(members, household)])

        def worth(host: HostKey) -> tuple[int, int, int]:
            good = self._good[host]
            return -crowd[heads[host]], good.hours_equal, good.last_equal_ms

        return min(self._good, key=worth)

    # -- who is connected

    def met(self, peer: HostKey) -> None:
        """Note a new connection: of a crowd, those that came last go first."""
        self._met += 1
        self._since[peer] = self._met

    def parted(self, peer: HostKey) -> None:
        """Note that a connection is gone."""
        self._since.pop(peer, None)

    def current(self) -> list[HostKey]:
        """Return the anchors: outbound, to other households, no two in one branch while others
        are connected outbound, and none that holds records back.
        """
        chosen: list[HostKey] = []
        taken: Counter[HouseholdId | None] = Counter()
        waiting = [
            c.peer
            for c in self._outbound()
            if self._household_of(c.peer) not in (None, self._own) and not self._hides(c.peer)
        ]
        while waiting and len(chosen) < ANCHORS:
            best = min(waiting, key=lambda p: (taken[self._branch(p)], *self._worth(p)))
            waiting.remove(best)
            taken[self._branch(best)] += 1
            chosen.append(best)
        return chosen

    def branches_reached(self) -> frozenset[HouseholdId]:
        """Return the branches in which some other household is connected, whoever dialled."""
        found = (self._household_of(c.peer) for c in self._network.connections())
        return branches_of(self._inbox.members, {h for h in found if h not in (None, self._own)})

    def is_narrow(self) -> bool:
        """Whether all connected neighbours stand in one branch, or there is none."""
        return len(self.branches_reached()) < 2

    def room(self) -> int:
        """Return how many more hosts may be dialled."""
        return MAX_OUTBOUND - len(self._outbound())

    # -- whom to dial

    def order(self, hosts: Claims, most: int, under_way: Claims = _NOBODY) -> list[HostKey]:
        """Return which of these hosts to dial, the most wanted first. under_way: dialled now.

        One's own devices; then branches, and inviters, to which fewest connections lead;
        among them those that were good for longest. Who holds records back comes last.
        """
        reached, inviters = self._reached()
        for each in (self._choice(host, claims) for host, claims in under_way.items()):
            reached.update(each.branches)
            inviters.update(each.inviters)
        waiting = [self._choice(host, claims) for host, claims in hosts.items()]
        self._random.shuffle(waiting)
        chosen: list[HostKey] = []

        def rank(choice: _Choice) -> tuple[bool, bool, int, int, int]:
            return (
                not choice.is_own,
                choice.hides,
                min((reached[head] for head in choice.branches), default=0),
                min((inviters[each] for each in choice.inviters), default=0),
                -choice.hours,
            )

        while waiting and len(chosen) < most:
            best = min(waiting, key=rank)
            waiting.remove(best)
            chosen.append(best.host)
            reached.update(best.branches)
            inviters.update(best.inviters)
        return chosen

    def of_new_branches(self, hosts: Claims) -> list[HostKey]:
        """Return those hosts by which a branch would be reached to which no own connection leads.

        Empty where each of the own connections is in a branch by itself: nothing can be given up.
        """
        reached, _ = self._reached()
        if max(reached.values(), default=0) < 2:
            return []
        members = self._inbox.members
        return [
            host
            for host, claims in hosts.items()
            if any(not reached[head] for head in branches_of(members, self._owners(host, claims)))
            and not self._hides(host)
        ]

    def _owners(self, host: HostKey, claims: Collection[HouseholdId]) -> Collection[HouseholdId]:
        """Return whose a host has proved to be, or else who claims it."""
        members, good = self._inbox.members, self._good.get(host)
        if good is not None and members.is_host_of(host, good.household):
            return (good.household,)
        if claims:
            return claims
        member = members.by_host(host)
        return () if member is None else (member.household,)

    def _choice(self, host: HostKey, claims: Collection[HouseholdId]) -> _Choice:
        members, good = self._inbox.members, self._good.get(host)
        owners = self._owners(host, claims)
        standing = [m for h in owners if (m := members.member(h)) is not None and m.stands]
        return _Choice(
            host,
            any(m.household == self._own for m in standing),
            self._hides(host),
            0 if good is None else good.hours_equal,
            branches_of(members, (m.household for m in standing)),
            frozenset(m.inviter for m in standing),
        )

    def _reached(self) -> tuple[Counter[HouseholdId], Counter[HouseholdId]]:
        """Count the own connections to other households by branch, and by inviter."""
        members = self._inbox.members
        heads: Counter[HouseholdId] = Counter()
        inviters: Counter[HouseholdId] = Counter()
        for connection in self._outbound():
            household = self._household_of(connection.peer)
            member = None if household is None else members.member(household)
            if member is not None and member.household != self._own:
                heads.update(branches_of(members, [member.household]))
                inviters[member.inviter] += 1
        return heads, inviters

    # -- whom to give up, and whom not to let in

    def surplus(self) -> list[HostKey]:
        """Return whom to give up now, so that both kinds of connections stay within bounds."""
        return [
            *self._crowd(self._outbound(), MAX_OUTBOUND),
            *self._crowd(self._inbound(), MAX_INBOUND),
        ]

    def has_room_for(self, member: Member) -> bool:
        """Whether a host of a household may connect: if all places are taken, only where
        somebody of a branch with more of them would make room. It may be new here.
        """
        inbound = self._inbound()
        if member.household == self._own or len(inbound) < MAX_INBOUND:
            return True
        crowd = Counter(self._branch(connection.peer) for connection in inbound)
        head = member.household
        if member.depth > 1:
            head = branch_of(self._inbox.members, member.inviter) or head
        return crowd[head] + 1 < max(crowd.values())

    def _crowd(self, connections: Sequence[Connection], most: int) -> list[HostKey]:
        """Return those to give up: of the branch that has most, who holds back or came last."""
        staying = [c.peer for c in connections if self._household_of(c.peer) != self._own]
        leaving: list[HostKey] = []
        for _ in range(len(connections) - most):
            if not staying:
                break
            crowd = Counter(map(self._branch, staying))
            worst = max(staying, key=lambda p: (crowd[self._branch(p)], *self._worth(p)))
            staying.remove(worst)
            leaving.append(worst)
        return leaving

    def _worth(self, peer: HostKey) -> tuple[bool, int, int]:
        """Sort key of a connected host, the most valuable first."""
        good = self._good.get(peer)
        return self._hides(peer), 0 if good is None else -good.hours_equal, self._since.get(peer, 0)

    def _branch(self, peer: HostKey) -> HouseholdId | None:
        household = self._household_of(peer)
        return None if household is None else branch_of(self._inbox.members, household)

    def _outbound(self) -> list[Connection]:
        return [c for c in self._network.connections() if c.outbound]

    def _inbound(self) -> list[Connection]:
        return [c for c in self._network.connections() if not c.outbound]

    def branches_known(self) -> frozenset[HouseholdId]:
        """Return the branches in which somebody beside this household stands."""
        return branches_beside(self._inbox.members, self._own)
