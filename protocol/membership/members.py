"""The membership that a node knows at one moment: immutable, extended record by record.

It answers what admission asks (may this device of this household fill this slot?) and what
the gate asks (which records prove that I belong?).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from protocol import limits
from protocol.charter import Charter, read_charter
from protocol.envelope import Envelope, Register, read_genesis, supersedes
from protocol.ids import CommunityId, DeviceKey, HouseholdId
from protocol.kinds import FIRST_DURABLE, Kind, is_membership
from protocol.membership.bodies import Confirmation, Removal
from protocol.membership.evaluation import MEMBERSHIP_SLOTS, Member, Outcome, Status, evaluate
from protocol.membership.facts import Fact, read_fact


class Members:
    """An evaluated set of membership records of one community.

    Never changed: :meth:`extended` returns a new one. Reading is cheap (dictionaries).
    """

    def __init__(self, genesis: Envelope, facts: Mapping[Register, Fact]) -> None:
        self.genesis = genesis
        self.community = CommunityId(genesis.id)
        self.charter: Charter = read_charter(genesis.body)
        self.founder = genesis.household
        outcome = evaluate(self.founder, genesis.created_at_ms, facts.values())
        self._outcome: Outcome = outcome
        self._facts = {register: fact for register, fact in facts.items() if self._keeps(register)}
        self._hosts = {
            host: member
            for member in outcome.members.values()
            if member.stands
            for host in member.devices.values()
        }

    # -- questions

    @property
    def households(self) -> Mapping[HouseholdId, Member]:
        """Everybody who belongs, and those who left."""
        return self._outcome.members

    @property
    def removed(self) -> Mapping[HouseholdId, Removal]:
        """Removed households, with the reason."""
        return self._outcome.removed

    def member(self, household: HouseholdId) -> Member | None:
        """Return a household that belongs or has left, or None."""
        return self._outcome.members.get(household)

    def by_host(self, host_key: bytes) -> Member | None:
        """Return the standing household one of whose devices has this network host."""
        return self._hosts.get(host_key)

    def uses_of(self, inviter: HouseholdId, invite: bytes) -> int:
        """Return how many households were confirmed under an invite."""
        return next(
            (n for (who, key), n in self._outcome.used.items() if who == inviter and key == invite),
            0,
        )

    def fact(self, register: Register) -> Fact | None:
        """Return the standing membership record of a register."""
        return self._facts.get(register)

    def facts_of(self, household: HouseholdId, kind: Kind) -> list[Fact]:
        """Return the standing membership records of one kind by one household."""
        return [
            fact
            for register, fact in self._facts.items()
            if register.household == household and register.kind == kind
        ]

    def slots(self, household: HouseholdId, kind: int) -> int:
        """Return how many slots of ``kind`` the household has; 0 if it does not belong."""
        member = self.member(household)
        if is_membership(kind):
            return self._membership_slots(household, kind)
        if member is None or not member.stands:
            return 0
        if kind in (Kind.LISTING, Kind.MARK):
            if member.status is Status.PROVISIONAL:
                return limits.PROVISIONAL_SLOTS
            return self.charter.listing_slots * limits.SLOT_HEADROOM
        if kind == Kind.PROFILE:
            return 1
        if kind < FIRST_DURABLE:
            return limits.UNKNOWN_CONTENT_SLOTS
        return limits.UNKNOWN_DURABLE_SLOTS

    def signs_for(self, device: DeviceKey, household: HouseholdId) -> bool:
        """Tell whether a device is certified by a household that belongs or has left."""
        member = self.member(household)
        return member is not None and device in member.devices

    # -- growth

    def extended(self, records: Iterable[Envelope]) -> Members:
        """Return the membership after adding records whose signatures have been checked.

        Root-signed records go first, so that a forged revision by an uncertified device
        never displaces a standing one. Records of households that do not belong afterwards
        leave no trace.
        """
        facts = dict(self._facts)
        certified: dict[HouseholdId, set[bytes]] = {}
        for record in sorted(records, key=lambda r: not r.root_signed):
            if record.slot >= self._membership_slots(record.household, record.kind):
                continue
            if not record.root_signed:
                known = certified.get(record.household)
                if known is None:
                    known = _certified(facts, record.household)
                    certified[record.household] = known
                if record.device not in known:
                    continue
            held = facts.get(record.register)
            if held is None or supersedes(record, held.record):
                facts[record.register] = read_fact(record)
        return Members(self.genesis, facts)

    def holds(self, record: Envelope) -> bool:
        """Tell whether exactly this membership record stands."""
        fact = self._facts.get(record.register)
        return fact is not None and fact.record.id == record.id

    # -- proofs

    def proof(self, household: HouseholdId) -> Sequence[Envelope]:
        """Return the records that show, from the founder down, that a household belongs.

        At most MAX_PROOF_BYTES in all, the nearest links kept: a verifier knows the far
        ones, which are the oldest. Empty if the household does not belong.
        """
        links: list[list[Envelope]] = []
        current = self.member(household)
        while current is not None:
            link = [fact.record for fact in self.facts_of(current.household, Kind.DEVICE)]
            links.append(link)
            if current.household == self.founder:
                break
            certificate = self.fact(Register(current.household, Kind.CERTIFICATE, 0))
            if certificate is not None:
                link.append(certificate.record)
            link.extend(self._standing_by(current))
            current = self.member(current.inviter)
        chosen: list[Envelope] = []
        size = 0
        for link in links:
            size += sum(len(record.raw) + 3 for record in link)
            if size > limits.MAX_PROOF_BYTES - 64:
                break
            chosen.extend(link)
        return chosen

    def _standing_by(self, member: Member) -> list[Envelope]:
        if member.status is Status.PROVISIONAL:
            return [
                fact.record
                for fact in self.facts_of(member.inviter, Kind.INVITE)
                if fact.record.key == member.invite
            ]
        confirming = [
            fact.record
            for fact in self.facts_of(member.inviter, Kind.CONFIRMATION)
            if isinstance(fact.body, Confirmation) and fact.body.household == member.household
        ]
        keeping = [
            fact.record
            for fact in self.facts_of(self.founder, Kind.REMOVAL)
            if isinstance(fact.body, Removal) and member.household in fact.body.standing
        ]
        return (confirming or keeping)[:1]

    # -- inner rules

    def _keeps(self, register: Register) -> bool:
        return register.household in self._outcome.members

    def _membership_slots(self, household: HouseholdId, kind: int) -> int:
        if kind == Kind.CONFIRMATION:
            founder = household == self.founder
            return limits.FOUNDER_CONFIRMATION_SLOTS if founder else self.charter.invite_budget
        if kind in MEMBERSHIP_SLOTS:
            return MEMBERSHIP_SLOTS[Kind(kind)]
        return limits.UNKNOWN_MEMBERSHIP_SLOTS


def found(genesis_raw: bytes) -> Members:
    """Return the membership of a community of which only the founding charter is known.

    Raises RemoteError ``genesis-invalid`` (or as reading its parts).
    """
    return Members(read_genesis(genesis_raw), {})


def _certified(facts: Mapping[Register, Fact], household: HouseholdId) -> set[bytes]:
    keys: set[bytes] = set()
    for slot in range(limits.DEVICE_SLOTS):
        fact = facts.get(Register(household, Kind.DEVICE, slot))
        if fact is not None and not fact.record.withdrawn and fact.body is not None:
            keys.add(fact.body.signing)  # type: ignore[union-attr]
    return keys
