"""Vectors of chapter 04: who belongs, from a set of records in several orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from random import Random

from vector_world import HOUR_MS, START_MS, Household

from protocol.envelope import Envelope, decode
from protocol.kinds import Kind
from protocol.membership.bodies import Device
from protocol.membership.members import Members
from vector_areas import Case
from vector_areas.records import ANA, ANA_JOINED, BEN, DEVICE, EVA, FOUNDER, INVITE, WORLD


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    yield from _joining()
    yield from _leaving_and_removing()
    yield from _devices()
    yield from _trees()


def shown(members: Members) -> dict[str, object]:
    """An evaluation as the vectors have it."""
    return {
        "members": [
            [member.household, member.status.value, member.inviter, member.depth]
            for member in sorted(members.households.values(), key=lambda m: m.household)
        ],
        "removed": sorted(members.removed),
        "stand": sorted(record.id for record in members.records),
    }


def evaluate(
    name: str, rules: tuple[str, ...], comment: str, records: Sequence[Envelope], expected: str
) -> Case:
    """One set. expected: "household status inviter depth" by number, as the author means it."""
    random = Random(name)
    orders = [list(range(len(records))), list(reversed(range(len(records))))]
    for _ in range(3):
        orders.append(random.sample(orders[0], len(records)))
    outcomes = [
        shown(WORLD.found().extended([records[index] for index in order])) for order in orders
    ]
    if any(outcome != outcomes[0] for outcome in outcomes):
        raise AssertionError(f"{name}: the order matters")
    numbers = {Household(number).id: number for number in range(1, 60)}
    said = " · ".join(
        f"{numbers[m.household]} {m.status.value} {numbers[m.inviter]} {m.depth}"
        for m in sorted(
            WORLD.found().extended(records).households.values(), key=lambda m: numbers[m.household]
        )
        if m.depth
    )
    if said != expected:
        raise AssertionError(f"{name}: {said!r} instead of {expected!r}")
    return Case(
        name,
        rules,
        comment,
        "evaluate",
        {"genesis": WORLD.genesis.raw, "records": [r.raw for r in records], "orders": orders},
        outcomes[0],
    )


CERTIFICATE, ANA_DEVICE, CONFIRMATION = ANA_JOINED
BASE = [DEVICE, INVITE]
LATER_MS = START_MS + 3 * HOUR_MS


def _joining() -> Iterator[Case]:
    yield evaluate("founder-alone", ("MEM-8", "MEM-12"), "nobody else", BASE, "")
    yield evaluate(
        "example",
        ("MEM-12", "MEM-13", "MEM-17"),
        "the example of chapter 04",
        [DEVICE, INVITE, *ANA_JOINED, WORLD.invite(ANA)],
        "2 confirmed 1 1",
    )
    yield evaluate(
        "provisional",
        ("MEM-15", "MEM-16", "MEM-18"),
        "certificate and invite are enough",
        [*BASE, CERTIFICATE, ANA_DEVICE],
        "2 provisional 1 1",
    )
    yield evaluate(
        "confirmed-without-certificate",
        ("MEM-12",),
        "nobody belongs against their will",
        [*BASE, ANA_DEVICE, CONFIRMATION],
        "",
    )
    yield evaluate(
        "certificate-without-invite",
        ("MEM-15",),
        "the invite is not known",
        [DEVICE, CERTIFICATE],
        "",
    )
    yield evaluate(
        "confirmed-without-invite",
        ("MEM-12", "MEM-19"),
        "a confirmation is enough, by any invite",
        [DEVICE, CERTIFICATE, CONFIRMATION],
        "2 confirmed 1 1",
    )
    chain = [DEVICE, *ANA_JOINED, *WORLD.joined(BEN, ANA), *WORLD.joined(EVA, BEN)]
    yield evaluate(
        "chain",
        ("MEM-12",),
        "depth counts invitations",
        chain,
        "2 confirmed 1 1 · 3 confirmed 2 2 · 4 confirmed 3 3",
    )
    by_another = WORLD.confirmation(ANA, BEN)
    yield evaluate(
        "confirmed-by-another",
        ("MEM-12", "MEM-19"),
        "came by the founder's invite, Ana stands for him",
        [*BASE, *ANA_JOINED, WORLD.certificate(BEN, FOUNDER), by_another],
        "2 confirmed 1 1 · 3 confirmed 2 2",
    )
    stranger = WORLD.confirmation(BEN, EVA)
    yield evaluate(
        "confirmed-by-stranger",
        ("MEM-12",),
        "who does not belong stands for nobody",
        [DEVICE, WORLD.certify_device(BEN), WORLD.certificate(EVA, BEN), stranger],
        "",
    )
    cycle = [DEVICE, *WORLD.joined(ANA, BEN), *WORLD.joined(BEN, ANA)]
    yield evaluate("cycle", ("MEM-12",), "two who stand for each other", cycle, "")


def _leaving_and_removing() -> Iterator[Case]:
    left = WORLD.certificate(ANA, FOUNDER, withdrawn=True, revision=1)
    tree = [
        *BASE,
        *ANA_JOINED,
        WORLD.certificate(BEN, ANA),
        WORLD.certify_device(BEN),
        WORLD.confirmation(ANA, BEN),
    ]
    yield evaluate(
        "left",
        ("MEM-13", "MEM-21", "MEM-5"),
        "leaving evicts nobody",
        [*tree, left],
        "2 left 1 1 · 3 confirmed 2 2",
    )
    back = WORLD.certificate(ANA, FOUNDER, at_ms=LATER_MS)
    yield evaluate(
        "back-again",
        ("MEM-21",),
        "a later generation",
        [*tree, left, back],
        "2 confirmed 1 1 · 3 confirmed 2 2",
    )
    empty = WORLD.sign(ANA, Kind.CERTIFICATE, b"", withdrawn=True, revision=1)
    yield evaluate(
        "left-without-body",
        ("MEM-5", "MEM-9"),
        "not usable: the certificate before it stands",
        [*tree, empty],
        "2 confirmed 1 1 · 3 confirmed 2 2",
    )
    yield evaluate(
        "left-unconfirmed",
        ("MEM-16", "MEM-17"),
        "the withdrawal stands, or it would come back",
        [*BASE, CERTIFICATE, ANA_DEVICE, left, WORLD.invite(ANA)],
        "2 left 1 1",
    )
    removal = WORLD.removal(ANA)
    yield evaluate(
        "removed",
        ("MEM-10", "MEM-11", "MEM-22"),
        "and with her whom she stood for",
        [*tree, removal],
        "",
    )
    yield evaluate(
        "removed-standing",
        ("MEM-10", "MEM-12", "MEM-22"),
        "the founder answers for Ben now",
        [*tree, WORLD.removal(ANA, (BEN,))],
        "3 confirmed 1 1",
    )
    backdated = WORLD.confirmation(ANA, EVA, slot=1, at_ms=START_MS)
    yield evaluate(
        "removed-backdated",
        ("MEM-11",),
        "whenever it claims to be signed",
        [*tree, removal, WORLD.certificate(EVA, ANA), backdated],
        "",
    )
    undone = WORLD.removal(ANA, withdrawn=True, revision=1)
    yield evaluate(
        "removal-withdrawn",
        ("MEM-22",),
        "an appeal",
        [*tree, removal, undone],
        "2 confirmed 1 1 · 3 confirmed 2 2",
    )
    two = [WORLD.removal(ANA, (BEN,), slot=3), WORLD.removal(ANA, (), slot=2)]
    yield evaluate(
        "two-removals-of-one", ("MEM-10",), "the lower slot counts: nobody stays", [*tree, *two], ""
    )
    both = [WORLD.removal(ANA, (BEN,), slot=0), WORLD.removal(BEN, (), slot=1)]
    yield evaluate(
        "two-removals",
        ("MEM-10", "MEM-11"),
        "to stay after one does not help against another",
        [*tree, *both],
        "",
    )
    yield evaluate(
        "removal-by-member",
        ("MEM-10",),
        "only what stewards sign counts",
        [*tree, WORLD.removal(BEN, by=ANA)],
        "2 confirmed 1 1 · 3 confirmed 2 2",
    )
    yield evaluate(
        "founder-removed",
        ("MEM-10",),
        "the founder cannot be",
        [*tree, WORLD.removal(FOUNDER)],
        "2 confirmed 1 1 · 3 confirmed 2 2",
    )
    gone = WORLD.confirmation(FOUNDER, ANA, withdrawn=True, revision=1)
    yield evaluate(
        "confirmation-withdrawn",
        ("MEM-20",),
        "provisional again, and so is nobody below",
        [*tree, gone],
        "2 provisional 1 1",
    )


def _devices() -> Iterator[Case]:
    forged = WORLD.confirmation(FOUNDER, ANA, signer=BEN.device())
    yield evaluate(
        "confirmation-by-uncertified",
        ("MEM-8",),
        "signed by nobody's device",
        [DEVICE, CERTIFICATE, forged],
        "",
    )
    higher = WORLD.confirmation(FOUNDER, BEN, revision=9, signer=BEN.device())
    yield evaluate(
        "forged-revision",
        ("MEM-8", "RCD-17"),
        "does not displace the good one",
        [DEVICE, *ANA_JOINED, higher],
        "2 confirmed 1 1",
    )
    revoked = WORLD.certify_device(FOUNDER, withdrawn=True, revision=1)
    yield evaluate(
        "device-revoked",
        ("MEM-8", "MEM-23"),
        "what it signed is void",
        [DEVICE, *ANA_JOINED, revoked],
        "",
    )
    second = WORLD.certify_device(FOUNDER, 1)
    again = WORLD.confirmation(FOUNDER, ANA, device=1, revision=1)
    yield evaluate(
        "device-replaced",
        ("MEM-8", "MEM-23"),
        "signed again by the one that stays",
        [DEVICE, *ANA_JOINED, revoked, second, again],
        "2 confirmed 1 1",
    )
    lower = WORLD.confirmation(FOUNDER, ANA, device=1)
    higher = WORLD.confirmation(FOUNDER, BEN, revision=3)
    yield evaluate(
        "device-revoked-makes-room",
        ("MEM-8", "RCD-18"),
        "a lower revision of a certified device stands",
        [DEVICE, CERTIFICATE, ANA_DEVICE, revoked, second, lower, higher],
        "2 confirmed 1 1",
    )
    unreadable = WORLD.sign(FOUNDER, Kind.DEVICE, b"\x90", revision=1)
    yield evaluate(
        "device-unreadable",
        ("MEM-7",),
        "stands, and certifies nothing",
        [DEVICE, unreadable, *ANA_JOINED],
        "",
    )
    two = WORLD.sign(
        FOUNDER, Kind.DEVICE, Device(FOUNDER.device().public, bytes(32)).pack(), slot=5
    )
    yield evaluate(
        "device-in-two-slots",
        ("MEM-8",),
        "certified once is certified",
        [DEVICE, two, *ANA_JOINED],
        "2 confirmed 1 1",
    )
    unknown = WORLD.sign(ANA, 7, b"later")
    root = decode(WORLD.forge(unknown, ANA.root, device=ANA.id, slot=1))
    yield evaluate(
        "unknown-kinds",
        ("RCD-10", "RCD-17"),
        "of a device and of the household's key",
        [*BASE, *ANA_JOINED, unknown, root],
        "2 confirmed 1 1",
    )


def _trees() -> Iterator[Case]:
    people = [FOUNDER, *(Household(number) for number in range(10, 28))]
    chain = [DEVICE]
    for inviter, joiner in pairwise(people):
        chain += WORLD.joined(joiner, inviter)
    yield evaluate(
        "chain-too-long",
        ("MEM-12",),
        "sixteen invitations from the founder at most",
        chain,
        " · ".join(
            f"{person.number} confirmed {inviter.number} {depth}"
            for depth, (inviter, person) in enumerate(pairwise(people[:17]), 1)
        ),
    )
    deepest = people[16]
    yield evaluate(
        "chain-end-invites",
        ("MEM-15",),
        "no provisional ones below the sixteenth either",
        [*chain[: 1 + 3 * 16], WORLD.invite(deepest), WORLD.certificate(ANA, deepest)],
        " · ".join(
            f"{person.number} confirmed {inviter.number} {depth}"
            for depth, (inviter, person) in enumerate(pairwise(people[:17]), 1)
        ),
    )
    both = [
        DEVICE,
        *WORLD.joined(ANA, FOUNDER, slot=1),
        *WORLD.joined(BEN, FOUNDER),
        WORLD.certificate(EVA, FOUNDER),
        WORLD.confirmation(ANA, EVA),
        WORLD.confirmation(BEN, EVA),
    ]
    lower = min(ANA, BEN, key=lambda household: household.id)
    yield evaluate(
        "two-inviters",
        ("MEM-12",),
        "the lower id of the two is the inviter",
        both,
        f"2 confirmed 1 1 · 3 confirmed 1 1 · 4 confirmed {lower.number} 2",
    )
    nearer = [
        DEVICE,
        *ANA_JOINED,
        *WORLD.joined(BEN, ANA),
        *WORLD.joined(EVA, BEN),
        WORLD.confirmation(FOUNDER, EVA, slot=1),
    ]
    yield evaluate(
        "own-inviter-first",
        ("MEM-12",),
        "whom the certificate names comes before who is nearer",
        nearer,
        "2 confirmed 1 1 · 3 confirmed 2 2 · 4 confirmed 3 3",
    )
    adopted = [*nearer, WORLD.confirmation(BEN, EVA, withdrawn=True, revision=1)]
    yield evaluate(
        "adopted",
        ("MEM-12",),
        "its own inviter stands for it no more, another one does",
        adopted,
        "2 confirmed 1 1 · 3 confirmed 2 2 · 4 confirmed 1 1",
    )
    slots = [WORLD.confirmation(ANA, Household(10 + n), slot=n) for n in range(5)]
    certificates = [WORLD.certificate(Household(10 + n), ANA) for n in range(5)]
    yield evaluate(
        "budget",
        ("MEM-34",),
        "the charter lets a member stand for four",
        [DEVICE, *ANA_JOINED, *slots, *certificates],
        "2 confirmed 1 1 · " + " · ".join(f"{10 + n} confirmed 2 2" for n in range(4)),
    )
