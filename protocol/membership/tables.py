"""The usable membership facts by what they say: what evaluation reads (spec 04 §2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from protocol.ids import HouseholdId, ThingKey
from protocol.membership.bodies import Certificate, Confirmation, Device, Invite, Removal
from protocol.membership.facts import Fact
from protocol.membership.governance import Amendment, Consent, Seats, Vouches

InviteName = tuple[HouseholdId, ThingKey]


class Tables:
    """The usable facts, those of uncertified devices left out.

    Where two slots of one household say something about the same subject (one invite key, one
    device, one removed household, one steward), the lower slot counts. Of confirmations the
    slot is kept: it tells which of them an allowance covers.
    """

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.devices: dict[HouseholdId, dict[bytes, bytes]] = defaultdict(dict)
        self.certificates: dict[HouseholdId, list[Fact]] = defaultdict(list)
        self.confirmations: dict[HouseholdId, list[tuple[int, Confirmation]]] = defaultdict(list)
        self.invites: dict[InviteName, Invite] = {}
        self.removals: dict[HouseholdId, dict[HouseholdId, Removal]] = defaultdict(dict)
        self.seats: dict[HouseholdId, dict[HouseholdId, bool]] = defaultdict(dict)
        self.amendments: dict[HouseholdId, dict[bytes, Amendment]] = defaultdict(dict)
        self.consents: dict[HouseholdId, set[bytes]] = defaultdict(set)
        self.vouches: dict[HouseholdId, dict[HouseholdId, None]] = defaultdict(dict)
        signed: list[Fact] = []
        for fact in sorted(facts, key=_by_slot):
            household, body = fact.record.household, fact.body
            if isinstance(body, Certificate):
                # A withdrawn certificate still says by whom the household was invited.
                self.certificates[household].append(fact)
            elif fact.record.withdrawn:
                continue
            elif isinstance(body, Device):
                self.devices[household].setdefault(body.signing, body.host)
            elif body is not None:
                signed.append(fact)
        for candidates in self.certificates.values():
            candidates.sort(key=lambda fact: fact.record.precedence, reverse=True)
        for fact in signed:
            if fact.record.device in self.devices[fact.record.household]:
                self._add(fact)

    def _add(self, fact: Fact) -> None:
        record, body = fact.record, fact.body
        author = record.household
        match body:
            case Confirmation():
                self.confirmations[author].append((record.slot, body))
            case Invite():
                self.invites.setdefault((author, record.key), body)
            case Removal():
                self.removals[author].setdefault(body.household, body)
            case Seats():
                for seat in body.seats:
                    self.seats[author].setdefault(seat.household, seat.wanted)
            case Amendment():
                self.amendments[author][body.digest()] = body
            case Consent():
                self.consents[author].add(body.digest)
            case Vouches():
                self.vouches[author].update(dict.fromkeys(body.households))

    def has_joined(self, household: HouseholdId) -> bool:
        """Tell whether a household says that it belongs: its last certificate stands for it."""
        certificates = self.certificates.get(household, [])
        return bool(certificates) and not certificates[0].record.withdrawn


def _by_slot(fact: Fact) -> tuple[bytes, int, int]:
    return (fact.record.household, fact.record.kind, fact.record.slot)
