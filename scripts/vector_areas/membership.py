"""Vectors of chapter 04: the bodies, usable certificates, proofs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from vector_world import START_MS, Household

from protocol.envelope import Envelope
from protocol.errors import RemoteError
from protocol.kinds import Kind
from protocol.membership.bodies import (
    Certificate,
    Device,
    certify,
    read_certificate,
    read_confirmation,
    read_device,
    read_invite,
    read_removal,
)
from protocol.membership.facts import read_fact
from protocol.membership.showing import proof_of
from protocol.wire import Value, pack
from vector_areas import Case
from vector_areas.records import ANA, ANA_JOINED, BEN, DEVICE, FOUNDER, INVITE, WORLD

_BODIES: dict[Kind, tuple[Value, ...]] = {
    Kind.CERTIFICATE: (1, FOUNDER.id, WORLD.invite_key(FOUNDER), bytes(32), bytes(64)),
    Kind.DEVICE: (1, FOUNDER.device().public, FOUNDER.host()),
    Kind.INVITE: (1, bytes(32), 3, START_MS),
    Kind.CONFIRMATION: (1, ANA.id, WORLD.invite_key(FOUNDER)),
    Kind.REMOVAL: (1, ANA.id, "Cheated.", (BEN.id,)),
}
_READERS: dict[Kind, Callable[[bytes], object]] = {
    Kind.CERTIFICATE: read_certificate,
    Kind.DEVICE: read_device,
    Kind.INVITE: read_invite,
    Kind.CONFIRMATION: read_confirmation,
    Kind.REMOVAL: read_removal,
}
_RULES = {
    Kind.CERTIFICATE: "MEM-1",
    Kind.DEVICE: "MEM-2",
    Kind.INVITE: "MEM-3",
    Kind.CONFIRMATION: "MEM-4",
    Kind.REMOVAL: "MEM-6",
}
_CHANGED: dict[str, tuple[Kind, str, dict[int, Value], bool]] = {
    "certificate-proof-short": (Kind.CERTIFICATE, "63 bytes", {4: bytes(63)}, False),
    "certificate-inviter-short": (Kind.CERTIFICATE, "31 bytes", {1: bytes(31)}, False),
    "device-host-nil": (Kind.DEVICE, "a device has a host", {2: None}, False),
    "invite-uses-0": (Kind.INVITE, "at least one", {2: 0}, False),
    "invite-uses-most": (Kind.INVITE, "a thousand", {2: 1_000}, True),
    "invite-uses-too-many": (Kind.INVITE, "one more", {2: 1_001}, False),
    "invite-valid-negative": (Kind.INVITE, "before 1970", {3: -1}, False),
    "confirmation-invite-long": (Kind.CONFIRMATION, "17 bytes", {2: bytes(17)}, False),
    "removal-none-stand": (Kind.REMOVAL, "all go", {3: ()}, True),
    "removal-without-reason": (Kind.REMOVAL, "all can read why", {2: ""}, False),
    "removal-reason-200": (Kind.REMOVAL, "the longest", {2: "ß" * 200}, True),
    "removal-reason-201": (Kind.REMOVAL, "one more", {2: "ß" * 201}, False),
    "removal-reason-escape": (Kind.REMOVAL, "steers a terminal", {2: "\x1b[2J"}, False),
    "removal-reason-line-feed": (Kind.REMOVAL, "a control character", {2: "a\nb"}, False),
    "removal-reason-decomposed": (
        Kind.REMOVAL,
        "not judged: tables of Unicode differ",
        {2: "Ga\u0308rtner "},
        True,
    ),
    "removal-233-stand": (
        Kind.REMOVAL,
        "with a reason this short its record has 8,192 bytes",
        {3: (BEN.id,) * 233},
        True,
    ),
    "removal-256-stand": (
        Kind.REMOVAL,
        "as many as the table allows: 8,762 bytes, which no record has (RCD-2)",
        {3: (BEN.id,) * 256},
        False,
    ),
    "removal-standing-short": (Kind.REMOVAL, "31 bytes", {3: (bytes(31),)}, False),
}


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    yield from _bodies()
    yield from _usable()
    yield from _proofs()


# -- bodies


def _bodies() -> Iterator[Case]:
    for kind, fields in _BODIES.items():
        name = kind.name.lower()
        yield _body(f"{name}-full", kind, "as the table says", fields, True)
        yield _body(f"{name}-field-missing", kind, "the last one left out", fields[:-1], False)
        yield _body(f"{name}-field-more", kind, "one too many", (*fields, None), False)
        yield _body(f"{name}-version-2", kind, "final: there is no other", (2, *fields[1:]), False)
    for name, (kind, comment, changed, valid) in _CHANGED.items():
        values = tuple(changed.get(i, value) for i, value in enumerate(_BODIES[kind]))
        yield _body(name, kind, comment, values, valid)


def _body(name: str, kind: Kind, comment: str, fields: tuple[Value, ...], valid: bool) -> Case:
    body = pack(fields)
    found = _reads(kind, body)
    if found is not valid:
        raise AssertionError(f"{name}: {found}")
    return Case(
        f"body-{name}",
        (_RULES[kind], "WIR-7"),
        comment,
        "body",
        {"kind": int(kind), "body": body},
        {"valid": valid},
    )


def _reads(kind: Kind, body: bytes) -> bool:
    try:
        _READERS[kind](body)
    except RemoteError:
        return False
    return True


def _usable() -> Iterator[Case]:
    secret, key = WORLD.invite_secret(FOUNDER), WORLD.invite_key(FOUNDER)
    good = WORLD.certificate(ANA, FOUNDER)
    other = certify(WORLD.community, BEN.id, FOUNDER.id, key, secret)
    elsewhere = certify(type(WORLD.community)(bytes(32)), ANA.id, FOUNDER.id, key, secret)
    small = Certificate(FOUNDER.id, key, bytes(32), bytes(64))
    for name, comment, record, usable in (
        ("good", "by the founder's invite", good, True),
        ("of-another", "copied from Ben's", certificate_with(ANA, other), False),
        ("of-other-community", "made elsewhere", certificate_with(ANA, elsewhere), False),
        ("zero-key", "a key of small order", certificate_with(ANA, small), False),
    ):
        if (read_fact(record).body is not None) is not usable:
            raise AssertionError(name)
        yield Case(
            f"usable-{name}",
            ("MEM-1",),
            comment,
            "usable",
            {"record": record.raw},
            {"usable": usable},
        )


def certificate_with(of: Household, body: Certificate, **fields: object) -> Envelope:
    return WORLD.sign(of, Kind.CERTIFICATE, body.pack(), **fields)  # type: ignore[arg-type]


# -- proofs


def _proofs() -> Iterator[Case]:
    certificate, device, _ = ANA_JOINED
    people = [FOUNDER, *(Household(number) for number in range(10, 26))]
    records = [DEVICE]
    for inviter, joiner in pairwise(people):
        records += WORLD.joined(joiner, inviter)
    deepest = people[-1]
    longest = proof_of(deepest.id, WORLD.found().extended(records))
    provisional = [DEVICE, INVITE, certificate, device]

    def case(
        name: str,
        comment: str,
        proof: Sequence[Envelope],
        of: Household,
        host: bytes,
        expected: bool,
    ) -> Case:
        found = WORLD.found().extended(proof).is_host_of(host, of.id)
        if found is not expected:
            raise AssertionError(name)
        return Case(
            f"proof-{name}",
            ("MEM-24", "MEM-25"),
            comment,
            "prove",
            {
                "genesis": WORLD.genesis.raw,
                "records": [r.raw for r in proof],
                "household": of.id,
                "host": host,
            },
            {"belongs": expected},
        )

    yield case(
        "longest-chain",
        "sixteen links to one who knows the charter only",
        longest,
        deepest,
        deepest.host(),
        True,
    )
    yield case(
        "provisional", "the invite instead of a confirmation", provisional, ANA, ANA.host(), True
    )
    yield case("other-host", "not a host of hers", provisional, ANA, BEN.host(), False)
    yield case(
        "no-link",
        "the confirmation is missing",
        [DEVICE, certificate, device],
        ANA,
        ANA.host(),
        False,
    )
    thief = WORLD.sign(ANA, Kind.DEVICE, Device(ANA.device().public, BEN.host()).pack())
    joined = [
        DEVICE,
        INVITE,
        certificate,
        thief,
        WORLD.certificate(BEN, FOUNDER),
        WORLD.certify_device(BEN),
    ]
    yield case(
        "host-named-by-two",
        "Ana names Ben's host as hers: Ben is still Ben",
        joined,
        BEN,
        BEN.host(),
        True,
    )
