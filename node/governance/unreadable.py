"""Counts what says nothing though it may stand: bodies that this version cannot read (MEM-7).

Such a record is no fault of whoever passes it on, so nothing is refused; but whoever wonders
why somebody's word has no effect finds the reason in the status.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from node.conduct import Conduct
from node.inbox import Inbox
from node.network.port import HostKey
from protocol.envelope import Envelope
from protocol.errors import RemoteError
from protocol.kinds import Kind
from protocol.membership.bodies import read_confirmation, read_invite, read_removal
from protocol.membership.governance import (
    read_amendment,
    read_consent,
    read_seats,
    read_vouches,
)
from protocol.moderation.labels import read_appeals, read_block_list, read_labels

_READERS: Mapping[int, Callable[[bytes], object]] = {
    Kind.INVITE: read_invite,
    Kind.CONFIRMATION: read_confirmation,
    Kind.REMOVAL: read_removal,
    Kind.SEATS: read_seats,
    Kind.AMENDMENT: read_amendment,
    Kind.CONSENT: read_consent,
    Kind.VOUCHES: read_vouches,
    Kind.LABELS: read_labels,
    Kind.BLOCK_LIST: read_block_list,
    Kind.APPEALS: read_appeals,
}


def count_unreadable(inbox: Inbox, conduct: Conduct) -> None:
    """Count ``unreadable:KIND`` of whatever is stored from now on."""

    def look(records: Sequence[Envelope], origin: HostKey | None) -> None:
        for record in records:
            reader = None if record.withdrawn else _READERS.get(record.kind)
            if reader is None:
                continue
            try:
                reader(record.body)
            except RemoteError:
                conduct.count(f"unreadable:{Kind(record.kind).name.lower().replace('_', '-')}")

    inbox.on_stored.append(look)
