"""Vectors of the gate: its messages, and what a proof is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from vector_gate import judged, reasons, tolerances
from vector_world import DAY_MS, START_MS, Household, World

from protocol import gate, wire
from protocol.envelope import Envelope
from protocol.errors import RemoteError
from protocol.gate import Hello
from protocol.kinds import Kind
from protocol.membership.members import Members
from protocol.membership.showing import proof_of
from vector_areas import Case

NOW_MS = START_MS + DAY_MS


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    yield from _answers()
    yield from _verdicts()
    yield from _judgements()
    yield from tolerances()
    yield from reasons()


def _answers() -> Iterator[Case]:
    household = Household(1).id
    hello = Hello(NOW_MS, household, False, None, (b"\x01", b"\x02"))
    numbered = tuple(b"%d" % n for n in range(65))
    long = (1, NOW_MS, household, False, None, numbered)
    messages = {
        "hello": (gate.write_hello(hello), ("TRN-31",), "a member's hello"),
        "hello-asking": (
            gate.write_hello(Hello(NOW_MS, household, True, None, ())),
            ("TRN-31", "TRN-33"),
            "a household that joins asks for the founding charter",
        ),
        "hello-with-charter": (
            gate.write_hello(Hello(NOW_MS, household, False, b"\x9e", ())),
            ("TRN-31", "TRN-33"),
            "the answer to one that asked",
        ),
        "refusal": (gate.write_refusal("removed"), ("TRN-32",), "the reason in one word"),
        "refusal-unknown": (
            wire.pack((0, "full-moon")),
            ("TRN-32",),
            "a reason of a later version is read as stranger",
        ),
        "too-many-records": (wire.pack(long), ("TRN-31",), "65 records"),
        "too-long": (
            wire.pack((1, NOW_MS, household, False, None, (bytes(18_944),))),
            ("TRN-31",),
            "longer than a hello may be",
        ),
        "household-too-short": (
            wire.pack((1, NOW_MS, household[:31], False, None, ())),
            ("TRN-31",),
            "31 bytes",
        ),
        "longest": (
            wire.pack((1, NOW_MS, household, False, None, _filled(18_944))),
            ("TRN-31", "MEM-24"),
            "18,944 bytes; that a proof has at most 16,384 binds who chooses it",
        ),
        "too-long-by-one": (
            wire.pack((1, NOW_MS, household, False, None, _filled(18_945))),
            ("TRN-31",),
            "18,945 bytes",
        ),
        "64-records": (
            wire.pack((1, NOW_MS, household, False, None, numbered[:64])),
            ("TRN-31",),
            "the most",
        ),
        "record-too-long": (
            wire.pack((1, NOW_MS, household, False, None, (bytes(8_193),))),
            ("TRN-31",),
            "no record is that long: this shows when the proof is judged",
        ),
        "genesis-too-long": (
            wire.pack((1, NOW_MS, household, False, bytes(2_049), ())),
            ("TRN-31",),
            "the same of the charter (LST-5)",
        ),
        "refusal-long": (
            wire.pack((0, "x" * 61)),
            ("TRN-32",),
            "in the place of a hello it may be as long as one",
        ),
        "not-an-array": (wire.pack(b"hello"), ("TRN-31",), "a byte string"),
        "not-canonical": (
            gate.write_hello(hello).replace(b"\x96\x01", b"\x96\xcc\x01", 1),
            ("TRN-31",),
            "the version in two bytes",
        ),
    }
    for name, (message, rules, comment) in messages.items():
        yield Case(name, rules, comment, "read-answer", {"message": message}, _read(message))


def _filled(size: int) -> tuple[bytes, ...]:
    """Three records with which a hello has ``size`` bytes."""
    empty = len(wire.pack((1, NOW_MS, Household(1).id, False, None, (bytes(8_192),) * 2)))
    return (bytes(8_192), bytes(8_192), bytes(size - empty - 3))


def _read(message: bytes) -> dict[str, object]:
    try:
        answer = gate.read_answer(message)
    except RemoteError as error:
        return {"error": error.code}
    if isinstance(answer, str):
        return {"refusal": answer}
    return {
        "now_ms": answer.now_ms,
        "household": answer.household,
        "wants_genesis": answer.wants_genesis,
        "genesis": answer.genesis,
        "records": list(answer.records),
    }


def _verdicts() -> Iterator[Case]:
    messages = {
        "verdict-yes": (gate.write_acceptance(), "the dialler accepts the listener"),
        "verdict-no": (gate.write_refusal("left"), "the dialler refuses the listener"),
        "verdict-true": (wire.pack((True,)), "true is not 1"),
        "verdict-empty": (b"", "nothing is no acceptance"),
        "verdict-64-bytes": (wire.pack((0, "x" * 60)), "the longest: an unknown reason"),
        "verdict-65-bytes": (wire.pack((0, "x" * 61)), "one byte more than is read"),
    }
    for name, (message, comment) in messages.items():
        expect: dict[str, object]
        try:
            expect = {"refusal": gate.read_verdict(message)}
        except RemoteError as error:
            expect = {"error": error.code}
        yield Case(name, ("TRN-32",), comment, "read-verdict", {"message": message}, expect)


def _judgements() -> Iterator[Case]:
    world = World()
    founder, anna = world.founder, Household(2)
    founding = [world.certify_device(founder)]
    invited = [*founding, world.invite(founder, uses=1)]
    joining = [world.certificate(anna, founder), world.certify_device(anna)]
    confirmed = [*invited, *joining, world.confirmation(founder, anna)]
    gone = [*confirmed, world.removal(anna)]

    def case(
        name: str,
        rules: tuple[str, ...],
        comment: str,
        known: Sequence[Envelope],
        proof: Sequence[Envelope],
        who: Household = anna,
        **where: Any,
    ) -> Case:
        return judged(world, name, rules, comment, known, proof, who, **where)

    second = world.certify_device(anna, 1)
    given_up = world.certify_device(anna, 1, withdrawn=True, revision=1)
    used_anew = world.certify_device(anna, 2, slot=1, at_ms=NOW_MS)
    late = START_MS + 400 * DAY_MS

    proof = _proof(world.found().extended(confirmed), anna)
    yield case(
        "member-unknown-to-me",
        ("TRN-34", "TRN-36", "TRN-37"),
        "the proof alone suffices one who knows the founding charter",
        [],
        proof,
    )
    yield case("member-known-to-me", ("TRN-34",), "no proof is needed", confirmed, [])
    yield case("founder", ("TRN-34",), "the founder's device record", [], founding, founder)
    yield case(
        "joining",
        ("TRN-34", "TRN-36"),
        "certificate, device and invite",
        founding,
        [*joining, invited[1]],
    )
    yield case(
        "joining-unknown-inviter",
        ("TRN-34",),
        "who invited is not known here",
        [],
        [*joining, invited[1]],
    )
    yield case("joining-late", ("TRN-35",), "the invite has run out", invited, joining, now_ms=late)
    yield case(
        "known-provisional-late",
        ("TRN-35",),
        "it joined in time, and still waits",
        [*invited, *joining],
        [],
        now_ms=late,
    )
    yield case(
        "joining-used-up",
        ("TRN-34",),
        "the one use of the invite is spent",
        confirmed,
        [world.certificate(Household(3), founder), world.certify_device(Household(3))],
        Household(3),
    )
    brief = {"at_ms": START_MS, "expires_at_ms": START_MS + 1_000}
    ghost = [
        world.certificate(anna, founder, **brief),
        world.certify_device(anna, **brief),
        invited[1],
    ]
    yield case(
        "joining-expired", ("TRN-34",), "a certificate that lived for a second", founding, ghost
    )
    early = {"at_ms": NOW_MS + 600_001}
    coming = [
        world.certificate(anna, founder, **early),
        world.certify_device(anna, **early),
        invited[1],
    ]
    yield case("joining-not-yet", ("TRN-34",), "a certificate of the future", founding, coming)
    yield case("removed", ("TRN-34",), "a known removal counts, whatever the proof", gone, proof)
    yield case(
        "wrong-host",
        ("TRN-34",),
        "Anna's hello, replayed by another host",
        confirmed,
        [],
        host=Household(3).host(),
    )
    yield case(
        "device-added",
        ("TRN-34", "MEM-28"),
        "a further device shows its own record only, to one who knows the household",
        confirmed,
        [second],
        host=anna.host(1),
    )
    yield case(
        "device-revoked",
        ("TRN-34", "MEM-29"),
        "it shows its certificate, whose withdrawal is known",
        [*confirmed, given_up],
        [*proof, second],
        host=anna.host(1),
    )
    yield case(
        "device-revoked-long-ago",
        ("TRN-34", "MEM-26"),
        "its slot names another by now: nobody remembers it",
        [*confirmed, used_anew],
        [*proof, second],
        host=anna.host(1),
    )
    yield case(
        "other-household",
        ("TRN-34",),
        "a member's host that claims to be the founder",
        confirmed,
        [],
        founder,
        host=anna.host(),
    )
    yield case(
        "stranger",
        ("TRN-34",),
        "a household that nobody invited",
        confirmed,
        [world.certify_device(Household(4))],
        Household(4),
    )
    forged = [proof[0], *proof[1:]]
    forged[1] = joining[1]
    yield case(
        "proof-with-gap",
        ("TRN-34",),
        "without the certificate nothing stands",
        [],
        [record for record in forged if record.kind != Kind.CERTIFICATE],
    )
    other = World(charter=replace(World().charter, name="Elsewhere", salt=bytes(16)))
    yield case(
        "other-community",
        ("TRN-34",),
        "records of another community are left out",
        [],
        [other.certify_device(founder)],
        founder,
    )


def _proof(members: Members, household: Household) -> list[Envelope]:
    return list(proof_of(household.id, members))
