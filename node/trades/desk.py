"""Writing and taking in the messages of trades, each in one transaction with its effects.

A message is on disk, and in the outbox, before anybody hears of it; what arrives is
acknowledged in the transaction that keeps it. Only one device of a household writes in a
trade: the one that signed the listing, or that asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from node.clock import Clock
from node.mail.incoming import Incoming, NotYet
from node.mail.post import Post
from node.store.database import Connection, Database
from node.store.ledger_entries import note_head
from node.trades import book, stock
from protocol.envelope import decode
from protocol.errors import LocalError, RemoteError
from protocol.ids import DeviceKey, HouseholdId, ThingKey, short
from protocol.ledger.entry import Head
from protocol.ledger.receipt import CoSigned
from protocol.limits import DAY_MS
from protocol.listing import read_listing
from protocol.mail.letter import Topic
from protocol.membership.members import Members
from protocol.signing import KeyPair
from protocol.trade.agreement import Accept, Ask, Offer, Promise
from protocol.trade.bodies import Body
from protocol.trade.codes import derive_code, hash_of
from protocol.trade.dispute import RulingCopy, read_ruling
from protocol.trade.letter import TradeLetter, letters_of, read_trade_letter
from protocol.trade.limits import MAX_AHEAD_MS, MAX_UNANSWERED
from protocol.trade.machine import fold, step
from protocol.trade.message import (
    OPENING,
    Message,
    Position,
    TradeId,
    read_message,
    sign_message,
)
from protocol.trade.room import has_room
from protocol.trade.terms import Terms, fit
from protocol.trade.trade import Trade
from protocol.trade.transitions import FINAL, Role, State
from protocol.trade.types import Type

_MAX_ORPHANS = 256
"""Messages of one household that may wait for the one that opens their trade."""
_MAX_OPENED_A_DAY = 100
"""Trades that one household may open with this one in a day."""
_MAX_UNFETCHED = 128
"""Letters that wait for a household: one that asks for more may fetch these first."""

_MOVING = frozenset({Topic.TRADE, Topic.CASE, Topic.OWN})
"""Letters after which something may be due: messages, rulings, another device's requests."""

Make = Callable[[Trade, Role], tuple[Type, Body]]
"""Says what to write, given the trade as it stands inside the transaction."""

Reserve = Callable[[ThingKey, int, int], None]
"""As `Elsewhere.reserve`."""

KeepReceipt = Callable[[Connection, CoSigned, int], None]
"""Keeps a receipt with the signatures there are; told when the trade was concluded."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """Who decides for a household in a trade: this device, or which other one."""

    device: DeviceKey
    is_this: bool


class Desk:
    """The one place where trade messages are written and taken in."""

    def __init__(
        self,
        household: HouseholdId,
        device: KeyPair,
        database: Database,
        post: Post,
        clock: Clock,
        members: Callable[[], Members],
        keep_receipt: KeepReceipt,
        head: Callable[[Connection], Head],
        may_sign: Callable[[], None],
        reserve: Reserve,
    ) -> None:
        """head: of the own device's ledger chain. may_sign: raises LocalError if it may not."""
        self.household = household
        self.device = device
        self._database = database
        self._post = post
        self._clock = clock
        self._members = members
        self._keep_receipt = keep_receipt
        self.head = head
        self._may_sign = may_sign
        self._reserve = reserve
        self._code_secret = hashlib.blake2b(
            device.seed, digest_size=32, person=b"p2pm-trade-codes"
        ).digest()
        self._has_written = False
        self.on_moved: list[Callable[[], None]] = []
        """Told on the trio thread after a trade may have moved."""
        post.serve(Topic.TRADE, self._take_in)
        post.on_taken.append(self._after_taking)

    def code(self, trade: Trade, is_return: bool) -> bytes:
        """Return the code that this device shows in person.

        The salt is the seeker's choice: with one that it used before it would know the
        publisher's code already. Its own code it needs before the trade has an id.
        """
        is_seeker = self.role_in(trade) is Role.SEEKER
        return self.code_for(trade.ask.salt if is_seeker else trade.id, is_return)

    def code_for(self, salt: bytes, is_return: bool) -> bytes:
        """Return the code of a trade with this salt."""
        return derive_code(self._code_secret, salt, "return" if is_return else "handover")

    def promise(self, connection: Connection, trade: Trade, public: bool, until_ms: int) -> Promise:
        """Return a promise of the terms on the table, with this device's codes."""
        return Promise(
            terms_hash=trade.terms_hash,
            public=public,
            until_ms=until_ms,
            handover_hash=hash_of(self.code(trade, is_return=False)),
            return_hash=hash_of(self.code(trade, is_return=True)),
            head=self.head(connection),
        )

    def deciding(self, connection: Connection, trade: Trade, role: Role) -> Deciding:
        """Return which device of this household decides in a trade: the same on all of them.

        Who wrote last; where that one is certified no more, or nobody has written, who signed
        the listing; else the first of the household's devices.
        """
        raw = book.listing_record(connection, trade.ask.listing, self.household)
        candidates = [trade.device(role), None if raw is None else decode(raw).device]
        member = self._members().member(self.household)
        standing = () if member is None else tuple(map(DeviceKey, member.devices))
        chosen = next((d for d in candidates if d in standing), None)
        device = chosen or (standing[0] if standing else self.own)
        return Deciding(device, device == self.own)

    def inherits(self, connection: Connection, trade: Trade) -> bool:
        """Tell whether this device goes on where another one of the household wrote last."""
        role = self.role_in(trade)
        last = trade.device(role)
        return last not in (None, self.own) and self.deciding(connection, trade, role).is_this

    @property
    def members(self) -> Members:
        """Who belongs, as it stands now."""
        return self._members()

    @property
    def own(self) -> DeviceKey:
        """This device."""
        return DeviceKey(self.device.public)

    # -- writing

    async def open(self, make: Callable[[Connection, int], tuple[Ask, bytes]]) -> Trade:
        """Open a trade. make: returns the ASK and the listing's record, or raises LocalError."""

        def write(connection: Connection) -> Trade:
            now_ms = self._clock.now_ms()
            ask, listing_raw = make(connection, now_ms)
            message = self._sign(OPENING, now_ms, Type.ASK, ask)
            self._reserve_return(connection, message.trade, None, ask.terms)
            book.insert(connection, message, now_ms, listing_raw=listing_raw)
            trade = fold([message])
            assert trade is not None
            self._send(connection, trade, message)
            return trade

        trade = await self._database.write(write)
        self.tell()
        return trade

    async def act(self, trade_id: TradeId, make: Make) -> Trade:
        """Write one message in a trade, and return the trade after it.

        Raises LocalError ``trade-not-found``, ``trade-not-now`` (the table does not let it
        pass), ``trade-full``, ``trade-other-device``, ``not-enough-left``, ``trade-field`` (a
        value out of its bounds), or what ``make`` raises.
        """

        def write(connection: Connection) -> Trade:
            return self.write_in(connection, trade_id, make)

        trade = await self._database.write(write)
        self.tell()
        return trade

    def write_in(self, connection: Connection, trade_id: TradeId, make: Make) -> Trade:
        """Do as :meth:`act`, inside the caller's transaction."""
        trade = book.load(connection, trade_id)
        if trade is None:
            raise LocalError("trade-not-found", id=short(trade_id))
        role = self.role_in(trade)
        if not self.deciding(connection, trade, role).is_this:
            raise LocalError("trade-other-device")
        now_ms = self._clock.now_ms()
        try:
            type, body = make(trade, role)
            position = trade.next_position(role)
            if not has_room(type, position.seq):
                raise LocalError("trade-full", id=short(trade_id))
            message = self._sign(position, now_ms, type, body)
        except RemoteError as error:
            raise LocalError("trade-field", field=error.fields.get("field", "text")) from None
        if step(trade, message, role) is None:
            raise LocalError("trade-not-now", state=trade.state.value, step=type.name.lower())
        if isinstance(body, Promise):
            self._check_fit(connection, trade)
            self._check_stock(connection, trade.ask.listing, trade.terms.quantity)
        if role is Role.SEEKER and isinstance(body, Offer | Accept):
            terms = body.terms if isinstance(body, Offer) else trade.terms
            self._reserve_return(connection, trade.id, trade, terms)
        book.insert(connection, message, now_ms)
        after = book.load(connection, trade_id)
        assert after is not None
        self._send(connection, after, message)
        self._keep(connection, after)
        return after

    def role_in(self, trade: Trade) -> Role:
        """Return which side this household is."""
        role = trade.role_of(self.household)
        if role is None:
            raise LocalError("trade-not-found", id=short(trade.id))
        return role

    def _sign(self, position: Position, now_ms: int, type: Type, body: Body) -> Message:
        self._may_sign()
        community = self._members().community
        return sign_message(community, self.household, position, now_ms, type, body, self.device)

    def _check_stock(self, connection: Connection, listing: ThingKey, asked: int) -> None:
        """Nothing is promised twice: asked in the transaction that makes the promise."""
        raw = book.listing_record(connection, listing, self.household)
        if raw is None:
            raise LocalError("trade-listing-gone")
        record = decode(raw)
        offered = read_listing(record.body)
        if offered.origin is not None:  # not this household's to promise
            raise LocalError("listing-carried", title=offered.title)
        left = stock.left(record, book.load_many(connection, book.ids_about(connection, listing)))
        if left < asked:
            raise LocalError("not-enough-left", left=left, asked=asked)
        self._reserve(listing, left, asked)

    def _check_fit(self, connection: Connection, trade: Trade) -> None:
        """What came of haggling must still be what the listing has."""
        raw = book.listing_record(connection, trade.ask.listing, self.household)
        unfit = None if raw is None else fit(trade.terms, read_listing(decode(raw).body))
        if unfit is not None:
            raise LocalError("trade-unfit", field=unfit)

    def _reserve_return(
        self, connection: Connection, trade_id: TradeId, before: Trade | None, terms: Terms
    ) -> None:
        """What a seeker offers in return is kept for this trade from then on."""
        listing = terms.swap_listing
        if listing is None:
            return
        kept = book.offers_in_return(connection, trade_id, listing)
        if kept and before is not None and stock.claim(before, listing):
            return
        self._check_stock(connection, listing, 1)
        raw = book.listing_record(connection, listing, self.household)
        if raw is not None and decode(raw).device != self.own:
            raise LocalError("trade-other-device")
        book.note_swap(connection, trade_id, listing)

    def _send(self, connection: Connection, trade: Trade, message: Message) -> None:
        self._has_written = True
        other = trade.household(self.role_in(trade).other)
        content = TradeLetter(trade.id, (message.raw,), trade.heads()).pack()
        letter = self._post.write(connection, other, Topic.TRADE, content)
        book.set_letter(connection, message.id, letter)

    def _keep(self, connection: Connection, trade: Trade) -> None:
        co_signed = trade.co_signed()
        if co_signed is not None and trade.signed and trade.concluded_at_ms is not None:
            self._keep_receipt(connection, co_signed, trade.concluded_at_ms)

    async def ask_for_missing(self, trade_ids: Sequence[TradeId]) -> None:
        """Ask the other side for what this device may have lost: after a restore."""

        def write(connection: Connection) -> None:
            for trade in book.load_many(connection, trade_ids):
                other = trade.household(self.role_in(trade).other)
                content = TradeLetter(trade.id, (), trade.heads(), asks=True).pack()
                self._post.write(connection, other, Topic.TRADE, content)

        await self._database.write(write)
        self._post.wake()

    # -- taking in

    def _take_in(self, connection: Connection, incoming: Incoming) -> None:
        """Keep what a letter brings. Raises RemoteError (refused for good) or NotYet."""
        letter = read_trade_letter(incoming.content)
        now_ms = self._clock.now_ms()
        held = book.load(connection, letter.trade)
        for raw in letter.raws:
            message = read_message(raw)
            self._check(connection, incoming, letter, message, now_ms)
            if self._counts(connection, held, message, incoming.is_copy):
                self._insert(connection, message, now_ms)
        trade = book.load(connection, letter.trade)
        if trade is None or trade.role_of(self.household) is None:
            return
        self._keep(connection, trade)
        if letter.asks and not incoming.is_copy:
            if self._post.unfetched(connection, incoming.sender) >= _MAX_UNFETCHED:
                raise NotYet(full=True)
            self._send_missing(connection, trade, letter)

    def _counts(
        self, connection: Connection, held: Trade | None, message: Message, is_copy: bool
    ) -> bool:
        """Tell whether a message may be kept. held: the trade before its letter came."""
        if is_copy:
            return message.author == self.household
        if message.author == self.household:
            # The other side brings back what this household has lost. With a device that was
            # lost itself somebody else could write: that may only go on where it wrote before.
            stands = self._members().signs_for(message.device, self.household)
            return stands or (held is not None and self.inherits(connection, held))
        if held is None or held.state is not State.CLOSED:
            return True
        # Here nothing is written any more that would name what was seen: what closed the
        # trade is not taken back by something else in its place.
        role = held.role_of(message.author)
        chain = [] if role is None else held.chains[role]
        return message.seq >= len(chain) or chain[message.seq].id == message.id

    def _insert(self, connection: Connection, message: Message, now_ms: int) -> None:
        body, listing_raw = message.body, None
        if isinstance(body, Ask):
            listing_raw = book.listing_record(connection, body.listing, body.publisher)
        is_new = book.insert(connection, message, now_ms, listing_raw=listing_raw)
        if is_new and isinstance(body, Ask | Promise):
            note_head(connection, message.author, message.device, body.head)

    def _check(
        self,
        connection: Connection,
        incoming: Incoming,
        letter: TradeLetter,
        message: Message,
        now_ms: int,
    ) -> None:
        members = self._members()
        if message.community != members.community:
            raise RemoteError("other-community")
        if message.trade != letter.trade:
            raise RemoteError("other-trade")
        if message.author not in (incoming.sender, self.household):
            raise RemoteError("foreign-message")
        if not members.was_device(message.author, message.device):
            raise NotYet
        if message.at_ms > now_ms + MAX_AHEAD_MS:
            raise NotYet
        body = message.body
        if isinstance(body, RulingCopy):
            ruling = read_ruling(body.raw)
            if not members.was_device(ruling.steward, ruling.device):
                raise NotYet
        if incoming.is_copy:
            return
        if (
            isinstance(body, Ask)
            and message.author == incoming.sender
            and body.publisher != self.household
        ):
            raise RemoteError("foreign-message")
        if not book.is_opened(connection, message.trade):
            self._check_room(connection, message, now_ms)

    def _check_room(self, connection: Connection, message: Message, now_ms: int) -> None:
        """No household fills this one's days or disk: it can wait until it is answered."""
        author = message.author
        if not isinstance(message.body, Ask):
            if book.count_orphans(connection, author) >= _MAX_ORPHANS:
                raise RemoteError("too-many-trades")
            return
        if book.count_opened_by(connection, author, now_ms - DAY_MS) >= _MAX_OPENED_A_DAY:
            raise RemoteError("too-many-trades")
        if self.unanswered(connection, author, message.body.publisher) >= MAX_UNANSWERED:
            raise NotYet(full=True)

    def unanswered(
        self, connection: Connection, seeker: HouseholdId, publisher: HouseholdId
    ) -> int:
        """Return how many trades of a seeker the publisher has not answered, as known here."""
        asked = book.load_many(connection, book.ids_asked(connection, seeker, publisher))
        return sum(map(stock.is_unanswered, asked))

    def _send_missing(self, connection: Connection, trade: Trade, letter: TradeLetter) -> None:
        """Send all messages of both sides that come after what the other says it has."""
        raws: list[bytes] = []
        for role, head in zip((Role.PUBLISHER, Role.SEEKER), letter.have, strict=True):
            chain = trade.chains[role]
            known = [message.id for message in chain]
            start = known.index(head) + 1 if head in known else 0
            raws += [message.raw for message in chain[start:]]
        other = trade.household(self.role_in(trade).other)
        for part in letters_of(trade.id, raws, trade.heads()):
            self._post.write(connection, other, Topic.TRADE, part.pack())

    def _after_taking(self, taken: Sequence[Incoming]) -> None:
        if any(incoming.topic in _MOVING for incoming in taken):
            self.tell()

    def tell(self) -> None:
        """After a commit: deliver what was written, and see what follows."""
        self._has_written = False
        self._post.wake()
        for listener in self.on_moved:
            listener()

    def tell_if_written(self) -> None:
        """After a commit in which something may have been said: do as :meth:`tell` if it was."""
        if self._has_written:
            self.tell()


def is_over(trade: Trade) -> bool:
    """Tell whether nothing more can follow."""
    return trade.state in FINAL
