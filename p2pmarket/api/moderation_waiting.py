"""What waits because of reports, held listings, labels on one's own listings, and appeals."""

from __future__ import annotations

from node.moderation.log import Deed
from node.moderation.showing import Cause
from node.node import Node
from p2pmarket.api.mail_schemas import Waiting
from p2pmarket.api.moderation_subjects import Wording
from protocol.ids import HouseholdId, ThingKey, text_of
from protocol.moderation.labels import Subject

_MOST = 5
"""Of each sort: more say no more."""


async def moderation_waiting(node: Node, now_ms: int) -> list[Waiting]:
    """Return what a steward has to look at, then what concerns the own listings."""
    words = await Wording.of(node)
    found: list[Waiting] = []
    for view in await node.moderation.reports.all():
        if view.done_at_ms is None and len(found) < _MOST:
            found.append(await _waiting("report-to-read", view.sender, view.report.subject, words))
    if node.community.self_id in node.inbox.members.council.voters:
        found += await _held(node, words)
    found += await _appeals(node, words)
    return [*found, *await _labelled(node, words)]


async def _held(node: Node, words: Wording) -> list[Waiting]:
    own = node.community.self_id
    alone = node.inbox.members.council.voters == (own,)
    held = [one for one, _ in await node.moderation.showing.held() if alone or one.household != own]
    return [
        await _waiting("listing-held", one.household, Subject(one.household, one.key), words)
        for one in held[:_MOST]
    ]


async def _appeals(node: Node, words: Wording) -> list[Waiting]:
    mine = await node.moderation.labelling.labels()
    if not mine:
        return []
    appeals = [
        (entry.author, subject)
        for entry in await node.moderation.log.entries()
        if entry.deed is Deed.APPEAL
        and entry.gone_at_ms is None
        and entry.household is not None
        and (subject := Subject(entry.household, entry.listing)) in mine
    ]
    return [await _waiting("appeal-to-answer", by, of, words) for by, of in appeals[:_MOST]]


async def _labelled(node: Node, words: Wording) -> list[Waiting]:
    appealed = await node.moderation.labelling.appeals()
    found: list[Waiting] = []
    for one in await node.market.mine():
        subject = Subject(one.household, one.key)
        said = node.moderation.showing.notices(one)
        by = next((notice.by for notice in said if notice.cause is Cause.LABEL), None)
        if by is not None and subject not in appealed and len(found) < _MOST:
            found.append(await _waiting("listing-labelled", by, subject, words))
    return found


async def _waiting(what: str, household: HouseholdId, of: Subject, words: Wording) -> Waiting:
    subject, who = await words.subject(of), words.household(household)
    key: ThingKey | HouseholdId = of.household if of.listing is None else of.listing
    title = subject.title or subject.household.name or text_of(key)[:10]
    return Waiting(what, text_of(key), title, who.name, who.id)
