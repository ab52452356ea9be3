"""Who holds back records that it must have: it gave them to this node, or was given them.

A fingerprint is no proof, and nobody can be made to show all that it has. What can be known:
a neighbour that answers a comparison without a record that it sent here before, or has taken
from here several times over half an hour. Honest ones do so with a full disk, a wrong
clock or an old program, so it is counted and others are asked first; nobody is cut off for it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import trio

from node.conduct import Conduct
from node.inbox import Inbox
from node.network.port import HostKey
from protocol.envelope import Envelope
from protocol.reconcile import Item

PATIENCE_S = 1_800.0
"""Clocks may differ by ten minutes, and a record be dated ten ahead: twenty until both take it."""
_TIMES = 3
_MAX_HOSTS = 128
_MAX_TOLD = 256
_MAX_GIVEN = 256


@dataclass(slots=True)
class _Host:
    """told: records that came from it. given: those offered to it in the last comparison.

    lacking: since when (trio's clock), and how often, it has lacked what it must have.
    """

    told: OrderedDict[bytes, None] = field(default_factory=OrderedDict)
    given: frozenset[bytes] = frozenset()
    lacking: dict[bytes, tuple[float, int]] = field(default_factory=dict)
    held_back: int = 0


class Shown:
    """Remembers, of each host of late, some records that it must have."""

    def __init__(self, inbox: Inbox, stands: Callable[[Item], bool], conduct: Conduct) -> None:
        """stands: whether a record is still in this node's set."""
        self._stands = stands
        self._conduct = conduct
        self._hosts: OrderedDict[HostKey, _Host] = OrderedDict()
        inbox.on_stored.append(self._note_told)

    def compared(self, peer: HostKey, lacking: Sequence[Item]) -> None:
        """Note which records a host lacked in an exchange that came to its end."""
        host = self._of(peer)
        if not lacking and not host.lacking:
            host.given = frozenset()
            return
        now_s, found = trio.current_time(), dict[bytes, tuple[float, int]]()
        # The same ones each time, whatever else it lacks.
        offered = sorted(lacking, key=lambda item: item.id)[:_MAX_GIVEN]
        for item in lacking:
            if (item.id in host.told or item.id in host.given) and self._stands(item):
                since_s, times = host.lacking.get(item.id, (now_s, 0))
                found[item.id] = (since_s, times + 1)
        host.lacking, host.given = found, frozenset(item.id for item in offered)
        held_back = sum(
            times >= _TIMES and now_s - since_s >= PATIENCE_S for since_s, times in found.values()
        )
        if held_back and not host.held_back:
            self._conduct.count("neighbour-holds-back")
        host.held_back = held_back

    def hides(self, peer: HostKey) -> bool:
        """Whether a host holds back records, as of the last exchange with it."""
        host = self._hosts.get(peer)
        return host is not None and host.held_back > 0

    def held_back(self, peer: HostKey) -> int:
        """Return how many records a host is known to hold back, at least."""
        host = self._hosts.get(peer)
        return 0 if host is None else host.held_back

    def _note_told(self, records: Sequence[Envelope], origin: HostKey | None) -> None:
        if origin is None:
            return
        told = self._of(origin).told
        for record in records[-_MAX_TOLD:]:
            told[record.id] = None
        while len(told) > _MAX_TOLD:
            told.popitem(last=False)

    def _of(self, peer: HostKey) -> _Host:
        host = self._hosts.setdefault(peer, _Host())
        self._hosts.move_to_end(peer)
        while len(self._hosts) > _MAX_HOSTS:
            # Rather one of whom nothing is known: an hour's crowd must not wash it away.
            free = (each for each, kept in self._hosts.items() if not kept.lacking)
            self._hosts.pop(next(free, next(iter(self._hosts))))
        return host
