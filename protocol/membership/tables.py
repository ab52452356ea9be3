"""What households say in their membership records: what evaluation reads (spec 04 §2).

What one household says follows from its own records alone. So it is read once, and again only
when one of these changes: a community is evaluated anew without reading it anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from protocol.ids import HouseholdId, ThingKey
from protocol.membership.bodies import Certificate, Confirmation, Device, Invite, Removal
from protocol.membership.facts import Fact
from protocol.membership.governance import Amendment, Consent, Seats, Vouches


def _by_slot(fact: Fact) -> tuple[int, int]:
    return (fact.record.kind, fact.record.slot)


class Said:
    """What one household's standing records say, those of uncertified devices left out.

    Where two slots say something about the same subject (one invite key, one device, one
    removed household, one steward), the lower slot counts. certificate: the one that stands,
    withdrawn or not. devices: signing key → host key. confirmations: (slot, whom), by slot: the
    slot tells which of them an allowance covers. uses: how many households each invite was
    confirmed for. seats: whom it wants as steward or not. amendments: by digest.
    """

    __slots__ = (
        "amendments",
        "certificate",
        "confirmations",
        "consents",
        "devices",
        "invites",
        "removals",
        "seats",
        "uses",
        "vouches",
    )

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self.certificate: Fact | None = None
        self.devices: dict[bytes, bytes] = {}
        self.confirmations: list[tuple[int, HouseholdId]] = []
        self.uses: dict[ThingKey, int] = {}
        self.invites: dict[ThingKey, Invite] = {}
        self.removals: dict[HouseholdId, Removal] = {}
        self.seats: dict[HouseholdId, bool] = {}
        self.amendments: dict[bytes, Amendment] = {}
        self.consents: set[bytes] = set()
        self.vouches: set[HouseholdId] = set()
        signed: list[Fact] = []
        for fact in sorted(facts, key=_by_slot):
            body = fact.body
            if isinstance(body, Certificate):
                # A withdrawn certificate still says by whom the household was invited.
                self.certificate = fact
            elif fact.record.withdrawn:
                continue
            elif isinstance(body, Device):
                self.devices.setdefault(body.signing, body.host)
            elif body is not None:
                signed.append(fact)
        brought: defaultdict[ThingKey, set[HouseholdId]] = defaultdict(set)
        for fact in signed:
            if fact.record.device not in self.devices:
                continue
            if isinstance(fact.body, Confirmation):
                self.confirmations.append((fact.record.slot, fact.body.household))
                brought[fact.body.invite].add(fact.body.household)
            else:
                self._add(fact)
        self.uses = {invite: len(households) for invite, households in brought.items()}

    def _add(self, fact: Fact) -> None:
        match fact.body:
            case Invite() as invite:
                self.invites.setdefault(fact.record.key, invite)
            case Removal() as removal:
                self.removals.setdefault(removal.household, removal)
            case Seats(seats):
                for seat in seats:
                    self.seats.setdefault(seat.household, seat.wanted)
            case Amendment() as amendment:
                self.amendments[amendment.digest()] = amendment
            case Consent(digest):
                self.consents.add(digest)
            case Vouches(households):
                self.vouches.update(households)

    def wants_seated(self, household: HouseholdId) -> bool:
        """Tell whether it names a household (itself: takes the seat) as a steward."""
        return self.seats.get(household, False)

    def opposes(self, household: HouseholdId) -> bool:
        """Tell whether it wants a household not to be a steward, or not to belong at all."""
        return self.seats.get(household) is False or household in self.removals


_NOTHING = Said()


class Tables:
    """What all households say, and the certificates among which evaluation chooses.

    certificates: more candidates than the one that stands, of any household.
    """

    def __init__(self, said: Mapping[HouseholdId, Said], certificates: Iterable[Fact] = ()) -> None:
        self._said = said
        self._offered: dict[HouseholdId, list[Fact]] = defaultdict(list)
        for fact in certificates:
            if isinstance(fact.body, Certificate):
                self._offered[fact.record.household].append(fact)
        for household, offered in self._offered.items():
            standing = self.of(household).certificate
            if standing is not None:
                offered.append(standing)
            offered.sort(key=lambda fact: fact.record.precedence, reverse=True)

    def of(self, household: HouseholdId) -> Said:
        """Return what one household says."""
        return self._said.get(household, _NOTHING)

    def __iter__(self) -> Iterator[tuple[HouseholdId, Said]]:
        return iter(self._said.items())

    @property
    def households(self) -> Iterable[HouseholdId]:
        """All of which something is known."""
        return self._said.keys() | self._offered.keys()

    def candidates(self, household: HouseholdId) -> list[Fact]:
        """Return a household's usable certificates, the greatest first."""
        offered = self._offered.get(household)
        if offered is not None:
            return offered
        standing = self.of(household).certificate
        return [] if standing is None else [standing]

    def invited_by(self, household: HouseholdId) -> HouseholdId | None:
        """Return the inviter that a household's greatest certificate names."""
        candidates = self.candidates(household)
        body = candidates[0].body if candidates else None
        return body.inviter if isinstance(body, Certificate) else None

    def has_joined(self, household: HouseholdId) -> bool:
        """Tell whether a household says that it belongs: its last certificate stands for it."""
        candidates = self.candidates(household)
        return bool(candidates) and not candidates[0].record.withdrawn
