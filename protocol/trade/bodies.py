"""Reading the body of each type of trade message (spec 09 §messages)."""

from __future__ import annotations

from collections.abc import Callable

from protocol import limits
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES, THING_KEY_BYTES, HouseholdId, RecordId, ThingKey
from protocol.ledger.entry import Head
from protocol.ledger.receipt import Outcome
from protocol.listing import ListingKind
from protocol.signing import SIGNATURE_BYTES
from protocol.trade.agreement import (
    Accept,
    Ask,
    Decline,
    Offer,
    Promise,
    Queue,
    Sign,
    Why,
    Words,
)
from protocol.trade.dispute import Dispute, RulingCopy, Settle, Steward
from protocol.trade.draw import Close, Draw, Enter, Result, Reveal
from protocol.trade.limits import (
    DRAW_SECRET_BYTES,
    MAX_ENTRANTS,
    MAX_MESSAGE_BYTES,
    MAX_SLOTS,
    SALT_BYTES,
)
from protocol.trade.meeting import Address, Appoint, Confirm, Due, Slot, Slots
from protocol.trade.terms import read_terms
from protocol.trade.types import Type, require
from protocol.wire import Fields, Value

Body = (
    Ask | Offer | Accept | Promise | Decline | Words | Slots | Appoint | Address | Confirm | Due
    | Dispute | Steward | RulingCopy | Settle | Queue | Draw | Enter | Close | Reveal | Result
    | Sign
)  # fmt: skip


def read_body(type: Type, value: Value) -> Body:
    """Read the body of a message of this type. Raises RemoteError ``body-invalid``."""
    arity, reader = _READERS[type]
    return reader(Fields(value, arity, type.name.lower()))


def _ask(fields: Fields) -> Ask:
    return Ask(
        listing=ThingKey(fields.octets("listing", THING_KEY_BYTES)),
        revision=RecordId(fields.octets("revision", ID_BYTES)),
        listing_kind=ListingKind(fields.integer("listing_kind", 1, 8)),
        publisher=HouseholdId(fields.octets("publisher", ID_BYTES)),
        salt=fields.octets("salt", SALT_BYTES),
        handover_hash=fields.octets("handover_hash", ID_BYTES),
        return_hash=fields.octets("return_hash", ID_BYTES),
        public=fields.boolean("public"),
        terms=read_terms(fields.optional("terms")),
        text=fields.text("text"),
        head=_head(fields.optional("head")),
    )


def _promise(fields: Fields) -> Promise:
    return Promise(
        terms_hash=fields.octets("terms_hash", ID_BYTES),
        public=fields.boolean("public"),
        until_ms=_time(fields, "until_ms"),
        handover_hash=fields.octets("handover_hash", ID_BYTES),
        return_hash=fields.octets("return_hash", ID_BYTES),
        head=_head(fields.optional("head")),
    )


def _head(value: Value) -> Head:
    fields = Fields(value, 2, "head")
    return Head(
        fields.integer("count", 0, limits.MANY_DURABLE_SLOTS),
        RecordId(fields.octets("head", ID_BYTES)),
    )


def _slot(value: Value) -> Slot:
    fields = Fields(value, 2, "slot")
    return Slot(_time(fields, "starts_at_ms"), _time(fields, "ends_at_ms"))


def _time(fields: Fields, name: str) -> int:
    return fields.integer(name, 1, limits.MAX_TIME_MS)


def _confirm(fields: Fields) -> Confirm:
    code = fields.optional("code")
    require(code is None or type(code) is bytes, "code")
    return Confirm(code if type(code) is bytes else None)


def _draw(fields: Fields) -> Draw:
    return Draw(
        fields.octets("draw", THING_KEY_BYTES),
        fields.octets("commitment", ID_BYTES),
        _time(fields, "closes_at_ms"),
    )


def _ruling(fields: Fields) -> RulingCopy:
    raw = fields.optional("raw")
    if type(raw) is not bytes or len(raw) > MAX_MESSAGE_BYTES:
        raise RemoteError("body-invalid", field="raw")
    return RulingCopy(raw)


def _close(fields: Fields) -> Close:
    found: list[bytes] = []
    for item in fields.array("commitments", MAX_ENTRANTS):
        if type(item) is not bytes or len(item) != ID_BYTES:
            raise RemoteError("body-invalid", field="commitments")
        found.append(item)
    return Close(tuple(found))


def _result(fields: Fields) -> Result:
    secret = fields.octets("secret", DRAW_SECRET_BYTES)
    found: list[bytes | None] = []
    for item in fields.array("secrets", MAX_ENTRANTS):
        if item is None or (type(item) is bytes and len(item) == DRAW_SECRET_BYTES):
            found.append(item)
        else:
            raise RemoteError("body-invalid", field="secrets")
    return Result(secret, tuple(found))


def _words(fields: Fields) -> Words:
    return Words(fields.text("text"))


def _due(fields: Fields) -> Due:
    return Due(_time(fields, "due_at_ms"))


def _slots(fields: Fields) -> Slots:
    return Slots(tuple(map(_slot, fields.array("slots", MAX_SLOTS))))


_READERS: dict[Type, tuple[int, Callable[[Fields], Body]]] = {
    Type.ASK: (11, _ask),
    Type.OFFER: (2, lambda f: Offer(read_terms(f.optional("terms")), f.text("text"))),
    Type.ACCEPT: (1, lambda f: Accept(f.octets("terms_hash", ID_BYTES))),
    Type.PROMISE: (6, _promise),
    Type.DECLINE: (2, lambda f: Decline(Why(f.integer("why", 0, max(Why))), f.text("text"))),
    Type.CANCEL: (1, _words),
    Type.SLOTS: (1, _slots),
    Type.APPOINT: (1, lambda f: Appoint(_slot(f.optional("slot")))),
    Type.ADDRESS: (1, lambda f: Address(f.text("address"))),
    Type.HANDOVER: (1, _confirm),
    Type.RETURN: (1, _confirm),
    Type.EXTEND: (1, _due),
    Type.AGREE: (1, _due),
    Type.NO_SHOW: (1, _words),
    Type.LAPSE: (1, _words),
    Type.DISPUTE: (2, lambda f: Dispute(HouseholdId(f.octets("steward", 32)), f.text("text"))),
    Type.STEWARD: (1, lambda f: Steward(HouseholdId(f.octets("steward", 32)))),
    Type.RULING: (1, _ruling),
    Type.SETTLE: (1, lambda f: Settle(Outcome(f.integer("outcome", 1, 3)))),
    Type.QUEUE: (1, lambda f: Queue(f.integer("position", 1, 10_000))),
    Type.DRAW: (3, _draw),
    Type.ENTER: (1, lambda f: Enter(f.octets("commitment", ID_BYTES))),
    Type.CLOSE: (1, _close),
    Type.REVEAL: (1, lambda f: Reveal(f.octets("secret", DRAW_SECRET_BYTES))),
    Type.RESULT: (2, _result),
    Type.SIGN: (1, lambda f: Sign(f.octets("signature", SIGNATURE_BYTES))),
}
