"""Vectors of chapter 08: parcels that open, and such that do not.

Encryption is randomised: the parcels were made once, by scripts/mail_sealed.py, and stand in
mail_sealed.json; what the vectors expect of them is computed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vector_world import START_MS

from protocol.errors import RemoteError
from protocol.ids import DeviceKey
from protocol.mail import seal
from protocol.mail.card import binding_holds
from protocol.mail.letter import Chat, Letter, Topic, read_letter
from protocol.mail.parcel import Inner, read_inner, read_parcel, seal_info, unpad
from vector_areas import Case
from vector_areas.records import ANA, BEN, WORLD

SEALED = Path(__file__).with_name("mail_sealed.json")
COMMUNITY = WORLD.community
NETWORK_KEY = bytes(range(32, 64))
HPKE_SEED = bytes(range(128, 160))
HPKE_PUBLIC = seal.hpke_public(HPKE_SEED)
ANA_DEVICE, BEN_DEVICE = ANA.device(), BEN.device()
BEN_KEY = DeviceKey(BEN_DEVICE.public)


def letter(text: str, number: int = 0) -> Letter:
    """Ana writes to Ben."""
    message_id = number.to_bytes(16, "big")
    content = Chat(text, None).pack()
    return Letter(COMMUNITY, message_id, ANA.id, BEN.id, START_MS, Topic.CHAT, content)


def answer(text: str) -> Letter:
    """Ben writes back."""
    content = Chat(text, None).pack()
    return Letter(COMMUNITY, bytes(16), BEN.id, ANA.id, START_MS + 1, Topic.CHAT, content)


def opened(raw: bytes, device: DeviceKey = BEN_KEY) -> Inner | None:
    """What is inside the outer layer, for a device that has the key of HPKE_SEED."""
    parcel = read_parcel(raw)
    info = seal_info(COMMUNITY, device, parcel.tag, parcel.expires_at_ms)
    padded = seal.unwrap(parcel.sealed, HPKE_SEED, info)
    if padded is None:
        return None
    inner = read_inner(unpad(padded))
    if not binding_holds(COMMUNITY, inner.device, inner.olm_identity, inner.binding):
        raise RemoteError("parcel-binding")
    return inner


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    held = json.loads(SEALED.read_text("utf-8"))
    account = seal.Account(
        held["account"],
        bytes.fromhex(held["public_identity"]),
        bytes.fromhex(held["public_fallback"]),
    )
    why = {
        "prekey": (("MAI-20", "MAI-21", "MAI-23", "MAI-34"), "the first letter to a device"),
        "long": (("MAI-22",), "the second size, and the same session"),
        "out-of-order": (("MAI-34",), "three of one session, the last one first"),
        "twice": (("MAI-30", "MAI-34"), "the ratchet has moved: who forgot it cannot decipher it"),
        "other-device": (("MAI-23", "MAI-31"), "sealed for another device, with the same key"),
        "other-community": (("MAI-23", "MAI-31"), "sealed in another community"),
        "other-tag": (("MAI-23", "MAI-31"), "the tag was changed on the way"),
        "other-expiry": (("MAI-23", "MAI-31"), "the end of life was changed on the way"),
        "binding-of-another": (("MAI-21", "MAI-31"), "a device vouches for what is not its own"),
        "padding": (("MAI-22", "MAI-31"), "the last byte of the padding is 1"),
        "letter-malformed": (("MAI-35",), "one byte too many after the letter"),
    }
    secrets = {
        "community": COMMUNITY,
        "device": BEN_KEY,
        "hpke_seed": HPKE_SEED,
        "olm_identity": held["olm_identity"],
        "olm_fallback": held["olm_fallback"],
    }
    assert why.keys() == held["parcels"].keys()
    for name, parcels in held["parcels"].items():
        sessions: dict[str, seal.Ratchet] = {}
        raws = [bytes.fromhex(raw) for raw in parcels]
        results = [_result(raw, account, sessions, BEN_KEY) for raw in raws]
        rules, comment = why[name]
        yield _case(name, rules, comment, "open", {**secrets, "parcels": parcels}, results)
    ana = DeviceKey(ANA_DEVICE.public)
    sessions = {held["session_id"]: seal.Ratchet(held["session_id"], held["session"])}
    results = [_result(bytes.fromhex(raw), account, sessions, ana) for raw in held["reply"]]
    given = {
        "community": COMMUNITY,
        "device": ana,
        "hpke_seed": HPKE_SEED,
        "root_key": held["root_key"],
        "ratchet_key": held["ratchet_key"],
        "parcels": held["reply"],
    }
    comment = "the first answer in a session that its reader began: no pre-key message"
    yield _case("reply", ("MAI-20", "MAI-34"), comment, "reply", given, results)


def _case(
    name: str,
    rules: tuple[str, ...],
    comment: str,
    operation: str,
    given: Mapping[str, object],
    results: Sequence[object],
) -> Case:
    return Case(name, rules, comment, operation, given, {"parcels": results})


def _result(
    raw: bytes,
    account: seal.Account,
    sessions: dict[str, seal.Ratchet],
    device: DeviceKey,
) -> dict[str, Any]:
    """What a device makes of a parcel; sessions: those it has, which move on."""
    try:
        inner = opened(raw, device)
        if inner is None:
            return {"error": "undecipherable"}
        shown = {"inner": inner.pack()}
        plaintext = _deciphered(inner, account, sessions)
        if plaintext is None:
            return {**shown, "error": "undecipherable"}
    except RemoteError as error:
        return {"error": error.code}
    try:
        read_letter(plaintext)
    except RemoteError as error:
        return {**shown, "letter": plaintext, "error": error.code}
    return {**shown, "letter": plaintext}


def _deciphered(
    inner: Inner, account: seal.Account, sessions: dict[str, seal.Ratchet]
) -> bytes | None:
    if inner.olm_type == 0:
        wanted = seal.prekey_session_id(inner.olm_message)
        if wanted not in sessions:
            begun = seal.accept(account, inner.olm_identity, inner.olm_message)
            if begun is None:
                return None
            sessions[begun[0].id] = begun[0]
            return begun[1]
        candidates = [sessions[wanted]]
    else:
        candidates = list(sessions.values())
    for ratchet in candidates:
        done = seal.decrypt(ratchet, inner.olm_type, inner.olm_message)
        if done is not None:
            sessions[ratchet.id] = done[0]
            return done[1]
    return None
