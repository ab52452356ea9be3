"""Gossip: a new record reaches the neighbours within milliseconds, or else by catch-up.

Single records are gossiped; a bulk publication only nudges the neighbours to catch up,
because bulk travels over streams.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import trio

from node.conduct import Conduct
from node.inbox import Inbox
from node.network.port import HostKey, Network, NetworkError
from protocol.admission import Admit, Park, Reject
from protocol.envelope import Envelope

BULK_RECORDS = 64
_QUEUE = 256


class Gossip:
    """Hands gossiped records to the inbox and the own records to the network."""

    def __init__(
        self,
        network: Network,
        inbox: Inbox,
        conduct: Conduct,
        nudge: Callable[[], None],
    ) -> None:
        self._network = network
        self._inbox = inbox
        self._conduct = conduct
        self._nudge = nudge
        self._send, self._receive = trio.open_memory_channel[bytes](_QUEUE)

    def spread(self, records: Sequence[Envelope]) -> None:
        """Tell the neighbours about new records; returns at once."""
        if len(records) > BULK_RECORDS:
            self._nudge()
            return
        for record in records:
            try:
                self._send.send_nowait(record.raw)
            except trio.WouldBlock:
                self._conduct.count("gossip-overflow")
                self._nudge()
                return

    async def receive(self, forwarder: HostKey, data: bytes) -> bool | None:
        """Judge one gossiped message, as the port's ``on_gossip``. Never raises.

        What was not judged, or ignored before its signature was looked at, goes no further:
        a neighbour that judges it otherwise would hold it against us.
        """
        if not self._conduct.may_gossip(forwarder, trio.current_time()):
            return None
        match await self._inbox.judge(data, forwarder):
            case Admit() | Park():
                return True
            case Reject():
                return False
        return None

    async def run(self) -> None:
        """Send what is queued, until cancelled."""
        async for raw in self._receive:
            try:
                await self._network.publish(raw)
            except NetworkError:
                self._conduct.count("gossip-unsent")
                self._nudge()
