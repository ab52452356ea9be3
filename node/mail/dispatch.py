"""Which parcel goes where now: to its device if that is connected, else to members that keep it.

Memory only, on trio's thread: what is lost with it is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from node.mail.outbox_reading import Due
from node.network.port import HostKey
from protocol.ids import HouseholdId
from protocol.mail.letter import Topic
from protocol.mail.limits import HOLDERS
from protocol.mail.mailbox import holders_for
from protocol.membership.members import Members

FIRST_DELAY_S = 5.0
LONGEST_DELAY_S = 3_600.0


@dataclass(slots=True)
class Jobs:
    """Rows of parcels to deliver to, or to deposit at, one connected host; or to leave there,
    if they are delivery notes.
    """

    deliver: list[int] = field(default_factory=list)
    deposit: list[int] = field(default_factory=list)
    leave: list[int] = field(default_factory=list)

    @property
    def rows(self) -> list[int]:
        """All of them."""
        return [*self.deliver, *self.deposit, *self.leave]

    def add(self, other: Jobs) -> None:
        """Have these as well."""
        self.deliver += other.deliver
        self.deposit += other.deposit
        self.leave += other.leave


@dataclass(slots=True)
class _Waiting:
    delay_s: float
    due_s: float = 0.0


class Dispatch:
    """Assigns parcels to connected hosts, and remembers what failed where."""

    def __init__(
        self, household: HouseholdId, members: Callable[[], Members], random: Random
    ) -> None:
        self._household = household
        self._members = members
        self._random = random
        self._waiting: dict[tuple[int, HostKey], _Waiting] = {}
        self._under_way: set[tuple[int, HostKey]] = set()

    def assign(
        self, due: Sequence[Due], hosts: Mapping[HostKey, HouseholdId], now_s: float
    ) -> tuple[dict[HostKey, Jobs], float | None]:
        """Return what each host gets now, and when (trio's clock) to look again, if ever.

        hosts: the connected ones, and whose they are. What is assigned is under way until
        :meth:`done` or :meth:`failed`.
        """
        jobs: dict[HostKey, Jobs] = {}
        for parcel in due:
            member = self._members().member(parcel.household)
            if member is None:
                continue
            host = HostKey(member.devices.get(parcel.device, b""))
            if host in hosts:
                if self._may(parcel.n, host, now_s):
                    jobs.setdefault(host, Jobs()).deliver.append(parcel.n)
            else:
                for holder in self._holders(parcel, hosts, now_s):
                    job = jobs.setdefault(holder, Jobs())
                    (job.leave if parcel.topic == Topic.DELIVERY else job.deposit).append(parcel.n)
        for host, job in jobs.items():
            self._under_way.update((n, host) for n in job.rows)
        rows = {parcel.n for parcel in due}
        self._waiting = {key: w for key, w in self._waiting.items() if key[0] in rows}
        later = [w.due_s for (_, host), w in self._waiting.items() if host in hosts]
        return jobs, min((at for at in later if at > now_s), default=None)

    def done(self, rows: Sequence[int], host: HostKey) -> None:
        """These have been dealt with at a host."""
        for n in rows:
            self._under_way.discard((n, host))

    def failed(self, rows: Sequence[int], host: HostKey, now_s: float, first_s: float) -> None:
        """These were not taken. first_s: how long to wait once; then twice as long each time."""
        self.done(rows, host)
        for n in rows:
            waiting = self._waiting.get((n, host))
            if waiting is None:
                waiting = self._waiting[n, host] = _Waiting(first_s)
            else:
                waiting.delay_s = min(LONGEST_DELAY_S, max(FIRST_DELAY_S, 2 * waiting.delay_s))
            waiting.due_s = now_s + waiting.delay_s * self._random.uniform(0.8, 1.2)

    def forget(self, host: HostKey) -> None:
        """A host has gone, or is there again: nothing waits for it."""
        self._waiting = {key: w for key, w in self._waiting.items() if key[1] != host}
        self._under_way = {key for key in self._under_way if key[1] != host}

    def _may(self, n: int, host: HostKey, now_s: float) -> bool:
        waiting = self._waiting.get((n, host))
        return (n, host) not in self._under_way and (waiting is None or waiting.due_s <= now_s)

    def _holders(
        self, parcel: Due, hosts: Mapping[HostKey, HouseholdId], now_s: float
    ) -> list[HostKey]:
        """Return the best connected hosts that should get a parcel to keep, and do not have it."""
        wanted = 1 if parcel.topic == Topic.DELIVERY else HOLDERS
        members = self._members()
        asked = {hosts[host] for n, host in self._under_way if n == parcel.n and host in hosts}
        missing = wanted - len(parcel.holders | asked)
        if missing <= 0:
            return []
        free: dict[HouseholdId, HostKey] = {}
        for host, household in hosts.items():
            member = members.member(household)
            if (
                household not in (self._household, parcel.household)
                and household not in parcel.holders
                and household not in asked
                and member is not None
                and member.stands
                and member.confirmed
                and self._may(parcel.n, host, now_s)
            ):
                free[household] = host
        return [free[household] for household in holders_for(parcel.tag, free)[:missing]]
