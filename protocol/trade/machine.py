"""The fold: from the messages of two chains to the trade they make (spec 09 §fold).

The order is a function of the messages alone: the publisher's next one as soon as what it had
seen is merged, else the seeker's. So the publisher, which names what it has seen in all that it
writes, only ever sees the order grow at its end, and both sides with the same messages are in
the same state, whatever the order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from protocol.ids import HouseholdId
from protocol.trade.agreement import Ask
from protocol.trade.effects import apply
from protocol.trade.guards import holds
from protocol.trade.message import NOTHING, Message
from protocol.trade.trade import Trade
from protocol.trade.transitions import TRANSITIONS, Role, State
from protocol.trade.types import Type


def fold(messages: Iterable[Message]) -> Trade | None:
    """Return the trade that these messages make; None without the one that opens it.

    messages: of one trade, read and of the right devices, in any order; repeated ones and
    such as follow a gap have no influence. Never raises.
    """
    received = list(messages)
    opening = next((m for m in received if m.type is Type.ASK), None)
    if opening is None or not isinstance(opening.body, Ask):
        return None
    ask = opening.body
    if ask.publisher == opening.author:
        return None
    publisher = _chain(received, ask.publisher, opening)
    seeker = _chain(received, opening.author, opening)
    trade = Trade(opening, ask, ask.terms)
    _merge(trade, publisher, seeker)
    return trade


def step(trade: Trade, message: Message, role: Role) -> State | None:
    """Return the state that follows if this side writes this message now; None: void."""
    for row in TRANSITIONS.get((trade.state, message.type, role), ()):
        if all(holds(guard, trade, message, role) for guard in row.guards):
            return row.then
    return None


def possible(trade: Trade, role: Role) -> set[Type]:
    """Return the types that this side may write now, guards aside."""
    return {type for state, type, by in TRANSITIONS if state is trade.state and by is role}


def _chain(messages: Sequence[Message], author: HouseholdId, opening: Message) -> list[Message]:
    """Return one side's messages from the first to the first gap.

    Of two that name the same predecessor (its author lies) the lower id counts.
    """
    by_previous: dict[bytes, Message] = {}
    for message in messages:
        if message.author == author and message.trade == opening.id:
            known = by_previous.get(message.previous)
            if known is None or message.id < known.id:
                by_previous[message.previous] = message
    chain: list[Message] = []
    following = by_previous.get(NOTHING)
    while following is not None and following.seq == len(chain):
        chain.append(following)
        following = by_previous.get(following.id)
    return chain


def _merge(trade: Trade, publisher: Sequence[Message], seeker: Sequence[Message]) -> None:
    """Apply both chains in their one order."""
    merged = {NOTHING}
    waiting = {Role.PUBLISHER: iter(publisher), Role.SEEKER: iter(seeker)}
    first = {role: next(chain, None) for role, chain in waiting.items()}
    while True:
        for role in (Role.PUBLISHER, Role.SEEKER):
            message = first[role]
            if message is not None and message.seen in merged:
                break
        else:
            return
        assert message is not None
        merged.add(message.id)
        trade.chains[role].append(message)
        then = step(trade, message, role)
        if then is None:
            trade.void.append(message)
        else:
            apply(trade, message, role, then)
        first[role] = next(waiting[role], None)
