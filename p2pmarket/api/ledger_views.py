"""Receipts and reviews as answers."""

from __future__ import annotations

from collections.abc import Mapping

from node.ledger.reviews import ReviewView
from node.node import Node
from node.store.receipts import OwnReceipt
from p2pmarket.api.ledger_schemas import (
    HouseholdName,
    OwnReceiptAnswer,
    OwnReceiptState,
    ReceiptAnswer,
    ReviewAnswer,
)
from p2pmarket.api.schemas import CreditTerms
from p2pmarket.namesakes import told_apart
from p2pmarket.texts.formats import iso
from protocol.charter import CreditRules
from protocol.ids import HouseholdId, text_of
from protocol.ledger.receipt import Receipt

Names = Mapping[HouseholdId, str]


async def names_in(node: Node) -> dict[HouseholdId, str]:
    """Return what the households of a community are called, namesakes told apart.

    The removed ones too, as they were called last.
    """
    members = await node.community.members()
    names = await node.community.former_names()
    return told_apart({**names, **{member.household: member.name for member in members}})


def household_name(household: HouseholdId, names: Names) -> HouseholdName:
    """Return a household as it is answered."""
    return HouseholdName(text_of(household), names.get(household, ""))


def credit_terms(rules: CreditRules | None) -> CreditTerms | None:
    """Return what a charter says of credit, as it is answered."""
    return None if rules is None else CreditTerms(rules.unit, rules.limit)


def receipt_answer(receipt: Receipt, names: Names) -> ReceiptAnswer:
    """Return a receipt as it is answered."""
    at_fault = receipt.at_fault
    return ReceiptAnswer(
        id=text_of(receipt.digest()),
        trade=text_of(receipt.trade),
        publisher=household_name(receipt.publisher, names),
        seeker=household_name(receipt.seeker, names),
        kind=receipt.listing_kind.name.lower(),  # type: ignore[arg-type]
        month=_month(receipt.month),
        outcome=_dashed(receipt.outcome.name),  # type: ignore[arg-type]
        at_fault=None if at_fault is None else household_name(at_fault, names),
        credit=receipt.credit,
        giver=household_name(receipt.giver, names),
        taker=household_name(receipt.taker, names),
        public=receipt.public,
    )


def own_receipt_answer(held: OwnReceipt, own: HouseholdId, names: Names) -> OwnReceiptAnswer:
    """Return one of the own receipts as it is answered."""
    signed, receipt = held.signed, held.signed.receipt
    other = receipt.other(own)
    return OwnReceiptAnswer(
        receipt_answer(receipt, names),
        household_name(other, names),
        _state(held),
        signed.device_of(own) is not None,
        signed.device_of(other) is not None,
        iso(held.concluded_at_ms),
    )


def _state(held: OwnReceipt) -> OwnReceiptState:
    if not held.signed.complete:
        return "unconfirmed"
    if not held.signed.receipt.public:
        return "private"
    return "waiting" if held.linked_by is None else "linked"


def review_answer(review: ReviewView, names: Names) -> ReviewAnswer:
    """Return a review as it is answered."""
    return ReviewAnswer(
        household_name(review.author, names),
        review.recommends,
        review.text,
        iso(review.at_ms),
        _month(review.month),
        _dashed(review.outcome.name),  # type: ignore[arg-type]
        review.changed,
    )


def _month(number: int) -> str:
    return f"{number // 100:04}-{number % 100:02}"


def _dashed(name: str) -> str:
    return name.lower().replace("_", "-")
