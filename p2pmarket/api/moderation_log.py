"""The public log of moderation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from node.moderation.log import Deed, Entry
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.moderation_schemas import AppealLine, LogAnswer, LogLine, LogQuestion
from p2pmarket.api.moderation_subjects import Wording
from p2pmarket.texts.formats import iso
from protocol.errors import LocalError
from protocol.ids import HouseholdId
from protocol.membership.members import Members
from protocol.moderation.labels import Subject, Verdict

_MAX_LINES = 2_000


async def _log(call: Call) -> LogAnswer:
    node, question = call.node, call.query
    if not 1 <= question.limit <= _MAX_LINES:
        raise LocalError("field-out-of-range", field="limit", least=1, most=_MAX_LINES)
    entries = list(await node.moderation.log.entries())
    others = await node.moderation.log.others() if question.others else []
    words = await Wording.of(node)
    appeals: defaultdict[Subject, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.deed is Deed.APPEAL and entry.household is not None:
            appeals[Subject(entry.household, entry.listing)].append(entry)
    answered = {
        subject
        for entry in [*entries, *others]
        if entry.deed is not Deed.APPEAL and (subject := _subject(entry)) in appeals
    }
    lines = [
        entry
        for entry in entries
        if entry.deed is not Deed.APPEAL or _subject(entry) not in answered
    ]
    known = {entry.id() for entry in lines}
    shown = [*lines, *(entry for entry in others if entry.id() not in known)]
    shown.sort(key=lambda entry: -max(entry.said_at_ms, entry.gone_at_ms or 0))
    members = node.inbox.members
    own = members.member(node.community.self_id)
    return LogAnswer(
        [await _line(entry, appeals, members, words, others) for entry in shown[: question.limit]],
        len(shown) > question.limit,
        None if own is None else iso(own.joined_at_ms),
    )


async def _line(
    entry: Entry,
    appeals: Mapping[Subject, Sequence[Entry]],
    members: Members,
    words: Wording,
    others: Sequence[Entry],
) -> LogLine:
    subject = _subject(entry)
    said = () if subject is None or entry.deed is Deed.APPEAL else appeals.get(subject, ())
    in_force = entry.deed is Deed.REMOVAL and entry.household in members.removed
    is_over = entry.gone_at_ms is not None
    return LogLine(
        deed=entry.deed.name.lower(),  # type: ignore[arg-type]
        by=words.household(entry.author),
        subject=None if subject is None else await words.subject(subject),
        verdict=(
            Verdict(entry.number).name.lower()  # type: ignore[arg-type]
            if entry.deed is Deed.LABEL
            else None
        ),
        number=entry.number if entry.deed is Deed.CHARTER else None,
        in_force=in_force and not is_over,
        text=entry.text,
        at=iso(entry.said_at_ms),
        seen_at=None if not entry.seen_at_ms else iso(entry.seen_at_ms),
        gone_at=None if entry.gone_at_ms is None else iso(entry.gone_at_ms),
        counts=not is_over and entry not in others,
        appeals=[
            AppealLine(
                by=words.household(appeal.author),
                text=appeal.text,
                at=iso(appeal.said_at_ms),
                gone_at=None if appeal.gone_at_ms is None else iso(appeal.gone_at_ms),
            )
            for appeal in said
        ],
    )


def _subject(entry: Entry) -> Subject | None:
    household: HouseholdId | None = entry.household
    return None if household is None else Subject(household, entry.listing)


ENDPOINTS = (
    Endpoint(
        "GET",
        IN_COMMUNITY + "/moderation-log",
        "What was said and decided in public, with reasons and appeals",
        _log,
        LogAnswer,
        query=LogQuestion,
    ),
)
