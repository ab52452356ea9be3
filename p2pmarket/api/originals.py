"""What a carried listing is in the community it is from, where this household belongs there too."""

from __future__ import annotations

from dataclasses import replace

from node.node import Node
from node.store.listings import StoredListing
from p2pmarket.api.ledger_views import names_in
from p2pmarket.api.schemas import OriginAnswer
from p2pmarket.daemon.memberships import Memberships
from protocol.ids import text_of
from protocol.windows import thing_of


async def with_original(
    memberships: Memberships, node: Node, carried: StoredListing, answer: OriginAnswer
) -> OriginAnswer:
    """Return where a listing is from, and which one it is there, if that shows at this computer.

    node: of the community in which it is carried. answer: its origin as it is answered.
    """
    origin = carried.listing.origin
    source = next(
        (n for n in memberships.nodes if origin and n.community.id == origin.community), None
    )
    if origin is None or source is None:
        return answer
    for one in await source.carrying.shared(node.community.id):
        if thing_of(source.community.id, one.household, one.key) == origin.thing:
            names = await names_in(source)
            author = names.get(one.household, one.household_name)
            return replace(answer, listing=text_of(one.key), author=author)
    return answer
