"""The shapes of answers about who belongs, and who does not any more."""

from __future__ import annotations

from dataclasses import dataclass

from p2pmarket.api.ledger_schemas import HouseholdName
from p2pmarket.api.schemas import MemberStatusName


@dataclass(frozen=True, slots=True)
class MemberAnswer:
    """One household of the community. name, invited_by: namesakes told apart.

    seat: among the stewards, from 1; null for none. consents: whether it agreed to the rules in
    force. vouches: how many households vouch for it. removal_voices: stewards that want it removed.
    community: where all are asked; "" where one was named.
    """

    id: str
    name: str
    about: str
    status: MemberStatusName
    place: str | None
    invited_by: str | None
    invited_by_id: str | None
    joined_at: str
    connected: bool
    blocked: bool
    me: bool
    seat: int | None
    consents: bool
    vouches: int
    removal_voices: int
    community: str = ""
    community_id: str = ""


@dataclass(frozen=True, slots=True)
class RemovedAnswer:
    """A household that was removed, and why. name: its last; "" if it was never known here."""

    id: str
    reason: str
    name: str = ""
    community: str = ""
    community_id: str = ""


@dataclass(frozen=True, slots=True)
class MembersAnswer:
    """The households that belong, and those that were removed."""

    results: list[MemberAnswer]
    removed: list[RemovedAnswer]


@dataclass(frozen=True, slots=True)
class BlockAnswer:
    """A household, and whether this one blocks it now."""

    household: HouseholdName
    blocked: bool
