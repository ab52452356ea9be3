"""A small community with keys that are counted up: what vectors and protocol tests are made of.

Every key is derived from a number, so that a vector is the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from protocol import wire
from protocol.charter import Charter
from protocol.envelope import Draft, Envelope, seal
from protocol.ids import NO_COMMUNITY, CommunityId, HouseholdId, ThingKey
from protocol.kinds import Kind, lifetime_ms
from protocol.listing import Listing, ListingKind
from protocol.membership.bodies import Confirmation, Device, Invite, Removal, certify
from protocol.membership.members import Members, found
from protocol.signing import KeyPair, Purpose, Seed

START_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z: the founding."""
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def key_pair(number: int) -> KeyPair:
    """The Ed25519 key pair whose seed is ``number`` as 32 bytes, big end first."""
    return KeyPair(Seed(number.to_bytes(32, "big")))


def thing_key(number: int) -> ThingKey:
    """A thing's key: ``number`` as 16 bytes, big end first."""
    return ThingKey(number.to_bytes(16, "big"))


@dataclass(frozen=True)
class Household:
    """Household n has root seed 256·n, device seeds 256·n + 1 …, host seeds 256·n + 129 …"""

    number: int

    @property
    def root(self) -> KeyPair:
        return key_pair(256 * self.number)

    @property
    def id(self) -> HouseholdId:
        return HouseholdId(self.root.public)

    def device(self, number: int = 0) -> KeyPair:
        return key_pair(256 * self.number + 1 + number)

    def host(self, number: int = 0) -> bytes:
        return key_pair(256 * self.number + 129 + number).public


@dataclass
class World:
    """A founded community, and the records that its households sign."""

    charter: Charter = field(
        default_factory=lambda: Charter(
            name="Lindenstraße", rules="Be kind.", salt=bytes(range(16)), listing_slots=10,
            invite_budget=4,
        )
    )  # fmt: skip

    def __post_init__(self) -> None:
        self.founder = Household(1)
        self.community = NO_COMMUNITY
        self.genesis = self.sign(
            self.founder, Kind.CHARTER, self.charter.pack(), at_ms=START_MS, key=thing_key(1)
        )
        self.community = CommunityId(self.genesis.id)

    def found(self) -> Members:
        """The membership that knows the founding charter only."""
        return found(self.genesis.raw)

    def sign(
        self,
        by: Household,
        kind: int,
        body: bytes,
        at_ms: int = START_MS + HOUR_MS,
        device: int = 0,
        signer: KeyPair | None = None,
        **fields: Any,
    ) -> Envelope:
        """Seal a record. fields: whatever else of the draft differs from the usual."""
        if signer is None:
            root_signed = kind in (Kind.CHARTER, Kind.CERTIFICATE, Kind.DEVICE)
            signer = by.root if root_signed else by.device(device)
        draft = Draft(
            community=self.community,
            kind=kind,
            household=by.id,
            slot=0,
            key=thing_key(256 * by.number + kind),
            generation_ms=at_ms,
            revision=0,
            created_at_ms=at_ms,
            expires_at_ms=at_ms + lifetime_ms(kind),
            withdrawn=False,
            body=body,
        )
        return seal(replace(draft, **fields), signer)

    def forge(self, record: Envelope, signer: KeyPair, **fields: Any) -> bytes:
        """The bytes of a record with some fields changed, signed anew, and checked by nobody."""
        names = (
            "community", "kind", "household", "device", "slot", "key", "generation_ms",
            "revision", "created_at_ms", "expires_at_ms", "withdrawn", "body",
        )  # fmt: skip
        values = {"version": 1, **{name: getattr(record, name) for name in names}, **fields}
        unsigned = b"".join(wire.pack(value) for value in values.values())
        signature = signer.sign(Purpose.RECORD, unsigned)
        return b"\x9e" + unsigned + b"\xc4\x40" + signature

    def certify_device(self, by: Household, number: int = 0, **fields: Any) -> Envelope:
        """The record by which a household names its device; slot = number unless given."""
        body = Device(by.device(number).public, by.host(number)).pack()
        return self.sign(by, Kind.DEVICE, body, **{"slot": number, **fields})

    def invite_secret(self, by: Household, slot: int = 0) -> KeyPair:
        """The secret that an invite's text carries."""
        return key_pair(256 * by.number + 200 + slot)

    def invite_key(self, by: Household, slot: int = 0) -> ThingKey:
        """The key of the invite in a slot."""
        return thing_key(256 * by.number + 200 + slot)

    def invite(
        self, by: Household, slot: int = 0, uses: int = 2, days: int = 7, **fields: Any
    ) -> Envelope:
        """An invite of ``by``."""
        body = Invite(self.invite_secret(by, slot).public, uses, START_MS + days * DAY_MS).pack()
        return self.sign(
            by, Kind.INVITE, body, **{"slot": slot, "key": self.invite_key(by, slot), **fields}
        )

    def certificate(
        self, of: Household, inviter: Household, invite_slot: int = 0, **fields: Any
    ) -> Envelope:
        """The certificate of a household that joins by an inviter's invite."""
        body = certify(
            self.community,
            of.id,
            inviter.id,
            self.invite_key(inviter, invite_slot),
            self.invite_secret(inviter, invite_slot),
        ).pack()
        return self.sign(of, Kind.CERTIFICATE, body, **fields)

    def confirmation(
        self, by: Household, of: Household, slot: int = 0, invite_slot: int = 0, **fields: Any
    ) -> Envelope:
        """``by`` stands for ``of``."""
        body = Confirmation(of.id, self.invite_key(by, invite_slot)).pack()
        return self.sign(by, Kind.CONFIRMATION, body, slot=slot, **fields)

    def removal(
        self,
        of: Household,
        standing: tuple[Household, ...] = (),
        slot: int = 0,
        by: Household | None = None,
        **fields: Any,
    ) -> Envelope:
        """The founder (or ``by``) removes ``of``."""
        body = Removal(of.id, "Sold what was not theirs.", tuple(h.id for h in standing)).pack()
        return self.sign(by or self.founder, Kind.REMOVAL, body, slot=slot, **fields)

    def joined(
        self, of: Household, inviter: Household, slot: int = 0, invite_slot: int = 0
    ) -> list[Envelope]:
        """What makes ``of`` a confirmed member below ``inviter``, its device included."""
        return [
            self.certificate(of, inviter, invite_slot),
            self.certify_device(of),
            self.confirmation(inviter, of, slot, invite_slot),
        ]

    def listing(self, by: Household, title: str = "Cot", **fields: Any) -> Envelope:
        """A listing of ``by``."""
        at_ms = fields.get("at_ms", START_MS + HOUR_MS)
        listing = Listing(kind=ListingKind.GIVE, title=title, visible_until_ms=at_ms + 30 * DAY_MS)
        return self.sign(by, Kind.LISTING, listing.pack(), **fields)
