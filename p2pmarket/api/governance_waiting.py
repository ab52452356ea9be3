"""What waits for a household that governs, or is governed: for the inbox and the status."""

from __future__ import annotations

from collections.abc import Iterator

from node.node import Node
from p2pmarket.api.ledger_views import Names, names_in
from p2pmarket.api.mail_schemas import Waiting
from protocol.ids import HouseholdId, text_of
from protocol.text import clean


async def governance_waiting(node: Node, now_ms: int) -> list[Waiting]:
    """Return what is to be consented to, signed, taken or decided; of a removed one only that."""
    names = await names_in(node)
    if node.community.my_status == "removed":
        return [await _removed(node, names)]
    return [*_waiting(node, names)]


async def _removed(node: Node, names: Names) -> Waiting:
    """Return why this household is out, and who can be asked: by name, and where they live."""
    own, members = node.community.self_id, node.inbox.members
    removal = members.removed.get(own)
    places = {m.household: m.place.name for m in await node.community.members() if m.place}

    def asked(household: HouseholdId) -> str:
        name, place = names.get(household) or text_of(household)[:8], places.get(household)
        return name if place is None else f"{name} ({place})"

    wanting = members.council.removal_wanted_by.get(own, ())
    stewards = [
        steward for steward in members.council.voters if removal is None or steward in wanting
    ]
    who = ", ".join(asked(household) for household in stewards if household != own)
    if removal is None:  # a neighbour's gate has said so; the record never came
        return Waiting("removed-unexplained", text_of(own), "", who, text_of(own))
    return Waiting("removed", text_of(own), clean(removal.reason), who, text_of(own))


def _waiting(node: Node, names: Names) -> Iterator[Waiting]:
    governance, own = node.governance, node.community.self_id

    def one(what: str, household: HouseholdId, id: str, title: str = "") -> Waiting:
        return Waiting(what, id, title, names.get(household, ""), text_of(household))

    charters, council = governance.charters, governance.stewards.council
    if not charters.is_bound:
        version = charters.in_force
        yield one("charter-to-consent", version.wanted_by[0], str(version.number))
    if governance.stewards.is_offered(own):
        yield one("seat-offered", council.candidates[own].wanted_by[0], "")
    if own not in council.voters:
        return
    for version in charters.proposals:
        if own not in version.wanted_by:
            yield one("charter-to-sign", version.wanted_by[0], str(version.number))
    for view in governance.removals.all():
        # Of the founder, of oneself, and of who is named for a seat nobody can decide anything.
        hopeless = view.household in (own, node.inbox.members.founder) or not view.missing
        if not (view.in_force or view.mine or hopeless):
            yield one("removal-to-decide", view.household, text_of(view.household), view.reason)
