"""Stewards: who decides, and who shall."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from node.governance.plan import Plan
from node.node import Node
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.governance_schemas import (
    CandidateAnswer,
    DecisionAnswer,
    Preview,
    StewardAnswer,
    StewardsAnswer,
)
from p2pmarket.api.governance_views import decision_answer, households
from p2pmarket.api.households import find_household
from p2pmarket.api.ledger_views import household_name, names_in
from protocol.ids import HouseholdId
from protocol.membership.council import Candidate


async def _list(call: Call) -> StewardsAnswer:
    node = call.node
    stewards, names = node.governance.stewards, await names_in(node)
    council, own = stewards.council, node.community.self_id
    return StewardsAnswer(
        results=[
            StewardAnswer(
                household=household_name(household, names),
                seat=seat,
                votes=household in council.voters,
                me=household == own,
                wanted_by=households(stewards.wanted_by(household), names),
                opposed_by=households(stewards.opposed_by(household), names),
            )
            for seat, household in enumerate(council.stewards, 1)
        ],
        candidates=[
            CandidateAnswer(
                household=household_name(household, names),
                me=household == own,
                accepts=candidate.accepts,
                missing=stewards.missing(household),
                wanted_by=households(candidate.wanted_by, names),
                opposed_by=households(candidate.opposed_by, names),
            )
            for household, candidate in shown_candidates(node)
        ],
        quorum=node.inbox.members.founding.quorum,
        needed=council.needed,
        offered=stewards.is_offered(own),
    )


def shown_candidates(node: Node) -> list[tuple[HouseholdId, Candidate]]:
    """Return who is wanted for a seat. A steward can name any number of ids that nobody has; only
    those that belong can take one.
    """
    members = node.inbox.members
    return [
        (household, candidate)
        for household, candidate in sorted(members.council.candidates.items())
        if candidate.wanted_by and members.member(household) is not None
    ]


async def _appoint(call: Call) -> DecisionAnswer:
    return await _about(call, call.node.governance.stewards.appoint)


async def _dismiss(call: Call) -> DecisionAnswer:
    return await _about(call, call.node.governance.stewards.dismiss)


async def _take_over(call: Call) -> DecisionAnswer:
    return await _about(call, call.node.governance.stewards.take_over)


async def _accept(call: Call) -> DecisionAnswer:
    sign = not call.body.preview
    plan = await call.node.governance.stewards.accept(sign)
    return decision_answer(call.node, plan, await names_in(call.node), sign, 0)


async def _resign(call: Call) -> DecisionAnswer:
    sign = not call.body.preview
    plan = await call.node.governance.stewards.resign(sign)
    return decision_answer(call.node, plan, await names_in(call.node), sign, 0)


async def _about(
    call: Call, decide: Callable[[HouseholdId, bool], Awaitable[Plan]]
) -> DecisionAnswer:
    sign = not call.body.preview
    member = await find_household(call.node, call.path["household"])
    names = await names_in(call.node)
    plan = await decide(member.household, sign)
    missing = _missing(call.node, plan, member.household)
    return decision_answer(call.node, plan, names, sign, missing)


def _missing(node: Node, plan: Plan, household: HouseholdId) -> int:
    """Return how many more must say the same of a seat before it is so."""
    council = plan.after.council
    wants = node.governance.stewards.wants(plan.after, household)
    enough = min(plan.after.founding.quorum, len(council.stewards))
    candidate = council.candidates.get(household)
    if wants and candidate is not None:
        return max(0, enough - len(candidate.wanted_by))
    if not wants and household in council.stewards:
        against = node.governance.stewards.opposed_by(household, plan.after)
        return max(1, enough - len(against))
    return 0


_STEWARDS = IN_COMMUNITY + "/stewards"

ENDPOINTS = (
    Endpoint("GET", _STEWARDS, "Who decides, and who shall", _list, StewardsAnswer),
    Endpoint(
        "POST", _STEWARDS + "/{household}/appointment", "Want a household as a steward", _appoint,
        DecisionAnswer, body=Preview,
    ),
    Endpoint(
        "POST", _STEWARDS + "/{household}/dismissal", "Want it not to be one (any more)", _dismiss,
        DecisionAnswer, body=Preview,
    ),
    Endpoint(
        "POST", _STEWARDS + "/{household}/succession", "Sign what would fall without it",
        _take_over, DecisionAnswer, body=Preview,
    ),
    Endpoint(
        "POST", IN_COMMUNITY + "/seat/acceptance", "Take the seat that is offered", _accept,
        DecisionAnswer, body=Preview,
    ),
    Endpoint(
        "POST", IN_COMMUNITY + "/seat/resignation", "Give up the own seat", _resign,
        DecisionAnswer, body=Preview,
    ),
)  # fmt: skip
