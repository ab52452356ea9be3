"""Vectors of chapter 10: which receipts for credit count, and which wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from vector_areas import Case
from vector_ledger import ANA, BEN, CEM, FOUNDER, WORLD, Chain, membership, traded
from vector_world import DAY_MS, START_MS, Household, World

from protocol.charter import CreditRules
from protocol.envelope import Envelope
from protocol.ledger.chain import verify
from protocol.ledger.counting import Dated, dated
from protocol.ledger.credit import Credit, fold
from protocol.ledger.receipt import CoSigned
from protocol.listing import ListingKind

LIMIT = 10
HOURS = World(replace(WORLD.charter, credit=CreditRules("Stunden", LIMIT)))
RULES = ("LED-28", "LED-33")


def gave(giver: Household, taker: Household, credit: int, trade: int) -> CoSigned:
    """A receipt for credit, of the community where there is some."""
    return traded(giver, taker, trade, credit=credit, community=HOURS.community)


def held(signed: CoSigned, at_ms: int) -> Dated:
    """A receipt that holds since then."""
    return Dated(signed.receipt, signed.receipt.digest(), at_ms)


def chain(of: Household, *linked: CoSigned, device: int = 0) -> Chain:
    """A chain that holds these receipts, a day apart."""
    made = Chain(of, device, world=HOURS)
    for signed in linked:
        made.link(signed)
    return made


def on_day(of: Household, day: int, signed: CoSigned) -> Chain:
    """A chain with one receipt, linked so many days after the founding."""
    made = Chain(of, world=HOURS)
    made.link(signed, at_ms=START_MS + day * DAY_MS)
    return made


def cases() -> Iterator[Case]:
    """All vectors of credit."""
    yield from _usual()
    yield from _waiting()
    yield from _order()


def _usual() -> Iterator[Case]:
    hours = gave(ANA, BEN, 3, 1)
    wish = traded(BEN, CEM, 2, credit=2, listing_kind=ListingKind.WANTED, community=HOURS.community)
    ana, ben = chain(ANA, hours), chain(BEN, hours, wish)
    gift = traded(CEM, ANA, 3, community=HOURS.community)
    cem = chain(CEM, gift, gave(ANA, CEM, 1, 4))
    found = {ANA: 4, BEN: -5, CEM: 1}
    yield _case("three", "each receipt once, wherever it is linked", [ana, ben, cem], found)
    yield _case("turned", "in any order", [cem, ben, ana], found)
    changed = replace(hours, receipt=replace(hours.receipt, credit=300))
    yield _case("forged", "Ben did not sign this", [chain(ANA, changed)], {})
    yield _case("none", "nobody gave anything", [], {})
    elsewhere = Chain(ANA)
    elsewhere.link(traded(credit=3))
    yield _case("no-credit", "the charter keeps no credit", [elsewhere], {}, world=WORLD)


def _waiting() -> Iterator[Case]:
    most = gave(ANA, BEN, LIMIT, 1)
    yield _case("limit", "as much as the rules allow", [chain(ANA, most)], {ANA: 10, BEN: -10})
    more = gave(ANA, BEN, LIMIT + 1, 1)
    yield _case("beyond", "one more waits", [chain(ANA, more)], {ANA: 0, BEN: 0}, [more])
    league = [gave(BEN, CEM, amount, n) for n, amount in enumerate((6, 1_000_000, 4, 5))]
    yield _case("league", "two in league sign what they like", [chain(CEM, *league)],
                {BEN: 6, CEM: -6}, league[1:])  # fmt: skip
    small = gave(FOUNDER, ANA, 2, 3)
    blocked = chain(ANA, gave(BEN, ANA, 8, 1), gave(CEM, ANA, 5, 2), small)
    yield _case("first-first", "what would fit does not pass what came first", [blocked],
                {ANA: -8, BEN: 8, CEM: 0, FOUNDER: 0}, [gave(CEM, ANA, 5, 2), small])  # fmt: skip
    first = [
        on_day(BEN, 2, gave(BEN, ANA, 10, 1)),
        on_day(CEM, 3, gave(CEM, ANA, 4, 2)),
        on_day(FOUNDER, 4, gave(FOUNDER, CEM, 14, 3)),
    ]
    yield _case("cascade-before", "two wait for each other's takers", first,
                {ANA: -10, BEN: 10, CEM: 0, FOUNDER: 0},
                [gave(CEM, ANA, 4, 2), gave(FOUNDER, CEM, 14, 3)])  # fmt: skip
    yield _case("cascade", "Ana gives four: what she owes Cem counts, and then what Cem owes",
                [*first, on_day(ANA, 5, gave(ANA, BEN, 4, 4))],
                {ANA: -10, BEN: 6, CEM: -10, FOUNDER: 14})  # fmt: skip
    ring = (ANA, BEN), (BEN, CEM), (CEM, ANA)
    for amount, comment in ((10, "each fits alone"), (11, "none is covered by the others")):
        turn = [gave(giver, taker, amount, n) for n, (giver, taker) in enumerate(ring)]
        yield _case(f"ring-{amount}", f"debts in a circle: {comment}",
                    [on_day(giver, n + 1, signed)
                     for n, ((giver, _), signed) in enumerate(zip(ring, turn, strict=True))],
                    dict.fromkeys((ANA, BEN, CEM), 0), turn if amount > LIMIT else [])  # fmt: skip


def _order() -> Iterator[Case]:
    rules = ("LED-31", "LED-32", "LED-33")
    one, two = sorted((gave(BEN, ANA, 6, 1), gave(CEM, ANA, 6, 2)), key=_digest)
    same = {ANA: -6, BEN: 0, CEM: 0}
    both = [on_day(BEN, 2, gave(BEN, ANA, 6, 1)), on_day(CEM, 2, gave(CEM, ANA, 6, 2))]
    yield _case("same-time", "the lower digest is first", both,
                same | {BEN if one.receipt.giver == BEN.id else CEM: 6}, [two], rules)  # fmt: skip
    bens, cems = gave(BEN, ANA, 6, 1), gave(CEM, ANA, 6, 2)
    early, late = on_day(BEN, 2, bens), on_day(CEM, 3, cems)
    yield _case("later-link", "Ana links it later: it is of that time then",
                [early, late, on_day(ANA, 4, bens)], same | {CEM: 6}, [bens], rules)  # fmt: skip
    behind = on_day(CEM, 3, gave(CEM, FOUNDER, 1, 9))
    behind.link(cems, at_ms=START_MS + DAY_MS)
    yield _case("backdated", "nobody dates a link behind the one before it",
                [behind, on_day(BEN, 2, bens)],
                same | {CEM: 1, FOUNDER: -1, BEN: 6}, [cems], rules)  # fmt: skip
    forked = chain(CEM, gave(CEM, FOUNDER, 1, 9))
    forked.link(gave(CEM, FOUNDER, 2, 10), at_ms=START_MS + 9 * DAY_MS)
    forked.link(cems, at_ms=START_MS + 4 * DAY_MS, index=1, previous=forked.records[0].id)
    yield _case("forked", "two second links: neither is before the other",
                [forked, on_day(BEN, 5, bens)],
                same | {CEM: 9, FOUNDER: -3}, [bens], rules)  # fmt: skip
    first, again = gave(ANA, BEN, 3, 1), gave(ANA, BEN, 5, 1)
    yield _case("settled", "of one trade two receipts: the first that was linked counts",
                [chain(ANA, first, again)], {ANA: 3, BEN: -3}, [], rules)  # fmt: skip
    turned = gave(BEN, ANA, 5, 1)
    yield _case("settled-turned", "also with the sides exchanged", [chain(ANA, first, turned)],
                {ANA: 3, BEN: -3}, [], rules)  # fmt: skip
    borrowed = gave(CEM, BEN, 5, 1)
    yield _case("borrowed-id", "what others sign with a trade's id is another trade",
                [chain(ANA, gave(ANA, FOUNDER, 1, 7), first), on_day(CEM, 1, borrowed)],
                {ANA: 4, BEN: -8, CEM: 5, FOUNDER: -1}, [], rules)  # fmt: skip
    told = traded(ANA, BEN, 1, community=HOURS.community)
    yield _case("settled-for-nothing", "a receipt without credit does not take its place",
                [chain(ANA, told, first)], {ANA: 3, BEN: -3}, [], rules)  # fmt: skip


def _digest(signed: CoSigned) -> bytes:
    return signed.receipt.digest()


def _case(
    name: str,
    comment: str,
    chains: Sequence[Chain],
    balances: dict[Household, int],
    waiting: Sequence[CoSigned] = (),
    rules: tuple[str, ...] = RULES,
    world: World = HOURS,
) -> Case:
    """balances, waiting: what must come of it."""
    records = [record for chain in chains for record in chain.records]
    found = folded(records, world)
    expected = {household.id: amount for household, amount in balances.items()}
    if (found.balances, list(found.waiting)) != (expected, [signed.receipt for signed in waiting]):
        raise AssertionError(f"{name}: {found.balances}")
    return Case(
        f"balances-{name}",
        rules,
        comment,
        "balances",
        {
            "genesis": world.genesis.raw,
            "membership": [held.raw for held in membership(world)],
            "records": [record.raw for record in records],
        },
        {
            "balances": sorted([who, amount] for who, amount in found.balances.items()),
            "waiting": [receipt.digest() for receipt in found.waiting],
        },
    )


def folded(records: Sequence[Envelope], world: World = HOURS) -> Credit:
    """The balances that follow from the records of all."""
    members = world.found().extended(membership(world))
    rules = members.charter.credit
    people = (FOUNDER, ANA, BEN, CEM)
    reports = [verify(household.id, records, members) for household in people]
    return Credit() if rules is None else fold(dated(reports), rules)
