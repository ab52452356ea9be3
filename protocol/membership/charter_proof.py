"""What shows a newcomer which charter is in force (spec 07 §gate, 11 §3)."""

from __future__ import annotations

from collections.abc import Sequence

from protocol import limits
from protocol.envelope import Envelope
from protocol.kinds import Kind
from protocol.membership.governance import Amendment
from protocol.membership.members import Members

_FRAME_BYTES = 64
_PER_RECORD_BYTES = 3


def with_charter_proof(proof: Sequence[Envelope], members: Members) -> list[Envelope]:
    """Return a proof of membership and what shows the charter in force, if there is room for it.

    Half of it would show nothing: then the proof alone. The founding charter needs none.
    """
    shown = list(dict.fromkeys([*proof, *_charter_proof(members)]))
    size = _FRAME_BYTES + sum(len(record.raw) + _PER_RECORD_BYTES for record in shown)
    if len(shown) > limits.MAX_PROOF_RECORDS or size > limits.MAX_PROOF_BYTES:
        return list(proof)
    return shown


def _charter_proof(members: Members) -> list[Envelope]:
    council = members.council
    version = council.charter
    if version.number == 1:
        return []
    records: list[Envelope] = []
    for steward in council.stewards:
        for kind in (Kind.CERTIFICATE, Kind.DEVICE, Kind.SEATS, Kind.AMENDMENT):
            records += [
                fact.record
                for fact in members.facts_of(steward, kind)
                if kind != Kind.AMENDMENT
                or (isinstance(fact.body, Amendment) and fact.body.digest() == version.digest)
            ]
    return records
