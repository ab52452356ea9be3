"""The libp2p private network: everything on the wire under a pre-shared key.

As the specification says (libp2p/specs, pnet/Private-Networks-PSK-V1): each side sends a
24-byte nonce and encrypts what it sends with XSalsa20. libp2p 0.8.1 uses Salsa20 with 8
bytes instead and cannot talk to anyone else (docs/adr/0003, trap 5). It hides the network
from outsiders and authenticates nothing: that is Noise's and the gate's work.
"""

# mypy: allow-subclassing-any
from __future__ import annotations

import os
import struct

import trio
from Crypto.Cipher import Salsa20
from libp2p.connection_types import ConnectionType
from libp2p.network.connection.raw_connection import RawConnection
from multiaddr import Multiaddr

from node.network.libp2p.addresses import is_circuit
from node.network.libp2p.byte_reader import ByteReader
from node.network.libp2p.misconduct import Misconduct
from node.network.port import StreamClosed

NONCE_BYTES = 24
MAX_LINE_BYTES = 256
"""A line of a protocol negotiation. libp2p's reader has no bound of its own."""

_CHUNK_BYTES = 64 << 10
_MASK = 0xFFFFFFFF
_SIGMA = struct.unpack("<4I", b"expand 32-byte k")
_ROUND = (
    (0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11),
    (0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14),
)  # fmt: skip


def hsalsa20(key: bytes, nonce: bytes) -> bytes:
    """Derive XSalsa20's inner key (Bernstein, "Extending the Salsa20 nonce", section 2).

    key: 32 bytes. nonce: the first 16 bytes of the 24. Returns 32 bytes.
    """
    k = struct.unpack("<8I", key)
    n = struct.unpack("<4I", nonce)
    c = _SIGMA
    x = [c[0], *k[:4], c[1], *n, c[2], *k[4:], c[3]]
    for _ in range(10):
        for a, b, d, e in _ROUND:
            x[b] ^= _rotated(x[a] + x[e], 7)
            x[d] ^= _rotated(x[b] + x[a], 9)
            x[e] ^= _rotated(x[d] + x[b], 13)
            x[a] ^= _rotated(x[e] + x[d], 18)
    return struct.pack("<8I", *(x[i] for i in (0, 5, 10, 15, 6, 7, 8, 9)))


def _rotated(word: int, by: int) -> int:
    word &= _MASK
    return word << by & _MASK | word >> 32 - by


class XSalsa20:
    """A keystream; encrypting and decrypting are the same exclusive-or."""

    def __init__(self, key: bytes, nonce: bytes) -> None:
        """key: 32 bytes, nonce: 24 bytes, never used twice with the same key."""
        self._salsa20 = Salsa20.new(key=hsalsa20(key, nonce[:16]), nonce=nonce[16:])

    def apply(self, text: bytes) -> bytes:
        """The next ``len(text)`` bytes of the stream, xored onto text."""
        out: bytes = self._salsa20.encrypt(text)
        return out


class PrivateConnection(RawConnection):
    """A TCP connection, or a circuit, under the private-network cipher: libp2p's "raw" one."""

    def __init__(
        self,
        tcp: trio.abc.Stream,
        network_key: bytes,
        is_initiator: bool,
        address: str = "",
        opening: bytes = b"",
    ) -> None:
        """address: of the other side. opening: what the other side must send first.

        Under another key the opening decrypts to noise, so a wrong key is seen at once,
        where libp2p waits for the rest of a line that never comes.
        """
        self.is_initiator = is_initiator
        self.address = address
        self.max_read_bytes = MAX_LINE_BYTES
        """Of one read. A forged length must not make us wait for gigabytes."""
        self._tcp = tcp
        self._key = network_key
        self._opening = opening
        self._outgoing: XSalsa20 | None = None
        self._incoming: XSalsa20 | None = None
        self._reader = ByteReader(self._receive)

    async def write(self, data: bytes) -> None:
        """Send bytes. StreamClosed if the connection is gone."""
        head = b""
        if self._outgoing is None:
            head = os.urandom(NONCE_BYTES)
            self._outgoing = XSalsa20(self._key, head)
        try:
            await self._tcp.send_all(head + self._outgoing.apply(data))
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise StreamClosed("connection lost") from error

    async def read(self, n: int | None = None) -> bytes:
        """Return exactly n bytes, or without n what comes next.

        StreamClosed if the connection ends before, Misconduct if n is out of bounds or the
        other side has another network key.
        """
        if self._opening:
            if await self._reader.peek(len(self._opening)) != self._opening:
                raise Misconduct("network-key")
            self._opening = b""
        if n is None:
            return await self._reader.read_some()
        if n > self.max_read_bytes:
            raise Misconduct("negotiation-line")
        return await self._reader.read(n)

    async def close(self) -> None:
        """Close the connection without waiting for anybody."""
        await trio.aclose_forcefully(self._tcp)

    async def close_after_last_words(self, deadline_s: float) -> None:
        """Let what was sent arrive: closing with unread input would reset it away."""
        with trio.move_on_after(deadline_s):
            if isinstance(self._tcp, trio.abc.HalfCloseableStream):
                try:
                    await self._tcp.send_eof()
                    while await self._tcp.receive_some(_CHUNK_BYTES):
                        pass
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    pass
        await self.close()

    def get_remote_address(self) -> tuple[str, int] | None:
        """IP address and port of the other side, None if it is gone."""
        return remote_of(self._tcp)

    def get_transport_addresses(self) -> list[Multiaddr]:
        """The address that was dialed, or the one that the other side came from."""
        return [Multiaddr(self.address)] if self.address else []

    def get_connection_type(self) -> ConnectionType:
        """Whether a relay is in between."""
        return ConnectionType.RELAYED if is_circuit(self.address) else ConnectionType.DIRECT

    async def _receive(self) -> bytes:
        chunk = await self._receive_cipher()
        if self._incoming is None:
            nonce = bytearray(chunk)
            while len(nonce) < NONCE_BYTES:
                chunk = await self._receive_cipher()
                if not chunk:
                    return b""
                nonce += chunk
            self._incoming = XSalsa20(self._key, bytes(nonce[:NONCE_BYTES]))
            chunk = bytes(nonce[NONCE_BYTES:]) or await self._receive_cipher()
        return self._incoming.apply(chunk)

    async def _receive_cipher(self) -> bytes:
        try:
            return bytes(await self._tcp.receive_some(_CHUNK_BYTES))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return b""


def remote_of(tcp: trio.abc.Stream) -> tuple[str, int] | None:
    """IP address and port at the other end, None if it is gone.

    libp2p's own look-up knows no IPv6.
    """
    if not isinstance(tcp, trio.SocketStream):
        return None
    try:
        ip, port, *_ = tcp.socket.getpeername()
    except OSError:
        return None
    return ip, port
