"""Vectors of chapter 02: the envelope, registers, admission."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vector_world import DAY_MS, HOUR_MS, START_MS, Household, World, thing_key

from protocol.admission import Admit, Ignore, Park, Reject, admit_all
from protocol.envelope import Envelope, decode, supersedes
from protocol.errors import RemoteError
from protocol.kinds import Kind
from protocol.signing import Purpose
from protocol.wire import pack
from vector_areas import Case

NOW_MS = START_MS + 2 * HOUR_MS
_AT_MS = START_MS + HOUR_MS

WORLD = World()
FOUNDER = WORLD.founder
DEVICE = WORLD.certify_device(FOUNDER)
INVITE = WORLD.invite(FOUNDER)
ANA, BEN, EVA = Household(2), Household(3), Household(4)
ANA_JOINED = WORLD.joined(ANA, FOUNDER)
BEN_PROVISIONAL = [WORLD.certificate(BEN, FOUNDER), WORLD.certify_device(BEN)]
KNOWN = [DEVICE, INVITE, *ANA_JOINED, *BEN_PROVISIONAL]


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    yield from _decoded()
    yield from _malformed()
    yield from _precedence()
    yield from _admission()
    yield from _membership_admission()


# -- reading


def _decoded() -> Iterator[Case]:
    listing = WORLD.listing(FOUNDER)
    yield _decode("example", ("RCD-1", "RCD-3", "CON-5"), "the example of chapter 02", listing.raw)
    yield _decode("genesis", ("RCD-1", "RCD-7"), "no community yet", WORLD.genesis.raw)
    edges: dict[str, tuple[str, dict[str, object]]] = {
        "shortest-life": ("RCD-4", {"expires_at_ms": _AT_MS + 1}),
        "content-longest-life": ("RCD-4", {"expires_at_ms": _AT_MS + 91 * DAY_MS}),
        "generation-now": ("RCD-5", {"generation_ms": _AT_MS}),
        "revision-16-at-once": ("RCD-6", {"revision": 16}),
        "revision-by-time": ("RCD-6", {"generation_ms": _AT_MS - 1_000, "revision": 26}),
        "empty-body": ("RCD-8", {"body": b""}),
        "body-of-nonsense": ("RCD-8", {"body": b"\xff\xff"}),
    }
    for name, (rule, fields) in edges.items():
        raw = WORLD.forge(listing, FOUNDER.device(), **fields)
        yield _decode(name, (rule,), "at the edge of what is allowed", raw)
    unknown = WORLD.sign(FOUNDER, 36, pack(("later",)))
    yield _decode("unknown-kind", ("RCD-10",), "well-formed, whatever it is", unknown.raw)
    root = WORLD.forge(unknown, FOUNDER.root, device=FOUNDER.id, kind=7)
    yield _decode("unknown-kind-root-signed", ("RCD-7",), "either key, in kinds not known", root)
    durable = WORLD.sign(FOUNDER, 128, b"", expires_at_ms=_AT_MS + 3_653 * DAY_MS)
    yield _decode("durable-longest-life", ("RCD-4",), "ten years", durable.raw)
    for kind in (36, 39, 128, 131):
        room = 1_024 - len(WORLD.sign(FOUNDER, kind, bytes(300)).raw) + 300
        for size, name in ((room, "longest"), (room + 1, "too-long")):
            small = WORLD.forge(WORLD.sign(FOUNDER, kind, b""), FOUNDER.device(), body=bytes(size))
            yield _decode(f"kind-{kind}-{name}", ("RCD-2",), "a kind of small records", small)
    flipped = bytearray(listing.raw)
    flipped[-1] ^= 1
    yield _decode("signature-broken", ("RCD-3", "RCD-8"), "form is fine", bytes(flipped))
    other = FOUNDER.device().sign(Purpose.INVITE, listing.raw[1:-66])
    yield _decode(
        "signature-of-other-purpose", ("RCD-3",), "not for records", listing.raw[:-64] + other
    )
    array = FOUNDER.device().sign(Purpose.RECORD, listing.raw[:-66])
    yield _decode(
        "signature-with-array-head", ("RCD-3",), "9e is not signed", listing.raw[:-64] + array
    )


def _decode(name: str, rules: tuple[str, ...], comment: str, raw: bytes) -> Case:
    try:
        record = decode(raw)
    except RemoteError as error:
        return Case(name, rules, comment, "decode", {"record": raw}, {"error": error.code})
    return Case(name, rules, comment, "decode", {"record": raw}, {
        "id": record.id,
        "community": record.community,
        "kind": record.kind,
        "household": record.household,
        "device": record.device,
        "slot": record.slot,
        "key": record.key,
        "generation_ms": record.generation_ms,
        "revision": record.revision,
        "created_at_ms": record.created_at_ms,
        "expires_at_ms": record.expires_at_ms,
        "withdrawn": record.withdrawn,
        "body": record.body,
        "signature_holds": record.signature_holds(),
    })  # fmt: skip


def _malformed() -> Iterator[Case]:
    listing, device = WORLD.listing(FOUNDER), FOUNDER.device()
    fields: dict[str, tuple[str, str, dict[str, object]]] = {
        "version-0": ("RCD-1", "there is only 1", {"version": 0}),
        "version-2": ("RCD-1", "there is only 1", {"version": 2}),
        "version-true": ("RCD-1", "true is not 1", {"version": True}),
        "community-short": ("RCD-1", "31 bytes", {"community": bytes(31)}),
        "community-string": ("RCD-1", "a string is not bytes", {"community": "a" * 32}),
        "kind-0": ("RCD-1", "kinds begin at 1", {"kind": 0}),
        "kind-192": ("RCD-1", "and end at 191", {"kind": 192}),
        "household-long": ("RCD-1", "33 bytes", {"household": bytes(33)}),
        "key-long": ("RCD-1", "17 bytes", {"key": bytes(17)}),
        "slot-negative": ("RCD-2", "slots begin at 0", {"slot": -1}),
        "slot-nil": ("RCD-1", "nil is not 0", {"slot": None}),
        "slot-too-high": ("RCD-2", "2^48", {"slot": 2**48}),
        "time-too-late": ("RCD-2", "2^48", {"created_at_ms": 2**48, "expires_at_ms": 2**48 + 1}),
        "withdrawn-1": ("RCD-1", "1 is not true", {"withdrawn": 1}),
        "body-array": ("RCD-1", "the body is bytes, not an array", {"body": (1,)}),
        "expires-when-created": ("RCD-4", "no life at all", {"expires_at_ms": _AT_MS}),
        "expires-before-created": ("RCD-4", "less than none", {"expires_at_ms": _AT_MS - 1}),
        "expires-too-late": (
            "RCD-4",
            "a day and a ms too long",
            {"expires_at_ms": _AT_MS + 91 * DAY_MS + 1},
        ),
        "generation-after-created": (
            "RCD-5",
            "edited before it was published",
            {"generation_ms": _AT_MS + 1},
        ),
        "revision-17-at-once": ("RCD-6", "one more than the free ones", {"revision": 17}),
        "revision-jump": (
            "RCD-6",
            "26 would do after a second",
            {"generation_ms": _AT_MS - 1_000, "revision": 27},
        ),
        "revision-jump-rounded": (
            "RCD-6",
            "99 ms are not yet one",
            {"generation_ms": _AT_MS - 99, "revision": 17},
        ),
        "revision-last": (
            "RCD-6",
            "time enough, but beyond 2^32 - 1",
            {
                "created_at_ms": 2**47,
                "expires_at_ms": 2**47 + 1,
                "generation_ms": 0,
                "revision": 2**32,
            },
        ),
    }
    for name, (rule, comment, changed) in fields.items():
        yield _decode(
            f"refused-{name}", (rule, "RCD-8"), comment, WORLD.forge(listing, device, **changed)
        )
    yield _decode(
        "refused-listing-root-signed",
        ("RCD-7",),
        "the household's key signs no listings",
        WORLD.forge(listing, FOUNDER.root, device=FOUNDER.id),
    )
    for kind in (Kind.CHARTER, Kind.CERTIFICATE, Kind.DEVICE):
        yield _decode(
            f"refused-kind-{int(kind)}-by-device",
            ("RCD-7",),
            "only the household's own key may",
            WORLD.forge(listing, device, kind=int(kind)),
        )
    raw = listing.raw
    yield _decode("refused-13-fields", ("RCD-1",), "one is missing", b"\x9d" + raw[1:-66])
    yield _decode("refused-15-fields", ("RCD-1",), "one too many", b"\x9f" + raw[1:] + b"\xc0")
    yield _decode("refused-trailing", ("WIR-5", "RCD-8"), "a byte too many", raw + b"\x00")
    yield _decode("refused-cut", ("WIR-5", "RCD-8"), "the last byte is missing", raw[:-1])
    yield _decode("refused-nothing", ("WIR-5", "RCD-8"), "no bytes", b"")
    yield _decode("refused-map", ("WIR-1", "RCD-8"), "a map of fields", b"\x81\x01\x01")
    long_version = b"\x9e\xcc\x01" + raw[2:]
    yield _decode("refused-version-in-two-bytes", ("WIR-2", "RCD-8"), "not shortest", long_version)
    head = b"\xdc\x00\x0e" + raw[1:]
    yield _decode("refused-array-head-in-three-bytes", ("WIR-2", "RCD-8"), "not shortest", head)
    for size, name in ((8_192, "longest"), (8_193, "refused-too-long")):
        body = bytes(size - len(WORLD.forge(listing, device, body=bytes(1_000))) + 1_000)
        yield _decode(name, ("RCD-2",), f"{size} bytes", WORLD.forge(listing, device, body=body))


# -- registers


def _precedence() -> Iterator[Case]:
    later_ms = _AT_MS + HOUR_MS
    first = WORLD.listing(ANA)
    edit = WORLD.listing(ANA, "Cot, white", revision=1)
    last = WORLD.listing(ANA, "Cot, white, sold", revision=16)
    withdrawn = WORLD.sign(ANA, Kind.LISTING, b"", withdrawn=True, key=first.key)
    again = WORLD.listing(ANA, "Bike", at_ms=later_ms, key=thing_key(9))
    backdated = WORLD.sign(
        ANA, Kind.LISTING, edit.body, at_ms=later_ms, generation_ms=_AT_MS, revision=1
    )
    withdrawn_again = WORLD.sign(ANA, Kind.LISTING, b"", withdrawn=True, revision=1)
    pairs = {
        "edit": ("the higher revision", edit, first),
        "withdrawal-beats-edit": ("a withdrawal without having seen the edits", withdrawn, last),
        "edit-after-withdrawal": ("what comes late does not come back", last, withdrawn),
        "later-generation-beats-withdrawal": ("the slot is in use again", again, withdrawn),
        "later-generation-beats-edit": ("revisions count within a generation", again, last),
        "created-later": ("when it was signed has no say: the ids decide", backdated, edit),
        "withdrawn-twice": ("both are withdrawn, so the revision", withdrawn_again, withdrawn),
    }
    for name, (comment, new, old) in pairs.items():
        for suffix, one, other in (("", new, old), ("-turned", old, new)):
            yield Case(
                f"supersedes-{name}{suffix}",
                ("RCD-11",),
                comment,
                "supersedes",
                {"new": one.raw, "old": other.raw},
                {"stands": supersedes(one, other)},
            )


# -- admission


def verdicts(
    records: Sequence[bytes],
    known: Sequence[Envelope] = KNOWN,
    now_ms: int = NOW_MS,
    world: World = WORLD,
) -> list[list[str | None]]:
    """What ``admit_all`` says, as the vectors have it."""
    members = world.found().extended(known)
    shown: list[list[str | None]] = []
    for verdict in admit_all(records, now_ms, members)[0]:
        match verdict:
            case Admit():
                shown.append(["admit", None])
            case Park(reason) | Ignore(reason) | Reject(reason):
                shown.append([type(verdict).__name__.lower(), reason])
    return shown


def _admit(
    name: str,
    rules: tuple[str, ...],
    comment: str,
    records: Sequence[bytes],
    expected: Sequence[str],
    known: Sequence[Envelope] = KNOWN,
    now_ms: int = NOW_MS,
) -> Case:
    """One admission. expected: the verdicts and reasons that the specification gives."""
    found = verdicts(records, known, now_ms)
    said = [" ".join(part for part in verdict if part) for verdict in found]
    if said != list(expected):
        raise AssertionError(f"{name}: {said} instead of {expected}")
    return Case(
        f"admit-{name}",
        rules,
        comment,
        "admit",
        {
            "genesis": WORLD.genesis.raw,
            "membership": [record.raw for record in known],
            "now_ms": now_ms,
            "records": list(records),
        },
        {"verdicts": found},
    )


def _admission() -> Iterator[Case]:
    listing = WORLD.listing(ANA)
    raw = listing.raw

    def one(name: str, rule: str, comment: str, raw: bytes, expected: str, **more: int) -> Case:
        return _admit(name, (rule, "RCD-22"), comment, [raw], [expected], **more)  # type: ignore[arg-type]

    yield one("listing", "RCD-17", "a member's device, a free slot", raw, "admit")
    yield one("malformed", "RCD-8", "line 1", raw + b"\x00", "reject wire-malformed")
    yield one("genesis", "RCD-22", "line 2: everybody has it", WORLD.genesis.raw, "ignore genesis")
    stranger = WORLD.forge(listing, ANA.device(), community=bytes(range(32)))
    yield one("other-community", "RCD-22", "line 3", stranger, "reject other-community")
    last = WORLD.listing(ANA, slot=39).raw
    yield one("last-slot", "RCD-15", "4 x 10 listings", last, "admit")
    beyond = WORLD.listing(ANA, slot=40).raw
    yield one("slot-beyond", "RCD-15", "line 4", beyond, "reject slot")
    unknown = WORLD.listing(EVA, slot=40).raw
    yield one(
        "slot-beyond-of-stranger", "RCD-15", "line 4 comes before line 11", unknown, "reject slot"
    )
    flipped = bytearray(raw)
    flipped[-20] ^= 8
    yield one("signature", "RCD-8", "line 7", bytes(flipped), "reject signature")
    end_ms = listing.expires_at_ms
    yield one(
        "expired", "RCD-20", "line 6, from that very ms on", raw, "ignore expired", now_ms=end_ms
    )
    yield one("nearly-expired", "RCD-20", "a ms before", raw, "admit", now_ms=end_ms - 1)
    yield one(
        "expired-forged",
        "RCD-22",
        "line 6 comes before line 7",
        bytes(flipped),
        "ignore expired",
        now_ms=end_ms,
    )
    ahead = WORLD.listing(ANA, at_ms=NOW_MS + 600_001).raw
    yield one("not-yet", "RCD-22", "line 8", ahead, "park not-yet")
    just = WORLD.listing(ANA, at_ms=NOW_MS + 600_000).raw
    yield one("ten-minutes-ahead", "RCD-22", "clocks differ", just, "admit")
    yield one(
        "unknown-household", "RCD-17", "line 11", WORLD.listing(EVA).raw, "park unknown-household"
    )
    uncertified = WORLD.listing(ANA, device=1).raw
    yield one("uncertified-device", "RCD-17", "line 13", uncertified, "park unknown-device")
    neighbour = WORLD.listing(ANA, signer=FOUNDER.device()).raw
    yield one("device-of-another", "RCD-17", "line 13", neighbour, "park unknown-device")
    zero = WORLD.forge(listing, ANA.device(), device=bytes(32))
    yield one("zero-device", "CON-8", "verifies under a careless library", zero, "reject signature")
    small = WORLD.forge(listing, ANA.device(), device=(1).to_bytes(32, "little"))
    yield one("small-order-device", "CON-8", "the same", small, "reject signature")
    fifth = WORLD.listing(BEN, slot=4).raw
    yield one(
        "provisional-last-slot",
        "RCD-15",
        "five listings before anybody stands for him",
        fifth,
        "admit",
    )
    sixth = WORLD.listing(BEN, slot=5).raw
    yield one("provisional-slot-beyond", "RCD-15", "line 12", sixth, "park provisional")
    other = WORLD.sign(BEN, 36, b"").raw
    yield one("provisional-unknown-kind", "RCD-15", "line 12", other, "park provisional")
    numbers = {
        7: 16, 8: 16, 10: 16, 11: 16, 31: 16, 36: 512, 39: 512, 40: 32, 41: 32, 42: 32, 43: 32,
        44: 32, 127: 32, 128: 4_096, 131: 4_096, 132: 32, 191: 32, 32: 1, 35: 8,
    }  # fmt: skip
    for kind, slots in numbers.items():
        rule = "RCD-10" if kind not in (32, 35) else "RCD-15"
        inside, outside = (WORLD.sign(ANA, kind, b"?", slot=s).raw for s in (slots - 1, slots))
        yield _admit(
            f"kind-{kind}-slots",
            (rule, "RCD-15", "RCD-16"),
            f"{slots} slots, now and for ever",
            [inside, outside],
            ["admit", "reject slot"],
        )
    labels = [WORLD.sign(BEN, 41, b"?", slot=slot).raw for slot in (0, 31, 32)]
    yield _admit(
        "provisional-labels",
        ("RCD-15", "RCD-22"),
        "none before anybody stands for him; line 4 comes before line 12",
        labels,
        ["park provisional", "park provisional", "reject slot"],
    )
    nonsense = WORLD.sign(ANA, Kind.LISTING, b"\xff").raw
    yield one("unreadable-body", "RCD-10", "stands, and is not shown", nonsense, "admit")
    root = WORLD.forge(WORLD.sign(ANA, 36, b""), ANA.root, device=ANA.id)
    yield one(
        "root-signed-content",
        "RCD-17",
        "the household's key is no device",
        root,
        "park unknown-device",
    )


def _membership_admission() -> Iterator[Case]:
    eva = WORLD.joined(EVA, FOUNDER, slot=1)
    eva_listing = WORLD.listing(EVA)
    yield _admit(
        "together",
        ("RCD-23",),
        "the listing comes first, its author's membership with it",
        [eva_listing.raw, *(record.raw for record in reversed(eva))],
        ["admit"] * 4,
    )
    yield _admit(
        "certificate-without-invite",
        ("RCD-22", "RCD-24"),
        "line 11: the invite may still come",
        [eva[0].raw],
        ["park unknown-household"],
        known=[DEVICE],
    )
    ana_invite = WORLD.invite(ANA)
    yield _admit(
        "invite-of-member",
        ("RCD-22",),
        "line 9",
        [ana_invite.raw],
        ["admit"],
    )
    forged = WORLD.invite(ANA, device=1, revision=5).raw
    yield _admit(
        "invite-by-uncertified-device",
        ("RCD-17", "MEM-8"),
        "does not displace the one that stands",
        [forged, ana_invite.raw],
        ["park unknown-device", "admit"],
    )
    yield _admit(
        "invite-of-provisional",
        ("RCD-15",),
        "line 12",
        [WORLD.invite(BEN).raw],
        ["park provisional"],
    )
    older = WORLD.invite(ANA, uses=1)
    newer = WORLD.invite(ANA, uses=3, revision=1)
    yield _admit(
        "superseded",
        ("RCD-22",),
        "line 14",
        [older.raw, newer.raw],
        ["ignore superseded", "admit"],
    )
    elsewhere = WORLD.certificate(BEN, ANA, revision=1)
    yield _admit(
        "certificate-without-place",
        ("RCD-22", "MEM-9"),
        "line 15: it names an invite that nobody has seen",
        [elsewhere.raw],
        ["park no-place"],
    )
    removal = WORLD.removal(ANA)
    yield _admit(
        "removed",
        ("RCD-22", "MEM-11"),
        "line 5",
        [WORLD.listing(ANA).raw],
        ["ignore removed"],
        known=[*KNOWN, removal],
    )
    yield _admit(
        "removed-together",
        ("RCD-22", "RCD-23"),
        "line 10",
        [WORLD.listing(ANA).raw, removal.raw],
        ["ignore removed", "admit"],
    )
    yield _admit(
        "removal-by-member",
        ("RCD-15",),
        "a member has fewer slots than the founder",
        [WORLD.removal(BEN, slot=128, by=ANA).raw],
        ["reject slot"],
    )
    left = WORLD.certificate(ANA, FOUNDER, withdrawn=True, revision=1)
    yield _admit(
        "left",
        ("RCD-22", "RCD-17"),
        "line 16",
        [left.raw, WORLD.listing(ANA).raw, ana_invite.raw],
        ["admit", "ignore left", "admit"],
    )
    revoked = WORLD.certify_device(ANA, withdrawn=True, revision=1)
    yield _admit(
        "revoked-device",
        ("RCD-17", "RCD-18"),
        "what it signed before counts no more either",
        [revoked.raw, WORLD.listing(ANA).raw],
        ["admit", "park unknown-device"],
    )
    second = WORLD.certify_device(ANA, 1)
    by_second = WORLD.invite(ANA, device=1, uses=1)
    yield _admit(
        "revoked-device-makes-room",
        ("RCD-18", "MEM-8"),
        "its last word is no obstacle",
        [revoked.raw, second.raw, by_second.raw],
        ["admit", "admit", "admit"],
        known=[*KNOWN, WORLD.invite(ANA, uses=2, revision=3)],
    )
