# mypy: allow-subclassing-any
"""libp2p's security transport for this network: Noise, and then the membership gate.

The gate runs on the secured channel before the muxer is negotiated, so that a stranger
meets no stream, no protocol handler and no gossip code. The protocol id is our own: a host
that would skip the gate cannot negotiate it, and plaintext, secio and bare Noise, which
libp2p offers by default, are not offered at all (docs/adr/0003, trap 1).
"""

from __future__ import annotations

import logging

import trio
from libp2p.abc import ISecureTransport
from libp2p.connection_types import ConnectionType
from libp2p.crypto.keys import KeyPair
from libp2p.crypto.x25519 import create_new_key_pair as create_noise_key_pair
from libp2p.io.exceptions import IOException
from libp2p.peer.id import ID
from libp2p.security.noise.exceptions import PeerIDMismatchesPubkey
from libp2p.security.noise.io import MAX_NOISE_MESSAGE_LEN
from libp2p.security.noise.transport import Transport as NoiseTransport
from libp2p.security.secure_session import SecureSession

from node.network.libp2p.addresses import host_key_of_id
from node.network.libp2p.misconduct import ALTERED, Misconduct
from node.network.libp2p.private_network import MAX_LINE_BYTES, PrivateConnection
from node.network.port import (
    GATE_DEADLINE_S,
    DialFailed,
    FrameTooLarge,
    Gate,
    HostKey,
    NetworkError,
    Refused,
    StreamClosed,
)

SECURITY_PROTOCOL = "/p2pmarket/gate/1"
_MAX_GATE_MESSAGE_BYTES = 0xFFFF
_LAST_WORDS_S = 1.0
_log = logging.getLogger(__name__)


class GatedSession(SecureSession):
    """A Noise session whose peer was admitted, or is about to be."""

    def __init__(self, session: SecureSession) -> None:
        super().__init__(
            local_peer=session.get_local_peer(),
            local_private_key=session.get_local_private_key(),
            remote_peer=session.get_remote_peer(),
            remote_permanent_pubkey=session.get_remote_public_key(),
            is_initiator=session.is_initiator,
            conn=session.conn,
        )
        self.max_read_bytes = _MAX_GATE_MESSAGE_BYTES

    async def read(self, n: int | None = None) -> bytes:
        """Return exactly n bytes, or without n the next Noise message.

        Misconduct if n is out of bounds or a message was altered, StreamClosed at the end.
        """
        if n is not None and n > self.max_read_bytes:
            raise Misconduct("negotiation-line")
        try:
            plain: bytes = await super().read(n)
        except IOException as error:
            raise StreamClosed("connection lost") from error
        except NetworkError:
            raise
        except Exception as error:
            # Noise raises what its cipher raises: somebody altered a message. On a circuit
            # that may have been the relay, and nobody can tell.
            is_relayed = self.get_connection_type() is ConnectionType.RELAYED
            raise Misconduct(ALTERED if is_relayed else "noise-message") from error
        if n is not None and len(plain) < n:
            raise StreamClosed("connection lost")
        return plain


class _GateChannel:
    """The port's Channel: each message after a 2-byte big-endian length."""

    def __init__(self, session: GatedSession) -> None:
        self._session = session

    async def send(self, message: bytes) -> None:
        if len(message) > _MAX_GATE_MESSAGE_BYTES:
            raise ValueError("a gate's message has at most 65,535 bytes")
        await self._session.write(len(message).to_bytes(2, "big") + message)

    async def receive(self, max_bytes: int) -> bytes:
        length = int.from_bytes(await self._session.read(2), "big")
        if length > max_bytes:
            raise FrameTooLarge(f"{length} bytes at the gate")
        return await self._session.read(length)


class GateTransport(ISecureTransport):
    """Passed to libp2p as the only security option, under ``SECURITY_PROTOCOL``."""

    def __init__(self, keys: KeyPair, gate: Gate) -> None:
        """keys: the host's Ed25519 pair. Noise gets an X25519 key of its own, ever new."""
        self._noise = NoiseTransport(keys, noise_privkey=create_noise_key_pair().private_key)
        self._gate = gate

    async def secure_inbound(self, conn: PrivateConnection) -> GatedSession:
        """Noise and the gate as listener. Refused, Misconduct or another NetworkError."""
        return await self._admit(conn, None)

    async def secure_outbound(self, conn: PrivateConnection, peer_id: ID | None) -> GatedSession:
        """The same as dialer; peer_id: whom to expect, None for whoever answers."""
        return await self._admit(conn, peer_id)

    async def _admit(self, conn: PrivateConnection, expected: ID | None) -> GatedSession:
        conn.max_read_bytes = MAX_NOISE_MESSAGE_LEN
        try:
            if conn.is_initiator:
                session = await self._noise.secure_outbound(conn, expected)
            else:
                session = await self._noise.secure_inbound(conn)
            remote = host_key_of_id(session.get_remote_peer())
        except NetworkError:
            raise
        except PeerIDMismatchesPubkey as error:
            raise DialFailed("another host answers at this address") from error
        except Exception as error:
            # libp2p raises whatever its parts raise on foreign bytes.
            raise Misconduct("noise") from error
        if session.get_remote_peer() == session.get_local_peer():
            raise DialFailed("that is this node")
        gated = GatedSession(session)
        try:
            await self._pass_gate(gated, remote)
        except Refused:
            await conn.close_after_last_words(_LAST_WORDS_S)
            raise
        gated.max_read_bytes = MAX_LINE_BYTES
        return gated

    async def _pass_gate(self, session: GatedSession, remote: HostKey) -> None:
        try:
            with trio.fail_after(GATE_DEADLINE_S):
                await self._gate.admit(_GateChannel(session), remote, session.is_initiator)
        except trio.TooSlowError as error:
            raise Misconduct("gate-deadline") from error
        except FrameTooLarge as error:
            raise Misconduct("gate-message") from error
        except NetworkError:
            raise
        except Exception as error:
            _log.exception("the gate raised")
            raise DialFailed("the gate raised") from error
