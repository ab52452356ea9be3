"""Members, neighbours and the own profile."""

from __future__ import annotations

from node.community import MemberView
from node.node import Node
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.ledger_views import household_name, names_in
from p2pmarket.api.listing_views import coordinates, sync_answer
from p2pmarket.api.member_schemas import BlockAnswer, MemberAnswer, MembersAnswer, RemovedAnswer
from p2pmarket.api.schemas import (
    PeerAnswer,
    PeersAnswer,
    ProfileAnswer,
    ProfileRequest,
)
from p2pmarket.home import HouseholdSettings, load_settings, save_settings
from p2pmarket.listing_fields import place_named
from p2pmarket.texts.formats import iso
from protocol.errors import LocalError, RemoteError
from protocol.ids import HouseholdId, text_of
from protocol.profile import Profile
from protocol.text import clean

_SHORTEST_ID = 4


async def find_household(node: Node, typed: str) -> MemberView:
    """Return the one household with this name, or whose id begins so.

    Raises LocalError ``household-not-found`` or ``household-ambiguous``.
    """
    wanted = clean(typed).casefold()
    members = await node.community.members()
    found = [member for member in members if member.name.casefold() == wanted]
    if not found and len(wanted) >= _SHORTEST_ID:
        found = [member for member in members if text_of(member.household).startswith(wanted)]
    if not found:
        raise LocalError("household-not-found", id=typed)
    if len(found) > 1:
        ids = ", ".join(text_of(member.household)[:10] for member in found)
        raise LocalError("household-ambiguous", name=typed, ids=ids)
    return found[0]


async def find_removed(node: Node, typed: str) -> HouseholdId | None:
    """Return the one removed household that was called so, or whose id begins so; else None."""
    wanted, removed = clean(typed).casefold(), node.inbox.members.removed
    names = await node.community.former_names()
    found = [household for household, name in names.items() if name.casefold() == wanted]
    if not found and len(wanted) >= _SHORTEST_ID:
        found = [household for household in removed if text_of(household).startswith(wanted)]
    return found[0] if len(found) == 1 else None


async def list_members(call: Call) -> MembersAnswer:
    """Return the households of one community."""
    node = call.node
    members, council = node.inbox.members, node.inbox.members.council
    seats = {household: seat for seat, household in enumerate(council.stewards, 1)}
    names = await names_in(node)
    return MembersAnswer(
        [
            MemberAnswer(
                id=text_of(member.household),
                name=names.get(member.household, ""),
                about=member.about,
                status=member.status,  # type: ignore[arg-type]
                place=None if member.place is None else member.place.name,
                invited_by=(None if member.status == "founder" else names.get(member.inviter, "")),
                invited_by_id=(None if member.status == "founder" else text_of(member.inviter)),
                joined_at=iso(member.joined_at_ms),
                connected=member.connected,
                blocked=member.blocked,
                me=member.household == node.community.self_id,
                seat=seats.get(member.household),
                consents=members.consents(member.household),
                vouches=len(members.vouched(member.household)),
                removal_voices=len(council.removal_wanted_by.get(member.household, ())),
            )
            for member in await node.community.members()
        ],
        [
            RemovedAnswer(text_of(household), reason, names.get(household, ""))
            for household, reason in sorted(node.community.removed().items())
        ],
    )


async def _block(call: Call) -> BlockAnswer:
    member = await find_household(call.node, call.path["household"])
    await call.node.moderation.choices.block(member.household, True)
    return await _block_answer(call.node, member, blocked=True)


async def _unblock(call: Call) -> BlockAnswer:
    member = await find_household(call.node, call.path["household"])
    await call.node.moderation.block_list.unblock(member.household)
    return await _block_answer(call.node, member, blocked=False)


async def _block_answer(node: Node, member: MemberView, blocked: bool) -> BlockAnswer:
    return BlockAnswer(household_name(member.household, await names_in(node)), blocked)


async def _peers(call: Call) -> PeersAnswer:
    node = call.node
    status = await node.sync.status()
    return PeersAnswer(
        [
            PeerAnswer(
                household=neighbour.name,
                household_id=text_of(neighbour.household),
                connected=neighbour.connected,
                last_synced_at=(
                    None
                    if neighbour.last_synced_at_ms is None
                    else iso(neighbour.last_synced_at_ms)
                ),
                address=neighbour.address,
            )
            for neighbour in status.neighbours
        ],
        await sync_answer(node, call.clock.now_ms()),
        list(node.addresses()),
    )


async def _profile(call: Call) -> ProfileAnswer:
    return _profile_answer(await call.memberships.profile(call.node))


async def _set_profile(call: Call) -> ProfileAnswer:
    node, changes = call.node, call.body
    held = await call.memberships.profile(node)
    place = held.place
    if changes.place is not None:
        charter = node.community.charter
        place = place_named(changes.place, charter) if changes.place.strip() else None
    try:
        profile = Profile(
            name=held.name if changes.name is None else clean(changes.name),
            about=held.about if changes.about is None else clean(changes.about, lines=True),
            languages=held.languages if changes.languages is None else tuple(changes.languages),
            place=place,
        )
    except RemoteError as error:
        raise LocalError("field-refused", field=error.fields.get("field", "name")) from None
    await node.community.set_profile(profile)
    settings = load_settings(call.home)
    place_text = settings.place if changes.place is None else clean(changes.place)
    save_settings(
        call.home,
        HouseholdSettings(profile.name, place_text, profile.about, profile.languages),
    )
    return _profile_answer(profile)


def _profile_answer(profile: Profile) -> ProfileAnswer:
    return ProfileAnswer(
        profile.name,
        profile.about,
        list(profile.languages),
        None if profile.place is None else profile.place.name,
        coordinates(profile.place),
    )


_MEMBER = IN_COMMUNITY + "/members/{household}"

ENDPOINTS = (
    Endpoint("GET", IN_COMMUNITY + "/members", "Who belongs", list_members, MembersAnswer),
    Endpoint(
        "PUT",
        _MEMBER + "/block",
        "Hide a household's listings on this node only",
        _block,
        BlockAnswer,
    ),
    Endpoint("DELETE", _MEMBER + "/block", "Show its listings again", _unblock, BlockAnswer),
    Endpoint("GET", IN_COMMUNITY + "/peers", "The neighbours' nodes", _peers, PeersAnswer),
    Endpoint(
        "GET", IN_COMMUNITY + "/profile", "What neighbours read about us", _profile, ProfileAnswer
    ),
    Endpoint(
        "PATCH",
        IN_COMMUNITY + "/profile",
        "Change what neighbours read about us",
        _set_profile,
        ProfileAnswer,
        body=ProfileRequest,
    ),
)
