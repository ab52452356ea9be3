"""A second reader of trades, written from chapter 09 (with 01, 03 and 10) only.

The table of what may follow what is read out of the chapter itself.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

import second_values as values
from second_ledger import month_of
from second_values import (
    DAY,
    Refused,
    encode,
    hashed,
    integer,
    need,
    octets,
    text,
    unpack,
    verifies,
)

CHAPTER = Path(__file__).parent.parent.parent / "docs" / "spec" / "09-trades.md"
ZEROS = bytes(32)
LATEST = 2**48 - 1
_FIRST = "ASK OFFER ACCEPT PROMISE DECLINE CANCEL SLOTS APPOINT ADDRESS HANDOVER RETURN EXTEND"
_THEN = (
    "AGREE NO_SHOW LAPSE DISPUTE STEWARD RULING SETTLE QUEUE DRAW ENTER CLOSE REVEAL RESULT SIGN"
)
NAMES = f"{_FIRST} {_THEN}".split(" ")


# -- §§1 to 3: bytes


def array(value, *checks) -> None:
    need(type(value) is list and len(value) == len(checks))
    for item, check in zip(value, checks, strict=True):
        check(item)


def size(count: int):
    return lambda value: octets(value, count)


def number(lowest: int, highest: int):
    return lambda value: integer(value, lowest, highest)


def words(longest: int = 500, shortest: int = 0, lines: bool = True):
    return lambda value: text(value, longest, shortest, lines)


def truth(value) -> None:
    need(type(value) is bool)


def maybe(check):
    return lambda value: values.unless_nil(check, value)


def many(most: int, check, least: int = 0):
    return lambda value: values.each(value, most, check, least)


time = number(1, LATEST)
amount = number(0, 10**12)


def currency(value) -> None:
    need(values.is_currency(value))


def terms(value) -> None:
    array(
        value, number(1, 10**6), maybe(amount), maybe(currency), maybe(number(1, 10**6)),
        words(120, lines=False), maybe(size(16)), maybe(time),
        maybe(lambda deposit: array(deposit, amount, currency)),
        many(6, words(40, 1, lines=False)), words(),
    )  # fmt: skip
    need((value[1] is None) == (value[2] is None))
    need(value[7] is None or value[6] is not None)


def slot(value) -> None:
    array(value, time, time)
    need(value[0] < value[1])


def head(value) -> None:
    array(value, number(0, 4_096), size(32))


def octets_up_to(most: int):
    return lambda value: need(type(value) is bytes and len(value) <= most)


BODIES = {
    "ASK": (
        size(16), size(32), number(1, 7), size(32), size(16), size(32), size(32), truth, terms,
        words(), head,
    ),
    "OFFER": (terms, words()),
    "ACCEPT": (size(32),),
    "PROMISE": (size(32), truth, time, size(32), size(32), head),
    "DECLINE": (number(0, 4), words()),
    "SLOTS": (many(8, slot, 1),),
    "APPOINT": (slot,),
    "ADDRESS": (words(300, 1),),
    "HANDOVER": (maybe(size(10)),),
    "RETURN": (maybe(size(10)),),
    "EXTEND": (time,),
    "AGREE": (time,),
    "DISPUTE": (size(32), words()),
    "STEWARD": (size(32),),
    "RULING": (octets_up_to(6_144),),
    "SETTLE": (number(1, 2),),
    "QUEUE": (number(1, 10_000),),
    "DRAW": (size(16), size(32), time),
    "ENTER": (size(32),),
    "CLOSE": (many(150, size(32)),),
    "REVEAL": (size(16),),
    "RESULT": (size(16), many(150, maybe(size(16)))),
    "SIGN": (size(64),),
    **dict.fromkeys(("CANCEL", "NO_SHOW", "LAPSE"), (words(),)),
}  # fmt: skip


class Message:
    def __init__(self, raw: bytes) -> None:
        fields = unpack(raw, 6_144)
        array(
            fields, number(1, 1), size(32), size(32), number(0, 255), size(32), size(32), size(32),
            size(32), time, number(1, 26), lambda body: need(type(body) is list), size(64),
        )  # fmt: skip
        _, self.community, self.named, self.seq, self.previous, self.seen = fields[:6]
        self.author, self.device, self.at_ms, self.number, self.body, signature = fields[6:]
        self.type = NAMES[self.number - 1]
        array(self.body, *BODIES[self.type])
        need((self.type == "ASK") == (self.named == ZEROS))
        if self.type == "ASK":
            need((self.seq, self.previous, self.seen) == (0, ZEROS, ZEROS))
        need((self.seq == 0) == (self.previous == ZEROS))
        need(verifies(self.device, b"p2pmarket/trade/1", encode(fields[:11]), signature))
        self.id = hashed(raw)
        self.trade = self.id if self.type == "ASK" else self.named


class Ruling:
    def __init__(self, raw: bytes) -> None:
        fields = unpack(raw, 6_144)
        keys = [size(32)] * 5
        array(fields, number(1, 1), *keys, number(1, 2), words(), size(64))
        need(verifies(fields[5], b"p2pmarket/ruling/1", encode(fields[:8]), fields[8]))
        _, self.community, self.trade, self.dispute, self.steward, self.device = fields[:6]
        self.outcome, self.text = fields[6:8]


# -- §8: draws


def commitment(secret: bytes, draw: bytes) -> bytes:
    return hashed(secret, key=draw, person=b"p2pm-draw-commit")


def winner(draw: bytes, fixed: bytes, listed, secret: bytes, secrets) -> int | None:
    need(commitment(secret, draw) == fixed and len(secrets) == len(listed))
    told = [place for place, each in enumerate(secrets) if each is not None]
    need(all(commitment(secrets[place], draw) == listed[place] for place in told))
    together = b"".join([draw, secret, *(secrets[place] for place in told)])
    seed = hashed(together, person=b"p2pm-draw-winner")
    return min(told, key=lambda place: hashed(listed[place], key=seed), default=None)


# -- §5: the tables of the chapter


def _table() -> dict[tuple[str, str, str], list[tuple[list[str], str]]]:
    found: dict[tuple[str, str, str], list[tuple[list[str], str]]] = {}
    steps: list[tuple[str, str, str]] = []
    section = CHAPTER.read_text("utf-8").partition("## 5 ")[2].partition("### Guards")[0]
    for line in re.findall(r"^\|(.*)\|$", section, re.MULTILINE):
        where, type, by, condition, then = (cell.strip() for cell in line.split("|"))
        if where == "in" or set(where) == {"-"}:
            continue
        if where:
            sides = ["publisher", "seeker"] if by == "either" else [by]
            steps = [(state, type, side) for state in where.split(", ") for side in sides]
        guards = condition.removeprefix("else: ")
        for step in steps:
            state = step[0] if then == "stays" else then.strip("*")
            needed = [] if guards == "always" else guards.split(" and ")
            found.setdefault(step, []).append((needed, state))
    return found


TABLE = _table()
CONCLUDING = {"completed": 1, "cancelled": 2, "no-show": 3}
OTHER = {"publisher": "seeker", "seeker": "publisher"}


# -- §4: the fold


class Trade:
    def __init__(self, messages: list[Message], id: bytes) -> None:
        (self.opening,) = {m.id: m for m in messages if m.type == "ASK" and m.id == id}.values()
        ask = self.opening.body
        self.seeker, self.publisher = self.opening.author, ask[3]
        need(self.seeker != self.publisher)
        self.household = {"publisher": self.publisher, "seeker": self.seeker}
        self.ask, self.terms, self.state, self.now = ask, list(ask[8]), "start", 0
        self.promise = self.promise_seq = self.appointment = None
        self.slots, self.proposed, self.settle, self.signed = {}, {}, {}, {}
        self.steward = self.disputed_by = self.disputed_ms = self.dispute = None
        self.lent, self.draw = False, {}
        self.outcome = self.fault = self.concluded_ms = None
        self.applied, self.void = [], []
        mine = {m.id: m for m in messages if self._belongs(m)}.values()
        sides = {side: [m for m in mine if m.author == key] for side, key in self.household.items()}
        self._merge({side: chain(sides[side], sides[OTHER[side]]) for side in sides})

    def _belongs(self, message: Message) -> bool:
        if message.seq == 0 and message.author == self.seeker and message.id != self.opening.id:
            return False
        return (message.trade, message.community) == (self.opening.id, self.opening.community)

    def _merge(self, chains) -> None:
        place = {side: {ZEROS: -1} for side in chains}
        self.place, last_seen = place, dict.fromkeys(chains, -1)
        while True:
            for side in ("publisher", "seeker"):
                if chains[side] and chains[side][0].seen in place[OTHER[side]]:
                    break
            else:
                return
            message = chains[side][0]
            seen = place[OTHER[side]][message.seen]
            if seen < last_seen[side]:
                chains[side] = []
                continue
            last_seen[side] = seen
            chains[side] = chains[side][1:]
            place[side][message.id] = message.seq
            self.now = max(self.now, message.at_ms)
            self._take(message, side)

    def _take(self, message: Message, side: str) -> None:
        for guards, then in TABLE.get((self.state, message.type, side), []):
            if all(getattr(self, guard.lower())(message, side) for guard in guards):
                self._effects(message, side, then)
                self.state = then
                self.applied.append(message)
                return
        self.void.append(message)

    # -- §6

    def _effects(self, message: Message, side: str, then: str) -> None:
        body = message.body
        match message.type:
            case "OFFER":
                self.terms = list(body[0])
            case "PROMISE":
                self.promise, self.promise_seq = body, message.seq
            case "SLOTS":
                self.slots[side] = body[0]
            case "APPOINT":
                self.appointment, self.slots = body[0], {}
            case "EXTEND":
                self.proposed[side] = body[0]
            case "AGREE":
                self.terms[6], self.proposed = body[0], {}
            case "DISPUTE":
                if self.state != "disputed":
                    self.disputed_ms = self.now
                self.steward, self.disputed_by, self.dispute = body[0], side, message.id
                self.outcome = self.fault = self.concluded_ms = None
                self.signed, self.settle = {}, {}
            case "SETTLE":
                self.settle[side] = body[0]
            case "SIGN":
                self.signed[side] = body[0]
            case "DRAW":
                self.draw = {"DRAW": body}
            case "ENTER" | "CLOSE" | "REVEAL" | "RESULT":
                self.draw[message.type] = body
        self.lent = self.lent or then == "lent"
        if then in CONCLUDING:
            self.outcome, self.concluded_ms, self.fault = CONCLUDING[then], self.now, None
            if then == "no-show":
                self.fault = self.household[OTHER[side]]
            elif message.type == "CANCEL":
                self.fault = self.household[side]

    # -- §5, the guards; "now" is self.now

    def hash_of_terms(self) -> bytes:
        return hashed(encode(self.terms), key=self.ask[4])

    def runs_out(self) -> int:
        return max(self.promise[2], self.appointment[1] + DAY if self.appointment else 0)

    def same_terms(self, message, side):
        return message.body[0] == self.hash_of_terms()

    def public_agreed(self, message, side):
        public = message.body[1]
        return (self.ask[7] or not public) and (public or self.terms[3] is None)

    def in_time(self, message, side):
        return self.now < message.body[2] <= self.now + 90 * DAY

    def unaware(self, message, side):
        return self.place["publisher"][message.seen] < self.promise_seq

    def named_slot(self, message, side):
        return message.body[0] in self.slots.get(OTHER[side], [])

    def future_slot(self, message, side):
        return message.body[0][0] > self.now

    def after_appointment(self, message, side):
        return self.appointment is not None and self.now >= self.appointment[1] + 600_000

    def after_promise(self, message, side):
        return self.now >= self.runs_out()

    def long_after_promise(self, message, side):
        return self.now >= self.runs_out() + 14 * DAY

    def long_after_due(self, message, side):
        return self.now >= self.terms[6] + 14 * DAY

    def long_after_dispute(self, message, side):
        return self.now >= self.disputed_ms + 30 * DAY

    def no_code(self, message, side):
        return message.body[0] is None

    def right_code(self, message, side):
        said, first = (self.ask, 5) if side == "publisher" else (self.promise, 3)
        wanted = said[first + (message.type == "RETURN")]
        code = message.body[0]
        return code is not None and hashed(code, person=b"p2pm-trade-code") == wanted

    def loan(self, message, side):
        return self.terms[6] is not None

    def was_lent(self, message, side):
        return self.lent

    def not_lent(self, message, side):
        return not self.lent

    def later_due(self, message, side):
        return message.body[0] > self.terms[6]

    def proposed_due(self, message, side):
        return message.body[0] == self.proposed.get(OTHER[side])

    def third_party(self, message, side):
        return message.body[0] not in (self.publisher, self.seeker)

    def named_steward(self, message, side):
        return message.body[0] == self.steward and self.disputed_by == OTHER[side]

    def _ruled(self, message, outcome: int) -> bool:
        try:
            ruling = Ruling(message.body[0])
        except Refused:
            return False
        named = (ruling.community, ruling.trade, ruling.dispute, ruling.steward, ruling.outcome)
        opening = self.opening
        return named == (opening.community, opening.id, self.dispute, self.steward, outcome)

    def ruled_completed(self, message, side):
        return self._ruled(message, 1)

    def ruled_cancelled(self, message, side):
        return self._ruled(message, 2)

    def both_completed(self, message, side):
        return message.body[0] == self.settle.get(OTHER[side]) == 1

    def both_cancelled(self, message, side):
        return message.body[0] == self.settle.get(OTHER[side]) == 2

    def not_completed(self, message, side):
        return self.outcome != 1

    def undisputed(self, message, side):
        return self.disputed_ms is None

    def own_commitment(self, message, side):
        listed = message.body[0]
        return self.draw["ENTER"][0] in listed and listed == sorted(set(listed))

    def fits_commitment(self, message, side):
        return commitment(message.body[0], self.draw["DRAW"][0]) == self.draw["ENTER"][0]

    def fair_result(self, message, side):
        draw, fixed, _ = self.draw["DRAW"]
        listed = self.draw["CLOSE"][0]
        try:
            winner(draw, fixed, listed, *message.body)
        except Refused:
            return False
        own = message.body[1][listed.index(self.draw["ENTER"][0])]
        return self.state != "revealed" or own is not None

    def signature(self, message, side):
        receipt = self.receipt()
        if receipt is None:
            return False
        digest = hashed(encode(receipt), person=b"p2pm-receipt")
        return verifies(message.device, b"p2pmarket/receipt/1", digest, message.body[0])

    # -- §10

    def receipt(self):
        if self.outcome is None:
            return None
        public = self.promise[1]
        credit = self.terms[3] if self.outcome == 1 and public else None
        return [
            1, self.opening.community, self.opening.id, self.publisher, self.seeker, self.ask[2],
            month_of(self.concluded_ms), self.outcome, self.promise[0], credit, self.fault, public,
        ]  # fmt: skip


def chain(own: list[Message], others: list[Message]) -> list[Message]:
    by_id = {message.id: message for message in own}
    answered = set()
    for other in others:
        at = by_id.get(other.seen)
        while at is not None and at.id not in answered:
            answered.add(at.id)
            at = by_id.get(at.previous)
    found: list[Message] = []
    while True:
        last = found[-1].id if found else ZEROS
        after = [m for m in own if m.previous == last]
        after.sort(key=lambda m: (m.id not in answered, m.id))
        if not after or after[0].seq != len(found):
            return found
        found.append(after[0])


# -- §13


def _hex(value):
    return value.hex() if isinstance(value, bytes) else value


def refusable(operation):
    def read(given):
        try:
            return operation(given)
        except Refused:
            return "error"

    return read


@refusable
def _message(given):
    m = Message(bytes.fromhex(given["bytes"]))
    shown = {
        "trade": m.named, "seq": m.seq, "previous": m.previous, "seen": m.seen,
        "author": m.author, "device": m.device, "at_ms": m.at_ms, "type": m.number,
        "body": encode(m.body), "id": m.id,
    }  # fmt: skip
    return {name: _hex(value) for name, value in shown.items()}


@refusable
def _ruling(given):
    ruling = Ruling(bytes.fromhex(given["bytes"]))
    return {name: _hex(value) for name, value in vars(ruling).items()}


def _terms(given):
    packed = bytes.fromhex(given["terms"])
    try:
        terms(unpack(packed))
    except Refused:
        return {"valid": False}
    salt = bytes.fromhex(given["salt"])
    return {"valid": True, "terms_hash": hashed(packed, key=salt).hex()}


def _fit(given):
    asked = unpack(bytes.fromhex(given["terms"]))
    listing = values.listing(bytes.fromhex(given["listing"]))
    quantity, _, currency_asked, _, _, _, due, _, chosen, _ = asked
    holds = quantity <= listing[10]
    holds &= due is not None if listing[1] == 4 else due is None or listing[14] is not None
    holds &= None in (currency_asked, listing[8]) or currency_asked == listing[8]
    if chosen:
        variants = listing[12]
        holds &= len(chosen) == len(variants)
        holds &= all(one in variant[1] for one, variant in zip(chosen, variants, strict=False))
    return {"fit": bool(holds)}


def _fold(given):
    messages = [Message(bytes.fromhex(raw)) for raw in given["messages"]]
    try:
        trade = Trade(messages, bytes.fromhex(given["trade"]))
    except (Refused, ValueError):
        return {"trade": None}
    receipt = trade.receipt()
    packed = None if receipt is None else encode(receipt)
    return {
        "trade": trade.opening.id.hex(),
        "state": trade.state,
        "applied": [message.id.hex() for message in trade.applied],
        "void": [message.id.hex() for message in trade.void],
        "terms_hash": trade.hash_of_terms().hex(),
        "outcome": trade.outcome,
        "at_fault": _hex(trade.fault),
        "receipt": _hex(packed),
        "digest": None if packed is None else hashed(packed, person=b"p2pm-receipt").hex(),
    }


def _code(given):
    if "code" in given:
        code = bytes.fromhex(given["code"])
        shown = base64.b32encode(code).decode()
        groups = [shown[at : at + 4] for at in range(0, 16, 4)]
        digest = hashed(code, person=b"p2pm-trade-code")
        return {"hash": digest.hex(), "text": "-".join(groups)}
    letters = "".join(given["typed"].split()).replace("-", "").upper()
    try:
        code = base64.b32decode(letters.replace("0", "O").replace("1", "I"))
    except ValueError:
        return "error"
    return {"code": code.hex()} if len(code) == 10 else "error"


@refusable
def _draw(given):
    draw, fixed, secret = (bytes.fromhex(given[name]) for name in ("draw", "commitment", "secret"))
    listed = [bytes.fromhex(each) for each in given["commitments"]]
    secrets = [None if each is None else bytes.fromhex(each) for each in given["secrets"]]
    return {"winner": winner(draw, fixed, listed, secret, secrets)}


@refusable
def _trade_letter(given):
    letter = unpack(bytes.fromhex(given["bytes"]), 24_576)
    array(
        letter, number(1, 1), size(32), many(64, octets_up_to(6_144)),
        lambda have: array(have, size(32), size(32)), truth,
    )  # fmt: skip
    _, trade, raws, have, asks = letter
    shown = {"messages": [raw.hex() for raw in raws], "have": [head.hex() for head in have]}
    return {"trade": trade.hex(), **shown, "asks": asks}


@refusable
def _request(given):
    content = unpack(bytes.fromhex(given["bytes"]), 24_576)
    array(content, number(1, 1), number(1, 1), size(32), number(1, 26), lambda body: None)
    _, _, trade, type, body = content
    array(body, *BODIES[NAMES[type - 1]])
    return {"trade": trade.hex(), "type": type, "body": encode(body).hex()}


def _case_part(raw: bytes):
    part = unpack(raw, 32_000)
    extent = lambda value: array(value, number(1, 256), size(32))  # noqa: E731
    array(
        part, number(1, 1), number(1, 1), size(32), number(1, LATEST),
        lambda named: array(named, extent, extent), many(64, octets_up_to(6_144)), words(),
    )  # fmt: skip
    need(len(part[5]) >= 3)
    return part[2:]


@refusable
def _case_letter(given):
    raw = bytes.fromhex(given["bytes"])
    letter = unpack(raw, 32_000)
    need(type(letter) is list and len(letter) > 1)
    if letter[1] == 2:
        array(letter, number(1, 1), number(2, 2), size(32), octets_up_to(6_144))
        return {"trade": letter[2].hex(), "ruling": letter[3].hex()}
    trade, handed_at_ms, named, raws, said = _case_part(raw)
    return {
        "trade": trade.hex(),
        "handed_at_ms": handed_at_ms,
        "named": [[count, head.hex()] for count, head in named],
        "messages": [each.hex() for each in raws],
        "text": said,
    }


def _opened(part, sender: bytes, steward: bytes) -> list[Message]:
    trade, _, named, raws, _ = part
    messages = [Message(raw) for raw in raws]
    ask, dispute, acceptance = messages[:3]
    need(ask.type == "ASK" and ask.id == trade)
    sides = [ask.body[3], ask.author]
    need(sides[0] != sides[1] and sender in sides and steward not in sides)
    need(dispute.type == "DISPUTE" and acceptance.type == "STEWARD")
    need(dispute.body[0] == acceptance.body[0] == steward)
    need(dispute.author != acceptance.author)
    for message in messages:
        need(message.trade == trade and message.community == ask.community)
        need(message.author in sides)
        need(message.seq < named[sides.index(message.author)][0])
    return messages


@refusable
def _case(given):
    sender, steward = (bytes.fromhex(given[name]) for name in ("sender", "steward"))
    parts = [_case_part(bytes.fromhex(raw)) for raw in given["letters"]]
    messages = [m for part in parts for m in _opened(part, sender, steward)]
    need(len({message.id for message in messages}) <= 512)
    _, _, named, _, said = max(parts, key=lambda part: (part[1], encode([part[2], part[4]])))
    trade = Trade(messages, parts[0][0])
    missing = 0
    for side, (count, head) in zip((trade.publisher, trade.seeker), named, strict=True):
        here = {m.seq for m in messages if m.author == side and m.seq < count - 1}
        last = any(m.author == side and (m.seq, m.id) == (count - 1, head) for m in messages)
        missing += count - len(here) - last
    return {"text": said, "missing": missing, "state": trade.state}


OPERATIONS = {
    "message": _message,
    "ruling": _ruling,
    "terms": _terms,
    "fit": _fit,
    "fold": _fold,
    "code": _code,
    "draw": _draw,
    "request": _request,
    "trade_letter": _trade_letter,
    "case_letter": _case_letter,
    "case": _case,
}
