"""Hosts that could be dialled, their addresses, and who claims each: bounded, fair in its bounds.

A household may certify any host as its own, also one that is another's; only the gate shows
whose it is. So nobody's claims may displace the addresses that come from others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from random import Random

import trio

from node.branches import branches_of
from node.network.port import HostKey
from protocol.addresses import MAX_ADDRESSES
from protocol.ids import HouseholdId
from protocol.membership.members import Members

MAX_HOSTS = 500
_MAX_ADDRESSES = 2 * MAX_ADDRESSES
FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 300.0
_LONGEST_ALONE_S = 20.0


@dataclass(slots=True)
class Candidate:
    """A host that could be dialled. addresses: each with the household whose record named it,
    or None where a connection succeeded. due_s: on trio's clock.
    """

    addresses: dict[str, HouseholdId | None] = field(default_factory=dict)
    delay_s: float = FIRST_DELAY_S
    due_s: float = 0.0
    stirred: trio.Event = field(default_factory=trio.Event)
    """Set when an address is learnt; whoever waits for that puts a new one in its place."""

    @property
    def claims(self) -> frozenset[HouseholdId]:
        """The households that name this host as theirs."""
        return frozenset(each for each in self.addresses.values() if each is not None)

    def prefer(self, address: str, works: bool) -> None:
        """Try an address first next time, or last: then there is time for the others."""
        named_by = self.addresses.pop(address, None)
        if works:
            self.addresses = {address: named_by, **self.addresses}
        else:
            self.addresses[address] = named_by

    def forgive(self) -> None:
        """Forget that it failed: it is due now."""
        self.delay_s = FIRST_DELAY_S
        self.due_s = min(self.due_s, trio.current_time())

    def postpone(self, random: Random, just_alone: bool) -> None:
        """Wait longer each time that it failed.

        just_alone: nobody at all has been connected lately, so it is most likely our own network
        that is away, and it may be back any time.
        """
        longest_s = _LONGEST_ALONE_S if just_alone else LONGEST_DELAY_S
        delay_s = min(self.delay_s, longest_s)
        self.due_s = trio.current_time() + delay_s * random.uniform(0.7, 1.3)
        self.delay_s = min(longest_s, delay_s * 2)


class AddressBook:
    """The candidates by host."""

    def __init__(self) -> None:
        self.hosts: dict[HostKey, Candidate] = {}

    def __len__(self) -> int:
        return len(self.hosts)

    def __iter__(self) -> Iterator[tuple[HostKey, Candidate]]:
        return iter(self.hosts.items())

    def get(self, host: HostKey) -> Candidate | None:
        """Return what is known of a host."""
        return self.hosts.get(host)

    def at(self, host: HostKey) -> Candidate:
        """Return what is known of a host, from now on."""
        return self.hosts.setdefault(host, Candidate())

    def forget(self, host: HostKey) -> None:
        """Drop a host."""
        self.hosts.pop(host, None)

    def learn(
        self,
        host: HostKey,
        address: str,
        named_by: HouseholdId | None,
        members: Members,
        connected: Collection[HostKey],
    ) -> None:
        """Take an address in, if there is room or can be made. connected: who is not dropped."""
        if host not in self.hosts and len(self.hosts) >= MAX_HOSTS:
            self._make_room(host, named_by, members, connected)
            if len(self.hosts) >= MAX_HOSTS:
                return
        candidate = self.at(host)
        if address not in candidate.addresses:
            candidate.addresses[address] = named_by
            candidate.due_s = min(candidate.due_s, trio.current_time())
            candidate.stirred.set()
            if len(candidate.addresses) > _MAX_ADDRESSES:
                told = Counter(candidate.addresses.values())
                oldest = max(candidate.addresses, key=lambda a: told[candidate.addresses[a]])
                del candidate.addresses[oldest]

    def _make_room(
        self,
        host: HostKey,
        named_by: HouseholdId | None,
        members: Members,
        connected: Collection[HostKey],
    ) -> None:
        """Drop hosts of nobody (a member may give its devices ever new ones), or else one of
        the branch that has most, if that is not the newcomer's own.
        """
        for each in list(self.hosts):
            if each not in connected and members.by_host(each) is None:
                del self.hosts[each]
        if len(self.hosts) < MAX_HOSTS:
            return
        heads = {
            each: branches_of(members, candidate.claims or _owner(members, each))
            for each, candidate in self.hosts.items()
        }
        crowd = Counter(head for found in heads.values() for head in found)
        if not crowd:
            return
        largest, most = crowd.most_common(1)[0]
        claimant = _owner(members, host) if named_by is None else (named_by,)
        if any(crowd[head] + 1 >= most for head in branches_of(members, claimant)):
            return
        for each, found in heads.items():
            if found == {largest} and each not in connected:
                del self.hosts[each]
                return


def _owner(members: Members, host: HostKey) -> tuple[HouseholdId, ...]:
    member = members.by_host(host)
    return () if member is None else (member.household,)
