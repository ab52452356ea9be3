"""The fold: from the messages of two chains to the trade they make (spec 09 §fold).

The order is a function of the messages alone: the publisher's next one as soon as what it had
seen is merged, else the seeker's. So the publisher, which names what it has seen in all that it
writes, only ever sees the order grow at its end, and both sides with the same messages are in
the same state, whatever the order of arrival.

What a side has named as seen stays seen, and of two messages that its author put in the same
place the one that the other side has named stands: nobody takes back what was answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from protocol.ids import HouseholdId
from protocol.trade.agreement import Ask
from protocol.trade.effects import apply
from protocol.trade.guards import holds
from protocol.trade.message import NOTHING, Message, MessageId, TradeId
from protocol.trade.room import has_room
from protocol.trade.trade import Trade
from protocol.trade.transitions import TRANSITIONS, Role, State
from protocol.trade.types import Type


def fold(messages: Iterable[Message], trade_id: TradeId | None = None) -> Trade | None:
    """Return the trade that these messages make; None without the one that opens it.

    messages: read and of the right devices, in any order; repeated ones, such as follow a gap,
    and those of others have no influence. trade_id: of the trade; None: they are of one trade.
    Never raises.
    """
    received = {message.id: message for message in messages}
    if trade_id is None:
        trade_id = next((m.trade for m in received.values() if m.type is Type.ASK), None)
    opening = None if trade_id is None else received.get(trade_id)
    if opening is None or not isinstance(opening.body, Ask):
        return None
    ask = opening.body
    if ask.publisher == opening.author:
        return None
    own: dict[HouseholdId, list[Message]] = {ask.publisher: [], opening.author: []}
    for message in received.values():
        if message.author in own and _belongs(message, opening):
            own[message.author].append(message)
    trade = Trade(opening, ask, ask.terms)
    publisher, seeker = own[ask.publisher], own[opening.author]
    _merge(trade, _chain(publisher, seeker), _chain(seeker, publisher))
    return trade


def step(trade: Trade, message: Message, role: Role) -> State | None:
    """Return the state that follows if this side writes this message now; None: void."""
    for row in TRANSITIONS.get((trade.state, message.type, role), ()):
        if all(holds(guard, trade, message, role) for guard in row.guards):
            return row.then
    return None


def possible(trade: Trade, role: Role) -> set[Type]:
    """Return the types that this side may write now, guards aside."""
    seq = len(trade.chains[role])
    return {
        type
        for state, type, by in TRANSITIONS
        if state is trade.state and by is role and has_room(type, seq)
    }


def _belongs(message: Message, opening: Message) -> bool:
    """Tell whether a message of one of the two is of this trade; nothing takes the ASK's place."""
    if (message.trade, message.community) != (opening.id, opening.community):
        return False
    return message.seq > 0 or message.author != opening.author or message is opening


def _chain(own: Sequence[Message], others: Sequence[Message]) -> list[Message]:
    """Return one side's messages from the first to the first gap."""
    by_previous: dict[bytes, Message] = {message.previous: message for message in own}
    if len(by_previous) < len(own):
        by_previous = _answered_first(own, others)
    chain: list[Message] = []
    following = by_previous.get(NOTHING)
    while following is not None and following.seq == len(chain):
        chain.append(following)
        following = by_previous.get(following.id)
    return chain


def _answered_first(own: Sequence[Message], others: Sequence[Message]) -> dict[bytes, Message]:
    """Return what follows each message where their author has put several in one place.

    The one that leads to what the other side has named as seen counts; else the lower id.
    """
    by_id = {message.id: message for message in own}
    answered: set[MessageId] = set()
    for other in others:
        found = by_id.get(other.seen)
        while found is not None and found.id not in answered:
            answered.add(found.id)
            found = by_id.get(found.previous)
    by_previous: dict[bytes, Message] = {}
    for message in sorted(own, key=lambda m: (m.id not in answered, m.id)):
        by_previous.setdefault(message.previous, message)
    return by_previous


def _merge(trade: Trade, publisher: Sequence[Message], seeker: Sequence[Message]) -> None:
    """Apply both chains in their one order. A chain ends where it takes back what it had seen."""
    waiting = {Role.PUBLISHER: iter(publisher), Role.SEEKER: iter(seeker)}
    first = {role: next(chain, None) for role, chain in waiting.items()}
    merged: dict[Role, dict[MessageId, int]] = {role: {NOTHING: -1} for role in Role}
    seen_seq = dict.fromkeys(Role, -1)
    while True:
        for role, other in ((Role.PUBLISHER, Role.SEEKER), (Role.SEEKER, Role.PUBLISHER)):
            message = first[role]
            if message is not None and message.seen in merged[other]:
                break
        else:
            return
        assert message is not None
        seq = merged[other][message.seen]
        if seq < seen_seq[role]:
            first[role] = None
            continue
        seen_seq[role] = seq
        merged[role][message.id] = message.seq
        trade.chains[role].append(message)
        trade.order.append(message)
        trade.at_ms = max(trade.at_ms, message.at_ms)
        then = step(trade, message, role)
        if then is None:
            trade.void.append(message)
        else:
            apply(trade, message, role, then)
        first[role] = next(waiting[role], None)
