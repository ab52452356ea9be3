"""What hosts do wrong, counted; who does too much of it is cut off for a while.

An honest host sends no provably bad bytes at all: a few are forgiven (a bug, a version), a
stream of them is not.
"""

from __future__ import annotations

from collections import Counter, OrderedDict

from node.network.token_bucket import TokenBucket

_FORGIVEN = 20.0
_FORGIVEN_PER_S = 0.1
_GOSSIP_BURST = 2_000.0
_GOSSIP_PER_S = 300.0
BAN_S = 600.0
_HOSTS_REMEMBERED = 512


class _Record:
    def __init__(self) -> None:
        self.faults = TokenBucket(_FORGIVEN_PER_S, _FORGIVEN)
        self.gossip = TokenBucket(_GOSSIP_PER_S, _GOSSIP_BURST)
        self.banned_until_s = 0.0


class Conduct:
    """Counts by reason for ``status``, and the standing of each host by its behaviour."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._records: OrderedDict[bytes, _Record] = OrderedDict()
        self._households: OrderedDict[bytes, bytes] = OrderedDict()

    def count(self, reason: str, times: int = 1) -> None:
        """Count something that is nobody's fault, or ours."""
        self.counts[reason] += times

    def fault(self, host: bytes | None, reason: str, now_s: float, weight: float = 1.0) -> bool:
        """Count a fault of a host; True if it must be cut off now (told once for each ban)."""
        self.counts[f"fault:{reason}"] += 1
        if host is None:
            return False
        record = self._record(host)
        if now_s < record.banned_until_s or record.faults.take(now_s, weight):
            return False
        record.banned_until_s = now_s + BAN_S
        self.counts["cut-off"] += 1
        return True

    def may_gossip(self, host: bytes, now_s: float) -> bool:
        """Whether one more message of a host is looked at now; False is counted."""
        if self._record(host).gossip.take(now_s):
            return True
        self.counts["throttled"] += 1
        return False

    def banned(self, party: bytes, now_s: float) -> bool:
        """Whether a host, or a household with all its hosts, is cut off at the moment."""
        record = self._records.get(self._households.get(party, party))
        return record is not None and now_s < record.banned_until_s

    def introduce(self, host: bytes, household: bytes) -> None:
        """Hold a household responsible for a host: another host key is no clean slate."""
        self._households[host] = household
        self._households.move_to_end(host)
        while len(self._households) > _HOSTS_REMEMBERED:
            self._households.popitem(last=False)

    def party_of(self, host: bytes) -> bytes:
        """Return who answers for a host: its household, or itself if that is not known."""
        return self._households.get(host, host)

    def _record(self, host: bytes) -> _Record:
        party = self.party_of(host)
        record = self._records.get(party)
        if record is None:
            record = self._records[party] = _Record()
            while len(self._records) > _HOSTS_REMEMBERED:
                self._records.popitem(last=False)
        else:
            self._records.move_to_end(party)
        return record
