"""A second reader of canonical bytes and bodies, written from chapters 01 and 03 only.

Imports nothing of ours: what it cannot read, the specification does not say.
"""

from __future__ import annotations

import hashlib
import struct
import unicodedata

import nacl.bindings
import nacl.exceptions

DAY = 86_400_000


class Refused(Exception):
    """These bytes break a rule."""


def need(holds: object) -> None:
    if not holds:
        raise Refused


# -- chapter 01 §1: nil, booleans, integers, strings, byte strings (bytes), arrays (lists)


def unpack(raw: bytes, longest: int = 8_192):
    need(len(raw) <= longest)
    value, end = _value(raw, 0, 4)
    need(end == len(raw) and encode(value) == raw)
    return value


def _value(raw: bytes, at: int, depth: int):
    def number(form: str) -> int:
        size = struct.calcsize(form)
        need(at + 1 + size <= len(raw))
        return struct.unpack(">" + form, raw[at + 1 : at + 1 + size])[0]

    def span(start: int, size: int) -> tuple[bytes, int]:
        need(start + size <= len(raw))
        return raw[start : start + size], start + size

    need(at < len(raw))
    head = raw[at]
    if head < 0x80 or head >= 0xE0:
        return (head if head < 0x80 else head - 256), at + 1
    if head in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[head], at + 1
    forms = {0xCC: "B", 0xCD: "H", 0xCE: "I", 0xCF: "Q", 0xD0: "b", 0xD1: "h", 0xD2: "i", 0xD3: "q"}
    if head in forms:
        return number(forms[head]), at + 1 + struct.calcsize(forms[head])
    sizes = {0xC4: "B", 0xC5: "H", 0xC6: "I", 0xD9: "B", 0xDA: "H", 0xDB: "I", 0xDC: "H", 0xDD: "I"}
    if 0x90 <= head < 0xC0:
        size, start = head & (0x0F if head < 0xA0 else 0x1F), at + 1
    else:
        need(head in sizes)
        size, start = number(sizes[head]), at + 1 + struct.calcsize(sizes[head])
    if 0x90 <= head < 0xA0 or head >= 0xDC:
        need(depth > 0 and size <= len(raw))
        items = []
        for _ in range(size):
            item, start = _value(raw, start, depth - 1)
            items.append(item)
        return items, start
    content, end = span(start, size)
    if head in (0xC4, 0xC5, 0xC6):
        return content, end
    try:
        return content.decode("utf-8"), end
    except UnicodeDecodeError:
        raise Refused from None


def encode(value) -> bytes:
    def sized(size: int, forms) -> bytes:
        head, form = next((h, f) for most, h, f in forms if size <= most)
        return bytes([head + size]) if form == "" else struct.pack(">B" + form, head, size)

    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int) and value >= 0:
        forms = [(127, 0, ""), (2**8 - 1, 0xCC, "B"), (2**16 - 1, 0xCD, "H")]
        return sized(value, [*forms, (2**32 - 1, 0xCE, "I"), (2**64 - 1, 0xCF, "Q")])
    if isinstance(value, int):
        for least, head, form in (
            (-(2**7), 0xD0, "b"),
            (-(2**15), 0xD1, "h"),
            (-(2**31), 0xD2, "i"),
        ):
            if value >= -32:
                return struct.pack("b", value)
            if value >= least:
                return struct.pack(">B" + form, head, value)
        return struct.pack(">Bq", 0xD3, value)
    if isinstance(value, bytes):
        forms = [(2**8 - 1, 0xC4, "B"), (2**16 - 1, 0xC5, "H"), (2**32 - 1, 0xC6, "I")]
        return sized(len(value), forms) + value
    if isinstance(value, str):
        forms = [(31, 0xA0, ""), (2**8 - 1, 0xD9, "B"), (2**16 - 1, 0xDA, "H")]
        content = value.encode("utf-8")
        return sized(len(content), [*forms, (2**32 - 1, 0xDB, "I")]) + content
    forms = [(15, 0x90, ""), (2**16 - 1, 0xDC, "H"), (2**32 - 1, 0xDD, "I")]
    return sized(len(value), forms) + b"".join(map(encode, value))


# -- chapter 01 §§2 to 5


def harmless(text: str) -> bool:
    odd = set("\u061c\u200e\u200f\ufeff") | set(map(chr, range(0x202A, 0x202F)))
    odd |= set(map(chr, range(0x2066, 0x206A)))
    categories = ("Cc", "Cs", "Co", "Zl", "Zp")
    return not any(c in odd or unicodedata.category(c) in categories for c in text)


def is_text(value, longest: int, shortest: int = 0, lines: bool = False) -> bool:
    if type(value) is not str or not shortest <= len(value) <= longest:
        return False
    ends = (value[:1], value[-1:])
    if any(c == "\n" or (c and unicodedata.category(c) == "Zs") for c in ends):
        return False
    flat = value.replace("\n", "") if lines else value
    return harmless(flat) and unicodedata.normalize("NFC", value) == value


def is_language(value) -> bool:
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    return (
        type(value) is str and 2 <= len(value) <= 8 and value.strip("-") != ""
        and all(c in letters + letters.upper() + "-" for c in value)
    )  # fmt: skip


def is_currency(value) -> bool:
    return type(value) is str and len(value) == 3 and all("A" <= c <= "Z" for c in value)


def hashed(message: bytes, size: int = 32, key: bytes = b"", person: bytes = b"") -> bytes:
    return hashlib.blake2b(message, digest_size=size, key=key, person=person).digest()


def verifies(public: bytes, purpose: bytes, message: bytes, signature: bytes) -> bool:
    signed = bytes([len(purpose)]) + purpose + struct.pack(">I", len(message)) + message
    try:
        nacl.bindings.crypto_sign_open(signature + signed, public)
    except nacl.exceptions.BadSignatureError:
        return False
    return True


def public_of(seed: bytes) -> bytes:
    return nacl.bindings.crypto_sign_seed_keypair(seed)[0]


# -- chapters 03 and 04: bodies


def integer(value, lowest: int, highest: int) -> None:
    need(type(value) is int and lowest <= value <= highest)


def octets(value, size: int) -> None:
    need(type(value) is bytes and len(value) == size)


def text(value, longest: int, shortest: int = 1, lines: bool = False) -> None:
    need(is_text(value, longest, shortest, lines))


def each(value, most: int, check, least: int = 0) -> None:
    need(type(value) is list and least <= len(value) <= most)
    for item in value:
        check(item)


def fields(body: bytes, count: int) -> list:
    value = unpack(body)
    need(type(value) is list and len(value) == count and type(value[0]) is int and value[0] == 1)
    return value


def language(value) -> None:
    need(is_language(value))


def category(value) -> None:
    need(type(value) is str and 1 <= len(value) <= 24)
    for word in value.split("-"):
        need(word and all("a" <= c <= "z" or "0" <= c <= "9" for c in word))


def place(value) -> None:
    need(type(value) is list and len(value) == 3)
    text(value[0], 60)
    if value[1:] != [None, None]:
        integer(value[1], -900_000, 900_000)
        integer(value[2], -1_800_000, 1_800_000)


def unless_nil(check, value) -> None:
    if value is not None:
        check(value)


def charter(body: bytes) -> list:
    """The fields: 14 and what LST-16 adds, in the lowest version that can say it."""
    f = unpack(body)
    need(type(f) is list and len(f) in (14, 15, 16, 17))
    integer(f[0], len(f) - 13, len(f) - 13)
    text(f[1], 60)
    text(f[2], 800, 0, lines=True)
    octets(f[3], 16)
    each(f[4], 8, language, 1)
    need(is_currency(f[5]))
    each(f[6], 40, category, 1)
    each(f[7], 5, lambda question: text(question, 120))
    bounds = ((1, 250_000), (1, 90), (0, 8), (0, 4_096), (1, 100))
    for value, (lowest, highest) in zip(f[8:13], bounds, strict=True):
        integer(value, lowest, highest)
    each(f[13], 32, place)
    if len(f) == 15:
        _credit(f[14])
    if len(f) >= 16:
        unless_nil(_credit, f[14])
        _reception(f[15])
    if len(f) == 16:
        need(f[15] != PLAIN)
    if len(f) == 17:
        each(f[16], 8, _window, 1)
        for different in (0, 1):
            need(len({window[different] for window in f[16]}) == len(f[16]))
    return f


def _credit(value) -> None:
    need(type(value) is list and len(value) == 2)
    text(value[0], 20)
    integer(value[1], 1, 1_000_000)


PLAIN = [False, 0, 0, []]


def _reception(value) -> None:
    need(type(value) is list and len(value) == 4 and type(value[0]) is bool)
    integer(value[1], 0, 100_000)
    integer(value[2], 0, 250_000)
    each(value[3], 40, lambda word: text(word, 40))


def reception(fields_of_charter: list) -> list:
    return fields_of_charter[15] if len(fields_of_charter) >= 16 else PLAIN


def _window(value) -> None:
    need(type(value) is list and len(value) == 3)
    octets(value[0], 32)
    text(value[1], 60)
    each(value[2], 40, category, 1)


def profile(body: bytes) -> list:
    f = fields(body, 5)
    text(f[1], 60)
    text(f[2], 800, 0, lines=True)
    each(f[3], 8, language)
    unless_nil(place, f[4])
    return f


def listing(body: bytes) -> list:
    """The fields; of version 2 two more, of which exactly one says something (LST-18)."""
    f = unpack(body)
    need(type(f) is list and len(f) in (21, 23))
    integer(f[0], 1 if len(f) == 21 else 2, 1 if len(f) == 21 else 2)
    integer(f[1], 1, 8)
    text(f[2], 120)
    text(f[3], 3_000, 0, lines=True)
    category(f[4])
    each(f[5], 12, lambda tag: text(tag, 40))
    language(f[6])
    unless_nil(lambda minor: integer(minor, 0, 10**12), f[7])
    unless_nil(lambda code: need(is_currency(code)), f[8])
    need((f[7] is None) == (f[8] is None) and type(f[9]) is bool)
    integer(f[10], 1, 10**6)
    unless_nil(lambda condition: integer(condition, 1, 5), f[11])
    each(f[12], 6, _variant)
    unless_nil(lambda wanted: text(wanted, 120), f[13])
    unless_nil(
        lambda lend: need(type(lend) is list and len(lend) == 2 and f[1] in (4, 5, 7)), f[14]
    )
    if f[14]:
        integer(f[14][0], 1, 3_650)
        unless_nil(lambda minor: integer(minor, 0, 10**12), f[14][1])
    unless_nil(lambda code: need(is_currency(code)), f[15])
    need((f[15] is not None) == (f[14] is not None and f[14][1] is not None))
    unless_nil(lambda event: need(type(event) is list and len(event) == 2 and f[1] == 8), f[16])
    if f[16]:
        integer(f[16][0], 0, 2**48 - 1)
        unless_nil(lambda end: integer(end, f[16][0], 2**48 - 1), f[16][1])
    need(f[13] is None or f[1] != 8)
    unless_nil(place, f[17])
    each(f[18], 8, _photo)
    integer(f[19], 1, 2**48 - 1)
    unless_nil(lambda number: text(number, 64), f[20])
    if len(f) == 23:
        each(f[21], 8, lambda community: octets(community, 32))
        need(f[21] == sorted(set(f[21])))
        unless_nil(_origin, f[22])
        need((f[21] == []) != (f[22] is None))
        need(f[22] is None or (f[18] == [] and f[20] is None))
    return f


def _origin(value) -> None:
    need(type(value) is list and len(value) == 3)
    octets(value[0], 32)
    octets(value[1], 16)
    integer(value[2], 0, 2**48 - 1)


def _variant(value) -> None:
    need(type(value) is list and len(value) == 2)
    text(value[0], 40)
    each(value[1], 16, lambda choice: text(choice, 40), 1)


def _photo(value) -> None:
    need(type(value) is list and len(value) == 2)
    octets(value[0], 32)
    integer(value[1], 1, 4_194_304)


def mark(body: bytes) -> list:
    f = fields(body, 3)
    octets(f[1], 16)
    integer(f[2], 0, 2)
    return f


def is_address(value) -> bool:
    return type(value) is str and value[:1] == "/" and all(" " <= c <= "~" for c in value)


def addresses(body: bytes) -> list:
    f = fields(body, 3)
    octets(f[1], 32)
    each(f[2], 8, lambda address: need(is_address(address) and len(address) <= 160))
    return f


def certificate(body: bytes) -> list:
    f = fields(body, 5)
    for value, size in zip(f[1:], (32, 16, 32, 64), strict=True):
        octets(value, size)
    return f


def device(body: bytes) -> list:
    f = fields(body, 3)
    octets(f[1], 32)
    octets(f[2], 32)
    return f


def invite(body: bytes) -> list:
    f = fields(body, 4)
    octets(f[1], 32)
    integer(f[2], 1, 1_000)
    integer(f[3], 0, 2**48 - 1)
    return f


def confirmation(body: bytes) -> list:
    f = fields(body, 3)
    octets(f[1], 32)
    octets(f[2], 16)
    return f


def removal(body: bytes) -> list:
    f = unpack(body)
    need(type(f) is list and len(f) in (4, 5))
    integer(f[0], len(f) - 3, len(f) - 3)
    octets(f[1], 32)
    need(type(f[2]) is str and 1 <= len(f[2]) <= 200 and harmless(f[2]))
    each(f[3], 256, lambda household: octets(household, 32))
    if len(f) == 5:
        each(f[4], 8, signer, 1)
    return f


def signer(value) -> None:
    need(type(value) is list and len(value) == 2)
    octets(value[0], 32)
    integer(value[1], 0, 999_912)


READERS = {1: charter, 2: certificate, 3: device, 4: invite, 5: confirmation, 6: removal}
READERS |= {32: profile, 33: listing, 34: mark, 35: addresses}


def read(kind: int, body: bytes):
    """The fields of a body, or None if it cannot be read."""
    try:
        return READERS[kind](body)
    except Refused:
        return None
