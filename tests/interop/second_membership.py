"""A second reader of records and membership, written from chapters 02 and 04 only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from second_values import (
    DAY,
    Refused,
    encode,
    hashed,
    integer,
    need,
    octets,
    read,
    unpack,
    verifies,
)

NAMES = (
    "version", "community", "kind", "household", "device", "slot", "key", "generation_ms",
    "revision", "created_at_ms", "expires_at_ms", "withdrawn", "body", "signature",
)  # fmt: skip
RECORD, INVITE = b"p2pmarket/record/1", b"p2pmarket/invite/1"


class Record:
    """An envelope by chapter 02 §1; Refused if it is none. Its signature is a question."""

    def __init__(self, raw: bytes) -> None:
        values = unpack(raw, 8_192)
        need(type(values) is list and len(values) == 14)
        self.raw, self.id = raw, hashed(raw)
        self.fields = dict(zip(NAMES, values, strict=True))
        self.__dict__.update(self.fields)
        integer(self.version, 1, 1)
        for value, size in zip(
            (values[i] for i in (1, 3, 4, 6, 13)), (32, 32, 32, 16, 64), strict=True
        ):
            octets(value, size)
        for index in (2, 5, 7, 8, 9, 10):
            integer(values[index], 0, 2**48 - 1)
        integer(self.kind, 1, 191)
        need(len(raw) <= (1_024 if self.kind in (36, 37, 38, 39, 128, 129, 130, 131) else 8_192))
        need(type(self.withdrawn) is bool and type(self.body) is bytes)
        lifetime = 91 * DAY if 32 <= self.kind <= 127 else 3_653 * DAY
        need(self.created_at_ms < self.expires_at_ms <= self.created_at_ms + lifetime)
        need(self.generation_ms <= self.created_at_ms)
        need(self.revision <= 2**32 - 1)
        need(self.revision <= 16 + (self.created_at_ms - self.generation_ms) // 100)
        self.root = self.device == self.household
        need(self.kind not in (1, 2, 3) or self.root)
        need(self.kind not in (4, 5, 6, 32, 33, 34, 35) or not self.root)
        self.rank = (self.generation_ms, self.withdrawn, self.revision, self.id)

    def signed(self) -> bool:
        message = b"".join(encode(self.fields[name]) for name in NAMES[:13])
        return verifies(self.device, RECORD, message, self.signature)

    def usable(self) -> bool:
        body = read(2, self.body)
        if self.kind != 2 or body is None:
            return False
        return verifies(body[3], INVITE, self.community + self.household, body[4])


@dataclass
class Member:
    status: str
    inviter: bytes
    depth: int
    confirmed: bool
    devices: dict[bytes, bytes]


class Community:
    """What a founding charter says of everybody; ``evaluate`` adds who belongs."""

    def __init__(self, genesis: bytes) -> None:
        record = Record(genesis)
        need(len(genesis) <= 2_048 and record.kind == 1 and record.community == bytes(32))
        need(not record.withdrawn and record.signed())
        charter = read(1, record.body)
        need(charter is not None)
        self.id, self.founder = record.id, record.household
        self.listing_slots, self.invite_budget = charter[8], charter[11]
        self.evaluate([])

    def slots(self, household: bytes, kind: int) -> int:
        founder = household == self.founder
        table = {
            1: int(founder),
            2: int(not founder),
            3: 8,
            4: 64,
            6: 4_096 * founder,
            32: 1,
            35: 8,
        }
        table |= {5: 4_096 if founder else self.invite_budget}
        table |= {33: 4 * self.listing_slots, 34: 4 * self.listing_slots}
        table |= dict.fromkeys(range(36, 40), 512) | dict.fromkeys(range(128, 132), 4_096)
        return table.get(kind, 16 if kind < 32 else 32)

    def evaluate(self, records) -> None:
        """Chapter 04 §2, for records whose signatures hold."""
        by_household = defaultdict(list)
        for record in records:
            if record.slot < self.slots(record.household, record.kind):
                by_household[record.household].append(record)
        stand, devices, candidates = {}, defaultdict(dict), {}
        for household, own in by_household.items():
            candidates[household] = sorted(
                {r.id: r for r in own if r.usable()}.values(), key=lambda r: r.rank, reverse=True
            )
            own = [r for r in own if r.kind != 2]
            root = greatest([r for r in own if r.root])
            for (kind, _), record in sorted(root.items()):
                body = read(3, record.body) if kind == 3 and not record.withdrawn else None
                if body:
                    devices[household].setdefault(body[1], body[2])
            stand[household] = greatest(
                [r for r in own if r.root or r.device in devices[household]]
            )

        def says(household: bytes, kind: int):
            """(slot, key, body) of what counts, the lowest slot first."""
            for (of_kind, _), record in sorted(stand.get(household, {}).items()):
                body = read(kind, record.body) if of_kind == kind and not record.withdrawn else None
                if body:
                    yield record.key, body

        removals = {}
        for _, body in says(self.founder, 6):
            removals.setdefault(body[1], body)
        removals.pop(self.founder, None)
        self.removals, self.removed = removals, set(removals)
        kept = {household for body in removals.values() for household in body[3]}
        members = {self.founder: Member("founder", self.founder, 0, True, devices[self.founder])}
        chosen = {}
        for depth in range(1, 17):
            level = sorted(h for h, member in members.items() if member.depth == depth - 1)
            for inviter in level:
                named = [body[1] for _, body in says(inviter, 5)]
                for household in named + (list(kept) if depth == 1 else []):
                    if household in members or household in self.removed:
                        continue
                    if candidates.get(household):
                        chosen[household] = record = candidates[household][0]
                        status = "left" if record.withdrawn else "confirmed"
                        members[household] = Member(
                            status, inviter, depth, True, devices[household]
                        )
        used = defaultdict(set)
        for author in members:
            for _, body in says(author, 5):
                used[author, body[2]].add(body[1])

        def opens(record) -> bool:
            _, inviter, key, public, _ = read(2, record.body)
            member = members.get(inviter)
            if member is None or member.status not in ("founder", "confirmed") or member.depth > 15:
                return False
            invite = next((body for name, body in says(inviter, 4) if name == key), None)
            return (
                invite is not None and invite[1] == public
                and record.generation_ms <= invite[3] and len(used[inviter, key]) < invite[2]
            )  # fmt: skip

        asks = {
            household: [record for record in own if opens(record)]
            for household, own in candidates.items()
            if household not in members and household not in self.removed
        }
        while True:  # all ask at once; who is refused goes on to the next, until nobody is
            asked = defaultdict(list)
            for household, own in asks.items():
                if own:
                    asked[tuple(read(2, own[0].body)[1:3])].append(household)
            refused = [h for households in asked.values() for h in sorted(households)[16:]]
            if not refused:
                break
            for household in refused:
                asks[household] = asks[household][1:]
        for household, own in asks.items():
            if own:
                chosen[household] = own[0]
                inviter = read(2, own[0].body)[1]
                members[household] = Member(
                    "left" if own[0].withdrawn else "provisional",
                    inviter, members[inviter].depth + 1, False, devices[household],
                )  # fmt: skip
        self.members, self.stand = members, {}
        for household, member in members.items():
            for place, record in stand.get(household, {}).items():
                if member.confirmed or place[0] in (2, 3):
                    self.stand[household, *place] = record
            if household in chosen:
                self.stand[household, 2, 0] = chosen[household]

    def admit(self, raws, now_ms: int) -> list:
        """Chapter 02 §6. The verdicts; what was admitted joins the membership."""
        screened = [self._screen(raw, now_ms) for raw in raws]
        joining = [r for r in screened if isinstance(r, Record) and r.kind < 32]
        self.evaluate([*self.stand.values(), *joining])
        return [self._judge(r) if isinstance(r, Record) else r for r in screened]

    def _screen(self, raw: bytes, now_ms: int):
        try:
            record = Record(raw)
        except Refused:
            return ["reject", "malformed"]
        for holds, verdict in (
            (record.id == self.id, ["ignore", "genesis"]),
            (record.community != self.id, ["reject", "other-community"]),
            (record.slot >= self.slots(record.household, record.kind), ["reject", "slot"]),
            (record.household in self.removed, ["ignore", "removed"]),
            (record.expires_at_ms <= now_ms, ["ignore", "expired"]),
        ):
            if holds:
                return verdict
        if not record.signed():
            return ["reject", "signature"]
        return ["park", "not-yet"] if record.created_at_ms > now_ms + 600_000 else record

    def _judge(self, record: Record) -> list:
        standing = self.stand.get((record.household, record.kind, record.slot))
        if record.kind < 32 and standing is not None and standing.id == record.id:
            return ["admit", None]
        member = self.members.get(record.household)
        if member is None:
            removed = record.household in self.removed
            return ["ignore", "removed"] if removed else ["park", "unknown-household"]
        provisional = {2: 1, 3: 8, 32: 1, 33: 5, 34: 5, 35: 8}.get(record.kind, 0)
        if not member.confirmed and record.slot >= provisional:
            return ["park", "provisional"]
        if record.device not in member.devices and not (record.root and record.kind < 32):
            return ["park", "unknown-device"]
        if record.kind < 32:
            greater = standing is not None and standing.rank > record.rank
            return ["ignore", "superseded"] if greater else ["park", "no-place"]
        return ["ignore", "left"] if member.status == "left" else ["admit", None]


def greatest(records) -> dict:
    """The greatest record of each (kind, slot) of one household."""
    found = {}
    for record in records:
        place = (record.kind, record.slot)
        if place not in found or record.rank > found[place].rank:
            found[place] = record
    return found
