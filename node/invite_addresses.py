"""Which addresses go into an invite: few and short, so that its QR code fits a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

_ROOM_CHARS = 88
"""With these the code has 77 modules a side (QR version 15), and a frame in 80 columns."""
_CIRCUIT = "/p2p-circuit"


def invite_addresses(addresses: Sequence[str]) -> tuple[str, ...]:
    """Choose from multiaddrs where a newcomer may find a member; at least one, if there is any.

    Without peer ids: whoever answers there has to show at the gate that it belongs, and any
    member will do. So an address through a volunteer becomes the volunteer's own. First those
    of the whole Internet: a neighbour in the same network is found without an address.
    """
    found = dict.fromkeys(each.partition("/p2p/")[0] for each in addresses)
    usable = [each for each in found if each and _CIRCUIT not in each]
    chosen: list[str] = []
    room = _ROOM_CHARS
    for each in sorted(usable, key=_rank):
        if len(each) <= room or not chosen:
            chosen.append(each)
            room -= len(each)
    return tuple(chosen)


def _rank(address: str) -> int:
    """IPv4 that is public, the home's IPv4, IPv6 that is public, the rest."""
    protocol, _, rest = address.lstrip("/").partition("/")
    try:
        host = ip_address(rest.partition("/")[0])
    except ValueError:
        return 0 if protocol.startswith("dns") else 3
    if host.version == 4:
        return 0 if host.is_global else 1
    return 2 if host.is_global else 3
