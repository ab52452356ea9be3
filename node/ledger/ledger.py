"""The household's ledger: receipts and reviews linked for all to check, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import trio

from node.author import Author
from node.clock import Clock, Skew
from node.conduct import Conduct
from node.copy_watch import CopyWatch
from node.inbox import Inbox
from node.ledger.books import Books
from node.ledger.own_chain import OwnChain
from node.ledger.reviews import Letters, Reviews, ReviewView
from node.network.port import HostKey
from node.store.database import Connection, Database
from node.store.ledger_entries import forks_seen, head_of, note_head
from node.store.receipts import OwnReceipt, keep_receipt, note_linked, own_receipt, own_receipts
from protocol import limits
from protocol.charter import CreditRules
from protocol.envelope import Envelope
from protocol.errors import LocalError, RemoteError
from protocol.ids import DeviceKey, HouseholdId
from protocol.kinds import Kind
from protocol.ledger.chain import LedgerReport, flaw_of
from protocol.ledger.credit import Credit, exceeds, room
from protocol.ledger.entry import Adoption, Content, Head, PrivateReceipt, receipt_of
from protocol.ledger.forks import accuses, read_fork_proof
from protocol.ledger.receipt import CoSigned
from protocol.ledger.review import Review
from protocol.ledger.signers import stands
from protocol.ledger.trust import View, view

_ATTEND_S = 60.0
_PROVING_WAITS_S = 20.0
"""At most, at random: of all who see a fork one proof is enough."""


@dataclass(frozen=True, slots=True)
class TrustFacts:
    """What this household can know of another. view: what all can see, from our place.

    own: our receipts with it, the latest first, private and unconfirmed ones included.
    report: the check of its ledger. balance, uncovered: of credit, and what of it waits besides;
    None where the charter keeps none.
    """

    view: View
    own: Sequence[OwnReceipt]
    report: LedgerReport
    reviews: Sequence[ReviewView]
    balance: int | None
    uncovered: int | None


class Ledger:
    """Keeps, links, checks and folds; run :meth:`run` in the node's nursery."""

    def __init__(
        self,
        database: Database,
        author: Author,
        inbox: Inbox,
        copies: CopyWatch,
        device_slot: int,
        letters: Letters,
        clock: Clock,
        skew: Skew,
        conduct: Conduct,
        random: Random,
    ) -> None:
        self.chain = OwnChain(database, author, inbox, device_slot)
        self.books = Books(database, inbox)
        self.reviews = Reviews(
            database, author.household, self.chain, self.books, letters, clock, skew, self.wake
        )
        self._database = database
        self._author = author
        self._inbox = inbox
        self._copies = copies
        self._conduct = conduct
        self._random = random
        self._wake = trio.Event()
        self._seen = trio.Event()
        self._met = False
        inbox.on_stored.append(self._follow)
        inbox.on_members.append(lambda members: self.wake())

    # -- what trades use

    def keep(self, connection: Connection, signed: CoSigned, concluded_at_ms: int) -> None:
        """Keep an own receipt, with the signatures there are, within the caller's transaction.

        It is linked by :meth:`attend` once both have signed. Call :meth:`wake` afterwards.
        Raises RemoteError ``receipt-invalid``: not ours, or a signature does not hold.
        """
        if self._author.household not in signed.receipt.parties or not signed.signatures_hold():
            raise RemoteError("receipt-invalid")
        keep_receipt(connection, self._author.household, signed, concluded_at_ms)

    def head_in(self, connection: Connection) -> Head:
        """Return this device's head, to be told in a trade message."""
        return head_of(connection, self._author.device)

    def note_head(
        self, connection: Connection, household: HouseholdId, device: DeviceKey, head: Head
    ) -> None:
        """Remember the head that a device told in a message that it signed."""
        note_head(connection, household, device, head)

    def wake(self) -> None:
        """Attend soon: something may be due."""
        self._wake.set()

    @property
    def is_copied(self) -> bool:
        """Whether another computer writes this device's chain: then nothing more is signed."""
        return self._author.is_copied

    # -- linking

    async def link(self, signed: CoSigned, concluded_at_ms: int) -> bool:
        """Keep a receipt and link it if that is possible now; whether it is linked."""
        await self._database.write(lambda c: self.keep(c, signed, concluded_at_ms))
        await self.attend()
        digest = signed.receipt.digest()
        held = await self._database.read(lambda c: own_receipt(c, digest))
        return held is not None and held.linked_by is not None

    async def adopt(self, device: DeviceKey, count: int | None = None) -> int:
        """Continue the chain of another device of this household; return how much was linked.

        Its receipts that hold, and the reviews of these, are linked anew. Call it before the
        device is withdrawn, and again after a crash. count: how many of its entries to stand by;
        None: all that were seen. Raises LocalError as any record's of one's own.
        """
        contents = (await self.chain.contents_of(device))[:count]
        report = await self.books.verify(self._author.household)
        kept = self._stood_by(contents, report)
        linked = await self.chain.adopt(device, kept)
        await self._note_linked(kept)
        return linked

    def caught_up(self) -> None:
        """Note that the sets were equal with some neighbour: who was rewound knows it by now."""
        if not self._met:
            self._met = True
            self.wake()

    # -- reading

    async def receipts(self) -> list[OwnReceipt]:
        """Return the own receipts, the latest first."""
        return await self._database.read(own_receipts)

    async def verify(self, household: HouseholdId) -> LedgerReport:
        """Check a household's ledger from its raw records."""
        return await self.books.verify(household)

    async def trust(self, household: HouseholdId) -> TrustFacts:
        """Return what there is to know of a household from this one's viewpoint."""
        accounts = await self.books.accounts()
        own = self._author.household
        credit = accounts.credit
        return TrustFacts(
            view(household, own, accounts.counted, accounts.reviews, self._inbox.members),
            await self._database.read(lambda c: own_receipts(c, household)),
            await self.books.verify(household),
            await self.reviews.of(household),
            None if credit is None else credit.balance(household),
            None if credit is None else credit.uncovered(household),
        )

    # -- credit

    def credit_terms(self) -> CreditRules | None:
        """Return what the charter says of credit; None where there is none."""
        return self._inbox.members.charter.credit

    async def credit(self) -> Credit:
        """Return what each household has given less what it has taken, and what waits.

        Empty where the charter keeps no credit.
        """
        return (await self.books.accounts()).credit or Credit()

    async def refuse_over_limit(self, taker: HouseholdId, amount: int, promised: int = 0) -> None:
        """Raise LocalError ``no-credit`` or ``credit-limit`` if a promise may not be made.

        promised: what the taker owes by promises without a receipt yet, as known here.
        """
        rules = self.credit_terms()
        if rules is None:
            raise LocalError("no-credit")
        credit = await self.credit()
        if exceeds(credit, taker, promised, amount, rules.limit):
            left = max(0, room(credit, taker, rules.limit) - promised)
            raise LocalError("credit-limit", amount=amount, left=left, unit=rules.unit)

    # -- reviews

    async def review(self, receipt: bytes, recommends: bool, text: str) -> None:
        """Write a review: see :meth:`Reviews.write`."""
        await self.reviews.write(receipt, recommends, text)

    async def reviews_of(self, household: HouseholdId) -> list[ReviewView]:
        """Return what others say of a household."""
        return await self.reviews.of(household)

    # -- unasked

    async def run(self) -> None:
        """Attend whenever something may be due, and every minute, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._prove_forks)
            while True:
                self._wake = trio.Event()
                await self.attend()
                with trio.move_on_after(_ATTEND_S):
                    await self._wake.wait()

    async def attend(self) -> None:
        """Do what is due now. Idempotent: all of it follows from what is stored."""
        try:
            await self._copies.check_chain(await self._is_accused())
            if self._author.is_copied or not self._met:
                return
            if self._inbox.members.slots(self._author.household, Kind.LEDGER) == 0:
                return  # not confirmed yet, or gone: nobody would take it
            await self.chain.offer_again()
            await self._link_receipts()
            await self.reviews.reveal()
        except LocalError as error:
            self._conduct.count(f"ledger-waits:{error.code}")

    async def _link_receipts(self) -> None:
        due = [held for held in reversed(await self.receipts()) if self._is_due(held)]
        due = [held for held in due if self._counts(held.signed)]
        contents: list[Content] = [
            held.signed if held.signed.receipt.public else PrivateReceipt(_digest(held))
            for held in due
        ]
        await self.chain.append(contents)
        await self._note_linked(contents)

    def _is_due(self, held: OwnReceipt) -> bool:
        """Complete, and in no chain that stands; the device that signed it links it."""
        if not held.signed.complete or (held.linked_by and self._stands(held.linked_by)):
            return False
        signer = held.signed.device_of(self._author.household)
        return signer is not None and (signer == self._author.device or not self._stands(signer))

    def _counts(self, signed: CoSigned) -> bool:
        """Whether everybody who looks will find that both have signed it."""
        return flaw_of(signed, self._author.household, self._inbox.members) is None

    def _stood_by(self, contents: Sequence[Content], report: LedgerReport) -> list[Content]:
        """Return what is to be linked anew: what a thief may have made up is left out.

        report: of the household's ledger, where another device may have linked what is reviewed.
        """
        receipts = [c for c in contents if not isinstance(c, CoSigned) or self._counts(c)]
        digests = {receipt_of(content) for content in receipts} | set(report.receipts)
        return [
            content
            for content in receipts
            if not isinstance(content, Adoption)
            and (not isinstance(content, Review) or content.receipt in digests)
        ]

    def _stands(self, device: DeviceKey) -> bool:
        return stands(self._inbox.members, self._author.household, device)

    async def _note_linked(self, contents: Sequence[Content]) -> None:
        digests = [
            content.receipt.digest() if isinstance(content, CoSigned) else content.digest
            for content in contents
            if isinstance(content, CoSigned | PrivateReceipt)
        ]

        def write(connection: Connection) -> None:
            for digest in digests:
                note_linked(connection, digest, self._author.device)

        if digests:
            await self._database.write(write)

    async def _is_accused(self) -> bool:
        device = self._author.device
        return any(
            fork.device == device and accuses(fork, self._inbox.members)
            for fork in await self.books.forks()
        )

    async def _prove_forks(self) -> None:
        while True:
            with trio.move_on_after(_ATTEND_S):
                await self._seen.wait()
            self._seen = trio.Event()
            await trio.sleep(self._random.uniform(0.0, _PROVING_WAITS_S))
            try:
                await self.prove_forks()
            except LocalError as error:
                self._conduct.count(f"ledger-waits:{error.code}")

    async def prove_forks(self) -> None:
        """Publish a proof of each fork of which none stands. Raises LocalError ``disk-full``."""
        members = self._inbox.members
        if members.slots(self._author.household, Kind.FORK_PROOF) == 0:
            return
        proven = {fork.device for fork in await self.books.forks()}
        for fork in await self._database.read(forks_seen):
            if fork.device in proven or fork.device == self._author.device:
                continue
            if accuses(fork, members):
                slots = range(limits.UNKNOWN_DURABLE_SLOTS)
                (result,) = await self._author.publish(
                    Kind.FORK_PROOF, [fork.pack()], slots, self._is_pointless
                )
                if isinstance(result, LocalError):
                    self._conduct.count(f"fork-not-proven:{result.code}")

    def _is_pointless(self, record: Envelope) -> bool:
        """Whether a proof's slot is free for another: whom it accuses has gone."""
        fork = read_fork_proof(record)
        return fork is None or not accuses(fork, self._inbox.members)

    def _follow(self, records: Sequence[Envelope], origin: HostKey | None) -> None:
        if origin is None:
            return
        if any(record.kind == Kind.LEDGER for record in records):
            self._seen.set()
        own = self._author.household
        if any(
            record.kind == Kind.FORK_PROOF
            or (record.kind == Kind.LEDGER and record.household == own)
            for record in records
        ):
            self.wake()


def _digest(held: OwnReceipt) -> bytes:
    return held.signed.receipt.digest()
