"""Who belongs, evaluated from 10,000 records: from nothing, and after one more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median

from benchmarks.report import Figure, Limit, Target
from benchmarks.workspace import Workspace
from protocol.charter import Charter
from protocol.envelope import Draft, Envelope, decode, seal
from protocol.ids import NO_COMMUNITY, CommunityId, HouseholdId, ThingKey
from protocol.kinds import ROOT_SIGNED, Kind, lifetime_ms
from protocol.membership.bodies import Confirmation, Device, Invite, certify
from protocol.membership.evaluation import Status
from protocol.membership.members import found
from protocol.signing import KeyPair, Seed

_TURNS = 5
_FOUNDED_MS = 1_767_225_600_000
_OF_THE_FOUNDER = 5
"""One household in so many is the founder's own guest; each of these brings the others."""


def run(workspace: Workspace) -> Iterator[Figure]:
    """Households that joined by three records each, in two generations below the founder."""
    town = _Town()
    records = [town.device(0), town.invite(0)]
    joined = workspace.sizes.members
    hosts = -(-joined // _OF_THE_FOUNDER)
    for number in range(1, joined + 1):
        guest_of = 0 if number <= hosts else (number - 1) % hosts + 1
        records += town.join(number, guest_of)
    records = [decode(record.raw) for record in records]
    empty = found(town.genesis.raw)
    whole = empty.extended(records, proven=True)
    assert sum(m.status is Status.CONFIRMED for m in whole.households.values()) == joined
    checking_s = _seconds(lambda: [record.signature_holds() for record in records], turns=1)
    count = len(records)
    yield Figure(
        f"evaluating {count:,} membership records whose signatures were verified",
        1e3 * median(_seconds(lambda: empty.extended(records, proven=True)) for _ in range(_TURNS)),
        "ms",
        Limit("verifying them", 1e3 * checking_s),
        Target("≤", 200),
    )
    yield Figure(
        "the same with the proof inside each certificate",
        1e3 * median(_seconds(lambda: empty.extended(records)) for _ in range(_TURNS)),
        "ms",
        Limit("verifying them", 1e3 * checking_s),
    )
    another = town.join(joined + 1, 0)
    yield Figure(
        f"one more household among {joined:,}",
        1e3 * median(_seconds(lambda: whole.extended(another)) for _ in range(_TURNS)),
        "ms",
    )


def _seconds(work: Callable[[], object], turns: int = 1) -> float:
    began = time.perf_counter()
    for _ in range(turns):
        work()
    return (time.perf_counter() - began) / turns


class _Town:
    """Keys counted up, and what their households sign."""

    def __init__(self) -> None:
        self._community = NO_COMMUNITY
        charter = Charter(name="Lindenau", rules="", salt=bytes(16), invite_budget=4_096)
        self.genesis = self._sign(0, Kind.CHARTER, charter.pack())
        self._community = CommunityId(self.genesis.id)
        self._brought: dict[int, int] = {}

    def device(self, number: int) -> Envelope:
        """The record that certifies a household's device."""
        return self._sign(number, Kind.DEVICE, Device(_key(number, 1).public, bytes(32)).pack())

    def invite(self, number: int) -> Envelope:
        """An invite of a household."""
        body = Invite(_key(number, 2).public, 1_000, _FOUNDED_MS * 2).pack()
        return self._sign(number, Kind.INVITE, body)

    def join(self, number: int, guest_of: int) -> list[Envelope]:
        """What makes a household a confirmed member below another."""
        household, host = (HouseholdId(_key(n, 0).public) for n in (number, guest_of))
        secret = _key(guest_of, 2)
        certificate = certify(self._community, household, host, _thing(guest_of), secret)
        slot = self._brought.get(guest_of, 0)
        self._brought[guest_of] = slot + 1
        confirmation = Confirmation(household, _thing(guest_of)).pack()
        return [
            self._sign(number, Kind.CERTIFICATE, certificate.pack()),
            self.device(number),
            self._sign(guest_of, Kind.CONFIRMATION, confirmation, slot),
        ]

    def _sign(self, number: int, kind: Kind, body: bytes, slot: int = 0) -> Envelope:
        draft = Draft(
            community=self._community,
            kind=kind,
            household=HouseholdId(_key(number, 0).public),
            slot=slot,
            key=_thing(number),
            generation_ms=_FOUNDED_MS,
            revision=0,
            created_at_ms=_FOUNDED_MS,
            expires_at_ms=_FOUNDED_MS + lifetime_ms(kind),
            withdrawn=False,
            body=body,
        )
        return seal(draft, _key(number, 0 if kind in ROOT_SIGNED else 1))


def _key(number: int, purpose: int) -> KeyPair:
    return KeyPair(Seed((number * 4 + purpose + 1).to_bytes(32, "big")))


def _thing(number: int) -> ThingKey:
    return ThingKey(number.to_bytes(16, "big"))
