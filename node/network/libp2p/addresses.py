"""Multiaddrs and peer ids, as this node uses them: TCP or a circuit over it, Ed25519 only."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from libp2p.peer.id import ID

from node.network.attachment import interface_addresses
from node.network.port import HostKey

# A peer id of an Ed25519 key is the identity multihash (code 0x00, length 0x24) of the
# protobuf PublicKey{type: Ed25519, data: 32 bytes} (libp2p specs, peer-ids).
_ED25519_PEER_ID_PREFIX = bytes.fromhex("002408011220")
_HOST_PROTOCOLS = frozenset({"ip4", "ip6", "dns", "dns4", "dns6"})
CIRCUIT = "/p2p-circuit"
MAX_ADDRESS_CHARS = 256
MAX_ANNOUNCED_CHARS = 160
"""Of an address in an address record (spec 03)."""

# The all-zero key: of small order, so that nobody can prove to be its owner.
ANYBODY = ID(_ED25519_PEER_ID_PREFIX + bytes(32))
"""Stands for "whoever answers" where libp2p insists on a peer id to dial."""


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """``/ip4|ip6|dns…/<host>/tcp/<port>[/p2p/<peer id>]``, taken apart."""

    protocol: str
    host: str
    port: int
    peer: HostKey | None


@dataclass(frozen=True, slots=True)
class CircuitAddress:
    """``[/ip4|ip6|dns…/<host>/tcp/<port>]/p2p/<relay>/p2p-circuit/p2p/<peer>``, taken apart.

    relay_address: where the relay can be dialled, None if only its peer id is given.
    """

    relay: HostKey
    relay_address: str | None
    peer: HostKey


def is_circuit(text: str) -> bool:
    """Whether a multiaddr leads through a relay."""
    return CIRCUIT in text


def parse_circuit(text: str) -> CircuitAddress:
    """Take a circuit's multiaddr apart. ValueError unless it is one as above."""
    if len(text) > MAX_ADDRESS_CHARS:
        raise ValueError("address too long")
    head, _, tail = text.partition(CIRCUIT)
    at, found, relay = head.rpartition("/p2p/")
    if not found or not tail.startswith("/p2p/"):
        raise ValueError(f"not a circuit's multiaddr: {text!r}")
    if at:
        parse_address(head)
    return CircuitAddress(host_key_of(relay), head if at else None, host_key_of(tail[5:]))


def circuit_address(relay_address: str, relay: HostKey, peer: HostKey) -> str:
    """Where a host is reached through a relay; the relay's own address only if it fits."""
    at = relay_address.partition("/p2p/")[0]
    tail = f"/p2p/{peer_id_of(relay)}{CIRCUIT}/p2p/{peer_id_of(peer)}"
    return at + tail if len(at + tail) <= MAX_ANNOUNCED_CHARS else tail


def is_public(address: str) -> bool:
    """Whether an address is of the whole Internet, as far as the address itself tells."""
    try:
        target = parse_address(address)
    except ValueError:
        return False
    if target.protocol not in ("ip4", "ip6"):
        return True  # a name is given so that it can be found from anywhere
    return ipaddress.ip_address(target.host).is_global


def parse_address(text: str) -> TcpAddress:
    """Take a multiaddr apart. ValueError unless it is a TCP address as above."""
    if len(text) > MAX_ADDRESS_CHARS:
        raise ValueError("address too long")
    parts = text.split("/")
    if len(parts) not in (5, 7) or parts[0] or parts[3] != "tcp":
        raise ValueError(f"not a TCP multiaddr: {text!r}")
    protocol, host = parts[1], parts[2]
    if protocol not in _HOST_PROTOCOLS or not host:
        raise ValueError(f"not a TCP multiaddr: {text!r}")
    if protocol == "ip4":
        ipaddress.IPv4Address(host)
    elif protocol == "ip6":
        ipaddress.IPv6Address(host)
    if not (parts[4].isascii() and parts[4].isdigit()) or int(parts[4]) > 65535:
        raise ValueError(f"no port: {text!r}")
    peer = None
    if len(parts) == 7:
        if parts[5] != "p2p":
            raise ValueError(f"not a TCP multiaddr: {text!r}")
        peer = host_key_of(parts[6])
    return TcpAddress(protocol, host, int(parts[4]), peer)


def format_address(host: str, port: int) -> str:
    """The multiaddr of a socket address, without a peer id."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        address = mapped
    return f"/ip{address.version}/{address}/tcp/{port}"


def peer_id_of(host_key: HostKey) -> str:
    """The base58 text of the peer id that belongs to an Ed25519 host key."""
    text: str = id_of(host_key).to_base58()
    return text


def host_key_of(peer_id: str) -> HostKey:
    """The host key in a base58 peer id. ValueError if it is not an Ed25519 one."""
    return host_key_of_id(ID.from_base58(peer_id))


def host_key_of_id(peer_id: ID) -> HostKey:
    """The host key in libp2p's peer id. ValueError if it is not an Ed25519 one."""
    return host_key_of_bytes(peer_id.to_bytes())


def id_of(host_key: HostKey) -> ID:
    """libp2p's peer id of a host key."""
    return ID(peer_id_bytes_of(host_key))


def host_key_of_bytes(peer_id: bytes) -> HostKey:
    """The host key in a binary peer id. ValueError if it is not an Ed25519 one."""
    prefix = len(_ED25519_PEER_ID_PREFIX)
    if len(peer_id) != prefix + 32 or peer_id[:prefix] != _ED25519_PEER_ID_PREFIX:
        raise ValueError("not an Ed25519 peer id")
    return HostKey(peer_id[prefix:])


def peer_id_bytes_of(host_key: HostKey) -> bytes:
    """The binary peer id of a host key."""
    return _ED25519_PEER_ID_PREFIX + host_key


def dialable(bound: Iterable[str], host_key: HostKey, ways: Collection[str] = ()) -> Sequence[str]:
    """Multiaddrs for bound ones; 0.0.0.0 and :: become the interfaces' addresses.

    ways: own IP addresses that lead out (Attachment.ways): they come first.
    """
    suffix = f"/p2p/{peer_id_of(host_key)}"
    chosen: list[tuple[str, int]] = []
    expanded: list[tuple[str, int]] = []
    for target in map(parse_address, bound):
        address = ipaddress.ip_address(target.host)
        if address.is_unspecified:
            hosts = _interface_hosts(address.version)
            expanded += [(host, target.port) for host in hosts]
        else:
            chosen.append((target.host, target.port))
    # A machine without a network can still be reached from itself.
    outside = [each for each in expanded if not ipaddress.ip_address(each[0]).is_loopback]
    found = dict.fromkeys([*chosen, *(outside or expanded)])
    ordered = sorted(found, key=lambda each: each[0] not in ways)
    return tuple(format_address(*each) + suffix for each in ordered)


def leaves_machine(bound: Iterable[str]) -> bool:
    """Whether any bound address can be reached from another machine."""
    hosts = (ipaddress.ip_address(target.host) for target in map(parse_address, bound))
    return any(not host.is_loopback for host in hosts)


def port_to_open(bound: Iterable[str]) -> int | None:
    """The IPv4 port that a router could forward: one that is not of this machine alone."""
    for target in map(parse_address, bound):
        address = ipaddress.ip_address(target.host)
        if address.version == 4 and not address.is_loopback and not address.is_global:
            return target.port
    return None


def _interface_hosts(version: int) -> list[str]:
    addresses = [ipaddress.ip_address(each) for each in interface_addresses()]
    return [str(a) for a in addresses if a.version == version and not a.is_link_local]
