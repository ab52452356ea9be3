"""Reports to the stewards, labels and appeals."""

from __future__ import annotations

from collections.abc import Collection

from node.moderation.reports import ReportView
from p2pmarket.api.endpoint import IN_COMMUNITY, Call, Endpoint
from p2pmarket.api.moderation_schemas import (
    AppealedAnswer,
    AppealRequest,
    FollowedLine,
    HeldLine,
    LabelLine,
    LabelRequest,
    LabelsAnswer,
    ReportedAnswer,
    ReportLine,
    ReportRequest,
    ReportsAnswer,
    SubjectQuestion,
    WithdrawnAnswer,
)
from p2pmarket.api.moderation_subjects import Wording, find_subject
from p2pmarket.api.schemas import Done
from p2pmarket.texts.formats import iso
from protocol.errors import LocalError
from protocol.ids import from_text, text_of
from protocol.moderation.labels import Label, Subject, Verdict
from protocol.moderation.report import Ground

_SHORTEST_ID = 4

# -- reports


async def _readers(call: Call) -> ReportedAnswer:
    node = call.node
    subject = await find_subject(node, call.query.subject)
    words = await Wording.of(node)
    readers = node.moderation.reports.readers(subject)
    return ReportedAnswer(await words.subject(subject), [words.household(one) for one in readers])


async def _report(call: Call) -> ReportedAnswer:
    node, request = call.node, call.body
    subject = await find_subject(node, request.subject)
    ground = Ground[request.ground.upper()]
    readers = await node.moderation.reports.report(subject, ground, request.text)
    words = await Wording.of(node)
    return ReportedAnswer(await words.subject(subject), [words.household(one) for one in readers])


async def _reports(call: Call) -> ReportsAnswer:
    node = call.node
    words = await Wording.of(node)
    held = [
        HeldLine(await words.subject(Subject(one.household, one.key)), found)
        for one, found in await node.moderation.showing.held()
    ]
    return ReportsAnswer(
        [await _report_line(view, words) for view in await node.moderation.reports.all()],
        held,
        node.community.self_id in node.inbox.members.council.voters,
    )


async def _report_line(view: ReportView, words: Wording) -> ReportLine:
    return ReportLine(
        number=view.number,
        sender=words.household(view.sender),
        subject=await words.subject(view.report.subject),
        ground=view.report.ground.name.lower(),  # type: ignore[arg-type]
        text=view.report.text,
        at=iso(view.at_ms),
        done=view.done_at_ms is not None,
    )


async def _done(call: Call) -> Done:
    typed = call.path["number"]
    if not typed.isascii() or not typed.isdigit() or len(typed) > 9:
        raise LocalError("report-not-found", number=typed)
    await call.node.moderation.reports.done(int(typed))
    return Done()


# -- labels


async def _labels(call: Call) -> LabelsAnswer:
    node = call.node
    words = await Wording.of(node)
    showing, members = node.moderation.showing, node.inbox.members
    voters, followed = members.council.voters, showing.followed
    others = {*voters, *followed} - {node.community.self_id}
    follows = [
        FollowedLine(
            household=words.household(household),
            steward=household in voters,
            followed=household in followed,
            labels=len(showing.labelled.get(household, {})),
            belongs=(member := members.member(household)) is not None and member.stands,
        )
        for household in sorted(others)
    ]
    mine = await node.moderation.labelling.labels()
    return LabelsAnswer(follows, [await _label_line(call, label, words) for label in mine.values()])


async def _label(call: Call) -> LabelLine:
    node, request = call.node, call.body
    subject = await find_subject(node, request.subject)
    verdict = Verdict[request.verdict.upper()]
    words = await Wording.of(node)
    await words.subject(subject)  # its title: found fine, a newcomer's is not here for a while
    try:
        seen = None if request.text is None else from_text(request.text)
    except ValueError:
        raise LocalError("request-malformed", field="text") from None
    await node.moderation.labelling.label(subject, verdict, request.reason, seen)
    return await _label_line(call, (await node.moderation.labelling.labels())[subject], words)


async def _unlabel(call: Call) -> WithdrawnAnswer:
    node = call.node
    mine = await node.moderation.labelling.labels()
    subject = await _own_subject(call, mine)
    answer = WithdrawnAnswer(await (await Wording.of(node)).subject(subject))
    await node.moderation.labelling.unlabel(subject)
    return answer


async def _label_line(call: Call, label: Label, words: Wording) -> LabelLine:
    members = call.node.inbox.members
    return LabelLine(
        subject=await words.subject(label.subject),
        verdict=label.verdict.name.lower(),  # type: ignore[arg-type]
        reason=label.reason,
        counts=call.node.community.self_id in members.council.voters,
    )


async def _own_subject(call: Call, mine: Collection[Subject]) -> Subject:
    """Return what is meant, also by the id of a listing that is not here any more."""
    typed = call.path["subject"]
    wanted = typed.strip().lower()
    known = [s for s in mine if s.listing is not None and text_of(s.listing).startswith(wanted)]
    if len(wanted) >= _SHORTEST_ID and len(known) == 1:
        return known[0]
    return await find_subject(call.node, typed)


# -- appeals


async def _appeal(call: Call) -> AppealedAnswer:
    node, request = call.node, call.body
    subject = await find_subject(node, request.subject)
    await node.moderation.labelling.appeal(subject, request.text)
    said = (await node.moderation.labelling.appeals())[subject]
    return AppealedAnswer(await (await Wording.of(node)).subject(subject), said.text)


async def _unappeal(call: Call) -> WithdrawnAnswer:
    node = call.node
    subject = await _own_subject(call, await node.moderation.labelling.appeals())
    answer = WithdrawnAnswer(await (await Wording.of(node)).subject(subject))
    await node.moderation.labelling.unappeal(subject)
    return answer


_REPORTS = IN_COMMUNITY + "/reports"
_LABELS = IN_COMMUNITY + "/labels"
_APPEALS = IN_COMMUNITY + "/appeals"

ENDPOINTS = (
    Endpoint(
        "GET",
        IN_COMMUNITY + "/report-readers",
        "Who would read a report on something",
        _readers,
        ReportedAnswer,
        query=SubjectQuestion,
    ),
    Endpoint(
        "POST",
        _REPORTS,
        "Tell the stewards about a listing or a household",
        _report,
        ReportedAnswer,
        body=ReportRequest,
    ),
    Endpoint("GET", _REPORTS, "What waits for you as a steward", _reports, ReportsAnswer),
    Endpoint("POST", _REPORTS + "/{number}/done", "You are done with a report", _done, Done),
    Endpoint(
        "GET", _LABELS, "Whose labels count here, and what you have labelled", _labels, LabelsAnswer
    ),
    Endpoint(
        "PUT",
        _LABELS,
        "Say in public what you think of a listing or a household",
        _label,
        LabelLine,
        body=LabelRequest,
    ),
    Endpoint("DELETE", _LABELS + "/{subject}", "Take your label back", _unlabel, WithdrawnAnswer),
    Endpoint(
        "PUT",
        _APPEALS,
        "Say in public why a label or a removal should be taken back",
        _appeal,
        AppealedAnswer,
        body=AppealRequest,
    ),
    Endpoint(
        "DELETE", _APPEALS + "/{subject}", "Take your appeal back", _unappeal, WithdrawnAnswer
    ),
)
