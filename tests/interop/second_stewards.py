"""A second reader of seats and of what stewards want, written from chapter 11 §§1 and 2 only."""

from __future__ import annotations

from itertools import count

from second_values import READERS, each, fields, need, octets

SEATS, MOST = 7, 32


def _seats(body: bytes) -> list:
    f = fields(body, 2)
    each(f[1], 128, _seat)
    return f


def _seat(value) -> None:
    need(type(value) is list and len(value) == 2)
    octets(value[0], 32)
    need(type(value[1]) is bool)


READERS[SEATS] = _seats


class Stewards:
    """Who is named, who is a steward, who votes (GOV-4 to GOV-7).

    says: of a household and a kind, the (key, body) of what counts, the lowest slot first.
    candidates: of each household its usable certificates, the greatest first.
    """

    def __init__(self, founder: bytes, quorum: int, says, candidates) -> None:
        self.quorum, self.says = quorum, says
        self.named, self.seated = [founder], [founder]
        while len(self.named) < MOST:
            able = [h for h in candidates if candidates[h] and h not in self.named]
            able = [h for h in able if self._may_be_named(h)]
            if not able:
                break
            household = min(able, key=self._rank)
            self.named.append(household)
            if self._wants(household).get(household) and not candidates[household][0].withdrawn:
                self.seated.append(household)
        stepped_down = self._wants(founder).get(founder) is False
        self.voting = self.seated[1:] if stepped_down and len(self.seated) > 1 else self.seated
        self.must_agree = self.enough(self.voting)

    def enough(self, households) -> int:
        return min(self.quorum, len(households))

    def _wants(self, steward: bytes) -> dict[bytes, bool]:
        """The seats of one household, in its order; the first mention counts (GOV-3)."""
        wants: dict[bytes, bool] = {}
        for _, body in self.says(steward, SEATS):
            for household, wanted in body[1]:
                wants.setdefault(household, wanted)
        return wants

    def _may_be_named(self, household: bytes) -> bool:
        wanted = [s for s in self.seated if self._wants(s).get(household)]
        against = [
            s
            for s in self.seated
            if self._wants(s).get(household) is False or household in self.removals(s)
        ]
        enough = self.enough(self.seated)
        return len(wanted) >= enough and len(against) < enough

    def _rank(self, household: bytes) -> tuple[list[float], bytes]:
        wants = [[h for h, wanted in self._wants(s).items() if wanted] for s in self.seated]
        places = [dict(zip(wanted, count(), strict=False)) for wanted in wants]
        return [place.get(household, float("inf")) for place in places], household

    def removals(self, steward: bytes) -> dict[bytes, list]:
        """By household the body of the removal that counts of this steward (MEM-10)."""
        found: dict[bytes, list] = {}
        for _, body in self.says(steward, 6):
            found.setdefault(body[1], body)
        return found

    def removed(self) -> dict[bytes, list[list]]:
        """Whom enough voting stewards remove: the removals that count, the senior one's first."""
        wanted: dict[bytes, list[list]] = {}
        for steward in self.voting:
            for household, body in self.removals(steward).items():
                wanted.setdefault(household, []).append(body)
        return {
            household: bodies
            for household, bodies in wanted.items()
            if len(bodies) >= self.must_agree and household not in self.named
        }
