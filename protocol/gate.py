"""The messages of the membership gate (spec 07 §gate): pure, over any secured channel.

The dialer proves itself first; only then does the listener say who it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES, HouseholdId
from protocol.wire import Fields

MAX_MESSAGE_BYTES = limits.MAX_PROOF_BYTES + limits.MAX_GENESIS_BYTES + 512
_VERSION = 1
_MAX_REASON = 32

REASONS = frozenset(
    {
        "stranger",
        "removed",
        "left",
        "revoked",
        "invite-expired",
        "invite-used-up",
        "busy",
        "misconduct",
    }
)
"""Why a gate may refuse; an unknown reason is read as ``stranger``."""


@dataclass(frozen=True, slots=True)
class Hello:
    """Who I am in this community, and the records that prove it.

    now_ms: the sender's clock. wants_genesis: asks the listener for the founding charter.
    genesis: the charter's bytes, if it was asked for.
    """

    now_ms: int
    household: HouseholdId
    wants_genesis: bool
    genesis: bytes | None
    records: tuple[bytes, ...]


def write_hello(hello: Hello) -> bytes:
    """Return the bytes of a hello."""
    return wire.pack(
        (
            _VERSION,
            hello.now_ms,
            hello.household,
            hello.wants_genesis,
            hello.genesis,
            hello.records,
        )
    )


def read_answer(message: bytes) -> Hello | str:
    """Read a hello, or the reason of a refusal. Raises RemoteError."""
    value = wire.unpack(message, MAX_MESSAGE_BYTES)
    if type(value) is tuple and len(value) == 2:
        fields = Fields(value, 2, "refusal")
        fields.integer("verdict", 0, 0)
        return _reason(fields.text("reason"))
    fields = Fields(value, 6, "hello")
    fields.integer("version", _VERSION, _VERSION)
    now_ms = fields.integer("now_ms", 0, limits.MAX_TIME_MS)
    household = HouseholdId(fields.octets("household", ID_BYTES))
    wants_genesis = fields.boolean("wants_genesis")
    genesis = fields.optional("genesis")
    if genesis is not None and type(genesis) is not bytes:
        raise RemoteError("body-invalid", field="genesis")
    records: list[bytes] = []
    for raw in fields.array("records", limits.MAX_PROOF_RECORDS):
        if type(raw) is not bytes:
            raise RemoteError("body-invalid", field="records")
        records.append(raw)
    return Hello(now_ms, household, wants_genesis, genesis, tuple(records))


def write_refusal(reason: str) -> bytes:
    """Return the bytes by which either side says no."""
    assert reason in REASONS
    return wire.pack((0, reason))


def write_acceptance() -> bytes:
    """Return the bytes by which the dialer accepts the listener."""
    return wire.pack((1,))


def read_verdict(message: bytes) -> str | None:
    """Read the dialer's last word: None for yes, else the reason. Raises RemoteError."""
    value = wire.unpack(message, 64)
    if type(value) is tuple and len(value) == 1:
        Fields(value, 1, "acceptance").integer("verdict", 1, 1)
        return None
    fields = Fields(value, 2, "refusal")
    fields.integer("verdict", 0, 0)
    return _reason(fields.text("reason"))


def _reason(reason: str) -> str:
    return reason if reason in REASONS and len(reason) <= _MAX_REASON else "stranger"
