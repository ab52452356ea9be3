"""From a TCP connection to a channel with a proven, admitted peer.

Private network, then Noise, then the gate, and only then anything that could be called a
protocol: a stranger meets no stream and no gossip code. The secure channel's protocol id
is our own, so that a host which would skip the gate cannot negotiate it. Plaintext and
secio, libp2p's other defaults, are never offered (docs/adr/0003, trap 1).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import trio
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.crypto.x25519 import create_new_key_pair as create_noise_key_pair
from libp2p.peer.id import ID
from libp2p.security.noise.transport import Transport as NoiseTransport

from node.network.libp2p import negotiation
from node.network.libp2p.addresses import host_key_of_bytes, peer_id_bytes_of
from node.network.libp2p.byte_reader import ByteReader
from node.network.libp2p.misconduct import Misconduct
from node.network.libp2p.private_network import PrivateConnection
from node.network.port import (
    GATE_DEADLINE_S,
    DialFailed,
    FrameTooLarge,
    Gate,
    HostKey,
    NetworkError,
    Refused,
)

SECURITY_PROTOCOL = "/p2pmarket/gate/1"
MUXER_PROTOCOL = "/yamux/1.0.0"
_MAX_GATE_MESSAGE_BYTES = 0xFFFF
_log = logging.getLogger(__name__)
_LAST_WORDS_S = 1.0


class SecureChannel:
    """A Noise session as a stream of bytes."""

    def __init__(self, session: Any, remote: HostKey) -> None:
        """session: libp2p's SecureSession; one Noise message at a time goes through it."""
        self.remote = remote
        self._session = session
        self._reader = ByteReader(self._receive)

    async def write(self, plain: bytes) -> None:
        """Send bytes. StreamClosed if the connection is gone."""
        await self._session.conn.write_msg(plain)

    async def read(self, n: int) -> bytes:
        """Return exactly n bytes. StreamClosed if the connection ends before."""
        return await self._reader.read(n)

    async def read_some(self) -> bytes:
        """Return what comes next, ``b""`` at the end."""
        return await self._reader.read_some()

    async def close(self) -> None:
        """Close the connection without waiting for anybody."""
        await self._session.close()

    async def _receive(self) -> bytes:
        plain = b""
        while not plain:  # an empty Noise message is legal and means nothing
            try:
                plain = bytes(await self._session.conn.read_msg())
            except NetworkError:
                raise
            except Exception as error:
                # Noise raises what its cipher raises: somebody altered a message.
                raise Misconduct("noise-message") from error
        return plain


class _GateChannel:
    """The port's Channel: each message after a 2-byte big-endian length."""

    def __init__(self, channel: SecureChannel) -> None:
        self._channel = channel

    async def send(self, message: bytes) -> None:
        if len(message) > _MAX_GATE_MESSAGE_BYTES:
            raise ValueError("a gate's message has at most 65,535 bytes")
        await self._channel.write(len(message).to_bytes(2, "big") + message)

    async def receive(self, max_bytes: int) -> bytes:
        length = int.from_bytes(await self._channel.read(2), "big")
        if length > max_bytes:
            raise FrameTooLarge(f"{length} bytes at the gate")
        return await self._channel.read(length)


@dataclass(frozen=True)
class Identity:
    """The host's keys: Ed25519 for who it is, X25519 for Noise, new with every start."""

    host_key: HostKey
    noise: Any

    @classmethod
    def from_seed(cls, seed: bytes) -> Identity:
        """seed: 32 bytes, kept by the caller."""
        keys = create_new_key_pair(seed)
        noise = NoiseTransport(keys, noise_privkey=create_noise_key_pair().private_key)
        return cls(HostKey(keys.public_key.to_bytes()), noise)


async def upgrade(
    connection: PrivateConnection, identity: Identity, gate: Gate, expected: HostKey | None
) -> SecureChannel:
    """Run everything that stands before the streams, as dialer or as listener.

    expected: whom the dialer means to reach, None if the address does not say.
    Raises Refused, Misconduct with what the other side did wrong, or another
    NetworkError. The caller sets the deadline and closes unless this returns.
    """
    is_dialer = connection.is_initiator
    try:
        channel = await _secure(connection, identity, expected)
        await _pass_gate(channel, gate, is_dialer)
        await _negotiate(channel, MUXER_PROTOCOL, is_dialer)
    except Refused:
        await connection.close_after_last_words(_LAST_WORDS_S)
        raise
    return channel


async def _secure(
    connection: PrivateConnection, identity: Identity, expected: HostKey | None
) -> SecureChannel:
    is_dialer = connection.is_initiator
    try:
        await _negotiate(_HeaderFirst(connection), SECURITY_PROTOCOL, is_dialer)
        if is_dialer:
            peer_id = None if expected is None else ID(peer_id_bytes_of(expected))
            session = await identity.noise.secure_outbound(connection, peer_id)
        else:
            session = await identity.noise.secure_inbound(connection)
        remote = host_key_of_bytes(session.get_remote_peer().to_bytes())
    except NetworkError:
        raise
    except Exception as error:
        # libp2p raises whatever its parts raise on foreign bytes.
        raise Misconduct("noise") from error
    if remote == identity.host_key:
        raise DialFailed("that is this node")
    return SecureChannel(session, remote)


class _HeaderFirst:
    """Fails at once when the network keys differ.

    Both sides send the multistream header unasked. Under another key it decrypts to
    noise, and both would wait for the rest of a line that never comes.
    """

    def __init__(self, connection: PrivateConnection) -> None:
        self._connection = connection
        self._is_checked = False

    async def read(self, n: int) -> bytes:
        if not self._is_checked:
            header = await self._connection.peek(len(negotiation.HEADER))
            if header != negotiation.HEADER:
                raise Misconduct("network-key")
            self._is_checked = True
        return await self._connection.read(n)

    async def write(self, plain: bytes) -> None:
        await self._connection.write(plain)


async def _negotiate(stream: negotiation.ByteStream, protocol: str, is_dialer: bool) -> None:
    if is_dialer:
        await negotiation.ask(stream, [protocol])
    else:
        await negotiation.choose(stream, [protocol])


async def _pass_gate(channel: SecureChannel, gate: Gate, is_dialer: bool) -> None:
    try:
        with trio.fail_after(GATE_DEADLINE_S):
            await gate.admit(_GateChannel(channel), channel.remote, is_dialer)
    except trio.TooSlowError as error:
        raise Misconduct("gate-deadline") from error
    except FrameTooLarge as error:
        raise Misconduct("gate-message") from error
    except NetworkError:
        raise
    except Exception as error:
        _log.exception("the gate raised")
        raise DialFailed("the gate raised") from error
