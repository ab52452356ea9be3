"""Answers about all communities of a household at once: those about one, put together."""

from __future__ import annotations

from dataclasses import dataclass

from p2pmarket.api.finding_schemas import LeftOut
from p2pmarket.api.mail_schemas import InboxAnswer
from p2pmarket.api.member_schemas import MembersAnswer
from p2pmarket.api.trade.schemas import TradesAnswer


@dataclass(frozen=True, slots=True)
class CommunityPart:
    """A community that an answer is about. connected: whether any neighbour there is."""

    community: str
    community_id: str
    connected: bool


@dataclass(frozen=True, slots=True)
class InboxEverywhere(InboxAnswer):
    """The inboxes of all communities; each line says of which it is. connected: in all."""

    communities: list[CommunityPart]
    left_out: list[LeftOut]


@dataclass(frozen=True, slots=True)
class TradesEverywhere(TradesAnswer):
    """The trades in all communities; each line says in which it is."""

    communities: list[CommunityPart]
    left_out: list[LeftOut]


@dataclass(frozen=True, slots=True)
class MembersEverywhere(MembersAnswer):
    """The households of all communities, of one after the other."""

    communities: list[CommunityPart]
    left_out: list[LeftOut]
