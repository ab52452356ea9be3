"""Removals: wanting, agreeing, taking back."""

from __future__ import annotations

from node.governance.plan import Plan
from node.node import Node
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.governance_schemas import (
    DecisionAnswer,
    Preview,
    RemovalAnswer,
    RemovalRequest,
    RemovalsAnswer,
)
from p2pmarket.api.governance_views import decision_answer, households
from p2pmarket.api.households import find_household, find_removed
from p2pmarket.api.ledger_views import household_name, names_in
from protocol.errors import LocalError
from protocol.ids import HouseholdId, text_of
from protocol.text import clean

_SHORTEST_ID = 4


async def _list(call: Call) -> RemovalsAnswer:
    node = call.node
    names = await names_in(node)
    council = node.governance.stewards.council
    return RemovalsAnswer(
        [
            RemovalAnswer(
                household=household_name(view.household, names),
                reason=view.reason,
                wanted_by=households(view.wanted_by, names),
                in_force=view.in_force,
                missing=view.missing,
                mine=view.mine,
                possible=view.household != node.inbox.members.founder,
            )
            for view in node.governance.removals.all()
        ],
        council.needed,
        node.community.self_id in council.voters,
    )


async def _remove(call: Call) -> DecisionAnswer:
    request: RemovalRequest = call.body
    member, names = (
        await find_household(call.node, call.path["household"]),
        await names_in(call.node),
    )
    plan = await call.node.governance.removals.remove(
        member.household, clean(request.why), request.with_invited, not request.preview
    )
    return decision_answer(
        call.node, plan, names, not request.preview, _missing(plan, member.household)
    )


async def _agree(call: Call) -> DecisionAnswer:
    household, names = await _wanted(call.node, call.path["household"]), await names_in(call.node)
    sign = not call.body.preview
    plan = await call.node.governance.removals.agree(household, sign)
    return decision_answer(call.node, plan, names, sign, _missing(plan, household))


async def _undo(call: Call) -> DecisionAnswer:
    household, names = await _wanted(call.node, call.path["household"]), await names_in(call.node)
    plan = await call.node.governance.removals.undo(household)
    council = plan.after.council
    wanting = len(council.removal_wanted_by.get(household, ()))
    return decision_answer(call.node, plan, names, True, max(0, wanting + 1 - council.needed))


def _missing(plan: Plan, household: HouseholdId) -> int:
    if household in plan.after.removed:
        return 0
    council = plan.after.council
    return max(1, council.needed - len(council.removal_wanted_by.get(household, ())))


async def _wanted(node: Node, typed: str) -> HouseholdId:
    """Return the household of a removal, which may be gone and have only its id left."""
    wanted = clean(typed).casefold()
    if len(wanted) >= _SHORTEST_ID:
        found = [
            view.household
            for view in node.governance.removals.all()
            if text_of(view.household).startswith(wanted)
        ]
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(text_of(household)[:10] for household in found)
            raise LocalError("household-ambiguous", name=typed, ids=ids)
    try:
        return (await find_household(node, typed)).household
    except LocalError as error:
        if error.code != "household-not-found":
            raise
    removed = await find_removed(node, typed)
    if removed is None:
        raise LocalError("no-such-removal", id=typed)
    return removed


_REMOVAL = IN_COMMUNITY + "/members/{household}/removal"

ENDPOINTS = (
    Endpoint("GET", IN_COMMUNITY + "/removals", "Removals that are wanted", _list, RemovalsAnswer),
    Endpoint(
        "POST", _REMOVAL, "Want a household removed (stewards)", _remove, DecisionAnswer,
        body=RemovalRequest,
    ),
    Endpoint(
        "POST", _REMOVAL + "/agreement", "Agree to a removal (stewards)", _agree, DecisionAnswer,
        body=Preview,
    ),
    Endpoint("DELETE", _REMOVAL, "Take the own word for a removal back", _undo, DecisionAnswer),
)  # fmt: skip
