"""Vectors of chapter 04: the text of an invite."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from vector_world import key_pair

from protocol.envelope import Envelope
from protocol.errors import LocalError
from protocol.invite import PREFIX, InviteText, read_invite_text, write_invite
from protocol.wire import Value, pack
from vector_areas import Case
from vector_areas.records import FOUNDER, INVITE, WORLD

NETWORK_KEY = bytes(range(32, 64))
SECRET = WORLD.invite_secret(FOUNDER).seed
ADDRESSES = ("/ip4/192.168.1.7/tcp/4001", "/dns4/ana.example/tcp/4001")
GOOD: tuple[Value, ...] = (1, WORLD.community, NETWORK_KEY, SECRET, ADDRESSES, INVITE.raw)


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    good = write_invite(InviteText(WORLD.community, NETWORK_KEY, SECRET, ADDRESSES, INVITE))
    assert good == text_of(GOOD)
    yield Case(
        "write", ("INV-1",), "the founder's invite", "write_invite", _fields(), {"text": good}
    )
    for name, rule, comment, text in (
        ("good", "INV-1", "as it was written", good),
        ("lower-case", "INV-2", "typed by a person", good.lower()),
        ("in-a-link", "INV-2", "what precedes it does not matter", f"https://example.org/#{good}"),
        ("prefix-twice", "INV-2", "the last one counts", f"P2PM1-P2PM1-{good}"),
        ("wrapped", "INV-2", "printed in short lines", "\n  ".join(
            good[at : at + 40] for at in range(0, len(good), 40))),
    ):  # fmt: skip
        yield _read(f"read-{name}", rule, comment, text, readable=True)
    yield from _refused(good)


def text_of(content: tuple[Value, ...]) -> str:
    """The text of any content, with a check that fits."""
    return _text_of_bytes(pack(content))


def _text_of_bytes(packed: bytes) -> str:
    check = hashlib.blake2b(packed, digest_size=4, person=b"p2pm-check").digest()
    return PREFIX + base64.b32encode(packed + check).decode().rstrip("=")


def _refused(good: str) -> Iterator[Case]:
    swapped = good[:100] + good[101] + good[100] + good[102:]
    assert swapped != good
    for name, rule, comment, text in (
        ("nothing", "INV-3", "no characters", ""),
        ("prefix-only", "INV-3", "cut off behind the prefix", PREFIX),
        ("no-prefix", "INV-3", "something else", good.removeprefix(PREFIX)),
        ("cut", "INV-3", "the last character is missing", good[:-1]),
        ("swapped", "INV-3", "two characters swapped", swapped),
        ("other-alphabet", "INV-3", "0, 1, 8 and 9 are not base32", good[:-1] + "1"),
        ("umlaut", "INV-3", "not ASCII", good[:-1] + "Ä"),
        ("not-an-array", "INV-3", "a string with a good check", _text_of_bytes(b"\xa1a")),
        ("trailing", "INV-3", "a byte behind the content", _text_of_bytes(pack(GOOD) + b"\x00")),
    ):
        yield _read(f"refused-{name}", rule, comment, text, readable=False)
    device = WORLD.certify_device(FOUNDER)
    foreign = WORLD.forge(INVITE, FOUNDER.device(), community=bytes(32))
    for name, comment, changed in (
        ("version-2", "of a later time", {0: 2}),
        ("community-other", "the record is of another one", {1: bytes(32)}),
        ("network-key-short", "31 bytes", {2: bytes(31)}),
        ("secret-other", "not the invite's", {3: key_pair(9).seed}),
        ("addresses-7", "at most six", {4: ADDRESSES[:1] * 7}),
        ("address-escape", "printable only", {4: ("/\x1b[2J",)}),
        ("address-no-slash", "not a multiaddr", {4: ("ana.example",)}),
        ("record-nil", "no record", {5: None}),
        ("record-other-kind", "a device record", {5: device.raw}),
        ("record-forged", "its signature does not hold", {5: _flipped(INVITE)}),
        ("record-of-other-community", "made elsewhere", {5: foreign}),
        ("too-long", "2,048 bytes at most", {4: ("/" + "a" * 1_700,)}),
    ):
        content = tuple(changed.get(index, value) for index, value in enumerate(GOOD))
        yield _read(f"refused-{name}", "INV-3", comment, text_of(content), readable=False)


def _flipped(record: Envelope) -> bytes:
    raw = bytearray(record.raw)
    raw[-1] ^= 1
    return bytes(raw)


def _fields() -> dict[str, object]:
    return {
        "community": WORLD.community,
        "network_key": NETWORK_KEY,
        "secret": SECRET,
        "addresses": list(ADDRESSES),
        "record": INVITE.raw,
    }


def _read(name: str, rule: str, comment: str, text: str, readable: bool) -> Case:
    try:
        invite = read_invite_text(text)
        assert readable, name
        found = (invite.community, invite.network_key, invite.secret, invite.addresses)
        assert (*found, invite.record.raw) == GOOD[1:]
        expect: dict[str, object] = _fields()
    except LocalError as error:
        assert not readable, name
        expect = {"error": error.code}
    return Case(name, (rule,), comment, "read_invite", {"text": text}, expect)
