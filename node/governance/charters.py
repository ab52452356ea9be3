"""The charter: proposing a version, signing it, consenting to it (GOV-2, GOV-9, GOV-10)."""

from __future__ import annotations

from dataclasses import replace

from node.author import Change
from node.governance.plan import Deciding, Plan
from node.governance.wording import own_amendments, standing, withdrawal
from node.store.database import Database
from node.store.settings import ACCEPTED_SETTING, read_setting, write_setting
from protocol import limits
from protocol.charter import Charter
from protocol.errors import LocalError
from protocol.ids import HouseholdId, text_of
from protocol.kinds import Kind
from protocol.membership.council import CharterVersion
from protocol.membership.evaluation import Status
from protocol.membership.governance import Amendment, Consent

_SHORTEST_DIGEST = 4


class Charters:
    """Versions of the charter, and what the own household says of them."""

    def __init__(self, deciding: Deciding, database: Database) -> None:
        self._deciding = deciding
        self._database = database
        self._accepted: bytes | None = None

    async def load(self) -> None:
        """Recall which version was agreed to on joining."""
        self._accepted = await read_setting(self._database, ACCEPTED_SETTING)

    # -- questions

    @property
    def in_force(self) -> CharterVersion:
        """The version that binds everybody."""
        return self._deciding.members.council.charter

    @property
    def proposals(self) -> tuple[CharterVersion, ...]:
        """Versions that some steward wants, and that can still come into force, the latest first.

        An older one than that in force stands by for the case that the latter loses a voice.
        """
        return tuple(
            version
            for version in self._deciding.members.council.proposals
            if version.number >= self.in_force.number
        )

    def missing(self, version: CharterVersion) -> int:
        """Return how many more stewards must sign before a version comes into force."""
        return max(0, self._deciding.members.council.needed - len(version.wanted_by))

    def version(self, typed: str) -> CharterVersion:
        """Return the version with this number, or whose digest begins so.

        Raises LocalError ``charter-not-found`` or ``charter-ambiguous``.
        """
        council, wanted = self._deciding.members.council, typed.strip().casefold()
        known = [council.charter, *council.proposals]
        if council.charter.number != 1:
            known.append(self.founding)
        found = [version for version in known if str(version.number) == wanted]
        if not found and len(wanted) >= _SHORTEST_DIGEST:
            found = [version for version in known if text_of(version.digest).startswith(wanted)]
        if not found:
            raise LocalError("charter-not-found", number=typed)
        if len(found) > 1:
            ids = ", ".join(text_of(version.digest)[:10] for version in found)
            raise LocalError("charter-ambiguous", number=typed, ids=ids)
        return found[0]

    @property
    def founding(self) -> CharterVersion:
        """Number 1."""
        members = self._deciding.members
        digest = bytes(members.community)
        return CharterVersion(1, digest, members.founding, (members.founder,))

    def consented(self) -> CharterVersion | None:
        """Return the latest known version that this household has agreed to."""
        members, own = self._deciding.members, self._deciding.author.household
        agreed = {
            fact.body.digest
            for fact in standing(members, own, Kind.CONSENT).values()
            if isinstance(fact.body, Consent)
        }
        known = [self.in_force, *members.council.proposals, self.founding]
        found = [v for v in known if v.digest in agreed or v.digest == self._accepted]
        return max(found, key=lambda version: version.number, default=None)

    def without_consent(self) -> list[HouseholdId]:
        """Return the confirmed households that have not agreed to the version in force yet."""
        members = self._deciding.members
        return [
            member.household
            for member in members.households.values()
            if member.status in (Status.CONFIRMED, Status.FOUNDER)
            and not members.consents(member.household)
        ]

    @property
    def is_bound(self) -> bool:
        """Whether this household agreed to the version in force.

        One that nobody has confirmed cannot say so yet: it did when it joined (GOV-15).
        """
        members, own = self._deciding.members, self._deciding.author.household
        member = members.member(own)
        if member is None or members.consents(own):
            return True
        return not member.confirmed and self._accepted in (None, self.in_force.digest)

    def require_consent(self) -> None:
        """Raise LocalError ``consent-needed`` where nothing new may be published (GOV-10)."""
        if not self.is_bound:
            raise LocalError("consent-needed", number=self.in_force.number)

    # -- decisions

    async def propose(self, charter: Charter, sign: bool = True) -> Plan:
        """Propose a version, and sign it; its number is one above all that are known.

        LocalError ``only-stewards``, ``charter-unchanged``, ``charter-fixed``,
        ``charter-slots``, ``too-long``.
        """
        async with self._deciding.lock:
            self._deciding.require_vote()
            members, current = self._deciding.members, self.in_force
            if charter == current.charter:
                raise LocalError("charter-unchanged")
            most = members.founding.listing_slots * limits.SLOT_HEADROOM
            if charter.listing_slots > most:
                raise LocalError("charter-slots", most=most)
            numbers = [v.number for v in (current, *members.council.proposals)]
            amendment = Amendment(max(numbers) + 1, current.digest, charter)
            if not amendment.keeps_foundations(members.founding):
                raise LocalError("charter-fixed")
            return await self._sign(amendment, sign)

    async def sign(self, digest: bytes, sign: bool = True) -> Plan:
        """Sign a version that another steward proposes.

        LocalError ``only-stewards``, ``charter-not-found``, ``signed-already``.
        """
        async with self._deciding.lock:
            self._deciding.require_vote()
            version = self._known(digest)
            if version.previous is None:
                raise LocalError("signed-already", number=version.number)
            amendment = Amendment(version.number, version.previous, version.charter)
            return await self._sign(amendment, sign)

    async def unsign(self, digest: bytes) -> Plan:
        """Take the own signature back. LocalError ``only-stewards``, ``not-signed``."""
        async with self._deciding.lock:
            self._deciding.require_vote()
            own = own_amendments(self._deciding.members, self._deciding.author.household)
            changes = [
                withdrawal(Kind.AMENDMENT, slot)
                for slot, amendment in own.items()
                if amendment.digest() == digest
            ]
            if not changes:
                raise LocalError("not-signed")
            return await self._deciding.carry_out(await self._deciding.plan(changes))

    async def consent(self, digest: bytes) -> None:
        """Agree to live by the version in force.

        digest: of what the person has read. LocalError ``charter-moved``, ``consented-already``.
        """
        async with self._deciding.lock:
            members, own = self._deciding.members, self._deciding.author.household
            if digest != self.in_force.digest:
                raise LocalError("charter-moved")
            if members.consents(own):
                raise LocalError("consented-already", number=self.in_force.number)
            await write_setting(self._database, ACCEPTED_SETTING, digest)
            self._accepted = digest
            member = members.member(own)
            if member is not None and member.confirmed:
                await self._consent(digest)

    async def attend(self) -> None:
        """Sign what was agreed to on joining, once somebody has confirmed the household."""
        async with self._deciding.lock:
            members, own = self._deciding.members, self._deciding.author.household
            member = members.member(own)
            if (
                self._accepted == self.in_force.digest
                and member is not None
                and member.status is Status.CONFIRMED
                and not members.consents(own)
            ):
                await self._consent(self._accepted)

    async def _consent(self, digest: bytes) -> None:
        """Say so in a free slot, or in that of the oldest word."""
        deciding = self._deciding
        held = standing(deciding.members, deciding.author.household, Kind.CONSENT)
        full = len(held) >= deciding.members.slots(deciding.author.household, Kind.CONSENT)
        slot = min(held, key=lambda slot: held[slot].record.created_at_ms) if full else None
        await deciding.author.write([Change(Kind.CONSENT, Consent(digest).pack(), slot)])

    async def _sign(self, amendment: Amendment, sign: bool) -> Plan:
        deciding = self._deciding
        members = deciding.members
        own = own_amendments(members, deciding.author.household)
        digest = amendment.digest()
        if any(held.digest() == digest for held in own.values()):
            raise LocalError("signed-already", number=amendment.number)
        # That in force stands by until the next one has been there for a while.
        over = [
            withdrawal(Kind.AMENDMENT, slot)
            for slot, held in own.items()
            if held.number <= self.in_force.number and held.digest() != self.in_force.digest
        ]
        plan = await deciding.plan([*over, Change(Kind.AMENDMENT, amendment.pack())])
        return await deciding.carry_out(plan) if sign else plan

    def _known(self, digest: bytes) -> CharterVersion:
        for version in (self.in_force, *self._deciding.members.council.proposals):
            if version.digest == digest:
                return version
        raise LocalError("charter-not-found", number=text_of(digest)[:10])


def amended(charter: Charter, **fields: object) -> Charter:
    """Return a charter with some fields changed; those of how newcomers are received among them.

    Raises RemoteError ``body-invalid``.
    """
    reception = {
        name: fields.pop(name)
        for name in ("approval", "first_listings", "worry_words")
        if name in fields
    }
    received = replace(charter.reception, **reception)  # type: ignore[arg-type]
    return replace(charter, reception=received, **fields)  # type: ignore[arg-type]
