"""The charter: its versions, signing them, and consenting to the one in force."""

from __future__ import annotations

from dataclasses import fields

from node.governance.charters import amended
from node.governance.plan import Plan
from node.node import Node
from p2pmarket.api.charter_windows import proposed_windows
from p2pmarket.api.communities import charter_place
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.governance_schemas import (
    CharterAnswer,
    CharterDecision,
    CharterProposal,
    CharterVersionAnswer,
    ConsentRequest,
    Preview,
)
from p2pmarket.api.governance_views import decision_answer, households, version_answer
from p2pmarket.api.ledger_views import names_in
from p2pmarket.api.windows import window_answers
from p2pmarket.charter_differences import differences
from protocol.charter import Charter, CreditRules
from protocol.errors import LocalError, RemoteError
from protocol.ids import from_text, text_of
from protocol.membership.council import CharterVersion
from protocol.text import clean

_DIGEST_DIGITS = 52
_ELSEWHERE = frozenset({"preview", "no_credit", "windows", "add_windows", "drop_windows"})
"""What of a proposal is not a field of the charter, or read in charter_windows.py."""


async def _show(call: Call) -> CharterAnswer:
    node = call.node
    charters, names = node.governance.charters, await names_in(node)
    agreed = charters.consented() or charters.founding
    return CharterAnswer(
        in_force=version_answer(node, charters.in_force, names),
        proposals=[version_answer(node, version, names) for version in charters.proposals],
        needed=node.governance.stewards.council.needed,
        may_sign=node.community.self_id in node.governance.stewards.council.voters,
        consented=charters.is_bound,
        consented_to=charters.in_force.number if charters.is_bound else agreed.number,
        new_to_me=(
            [] if charters.is_bound else differences(agreed.charter, charters.in_force.charter)
        ),
        without_consent=households(charters.without_consent(), names),
        community_id=text_of(node.community.id),
        windows=await window_answers(call.memberships, node),
    )


async def _version(call: Call) -> CharterVersionAnswer:
    version = call.node.governance.charters.version(call.path["version"])
    return version_answer(call.node, version, await names_in(call.node))


async def _propose(call: Call) -> CharterDecision:
    request: CharterProposal = call.body
    charters = call.node.governance.charters
    try:
        charter = _amended(charters.in_force.charter, request)
        windows = proposed_windows(charter, request, call.node, call.memberships)
        charter = amended(charter, windows=windows)
    except RemoteError as error:
        raise LocalError("field-refused", field=error.fields.get("field", "name")) from None
    plan = await charters.propose(charter, sign=not request.preview)
    known = [plan.after.council.charter, *plan.after.council.proposals]
    own = [v for v in known if v.charter == charter and call.node.community.self_id in v.wanted_by]
    return await _decision(call.node, plan, max(own, key=_number), not request.preview)


def _number(version: CharterVersion) -> int:
    return version.number


def _amended(charter: Charter, request: CharterProposal) -> Charter:
    changes: dict[str, object] = {}
    for field in fields(request):
        value = getattr(request, field.name)
        if value is None or field.name in _ELSEWHERE:
            continue
        match field.name:
            case "name":
                value = clean(value)
            case "rules":
                value = clean(value, lines=True)
            case "places":
                value = tuple(map(charter_place, value))
            case "credit":
                value = CreditRules(clean(value.unit), value.limit)
            case "questions" | "worry_words":
                value = tuple(map(clean, value))
            case "languages" | "categories":
                value = tuple(value)
        changes[field.name] = value
    if request.no_credit:
        changes["credit"] = None
    return amended(charter, **changes)


async def _sign(call: Call) -> CharterDecision:
    charters = call.node.governance.charters
    version = charters.version(call.path["version"])
    plan = await charters.sign(version.digest, sign=not call.body.preview)
    return await _decision(call.node, plan, version, not call.body.preview)


async def _unsign(call: Call) -> CharterDecision:
    charters = call.node.governance.charters
    version = charters.version(call.path["version"])
    plan = await charters.unsign(version.digest)
    return await _decision(call.node, plan, version, True)


async def _decision(
    node: Node, plan: Plan, version: CharterVersion, signed: bool
) -> CharterDecision:
    names = await names_in(node)
    council = plan.after.council
    now = next(
        (v for v in (council.charter, *council.proposals) if v.digest == version.digest), None
    )
    signers = 0 if now is None else len(now.wanted_by)
    missing = max(0, council.needed - signers)
    return CharterDecision(
        version_answer(node, version, names), decision_answer(node, plan, names, signed, missing)
    )


async def _consent(call: Call) -> CharterAnswer:
    request: ConsentRequest = call.body
    digest = from_text(request.digest) if len(request.digest) == _DIGEST_DIGITS else None
    if digest is None:
        raise LocalError("request-malformed", field="digest")
    await call.node.governance.charters.consent(digest)
    return await _show(call)


_CHARTER = IN_COMMUNITY + "/charter"
_SIGNATURE = _CHARTER + "/versions/{version}/signature"

ENDPOINTS = (
    Endpoint("GET", _CHARTER, "The rules, and what is proposed", _show, CharterAnswer),
    Endpoint(
        "GET", _CHARTER + "/versions/{version}", "One version", _version, CharterVersionAnswer
    ),
    Endpoint(
        "POST", _CHARTER + "/versions", "Propose a version (stewards)", _propose, CharterDecision,
        body=CharterProposal,
    ),
    Endpoint(
        "POST", _SIGNATURE, "Sign a version (stewards)", _sign, CharterDecision, body=Preview
    ),
    Endpoint("DELETE", _SIGNATURE, "Take the own signature back", _unsign, CharterDecision),
    Endpoint(
        "POST", _CHARTER + "/consent", "Agree to the version in force", _consent, CharterAnswer,
        body=ConsentRequest,
    ),
)  # fmt: skip
