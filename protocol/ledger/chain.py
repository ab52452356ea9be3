"""Checking a household's ledger: records in, report out (spec 10 §verification).

Pure and total. A chain with a flaw still counts: what it links is proven by signatures of
both sides, not by its place; the flaw shows that something is hidden, changed or invented.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby

from protocol.envelope import Envelope
from protocol.ids import DeviceKey, HouseholdId, RecordId
from protocol.kinds import Kind
from protocol.ledger.entry import Adoption, Entry, Head, PrivateReceipt, entry_of
from protocol.ledger.forks import Fork, accuses
from protocol.ledger.receipt import CoSigned, Receipt
from protocol.ledger.review import Review
from protocol.ledger.signers import signs_in, stands, was_device
from protocol.membership.members import Members


class Flaw(Enum):
    """What is wrong with an entry, or with the place where one should be.

    Of the last one the household is not to blame: the other party, or its device, is not
    known (any more), so nobody can check what it signed.
    """

    GAP = "gap"
    FORK = "fork"
    BROKEN = "broken"
    SIGNATURE = "signature"
    UNREADABLE = "unreadable"
    FOREIGN_DEVICE = "foreign-device"
    OTHER_COMMUNITY = "other-community"
    NOT_A_PARTY = "not-a-party"
    RECEIPT_SIGNATURE = "receipt-signature"
    NO_RECEIPT = "no-receipt"
    ADOPTION = "adoption"
    UNKNOWN_SIGNER = "unknown-signer"


@dataclass(frozen=True, slots=True)
class Finding:
    """One flaw. index: of the entry, -1 where none can be told."""

    flaw: Flaw
    device: DeviceKey
    index: int


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry that was seen or told of earlier: so what is hidden at a chain's end shows."""

    device: DeviceKey
    index: int
    id: RecordId


@dataclass(frozen=True, slots=True)
class Posted:
    """A review, by whom, and when its record was made (the author's claim, Unix ms)."""

    author: HouseholdId
    review: Review
    at_ms: int


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What a household's ledger holds, and what is wrong with it.

    heads: of each device's chain. receipts: digest → the public receipts that hold.
    linked_at_ms: digest → the latest time of the links that hold it, Unix ms (spec 10).
    private: how many of its entries hold a place for a private one. reviews: those tied to
    one of the receipts, the first for each. adoptions: the chains that were continued.
    """

    household: HouseholdId
    heads: Mapping[DeviceKey, Head]
    receipts: Mapping[bytes, CoSigned]
    linked_at_ms: Mapping[bytes, int]
    private: int
    reviews: Sequence[Posted]
    adoptions: Sequence[Adoption]
    findings: Sequence[Finding]

    @property
    def sound(self) -> bool:
        """Whether nothing was found that the household must answer for."""
        return all(finding.flaw is Flaw.UNKNOWN_SIGNER for finding in self.findings)


@dataclass(slots=True)
class _Working:
    members: Members
    household: HouseholdId
    holds: Callable[[CoSigned], bool]
    findings: set[Finding] = field(default_factory=set)
    unproven: set[bytes] = field(default_factory=set)
    """Digests of receipts of which nobody can check the other party's signature."""

    def find(self, flaw: Flaw, device: DeviceKey, index: int) -> None:
        self.findings.add(Finding(flaw, device, index))


Links = dict[DeviceKey, dict[int, list[tuple[Envelope, Entry]]]]


def verify(
    household: HouseholdId,
    records: Iterable[Envelope],
    members: Members,
    seen: Sequence[Seen] = (),
    forks: Iterable[Fork] = (),
    signature_holds: Callable[[Envelope], bool] = Envelope.signature_holds,
    receipt_holds: Callable[[CoSigned], bool] = CoSigned.signatures_hold,
) -> LedgerReport:
    """Check the ledger of one household.

    records: those of kind LEDGER that stand, in any order; what is another's, or of another
    kind, is left out. seen: what the caller knows from before. forks: proofs, by whomever. The two
    functions let a caller that has checked signatures already spare itself the work.
    Never raises.
    """
    working = _Working(members, household, receipt_holds)
    links = _links(records, working, signature_holds)
    heads = {device: _head(chain) for device, chain in links.items()}
    for device, chain in links.items():
        _check_chain(device, chain, working)
    _check_seen(seen, links, working)
    for fork in forks:
        if fork.household == household and accuses(fork, members):
            working.find(Flaw.FORK, fork.device, fork.index)
    ordered = [
        (record, entry)
        for device in sorted(links)
        for index in sorted(links[device])
        for record, entry in links[device][index]
    ]
    receipts, linked_at_ms = _receipts(ordered, _times(ordered), working)
    adoptions = _adoptions(ordered, seen, working)
    return LedgerReport(
        household,
        heads,
        receipts,
        linked_at_ms,
        sum(isinstance(entry.content, PrivateReceipt) for _, entry in ordered),
        _reviews(ordered, receipts, working),
        adoptions,
        sorted(working.findings, key=lambda f: (f.device, f.index, f.flaw.value)),
    )


def _links(
    records: Iterable[Envelope], working: _Working, signature_holds: Callable[[Envelope], bool]
) -> Links:
    links: Links = defaultdict(lambda: defaultdict(list))
    once = {record.id: record for record in records}
    for _, record in sorted(once.items()):
        if record.household != working.household or record.kind != Kind.LEDGER:
            continue
        if record.community != working.members.community:
            working.find(Flaw.OTHER_COMMUNITY, record.device, -1)
        elif not signature_holds(record):
            working.find(Flaw.SIGNATURE, record.device, -1)
        elif not stands(working.members, working.household, record.device):
            working.find(Flaw.FOREIGN_DEVICE, record.device, -1)
        elif (entry := entry_of(record)) is None:
            working.find(Flaw.UNREADABLE, record.device, -1)
        else:
            links[record.device][entry.index].append((record, entry))
    return links


def _head(chain: Mapping[int, Sequence[tuple[Envelope, Entry]]]) -> Head:
    last = max(chain)
    return Head(last + 1, chain[last][0][0].id)


def _check_chain(
    device: DeviceKey,
    chain: Mapping[int, Sequence[tuple[Envelope, Entry]]],
    working: _Working,
) -> None:
    for index in range(max(chain) + 1):
        here = chain.get(index, ())
        if not here:
            working.find(Flaw.GAP, device, index)
        if len(here) > 1:
            working.find(Flaw.FORK, device, index)
        before = {record.id for record, _ in chain.get(index - 1, ())}
        if before and any(entry.previous not in before for _, entry in here):
            working.find(Flaw.BROKEN, device, index)


def _check_seen(seen: Sequence[Seen], links: Links, working: _Working) -> None:
    """What was there once is missing now, or something else stands in its place."""
    for entry in seen:
        if not stands(working.members, working.household, entry.device):
            continue
        ids = {record.id for record, _ in links.get(entry.device, {}).get(entry.index, ())}
        if not ids:
            working.find(Flaw.GAP, entry.device, entry.index)
        elif entry.id not in ids:
            working.find(Flaw.FORK, entry.device, entry.index)


def _times(ordered: Sequence[tuple[Envelope, Entry]]) -> dict[RecordId, int]:
    """Return each link's time: nobody dates one behind those before it in its chain.

    ordered: by device and index. Those of a fork, with one index, are not before each other.
    """
    found: dict[RecordId, int] = {}
    latest_before: dict[DeviceKey, int] = {}
    for _, beside in groupby(ordered, key=lambda link: (link[0].device, link[1].index)):
        for record, _ in (here := list(beside)):
            found[record.id] = max(record.created_at_ms, latest_before.get(record.device, 0))
        device = here[0][0].device
        latest_before[device] = max(found[record.id] for record, _ in here)
    return found


def _receipts(
    ordered: Sequence[tuple[Envelope, Entry]],
    times: Mapping[RecordId, int],
    working: _Working,
) -> tuple[dict[bytes, CoSigned], dict[bytes, int]]:
    """Return the receipts that hold, and since when they are linked, both by digest."""
    found: dict[bytes, CoSigned] = {}
    linked_at_ms: dict[bytes, int] = {}
    for record, entry in ordered:
        if isinstance(entry.content, CoSigned):
            flaw = flaw_of(entry.content, working.household, working.members, working.holds)
            digest = entry.content.receipt.digest()
            if flaw is None:
                found.setdefault(digest, entry.content)
                linked_at_ms[digest] = max(times[record.id], linked_at_ms.get(digest, 0))
                continue
            working.find(flaw, record.device, entry.index)
            if flaw is Flaw.UNKNOWN_SIGNER:
                working.unproven.add(digest)
    return found, linked_at_ms


def flaw_of(
    signed: CoSigned,
    household: HouseholdId,
    members: Members,
    holds: Callable[[CoSigned], bool] = CoSigned.signatures_hold,
) -> Flaw | None:
    """Return why a receipt does not count in a household's ledger; None if it does."""
    receipt = signed.receipt
    if receipt.community != members.community:
        return Flaw.OTHER_COMMUNITY
    if household not in receipt.parties:
        return Flaw.NOT_A_PARTY
    if not signed.complete or not holds(signed):
        return Flaw.RECEIPT_SIGNATURE
    if not _signed_by(signed, household, receipt, members):
        return Flaw.RECEIPT_SIGNATURE
    if not _signed_by(signed, receipt.other(household), receipt, members):
        return Flaw.UNKNOWN_SIGNER
    return None


def _signed_by(signed: CoSigned, party: HouseholdId, receipt: Receipt, members: Members) -> bool:
    device = signed.device_of(party)
    return device is not None and signs_in(members, party, device, receipt.month)


def _adoptions(
    ordered: Sequence[tuple[Envelope, Entry]], seen: Sequence[Seen], working: _Working
) -> list[Adoption]:
    """Chains that were continued: of withdrawn devices only, and up to an entry that was there."""
    known = {(entry.device, entry.index): entry.id for entry in seen}
    found: list[Adoption] = []
    for record, entry in ordered:
        content = entry.content
        if not isinstance(content, Adoption):
            continue
        former = was_device(working.members, working.household, content.device)
        still = stands(working.members, working.household, content.device)
        last = known.get((content.device, content.count - 1), content.head)
        if not former or last != content.head:
            working.find(Flaw.ADOPTION, record.device, entry.index)
        elif not still:  # else its withdrawal, which follows, has not come yet
            found.append(content)
    return found


def _reviews(
    ordered: Sequence[tuple[Envelope, Entry]],
    receipts: Mapping[bytes, CoSigned],
    working: _Working,
) -> list[Posted]:
    """The first review of each receipt, in the author's own order."""
    found: dict[bytes, Posted] = {}
    for record, entry in sorted(ordered, key=lambda link: (link[0].created_at_ms, link[0].id)):
        review = entry.content
        if not isinstance(review, Review):
            continue
        signed = receipts.get(review.receipt)
        if signed is None or review.about != signed.receipt.other(working.household):
            blameless = signed is None and review.receipt in working.unproven
            flaw = Flaw.UNKNOWN_SIGNER if blameless else Flaw.NO_RECEIPT
            working.find(flaw, record.device, entry.index)
        else:
            posted = Posted(working.household, review, record.created_at_ms)
            found.setdefault(review.receipt, posted)
    return list(found.values())
