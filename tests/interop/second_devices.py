"""A second reader of device codes and former devices, written from chapter 04 §6 only."""

from __future__ import annotations

import base64

import second_values as values
from second_membership import Community
from second_records import Record
from second_values import Refused, encode, hashed, integer, need, octets, public_of, read

CHECK = b"p2pm-check"
PURPOSES = (b"p2pm-dev-sign", b"p2pm-dev-host")


def device_keys(secret: bytes) -> list[bytes]:
    return [public_of(hashed(b"", key=secret, person=purpose)) for purpose in PURPOSES]


def keys(given):
    signing, host = device_keys(bytes.fromhex(given["secret"]))
    return {"signing": signing.hex(), "host": host.hex()}


def read_code(given):
    try:
        compact = "".join(given["text"].split()).upper()
        need("P2PD1-" in compact)
        encoded = compact.rpartition("P2PD1-")[2]
        try:
            content = base64.b32decode(encoded + "=" * (-len(encoded) % 8))
        except ValueError:
            raise Refused from None
        packed, check = content[:-4], content[-4:]
        need(hashed(packed, 4, person=CHECK) == check)
        fields = values.unpack(packed, 2_048)
        need(type(fields) is list and len(fields) == 7 and fields[0] == 1)
        _, network_key, secret, valid_until_ms, name, addresses, raw = fields
        octets(network_key, 32)
        octets(secret, 32)
        integer(valid_until_ms, 0, 2**48 - 1)
        need(type(name) is str and values.is_text(name, 60))
        values.each(addresses, 6, lambda address: need(values.is_address(address)))
        need(type(raw) is bytes)
        record = Record(raw)
        body = read(3, record.body)
        need(record.kind == 3 and not record.withdrawn and record.signed())
        need(body is not None and body[1:] == device_keys(secret))
    except Refused:
        return "error"
    return {
        "network_key": network_key.hex(),
        "secret": secret.hex(),
        "valid_until_ms": valid_until_ms,
        "household_name": name,
        "addresses": addresses,
        "record": raw.hex(),
    }


def write_code(given):
    content = encode([
        1,
        bytes.fromhex(given["network_key"]),
        bytes.fromhex(given["secret"]),
        given["valid_until_ms"],
        given["household_name"],
        given["addresses"],
        bytes.fromhex(given["record"]),
    ])  # fmt: skip
    check = hashed(content, 4, person=CHECK)
    return {"text": "P2PD1-" + base64.b32encode(content + check).decode().rstrip("=")}


def devices(given):
    community = Community(bytes.fromhex(given["genesis"]))
    community.evaluate([Record(bytes.fromhex(raw)) for raw in given["records"]])
    found: dict[tuple[bytes, bytes], str] = {}
    standing = [r for r in community.stand.values() if r.kind == 3]
    for record in sorted(standing, key=lambda record: (record.household, record.slot)):
        body = read(3, record.body)
        if body is not None:
            certified = community.members[record.household].devices
            state = "standing" if body[1] in certified else "former"
            found.setdefault((record.household, body[1]), state)
    return {"devices": [[who.hex(), key.hex(), state] for (who, key), state in found.items()]}


OPERATIONS = {
    "device_keys": keys,
    "read_device_code": read_code,
    "write_device_code": write_code,
    "devices": devices,
}
