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
        self._hosts: OrderedDict[bytes, _Record] = OrderedDict()

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

    def banned(self, host: bytes, now_s: float) -> bool:
        """Whether a host is cut off at the moment."""
        record = self._hosts.get(host)
        return record is not None and now_s < record.banned_until_s

    def _record(self, host: bytes) -> _Record:
        record = self._hosts.get(host)
        if record is None:
            record = self._hosts[host] = _Record()
            while len(self._hosts) > _HOSTS_REMEMBERED:
                self._hosts.popitem(last=False)
        else:
            self._hosts.move_to_end(host)
        return record
