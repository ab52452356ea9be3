"""A case as its steward sees it: one story, from what either side has handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from node.trades.docket import Held, Ruled
from protocol.ids import HouseholdId
from protocol.trade.case import Extent
from protocol.trade.machine import fold
from protocol.trade.message import NOTHING, Message, MessageId, TradeId
from protocol.trade.trade import Trade
from protocol.trade.transitions import State


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What one side has laid before the steward. handed_at_ms: as it says itself.

    missing: messages that it names, and that neither side has brought yet.
    """

    household: HouseholdId
    text: str
    handed_at_ms: int
    received_at_ms: int
    missing: int


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case before this household.

    trade: what all the messages that were handed over make together. apart: messages that are
    no part of it, because those before them are missing, or because another one stands in
    their place. shown_by: of messages that only one of the two names, though both have handed
    over: who does. ruled: how this household ruled, on this dispute or an earlier one.
    """

    trade: Trade
    handed: tuple[HandedOver, ...]
    apart: tuple[Message, ...]
    shown_by: Mapping[MessageId, HouseholdId]
    ruled: Ruled | None
    own: HouseholdId

    @property
    def missing(self) -> int:
        """The fewest that are missing: one whole telling is enough to rule."""
        return min(handed.missing for handed in self.handed)

    @property
    def is_ruled(self) -> bool:
        """Whether this household has ruled on the dispute as it stands."""
        dispute = self.trade.dispute
        if self.ruled is None:
            return False
        return dispute is None or self.ruled.ruling.dispute == dispute.id

    @property
    def can_rule(self) -> bool:
        """Whether both have accepted this household, and wait for it."""
        waits = self.trade.state is State.WITH_STEWARD and self.trade.steward == self.own
        return waits and not self.is_ruled


@dataclass(frozen=True, slots=True)
class Shown:
    """An own trade that was laid before a steward.

    letters: how many; arrived, failed: of those. What failed was refused, or did not arrive as
    long as letters are kept: it has to be shown again.
    """

    trade: TradeId
    steward: HouseholdId
    at_ms: int
    letters: int
    arrived: int
    failed: int


def view_of(held: Sequence[Held], ruled: Ruled | None, own: HouseholdId) -> CaseView | None:
    """Return a case as it stands; None where nothing was handed over."""
    messages = {message.id: message for each in held for message in each.messages}
    trade = fold(messages.values())
    if trade is None:
        return None
    merged = {message.id for message in trade.order}
    apart = sorted(
        (message for message in messages.values() if message.id not in merged),
        key=lambda message: (message.at_ms, message.id),
    )
    handed = tuple(
        HandedOver(
            each.household,
            each.part.text,
            each.part.handed_at_ms,
            each.received_at_ms,
            each.missing,
        )
        for each in held
    )
    return CaseView(trade, handed, tuple(apart), _only_by_one(held, messages), ruled, own)


def _only_by_one(
    held: Sequence[Held], messages: Mapping[MessageId, Message]
) -> dict[MessageId, HouseholdId]:
    """Return the messages that one side names and the other does not."""
    if len(held) < 2:
        return {}
    first, second = (
        {id for extent in each.part.named for id in _chain(extent, messages)} for each in held
    )
    alone = dict.fromkeys(first - second, held[0].household)
    return alone | dict.fromkeys(second - first, held[1].household)


def _chain(extent: Extent, messages: Mapping[MessageId, Message]) -> list[MessageId]:
    """Return the messages that a head stands for, back to the first one that is missing."""
    chain: list[MessageId] = []
    id = extent.head
    while id in messages and id != NOTHING and len(chain) < extent.count:
        chain.append(id)
        id = messages[id].previous
    return chain
