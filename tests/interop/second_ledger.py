"""A second reader of receipts, chains, forks and what follows, written from chapter 10 only."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from functools import cache

import second_values as values
from second_governance import Charters
from second_membership import Community
from second_records import Record
from second_values import Refused, encode, hashed, integer, need, octets, text, verifies

RECEIPT = b"p2pmarket/receipt/1"
FIELDS = (
    "version", "community", "trade", "publisher", "seeker", "listing_kind", "month", "outcome",
    "terms_hash", "credit", "at_fault", "public",
)  # fmt: skip


# -- §1 receipts


class Receipt:
    """LED-1 and LED-2; Refused if it is none."""

    def __init__(self, value) -> None:
        need(type(value) is list and len(value) == 12)
        self.__dict__.update(zip(FIELDS, value, strict=True))
        integer(self.version, 1, 1)
        for name in ("community", "trade", "publisher", "seeker", "terms_hash"):
            octets(getattr(self, name), 32)
        integer(self.listing_kind, 1, 8)
        integer(self.month, 197001, 999912)
        need(1 <= self.month % 100 <= 12)
        integer(self.outcome, 1, 3)
        need(type(self.public) is bool and self.publisher != self.seeker)
        if self.credit is not None:
            integer(self.credit, 1, 1_000_000)
            need(self.outcome == 1 and self.public)
        self.parties = [self.publisher, self.seeker]
        if self.at_fault is not None:
            octets(self.at_fault, 32)
        allowed = {1: [None], 2: [None, *self.parties], 3: self.parties}
        need(self.at_fault in allowed[self.outcome])
        self.digest = hashed(encode(value), person=b"p2pm-receipt")
        wanted = self.listing_kind == 5
        self.giver = self.seeker if wanted else self.publisher
        self.taker = self.publisher if wanted else self.seeker

    def other(self, household: bytes) -> bytes:
        return self.seeker if household == self.publisher else self.publisher


def month_of(at_ms: int) -> int:
    if at_ms >= 253_402_300_800_000:
        return 999912
    then = datetime.fromtimestamp(at_ms // 1_000, UTC)
    return then.year * 100 + then.month


# -- §2 links


def content(value) -> None:
    need(type(value) is list and value and type(value[0]) is int)
    kind = value[0]
    need(len(value) == {1: 6, 2: 2, 3: 6, 4: 4}.get(kind))
    if kind == 1:
        need(Receipt(value[1]).public)
        for item, size in zip(value[2:], (32, 64, 32, 64), strict=True):
            octets(item, size)
    if kind == 2:
        octets(value[1], 32)
    if kind == 3:
        octets(value[1], 32)
        octets(value[2], 32)
        need(type(value[3]) is bool)
        text(value[4], 300, 0, lines=True)
        need(len(value[4].encode()) <= 300)
        octets(value[5], 16)
    if kind == 4:
        octets(value[1], 32)
        octets(value[2], 32)
        integer(value[3], 1, 4_096)


def link(body: bytes) -> list:
    f = values.fields(body, 4)
    integer(f[1], 0, 4_095)
    octets(f[2], 32)
    need((f[1] == 0) == (f[2] == bytes(32)))
    content(f[3])
    return f


values.READERS[128] = link


# -- §3 signers


def names(community: Community, household: bytes, key: bytes):
    """The device records that stand and name a key, given up or not."""
    for (of, kind, _), record in community.stand.items():
        if of == household and kind == 3 and household in community.members:
            body = values.read(3, record.body)
            if body is not None and body[1] == key:
                yield record


def signs(community: Community, household: bytes, key: bytes, month: int) -> bool:
    if household in community.removed:
        signers = community.removals[household][4:]
        return bool(signers) and any(key == k and month <= last for k, last in signers[0])
    return any(
        not record.withdrawn or month <= month_of(record.created_at_ms)
        for record in names(community, household, key)
    )


def has_now(community: Community, household: bytes, key: bytes) -> bool:
    return household in community.members and key in community.members[household].devices


# -- §4 checking


class Checked:
    """The findings about one household's ledger, and what holds in it."""

    def __init__(self, community, household: bytes, records, seen=(), proofs=()) -> None:
        self.community, self.household = community, household
        self.findings: set[tuple[bytes, int, str]] = set()
        self.chains = defaultdict(lambda: defaultdict(list))
        for record in {record.id: record for record in records}.values():
            self._place(record)
        self._check_chains()
        for device, index, id in seen:
            held = [record.id for record, _ in self.chains.get(device, {}).get(index, [])]
            if has_now(community, household, device) and id not in held:
                self._find("fork" if held else "gap", device, index)
        for proof in proofs:
            found = fork_of(community, proof)
            if found is not None and found[0] == household:
                self._find("fork", *found[1:])
        ordered = [
            (record, body)
            for device in sorted(self.chains)
            for index in sorted(self.chains[device])
            for record, body in sorted(self.chains[device][index], key=lambda pair: pair[0].id)
        ]
        times = self._times()
        self.receipts, self.linked_at, self.unproven = {}, {}, set()
        self.private = sum(body[3][0] == 2 for _, body in ordered)
        for record, body in ordered:
            if body[3][0] == 1:
                self._hold(record, body, times[record.id])
        self.reviews, self.adoptions = {}, []
        for record, body in sorted(ordered, key=lambda pair: (pair[0].created_at_ms, pair[0].id)):
            if body[3][0] == 3:
                self._review(record, body)
        remembered = {(device, index): id for device, index, id in seen}
        for record, body in ordered:
            if body[3][0] == 4:
                self._adopt(record, body, remembered)

    def _find(self, flaw: str, device: bytes, index: int) -> None:
        self.findings.add((device, index, flaw))

    def _place(self, record) -> None:
        if record.kind != 128 or record.household != self.household:
            return
        body = None if record.withdrawn else values.read(128, record.body)
        if record.community != self.community.id:
            self._find("other-community", record.device, -1)
        elif not record.signed():
            self._find("signature", record.device, -1)
        elif not has_now(self.community, self.household, record.device):
            self._find("foreign-device", record.device, -1)
        elif body is None:
            self._find("unreadable", record.device, -1)
        else:
            self.chains[record.device][body[1]].append((record, body))

    def _check_chains(self) -> None:
        for device, chain in self.chains.items():
            for index in range(max(chain) + 1):
                here, before = chain.get(index, []), chain.get(index - 1, [])
                if len(here) != 1:
                    self._find("fork" if here else "gap", device, index)
                ids = {record.id for record, _ in before}
                if ids and any(body[2] not in ids for _, body in here):
                    self._find("broken", device, index)

    def _times(self) -> dict[bytes, int]:
        """LED-31: of each link, the latest of itself and those with a lower index."""
        return {
            record.id: max(
                earlier.created_at_ms
                for lower, links in chain.items()
                for earlier, _ in links
                if lower < index or earlier is record
            )
            for chain in self.chains.values()
            for index, here in chain.items()
            for record, _ in here
        }

    def _hold(self, record, body, linked_at_ms: int) -> None:
        value, *sides = body[3][1:]
        receipt = Receipt(value)
        signatures = {receipt.publisher: sides[:2], receipt.seeker: sides[2:]}
        other = receipt.other(self.household)

        def by(party: bytes) -> bool:
            return signs(self.community, party, signatures[party][0], receipt.month)

        valid = all(verifies(key, RECEIPT, receipt.digest, s) for key, s in signatures.values())
        flaw = None
        if receipt.community != self.community.id:
            flaw = "other-community"
        elif self.household not in signatures:
            flaw = "not-a-party"
        elif not valid or not by(self.household):
            flaw = "receipt-signature"
        elif not by(other):
            flaw = "unknown-signer"
            self.unproven.add(receipt.digest)
        if flaw is None:
            self.receipts[receipt.digest] = receipt
            former = self.linked_at.get(receipt.digest, 0)
            self.linked_at[receipt.digest] = max(former, linked_at_ms)
        else:
            self._find(flaw, record.device, body[1])

    def _review(self, record, body) -> None:
        _, digest, about, *_ = body[3]
        receipt = self.receipts.get(digest)
        if receipt is None or about != receipt.other(self.household):
            unproven = receipt is None and digest in self.unproven
            flaw = "unknown-signer" if unproven else "no-receipt"
            self._find(flaw, record.device, body[1])
        else:
            self.reviews.setdefault(digest, about)

    def _adopt(self, record, body, remembered) -> None:
        _, device, head, count = body[3]
        was = any(names(self.community, self.household, device))
        if not was or remembered.get((device, count - 1), head) != head:
            self._find("adoption", record.device, body[1])
        elif not has_now(self.community, self.household, device):
            self.adoptions.append([device.hex(), count])

    def heads(self):
        return [
            [device.hex(), max(chain) + 1, min(r.id for r, _ in chain[max(chain)]).hex()]
            for device, chain in sorted(self.chains.items())
        ]


# -- §6 forks


def fork_of(community: Community, record):
    """(household, device, index), or None if the record proves nothing."""
    if record.kind != 132 or record.withdrawn:
        return None
    try:
        _, *raws = values.fields(record.body, 3)
        need(all(type(raw) is bytes for raw in raws))
        a, b = map(Record, raws)
        bodies = [values.read(128, r.body) for r in (a, b) if r.kind == 128 and not r.withdrawn]
        need(len(bodies) == 2 and None not in bodies and bodies[0][1] == bodies[1][1])
        need(a.id < b.id and (a.household, a.device) == (b.household, b.device))
        need(a.community == b.community == record.community and a.signed() and b.signed())
    except Refused:
        return None
    certified = any(names(community, a.household, a.device))
    return (a.household, a.device, bodies[0][1]) if certified else None


# -- the operations


def _receipt(given):
    try:
        receipt = Receipt(values.unpack(bytes.fromhex(given["receipt"])))
    except Refused:
        return {"valid": False}
    shown = {"digest": receipt.digest, "giver": receipt.giver, "taker": receipt.taker}
    return {"valid": True, **{name: value.hex() for name, value in shown.items()}}


def _signature(given):
    raw, device, signature = (bytes.fromhex(given[n]) for n in ("receipt", "device", "signature"))
    return {"holds": verifies(device, RECEIPT, Receipt(values.unpack(raw)).digest, signature)}


def _terms_hash(given):
    terms, salt = bytes.fromhex(given["terms"]), bytes.fromhex(given["salt"])
    return {"terms_hash": hashed(terms, key=salt).hex()}


def _commitment(given):
    packed = encode([
        bytes.fromhex(given["receipt"]), bytes.fromhex(given["about"]), given["recommends"],
        given["text"], bytes.fromhex(given["salt"]),
    ])  # fmt: skip
    return {"commitment": hashed(packed, person=b"p2pm-review").hex()}


def _records(raws):
    return [Record(bytes.fromhex(raw)) for raw in raws]


@cache
def _community(genesis: str, membership: tuple[str, ...]) -> Community:
    community = Community(bytes.fromhex(genesis))
    community.evaluate(_records(membership))
    return community


def _verify(given):
    community = _community(given["genesis"], tuple(given["membership"]))
    seen = [(bytes.fromhex(d), index, bytes.fromhex(id)) for d, index, id in given["seen"]]
    household = bytes.fromhex(given["household"])
    records, proofs = _records(given["records"]), _records(given["proofs"])
    checked = Checked(community, household, records, seen, proofs)
    return {
        "heads": checked.heads(),
        "receipts": sorted(digest.hex() for digest in checked.receipts),
        "private": checked.private,
        "reviews": sorted([d.hex(), about.hex()] for d, about in checked.reviews.items()),
        "adoptions": checked.adoptions,
        "findings": [[flaw, device.hex(), i] for device, i, flaw in sorted(checked.findings)],
        "sound": all(flaw == "unknown-signer" for _, _, flaw in checked.findings),
    }


def _fork(given):
    community = _community(given["genesis"], tuple(given["membership"]))
    found = fork_of(community, Record(bytes.fromhex(given["record"])))
    return {"fork": found and [found[0].hex(), found[1].hex(), found[2]]}


def _all_receipts(given):
    """LED-31: what holds in anybody's ledger, in order."""
    community = _community(given["genesis"], tuple(given["membership"]))
    records = _records(given["records"])
    found, linked_at = {}, Counter()
    for household in {record.household for record in records}:
        checked = Checked(community, household, records)
        found |= checked.receipts
        linked_at |= Counter(checked.linked_at)
    return community, sorted(found.values(), key=lambda r: (linked_at[r.digest], r.digest))


def _once_a_trade(receipts):
    """LED-32, of receipts in order."""
    found = {}
    for receipt in receipts:
        found.setdefault((receipt.trade, *sorted(receipt.parties)), receipt)
    return list(found.values())


def _balances(given):
    community, receipts = _all_receipts(given)
    charter = Charters(community).charter
    credit = charter[14] if len(charter) > 14 else None
    if credit is None:
        return {"balances": [], "waiting": []}
    limit = credit[1]
    waiting = _once_a_trade(receipt for receipt in receipts if receipt.credit is not None)
    found = dict.fromkeys((party for receipt in waiting for party in receipt.parties), 0)
    while True:  # LED-33: look at the first of each taker's, until none of them fits
        firsts = {receipt.taker: receipt for receipt in reversed(waiting)}
        fits = [r for taker, r in sorted(firsts.items()) if found[taker] - r.credit >= -limit]
        if not fits:
            break
        found[fits[0].taker] -= fits[0].credit
        found[fits[0].giver] += fits[0].credit
        waiting.remove(fits[0])
    return {
        "balances": sorted([who.hex(), amount] for who, amount in found.items()),
        "waiting": [receipt.digest.hex() for receipt in waiting],
    }


def _facts(given):
    community, receipts = _all_receipts(given)
    receipts = _once_a_trade(receipts)
    viewer, household = bytes.fromhex(given["viewer"]), bytes.fromhex(given["household"])

    def with_whom(one: bytes, outcome: int, *, own_fault: bool) -> Counter[bytes]:
        return Counter(
            receipt.other(one)
            for receipt in receipts
            if one in receipt.parties
            and receipt.outcome == outcome
            and (not own_fault or receipt.at_fault == one)
        )

    def tally(pairs: Counter[bytes]) -> list[int]:
        return [sum(min(3, number) for number in pairs.values()), len(pairs)]

    def up(one: bytes) -> list[bytes]:
        path = [one]
        while path[-1] != community.founder:
            path.append(community.members[path[-1]].inviter)
        return path

    completed = with_whom(household, 1, own_fault=False)
    common = set(completed) & set(with_whom(viewer, 1, own_fault=False)) - {viewer, household}
    mine, theirs = up(viewer), up(household)
    turn = next(one for one in mine if one in theirs)
    path = mine[: mine.index(turn) + 1] + theirs[: theirs.index(turn)][::-1]
    return {
        "completed": tally(completed),
        "cancelled": tally(with_whom(household, 2, own_fault=True)),
        "no_shows": tally(with_whom(household, 3, own_fault=True)),
        "brought": sum(household in up(partner)[1:] for partner in completed),
        "common": [one.hex() for one in sorted(common)],
        "vouch_path": [one.hex() for one in path],
    }


OPERATIONS = {
    "receipt": _receipt,
    "receipt_signature": _signature,
    "month": lambda given: {"month": month_of(given["at_ms"])},
    "terms_hash": _terms_hash,
    "commitment": _commitment,
    "verify_ledger": _verify,
    "fork": _fork,
    "balances": _balances,
    "facts": _facts,
}
