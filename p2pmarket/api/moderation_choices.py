"""What a household chooses for itself: mute, block lists, whose labels count."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from node.community import MemberView
from node.moderation.choices import Choice
from node.node import Node
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.households import find_household
from p2pmarket.api.moderation_schemas import (
    BlockListAnswer,
    ChosenAnswer,
    ListedLine,
    ReasonRequest,
)
from p2pmarket.api.moderation_subjects import Wording
from p2pmarket.texts.formats import iso
from protocol.errors import LocalError
from protocol.ids import HouseholdId, text_of

_SHORTEST_ID = 4

Choose = Callable[[Node, HouseholdId, bool], Awaitable[None]]


def _choosing(choose: Choose, chosen: bool) -> Callable[[Call], Awaitable[ChosenAnswer]]:
    async def act(call: Call) -> ChosenAnswer:
        node = call.node
        household = await _household(node, call.path["household"])
        await choose(node, household, chosen)
        return ChosenAnswer((await Wording.of(node)).household(household), chosen)

    return act


async def _household(node: Node, typed: str) -> HouseholdId:
    """Return the household that is meant, also one that is gone and about which was chosen."""
    try:
        member: MemberView = await find_household(node, typed)
    except LocalError:
        choices, wanted = node.moderation.choices, typed.strip().lower()
        listed = await node.moderation.block_list.listed()
        known = {*listed, *choices.blocked, *(h for one in Choice for h in choices.of(one))}
        gone = [household for household in known if text_of(household).startswith(wanted)]
        if len(wanted) < _SHORTEST_ID or len(gone) != 1:
            raise
        return gone[0]
    return member.household


async def _mute(node: Node, household: HouseholdId, muted: bool) -> None:
    await node.moderation.choices.mute(household, muted)


async def _follow_labels(node: Node, household: HouseholdId, followed: bool) -> None:
    await node.moderation.choices.follow_labels(household, followed)


async def _follow_list(node: Node, household: HouseholdId, followed: bool) -> None:
    await node.moderation.choices.follow_block_list(household, followed)


async def _list(call: Call) -> BlockListAnswer:
    return await _answer(call.node)


async def _add(call: Call) -> BlockListAnswer:
    node = call.node
    member = await find_household(node, call.path["household"])
    await node.moderation.block_list.add(member.household, call.body.reason)
    return await _answer(node)


async def _remove(call: Call) -> BlockListAnswer:
    node = call.node
    await node.moderation.block_list.remove(await _household(node, call.path["household"]))
    return await _answer(node)


async def _share(call: Call) -> BlockListAnswer:
    await call.node.moderation.block_list.share(True)
    return await _answer(call.node)


async def _unshare(call: Call) -> BlockListAnswer:
    await call.node.moderation.block_list.share(False)
    return await _answer(call.node)


async def _answer(node: Node) -> BlockListAnswer:
    words, choices = await Wording.of(node), node.moderation.choices
    listed = await node.moderation.block_list.listed()
    return BlockListAnswer(
        [
            ListedLine(words.household(one.household), one.reason, iso(one.since_ms))
            for one in listed.values()
        ],
        await node.moderation.block_list.is_shared(),
        [words.household(h) for h in sorted(choices.blocked) if h not in listed],
        [words.household(h) for h in sorted(choices.of(Choice.MUTED))],
        [words.household(h) for h in sorted(choices.of(Choice.BLOCK_LIST))],
    )


_MEMBER = IN_COMMUNITY + "/members/{household}"
_LIST = IN_COMMUNITY + "/block-list"

ENDPOINTS = (
    Endpoint(
        "PUT",
        _MEMBER + "/mute",
        "Show no listings of a household here",
        _choosing(_mute, True),
        ChosenAnswer,
    ),
    Endpoint(
        "DELETE",
        _MEMBER + "/mute",
        "Show its listings again",
        _choosing(_mute, False),
        ChosenAnswer,
    ),
    Endpoint(
        "PUT",
        _MEMBER + "/labels",
        "Let the labels of a household count here",
        _choosing(_follow_labels, True),
        ChosenAnswer,
    ),
    Endpoint(
        "DELETE",
        _MEMBER + "/labels",
        "Let the labels of a household count no longer, also a steward's",
        _choosing(_follow_labels, False),
        ChosenAnswer,
    ),
    Endpoint(
        "PUT",
        _MEMBER + "/block-list",
        "Show no listings of those whom a household's block list names",
        _choosing(_follow_list, True),
        ChosenAnswer,
    ),
    Endpoint(
        "DELETE",
        _MEMBER + "/block-list",
        "Follow its block list no longer",
        _choosing(_follow_list, False),
        ChosenAnswer,
    ),
    Endpoint("GET", _LIST, "Your block list, and whose you follow", _list, BlockListAnswer),
    Endpoint("PUT", _LIST + "/sharing", "Let all read your block list", _share, BlockListAnswer),
    Endpoint("DELETE", _LIST + "/sharing", "Share it no longer", _unshare, BlockListAnswer),
    Endpoint(
        "PUT",
        _LIST + "/households/{household}",
        "Put a household on your block list, and block it",
        _add,
        BlockListAnswer,
        body=ReasonRequest,
    ),
    Endpoint(
        "DELETE",
        _LIST + "/households/{household}",
        "Take a household off your block list, and block it no longer",
        _remove,
        BlockListAnswer,
    ),
)
