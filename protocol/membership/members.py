"""The membership that a node knows at one moment: immutable, extended record by record.

It answers what admission asks (may this device of this household fill this slot?) and what
the gate asks (which records prove that I belong?).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from protocol import limits
from protocol.charter import Charter, read_charter
from protocol.envelope import Envelope, Register, read_genesis, supersedes
from protocol.ids import CommunityId, DeviceKey, HouseholdId, ThingKey
from protocol.kinds import Kind, is_membership
from protocol.membership.bodies import Device, Removal
from protocol.membership.council import Council
from protocol.membership.evaluation import Member, Outcome, evaluate
from protocol.membership.facts import Fact, read_fact
from protocol.membership.slots import full_slots, provisional_slots
from protocol.membership.tables import Said, Tables

Held = dict[tuple[int, int], Fact]
"""The standing membership records of one household, by kind and slot."""


class Members:
    """An evaluated set of membership records of one community.

    Never changed: :meth:`extended` returns a new one. Reading is cheap (dictionaries).
    """

    def __init__(
        self,
        genesis: Envelope,
        facts: Mapping[HouseholdId, Held],
        certificates: Iterable[Fact] = (),
        before: Members | None = None,
    ) -> None:
        """facts: what stands. certificates: more of them, for the evaluation to choose from.

        before: what those households said whose records are the very same is not read again.
        """
        self.genesis = genesis
        self.community = CommunityId(genesis.id)
        self.founding: Charter = read_charter(genesis.body)
        self.founder = genesis.household
        known: Mapping[HouseholdId, Said] = {} if before is None else before._said
        said = {
            household: known[household]
            if before is not None and before._facts.get(household) is held
            else Said(held.values())
            for household, held in facts.items()
        }
        outcome = evaluate(
            self.community,
            self.founding,
            self.founder,
            genesis.created_at_ms,
            Tables(said, certificates),
        )
        self._outcome: Outcome = outcome
        self._facts: dict[HouseholdId, Held] = {
            household: self._kept(member, facts.get(household, {}))
            for household, member in outcome.members.items()
        }
        self._said: dict[HouseholdId, Said] = {
            household: said[household]
            if facts.get(household) is held and household in said
            else Said(held.values())
            for household, held in self._facts.items()
        }
        self._hosts: dict[bytes, Member] = {}
        for member in outcome.members.values():
            if member.stands:
                for host in member.devices.values():
                    self._hosts.setdefault(host, member)

    # -- questions

    @property
    def households(self) -> Mapping[HouseholdId, Member]:
        """Everybody who belongs, and those who left."""
        return self._outcome.members

    @property
    def removed(self) -> Mapping[HouseholdId, Removal]:
        """Removed households, with the reason."""
        return self._outcome.removed

    @property
    def records(self) -> Iterator[Envelope]:
        """Every membership record that stands: exactly these are reconciled."""
        return (fact.record for held in self._facts.values() for fact in held.values())

    @property
    def charter(self) -> Charter:
        """The rules in force. What the set can hold follows from :attr:`founding` alone."""
        return self.council.charter.charter

    @property
    def council(self) -> Council:
        """The stewards, what they decided, and what some of them propose."""
        return self._outcome.council

    def consents(self, household: HouseholdId) -> bool:
        """Tell whether a household agreed to the charter in force, by word or by its own vote.

        Who joined agreed to the founding charter: it is in the invite's community.
        """
        version = self.council.charter
        return (
            version.number == 1
            or household in version.wanted_by
            or version.digest in self._outcome.consents.get(household, ())
        )

    def vouched(self, household: HouseholdId) -> frozenset[HouseholdId]:
        """Return the confirmed households that vouch for one."""
        return self._outcome.vouched.get(household, frozenset())

    def member(self, household: HouseholdId) -> Member | None:
        """Return a household that belongs or has left, or None."""
        return self._outcome.members.get(household)

    def by_host(self, host_key: bytes) -> Member | None:
        """Return the standing household one of whose devices names this network host.

        A certificate does not prove that its household has the host's secret: of several that
        name it the nearest to the founder is returned. Where the remote says which household
        it is, ask :meth:`is_host_of`.
        """
        return self._hosts.get(host_key)

    def is_host_of(self, host_key: bytes, household: HouseholdId) -> bool:
        """Tell whether a standing household names this network host as one of its devices."""
        member = self.member(household)
        return member is not None and member.stands and host_key in member.devices.values()

    def uses_of(self, inviter: HouseholdId, invite: ThingKey) -> int:
        """Return how many households were confirmed under an invite."""
        return self._outcome.used.get((inviter, invite), 0)

    def fact(self, register: Register) -> Fact | None:
        """Return the standing membership record of a register."""
        return self._facts.get(register.household, {}).get((register.kind, register.slot))

    def facts_of(self, household: HouseholdId, kind: Kind) -> list[Fact]:
        """Return the standing membership records of one kind by one household."""
        held = self._facts.get(household, {})
        return [fact for (of_kind, _), fact in held.items() if of_kind == kind]

    def slots(self, household: HouseholdId, kind: int) -> int:
        """Return how many slots of ``kind`` the household has now; 0 if it does not belong.

        One that left keeps those of membership kinds: its confirmations still hold.
        """
        member = self.member(household)
        if member is None or (not member.stands and not is_membership(kind)):
            return 0
        if not member.confirmed:
            return provisional_slots(kind)
        return self.slots_if_confirmed(household, kind)

    def slots_if_confirmed(self, household: HouseholdId, kind: int) -> int:
        """Return how many slots of ``kind`` the household can ever have."""
        return full_slots(kind, self.founding, founder=household == self.founder)

    def covers(self, household: HouseholdId) -> int:
        """Return in how many of its slots a household's confirmations count (MEM-34)."""
        slots = self.slots(household, Kind.CONFIRMATION)
        return min(slots, self._outcome.covers.get(household, slots))

    def signs_for(self, device: DeviceKey, household: HouseholdId) -> bool:
        """Tell whether a device is certified by a household that belongs or has left."""
        member = self.member(household)
        return member is not None and device in member.devices

    def was_device(self, household: HouseholdId, key: DeviceKey) -> bool:
        """Tell whether a household certifies this signing key, or did before it withdrew it.

        The record of a withdrawn device is kept until its slot names another (MEM-26).
        """
        return self.device_slot(household, key) is not None

    def gave_up(self, household: HouseholdId, host_key: bytes) -> bool:
        """Tell whether a household has withdrawn the device with this network host."""
        return any(
            record.withdrawn and device.host == host_key
            for record, device in self.devices_ever(household)
        )

    def device_slot(self, household: HouseholdId, key: DeviceKey) -> int | None:
        """Return the slot in which a household certifies, or certified, a signing key."""
        ever = self.devices_ever(household)
        return next((record.slot for record, device in ever if device.signing == key), None)

    def devices_ever(self, household: HouseholdId) -> Iterator[tuple[Envelope, Device]]:
        """Yield the readable device records that stand, withdrawn ones included, by slot."""
        held = self._facts.get(household, {})
        for slot in range(limits.DEVICE_SLOTS):
            fact = held.get((Kind.DEVICE, slot))
            if fact is not None and isinstance(fact.body, Device):
                yield fact.record, fact.body

    def holds(self, record: Envelope) -> bool:
        """Tell whether exactly this membership record stands."""
        fact = self.fact(record.register)
        return fact is not None and fact.record.id == record.id

    # -- growth

    def extended(self, records: Iterable[Envelope], proven: bool = False) -> Members:
        """Return the membership after adding records whose signatures have been checked.

        A function of what stands and what is added, whatever the order. Records of households
        that do not belong afterwards leave no trace. proven: they stood before, so that the
        proofs inside certificates need not be checked again.
        """
        added: dict[HouseholdId, list[Envelope]] = defaultdict(list)
        for record in records:
            if record.slot < self.slots_if_confirmed(record.household, record.kind):
                added[record.household].append(record)
        facts = dict(self._facts)
        certificates: list[Fact] = []
        for household, new in added.items():
            candidates = [
                read_fact(record, proven)
                for record in new
                if record.kind == Kind.CERTIFICATE and not self.holds(record)
            ]
            if household not in facts and not candidates:
                continue
            facts[household] = _merged(facts.get(household, {}), new)
            certificates += candidates
        if not certificates and all(held is self._facts.get(h) for h, held in facts.items()):
            return self
        return Members(self.genesis, facts, certificates, before=self)

    def unexpired(self, now_ms: int) -> Members:
        """Return the membership without records whose time is over (spec 02 §lifetimes)."""
        if all(record.expires_at_ms > now_ms for record in self.records):
            return self
        return Members(
            self.genesis,
            {
                household: {
                    place: fact
                    for place, fact in held.items()
                    if fact.record.expires_at_ms > now_ms
                }
                for household, held in self._facts.items()
            },
        )

    # -- inner rules

    def _kept(self, member: Member, held: Held) -> Held:
        """Return what stands of a member's records: of one nobody confirmed, few kinds."""
        certificate = self._outcome.certificates.get(member.household)
        place = (int(Kind.CERTIFICATE), 0)
        if certificate is not None and held.get(place) is not certificate:
            held = {**held, place: certificate}
        if not member.confirmed and any(kind not in _UNCONFIRMED for kind, _ in held):
            held = {place: fact for place, fact in held.items() if place[0] in _UNCONFIRMED}
        return held


_UNCONFIRMED = frozenset(kind for kind in range(1, 32) if provisional_slots(kind))


def found(genesis_raw: bytes) -> Members:
    """Return the membership of a community of which only the founding charter is known.

    Raises RemoteError ``genesis-invalid`` (or as reading its parts).
    """
    return Members(read_genesis(genesis_raw), {})


def _merged(held: Held, new: Sequence[Envelope]) -> Held:
    """Return one household's records after adding some (certificates aside): the same object
    if nothing changes. Those that an uncertified device signed have no say.
    """
    merged = dict(held)

    def compete(record: Envelope) -> None:
        place = (record.kind, record.slot)
        standing = merged.get(place)
        if standing is None or supersedes(record, standing.record):
            merged[place] = read_fact(record)

    for record in new:
        if record.root_signed and record.kind != Kind.CERTIFICATE:
            compete(record)
    certified = {
        fact.body.signing
        for (kind, _), fact in merged.items()
        if kind == Kind.DEVICE and isinstance(fact.body, Device) and not fact.record.withdrawn
    }
    for place, fact in held.items():
        signer = fact.record
        if merged.get(place) is fact and not signer.root_signed and signer.device not in certified:
            del merged[place]
    for record in new:
        if not record.root_signed and record.device in certified:
            compete(record)
    changed = len(merged) != len(held) or any(held.get(p) is not f for p, f in merged.items())
    return merged if changed else held
