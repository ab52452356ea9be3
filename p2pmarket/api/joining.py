"""Joining: reading the rules, answering, deciding about newcomers, vouching, ending invites."""

from __future__ import annotations

from node.community import MemberView
from node.joining.invites import InviteView
from node.joining.newcomers import Newcomer
from node.node import Node
from p2pmarket.api.communities import community_answer
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.households import find_household
from p2pmarket.api.joining_schemas import (
    AnsweredQuestion,
    DecidedAnswer,
    InviteLine,
    InvitesAnswer,
    JoinRequest,
    LookAnswer,
    LookRequest,
    NewcomerAnswer,
    NewcomersAnswer,
    RefusalLine,
    RefusalRequest,
    Step,
    VouchAnswer,
    WelcomeAnswer,
)
from p2pmarket.api.ledger_views import Names, credit_terms, household_name, names_in
from p2pmarket.api.schemas import CommunityAnswer
from p2pmarket.texts.formats import iso
from protocol.errors import LocalError
from protocol.ids import ID_BYTES, from_text, text_of
from protocol.invite import read_invite_text
from protocol.text import clean

# -- joining


async def _look(call: Call) -> LookAnswer:
    invite = read_invite_text(call.body.invite)
    look = await call.memberships.look(invite)
    version, charter = look.version, look.version.charter
    return LookAnswer(
        name=charter.name,
        rules=charter.rules,
        charter=text_of(version.digest),
        number=version.number,
        languages=list(charter.languages),
        questions=[] if look.returns else list(charter.questions),
        approval=charter.reception.approval and not look.returns,
        returns=look.returns,
        first_listings=charter.reception.first_listings,
        credit=credit_terms(charter.credit),
        valid_until=iso(invite.terms.valid_until_ms),
    )


async def _join(call: Call) -> CommunityAnswer:
    request: JoinRequest = call.body
    answers = [clean(answer, lines=True) for answer in request.answers]
    accepted = None if request.charter is None else _digest(request.charter)
    node = await call.memberships.join(read_invite_text(request.invite), answers, accepted)
    return await community_answer(call, node)


def _digest(text: str) -> bytes:
    try:
        digest = from_text(text)
    except ValueError:
        digest = b""
    if len(digest) != ID_BYTES:
        raise LocalError("request-malformed", field="charter")
    return digest


# -- newcomers


async def _newcomers(call: Call) -> NewcomersAnswer:
    names = await names_in(call.node)
    waiting = await call.node.joining.newcomers.waiting()
    return NewcomersAnswer([_newcomer(one, names) for one in waiting])


def _newcomer(waiting: Newcomer, names: Names) -> NewcomerAnswer:
    member = waiting.member
    return NewcomerAnswer(
        id=text_of(member.household),
        name=member.name,
        about=member.about,
        place=None if member.place is None else member.place.name,
        invited_by=household_name(member.inviter, names),
        since=iso(member.joined_at_ms),
        answers=[AnsweredQuestion(question, answer) for question, answer in waiting.answered],
        written=waiting.has_written,
        yours=waiting.mine,
        declined=waiting.declined_at_ms is not None,
    )


async def _approve(call: Call) -> DecidedAnswer:
    member = await find_household(call.node, call.path["household"])
    await call.node.joining.newcomers.approve(member.household)
    names = await names_in(call.node)
    invite = call.node.joining.newcomers.invite_of(member.household)
    return DecidedAnswer(
        household=household_name(member.household, names),
        approved=True,
        invited_by=household_name(member.inviter, names),
        invite=None if invite is None else text_of(invite),
        own_invite=member.inviter == call.node.community.self_id,
    )


async def _decline(call: Call) -> DecidedAnswer:
    node = call.node
    member = await find_household(node, call.path["household"])
    names = await names_in(node)
    invite = node.joining.newcomers.invite_of(member.household)
    own = next((view for view in node.joining.invites.all() if view.key == invite), None)
    if member.inviter != node.community.self_id:
        own = None
    if call.body.end_invite and own is None:
        raise LocalError("invite-not-yours", household=text_of(member.household)[:8])
    await node.joining.newcomers.decline(member.household, call.body.reason)
    if call.body.end_invite and own is not None:
        await node.joining.invites.revoke(text_of(own.key))
    return DecidedAnswer(
        household=household_name(member.household, names),
        approved=False,
        invited_by=household_name(member.inviter, names),
        invite=None if invite is None else text_of(invite),
        own_invite=own is not None,
        invite_ended=call.body.end_invite,
        also_waiting=0 if own is None else own.waiting - 1,
    )


# -- vouching


async def _vouch(call: Call) -> VouchAnswer:
    member = await find_household(call.node, call.path["household"])
    await call.node.joining.vouching.vouch(member.household)
    return await _vouched(call.node, member)


async def _unvouch(call: Call) -> VouchAnswer:
    member = await find_household(call.node, call.path["household"])
    await call.node.joining.vouching.withdraw(member.household)
    return await _vouched(call.node, member)


async def _vouched(node: Node, member: MemberView) -> VouchAnswer:
    names = await names_in(node)
    vouched = sorted(node.inbox.members.vouched(member.household))
    return VouchAnswer(
        household_name(member.household, names),
        [household_name(household, names) for household in vouched],
        member.household in node.joining.vouching.given(),
    )


# -- invites


async def _invites(call: Call) -> InvitesAnswer:
    node = call.node
    left = max(0, await node.community.free_confirmations())
    return InvitesAnswer([_invite_line(view) for view in node.joining.invites.all()], left)


async def _revoke(call: Call) -> InviteLine:
    return _invite_line(await call.node.joining.invites.revoke(call.path["invite"]))


def _invite_line(view: InviteView) -> InviteLine:
    return InviteLine(
        id=text_of(view.key),
        uses=view.uses,
        used=view.used,
        waiting=view.waiting,
        made_at=iso(view.made_at_ms),
        valid_until=iso(view.valid_until_ms),
        over=view.is_over,
    )


# -- the first days


async def _welcome(call: Call) -> WelcomeAnswer:
    node = call.node
    names = await names_in(node)
    own, status = node.community.self_id, node.community.my_status
    profile = await node.community.profile()
    sync = await node.sync.status()
    return WelcomeAnswer(
        community=node.community.charter.name,
        my_status=status,
        steward=own in node.inbox.members.council.stewards,
        steps=[
            Step("phrase", None),
            Step("met", any(one.last_synced_at_ms is not None for one in sync.neighbours)),
            Step("confirmed", status in ("founder", "confirmed")),
            Step("profile", profile is not None and bool(profile.about and profile.place)),
            Step("listing", any(one.listing.origin is None for one in await node.market.mine())),
            Step("traded-or-vouched", await _is_known(node)),
            Step("second-computer", len(await node.devices.list()) > 1),
        ],
        shown_listings=await node.joining.first_listings.limit(own),
        refusals=[
            RefusalLine(household_name(one.household, names), one.reason, iso(one.at_ms))
            for one in await node.joining.newcomers.refusals()
        ],
    )


async def _is_known(node: Node) -> bool:
    own = node.community.self_id
    return bool(node.inbox.members.vouched(own)) or bool(await node.ledger.receipts())


_NEWCOMER = IN_COMMUNITY + "/newcomers/{household}"
_VOUCH = IN_COMMUNITY + "/members/{household}/vouch"

ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/invites/reading",
        "What a community asks of who joins; nothing is joined",
        _look,
        LookAnswer,
        body=LookRequest,
    ),
    Endpoint(
        "POST",
        "/v1/memberships",
        "Join a community with an invite",
        _join,
        CommunityAnswer,
        body=JoinRequest,
    ),
    Endpoint("GET", IN_COMMUNITY + "/invites", "The own invites", _invites, InvitesAnswer),
    Endpoint(
        "DELETE", IN_COMMUNITY + "/invites/{invite}", "End an own invite", _revoke, InviteLine
    ),
    Endpoint(
        "GET",
        IN_COMMUNITY + "/newcomers",
        "Who waits to be confirmed, and what they answer",
        _newcomers,
        NewcomersAnswer,
    ),
    Endpoint("POST", _NEWCOMER + "/approval", "Let a newcomer in", _approve, DecidedAnswer),
    Endpoint(
        "POST",
        _NEWCOMER + "/refusal",
        "Do not let a newcomer in, and tell it so",
        _decline,
        DecidedAnswer,
        body=RefusalRequest,
    ),
    Endpoint("PUT", _VOUCH, "Vouch for a household", _vouch, VouchAnswer),
    Endpoint("DELETE", _VOUCH, "Vouch for it no longer", _unvouch, VouchAnswer),
    Endpoint(
        "GET",
        IN_COMMUNITY + "/welcome",
        "What is done and what comes next",
        _welcome,
        WelcomeAnswer,
    ),
)
