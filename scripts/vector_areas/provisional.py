"""Vectors of chapter 04: who is provisional, and under which invite."""

from __future__ import annotations

from collections.abc import Iterator

from vector_world import DAY_MS, START_MS, Household, key_pair

from protocol.kinds import Kind
from protocol.membership.bodies import Certificate, Invite, certify
from vector_areas import Case
from vector_areas.evaluation import ANA_DEVICE, BASE, CERTIFICATE, LATER_MS, evaluate
from vector_areas.membership import certificate_with
from vector_areas.records import ANA, ANA_JOINED, BEN, DEVICE, EVA, FOUNDER, WORLD


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    certificates = [WORLD.certificate(Household(n), FOUNDER) for n in range(10, 30)]
    numbers = sorted(range(10, 30), key=lambda n: Household(n).id)
    yield evaluate(
        "provisional-twenty",
        ("MEM-16", "INV-4"),
        "sixteen places, to the lowest ids",
        [*BASE, *certificates],
        " · ".join(f"{n} provisional 1 1" for n in sorted(numbers[:16])),
    )
    second = [
        WORLD.invite(FOUNDER, slot=1),
        WORLD.certificate(Household(numbers[-1]), FOUNDER, 1, revision=0, generation_ms=START_MS),
    ]
    expected = sorted([*numbers[:16], numbers[-1]])
    yield evaluate(
        "provisional-second-choice",
        ("MEM-16",),
        "its latest certificate has no place, an earlier one has",
        [*BASE, *certificates, *second],
        " · ".join(f"{n} provisional 1 1" for n in expected),
    )
    used = [WORLD.invite(FOUNDER, uses=1), DEVICE, *ANA_JOINED, WORLD.certificate(BEN, FOUNDER)]
    yield evaluate(
        "used-up", ("MEM-14", "MEM-15"), "one use, and Ana had it", used, "2 confirmed 1 1"
    )
    freed = WORLD.confirmation(FOUNDER, ANA, withdrawn=True, revision=1)
    yield evaluate(
        "use-freed",
        ("MEM-14", "MEM-20"),
        "nobody is confirmed: both have a place",
        [*used, freed],
        "2 provisional 1 1 · 3 provisional 1 1",
    )
    absent = WORLD.confirmation(FOUNDER, EVA, slot=1)
    yield evaluate(
        "used-by-absent",
        ("MEM-14",),
        "a confirmation uses it, whoever belongs",
        [*BASE, WORLD.invite(FOUNDER, uses=1, revision=1), absent, WORLD.certificate(BEN, FOUNDER)],
        "",
    )
    late = WORLD.certificate(BEN, FOUNDER, at_ms=START_MS + 7 * DAY_MS + 1)
    yield evaluate("too-late", ("MEM-15",), "a ms after valid_until_ms", [*BASE, late], "")
    just = WORLD.certificate(BEN, FOUNDER, at_ms=START_MS + 7 * DAY_MS)
    yield evaluate("last-ms", ("MEM-15",), "valid until then", [*BASE, just], "3 provisional 1 1")
    backdated = WORLD.certificate(
        BEN, FOUNDER, at_ms=START_MS + 30 * DAY_MS, generation_ms=START_MS
    )
    yield evaluate(
        "backdated",
        ("MEM-15",),
        "an honest clock cannot be proven; withdrawing the invite helps",
        [*BASE, backdated],
        "3 provisional 1 1",
    )
    withdrawn = WORLD.invite(FOUNDER, withdrawn=True, revision=1)
    yield evaluate(
        "invite-withdrawn",
        ("MEM-15", "INV-4"),
        "provisional ones go, confirmed ones stay",
        [*BASE, withdrawn, *ANA_JOINED, backdated],
        "2 confirmed 1 1",
    )
    body = Certificate(FOUNDER.id, WORLD.invite_key(FOUNDER), key_pair(9).public, bytes(64))
    own = certify(WORLD.community, BEN.id, FOUNDER.id, WORLD.invite_key(FOUNDER), key_pair(9))
    yield evaluate(
        "other-secret",
        ("MEM-15",),
        "usable, but with a secret of his own",
        [*BASE, certificate_with(BEN, own)],
        "",
    )
    yield evaluate(
        "proof-broken", ("MEM-1", "MEM-9"), "not usable", [*BASE, certificate_with(BEN, body)], ""
    )
    of_provisional = [
        *BASE,
        CERTIFICATE,
        ANA_DEVICE,
        WORLD.invite(ANA),
        WORLD.certificate(BEN, ANA),
        WORLD.confirmation(ANA, BEN),
    ]
    yield evaluate(
        "invited-by-provisional",
        ("MEM-15", "MEM-17"),
        "whom nobody stands for stands for nobody",
        of_provisional,
        "2 provisional 1 1",
    )
    left = WORLD.certificate(ANA, FOUNDER, withdrawn=True, revision=1)
    yield evaluate(
        "invited-by-left",
        ("MEM-15",),
        "her invite ended when she left",
        [*BASE, *ANA_JOINED, left, WORLD.invite(ANA), WORLD.certificate(BEN, ANA)],
        "2 left 1 1",
    )
    elsewhere = WORLD.certificate(BEN, ANA, revision=1)
    yield evaluate(
        "certificate-without-place",
        ("MEM-9", "MEM-16", "RCD-19"),
        "the one with a place stands",
        [*BASE, WORLD.certificate(BEN, FOUNDER), elsewhere],
        "3 provisional 1 1",
    )
    same_key = [
        WORLD.invite(FOUNDER, slot=1, key=WORLD.invite_key(FOUNDER)),
        WORLD.sign(
            FOUNDER,
            Kind.INVITE,
            Invite(key_pair(9).public, 2, LATER_MS).pack(),
            slot=0,
            key=WORLD.invite_key(FOUNDER),
            revision=1,
        ),
    ]
    other_public = WORLD.certificate(BEN, FOUNDER)
    yield evaluate(
        "two-invites-one-key",
        ("MEM-15",),
        "the lower slot counts, and names another secret",
        [DEVICE, *same_key, other_public],
        "",
    )
