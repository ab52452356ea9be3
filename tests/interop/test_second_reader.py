"""A client written from the specification alone agrees with every vector."""

from __future__ import annotations

import ast
import base64
import json
from math import asin, cos, radians, sin, sqrt
from pathlib import Path

import pytest
import second_catch_up
import second_devices
import second_exchange
import second_gate
import second_governance
import second_ledger
import second_mail
import second_moderation
import second_ranges
import second_trades
import second_values as values
import second_windows
from second_membership import Community
from second_records import Record
from second_values import Refused, encode, hashed, need, octets, public_of, read

HERE = Path(__file__).parent
AREAS = (
    "wire",
    "records",
    "listings",
    "membership",
    "evaluation",
    "provisional",
    "invite",
    "devices",
    "disputes",
    "governance",
    "ledger",
    "chains",
    "mail",
    "mail_sealed",
    "trades",
    "moderation",
    "windows",
    "reconcile",
    "gate",
    "catchup",
)
VECTORS = [
    path for area in AREAS for path in sorted((HERE.parent / "vectors" / area).glob("*.json"))
]
# Where a page ends is each side's own choice.
PAGED = ("exchange-paged-fingerprints", "exchange-paged-list", "respond-full-page")


def shown(value):
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    return [shown(item) for item in value] if isinstance(value, list) else value


def valid(check, *arguments) -> bool:
    try:
        check(*arguments)
    except Refused:
        return False
    return True


def unpack(given):
    try:
        return {"value": shown(values.unpack(bytes.fromhex(given["bytes"]), given["max_bytes"]))}
    except Refused:
        return "error"


def text(given):
    string = "".join(map(chr, given["code_points"]))
    return {"valid": values.is_text(string, given["longest"], given["shortest"], given["lines"])}


def verify(given):
    public, message, signature = (
        bytes.fromhex(given[name]) for name in ("public", "message", "signature")
    )
    return {"valid": values.verifies(public, given["purpose"].encode(), message, signature)}


def record_id(given):
    id = hashed(bytes.fromhex(given["bytes"]))
    return {"id": id.hex(), "text": base64.b32encode(id).decode().rstrip("=").lower()}


def derive(given):
    root, salt, community, network = (
        bytes.fromhex(given[name]) for name in ("root", "salt", "community", "network_key")
    )
    topic = hashed(b"", key=network, person=b"p2pm-topic").hex()[:32]
    return {
        "founder": public_of(hashed(salt, key=root, person=b"p2pm-founder")).hex(),
        "member": public_of(hashed(community, key=root, person=b"p2pm-member")).hex(),
        "backup": hashed(b"", key=root, person=b"p2pm-backup").hex(),
        "topic": f"/p2pmarket/1/{topic}",
    }


def decode(given):
    try:
        record = Record(bytes.fromhex(given["record"]))
    except Refused:
        return "error"
    fields = {**record.fields, "id": record.id, "signature_holds": record.signed()}
    del fields["version"], fields["signature"]
    return {name: v.hex() if isinstance(v, bytes) else v for name, v in fields.items()}


def supersedes(given):
    new, old = Record(bytes.fromhex(given["new"])), Record(bytes.fromhex(given["old"]))
    return {"stands": new.rank > old.rank}


def admit(given):
    community = Community(bytes.fromhex(given["genesis"]))
    community.evaluate([Record(bytes.fromhex(raw)) for raw in given["membership"]])
    raws = [bytes.fromhex(raw) for raw in given["records"]]
    verdicts = community.admit(raws, given["now_ms"])
    return {"verdicts": verdicts}


def genesis(given):
    try:
        community = Community(bytes.fromhex(given["record"]))
    except Refused:
        return {"valid": False}
    return {"valid": True, "community": community.id.hex(), "founder": community.founder.hex()}


def shows(given):
    records = [Record(bytes.fromhex(raw)) for raw in given["records"]]
    listing = next(record for record in records if record.kind == 33)
    slots = read(1, bytes.fromhex(given["charter"]))[8]
    body = read(33, listing.body)
    if listing.withdrawn or body is None or listing.slot >= slots:
        return {"shows": False, "state": 0}
    until = min(body[19], listing.created_at_ms + 90 * values.DAY)
    if given["now_ms"] >= until:
        return {"shows": False, "state": 0}
    states = [
        read(34, record.body)[2]
        for record in records
        if record.kind == 34 and not record.withdrawn and read(34, record.body)[1] == listing.key
    ]
    return {"shows": True, "state": states[0] if states else 0}


def distance(given):
    (lat_a, lon_a), (lat_b, lon_b) = (
        [radians(degrees / 10_000) for degrees in given[point]] for point in ("a", "b")
    )
    half = sin((lat_b - lat_a) / 2) ** 2
    half += cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return {"metres": round(2 * 6_371_009 * asin(sqrt(min(1, half))))}


def evaluate(given):
    records = [Record(bytes.fromhex(raw)) for raw in given["records"]]
    assert all(record.signed() for record in records)
    outcomes = []
    for order in given["orders"]:
        community = Community(bytes.fromhex(given["genesis"]))
        community.evaluate([records[index] for index in order])
        outcomes.append(community.outcome())
    assert all(outcome == outcomes[0] for outcome in outcomes)
    return outcomes[0]


def prove(given):
    community = Community(bytes.fromhex(given["genesis"]))
    records = [Record(bytes.fromhex(raw)) for raw in given["records"]]
    assert len(records) <= 64
    assert sum(len(record.raw) for record in records) <= 16_384
    community.evaluate([record for record in records if record.signed()])
    member = community.members.get(bytes.fromhex(given["household"]))
    stands = member is not None and member.status != "left"
    return {"belongs": stands and bytes.fromhex(given["host"]) in member.devices.values()}


def read_invite(given):
    try:
        compact = "".join(given["text"].split()).upper()
        need("P2PM1-" in compact)
        encoded = compact.rpartition("P2PM1-")[2]
        try:
            content = base64.b32decode(encoded + "=" * (-len(encoded) % 8))
        except ValueError:
            raise Refused from None
        packed, check = content[:-4], content[-4:]
        need(hashed(packed, 4, person=b"p2pm-check") == check)
        fields = values.unpack(packed, 2_048)
        need(type(fields) is list and len(fields) == 6 and fields[0] == 1)
        _, community, network_key, secret, addresses, raw = fields
        for value in (community, network_key, secret):
            octets(value, 32)
        values.each(addresses, 6, lambda address: need(values.is_address(address)))
        need(type(raw) is bytes)
        record = Record(raw)
        body = read(4, record.body)
        need(record.kind == 4 and record.community == community and record.signed())
        need(body is not None and body[1] == public_of(secret))
    except Refused:
        return "error"
    return {
        "community": community.hex(),
        "network_key": network_key.hex(),
        "secret": secret.hex(),
        "addresses": addresses,
        "record": raw.hex(),
    }


def write_invite(given):
    keys = [bytes.fromhex(given[name]) for name in ("community", "network_key", "secret")]
    content = encode([1, *keys, given["addresses"], bytes.fromhex(given["record"])])
    check = hashed(content, 4, person=b"p2pm-check")
    return {"text": "P2PM1-" + base64.b32encode(content + check).decode().rstrip("=")}


OPERATIONS = {
    "unpack": unpack,
    "body": lambda given: {
        "valid": valid(values.READERS[given["kind"]], bytes.fromhex(given["body"]))
    },
    "text": text,
    "language": lambda given: {"valid": values.is_language(given["string"])},
    "currency": lambda given: {"valid": values.is_currency(given["string"])},
    "verify": verify,
    "record_id": record_id,
    "derive": derive,
    "decode": decode,
    "supersedes": supersedes,
    "admit": admit,
    "genesis": genesis,
    "shows": shows,
    "distance": distance,
    "usable": lambda given: {"usable": Record(bytes.fromhex(given["record"])).usable()},
    "evaluate": evaluate,
    "prove": prove,
    "read_invite": read_invite,
    "write_invite": write_invite,
    **second_devices.OPERATIONS,
    **second_governance.OPERATIONS,
    **second_ledger.OPERATIONS,
    **second_mail.OPERATIONS,
    **second_moderation.OPERATIONS,
    **second_trades.OPERATIONS,
    **second_ranges.OPERATIONS,
    **second_exchange.OPERATIONS,
    **second_gate.OPERATIONS,
}
OF_ONE_AREA = {"catchup": second_catch_up.OPERATIONS, "windows": second_windows.OPERATIONS}


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_it_reads_the_vector_as_the_first_implementation_does(path: Path) -> None:
    vector = json.loads(path.read_text("utf-8"))
    operations = OPERATIONS | OF_ONE_AREA.get(path.parent.name, {})
    found = operations[vector["operation"]](vector["input"])
    expected = vector["expect"]
    if vector["operation"] == "reconcile":
        del expected["reason"]
    elif "error" in expected:
        assert found == "error"
        return
    if vector["operation"] == "admit":
        for verdict in expected["verdicts"]:
            if verdict[0] == "reject" and verdict[1].startswith(("wire-", "envelope-")):
                verdict[1] = "malformed"
    for parcel in expected.get("parcels", ()) if path.parent.name == "mail_sealed" else ():
        if parcel.get("error", "undecipherable") != "undecipherable":
            parcel["error"] = "refused"
    if path.stem in PAGED:
        longest = vector["input"]["max_message_bytes"]
        found, expected = (comparable(outcome, longest) for outcome in (found, expected))
    assert found == expected


def comparable(outcome, longest: int):
    """Of paged messages what another reader must have too (chapter 05 §9)."""
    messages = [bytes.fromhex(raw) for raw in outcome.get("messages", [outcome.get("reply")])]
    assert all(len(message) <= longest for message in messages)
    if "reply" in outcome:
        listed = [entry for one in second_ranges.read(messages[0]) for entry in one.entries]
        return listed[:5]  # fewer than a page holds
    return {name: sorted(outcome[name]) for name in ("have", "need")}


def test_it_imports_nothing_of_the_first_implementation() -> None:
    for path in HERE.glob("second_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & {
                "protocol",
                "node",
                "p2pmarket",
                "msgpack",
                "vodozemac",
            }


def test_there_are_vectors_of_every_area() -> None:
    assert {path.parent.name for path in VECTORS} == set(AREAS)
    assert len(VECTORS) > 400
