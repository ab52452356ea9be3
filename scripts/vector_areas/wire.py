"""Vectors of chapter 01: canonical bytes, texts, ids, signatures, keys."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import nacl.bindings
from vector_world import key_pair

from protocol.errors import RemoteError
from protocol.ids import CommunityId, record_id, text_of
from protocol.keys import backup_key, founder_key, member_key, topic_of
from protocol.money import is_currency
from protocol.signing import Purpose, verify
from protocol.text import is_language, is_text
from protocol.wire import Value, pack, unpack
from vector_areas import Case

_ORDER = 2**252 + 27742317777372353535851937790883648493
_PRIME = 2**255 - 19
_TORSION_2 = "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
_ONE = (1).to_bytes(32, "little")
MESSAGE = b"a cot"
_TORSION_8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    yield from _canonical()
    yield from _not_canonical()
    yield from _texts()
    yield from _signatures()
    yield from _derivations()


def shown(value: Value) -> object:
    """A decoded value as JSON: byte strings as {"hex": …}."""
    if isinstance(value, bytes):
        return {"hex": value}
    if isinstance(value, tuple):
        return [shown(item) for item in value]
    return value


def _canonical() -> Iterator[Case]:
    edges = (0, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**63, 2**64 - 1)
    below = (-1, -32, -33, -128, -129, -32_768, -32_769, -(2**31), -(2**31) - 1, -(2**63))
    values: dict[str, tuple[tuple[str, ...], str, Value]] = {
        "example": (("WIR-1",), "the example of chapter 01", (
            1, -1, 300, "ä", b"\x00\xff", None, True, (2,))),
        "integers": (("WIR-1", "WIR-2"), "the last of each form and the first of the next", edges),
        "integers-negative": (("WIR-1", "WIR-2"), "the same below zero", below),
        "strings": (("WIR-2", "WIR-3"), "lengths at each edge",
                    ("", "a" * 31, "a" * 32, "a" * 255, "a" * 256, "𝄞")),
        "byte-strings": (("WIR-2",), "lengths at each edge",
                         (b"", b"a" * 255, b"a" * 256)),
        "arrays": (("WIR-2",), "15 fit the short form, 16 do not",
                   ((0,) * 15, (0,) * 16)),
        "depth-four": (("WIR-4",), "four arrays inside one another are the most", ((((),),),)),
    }  # fmt: skip
    for name, (rules, comment, value) in values.items():
        raw = pack(value)
        yield Case(
            name, rules, comment, "unpack", {"bytes": raw, "max_bytes": 8_192},
            {"value": shown(unpack(raw, 8_192))},
        )  # fmt: skip


def _not_canonical() -> Iterator[Case]:
    refused: dict[str, tuple[str, str, bytes]] = {
        "refused-integer-8-bits": ("WIR-2", "127 in the form of 128", b"\xcc\x7f"),
        "refused-integer-16-bits": ("WIR-2", "255 in two bytes", b"\xcd\x00\xff"),
        "refused-integer-32-bits": ("WIR-2", "1 in four bytes", b"\xce\x00\x00\x00\x01"),
        "refused-integer-64-bits": ("WIR-2", "1 in eight bytes", b"\xcf" + bytes(7) + b"\x01"),
        "refused-integer-signed": ("WIR-2", "1 in the form of -128", b"\xd0\x01"),
        "refused-integer-negative": ("WIR-2", "-1 in two bytes", b"\xd1\xff\xff"),
        "refused-string-8-bits": ("WIR-2", "a short string in the long form", b"\xd9\x01a"),
        "refused-string-16-bits": ("WIR-2", "the same, longer still", b"\xda\x00\x01a"),
        "refused-bytes-16-bits": ("WIR-2", "a short byte string, long form", b"\xc5\x00\x01a"),
        "refused-array-16-bits": ("WIR-2", "a short array in the long form", b"\xdc\x00\x01\x01"),
        "refused-map": ("WIR-1", "no maps", b"\x81\x01\x02"),
        "refused-map-duplicate-key": ("WIR-1", "two keys alike", b"\x82" + b"\xa1a\x01" * 2),
        "refused-map-empty": ("WIR-1", "not even the empty one", b"\x80"),
        "refused-float": ("WIR-1", "no floating point", b"\xcb" + bytes(8)),
        "refused-float-nan": ("WIR-1", "differs from itself", b"\xcb\x7f\xf8" + bytes(6)),
        "refused-float-short": ("WIR-1", "no floating point", b"\xca" + bytes(4)),
        "refused-extension": ("WIR-1", "no extension types", b"\xd4\x05\x00"),
        "refused-timestamp": ("WIR-1", "nor one that is a time", b"\xd6\xff" + bytes(4)),
        "refused-unused-byte": ("WIR-1", "c1 means nothing", b"\xc1"),
        "refused-extension-inside": ("WIR-1", "an array may not hide one", b"\x91\xd4\x05\x00"),
        "refused-overlong-utf8": ("WIR-3", "a slash in two bytes", b"\xa2\xc0\xaf"),
        "refused-surrogate": ("WIR-3", "half of a UTF-16 pair", b"\xa3\xed\xa0\x80"),
        "refused-utf8-cut": ("WIR-3", "the first byte of two", b"\xa1\xc3"),
        "refused-depth-five": ("WIR-4", "one too many", b"\x91" * 4 + b"\x90"),
        "refused-depth-thousands": ("WIR-4", "a stack is no limit", b"\x91" * 5_000 + b"\x90"),
        "refused-nothing": ("WIR-5", "no bytes are no value", b""),
        "refused-trailing": ("WIR-5", "a byte too many", b"\x01\x00"),
        "refused-cut": ("WIR-5", "an array that lacks its last item", b"\x92\x01"),
        "refused-length-lies": ("WIR-5", "four GiB are promised", b"\xdd\xff\xff\xff\xff"),
    }  # fmt: skip
    for name, (rule, comment, raw) in refused.items():
        yield _refused(name, rule, comment, raw, 8_192)
    yield _refused("refused-too-long", "WIR-6", "fine otherwise", pack(b"a" * 8), 9)


def _refused(name: str, rule: str, comment: str, raw: bytes, max_bytes: int) -> Case:
    fields = {"bytes": raw, "max_bytes": max_bytes}
    return Case(name, (rule,), comment, "unpack", fields, _error(raw, max_bytes))


def _error(raw: bytes, max_bytes: int) -> dict[str, object]:
    try:
        unpack(raw, max_bytes)
    except RemoteError as error:
        return {"error": error.code}
    raise AssertionError("these bytes must be refused")


def _texts() -> Iterator[Case]:
    texts: dict[str, tuple[str, str, bool, int, int]] = {
        "umlaut": ("composed, so normal", "Gärtnerei", False, 1, 60),
        "umlaut-decomposed": ("looks the same, is not", "Ga\u0308rtnerei", False, 1, 60),
        "line-feed-in-line": ("one line only", "a\nb", False, 1, 60),
        "line-feed-in-lines": ("several lines", "a\n\nb", True, 1, 60),
        "line-feed-at-end": ("white space at an end", "a\n", True, 1, 60),
        "space-in-front": ("white space at an end", " a", False, 1, 60),
        "no-break-space-at-end": ("white space at an end", "a\u00a0", False, 1, 60),
        "no-break-space-inside": ("between words it is fine", "10\u00a0km", False, 1, 60),
        "carriage-return": ("a control character", "a\r\nb", True, 1, 60),
        "escape": ("would steer a terminal", "\x1b[2Jgone", False, 1, 60),
        "delete": ("a control character in ASCII", "a\x7f", False, 1, 60),
        "c1-control": ("the 8-bit form of escape", "\x9b2J", False, 1, 60),
        "right-to-left-override": ("disguises what is signed", "abc\u202edef", False, 1, 60),
        "right-to-left-mark": ("so does this", "a\u200fb", False, 1, 60),
        "isolate": ("and this", "a\u2066b", False, 1, 60),
        "byte-order-mark": ("invisible", "a\ufeffb", False, 1, 60),
        "line-separator": ("another line feed", "a\u2028b", True, 1, 60),
        "private-use": ("means something else to everyone", "\ue000", False, 1, 60),
        "arabic": ("right to left by its letters is fine", "مرحبا", False, 1, 60),
        "emoji-joined": ("joiners make emoji", "👩\u200d🌾", False, 1, 60),
        "empty": ("allowed where nothing says from 1", "", False, 0, 60),
        "empty-but-needed": ("a name is at least one character", "", False, 1, 60),
        "longest": ("code points are counted, not bytes", "ß" * 60, False, 1, 60),
        "too-long": ("one more", "ß" * 61, False, 1, 60),
        "empty-line-kept-out": ("a lone line feed is white space", "\n", True, 0, 60),
    }  # fmt: skip
    for name, (comment, value, lines, shortest, longest) in texts.items():
        yield _text(f"text-{name}", "CON-1", comment, value, lines, shortest, longest)
    comment = "U+0378 has never been assigned"
    yield _text("text-unassigned", "CON-2", comment, "\u0378", False, 1, 60)
    languages = ("de", "de-AT", "zh-Hant", "x", "de-AT-1901", "--", "d\x1b", "dä", "de AT", "")
    for number, tag in enumerate(languages):
        yield Case(
            f"language-{number}", ("CON-4",), "2 to 8 letters, digits, hyphens", "language",
            {"string": tag}, {"valid": is_language(tag)},
        )  # fmt: skip
    for number, code in enumerate(("EUR", "eur", "EU", "EURO", "E1R", "ÄÖÜ")):
        yield Case(
            f"currency-{number}", ("CON-4",), "three capitals A to Z", "currency",
            {"string": code}, {"valid": is_currency(code)},
        )  # fmt: skip
    id = record_id(b"p2pmarket")
    yield Case(
        "record-id", ("CON-5", "CON-6"), "any bytes have an id", "record_id",
        {"bytes": b"p2pmarket"}, {"id": id, "text": text_of(id)},
    )  # fmt: skip


def _text(
    name: str, rule: str, comment: str, value: str, lines: bool, shortest: int, longest: int
) -> Case:
    return Case(
        name, (rule,), comment, "text",
        {
            "code_points": [ord(character) for character in value],
            "longest": longest,
            "shortest": shortest,
            "lines": lines,
        },
        {"valid": is_text(value, longest, lines=lines, shortest=shortest)},
    )  # fmt: skip


def _verify(
    name: str,
    comment: str,
    public: bytes,
    signature: bytes,
    valid: bool = False,
    message: bytes = MESSAGE,
    purpose: Purpose = Purpose.RECORD,
    rule: str = "CON-8",
) -> Case:
    """One signature. valid: what the specification says, not what our library does."""
    if verify(public, purpose, message, signature) is not valid:
        raise AssertionError(f"{name}: the library does not verify as chapter 01 says")
    return Case(
        f"verify-{name}", (rule,), comment, "verify",
        {
            "public": public,
            "purpose": purpose.value.decode(),
            "message": message,
            "signature": signature,
        },
        {"valid": valid},
    )  # fmt: skip


def _signatures() -> Iterator[Case]:
    pair = key_pair(256)
    good = pair.sign(Purpose.RECORD, MESSAGE)
    yield _verify("good", "seed 256", pair.public, good, valid=True)
    other = Purpose.INVITE
    yield _verify(
        "other-purpose", "made for a record", pair.public, good, purpose=other, rule="CON-7"
    )
    secret = nacl.bindings.crypto_sign_seed_keypair(pair.seed)[1]
    plain = nacl.bindings.crypto_sign(MESSAGE, secret)[:64]
    yield _verify("no-purpose", "over the bare message", pair.public, plain, rule="CON-7")
    yield _verify("other-key", "seed 257", key_pair(257).public, good)
    unreduced = int.from_bytes(good[32:], "little") + _ORDER
    signature = good[:32] + unreduced.to_bytes(32, "little")
    yield _verify("scalar-not-reduced", "S + L instead of S", pair.public, signature)
    for name, key in (
        ("zero", bytes(32)),
        ("one", _ONE),
        ("order-2", bytes.fromhex(_TORSION_2)),
        ("order-8", bytes.fromhex(_TORSION_8)),
        ("not-canonical", (_PRIME + 1).to_bytes(32, "little")),
    ):
        # With R = 1 and S = 0 the equation holds where 8 divides k: a careless verifier accepts.
        message = _where_eight_divides(_ONE, key)
        comment = "a key of small order would verify anything"
        yield _verify(f"key-{name}", comment, key, _ONE + bytes(32), message=message)
    yield _verify("key-not-on-the-curve", "y = 2 has no x", (2).to_bytes(32, "little"), good)
    yield from _torsion(pair.seed, pair.public)


def _torsion(seed: bytes, public: bytes) -> Iterator[Case]:
    """Signatures on which verifiers with and without the cofactor differ."""
    half = bytearray(hashlib.sha512(seed).digest()[:32])
    half[0] &= 248
    half[31] = half[31] & 63 | 64
    secret, nonce = int.from_bytes(half, "little"), 42
    point = nacl.bindings.crypto_scalarmult_ed25519_base_noclamp(nonce.to_bytes(32, "little"))
    torsion = bytes.fromhex(_TORSION_8)

    def sign(point: bytes, public: bytes, nonce: int = nonce, message: bytes = MESSAGE) -> bytes:
        answer = (nonce + _challenge(point, public, message) * secret) % _ORDER
        return point + answer.to_bytes(32, "little")

    shifted = nacl.bindings.crypto_core_ed25519_add(point, torsion)
    comment = "accepted where the cofactor is multiplied in"
    yield _verify("torsion-in-r", comment, public, sign(shifted, public))
    mixed = nacl.bindings.crypto_core_ed25519_add(public, torsion)
    yield _verify("torsion-in-key", comment, mixed, sign(point, mixed))
    message = _where_eight_divides(point, mixed)
    yield _verify(
        "torsion-in-key-vanishes", "8 divides k: the torsion has no effect, and the key is allowed",
        mixed, sign(point, mixed, message=message), valid=True, message=message,
    )  # fmt: skip
    comment = "the equation holds, R is the neutral point"
    yield _verify("small-order-r", comment, public, sign(_ONE, public, nonce=0))


def _challenge(point: bytes, public: bytes, message: bytes) -> int:
    purpose = Purpose.RECORD.value
    signed = bytes([len(purpose)]) + purpose + len(message).to_bytes(4, "big") + message
    return int.from_bytes(hashlib.sha512(point + public + signed).digest(), "little") % _ORDER


def _where_eight_divides(point: bytes, public: bytes) -> bytes:
    messages = (b"a cot %d" % number for number in range(1_000))
    return next(m for m in messages if _challenge(point, public, m) % 8 == 0)


def _derivations() -> Iterator[Case]:
    root, salt = bytes(range(32)), bytes(range(16))
    community, network = CommunityId(record_id(b"a community")), bytes(range(32, 64))
    yield Case(
        "derive", ("CON-9", "CON-10", "CON-11"), "one root, a key for each purpose", "derive",
        {"root": root, "salt": salt, "community": community, "network_key": network},
        {
            "founder": founder_key(root, salt).public,
            "member": member_key(root, community).public,
            "backup": backup_key(root),
            "topic": topic_of(network),
        },
    )  # fmt: skip
