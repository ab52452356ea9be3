"""The stewards, and what enough of them want (spec 11).

Nothing here depends on time or on what was decided before: what holds, holds because enough of
those who are stewards by the same records say so. A former steward's keys are worth nothing,
whatever they sign and however they date it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from protocol import limits
from protocol.charter import Charter
from protocol.ids import CommunityId, HouseholdId
from protocol.membership.bodies import Removal, Signer
from protocol.membership.governance import Amendment
from protocol.membership.tables import Said, Tables


@dataclass(frozen=True, slots=True)
class CharterVersion:
    """A version of the charter, and which stewards want it, the most senior first.

    number: 1 for the founding charter, whose digest is the community's id.
    """

    number: int
    digest: bytes
    charter: Charter
    wanted_by: tuple[HouseholdId, ...]
    previous: bytes | None = None


@dataclass(frozen=True, slots=True)
class Council:
    """Who moderates, and what they have decided or proposed.

    stewards: the most senior first; the founder is the first. voters: those of them who
    decide. needed: how many of these must agree.
    candidates: households that some steward wants seated and that are not, with who wants it
    and who is against it, and whether they take the seat themselves.
    charter: in force. proposals: other versions that a steward wants, the highest number first.
    removal_wanted_by: of each household that a steward wants removed, who does.
    """

    stewards: tuple[HouseholdId, ...]
    voters: tuple[HouseholdId, ...]
    needed: int
    candidates: Mapping[HouseholdId, Candidate]
    charter: CharterVersion
    proposals: tuple[CharterVersion, ...]
    removal_wanted_by: Mapping[HouseholdId, tuple[HouseholdId, ...]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A household that a steward wants seated, or that was a steward and is not any more."""

    wanted_by: tuple[HouseholdId, ...]
    opposed_by: tuple[HouseholdId, ...]
    accepts: bool


def needed(quorum: int, stewards: int) -> int:
    """Return how many of so many stewards must agree: the quorum, or all where they are fewer."""
    return min(quorum, stewards)


@dataclass(frozen=True, slots=True)
class Bench:
    """Who has been named for a seat by enough of those who had theirs (spec GOV-4).

    stewards: those who took it, the most senior first. named: these, and those who have not
    said yes, or have left. A household that is named belongs whether it says yes or not: else
    its yes, which is one of its records, would decide whether its records count.
    """

    stewards: tuple[HouseholdId, ...]
    named: tuple[HouseholdId, ...]


def seat(founder: HouseholdId, quorum: int, tables: Tables) -> Bench:
    """Return the stewards (spec GOV-4).

    One seat after the other: each is given by those who have theirs, so that two who want each
    other out never decide about one another at once; the senior one decides.
    """
    stewards = [founder]
    named = [founder]
    places = [_places(tables.of(founder))]
    while len(named) < limits.MAX_STEWARDS:
        enough = needed(quorum, len(stewards))
        words = [tables.of(steward) for steward in stewards]
        free = [
            household
            for household in dict.fromkeys(chain.from_iterable(places))
            if household not in named
            and tables.candidates(household)
            and sum(said.wants_seated(household) for said in words) >= enough
            and sum(said.opposes(household) for said in words) < enough
        ]
        if not free:
            break

        def rank(household: HouseholdId) -> tuple[list[int], HouseholdId]:
            # Who names one more names it last: so nobody who has a seat changes place.
            ranks = [of_one.get(household, limits.MAX_RECORD_BYTES) for of_one in places]
            return ranks, household

        household = min(free, key=rank)
        named.append(household)
        if tables.of(household).wants_seated(household) and tables.has_joined(household):
            stewards.append(household)
            places.append(_places(tables.of(household)))
    return Bench(tuple(stewards), tuple(named))


def _places(said: Said) -> dict[HouseholdId, int]:
    """Where a household names whom it wants; a no gives no place to whom it is about."""
    wanted = (household for household, wanted in said.seats.items() if wanted)
    return {household: place for place, household in enumerate(wanted)}


def voting(stewards: Sequence[HouseholdId], tables: Tables) -> tuple[HouseholdId, ...]:
    """Return the stewards that decide: all, but a founder who stepped down if there are others.

    Seats go on to rest on what the founder said: only the present leaves its hands.
    """
    founder, *others = stewards
    stepped_down = tables.of(founder).seats.get(founder) is False
    return tuple(others) if stepped_down and others else tuple(stewards)


def removed_by(bench: Bench, quorum: int, tables: Tables) -> dict[HouseholdId, tuple[Removal, ...]]:
    """Return who is removed, with what the voting stewards say, the most senior first.

    Nobody is removed who is named for a seat: those who named it would have to say so.
    """
    voters = voting(bench.stewards, tables)
    said: dict[HouseholdId, list[Removal]] = defaultdict(list)
    for steward in voters:
        for household, removal in tables.of(steward).removals.items():
            said[household].append(removal)
    enough = needed(quorum, len(voters))
    return {
        household: tuple(removals)
        for household, removals in said.items()
        if len(removals) >= enough and household not in bench.named
    }


def agreed(removals: Sequence[Removal]) -> Removal:
    """Return what those who remove a household say together: the senior one's reason, whom any
    of them keeps, and of its signers those that all of them name, each up to the lowest month.
    """
    first = removals[0]
    months = [{signer.device: signer.month for signer in r.signers} for r in removals]
    return Removal(
        first.household,
        first.reason,
        tuple(dict.fromkeys(household for r in removals for household in r.standing)),
        tuple(
            Signer(signer.device, min(of_one[signer.device] for of_one in months))
            for signer in first.signers
            if all(signer.device in of_one for of_one in months)
        ),
    )


def council(
    community: CommunityId,
    founding: Charter,
    stewards: Sequence[HouseholdId],
    tables: Tables,
    confirmed: Callable[[HouseholdId], bool],
) -> Council:
    """Return what the stewards want, and which charter is in force (spec GOV-9).

    confirmed: whether what a household says stands.
    """
    voters = voting(stewards, tables)
    enough = needed(founding.quorum, len(voters))
    versions = _versions(voters, founding, tables)
    in_force = [version for version in versions if len(version.wanted_by) >= enough]
    current = (
        in_force[0] if in_force else CharterVersion(1, bytes(community), founding, (stewards[0],))
    )
    wanting: dict[HouseholdId, list[HouseholdId]] = defaultdict(list)
    for steward in voters:
        for household in tables.of(steward).removals:
            wanting[household].append(steward)
    return Council(
        stewards=tuple(stewards),
        voters=voters,
        needed=enough,
        candidates=_candidates(stewards, tables, confirmed),
        charter=current,
        proposals=tuple(version for version in versions if version is not current),
        removal_wanted_by={household: tuple(who) for household, who in wanting.items()},
    )


def _versions(
    stewards: Sequence[HouseholdId], founding: Charter, tables: Tables
) -> list[CharterVersion]:
    """Return the amendments that stewards want, the one that comes before all others first."""
    wanted: dict[bytes, list[int]] = defaultdict(list)
    amendments: dict[bytes, Amendment] = {}
    for seniority, steward in enumerate(stewards):
        for digest, amendment in tables.of(steward).amendments.items():
            if amendment.keeps_foundations(founding):
                amendments[digest] = amendment
                wanted[digest].append(seniority)
    order = sorted(
        wanted.items(),
        key=lambda item: (-amendments[item[0]].number, -len(item[1]), item[1], item[0]),
    )
    return [
        CharterVersion(
            amendments[digest].number,
            digest,
            amendments[digest].charter,
            tuple(stewards[seniority] for seniority in who),
            amendments[digest].previous,
        )
        for digest, who in order
    ]


def _candidates(
    stewards: Sequence[HouseholdId],
    tables: Tables,
    confirmed: Callable[[HouseholdId], bool],
) -> dict[HouseholdId, Candidate]:
    named: Iterable[HouseholdId] = dict.fromkeys(
        household for steward in stewards for household in tables.of(steward).seats
    )
    return {
        household: Candidate(
            tuple(s for s in stewards if tables.of(s).wants_seated(household)),
            tuple(s for s in stewards if tables.of(s).opposes(household)),
            confirmed(household) and tables.of(household).wants_seated(household),
        )
        for household in named
        if household not in stewards
    }
