"""A second reader of charters in force, consent and vouches, written from chapter 11 only."""

from __future__ import annotations

from collections import defaultdict

import second_values as values
from second_membership import Community
from second_records import Record
from second_values import each, fields, hashed, integer, need, octets

AMENDMENT, CONSENT, VOUCHES = 8, 9, 10


# -- §1 bodies


def _amendment(body: bytes) -> list:
    f = fields(body, 4)
    integer(f[1], 2, 1_000_000)
    octets(f[2], 32)
    need(type(f[3]) is bytes)
    values.charter(f[3])
    return f


def _consent(body: bytes) -> list:
    f = fields(body, 2)
    octets(f[1], 32)
    return f


def _vouches(body: bytes) -> list:
    f = fields(body, 2)
    each(f[1], 200, lambda household: octets(household, 32))
    return f


values.READERS |= {AMENDMENT: _amendment, CONSENT: _consent, VOUCHES: _vouches}


def digest(body: bytes) -> bytes:
    return hashed(body, person=b"p2pm-amendment")


# -- §3 the charter in force


def fixed(charter: list) -> list:
    """What no amendment changes (GOV-2): salt, quorum, invite_budget, subtree."""
    return [charter[3], charter[12], charter[11], values.reception(charter)[1]]


def keeps_credit(charter: list, founding: list) -> bool:
    """Credit from the beginning keeps its unit, and its limit only rises (GOV-2)."""
    before, now = (c[14] if len(c) > 14 else None for c in (founding, charter))
    return not before or (bool(now) and now[0] == before[0] and now[1] >= before[1])


class Charters:
    """The charter in force and those proposed (GOV-9); who consents (GOV-10)."""

    def __init__(self, community: Community) -> None:
        self.community, self.stewards = community, community.stewards
        self.bodies: dict[bytes, list] = {}
        self.signers = defaultdict(list)
        for seat, steward in enumerate(self.stewards.seated):
            for signed, body in self._amendments(steward).items():
                if steward in self.stewards.voting:
                    self.signers[signed].append(seat)
                self.bodies[signed] = body
        ordered = sorted(self.bodies, key=self._rank)
        agreed = [d for d in ordered if len(self.signers[d]) >= self.stewards.must_agree]
        self.number, self.digest, self.charter = 1, community.id, community.charter
        if agreed:
            self.digest = agreed[0]
            self.number = self.bodies[self.digest][1]
            self.charter = values.charter(self.bodies[self.digest][3])
        self.proposed = [
            (self.bodies[d][1], d, len(self.signers[d])) for d in ordered if d != self.digest
        ]

    def _amendments(self, household: bytes) -> dict[bytes, list]:
        founding = fixed(self.community.charter)
        return {
            digest(values.encode(body)): body
            for _, body in self.community.says(household, AMENDMENT)
            if fixed(values.charter(body[3])) == founding
            and keeps_credit(values.charter(body[3]), self.community.charter)
        }

    def _rank(self, of: bytes):
        return -self.bodies[of][1], -len(self.signers[of]), self.signers[of], of

    def consents(self, household: bytes) -> bool:
        if self.digest == self.community.id:
            return True
        seated, signers = self.stewards.seated, self.signers[self.digest]
        if household in seated and seated.index(household) in signers:
            return True
        said = [body[1] for _, body in self.community.says(household, CONSENT)]
        return self.digest in said


# -- §5 newcomers


def vouched(community: Community) -> dict[bytes, list[bytes]]:
    """GOV-15, of and by households that are confirmed, the founder being one of them."""
    confirmed = [h for h, m in community.members.items() if m.status in ("founder", "confirmed")]
    found = defaultdict(set)
    for author in confirmed:
        for _, body in community.says(author, VOUCHES):
            for household in set(body[1]) & set(confirmed) - {author}:
                found[household].add(author)
    return {household: sorted(by) for household, by in sorted(found.items())}


# -- the operations


def _govern(given):
    records = [Record(bytes.fromhex(raw)) for raw in given["records"]]
    assert all(record.signed() for record in records)
    outcomes = []
    for order in given["orders"]:
        community = Community(bytes.fromhex(given["genesis"]))
        community.evaluate([records[index] for index in order])
        stewards, charters = community.stewards, Charters(community)
        outcomes.append({
            **community.outcome(),
            "stewards": [household.hex() for household in stewards.seated],
            "voting": [household.hex() for household in stewards.voting],
            "must_agree": stewards.must_agree,
            "charter": [charters.number, charters.digest.hex()],
            "proposed": [[number, of.hex(), by] for number, of, by in charters.proposed],
            "consenting": [h.hex() for h in sorted(community.members) if charters.consents(h)],
            "vouched": [
                [who.hex(), [one.hex() for one in by]] for who, by in vouched(community).items()
            ],
        })  # fmt: skip
    assert all(outcome == outcomes[0] for outcome in outcomes)
    return outcomes[0]


OPERATIONS = {
    "govern": _govern,
    "amendment_digest": lambda given: {"digest": digest(bytes.fromhex(given["body"])).hex()},
}
