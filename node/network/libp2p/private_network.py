"""The libp2p private network: everything on the wire under a pre-shared key.

As the specification says (libp2p/specs, pnet/Private-Networks-PSK-V1): each side sends a
24-byte nonce and encrypts what it sends with XSalsa20. libp2p 0.8.1 uses Salsa20 with 8
bytes instead and cannot talk to anyone else (docs/adr/0003, trap 5). It hides the network
from outsiders and authenticates nothing: that is Noise's and the gate's work.
"""

from __future__ import annotations

import os
import struct

import trio
from Crypto.Cipher import Salsa20

from node.network.libp2p.byte_reader import ByteReader
from node.network.port import StreamClosed

NONCE_BYTES = 24
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


class PrivateConnection:
    """A TCP connection under the private-network cipher: libp2p's "raw connection".

    Noise of libp2p runs on it, so the methods bear the names libp2p calls.
    """

    def __init__(self, tcp: trio.abc.Stream, network_key: bytes, is_initiator: bool) -> None:
        self.is_initiator = is_initiator
        self._tcp = tcp
        self._key = network_key
        self._outgoing: XSalsa20 | None = None
        self._incoming: XSalsa20 | None = None
        self._reader = ByteReader(self._receive)

    async def write(self, plain: bytes) -> None:
        """Send bytes. StreamClosed if the connection is gone."""
        head = b""
        if self._outgoing is None:
            head = os.urandom(NONCE_BYTES)
            self._outgoing = XSalsa20(self._key, head)
        try:
            await self._tcp.send_all(head + self._outgoing.apply(plain))
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise StreamClosed("connection lost") from error

    async def read(self, n: int) -> bytes:
        """Return exactly n bytes. StreamClosed if the connection ends before."""
        return await self._reader.read(n)

    async def peek(self, n: int) -> bytes:
        """Return the next n bytes and leave them to be read."""
        return await self._reader.peek(n)

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
