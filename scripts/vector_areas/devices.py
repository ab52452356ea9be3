"""Vectors of chapter 04: device codes, the keys that follow from them, and former devices."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence

from vector_world import HOUR_MS, START_MS, thing_key

from protocol.device_code import (
    PREFIX,
    VALID_MS,
    DeviceCode,
    body_of,
    read_device_code,
    write_device_code,
)
from protocol.envelope import Envelope
from protocol.errors import LocalError
from protocol.ids import DeviceKey, HouseholdId
from protocol.kinds import Kind
from protocol.membership.bodies import Device
from protocol.membership.members import Members
from protocol.signing import Seed
from protocol.wire import Value, pack
from vector_areas import Case
from vector_areas.records import ANA, ANA_JOINED, DEVICE, INVITE, WORLD

NETWORK_KEY = bytes(range(32, 64))
SECRET = Seed(bytes(range(64, 96)))
VALID_UNTIL_MS = START_MS + 2 * HOUR_MS + VALID_MS
ADDRESSES = ("/ip4/192.168.1.7/tcp/4001", "/dns4/ana.example/tcp/4001")
RECORD = WORLD.sign(
    ANA, Kind.DEVICE, body_of(SECRET).pack(), at_ms=START_MS + 2 * HOUR_MS, slot=3, key=thing_key(7)
)
GOOD: tuple[Value, ...] = (
    1, NETWORK_KEY, SECRET, VALID_UNTIL_MS, "Familie Bär", ADDRESSES, RECORD.raw,
)  # fmt: skip


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    yield from _codes()
    yield from _former()


def _codes() -> Iterator[Case]:
    code = DeviceCode(NETWORK_KEY, SECRET, VALID_UNTIL_MS, "Familie Bär", ADDRESSES, RECORD)
    good = write_device_code(code)
    assert good == text_of(GOOD)
    made = body_of(SECRET)
    keys = {"signing": made.signing, "host": made.host}
    yield Case("keys", ("MEM-27",), "two from one", "device_keys", {"secret": SECRET}, keys)
    yield Case(
        "write", ("MEM-31",), "a code of Ana's", "write_device_code", _fields(), {"text": good}
    )
    for name, comment, text in (
        ("good", "as it was written", good),
        ("lower-case", "typed by a person", good.lower()),
        ("wrapped", "printed in short lines", "\n  ".join(
            good[at : at + 40] for at in range(0, len(good), 40))),
        ("in-a-sentence", "what precedes it does not matter", f"The code is: {good}"),
    ):  # fmt: skip
        yield _read(f"read-{name}", "MEM-32", comment, text, readable=True)
    nameless = (*GOOD[:4], "", *GOOD[5:])
    yield _read("read-nameless", "MEM-31", "no name yet", text_of(nameless), True, name="")
    yield from _refused(good)


def _refused(good: str) -> Iterator[Case]:
    for name, comment, text in (
        ("nothing", "no characters", ""),
        ("cut", "the last character is missing", good[:-1]),
        ("invite-prefix", "an invite is something else", good.replace(PREFIX, "P2PM1-")),
        ("other-alphabet", "0, 1, 8 and 9 are not base32", good[:-1] + "1"),
        ("trailing", "a byte behind the content", _text_of_bytes(pack(GOOD) + b"\x00")),
    ):
        yield _read(f"refused-{name}", "MEM-32", comment, text, readable=False)
    withdrawn = WORLD.sign(
        ANA, Kind.DEVICE, RECORD.body, slot=3, key=thing_key(7), withdrawn=True, revision=1
    )
    for name, comment, changed in (
        ("version-2", "of a later time", {0: 2}),
        ("network-key-short", "31 bytes", {1: bytes(31)}),
        ("secret-other", "not the device's", {2: bytes(32)}),
        ("time-negative", "no time", {3: -1}),
        ("name-long", "61 code points", {4: "a" * 61}),
        ("name-escape", "a control character", {4: "\x1b[2J"}),
        ("addresses-7", "at most six", {5: ADDRESSES[:1] * 7}),
        ("address-no-slash", "not a multiaddr", {5: ("ana.example",)}),
        ("record-nil", "no record", {6: None}),
        ("record-other-kind", "an invite record", {6: INVITE.raw}),
        ("record-other-device", "keys that are not the secret's", {6: DEVICE.raw}),
        ("record-withdrawn", "the device was given up", {6: withdrawn.raw}),
        ("record-forged", "its signature does not hold", {6: _flipped(RECORD)}),
        ("too-long", "2,048 bytes at most", {5: ("/" + "a" * 1_700,)}),
    ):
        content = tuple(changed.get(index, value) for index, value in enumerate(GOOD))
        yield _read(f"refused-{name}", "MEM-32", comment, text_of(content), readable=False)


def _former() -> Iterator[Case]:
    base = [DEVICE, INVITE, *ANA_JOINED]
    second = WORLD.certify_device(ANA, 1)
    gone = WORLD.certify_device(ANA, 1, withdrawn=True, revision=1)
    bodiless = WORLD.sign(ANA, Kind.DEVICE, b"", slot=1, withdrawn=True, revision=1)
    anew = WORLD.certify_device(ANA, 2, slot=1, at_ms=START_MS + 3 * HOUR_MS)
    back = WORLD.certify_device(ANA, 1, slot=2)
    for name, comment, records in (
        ("two", "both sign", [*base, second]),
        ("former", "withdrawn, and remembered", [*base, second, gone]),
        ("former-alone", "its certificate never arrived here", [*base, gone]),
        ("forgotten-body", "a withdrawal that does not say whom", [*base, second, bodiless]),
        ("forgotten-slot", "the slot names another by now", [*base, gone, anew]),
        ("certified-again", "the same key in another slot", [*base, gone, back]),
    ):
        members = WORLD.found().extended(records)
        shown = [
            [household, device.signing, state]
            for household in sorted(members.households)
            for device, state in _states(members, household)
        ]
        yield Case(
            name,
            ("MEM-26",),
            comment,
            "devices",
            {"genesis": WORLD.genesis.raw, "records": [record.raw for record in records]},
            {"devices": shown},
        )


def _states(members: Members, household: HouseholdId) -> list[tuple[Device, str]]:
    """Each key once, by the lowest slot; standing if any slot certifies it."""
    found: dict[bytes, tuple[Device, str]] = {}
    for _, device in members.devices_ever(household):
        key = DeviceKey(device.signing)
        state = "standing" if members.signs_for(key, household) else "former"
        found.setdefault(device.signing, (device, state))
    return list(found.values())


def text_of(content: Sequence[Value]) -> str:
    """The text of any content, with a check that fits."""
    return _text_of_bytes(pack(tuple(content)))


def _text_of_bytes(packed: bytes) -> str:
    check = hashlib.blake2b(packed, digest_size=4, person=b"p2pm-check").digest()
    return PREFIX + base64.b32encode(packed + check).decode().rstrip("=")


def _flipped(record: Envelope) -> bytes:
    raw = bytearray(record.raw)
    raw[-1] ^= 1
    return bytes(raw)


def _fields(name: str = "Familie Bär") -> dict[str, object]:
    return {
        "network_key": NETWORK_KEY,
        "secret": SECRET,
        "valid_until_ms": VALID_UNTIL_MS,
        "household_name": name,
        "addresses": list(ADDRESSES),
        "record": RECORD.raw,
    }


def _read(
    case: str, rule: str, comment: str, text: str, readable: bool, name: str = "Familie Bär"
) -> Case:
    try:
        code = read_device_code(text)
        assert readable, case
        assert (code.secret, code.valid_until_ms) == (SECRET, VALID_UNTIL_MS)
        expect: dict[str, object] = _fields(name)
    except LocalError as error:
        assert not readable, case
        expect = {"error": error.code}
    return Case(case, (rule,), comment, "read_device_code", {"text": text}, expect)
