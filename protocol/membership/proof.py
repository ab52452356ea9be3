"""Judging a proof of membership together with what is known already (spec 07 §gate)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocol import limits
from protocol.envelope import Envelope, Register, decode
from protocol.errors import RemoteError
from protocol.ids import HouseholdId
from protocol.kinds import Kind, is_membership
from protocol.membership.bodies import Certificate, Invite
from protocol.membership.evaluation import Member, Status
from protocol.membership.facts import read_fact
from protocol.membership.members import Members


@dataclass(frozen=True, slots=True)
class Proven:
    """The household stands, and the connection's host is one of its devices'.

    records: those of the proof that counted.
    """

    member: Member
    records: tuple[Envelope, ...]


def judge(
    household: HouseholdId, host: bytes, raws: Sequence[bytes], known: Members, now_ms: int
) -> Proven | str:
    """Return what a proof shows, or the reason to refuse (protocol.gate.REASONS).

    household: whom the other side claims to be. host: the key that Noise authenticated.
    Never raises: bytes that are no record prove nothing.
    """
    records = checked(raws, known, now_ms)
    candidate = known.extended(records) if records else known
    member = candidate.by_host(host)
    if member is None or member.household != household:
        return _why_not(household, host, records, candidate, now_ms)
    if member.status is Status.PROVISIONAL and known.member(household) is None:
        invite = _invite_of(member, candidate)
        if invite is not None and invite.valid_until_ms < now_ms:
            return "invite-expired"
    return Proven(member, tuple(records))


def checked(raws: Sequence[bytes], known: Members, now_ms: int) -> list[Envelope]:
    """Return the membership records of a proof that could be admitted now.

    What admission would refuse proves nothing: else a household that never enters the set,
    and is never seen, could pass the gate.
    """
    records: list[Envelope] = []
    for raw in raws:
        try:
            record = decode(raw)
        except RemoteError:
            continue
        if (
            is_membership(record.kind)
            and record.community == known.community
            and record.household not in known.removed
            and now_ms < record.expires_at_ms
            and record.created_at_ms <= now_ms + limits.MAX_CLOCK_AHEAD_MS
            and (known.holds(record) or record.signature_holds())
        ):
            records.append(record)
    return records


def _invite_of(member: Member, members: Members) -> Invite | None:
    for fact in members.facts_of(member.inviter, Kind.INVITE):
        if fact.record.key == member.invite and isinstance(fact.body, Invite):
            return fact.body
    return None


def _why_not(
    household: HouseholdId,
    host: bytes,
    records: Sequence[Envelope],
    members: Members,
    now_ms: int,
) -> str:
    """Return the reason that helps an honest household most."""
    if household in members.removed:
        return "removed"
    member = members.member(household)
    if member is not None and not member.stands:
        return "left"
    if member is not None:  # it belongs, but this host is none of its devices'
        return "revoked" if members.gave_up(household, host) else "stranger"
    for record in records:
        if record.kind != Kind.CERTIFICATE or record.household != household:
            continue
        fact = members.fact(Register(household, Kind.CERTIFICATE, 0)) or read_fact(record)
        if not isinstance(fact.body, Certificate):
            continue
        reason = _why_not_invited(fact.body, members, now_ms)
        if reason is not None:
            return reason
    return "stranger"


def _why_not_invited(certificate: Certificate, members: Members, now_ms: int) -> str | None:
    for offered in members.facts_of(certificate.inviter, Kind.INVITE):
        invite = offered.body
        if offered.record.key != certificate.invite or not isinstance(invite, Invite):
            continue
        if offered.record.withdrawn or invite.valid_until_ms < now_ms:
            return "invite-expired"
        if members.uses_of(certificate.inviter, certificate.invite) >= invite.uses:
            return "invite-used-up"
    return None
