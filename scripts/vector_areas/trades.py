"""Vectors of chapter 09: messages, terms, folds, codes, draws, rulings, letters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import trade_world as world
from trade_folds import fold_cases
from trade_world import PUBLISHER, SEEKER, Play, body_of, code, played, signed, values_of
from vector_world import Household, thing_key

from protocol import wire
from protocol.errors import RemoteError
from protocol.listing import Listing, ListingKind, Variant
from protocol.money import Price
from protocol.signing import Purpose
from protocol.trade.codes import code_text, hash_of, read_code
from protocol.trade.dispute import read_ruling
from protocol.trade.draw import Close, Draw, Result, commitment_to, winner
from protocol.trade.letter import TradeLetter
from protocol.trade.message import NOTHING, Message, read_message
from protocol.trade.request import read_request
from protocol.trade.terms import Terms, fit, read_terms
from protocol.trade.types import Type
from protocol.wire import Value
from vector_areas import Case, Fields


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    yield from _messages()
    yield from _longest()
    yield from _malformed()
    yield from _terms()
    yield from _fits()
    yield from fold_cases()
    yield from _codes()
    yield from _draws()
    yield from _rulings()
    yield from _letters()
    yield from _requests()


def expected_message(raw: bytes) -> Fields:
    try:
        message = read_message(raw)
    except RemoteError as error:
        return {"error": error.code}
    return {
        "trade": message.named_trade,
        "seq": message.seq,
        "previous": message.previous,
        "seen": message.seen,
        "author": message.author,
        "device": message.device,
        "at_ms": message.at_ms,
        "type": int(message.type),
        "body": wire.pack(message.body.as_value()),
        "id": message.id,
    }


def _message(name: str, rules: tuple[str, ...], comment: str, raw: bytes) -> Case:
    return Case(f"message-{name}", rules, comment, "message", {"bytes": raw}, expected_message(raw))


def every_type() -> dict[Type, Message]:
    """A message of each type, from trades in which it has an effect where that is quick."""
    play = played([(PUBLISHER, Type.PROMISE)], ListingKind.LEND)
    trade = play.at(SEEKER)
    return {
        Type.ASK: play.written[0],
        **{
            type: play.draft(
                PUBLISHER if type in (Type.PROMISE, Type.DECLINE, Type.QUEUE) else SEEKER,
                type,
                body_of(trade, SEEKER, type),
                world.ASKED_MS + 7,
            )
            for type in Type
            if type is not Type.ASK
        },
    }


def _messages() -> Iterator[Case]:
    for type, message in every_type().items():
        name = type.name.lower().replace("_", "-")
        yield _message(name, ("TRD-1", "TRD-2", "TRD-3", "TRD-9"), "as it should be", message.raw)


def _longest() -> Iterator[Case]:
    """All maxima at once, in characters of four bytes: what honest people write always fits."""
    wide = "\N{CIRCUS TENT}"
    most = Price(10**12, "EUR")
    terms = Terms(
        quantity=10**6, price=most, credit=10**6, swap=wide * 120, swap_listing=thing_key(1),
        due_at_ms=2**48 - 1, deposit=most, variants=(wide * 40,) * 6, note=wide * 500,
    )  # fmt: skip
    opening = Play(terms=terms, text=wide * 500).written[0]
    comment = f"{len(opening.raw):,} bytes: all texts at their longest"
    yield _message("ask-longest", ("TRD-1", "TRD-9"), comment, opening.raw)


def _malformed() -> Iterator[Case]:
    opening = every_type()[Type.ASK]
    later = every_type()[Type.CANCEL]
    device = world.HOUSEHOLDS[SEEKER].device()
    changes: dict[str, tuple[Message, int, Value, tuple[str, ...], str]] = {
        "other-version": (later, 0, 2, ("TRD-1", "TRD-5"), "another version"),
        "short-community": (later, 1, bytes(31), ("TRD-1", "TRD-5"), "31 bytes"),
        "ask-in-a-trade": (opening, 2, bytes([1] * 32), ("TRD-4",), "an ASK opens a trade"),
        "no-trade": (later, 2, bytes(32), ("TRD-4",), "only an ASK has no trade"),
        "ask-with-seq": (opening, 3, 1, ("TRD-4",), "an ASK is its author's first"),
        "ask-with-previous": (opening, 4, bytes([1] * 32), ("TRD-4",), "nothing comes before it"),
        "ask-with-seen": (opening, 5, bytes([1] * 32), ("TRD-4",), "nothing was there to be seen"),
        "seq-too-high": (later, 3, 256, ("TRD-1", "TRD-5"), "256 are the most"),
        "seq-0-with-previous": (later, 3, 0, ("TRD-4",), "the first names no previous one"),
        "no-previous": (later, 4, bytes(32), ("TRD-4",), "a later one names its previous one"),
        "at-zero": (later, 8, 0, ("TRD-1", "TRD-5"), "a time is not 0"),
        "at-too-late": (later, 8, 2**48, ("TRD-1", "TRD-5"), "beyond the last time"),
        "type-0": (later, 9, 0, ("TRD-1", "TRD-5"), "there is no type 0"),
        "type-27": (later, 9, 27, ("TRD-1", "TRD-5"), "nor 27"),
        "bool-as-type": (later, 9, True, ("TRD-1", "TRD-5"), "true is no integer"),
        "body-of-another": (later, 9, 3, ("TRD-5", "TRD-9"), "ACCEPT has no text"),
    }
    for name, (message, index, value, rules, comment) in changes.items():
        values = values_of(message)
        values[index] = value
        yield _message(name, rules, comment, signed(values, device))
    values = values_of(later)
    yield _message(
        "other-signer", ("TRD-2",), "signed by another key",
        signed(values, Household(7).device()),
    )  # fmt: skip
    yield _message(
        "other-purpose", ("TRD-2",), "a signature for a record",
        wire.pack((*values[:11], device.sign(Purpose.RECORD, wire.pack(tuple(values[:11]))))),
    )  # fmt: skip
    yield _message("trailing-byte", ("TRD-1",), "one byte too many", later.raw + b"\x00")
    yield _message("cut", ("TRD-1",), "one byte too few", later.raw[:-1])
    longest = values_of(later)
    longest[10] = ("x" * 6_200,)
    yield _message("too-long", ("TRD-1",), "above 6,144 bytes", signed(longest, device))
    yield from _bad_bodies()


def _bad_bodies() -> Iterator[Case]:
    device = world.HOUSEHOLDS[SEEKER].device()
    messages = every_type()
    slot = (world.MEETING.starts_at_ms, world.MEETING.ends_at_ms)
    bodies: dict[str, tuple[Type, Value, str]] = {
        "too-many-fields": (Type.CANCEL, ("", ""), "two fields instead of one"),
        "text-too-long": (Type.CANCEL, ("x" * 501,), "501 code points"),
        "text-with-control": (Type.CANCEL, ("a\x07",), "a control character"),
        "short-hash": (Type.ACCEPT, (bytes(31),), "31 bytes"),
        "decline-why-5": (Type.DECLINE, (5, ""), "there is no reason 5"),
        "no-slots": (Type.SLOTS, ((),), "at least one time"),
        "nine-slots": (Type.SLOTS, ((slot,) * 9,), "at most eight"),
        "slot-ends-first": (Type.SLOTS, (((2, 1),),), "it ends before it begins"),
        "slot-at-zero": (Type.APPOINT, ((0, 1),), "a time is not 0"),
        "no-address": (Type.ADDRESS, ("",), "at least one character"),
        "long-code": (Type.HANDOVER, (bytes(11),), "11 bytes"),
        "text-code": (Type.RETURN, ("ABCD",), "bytes, not text"),
        "due-at-zero": (Type.EXTEND, (0,), "a time is not 0"),
        "settle-no-show": (Type.SETTLE, (3,), "nobody settles on a no-show"),
        "position-0": (Type.QUEUE, (0,), "positions count from 1"),
        "short-draw": (Type.DRAW, (bytes(15), bytes(32), 1), "15 bytes"),
        "short-commitment": (Type.CLOSE, ((bytes(31),),), "31 bytes"),
        "151-entrants": (Type.CLOSE, ((bytes(32),) * 151,), "150 are the most"),
        "result-of-false": (Type.RESULT, (bytes(16), (False,)), "a secret or nil"),
        "short-signature": (Type.SIGN, (bytes(63),), "63 bytes"),
        "ruling-text": (Type.RULING, ("x",), "bytes, not text"),
    }
    for name, (type, body, comment) in bodies.items():
        values = values_of(messages[type])
        values[10] = body
        yield _message(f"body-{name}", ("TRD-5", "TRD-9"), comment, signed(values, device))
    usual = values_of(messages[Type.ASK])
    ask = usual[10]
    assert isinstance(ask, tuple)
    for name, index, value, comment in (
        ("event", 2, 8, "events are not traded"),
        ("salt", 4, bytes(15), "15 bytes"),
        ("terms", 8, (), "terms have ten fields"),
        ("head", 10, (4_097, bytes(32)), "a chain has at most 4,096 links"),
    ):
        values = list(usual)
        values[10] = (*ask[:index], value, *ask[index + 1 :])
        yield _message(f"ask-{name}", ("TRD-5", "TRD-9"), comment, signed(values, device))


def _terms() -> Iterator[Case]:
    rules = ("TRD-6", "TRD-7")
    usual = Terms().as_value()
    assert isinstance(usual, tuple)
    given: dict[str, tuple[Value, str]] = {
        "plain": (usual, "one piece, for nothing"),
        "all": (
            Terms(
                quantity=3, price=Price(4_000, "EUR"), credit=2, swap="Honey",
                swap_listing=thing_key(9), due_at_ms=world.DUE_MS, deposit=Price(500, "EUR"),
                variants=("98", "blue"), note="Ring twice.\nThe bell is weak.",
            ).as_value(),
            "every field",
        ),
        "deposit-without-due": ((*usual[:7], (500, "EUR"), (), ""), "only a loan has a deposit"),
        "price-without-currency": ((1, 5, None, *usual[3:]), "5 of what?"),
        "currency-without-price": ((1, None, "EUR", *usual[3:]), "how much?"),
        "quantity-0": ((0, *usual[1:]), "nothing"),
        "credit-0": ((*usual[:3], 0, *usual[4:]), "none is nil"),
        "seven-variants": ((*usual[:8], ("a",) * 7, ""), "at most six"),
        "empty-variant": ((*usual[:8], ("",), ""), "a choice has a name"),
        "swap-of-two-lines": ((*usual[:4], "a\nb", *usual[5:]), "one line"),
        "nine-fields": (usual[:9], "ten fields"),
    }  # fmt: skip
    for name, (value, comment) in given.items():
        packed = wire.pack(value)
        try:
            expect: Fields = {
                "valid": True, "terms_hash": read_terms(value).salted_hash(world.SALT),
            }  # fmt: skip
        except RemoteError:
            expect = {"valid": False}
        yield Case(
            f"terms-{name}", rules, comment, "terms", {"terms": packed, "salt": world.SALT}, expect
        )


def _fits() -> Iterator[Case]:
    until = world.ASKED_MS
    sold = Listing(
        kind=ListingKind.SELL, title="Coat", visible_until_ms=until, quantity=2,
        price=Price(900, "EUR"), variants=(Variant("size", ("98", "104")),),
    )  # fmt: skip
    lent = Listing(kind=ListingKind.LEND, title="Drill", visible_until_ms=until)
    given = {
        "as-listed": (Terms(price=Price(900, "EUR")), sold, "as it stands there"),
        "cheaper": (Terms(price=Price(100, "EUR")), sold, "the price is to be haggled over"),
        "too-many": (Terms(quantity=3), sold, "there are two"),
        "other-currency": (Terms(price=Price(900, "CHF")), sold, "another currency"),
        "choice": (Terms(variants=("98",)), sold, "one that there is"),
        "no-such-choice": (Terms(variants=("110",)), sold, "one that there is not"),
        "too-many-choices": (Terms(variants=("98", "blue")), sold, "there is one variant"),
        "lent-for-good": (Terms(), lent, "what is lent comes back"),
        "lent": (Terms(due_at_ms=until), lent, "on a day"),
        "sold-on-loan": (Terms(due_at_ms=until), sold, "it is not for lending"),
    }
    for name, (terms, listing, comment) in given.items():
        yield Case(
            f"fit-{name}", ("TRD-8",), comment, "fit",
            {"terms": wire.pack(terms.as_value()), "listing": listing.pack()},
            {"fit": fit(terms, listing) is None},
        )  # fmt: skip


def _codes() -> Iterator[Case]:
    secret = code(PUBLISHER)
    yield Case(
        "code", ("TRD-20",), "as it is shown", "code", {"code": secret},
        {"hash": hash_of(secret), "text": code_text(secret)},
    )  # fmt: skip
    text = code_text(bytes.fromhex("73cb9e0e7bd39c0e7b9d"))
    for name, typed in {
        "typed": text, "lower-case": text.lower(), "spaces": text.replace("-", " "),
        "digits": text.replace("O", "0").replace("I", "1"), "short": text[:-1],
        "no-base32": text[:-1] + "9", "nothing": "",
    }.items():  # fmt: skip
        try:
            expect: Fields = {"code": read_code(typed)}
        except ValueError:
            expect = {"error": "code"}
        yield Case(f"code-{name}", ("TRD-20",), "typed", "code", {"typed": typed}, expect)


def _draws() -> Iterator[Case]:
    draw = world.DRAW
    secrets = sorted(
        (bytes([number] * 16) for number in range(1, 7)),
        key=lambda secret: commitment_to(secret, draw.draw),
    )
    commitments = tuple(commitment_to(secret, draw.draw) for secret in secrets)
    own = world.DRAW_SECRET
    some: list[bytes | None] = [secrets[0], None, *secrets[2:]]
    wrong = [*secrets[:5], bytes(16)]
    elsewhere = Draw(bytes(16), draw.commitment, draw.closes_at_ms)
    given: dict[str, tuple[Draw, bytes, Sequence[bytes | None], str]] = {
        "all": (draw, own, secrets, "all told their secrets"),
        "one-silent": (draw, own, some, "one did not"),
        "nobody": (draw, own, [None] * 6, "nobody did: nobody wins"),
        "other-secret": (draw, bytes(16), secrets, "not what the publisher committed to"),
        "other-entrant": (draw, own, wrong, "not what the last entrant committed to"),
        "too-few": (draw, own, secrets[:5], "one secret is missing"),
        "other-draw": (elsewhere, own, secrets, "commitments serve one draw"),
    }
    for number in range(8):
        secret = bytes([0xE0 + number] * 16)
        again = Draw(draw.draw, commitment_to(secret, draw.draw), draw.closes_at_ms)
        given[f"another-{number}"] = (again, secret, secrets, "another secret of the publisher")
    for name, (announced, secret, told, comment) in given.items():
        try:
            expect: Fields = {
                "winner": winner(announced, Close(commitments), Result(secret, tuple(told)))
            }
        except RemoteError as error:
            expect = {"error": error.code}
        yield Case(
            f"draw-{name}", ("TRD-21", "TRD-22"), comment, "draw",
            {
                "draw": announced.draw, "commitment": announced.commitment,
                "commitments": list(commitments), "secret": secret, "secrets": list(told),
            },
            expect,
        )  # fmt: skip


def _rulings() -> Iterator[Case]:
    raw = world.ruling(Play().at(SEEKER))
    value = wire.unpack(raw, 8_192)
    assert isinstance(value, tuple)
    signer = world.STEWARD.device()

    def altered(index: int, to: Value) -> bytes:
        fields = (*value[:index], to, *value[index + 1 : 8])
        return wire.pack((*fields, signer.sign(Purpose.RULING, wire.pack(fields))))

    given = {
        "good": (raw, "as it should be"),
        "cancelled": (altered(6, 2), "nobody is at fault"),
        "no-show": (altered(6, 3), "a steward does not say who was there"),
        "version": (altered(0, 2), "another version"),
        "text": (altered(7, "x" * 501), "501 code points"),
        "other-signer": (altered(5, Household(7).device().public), "signed by another key"),
        "bit": (raw[:-1] + bytes([raw[-1] ^ 1]), "one bit of the signature"),
    }
    for name, (octets, comment) in given.items():
        try:
            ruling = read_ruling(octets)
            expect: Fields = {
                "community": ruling.community, "trade": ruling.trade,
                "dispute": ruling.dispute, "steward": ruling.steward, "device": ruling.device,
                "outcome": int(ruling.outcome), "text": ruling.text,
            }  # fmt: skip
        except RemoteError as error:
            expect = {"error": error.code}
        yield Case(f"ruling-{name}", ("TRD-24",), comment, "ruling", {"bytes": octets}, expect)


def _letters() -> Iterator[Case]:
    play = played([(PUBLISHER, Type.PROMISE)])
    trade = play.at(SEEKER)
    raws = tuple(message.raw for message in play.written)
    letter = TradeLetter(trade.id, raws, trade.heads(), asks=True)
    good = letter.pack()
    yield Case(
        "letter", ("TRD-36",), "both messages", "trade_letter", {"bytes": good},
        {"trade": trade.id, "messages": list(raws), "have": list(trade.heads()), "asks": True},
    )  # fmt: skip
    long = replace(letter, raws=(b"",) * 65).pack()
    wide = replace(letter, raws=(bytes(6_145),)).pack()
    full = len(replace(letter, raws=(bytes(6_144),) * 3 + (bytes(300),)).pack()) - 300
    brim = (*(bytes(6_144),) * 3, bytes(24_576 - full))
    refused = {
        "65-messages": (long, "more than 64"),
        "long-message": (wide, "6,145 bytes"),
        "cut": (good[:-1], "the last byte is missing"),
        "too-long": (
            replace(letter, raws=(*brim[:3], brim[3] + b"\0")).pack(),
            "24,577 bytes, of short messages",
        ),
        "four-long": (replace(letter, raws=(bytes(6_144),) * 4).pack(), "there is room for three"),
        "one-head": (wire.pack((1, trade.id, raws, trade.heads()[:1], True)), "of both chains"),
    }
    for name, (octets, comment) in refused.items():
        yield Case(
            f"letter-{name}", ("TRD-36",), comment, "trade_letter", {"bytes": octets},
            {"error": "malformed"},
        )  # fmt: skip
    empty = (NOTHING, NOTHING)
    for name, accepted, comment in (
        ("longest", replace(letter, raws=brim), "24,576 bytes"),
        ("64-messages", replace(letter, raws=(b"",) * 64), "the most; whether they are messages"),
        ("asks-for-all", TradeLetter(trade.id, (), empty, asks=True), "it has nothing"),
    ):
        yield Case(
            f"letter-{name}", ("TRD-36",), comment, "trade_letter", {"bytes": accepted.pack()},
            {"trade": trade.id, "messages": list(accepted.raws), "have": list(accepted.have),
             "asks": True},
        )  # fmt: skip


def _requests() -> Iterator[Case]:
    trade = played([(PUBLISHER, Type.PROMISE)]).at(SEEKER)
    cancel = (1, 1, trade.id, 6, ("No longer.",))
    for name, content, comment in (
        ("good", cancel, "please cancel"),
        ("other-what", (1, 2, *cancel[2:]), "there is no other"),
        ("version-2", (2, *cancel[1:]), "a later version"),
        ("type-27", (*cancel[:3], 27, ()), "no such type"),
        ("body-of-another", (*cancel[:3], 3, ("No longer.",)), "ACCEPT has no text"),
        ("arity", cancel[:4], "no body"),
        ("short-trade", (1, 1, bytes(31), *cancel[3:]), "31 bytes"),
    ):
        octets = wire.pack(content)
        try:
            request = read_request(octets)
            expect: Fields = {
                "trade": request.trade, "type": int(request.type),
                "body": wire.pack(request.body.as_value()),
            }  # fmt: skip
        except RemoteError as error:
            expect = {"error": error.code}
        yield Case(f"request-{name}", ("TRD-30",), comment, "request", {"bytes": octets}, expect)
