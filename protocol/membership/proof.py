"""Judging a proof of membership together with what is known already (spec 07 §gate)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocol import limits
from protocol.envelope import Envelope, decode
from protocol.errors import RemoteError
from protocol.ids import HouseholdId, ThingKey
from protocol.kinds import Kind, is_membership
from protocol.membership.bodies import Certificate, Invite
from protocol.membership.evaluation import Member, Status
from protocol.membership.facts import Fact, read_fact
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
    member = candidate.member(household)
    if member is None or not candidate.is_host_of(host, household):
        return _why_not(household, host, records, candidate, now_ms)
    if (
        member.status is Status.PROVISIONAL
        and known.member(household) is None
        and member.invite is not None
        and (invite := _invite(member.inviter, member.invite, candidate)) is not None
        and _is_over(invite, now_ms)
    ):
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


def _invite(inviter: HouseholdId, key: ThingKey, members: Members) -> Fact | None:
    """Return the invite that a certificate names (MEM-15), else one that was withdrawn."""
    named = [
        fact
        for fact in members.facts_of(inviter, Kind.INVITE)
        if fact.record.key == key and (fact.record.withdrawn or isinstance(fact.body, Invite))
    ]
    return min(named, key=lambda fact: (fact.record.withdrawn, fact.record.slot), default=None)


def _is_over(invite: Fact, now_ms: int) -> bool:
    """Tell whether an invite was withdrawn (whatever its body says then), or has run out."""
    if invite.record.withdrawn or not isinstance(invite.body, Invite):
        return True
    return invite.body.valid_until_ms < now_ms


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
    bodies = [
        read_fact(record).body
        for record in records
        if record.kind == Kind.CERTIFICATE and record.household == household
    ]
    found = {
        _why_not_invited(body, members, now_ms) for body in bodies if isinstance(body, Certificate)
    }
    return next((why for why in ("invite-expired", "invite-used-up") if why in found), "stranger")


def _why_not_invited(certificate: Certificate, members: Members, now_ms: int) -> str | None:
    invite = _invite(certificate.inviter, certificate.invite, members)
    if invite is None:
        return None
    if _is_over(invite, now_ms) or not isinstance(invite.body, Invite):
        return "invite-expired"
    uses = members.uses_of(certificate.inviter, certificate.invite)
    return "invite-used-up" if uses >= invite.body.uses else None
