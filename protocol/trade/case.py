"""What a party lays before a steward, and what comes back (spec 09 §disputes).

A steward sees what one of the two hands over, and nothing else. A trade may be longer than a
letter, so a case comes in parts: each shows by itself that both sides have accepted the steward,
and names both chains, so that whoever holds some of the parts knows how much is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES, HouseholdId
from protocol.mail.limits import MAX_CONTENT_BYTES
from protocol.text import is_text
from protocol.trade.agreement import Ask, Offer
from protocol.trade.dispute import Dispute, Steward
from protocol.trade.letter import MAX_MESSAGES
from protocol.trade.limits import MAX_CHAIN, MAX_MESSAGE_BYTES, MAX_TEXT
from protocol.trade.message import Message, MessageId, TradeId, read_message
from protocol.trade.trade import Trade
from protocol.trade.types import require
from protocol.wire import Fields, Value

VERSION = 1
_CASE, _RULING = 1, 2

MAX_PART_BYTES = MAX_CONTENT_BYTES
"""As much as a letter holds: fewer parts."""
MAX_CASE_MESSAGES = 2 * MAX_CHAIN
"""Both chains at their longest: at most 170 parts."""
OPENERS = 3
"""Messages with which every part begins: the ASK, the DISPUTE and the STEWARD."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far one side's chain goes. count: of its messages; head: the last one."""

    count: int
    head: MessageId


@dataclass(frozen=True, slots=True)
class CasePart:
    """One letter of a case.

    handed_at_ms: the same in all parts of one handing over. named: the publisher's chain and
    the seeker's, as far as they are handed over. raws: messages of both sides, the openers
    first. text: the party's own words.
    """

    trade: TradeId
    handed_at_ms: int
    named: tuple[Extent, Extent]
    raws: tuple[bytes, ...]
    text: str

    def __post_init__(self) -> None:
        require(OPENERS <= len(self.raws) <= MAX_MESSAGES, "raws")
        require(is_text(self.text, MAX_TEXT, lines=True), "text")

    @property
    def rank(self) -> tuple[int, bytes]:
        """Of several handings over the greatest counts: its words, and what it names."""
        return self.handed_at_ms, wire.pack((self._named(), self.text))

    def pack(self) -> bytes:
        """Return the letter's content."""
        return wire.pack(
            (VERSION, _CASE, self.trade, self.handed_at_ms, self._named(), self.raws, self.text)
        )

    def _named(self) -> Value:
        return tuple((extent.count, extent.head) for extent in self.named)


@dataclass(frozen=True, slots=True)
class RulingLetter:
    """The steward's signed ruling, to either party."""

    trade: TradeId
    ruling: bytes

    def pack(self) -> bytes:
        """Return the letter's content."""
        return wire.pack((VERSION, _RULING, self.trade, self.ruling))


def read_case_letter(content: bytes) -> CasePart | RulingLetter:
    """Read a letter's content; the messages in it are not read yet.

    Raises RemoteError ``body-invalid`` or ``wire-…``.
    """
    value = wire.unpack(content, MAX_PART_BYTES)
    is_ruling = type(value) is tuple and value[1:2] == (_RULING,)
    fields = Fields(value, 4 if is_ruling else 7, "case")
    fields.integer("version", VERSION, VERSION)
    fields.integer("what", _CASE, _RULING)
    trade = TradeId(MessageId(fields.octets("trade", ID_BYTES)))
    if is_ruling:
        return RulingLetter(trade, _octets_up_to(fields.optional("ruling"), "ruling"))
    handed_at_ms = fields.integer("handed_at_ms", 1, limits.MAX_TIME_MS)
    named = Fields(fields.optional("named"), 2, "named")
    extents = _extent(named.optional("named")), _extent(named.optional("named"))
    raws = tuple(_octets_up_to(raw, "raws") for raw in fields.array("raws", MAX_MESSAGES))
    return CasePart(trade, handed_at_ms, extents, raws, fields.text("text"))


def _octets_up_to(value: Value, field: str) -> bytes:
    if type(value) is not bytes or len(value) > MAX_MESSAGE_BYTES:
        raise RemoteError("body-invalid", field=field)
    return value


def _extent(value: Value) -> Extent:
    fields = Fields(value, 2, "named")
    count = fields.integer("count", 1, MAX_CHAIN)
    return Extent(count, MessageId(fields.octets("head", ID_BYTES)))


def open_part(part: CasePart, sender: HouseholdId, steward: HouseholdId) -> tuple[Message, ...]:
    """Read the messages of a part that ``sender`` laid before ``steward``.

    Whether each device is its author's, membership tells. Raises RemoteError: ``other-trade``,
    ``other-community``, ``foreign-message`` (of somebody who is neither side, or handed over
    by such), ``not-the-steward``, ``body-invalid`` (more than it names) or what
    :func:`read_message` raises.
    """
    messages = tuple(read_message(raw) for raw in part.raws)
    ask, dispute, acceptance = messages[:OPENERS]
    if not isinstance(ask.body, Ask) or ask.id != part.trade:
        raise RemoteError("other-trade")
    sides = (ask.body.publisher, ask.author)
    if len(set(sides)) < len(sides) or sender not in sides:
        raise RemoteError("foreign-message")
    for message in messages:
        if message.community != ask.community:
            raise RemoteError("other-community")
        if message.trade != part.trade:
            raise RemoteError("other-trade")
        if message.author not in sides:
            raise RemoteError("foreign-message")
        require(message.seq < part.named[sides.index(message.author)].count, "named")
    named, accepted = dispute.body, acceptance.body
    if (
        not isinstance(named, Dispute)
        or not isinstance(accepted, Steward)
        or {named.steward, accepted.steward} != {steward}
        or dispute.author == acceptance.author
        or steward in sides
    ):
        raise RemoteError("not-the-steward")
    return messages


def missing(
    named: tuple[Extent, Extent],
    publisher: HouseholdId,
    seeker: HouseholdId,
    messages: Iterable[Message],
) -> int:
    """Return how many of the messages that were named are not here yet."""
    here: dict[HouseholdId, set[int]] = {publisher: set(), seeker: set()}
    extents = dict(zip((publisher, seeker), named, strict=True))
    for message in messages:
        extent = extents.get(message.author)
        if extent is None or message.seq >= extent.count:
            continue
        if message.seq < extent.count - 1 or message.id == extent.head:
            here[message.author].add(message.seq)
    return sum(extents[side].count - len(here[side]) for side in here)


def parts_of(trade: Trade, handed_at_ms: int, text: str) -> list[CasePart]:
    """Cut a trade that a steward was accepted in into parts, the most telling first.

    After the openers come the promise and its terms, then what followed, then the haggling
    before it. Raises RemoteError ``body-invalid`` if the text is none.
    """
    openers = _openers(trade)
    publisher, seeker = trade.chains.values()
    named = tuple(Extent(len(chain), chain[-1].id) for chain in (publisher, seeker))
    others = [m for m in _most_telling_first(trade) if m not in openers]
    opening = tuple(message.raw for message in openers)
    bare = CasePart(trade.id, handed_at_ms, (named[0], named[1]), opening, text)
    room = MAX_PART_BYTES - len(bare.pack()) - 2  # the array's head grows from one byte to three
    parts: list[list[bytes]] = [[]]
    for message in others:
        current = parts[-1]
        full = len(opening) + len(current) == MAX_MESSAGES
        if full or sum(len(raw) + 3 for raw in current) + len(message.raw) + 3 > room:
            parts.append([])
        parts[-1].append(message.raw)
    return [
        CasePart(bare.trade, handed_at_ms, bare.named, (*opening, *part), text) for part in parts
    ]


def _openers(trade: Trade) -> tuple[Message, ...]:
    """Return the messages that show that both sides have accepted the steward."""
    dispute = trade.dispute
    accepted = [m for m in trade.applied if isinstance(m.body, Steward)]
    assert dispute is not None  # there is a steward
    return trade.opening, dispute, accepted[-1]


def _most_telling_first(trade: Trade) -> Sequence[Message]:
    promise = trade.promise_message
    assert promise is not None  # nothing is disputed before it
    at = trade.order.index(promise)
    before, after = trade.order[:at], trade.order[at:]
    offers = [message for message in before if isinstance(message.body, Offer)]
    terms = offers[-1:]
    return [*terms, *after, *(message for message in before if message not in terms)]
