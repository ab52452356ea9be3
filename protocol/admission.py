"""May these bytes enter the store? One door for own, gossiped, synced and imported records.

Pure and total: whatever the bytes, a verdict comes back, never an exception (spec 02
§admission). Whether an admitted record then takes its register is ``supersedes``'s answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from protocol import limits
from protocol.envelope import Envelope, decode, supersedes
from protocol.errors import RemoteError
from protocol.kinds import is_membership
from protocol.membership.evaluation import Member
from protocol.membership.members import Members
from protocol.membership.slots import provisional_slots


@dataclass(frozen=True, slots=True)
class Admit:
    """The record may be stored and relayed."""

    record: Envelope


@dataclass(frozen=True, slots=True)
class Park:
    """Not now: its time has not come, or its author is not known yet. Kept within bounds."""

    reason: str
    record: Envelope


@dataclass(frozen=True, slots=True)
class Ignore:
    """Valid, and of no use any more. Costs the sender nothing."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Provably bad: no honest node sends it. Counts against the sender."""

    reason: str


Verdict = Admit | Park | Ignore | Reject


def admit(raw: bytes, now_ms: int, members: Members) -> Verdict:
    """Decide about one record, as :func:`admit_all` does about many."""
    return admit_all([raw], now_ms, members)[0][0]


def _nothing_known(record: Envelope) -> bool:
    return False


def admit_all(
    raws: Sequence[bytes],
    now_ms: int,
    members: Members,
    known: Callable[[Envelope], bool] = _nothing_known,
) -> tuple[list[Verdict], Members]:
    """Decide about records that arrived together, membership records first.

    raws: envelopes of any length (too long ones are rejected). now_ms: Unix milliseconds,
    UTC; bounds creation and expiry. known: whether exactly this record stands already, so
    that nothing needs verifying. Returns the verdicts in the order of ``raws``, and the
    membership with what was admitted. Never raises.
    """
    verdicts: list[Verdict] = [_screen(raw, now_ms, members, known) for raw in raws]
    joining = [
        verdict.record
        for verdict in verdicts
        if isinstance(verdict, Admit) and is_membership(verdict.record.kind)
    ]
    if joining:
        members = members.extended(joining)
    for index, verdict in enumerate(verdicts):
        if isinstance(verdict, Admit):
            if is_membership(verdict.record.kind):
                verdicts[index] = _judge_membership(verdict.record, members)
            else:
                verdicts[index] = _judge_content(verdict, members)
    return verdicts, members


def _screen(
    raw: bytes, now_ms: int, members: Members, known: Callable[[Envelope], bool]
) -> Verdict:
    """Form, community, time and signature: what needs no knowledge of the author."""
    try:
        record = decode(raw)
    except RemoteError as error:
        return Reject(error.code)
    if record.id == bytes(members.community):
        return Ignore("genesis")
    if known(record):
        return Ignore("known")
    if record.community != members.community:
        return Reject("other-community")
    if record.slot >= members.slots_if_confirmed(record.household, record.kind):
        return Reject("slot")
    if record.household in members.removed:
        return Ignore("removed")
    if record.expires_at_ms <= now_ms:
        return Ignore("expired")
    if not record.signature_holds():
        return Reject("signature")
    if record.created_at_ms > now_ms + limits.MAX_CLOCK_AHEAD_MS:
        return Park("not-yet", record)
    return Admit(record)


def _judge_membership(record: Envelope, members: Members) -> Verdict:
    if members.holds(record):
        return Admit(record)
    author = _author(record, members)
    if not isinstance(author, Member):
        return author
    held = members.fact(record.register)
    if held is not None and not supersedes(record, held.record):
        return Ignore("superseded")
    # Only a certificate can outrank what stands: one under which its household has no place.
    return Park("no-place", record)


def _judge_content(verdict: Admit, members: Members) -> Verdict:
    author = _author(verdict.record, members)
    if not isinstance(author, Member):
        return author
    return verdict if author.stands else Ignore("left")


def _author(record: Envelope, members: Members) -> Member | Park | Ignore:
    """Return the household that may have this record signed by this device in this slot."""
    member = members.member(record.household)
    if member is None:
        if record.household in members.removed:
            return Ignore("removed")
        return Park("unknown-household", record)
    if not member.confirmed and record.slot >= provisional_slots(record.kind):
        return Park("provisional", record)
    if record.device not in member.devices and not (
        record.root_signed and is_membership(record.kind)
    ):
        return Park("unknown-device", record)
    return member
