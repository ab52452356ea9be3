"""A router that opens ports when asked in a datagram: PCP, or its elder NAT-PMP.

RFC 6887 (PCP version 2, MAP) and RFC 6886 (NAT-PMP, version 0), both on UDP port 5351 of the
default gateway and of nobody else. The socket is connected, so that only the gateway's own
datagrams arrive; what does not answer the question is passed over until the deadline.
"""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from typing import TypeVar

import trio

from node.network.router import Opened, RouterError, default_gateway

PORT = 5351
NONCE_BYTES = 12
_PCP, _ANNOUNCE, _MAP, _TCP = 2, 0, 1, 6
_PMP, _PMP_ADDRESS, _PMP_TCP = 0, 0, 2
_IS_ANSWER = 0x80
_HEADER = struct.Struct("!BB2xL16s")
"""PCP's request: version, opcode, lifetime in seconds, the asker's own address."""
_ANSWER = struct.Struct("!BBxBL4x12x")
"""PCP's answer: version, opcode, result, lifetime (then the epoch, which we do not need)."""
_MAPPING = struct.Struct("!12sB3xHH16s")
"""PCP's MAP, both ways: nonce, protocol, port inside, port and address outside."""
_PMP_MAP = struct.Struct("!BB2xHHL")
_PMP_MAPPED = struct.Struct("!BBH4xHHL")
"""NAT-PMP's: version, opcode, (result,) port inside, port outside, lifetime."""
_PMP_ADDRESS_BYTES = 12
_PATIENCE_S = (0.25, 0.5, 1.0, 1.0)
"""For an answer, before the request is sent once more, and after the last."""
_MAX_DATAGRAM_BYTES = 1100
_MAX_ANSWERS = 32
"""Datagrams that are looked at for one question: a router has one to send."""

Found = TypeVar("Found")
Read = Callable[[bytes], Found | None]
"""Understands a datagram; None if it does not answer the question. Raises RouterError."""


@dataclass(frozen=True, slots=True)
class PcpRouter:
    """A default gateway that speaks PCP.

    nonce: 12 bytes that nobody can guess, the same for as long as the port is to be kept: who
    shows another cannot renew or close it. local: this machine's address as the router sees it.
    """

    gateway: str
    port: int
    local: str
    nonce: bytes = field(repr=False)

    @property
    def control(self) -> str:
        """See Router."""
        return f"pcp:{self.gateway}:{self.port}"

    async def open(self, external: int, internal: int, lease_s: int) -> Opened:
        """See Router."""
        return _opened(await self._map(external, internal, lease_s))

    async def close(self, opened: Opened, internal: int) -> None:
        """See Router."""
        await self._map(0, internal, 0)

    async def _map(self, external: int, internal: int, lease_s: int) -> Opened:
        asked = _HEADER.pack(_PCP, _MAP, lease_s, _in_ipv6(self.local)) + _MAPPING.pack(
            self.nonce,
            _TCP,
            internal,
            external,
            _in_ipv6("0.0.0.0"),  # noqa: S104 - "any"
        )
        read = partial(_read_mapping, self.nonce, internal)
        return await _ask(self.gateway, self.port, asked, read)


@dataclass(frozen=True, slots=True)
class PmpRouter:
    """A default gateway that speaks NAT-PMP only. local: as in PcpRouter."""

    gateway: str
    port: int
    local: str

    @property
    def control(self) -> str:
        """See Router."""
        return f"nat-pmp:{self.gateway}:{self.port}"

    async def open(self, external: int, internal: int, lease_s: int) -> Opened:
        """See Router."""
        outside, granted_s = await self._map(external, internal, lease_s)
        try:
            asked = bytes([_PMP, _PMP_ADDRESS])
            address = await _ask(self.gateway, self.port, asked, _read_address)
        except RouterError:
            await self._map(0, internal, 0)
            raise
        return _opened(Opened(outside, granted_s, address))

    async def close(self, opened: Opened, internal: int) -> None:
        """See Router."""
        await self._map(0, internal, 0)

    async def _map(self, external: int, internal: int, lease_s: int) -> tuple[int, int]:
        asked = _PMP_MAP.pack(_PMP, _PMP_TCP, internal, external, lease_s)
        read = partial(_read_pmp_mapping, internal)
        return await _ask(self.gateway, self.port, asked, read)


async def find_pcp(
    nonce: bytes, gateway: Callable[[], str | None] = default_gateway, port: int = PORT
) -> PcpRouter | PmpRouter | None:
    """Ask the default gateway whether it speaks PCP or NAT-PMP; None if neither.

    nonce: see PcpRouter.
    """
    address = gateway()
    if address is None:
        return None
    try:
        async with _connected(address, port) as udp:
            local = str(udp.getsockname()[0])
            asked = _HEADER.pack(_PCP, _ANNOUNCE, 0, _in_ipv6(local))
            version = await _answered(udp, asked, _read_version)
    except RouterError:
        return None
    if version == _PCP:
        return PcpRouter(address, port, local, nonce)
    return PmpRouter(address, port, local)


def _read_version(datagram: bytes) -> int | None:
    """The version that a router speaks, from its answer to an announcement of version 2.

    It need not know announcements: whatever it answers, it understood the version. NAT-PMP
    refuses it with its own version, result 1 and no more than 8 bytes.
    """
    if _read_answer(datagram, _ANNOUNCE) is not None:
        return _PCP
    is_pmp = len(datagram) >= 4 and datagram[0] == _PMP and datagram[1] & _IS_ANSWER
    return _PMP if is_pmp and datagram[2:4] == b"\0\1" else None


def _read_answer(datagram: bytes, opcode: int) -> tuple[int, int] | None:
    """PCP's result and lifetime in seconds; None if it is no answer to such a request."""
    if not _ANSWER.size <= len(datagram) <= _MAX_DATAGRAM_BYTES:
        return None
    version, answered, result, lifetime_s = _ANSWER.unpack_from(datagram)
    return (result, lifetime_s) if (version, answered) == (_PCP, _IS_ANSWER | opcode) else None


def _read_mapping(nonce: bytes, internal: int, datagram: bytes) -> Opened | None:
    answer = _read_answer(datagram, _MAP)
    if answer is None or len(datagram) < _ANSWER.size + _MAPPING.size:
        return None
    told, protocol, inside, outside, address = _MAPPING.unpack_from(datagram, _ANSWER.size)
    if (told, protocol, inside) != (nonce, _TCP, internal):
        return None
    result, granted_s = answer
    _require_success(result)
    parsed = IPv6Address(address)
    return Opened(outside, granted_s, str(parsed.ipv4_mapped or parsed))


def _read_pmp_mapping(internal: int, datagram: bytes) -> tuple[int, int] | None:
    """The port outside, and the lease in seconds."""
    if len(datagram) != _PMP_MAPPED.size:
        return None
    version, opcode, result, inside, outside, granted_s = _PMP_MAPPED.unpack(datagram)
    if (version, opcode, inside) != (_PMP, _IS_ANSWER | _PMP_TCP, internal):
        return None
    _require_success(result)
    return outside, granted_s


def _read_address(datagram: bytes) -> str | None:
    if len(datagram) < 4 or datagram[:2] != bytes([_PMP, _IS_ANSWER | _PMP_ADDRESS]):
        return None
    _require_success(int.from_bytes(datagram[2:4], "big"))
    return str(IPv4Address(datagram[8:12])) if len(datagram) == _PMP_ADDRESS_BYTES else None


def _opened(answered: Opened) -> Opened:
    """Raise RouterError where a router says yes and opens nothing: 0 is no port, or no time."""
    if not answered.external or not answered.lease_s:
        raise RouterError("nothing opened")
    return answered


def _require_success(result: int) -> None:
    if result:
        raise RouterError(f"result {result}", result)


def _in_ipv6(address: str) -> bytes:
    return IPv6Address(f"::ffff:{address}").packed


@asynccontextmanager
async def _connected(gateway: str, port: int) -> AsyncIterator[trio.socket.SocketType]:
    with trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM) as udp:
        try:
            await udp.connect((gateway, port))
        except OSError as error:
            raise RouterError("no way to it") from error
        yield udp


async def _ask(gateway: str, port: int, asked: bytes, read: Read[Found]) -> Found:
    async with _connected(gateway, port) as udp:
        return await _answered(udp, asked, read)


async def _answered(udp: trio.socket.SocketType, asked: bytes, read: Read[Found]) -> Found:
    """Ask until something answers. Raises RouterError: nothing does, or it says no."""
    looked_at = 0
    try:
        for patience_s in _PATIENCE_S:
            await udp.send(asked)
            with trio.move_on_after(patience_s):
                while looked_at < _MAX_ANSWERS:
                    looked_at += 1
                    found = read(await udp.recv(_MAX_DATAGRAM_BYTES + 1))
                    if found is not None:
                        return found
    except OSError as error:
        raise RouterError("nobody listens there") from error
    raise RouterError("no answer")
