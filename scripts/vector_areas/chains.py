"""Vectors of chapter 10: ledgers good and bad, forks, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import vector_credit
from vector_ledger import (
    ANA,
    BEN,
    CEM,
    FOUNDER,
    STRANGER,
    WORLD,
    Chain,
    co_signed,
    members,
    membership,
    receipt,
    review,
    traded,
)
from vector_world import DAY_MS, START_MS, Household

from protocol.envelope import Envelope, decode
from protocol.ids import RecordId
from protocol.kinds import Kind
from protocol.ledger import trust
from protocol.ledger.chain import Seen, verify
from protocol.ledger.counting import dated, once_a_trade
from protocol.ledger.entry import Adoption, Content, Entry, PrivateReceipt, read_entry
from protocol.ledger.forks import accuses, fork_of, read_fork_proof
from protocol.ledger.receipt import CoSigned, Outcome
from protocol.membership.bodies import Removal, Signer
from protocol.wire import pack
from vector_areas import Case

PRIVATE = PrivateReceipt(bytes(range(32)))
LOST_AT_MS = START_MS + 400 * DAY_MS


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    yield from _chains()
    yield from _receipts_in_chains()
    yield from _reviews()
    yield from _adoptions()
    yield from _forks()
    yield from vector_credit.cases()
    yield from _facts()


# -- chains


def _chain(of: Household = ANA, partner: Household = BEN, device: int = 0) -> Chain:
    chain = Chain(of, device)
    chain.link(traded(of, partner, 0))
    chain.link(traded(of, partner, 1))
    chain.link(PRIVATE)
    chain.link(review(traded(of, partner, 0), of))
    return chain


def _seen(records: Sequence[Envelope]) -> list[Seen]:
    return [Seen(r.device, read_entry(r.body).index, r.id) for r in records]


def _verify(
    name: str,
    rules: tuple[str, ...],
    comment: str,
    records: Sequence[Envelope],
    flaws: Sequence[str],
    *more: Envelope,
    of: Household = ANA,
    seen: Sequence[Seen] = (),
    proofs: Sequence[Envelope] = (),
) -> Case:
    """flaws: what must be found, by name."""
    known = [*membership(), *more]
    forks = [fork for proof in proofs if (fork := read_fork_proof(proof)) is not None]
    report = verify(of.id, records, members(*more), seen, forks)
    found = [[f.flaw.value, f.device, f.index] for f in report.findings]
    if [flaw for flaw, _, _ in found] != list(flaws):
        raise AssertionError(f"{name}: {found}")
    return Case(
        f"verify-{name}",
        rules,
        comment,
        "verify_ledger",
        {
            "genesis": WORLD.genesis.raw,
            "membership": [record.raw for record in known],
            "household": of.id,
            "records": [record.raw for record in records],
            "seen": [[entry.device, entry.index, entry.id] for entry in seen],
            "proofs": [proof.raw for proof in proofs],
        },
        {
            "heads": [[d, head.count, head.id] for d, head in sorted(report.heads.items())],
            "receipts": sorted(report.receipts),
            "private": report.private,
            "reviews": sorted([p.review.receipt, p.review.about] for p in report.reviews),
            "adoptions": [[a.device, a.count] for a in report.adoptions],
            "findings": found,
            "sound": report.sound,
        },
    )


def _chains() -> Iterator[Case]:
    whole = _chain().records
    rules = ("LED-15", "LED-16")
    yield _verify("example", ("LED-13", "LED-15", "LED-16", "LED-22"), "four links, all well",
                  whole, [])  # fmt: skip
    yield _verify("turned", rules, "in any order, and one twice", [*whole[::-1], whole[0]], [])
    yield _verify("nothing", rules, "no links, no flaws", [], [])
    yield _verify("gap", rules, "the second link is hidden", [whole[0], *whole[2:]], ["gap"])
    yield _verify("gap-first", rules, "the first link, and with it a review's receipt", whole[1:],
                  ["gap", "no-receipt"])  # fmt: skip
    yield _verify("end-hidden", rules, "nobody who sees this only can tell", whole[:3], [])
    yield _verify("end-hidden-seen", ("LED-17",), "who has seen the fourth can", whole[:3], ["gap"],
                  seen=_seen(whole))  # fmt: skip
    other = Chain(ANA)
    for trade in range(5, 7):
        other.link(traded(ANA, BEN, trade))
    yield _verify("rewritten", ("LED-17",), "another chain than was seen", other.records,
                  ["fork", "fork", "gap", "gap"], seen=_seen(whole))  # fmt: skip
    body = Entry(1, whole[0].id, traded(ANA, CEM, 9)).pack()
    changed = WORLD.sign(ANA, Kind.LEDGER, body, slot=8, at_ms=whole[1].created_at_ms)
    yield _verify("changed", rules, "another second link: the third names the first one",
                  [whole[0], changed, *whole[2:]], ["broken"])  # fmt: skip
    beside = WORLD.sign(ANA, Kind.LEDGER, body, slot=1)
    yield _verify("fork", rules, "two second links", [*whole, beside], ["fork"])
    withdrawn = WORLD.sign(ANA, Kind.LEDGER, b"", slot=8, withdrawn=True)
    yield _verify("withdrawn", rules, "a withdrawn link is no link",
                  [whole[0], withdrawn, *whole[2:]], ["unreadable", "gap"])  # fmt: skip
    yield from _found_once(whole, beside)
    later = WORLD.sign(ANA, Kind.LEDGER, pack((2, 0, bytes(32), (2, bytes(32)))), slot=100)
    yield _verify("unreadable", rules, "of a later version", [*whole, later], ["unreadable"])
    forged = WORLD.forge(whole[1], BEN.device(), device=whole[1].device)
    yield _verify("forged", ("LED-15",), "Ben signed it in her name",
                  [whole[0], decode(forged), *whole[2:]], ["signature", "gap"])  # fmt: skip
    foreign = Chain(ANA, 1)
    foreign.link(traded())
    yield _verify("foreign-device", ("LED-15",), "a device that she has not certified",
                  foreign.records, ["foreign-device"])  # fmt: skip
    second = _chain(ANA, CEM, 1).records
    yield _verify("two-devices", rules, "two devices, two chains", [*whole, *second], [],
                  WORLD.certify_device(ANA, 1))  # fmt: skip
    yield _verify("another-s", ("LED-15",), "Ben's links are not in Ana's ledger",
                  [*whole, *_chain(BEN, CEM).records], [])  # fmt: skip


def _found_once(whole: Sequence[Envelope], beside: Envelope) -> Iterator[Case]:
    """Findings are a set: by device, index and name. beside: another second link."""
    rules, seen = ("LED-16", "LED-17"), _seen(whole)
    yield _verify("gap-seen", rules, "hidden in the middle, and remembered: found once",
                  [whole[0], *whole[2:]], ["gap"], seen=seen)  # fmt: skip
    yield _verify("end-hidden-seen-once", rules, "of a long end only the fourth was seen",
                  whole[:1], ["gap"], seen=seen[3:])  # fmt: skip
    yield _verify("nothing-seen", rules, "all is hidden from who has seen it", [],
                  ["gap"] * 4, seen=seen)  # fmt: skip
    lost = WORLD.certify_device(ANA, withdrawn=True, revision=1)
    yield _verify("nothing-seen-withdrawn", ("LED-17",), "of a device that was given up", [], [],
                  lost, seen=seen)  # fmt: skip
    fork = fork_of(whole[1], beside)
    assert fork is not None
    proof = WORLD.sign(CEM, Kind.FORK_PROOF, fork.pack())
    third = Seen(whole[1].device, 1, RecordId(bytes(32)))
    yield _verify("fork-found-thrice", (*rules, "LED-21"), "in the chain, remembered, proven: once",
                  [*whole, beside], ["fork"], seen=[third], proofs=[proof])  # fmt: skip
    body = Entry(1, RecordId(bytes([7] * 32)), traded(ANA, CEM, 9)).pack()
    strange = WORLD.sign(ANA, Kind.LEDGER, body, slot=1)
    yield _verify("fork-and-broken", rules, "two flaws at one index, by name",
                  [*whole, strange], ["broken", "fork"])  # fmt: skip


def _receipts_in_chains() -> Iterator[Case]:
    rules = ("LED-12", "LED-18", "LED-34")
    body = WORLD.certify_device(BEN).body
    lost = WORLD.sign(BEN, Kind.DEVICE, body, withdrawn=True, revision=1, at_ms=LOST_AT_MS,
                      generation_ms=WORLD.certify_device(BEN).generation_ms)  # fmt: skip
    forgotten = WORLD.sign(BEN, Kind.DEVICE, b"", withdrawn=True, revision=1)
    good = traded()
    swapped = CoSigned(
        good.receipt,
        good.seeker_device,
        good.seeker_signature,
        good.publisher_device,
        good.publisher_signature,
    )
    half = replace(good, seeker_signature=good.publisher_signature)

    def case(
        name: str, comment: str, signed: CoSigned, flaws: Sequence[str], *more: Envelope
    ) -> Case:
        chain = Chain(ANA)
        chain.link(signed)
        return _verify(name, rules, comment, chain.records, flaws, *more)

    yield case("not-a-party", "a receipt of Ben and Cem", traded(BEN, CEM), ["not-a-party"])
    yield case("other-community", "of the same people elsewhere",
               co_signed(receipt(community=bytes(32))), ["other-community"])  # fmt: skip
    yield case("sides-swapped", "each signature on the other side", swapped, ["receipt-signature"])
    yield case("one-signature", "Ana's twice", half, ["receipt-signature"])
    yield case("both-by-one", "Ana's device in Ben's name", co_signed(receipt(), ANA, ANA),
               ["unknown-signer"])  # fmt: skip
    yield case("own-device-unknown", "her own signer is none of hers",
               co_signed(receipt(), devices=(1, 0)), ["receipt-signature"])  # fmt: skip
    yield case("signer-unknown", "his second device, never certified",
               co_signed(receipt(), devices=(0, 1)), ["unknown-signer"])  # fmt: skip
    yield case("stranger", "who does not belong", traded(ANA, STRANGER), ["unknown-signer"])
    yield case("partner-removed", "nothing that Ben signed counts any more", good,
               ["unknown-signer"], WORLD.removal(BEN))  # fmt: skip
    standing = _removed(Signer(BEN.device().public, 202603))
    yield case("partner-removed-signer", "the removal names his device", good, [], standing)
    yield case("partner-removed-month", "of the last month that it names", traded(month=202603), [],
               standing)  # fmt: skip
    yield case("partner-removed-later", "of a month after it", traded(month=202604),
               ["unknown-signer"], standing)  # fmt: skip
    yield case("partner-removed-other", "it names another device", good, ["unknown-signer"],
               _removed(Signer(BEN.device(1).public, 202603)))  # fmt: skip
    yield case("partner-removed-again", "the removal in the lower slot counts", good, [],
               standing, WORLD.removal(BEN, slot=1))  # fmt: skip
    own = Chain(BEN)
    own.link(good)
    yield _verify("removed", rules, "his own chain is gone", own.records, ["foreign-device"],
                  standing, of=BEN)  # fmt: skip
    yield case("partner-left", "Ben left, and what he signed stays signed", good, [],
               WORLD.sign(BEN, Kind.CERTIFICATE, WORLD.certificate(BEN, FOUNDER).body,
                          withdrawn=True, revision=1))  # fmt: skip
    yield case("device-lost", "Ben's device was withdrawn later", good, [], lost)
    yield case("device-lost-before", "a receipt of a later month than its withdrawal",
               traded(month=202703), ["unknown-signer"], lost)  # fmt: skip
    yield case("device-lost-that-month", "of the same month", traded(month=202702), [], lost)
    yield case("device-forgotten", "the withdrawn record names no device", good,
               ["unknown-signer"], forgotten)  # fmt: skip


def _removed(*signers: Signer) -> Envelope:
    """The founder removes Ben, and names what his devices have signed till when."""
    body = Removal(BEN.id, "Sold what was not his.", (), signers).pack()
    return WORLD.sign(FOUNDER, Kind.REMOVAL, body)


def _reviews() -> Iterator[Case]:
    rules = ("LED-22",)

    def case(
        name: str, comment: str, flaws: Sequence[str], *contents: Content, of: Household = ANA
    ) -> Case:
        chain = Chain(of)
        for content in contents:
            chain.link(content)
        return _verify(f"review-{name}", rules, comment, chain.records, flaws, of=of)

    good = traded()
    private = traded(public=False)
    yield case("good", "after its receipt", [], good, review(good, ANA))
    yield case("by-the-seeker", "Ben's, in his own chain", [], good, review(good, BEN), of=BEN)
    yield case("before", "before its receipt: the chain tells no order that matters", [],
               review(good, ANA), good)  # fmt: skip
    yield case("twice", "the first one counts", [], good, review(good, ANA, "One."),
               review(good, ANA, "Two."))  # fmt: skip
    yield case("without", "of a trade that nobody confirms", ["no-receipt"], review(good, ANA))
    yield case("private", "a private receipt ties nothing", ["no-receipt"],
               PrivateReceipt(private.receipt.digest()), review(private, ANA))  # fmt: skip
    yield case("about-another", "Cem took no part", ["no-receipt"], good,
               replace(review(good, ANA), about=CEM.id))  # fmt: skip
    yield case("about-oneself", "praise of one's own", ["no-receipt"], good,
               replace(review(good, ANA), about=ANA.id))  # fmt: skip


def _adoptions() -> Iterator[Case]:
    rules = ("LED-19", "LED-20")
    old = _chain().records
    second = WORLD.certify_device(ANA, 1)
    body = WORLD.certify_device(ANA).body
    lost = WORLD.sign(ANA, Kind.DEVICE, body, withdrawn=True, revision=1, at_ms=LOST_AT_MS,
                      generation_ms=WORLD.certify_device(ANA).generation_ms)  # fmt: skip

    def case(
        name: str, comment: str, adoption: Adoption, flaws: Sequence[str], *more: Envelope
    ) -> Case:
        chain = Chain(ANA, 1)
        chain.link(adoption)
        for record in old:
            chain.link(read_entry(record.body).content)
        return _verify(f"adoption-{name}", rules, comment, chain.records, flaws, second, *more,
                       seen=_seen(old))  # fmt: skip

    whole = Adoption(old[0].device, old[-1].id, 4)
    yield case("good", "the lost device's chain goes on", whole, [], lost)
    both = Chain(ANA, 1)
    both.link(whole)
    yield _verify("adoption-early", rules, "the withdrawal has not come yet: nothing is wrong",
                  [*old, *both.records], [], second)  # fmt: skip
    yield case("shorter", "it stands by three entries only", Adoption(old[0].device, old[2].id, 3),
               [], lost)  # fmt: skip
    yield case("other-head", "another head than was seen", Adoption(old[0].device, old[2].id, 4),
               ["adoption"], lost)  # fmt: skip
    theirs = replace(whole, device=BEN.device().public)  # type: ignore[arg-type]
    yield case("another-s", "Ben's chain is not Ana's", theirs, ["adoption"], lost)


# -- forks


def _forks() -> Iterator[Case]:
    first, second = Chain(ANA), Chain(ANA)
    for chain in (first, second):
        chain.link(traded())
    a, b = sorted((first.link(PRIVATE), second.link(traded(trade=2), slot=80)), key=lambda r: r.id)
    strange = Chain(ANA, 1), Chain(ANA, 1)
    strange[0].link(traded())
    strange[1].link(PRIVATE, slot=81)
    unknown = fork_of(strange[0].records[0], strange[1].records[0])
    assert unknown is not None
    bens = Chain(BEN).link(traded())
    forged = WORLD.forge(b, BEN.device(), device=b.device)

    def case(name: str, comment: str, body: bytes, proves: bool, **fields: object) -> Case:
        record = WORLD.sign(CEM, Kind.FORK_PROOF, body, **fields)
        fork = read_fork_proof(record)
        found = fork if fork is not None and accuses(fork, members()) else None
        if (found is not None) is not proves:
            raise AssertionError(name)
        shown = None if found is None else [found.household, found.device, found.index]
        return Case(
            f"fork-{name}",
            ("LED-21",),
            comment,
            "fork",
            {
                "genesis": WORLD.genesis.raw,
                "membership": [held.raw for held in membership()],
                "record": record.raw,
            },
            {"fork": shown},
        )

    good = pack((1, a.raw, b.raw))
    yield case("good", "two second links of one device", good, True)
    yield case("turned", "the one with the lower id comes first", pack((1, b.raw, a.raw)), False)
    yield case("same", "one record twice", pack((1, a.raw, a.raw)), False)
    yield case("two-places", "a first and a second link",
               pack((1, *sorted((a.raw, first.records[0].raw)))), False)  # fmt: skip
    yield case("two-devices", "Ana's and Ben's",
               pack((1, *(r.raw for r in sorted((first.records[0], bens), key=lambda r: r.id)))),
               False)  # fmt: skip
    pair = sorted((a, decode(forged)), key=lambda r: r.id)
    yield case(
        "forged", "the second one is signed by Ben", pack((1, *(r.raw for r in pair))), False
    )
    yield case("never-certified", "by a key that never was Ana's", unknown.pack(), False)
    yield case("withdrawn", "taken back", good, False, withdrawn=True)
    yield case("version-2", "there is none", pack((2, a.raw, b.raw)), False)
    proof = WORLD.sign(CEM, Kind.FORK_PROOF, good)
    yield _verify("fork-proven", ("LED-16", "LED-21"), "who sees one of them and the proof",
                  first.records, ["fork"], proofs=[proof])  # fmt: skip


# -- what follows


def _facts() -> Iterator[Case]:
    ana, ben, cem = Chain(ANA), Chain(BEN), Chain(CEM)
    for trade in range(5):
        ana.link(traded(ANA, BEN, trade))
    ana.link(traded(CEM, ANA, 10))
    ben.link(traded(BEN, CEM, 11))
    ben.link(traded(BEN, CEM, 12, outcome=Outcome.NO_SHOW, at_fault=CEM.id))
    cem.link(traded(CEM, ANA, 13, outcome=Outcome.CANCELLED, at_fault=CEM.id))
    capped = "of one pair at most three receipts count"
    chains = [ana, ben, cem]
    yield _facts_case("cem-of-ana", capped, CEM, ANA, chains)
    yield _facts_case("ana-of-cem", capped, ANA, CEM, chains)
    yield _facts_case("ana-of-ben", capped, ANA, BEN, chains)
    yield _facts_case("ben-of-founder", capped, BEN, FOUNDER, chains)
    first, second = Chain(ANA), Chain(BEN)
    first.link(traded(ANA, BEN, 1, outcome=Outcome.NO_SHOW, at_fault=BEN.id))
    first.link(traded(ANA, BEN, 2))
    second.link(PRIVATE)
    second.link(traded(ANA, BEN, 1))
    second.link(traded(ANA, BEN, 2, outcome=Outcome.CANCELLED, at_fault=BEN.id), at_ms=START_MS)
    yield _facts_case("settled", "of each trade the receipt that was linked first counts",
                      CEM, BEN, [first, second])  # fmt: skip
    borrowed = Chain(CEM)
    borrowed.link(traded(CEM, BEN, 1), at_ms=START_MS)
    yield _facts_case("borrowed-id", "what others sign with a trade's id is another trade",
                      CEM, BEN, [first, borrowed])  # fmt: skip


def _facts_case(
    name: str, comment: str, viewer: Household, household: Household, chains: Sequence[Chain]
) -> Case:
    records = [record for chain in chains for record in chain.records]
    everybody = members()
    counted = once_a_trade(dated(verify(of.id, records, everybody) for of in (ANA, BEN, CEM)))
    receipts = [one.receipt for one in counted]
    shown = trust.view(household.id, viewer.id, receipts, [], everybody)
    record = shown.record
    return Case(
        f"facts-{name}",
        ("LED-26", "LED-27", "LED-31", "LED-32"),
        comment,
        "facts",
        {
            "genesis": WORLD.genesis.raw,
            "membership": [held.raw for held in membership()],
            "records": [record.raw for record in records],
            "viewer": viewer.id,
            "household": household.id,
        },
        {
            "completed": [record.completed.receipts, record.completed.households],
            "cancelled": [record.cancelled.receipts, record.cancelled.households],
            "no_shows": [record.no_shows.receipts, record.no_shows.households],
            "brought": record.brought,
            "common": shown.common,
            "vouch_path": shown.vouch_path,
        },
    )
