"""A fair draw among those who ask: commit and reveal (spec 09 §draw).

The publisher commits to a secret first; each entrant commits to one of its own; the list of
commitments is closed before anybody reveals. Who wins follows from all secrets together, so
that nobody could steer it, and each entrant can draw again from the result.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from protocol.ids import ID_BYTES
from protocol.trade.types import require
from protocol.wire import Value

_COMMITMENT = b"p2pm-draw-commit"
_WINNER = b"p2pm-draw-winner"


@dataclass(frozen=True, slots=True)
class Draw:
    """The publisher will draw. commitment: to its secret, before anybody has entered."""

    draw: bytes
    commitment: bytes
    closes_at_ms: int

    def as_value(self) -> Value:
        """Return the body's array."""
        return (self.draw, self.commitment, self.closes_at_ms)


@dataclass(frozen=True, slots=True)
class Enter:
    """The seeker takes part. commitment: to its secret."""

    commitment: bytes

    def as_value(self) -> Value:
        """Return the body's array."""
        return (self.commitment,)


@dataclass(frozen=True, slots=True)
class Close:
    """Nobody enters any more. commitments: of all entrants, in ascending order."""

    commitments: tuple[bytes, ...]

    def as_value(self) -> Value:
        """Return the body's array."""
        return (self.commitments,)


@dataclass(frozen=True, slots=True)
class Reveal:
    """The seeker's secret."""

    secret: bytes

    def as_value(self) -> Value:
        """Return the body's array."""
        return (self.secret,)


@dataclass(frozen=True, slots=True)
class Result:
    """All that is needed to draw again. secrets: by entrant, None who did not reveal."""

    secret: bytes
    secrets: tuple[bytes | None, ...]

    def as_value(self) -> Value:
        """Return the body's array."""
        return (self.secret, self.secrets)


def commitment_to(secret: bytes, draw: bytes) -> bytes:
    """Return the 32 bytes that fix a secret of 16 bytes without telling it.

    draw: the draw's id, so that a commitment serves one draw only.
    """
    return hashlib.blake2b(secret, digest_size=ID_BYTES, key=draw, person=_COMMITMENT).digest()


def winner(draw: Draw, close: Close, result: Result) -> int | None:
    """Return the index in the closed list of who won; None if nobody revealed.

    The entrant that revealed and whose hash, with everybody's secrets, is the least.
    Raises RemoteError ``body-invalid`` where the result does not fit what was committed to.
    """
    require(commitment_to(result.secret, draw.draw) == draw.commitment, "secret")
    require(len(result.secrets) == len(close.commitments), "secrets")
    revealed: list[int] = []
    for index, (commitment, secret) in enumerate(
        zip(close.commitments, result.secrets, strict=True)
    ):
        if secret is not None:
            require(commitment_to(secret, draw.draw) == commitment, "secrets")
            revealed.append(index)
    together = b"".join((draw.draw, result.secret, *(s for s in result.secrets if s is not None)))
    seed = hashlib.blake2b(together, digest_size=ID_BYTES, person=_WINNER).digest()
    return min(
        revealed,
        key=lambda index: hashlib.blake2b(
            close.commitments[index], digest_size=ID_BYTES, key=seed
        ).digest(),
        default=None,
    )
