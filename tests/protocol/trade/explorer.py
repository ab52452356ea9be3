"""Explores every way in which two honest parties can play a trade.

What exists is a *history*: the two chains as their authors wrote them. The network may lose,
repeat, delay and reorder; whoever crashes keeps what it had. So at any moment the publisher
has its own chain and some of the seeker's messages, the seeker its own and some of the
publisher's, independently of each other: every pair of such *views* of every history occurs.
What a view is depends on its messages alone (memory that a crash could lose is not part of
it), so each history and each view is looked at once, whatever way led there.

Messages are not signed here, which the fold does not look at; the receipts in them are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from trade_world import ASKED_MS, COMMUNITY, HOUSEHOLDS, PUBLISHER, SEEKER, ask

from protocol.ids import DeviceKey
from protocol.listing import ListingKind
from protocol.trade.agreement import Sign
from protocol.trade.bodies import Body
from protocol.trade.machine import fold, step
from protocol.trade.message import NOTHING, OPENING, Message, MessageId, Position
from protocol.trade.trade import Trade
from protocol.trade.transitions import Role, State
from protocol.trade.types import Type

Action = tuple[Type, Body, int]
"""What somebody might write: type, body, and when it says so (Unix milliseconds)."""

Alphabet = Callable[[Trade, Role], Iterator[Action]]
Chain = tuple[int, ...]
History = tuple[Chain, Chain]
"""The publisher's chain and the seeker's, as indices of messages."""


@dataclass(frozen=True, slots=True)
class View:
    """What one party makes of the messages that it has: all that the properties speak of.

    order: the merged messages. applied: those with an effect. upto_sign: the order up to the
    publisher's signature, or nothing. digest: of the receipt, once somebody signed it.
    """

    state: State
    order: Chain
    applied: Chain
    upto_sign: Chain
    digest: bytes | None
    facts: tuple[object, ...]


@dataclass(slots=True)
class Figures:
    """How much was explored. deliveries: of one message to one view."""

    histories: int = 0
    views: int = 0
    writings: int = 0
    deliveries: int = 0


class Explorer:
    """One scenario, from the opening on, up to a number of messages in all."""

    def __init__(
        self,
        alphabet: Alphabet,
        most: int = 8,
        kind: ListingKind = ListingKind.SELL,
        opening: tuple[tuple[Role, Type], ...] = (),
    ) -> None:
        """opening: what is said, and received, before anything is explored; it counts."""
        self.figures = Figures()
        self._alphabet = alphabet
        self._most = most
        self.messages: list[Message] = []
        self._index: dict[tuple[Position, Role, Action], int] = {}
        self._number: dict[MessageId, int] = {}
        self._views: dict[History, View] = {}
        self._actions: dict[History, tuple[tuple[int, ...], tuple[int, ...]]] = {}
        first = self._write(SEEKER, OPENING, (Type.ASK, ask(kind), ASKED_MS))
        self.start: History = ((), (first,))
        for role, type in opening:
            publisher, seeker = self.start
            trade = self.fold(self.start)
            action = next(a for a in alphabet(trade, role) if a[0] is type)
            written = (self._write(role, trade.next_position(role), action),)
            self.start = (
                (publisher + written, seeker)
                if role is PUBLISHER
                else (publisher, seeker + written)
            )

    def fold(self, history: History) -> Trade:
        trade = fold(self.messages[index] for chain in history for index in chain)
        assert trade is not None
        return trade

    def view(self, history: History) -> View:
        """What somebody makes of these beginnings of the two chains."""
        found = self._views.get(history)
        if found is None:
            found = self._views[history] = self._look(history)
            self.figures.views += 1
        return found

    def _look(self, history: History) -> View:
        trade = self.fold(history)
        order = tuple(self._number[message.id] for message in trade.order)
        assert len(order) == len(history[0]) + len(history[1]), "honest chains merge whole"
        applied = tuple(self._number[message.id] for message in trade.applied)
        upto_sign: Chain = ()
        if PUBLISHER in trade.signed:
            signature = trade.signed[PUBLISHER]
            at = next(n for n, index in enumerate(order) if self._signs(index, signature))
            upto_sign = order[: at + 1]
        receipt = trade.receipt()
        return View(
            trade.state,
            order,
            applied,
            upto_sign,
            None if receipt is None or not trade.signed else receipt.digest(),
            (trade.terms, trade.outcome, trade.at_fault, trade.appointment, trade.steward),
        )

    def _signs(self, index: int, signature: tuple[bytes, bytes]) -> bool:
        message = self.messages[index]
        return isinstance(message.body, Sign) and signature == (
            message.device, message.body.signature,
        )  # fmt: skip

    def next_messages(self, history: History, role: Role) -> tuple[int, ...]:
        """What one side would write if these were its messages."""
        found = self._actions.get(history)
        if found is None:
            trade = self.fold(history)
            found = self._actions[history] = (
                tuple(self._allowed(trade, PUBLISHER)),
                tuple(self._allowed(trade, SEEKER)),
            )
        return found[0] if role is PUBLISHER else found[1]

    def _allowed(self, trade: Trade, role: Role) -> Iterator[int]:
        position = trade.next_position(role)
        for action in self._alphabet(trade, role):
            index = self._write(role, position, action)
            if step(trade, self.messages[index], role) is not None:
                yield index

    def _write(self, role: Role, position: Position, action: Action) -> int:
        key = (position, role, action)
        known = self._index.get(key)
        if known is not None:
            return known
        message = _unsigned(position, role, action)
        self.messages.append(message)
        number = len(self.messages) - 1
        self._index[key] = self._number[message.id] = number
        return number

    def histories(self) -> Iterator[History]:
        """Every history there can be, the shortest first; each once."""
        level = {self.start: None}
        while level:
            following: dict[History, None] = {}
            for history in level:
                self.figures.histories += 1
                yield history
                if len(history[0]) + len(history[1]) < self._most:
                    for longer in self._longer(history):
                        following[longer] = None
            level = following

    def _longer(self, history: History) -> Iterator[History]:
        publisher, seeker = history
        for known in range(max(1, self.seen(publisher, seeker)), len(seeker) + 1):
            for index in self.next_messages((publisher, seeker[:known]), PUBLISHER):
                self.figures.writings += 1
                yield ((*publisher, index), seeker)
        for known in range(self.seen(seeker, publisher), len(publisher) + 1):
            for index in self.next_messages((publisher[:known], seeker), SEEKER):
                self.figures.writings += 1
                yield (publisher, (*seeker, index))

    def seen(self, own: Chain, others: Chain) -> int:
        """How many of the others' messages the author of a chain has named as seen."""
        last = self.messages[own[-1]].seen if own else NOTHING
        return 0 if last == NOTHING else others.index(self._number[last]) + 1

    def at_the_publisher(self, history: History) -> list[View]:
        """What the publisher sees with ever more of the seeker's messages."""
        publisher, seeker = history
        least = max(1, self.seen(publisher, seeker))
        return [self.view((publisher, seeker[:known])) for known in range(least, len(seeker) + 1)]

    def at_the_seeker(self, history: History) -> list[View]:
        """What the seeker sees with ever more of the publisher's messages."""
        publisher, seeker = history
        least = self.seen(seeker, publisher)
        return [
            self.view((publisher[:known], seeker)) for known in range(least, len(publisher) + 1)
        ]

    def parts_with_a_gap(self, history: History) -> Iterator[tuple[list[Message], History]]:
        """What a side may have while some of the other's messages have overtaken others.

        And the history that this amounts to: the other's messages up to the gap.
        """
        for own, other in ((0, 1), (1, 0)):
            chain, others = history[own], history[other]
            for missing in range(own == 0, len(others) - 1):
                for last in range(missing + 1, len(others)):
                    part = (*others[:missing], *others[missing + 1 : last + 1])
                    arrived = [self.messages[index] for index in (*part, *chain)]
                    if missing < self.seen(chain, others):
                        continue  # its own messages name it: it has it
                    before = others[:missing]
                    yield arrived, ((chain, before) if own == 0 else (before, chain))


def draft(trade: Trade, role: Role, type: Type, body: Body, at_ms: int) -> Message:
    """What one side would write now, unsigned."""
    return _unsigned(trade.next_position(role), role, (type, body, at_ms))


def _unsigned(position: Position, role: Role, action: Action) -> Message:
    type, body, at_ms = action
    household = HOUSEHOLDS[role]
    id = MessageId(hashlib.blake2b(repr((position, role, action)).encode()).digest()[:32])
    return Message(
        COMMUNITY, position.trade, position.seq, position.previous, position.seen,
        household.id, DeviceKey(household.device().public), at_ms, type, body, b"", id,
    )  # fmt: skip
