"""A second reader of mail, written from chapter 08, RFC 9180, the X-Wing draft and the text
"Olm: a cryptographic ratchet" only. Imports nothing of ours, and no library that seals whole.
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from second_records import Record
from second_values import Refused, hashed, is_text, need, octets, unpack, verifies

WEEK, DAY = 604_800_000, 86_400_000
SIZES = (2_048, 8_192, 32_768)
TIMES = 2**48 - 1


class Undecipherable(Exception):
    """No key opens it."""


# -- arrays


def fields(raw: bytes, arity: int, longest: int) -> list:
    values = unpack(raw, longest)
    need(type(values) is list and len(values) == arity)
    return values


def number(value, low: int, high: int) -> int:
    need(type(value) is int and low <= value <= high)
    return value


def many(values, most: int, size: int) -> list:
    need(type(values) is list and len(values) <= most)
    for value in values:
        octets(value, size)
    return values


# -- sections 1 and 2


def card(given) -> dict:
    record = Record(bytes.fromhex(given["record"]))
    try:
        need(record.kind == 40 and not record.withdrawn and record.slot < 8)
        version, identity, fallback, public, binding = fields(record.body, 5, 8_192)
        need(type(version) is int and version == 1)
        for value, size in ((identity, 32), (fallback, 32), (public, 1_216), (binding, 64)):
            octets(value, size)
        message = record.community + identity
        need(verifies(record.device, b"p2pmarket/mail/1", message, binding))
    except Refused:
        return {"usable": False}
    return {
        "usable": True,
        "device": record.device.hex(),
        "olm_identity": identity.hex(),
        "olm_fallback": fallback.hex(),
        "hpke_public": public.hex(),
    }


def letter(raw: bytes) -> dict:
    version, community, id, sender, recipient, at, topic, content = fields(raw, 8, 32_256)
    number(version, 1, 1)
    for value, size in ((community, 32), (id, 16), (sender, 32), (recipient, 32)):
        octets(value, size)
    number(at, 0, TIMES)
    number(topic, 1, 65_535)
    need(type(content) is bytes and len(content) <= 32_000)
    return {
        "community": community.hex(),
        "message_id": id.hex(),
        "sender": sender.hex(),
        "recipient": recipient.hex(),
        "sent_at_ms": at,
        "topic": topic,
        "content_bytes": len(content),
    }


def chat(raw: bytes) -> dict:
    version, listing, text = fields(raw, 3, 32_000)
    number(version, 1, 1)
    if listing is not None:
        octets(listing, 16)
    need(is_text(text, 4_000, 1, True))
    return {"listing": listing and listing.hex(), "text": text}


def note(raw: bytes) -> dict:
    version, *lists = fields(raw, 4, 32_000)
    number(version, 1, 1)
    names = (("acks", 16), ("nacks", 32), ("reads", 16))
    return {
        name: [id.hex() for id in many(values, 500, size)]
        for (name, size), values in zip(names, lists, strict=True)
    }


def joining(raw: bytes) -> dict:
    values = unpack(raw, 32_000)
    need(type(values) is list and len(values) in (3, 4))
    number(values[0], 1, 1)
    if len(values) == 3:
        number(values[1], 2, 2)
        need(is_text(values[2], 300, 0, True))
        return {"declined": values[2]}
    number(values[1], 1, 1)
    need(type(values[3]) is list and len(values[3]) <= 5)
    for answer in values[3]:
        need(is_text(answer, 300, 0, True))
    octets(values[2], 32)
    return {"charter": values[2].hex(), "answers": values[3]}


# -- section 3


def inner(raw: bytes) -> dict:
    version, household, device, identity, binding, olm_type, message = fields(raw, 7, SIZES[-1])
    number(version, 1, 1)
    for value, size in ((household, 32), (device, 32), (identity, 32), (binding, 64)):
        octets(value, size)
    number(olm_type, 0, 1)
    need(type(message) is bytes)
    return {
        "household": household.hex(),
        "device": device.hex(),
        "olm_identity": identity.hex(),
        "binding": binding.hex(),
        "olm_type": olm_type,
        "olm_message": message.hex(),
    }


def unpadded(padded: bytes) -> bytes:
    need(len(padded) in SIZES)
    end = 4 + int.from_bytes(padded[:4], "big")
    need(end <= len(padded) and not any(padded[end:]))
    return padded[4:end]


def pad(given) -> dict:
    content = bytes.fromhex(given["byte"]) * given["bytes"]
    size = next(size for size in SIZES if size >= len(content) + 4)
    padded = len(content).to_bytes(4, "big") + content + bytes(size - 4 - len(content))
    return {"bytes": size, "id": hashed(padded).hex()}


def parcel(raw: bytes) -> tuple[bytes, int, bytes]:
    version, tag, expires, sealed = fields(raw, 4, 40_000)
    number(version, 1, 1)
    octets(tag, 16)
    number(expires, 0, TIMES)
    need(type(sealed) is bytes and len(sealed) - 1_136 in SIZES)
    return tag, expires, sealed


def read_parcel(raw: bytes) -> dict:
    tag, expires, sealed = parcel(raw)
    return {
        "tag": tag.hex(),
        "expires_at_ms": expires,
        "sealed_bytes": len(sealed),
        "id": hashed(raw).hex(),
    }


def tag_in(given, week: int) -> str:
    message = bytes.fromhex(given["device"]) + week.to_bytes(8, "big")
    key = bytes.fromhex(given["network_key"])
    return hashed(message, 16, key=key, person=b"p2pm-mailbox").hex()


def tags(given) -> dict:
    week, next_one = given["at_ms"] // WEEK, (given["at_ms"] + 600_000) // WEEK
    weeks = range(max(0, week - 3), next_one + 1)
    return {"tag": tag_in(given, week), "tags": [tag_in(given, each) for each in weeks]}


def expiry(given) -> dict:
    days, rest = divmod(given["sealed_at_ms"] + 14 * DAY, DAY)
    return {"expires_at_ms": (days + (rest > 0)) * DAY}


def holders(given) -> dict:
    tag = bytes.fromhex(given["tag"])
    ranked = sorted(given["households"], key=lambda h: hashed(tag + bytes.fromhex(h)))
    return {"households": ranked[::-1]}


# -- X-Wing and HPKE


def x_wing(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    expanded = hashlib.shake_256(seed).digest(96)
    return (
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
        X25519PrivateKey.from_private_bytes(expanded[64:]),
    )


def hpke_key(given) -> dict:
    mlkem, x25519 = x_wing(bytes.fromhex(given["seed"]))
    public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
    return {"public": public.hex()}


def unsealed(sealed: bytes, seed: bytes, info: bytes) -> bytes:
    mlkem, x25519 = x_wing(seed)
    encapsulated, point, ciphertext = sealed[:1_088], sealed[1_088:1_120], sealed[1_120:]
    parts = mlkem.decapsulate(encapsulated), dh(x25519, point), point
    public = x25519.public_key().public_bytes_raw()
    shared = hashlib.sha3_256(b"".join((*parts, public, bytes.fromhex("5c2e2f2f5e5c")))).digest()
    suite = b"HPKE" + bytes.fromhex("647a00010003")

    def extract(salt: bytes, label: bytes, secret: bytes) -> bytes:
        return mac(salt or bytes(32), b"HPKE-v1" + suite + label + secret)

    def expand(secret: bytes, label: bytes, context: bytes, size: int) -> bytes:
        return hkdf_expand(
            secret, size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + context, size
        )

    context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared, b"secret", b"")
    key, nonce = expand(secret, b"key", context, 32), expand(secret, b"base_nonce", context, 12)
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, ciphertext, b"")
    except InvalidTag:
        raise Undecipherable from None


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def hkdf_expand(key: bytes, info: bytes, size: int) -> bytes:
    found = block = b""
    while len(found) < size:
        block = mac(key, block + info + bytes([len(found) // 32 + 1]))
        found += block
    return found[:size]


def hkdf(salt: bytes, secret: bytes, info: bytes, size: int) -> bytes:
    return hkdf_expand(mac(salt, secret), info, size)


def dh(secret: X25519PrivateKey, public: bytes) -> bytes:
    return secret.exchange(X25519PublicKey.from_public_bytes(public))


# -- Olm


def protobuf(raw: bytes) -> dict[int, bytes | int]:
    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte, at = raw[at], at + 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    found: dict[int, bytes | int] = {}
    at = 0
    while at < len(raw):
        field, size = raw[at], 0
        at += 1
        size = varint()
        if field & 7 == 2:
            found[field], at = raw[at : at + size], at + size
        else:
            found[field] = size
    return found


class Chain:
    """One receiving chain: message keys by index, each used once."""

    def __init__(self, key: bytes) -> None:
        self.key, self.next, self.keys = key, 0, {}

    def open(self, message: bytes) -> bytes:
        body, check = message[:-8], message[-8:]
        content = protobuf(body[1:])
        index, ciphertext = content[0x10], content[0x22]
        while self.next <= index:
            self.keys[self.next] = mac(self.key, b"\1")
            self.key, self.next = mac(self.key, b"\2"), self.next + 1
        if index not in self.keys:
            raise Undecipherable
        keys = hkdf(bytes(32), self.keys[index], b"OLM_KEYS", 80)
        if body[0] != 3 or mac(keys[32:64], body)[:8] != check:
            raise Undecipherable
        del self.keys[index]
        decryptor = Cipher(algorithms.AES(keys[:32]), modes.CBC(keys[64:])).decryptor()
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        return padded[: -padded[-1]]


def opened(given) -> dict:
    secrets = {
        name: X25519PrivateKey.from_private_bytes(bytes.fromhex(given[name]))
        for name in ("olm_identity", "olm_fallback", "ratchet_key")
        if name in given
    }
    chains: dict[bytes, Chain] = {}

    def begun(identity: bytes, message: bytes) -> tuple[Chain, bytes]:
        """The chain of a pre-key message."""
        content = protobuf(message[1:])
        one_time, base, named, body = (content[field] for field in (0x0A, 0x12, 0x1A, 0x22))
        if message[0] != 3 or named != identity:
            raise Undecipherable
        ours = secrets["olm_fallback"]
        if one_time != ours.public_key().public_bytes_raw():
            raise Undecipherable
        if base not in chains:
            secret = dh(ours, identity) + dh(secrets["olm_identity"], base) + dh(ours, base)
            chains[base] = Chain(hkdf(bytes(32), secret, b"OLM_ROOT", 64)[32:])
        return chains[base], body

    def answered(message: bytes) -> tuple[Chain, bytes]:
        """The chain of the first answer in a session that this side began."""
        theirs = protobuf(message[1:-8])[0x0A]
        if theirs not in chains:
            secret = dh(secrets["ratchet_key"], theirs)
            root = bytes.fromhex(given["root_key"])
            chains[theirs] = Chain(hkdf(root, secret, b"OLM_RATCHET", 64)[32:])
        return chains[theirs], message

    return {"parcels": [one(given, bytes.fromhex(p), begun, answered) for p in given["parcels"]]}


def one(given, raw: bytes, begun, answered) -> dict:
    shown: dict[str, object] = {}
    community, device = bytes.fromhex(given["community"]), bytes.fromhex(given["device"])
    try:
        tag, expires, sealed = parcel(raw)
        info = b"p2pmarket/parcel/1" + community + device + tag + expires.to_bytes(8, "big")
        content = unpadded(unsealed(sealed, bytes.fromhex(given["hpke_seed"]), info))
        found = inner(content)
        sender, identity = bytes.fromhex(found["device"]), bytes.fromhex(found["olm_identity"])
        binding = bytes.fromhex(found["binding"])
        need(verifies(sender, b"p2pmarket/mail/1", community + identity, binding))
        shown["inner"] = content.hex()
        message = bytes.fromhex(found["olm_message"])
        chain, body = answered(message) if found["olm_type"] else begun(identity, message)
        plaintext = chain.open(body)
        shown["letter"] = plaintext.hex()
        letter(plaintext)
    except Undecipherable:
        return {**shown, "error": "undecipherable"}
    except Refused:
        return {**shown, "error": "refused"}
    return shown


# -- section 5


def frame(raw: bytes) -> dict:
    values = unpack(raw, 1_048_576)
    need(type(values) is list and values and type(values[0]) is int)
    tag, rest = values[0], values[1:]
    need(tag in range(8) and len(rest) == (1, 1, 1, 1, 2, 1, 0, 1)[tag])
    if tag in (0, 2, 4, 7):
        need(type(rest[-1]) is list and len(rest[-1]) <= 64)
        for raw_parcel in rest[-1]:
            need(type(raw_parcel) is bytes and len(raw_parcel) <= 33_968)
        parcels = {"parcels": [hashed(raw_parcel).hex() for raw_parcel in rest[-1]]}
        return {"tag": tag, **({"last": number(rest[0], 0, TIMES)} if tag == 4 else {}), **parcels}
    if tag == 1:
        need(type(rest[0]) is list and len(rest[0]) <= 64)
        codes = [number(code, 0, 255) for code in rest[0]]
        return {"tag": 1, "codes": [code if code < 7 else 5 for code in codes]}
    if tag == 3:
        return {"tag": 3, "after": number(rest[0], 0, TIMES)}
    return {"tag": tag, **({"ids": [i.hex() for i in many(rest[0], 64, 32)]} if tag == 5 else {})}


def reader(read, name: str = "bytes"):
    def operation(given):
        try:
            return read(bytes.fromhex(given[name]))
        except Refused:
            return "error"

    return operation


OPERATIONS = {
    "card": card,
    "tag": tags,
    "expiry": expiry,
    "holders": holders,
    "pad": pad,
    "unpad": reader(lambda padded: {"inner": unpadded(padded).hex()}, "padded"),
    "read-letter": reader(letter),
    "read-chat": reader(chat),
    "read-note": reader(note),
    "read-joining": reader(joining),
    "read-inner": reader(inner),
    "read-parcel": reader(read_parcel),
    "read-frame": reader(frame, "frame"),
    "hpke-key": hpke_key,
    "open": opened,
    "reply": opened,
}
