"""A second reader of who belongs and what is admitted, written from chapters 02 and 04 only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from second_records import Record, greatest
from second_stewards import Stewards
from second_values import Refused, need, read, reception


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
        self.charter = read(1, record.body)
        need(self.charter is not None)
        self.id, self.founder = record.id, record.household
        self.listing_slots, self.invite_budget = self.charter[8], self.charter[11]
        self.subtree = reception(self.charter)[1]
        self.evaluate([])

    def slots(self, household: bytes, kind: int) -> int:
        founder = household == self.founder
        table = {
            1: int(founder),
            2: int(not founder),
            3: 8,
            4: 64,
            5: 4_096 if founder else max(self.invite_budget, 256),
            6: 4_096 if founder else 128,
            32: 1,
            35: 8,
        }
        table |= {33: 4 * self.listing_slots, 34: 4 * self.listing_slots}
        table |= dict.fromkeys(range(36, 40), 512) | dict.fromkeys(range(128, 132), 4_096)
        return table.get(kind, 16 if kind < 32 else 32)

    # -- chapter 04 §2

    def evaluate(self, records) -> None:
        """For records whose signatures hold."""
        self._registers(records)
        quorum = self.charter[12]
        self.stewards = Stewards(self.founder, quorum, self.says, self.candidates)
        removed = self.stewards.removed()
        self.removed = set(removed)
        self.removals = {household: _together(bodies) for household, bodies in removed.items()}
        kept = {h for bodies in removed.values() for body in bodies for h in body[3]}
        self._confirm(kept)
        self._give_places()
        self._let_stand()

    def _registers(self, records) -> None:
        by_household = defaultdict(list)
        for record in records:
            if record.slot < self.slots(record.household, record.kind):
                by_household[record.household].append(record)
        self.registers, self.candidates, self.devices = {}, {}, defaultdict(dict)
        for household, own in by_household.items():
            usable = {r.id: r for r in own if r.usable()}.values()
            self.candidates[household] = sorted(usable, key=lambda r: r.rank, reverse=True)
            own = [r for r in own if r.kind != 2]
            root = greatest([r for r in own if r.root])
            for (kind, _), record in sorted(root.items()):
                body = read(3, record.body) if kind == 3 and not record.withdrawn else None
                if body:
                    self.devices[household].setdefault(body[1], body[2])
            self.registers[household] = greatest(
                [r for r in own if r.root or r.device in self.devices[household]]
            )

    def says_in(self, household: bytes, kind: int):
        """(slot, key, body) of what counts, the lowest slot first."""
        for (of_kind, slot), record in sorted(self.registers.get(household, {}).items()):
            if of_kind == kind and not record.withdrawn and not (kind > 6 and record.root):
                body = read(kind, record.body)
                if body:
                    yield slot, record.key, body

    def says(self, household: bytes, kind: int):
        return [(key, body) for _, key, body in self.says_in(household, kind)]

    def _confirm(self, kept: set[bytes]) -> None:
        founder = Member("founder", self.founder, 0, True, self.devices[self.founder])
        self.members, self.chosen = {self.founder: founder}, {}
        self.shares = {self.founder: 0}
        self._along_certificates([self.founder])
        self._along_certificates([h for h in sorted(kept) if self._joins(h, self.founder)])
        for household in self.stewards.named:
            if self._joins(household, self.founder):
                self._along_certificates([household])
        for depth in range(16):
            level = sorted(h for h, member in self.members.items() if member.depth == depth)
            pairs = [(named, inviter) for inviter in level for named in self._names(inviter)]
            self._along_certificates([named for named, by in pairs if self._joins(named, by)])

    def _names(self, inviter: bytes) -> list[bytes]:
        """Whom a household confirms within its allowance."""
        allowance = self._allowance(inviter)
        return [body[1] for slot, _, body in self.says_in(inviter, 5) if slot < allowance]

    def _joins(self, household: bytes, inviter: bytes) -> bool:
        if household in self.members or household in self.removed:
            return False
        if not self.candidates.get(household) or self.members[inviter].depth == 16:
            return False
        self._confirm_one(household, inviter)
        return True

    def _along_certificates(self, inviters: list[bytes]) -> None:
        """MEM-12 (a)."""
        for inviter in inviters:  # it grows while it is walked
            for household in self._names(inviter):
                own = self.candidates.get(household)
                if own and read(2, own[0].body)[1] == inviter and self._joins(household, inviter):
                    inviters.append(household)

    def _allowance(self, household: bytes) -> int:
        """MEM-34."""
        if household in self.stewards.seated:
            return self.slots(household, 5)
        share = self.shares[household]
        return min(self.invite_budget, share) if self.subtree else self.invite_budget

    def _confirm_one(self, household: bytes, inviter: bytes) -> None:
        self.chosen[household] = record = self.candidates[household][0]
        self.members[household] = Member(
            "left" if record.withdrawn else "confirmed",
            inviter, self.members[inviter].depth + 1, True, self.devices[household],
        )  # fmt: skip
        self.shares[household] = self.subtree
        if self.subtree and inviter not in self.stewards.seated:
            allowance = self._allowance(inviter)
            self.shares[household] = (self.shares[inviter] - allowance) // allowance

    def _give_places(self) -> None:
        """MEM-14 to MEM-16."""
        used = defaultdict(set)
        for author in self.members:
            for _, body in self.says(author, 5):
                used[author, body[2]].add(body[1])

        def opens(record) -> bool:
            _, inviter, key, public, _ = read(2, record.body)
            member = self.members.get(inviter)
            if member is None or member.status not in ("founder", "confirmed") or member.depth > 15:
                return False
            invite = next((body for name, body in self.says(inviter, 4) if name == key), None)
            return (
                invite is not None and invite[1] == public
                and record.generation_ms <= invite[3] and len(used[inviter, key]) < invite[2]
            )  # fmt: skip

        asks = {
            household: [record for record in own if opens(record)]
            for household, own in self.candidates.items()
            if household not in self.members and household not in self.removed
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
                self.chosen[household] = own[0]
                inviter = read(2, own[0].body)[1]
                self.members[household] = Member(
                    "left" if own[0].withdrawn else "provisional",
                    inviter, self.members[inviter].depth + 1, False, self.devices[household],
                )  # fmt: skip

    def _let_stand(self) -> None:
        """MEM-17."""
        self.stand = {}
        for household, member in self.members.items():
            for place, record in self.registers.get(household, {}).items():
                if member.confirmed or place[0] in (2, 3):
                    self.stand[household, *place] = record
            if household in self.chosen:
                self.stand[household, 2, 0] = self.chosen[household]

    def outcome(self) -> dict:
        """As a vector shows it (chapter 04 §8)."""
        return {
            "members": [
                [household.hex(), member.status, member.inviter.hex(), member.depth]
                for household, member in sorted(self.members.items())
            ],
            "removed": [household.hex() for household in sorted(self.removed)],
            "stand": sorted(record.id.hex() for record in self.stand.values()),
        }

    # -- chapter 02 §6

    def admit(self, raws, now_ms: int) -> list:
        """The verdicts; what was admitted joins the membership."""
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
        provisional = {2: 1, 3: 8, 32: 1, 33: 5, 34: 5, 35: 8, 40: 8}.get(record.kind, 0)
        if not member.confirmed and record.slot >= provisional:
            return ["park", "provisional"]
        if record.device not in member.devices and not (record.root and record.kind < 32):
            return ["park", "unknown-device"]
        if record.kind < 32:
            greater = standing is not None and standing.rank > record.rank
            return ["ignore", "superseded"] if greater else ["park", "no-place"]
        return ["ignore", "left"] if member.status == "left" else ["admit", None]


def _together(removals: list[list]) -> list:
    """What several removals of one household say together (MEM-10)."""
    months = [dict(body[4] if len(body) > 4 else []) for body in removals]
    common = [[d, min(m[d] for m in months)] for d in months[0] if all(d in m for m in months)]
    return [*removals[0][:4], common] if common else removals[0][:4]
