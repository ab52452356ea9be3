"""Reading the ledgers of all: checking one, and folding them into balances and facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from node.inbox import Inbox
from node.network.port import HostKey
from node.store.database import Connection, Database
from node.store.ledger_entries import ledger_records, seen_of
from protocol.envelope import Envelope
from protocol.ids import HouseholdId
from protocol.kinds import Kind
from protocol.ledger.chain import LedgerReport, Posted, verify
from protocol.ledger.counting import dated, once_a_trade
from protocol.ledger.credit import Credit, fold
from protocol.ledger.forks import Fork, read_fork_proof
from protocol.ledger.receipt import CoSigned, Receipt
from protocol.membership.members import Members

_REMEMBERED_RECEIPTS = 32_768


@dataclass(frozen=True, slots=True)
class Accounts:
    """All that holds in the community's ledgers. receipts: by digest. credit: None where the
    charter keeps none.
    """

    receipts: Mapping[bytes, CoSigned]
    counted: Sequence[Receipt]
    """One of each trade."""
    reviews: Sequence[Posted]
    credit: Credit | None


# What bytes prove never changes: each receipt's signatures are checked once in a process.
_receipt_holds = lru_cache(_REMEMBERED_RECEIPTS)(CoSigned.signatures_hold)


class Books:
    """Answers from the records that stand; what was folded is kept until they change."""

    def __init__(self, database: Database, inbox: Inbox) -> None:
        self._database = database
        self._inbox = inbox
        self._accounts: Accounts | None = None
        self._of: Members | None = None
        inbox.on_stored.append(self._follow)
        inbox.on_forgotten.append(self._forget)

    async def verify(self, household: HouseholdId) -> LedgerReport:
        """Check one household's ledger from its raw records, every signature included."""
        members = self._inbox.members

        def read(connection: Connection) -> LedgerReport:
            return verify(
                household,
                ledger_records(connection, Kind.LEDGER, household),
                members,
                seen_of(connection, household),
                _forks(connection),
            )

        return await self._database.read(read)

    async def accounts(self) -> Accounts:
        """Return every receipt and review that holds."""
        members = self._inbox.members
        if self._accounts is not None and self._of is members:
            return self._accounts

        def read(connection: Connection) -> Accounts:
            by_household: dict[HouseholdId, list[Envelope]] = {}
            for record in ledger_records(connection, Kind.LEDGER):
                by_household.setdefault(record.household, []).append(record)
            return _accounts(
                [
                    verify(
                        household,
                        records,
                        members,
                        signature_holds=_is_in_the_set,
                        receipt_holds=_receipt_holds,
                    )
                    for household, records in by_household.items()
                ],
                members,
            )

        self._of, self._accounts = members, None
        fresh = self._stamp = object()
        accounts = await self._database.read(read)
        if self._stamp is fresh:  # else something was stored meanwhile
            self._accounts = accounts
        return accounts

    async def forks(self) -> list[Fork]:
        """Return the forks of which a proof stands."""
        return await self._database.read(_forks)

    _stamp: object = None

    def _follow(self, records: Sequence[Envelope], origin: HostKey | None) -> None:
        if any(record.kind == Kind.LEDGER for record in records):
            self._forget()

    def _forget(self) -> None:
        self._accounts, self._stamp = None, None


def _accounts(reports: Sequence[LedgerReport], members: Members) -> Accounts:
    holding = dated(reports)
    rules = members.charter.credit
    return Accounts(
        {digest: signed for report in reports for digest, signed in report.receipts.items()},
        [one.receipt for one in once_a_trade(holding)],
        [posted for report in reports for posted in report.reviews],
        None if rules is None else fold(holding, rules),
    )


def _is_in_the_set(record: Envelope) -> bool:
    """Admission has checked it."""
    return True


def _forks(connection: Connection) -> list[Fork]:
    found = (read_fork_proof(record) for record in ledger_records(connection, Kind.FORK_PROOF))
    return [fork for fork in found if fork is not None]
