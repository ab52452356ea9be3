"""Ledgers, balances, reviews, and what is known of a household."""

from __future__ import annotations

from collections.abc import Sequence

from node.community import MemberView
from node.node import Node
from node.store.receipts import OwnReceipt
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.households import find_household
from p2pmarket.api.ledger_schemas import (
    BalanceAnswer,
    BalancesAnswer,
    ChainAnswer,
    FlawAnswer,
    HouseholdAnswer,
    HouseholdBalance,
    LedgerAnswer,
    ReviewRequest,
    ReviewWritten,
    TallyAnswer,
    TrustAnswer,
    VouchStep,
)
from p2pmarket.api.ledger_views import (
    Names,
    credit_terms,
    household_name,
    names_in,
    own_receipt_answer,
    receipt_answer,
    review_answer,
)
from p2pmarket.api.listing_views import sync_answer
from p2pmarket.api.notice_views import notice_answers
from p2pmarket.api.schemas import CreditTerms
from p2pmarket.texts.formats import iso
from protocol.errors import LocalError
from protocol.ids import DeviceKey, HouseholdId, text_of
from protocol.ledger.chain import Finding, Flaw
from protocol.ledger.credit import room
from protocol.ledger.entry import Head
from protocol.ledger.review import REVEAL_AFTER_MS
from protocol.ledger.trust import Tally

_OWN = "-"
_SHORTEST_ID = 4


async def _household(call: Call) -> HouseholdId:
    if call.path["household"] == _OWN:
        return call.node.community.self_id
    return (await find_household(call.node, call.path["household"])).household


async def _ledger(call: Call) -> LedgerAnswer:
    node, household = call.node, await _household(call)
    own, names = node.community.self_id, await names_in(node)
    report = await node.ledger.verify(household)
    mine = household == own
    receipts = sorted(
        report.receipts.items(), key=lambda item: (item[1].receipt.month, item[0]), reverse=True
    )
    return LedgerAnswer(
        household=household_name(household, names),
        mine=mine,
        sound=report.sound,
        chains=[_chain(node, household, *chain) for chain in report.heads.items()],
        flaws=[_flaw(finding) for finding in report.findings],
        receipts=[receipt_answer(signed.receipt, names) for _, signed in receipts],
        private=report.private,
        reviews=len(report.reviews),
        continued=len(report.adoptions),
        own=[own_receipt_answer(h, own, names) for h in await _own_receipts(node, mine)],
        reviews_waiting=len(await node.ledger.reviews.waiting()) if mine else 0,
        sync=await sync_answer(node, call.clock.now_ms()),
    )


async def _own_receipts(node: Node, wanted: bool) -> list[OwnReceipt]:
    return await node.ledger.receipts() if wanted else []


def _chain(node: Node, household: HouseholdId, device: DeviceKey, head: Head) -> ChainAnswer:
    slot = node.inbox.members.device_slot(household, device)
    number = None if slot is None else slot + 1
    return ChainAnswer(text_of(device), number, head.count, text_of(head.id))


def _flaw(finding: Finding) -> FlawAnswer:
    return FlawAnswer(
        finding.flaw.value,
        text_of(finding.device),
        None if finding.index < 0 else finding.index + 1,
        finding.flaw is not Flaw.UNKNOWN_SIGNER,
    )


# -- credit


async def _balance(call: Call) -> BalanceAnswer:
    node, household = call.node, await _household(call)
    terms, names = _terms(node), await names_in(node)
    credit = await node.ledger.credit()
    return BalanceAnswer(
        household_name(household, names),
        household == node.community.self_id,
        terms,
        credit.balance(household),
        room(credit, household, terms.limit),
        credit.uncovered(household),
        [
            receipt_answer(receipt, names)
            for receipt in reversed(credit.counted)
            if household in receipt.parties
        ],
        [
            receipt_answer(receipt, names)
            for receipt in credit.waiting
            if household in receipt.parties
        ],
    )


async def _balances(call: Call) -> BalancesAnswer:
    node = call.node
    terms, names = _terms(node), await names_in(node)
    credit = await node.ledger.credit()
    own = node.community.self_id
    return BalancesAnswer(
        terms,
        [
            HouseholdBalance(
                household_name(household, names),
                household == own,
                balance,
                credit.uncovered(household),
            )
            for household, balance in sorted(
                credit.balances.items(), key=lambda item: (-item[1], item[0])
            )
        ],
    )


def _terms(node: Node) -> CreditTerms:
    terms = credit_terms(node.ledger.credit_terms())
    if terms is None:
        raise LocalError("no-credit")
    return terms


# -- reviews


async def _review(call: Call) -> ReviewWritten:
    node, request = call.node, call.body
    held = await _receipt_of_trade(node, request)
    receipt = held.signed.receipt
    await node.ledger.review(receipt.digest(), request.recommends, request.text)
    own = node.community.self_id
    members = await node.community.members()
    return ReviewWritten(
        household_name(receipt.other(own), {m.household: m.name for m in members}),
        iso(held.concluded_at_ms + REVEAL_AFTER_MS),
        sum(m.household != own and m.status != "left" for m in members),
    )


async def _receipt_of_trade(node: Node, request: ReviewRequest) -> OwnReceipt:
    """Return the receipt of a trade named by the beginning of its id.

    Raises LocalError ``trade-not-found``, ``trade-ambiguous``, or ``no-receipt-yet``.
    """
    wanted = request.trade.strip().lower()
    if len(wanted) >= _SHORTEST_ID:
        receipts = await node.ledger.receipts()
        found = [r for r in receipts if text_of(r.signed.receipt.trade).startswith(wanted)]
        if len({held.signed.receipt.trade for held in found}) == 1:
            # Settled after a dispute, a trade may have several: the latest is what both agreed on.
            return found[0]
    trade = await node.trades.find(wanted)
    raise LocalError("no-receipt-yet", id=text_of(trade)[:10])


# -- trust


async def _show_household(call: Call) -> HouseholdAnswer:
    node = call.node
    if call.path["household"] == _OWN:
        member = await find_household(node, text_of(node.community.self_id))
    else:
        member = await find_household(node, call.path["household"])
    names = await names_in(node)
    founder = member.status == "founder"
    return HouseholdAnswer(
        id=text_of(member.household),
        name=member.name,
        about=member.about,
        status=member.status,  # type: ignore[arg-type]
        place=None if member.place is None else member.place.name,
        invited_by=None if founder else household_name(member.inviter, names),
        vouched_by=[
            household_name(household, names)
            for household in sorted(node.inbox.members.vouched(member.household))
        ],
        joined_at=iso(member.joined_at_ms),
        connected=member.connected,
        blocked=member.blocked,
        me=member.household == node.community.self_id,
        trust=await _trust(node, member, names),
        sync=await sync_answer(node, call.clock.now_ms()),
        notices=notice_answers(node.moderation.showing.notices_about(member.household), names),
    )


async def _trust(node: Node, member: MemberView, names: Names) -> TrustAnswer:
    facts = await node.ledger.trust(member.household)
    view, record = facts.view, facts.view.record
    own = node.community.self_id
    return TrustAnswer(
        completed=_tally(record.completed),
        cancelled=_tally(record.cancelled),
        no_shows=_tally(record.no_shows),
        brought=record.brought,
        common=[household_name(household, names) for household in view.common],
        vouch_path=[
            VouchStep(household_name(household, names), _was_invited(node, view.vouch_path, n))
            for n, household in enumerate(view.vouch_path)
        ],
        own=[own_receipt_answer(held, own, names) for held in facts.own],
        reviews=[review_answer(review, names) for review in facts.reviews],
        ledger_sound=facts.report.sound,
        flaws=sum(finding.flaw is not Flaw.UNKNOWN_SIGNER for finding in facts.report.findings),
        balance=facts.balance,
        uncovered=facts.uncovered,
        credit=credit_terms(node.ledger.credit_terms()),
    )


def _tally(tally: Tally) -> TallyAnswer:
    return TallyAnswer(tally.receipts, tally.households)


def _was_invited(node: Node, path: Sequence[HouseholdId], n: int) -> bool | None:
    """Tell whether the n-th on a path of invitations was invited by the one before it."""
    if n == 0:
        return None
    member = node.inbox.members.member(path[n])
    return member is not None and member.inviter == path[n - 1]


_BALANCES = IN_COMMUNITY + "/balances"

ENDPOINTS = (
    Endpoint(
        "GET",
        IN_COMMUNITY + "/members/{household}",
        "One household, and what is known of it; - is the own one",
        _show_household,
        HouseholdAnswer,
    ),
    Endpoint(
        "GET",
        IN_COMMUNITY + "/ledgers/{household}",
        "A household's ledger, checked from its records; - is the own one",
        _ledger,
        LedgerAnswer,
    ),
    Endpoint("GET", _BALANCES, "The balances of community credit", _balances, BalancesAnswer),
    Endpoint(
        "GET",
        _BALANCES + "/{household}",
        "A household's balance, and the receipts that make it up; - is the own one",
        _balance,
        BalanceAnswer,
    ),
    Endpoint(
        "POST",
        IN_COMMUNITY + "/reviews",
        "Review the other side of a finished trade",
        _review,
        ReviewWritten,
        body=ReviewRequest,
    ),
)
