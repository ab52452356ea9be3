"""What a proof is worth at a gate: to the millisecond, and where several reasons apply."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vector_areas import Case
from vector_world import DAY_MS, START_MS, Household, World

from protocol import gate
from protocol.envelope import Envelope
from protocol.gate import Hello
from protocol.kinds import Kind
from protocol.membership.bodies import Device, Invite
from protocol.membership.proof import judge

NOW_MS = START_MS + DAY_MS
VALID_UNTIL_MS = START_MS + 7 * DAY_MS
LATE_MS = START_MS + 400 * DAY_MS


def judged(
    world: World,
    name: str,
    rules: tuple[str, ...],
    comment: str,
    known: Sequence[Envelope],
    proof: Sequence[Envelope | bytes],
    who: Household,
    host: bytes | None = None,
    now_ms: int = NOW_MS,
) -> Case:
    """One proof, as one who holds ``known`` judges it. host: of the first device unless given."""
    host = host if host is not None else who.host()
    members = world.found().extended(known)
    raws = tuple(record if isinstance(record, bytes) else record.raw for record in proof)
    hello = Hello(now_ms, who.id, False, None, raws)
    found = judge(hello.household, host, hello.records, members, now_ms)
    expect: dict[str, object] = (
        {"refused": found} if isinstance(found, str) else {"accepted": found.member.household}
    )
    given = {
        "genesis": world.genesis.raw,
        "known": [record.raw for record in known],
        "now_ms": now_ms,
        "hello": gate.write_hello(hello),
        "host": host,
    }
    return Case(name, rules, comment, "judge", given, expect)


def tolerances() -> Iterator[Case]:
    """What is left out of a proof, and from when on."""
    world = World()
    founder, anna = world.founder, Household(2)
    founding, invite = [world.certify_device(founder)], world.invite(founder)

    def joining(**fields: Any) -> list[Envelope]:
        made = [world.certificate(anna, founder, **fields), world.certify_device(anna, **fields)]
        return [*made, invite]

    def case(name: str, comment: str, proof: Sequence[Envelope | bytes], *rules: str) -> Case:
        return judged(world, name, ("TRN-34", *rules), comment, founding, proof, anna)

    for name, comment, fields in (
        ("over-by-1-ms", "expired a millisecond ago", {"expires_at_ms": NOW_MS - 1}),
        ("over-now", "over at that very ms", {"expires_at_ms": NOW_MS}),
        ("nearly-over", "for one more ms it counts", {"expires_at_ms": NOW_MS + 1}),
        ("ten-minutes-ahead", "clocks may differ by so much", {"at_ms": NOW_MS + 600_000}),
    ):
        yield case(f"joining-{name}", comment, joining(**fields))
    over = world.certify_device(anna, expires_at_ms=NOW_MS)
    yield case(
        "joining-device-over",
        "she would stand, but has certified no device",
        [world.certificate(anna, founder), over, invite],
    )
    late: tuple[tuple[str, str, int, Household], ...] = (
        ("last-ms", "valid_until_ms itself is in time", 0, anna),
        ("late-by-1-ms", "a millisecond later", 1, anna),
        ("late-other-host", "only who would be accepted hears of the invite", 1, Household(3)),
    )
    for name, comment, late_ms, host_of in late:
        yield judged(
            world, f"joining-{name}", ("TRN-35",), comment, [*founding, invite], joining(), anna,
            host_of.host(), VALID_UNTIL_MS + late_ms,
        )  # fmt: skip
    forged = bytearray(world.certificate(anna, founder, revision=1).raw)
    forged[-1] ^= 1
    dross = [b"", b"\xff" * 40, bytes(8_193), bytes(forged), world.listing(anna).raw]
    yield case(
        "proof-with-dross",
        "nothing, nonsense, too long, forged, no membership record: left out, without harm",
        [*dross, *joining()],
        "TRN-31",
    )
    wide = [world.sign(anna, 9, bytes(5_500), slot=slot) for slot in range(3)]
    yield case(
        "proof-above-16-kib",
        "more than 16,384 bytes of records, in a hello that is short enough",
        [*wide, *joining()],
        "TRN-31",
        "MEM-24",
    )


def reasons() -> Iterator[Case]:
    """Where several reasons apply the first of TRN-34 is given; and which invite is meant."""
    world = World()
    founder, anna, ben, eva = world.founder, Household(2), Household(3), Household(4)
    invites = [world.invite(founder, uses=1), world.invite(founder, 1, days=0)]
    used = [world.certify_device(founder), *invites, *world.joined(anna, founder)]
    second = world.certify_device(anna, 1)
    revoked = [*used, world.certify_device(anna, 1, withdrawn=True, revision=1)]
    gone = world.certificate(anna, founder, withdrawn=True, revision=1)

    def case(
        name: str,
        comment: str,
        known: Sequence[Envelope],
        proof: Sequence[Envelope],
        who: Household = ben,
        **where: Any,
    ) -> Case:
        rules = ("TRN-34",)
        return judged(world, f"reason-{name}", rules, comment, known, proof, who, **where)

    out = [*revoked, world.removal(anna)]
    host = anna.host(1)
    yield case("removed-and-revoked", "removed comes first", out, [second], anna, host=host)
    yield case("left-and-revoked", "left comes first", [*revoked, gone], [second], anna, host=host)
    both = [*used, gone, world.removal(anna)]
    yield case("removed-and-left", "removed comes first", both, [gone], anna)
    yield case(
        "revoked-and-late",
        "it stands, however old the invite",
        revoked,
        [world.certificate(anna, founder), second],
        anna,
        host=host,
        now_ms=LATE_MS,
    )
    device = world.certify_device(ben)
    spent, late = world.certificate(ben, founder), world.certificate(ben, founder, 1, revision=1)
    yield case("expired-and-used-up", "one invite, both", used, [spent, device], now_ms=LATE_MS)
    yield case("used-up-then-expired", "two certificates", used, [spent, late, device])
    yield case("expired-then-used-up", "the same two", used, [late, spent, device])
    ended = world.sign(
        founder, Kind.INVITE, b"", key=world.invite_key(founder), withdrawn=True, revision=1
    )
    yield case("withdrawn", "with an empty body, as RCD-12 has it", [*used, ended], [spent, device])
    stolen = world.sign(ben, Kind.CERTIFICATE, world.certificate(eva, founder, 1).body)
    yield case("not-usable", "another's certificate shows nothing", used, [stolen, device])
    yield case("nothing-known", "whose invite it is nobody knows", [], [spent, device])
    yield from _two_of_one_key(world, ben)
    also = world.sign(
        founder, Kind.DEVICE, Device(founder.device(1).public, anna.host()).pack(), slot=1
    )
    yield judged(
        world,
        "host-named-by-two",
        ("TRN-34", "MEM-25"),
        "the founder names her host too: nobody can lock her out by that",
        [*used, also],
        [],
        anna,
    )


def _two_of_one_key(world: World, ben: Household) -> Iterator[Case]:
    """An author that gives two invites one key: the lower slot counts (MEM-15)."""
    founder = world.founder
    public, key = world.invite_secret(founder).public, world.invite_key(founder)

    def invite(slot: int, days: int, **fields: Any) -> Envelope:
        body = Invite(public, 2, START_MS + days * DAY_MS).pack()
        return world.sign(founder, Kind.INVITE, body, slot=slot, key=key, **fields)

    joining = [world.certificate(ben, founder), world.certify_device(ben)]
    for name, comment, first, other in (
        ("late", "the lower one has run out", invite(0, 7), invite(1, 700)),
        ("good", "the higher one has run out", invite(0, 700), invite(1, 7)),
        ("ended", "the lower one is withdrawn", invite(0, 7, withdrawn=True), invite(1, 700)),
    ):
        yield judged(
            world, f"two-invites-of-one-key-{name}", ("TRN-34", "TRN-35", "MEM-15"), comment,
            [world.certify_device(founder), other, first], joining, ben, now_ms=LATE_MS,
        )  # fmt: skip
