"""Publishing: one listing by flags, or a file of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from p2pmarket.cli import failures
from p2pmarket.cli.cross_posting import cross_post_to, cross_posted_lines, preview_all
from p2pmarket.cli.importing import FileReport, check_readable, publish_file, report_lines
from p2pmarket.cli.listing_fields import listing_options, shown_lines, typed_fields
from p2pmarket.cli.listing_texts import SHORT_ID, audience_line
from p2pmarket.cli.notices import held_lines
from p2pmarket.cli.options import command
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import safe, wrapped
from p2pmarket.texts import _, ngettext
from protocol.errors import LocalError, P2PMarketError


@command(
    "publish",
    _(
        "A file is JSON Lines or CSV, one listing a line (docs/manual.md names the columns)."
        " Publishing it again edits what changed and leaves alone what did not."
    ),
)
@listing_options
@click.option(
    "--from",
    "source",
    metavar=_("FILE"),
    type=click.Path(path_type=Path, allow_dash=True),
    help=_("Publish the listings of a file; - reads standard input."),
)
@click.option(
    "--also",
    metavar=_("NAME"),
    multiple=True,
    help=_("Offer it in this community as well; may be repeated."),
)
@click.option(
    "--show-in",
    metavar=_("NAME"),
    multiple=True,
    help=_("Members may show it in this neighbouring community (see “window”); repeatable."),
)
@click.option("--yes", is_flag=True, help=_("Do not ask before publishing."))
def publish(
    session: Session,
    source: Path | None,
    also: tuple[str, ...],
    show_in: tuple[str, ...],
    yes: bool,
    **typed: Any,
) -> int:
    """Say who will see it, ask, publish."""
    fields = typed_fields(typed)
    if source is not None:
        if also:
            raise click.UsageError(
                _(
                    "A file goes into one community: publish it there, then offer what shall stand"
                    " in another as well with “p2pmarket cross-post ID --to NAME”, so that nothing"
                    " is promised twice."
                )
            )
        if fields or show_in:
            raise click.UsageError(_("Use either --from FILE or the flags of one listing."))
        return _publish_file(session, source, yes)
    for needed in ("title", "kind"):
        if needed not in fields:
            raise click.UsageError(_("Missing: --{flag}, or --from FILE.").format(flag=needed))
    question = {
        "days": typed["days"],
        "show_in": show_in,
        "category": typed["category"] or "other",
    }
    audience = _announce(session, question, is_new="id" not in fields)
    if show_in:
        fields["shown_to"] = list(show_in)
        session.say(*shown_lines(audience["shown_to"]))
    if fields["kind"] == "event" and "starts" in fields and typed["days"] is None:
        session.say(_("An event disappears when it is over."))
    previews = preview_all(
        session, also, "draft", {"first": session.community or "-", "fields": fields}
    )
    if not _agreed(session, yes):
        return 1
    rows = [{"line": 1, "fields": fields}]
    answer = session.client.post(session.path("listings"), {"rows": rows})
    (result,) = answer["results"]
    if result["error"] is not None:
        raise LocalError(result["error"]["code"], **result["error"]["fields"])
    listing = result["listing"]
    worded = {
        "new": _("Published “{title}” as {id}."),
        "changed": _("Changed “{title}” ({id}), which you had published before."),
        "unchanged": _("“{title}” ({id}) stands like this already."),
    }
    line = worded[result["outcome"]].format(
        title=safe(listing["title"]), id=listing["id"][:SHORT_ID]
    )
    body: dict[str, Any] = {
        "outcome": result["outcome"],
        "audience": audience,
        "previews": previews,
        "results": [listing],
    }
    session.say(line, *held_lines(listing))
    for community in also:
        try:
            made = cross_post_to(session, community, {"listing": listing["id"]})
        except P2PMarketError as error:
            return failures.report_stopped(error, session.as_json, body)
        body["results"].append(made["listing"])
        session.say(*cross_posted_lines(made))
    session.answer(body, [])
    return 0


def _publish_file(session: Session, source: Path, yes: bool) -> int:
    check_readable(source)
    audience = _announce(session, {}, at_most=True)
    if session.client.get(session.path("windows"))["results"]:
        line = _(
            "What names a neighbouring community as “shown_to” can be shown there too, by any"
            " household that belongs to both: title, text, price, place (to about a kilometre) and"
            " when you changed it; not your name and no photos. Whoever knows a listing recognises"
            " it there."
        )
        session.say(*wrapped(line))
    if not _agreed(session, yes):
        return 1
    report = publish_file(session, source)
    body = _body(report, audience)
    if report.stopped is None:
        session.answer(body, report_lines(report))
        return 1 if report.refused else 0
    session.say(*report_lines(report))
    return failures.report_stopped(report.stopped, session.as_json, body)


def _body(report: FileReport, audience: dict[str, Any]) -> dict[str, object]:
    return {
        "new": report.count("new"),
        "changed": report.count("changed"),
        "unchanged": report.count("unchanged"),
        "refused": len(report.refused),
        "unknown_fields": report.unknown_fields,
        "unknown_places": report.unknown_places,
        "errors": [
            {"line": line, "code": error.code, "text": text, "fields": dict(error.fields)}
            for line, error, text in report.worded()
        ],
        "audience": audience,
        "results": report.listings,
    }


def _announce(
    session: Session, question: dict[str, object], at_most: bool = False, is_new: bool = False
) -> dict[str, Any]:
    """Say who will see it and until when, before anything is published.

    question: an AudienceQuestion. at_most: some may end earlier. is_new: it is one more listing,
    and no edit of an older one.
    """
    audience: dict[str, Any] = session.client.get(session.path("audience"), question)
    if is_new and audience["newcomer"] and audience["full"]:
        session.say(*wrapped(_not_yet(audience)))
        return audience
    line = audience_line(audience, audience["visible_until"])
    if at_most:
        line += " " + _("What names fewer days ends earlier.")
    session.say(*wrapped(line))
    if audience["provisional"]:
        line = ngettext(
            "You are not confirmed yet, so at most {slots} of your listings shows for now.",
            "You are not confirmed yet, so at most {slots} of your listings show for now.",
            audience["slots"],
        )
        session.say(*wrapped(line.format(slots=audience["slots"])))
    elif audience["newcomer"]:
        line = ngettext(
            "Your neighbours see {slots} listing of yours for now; {each} more with each household"
            " that vouches for you or has traded with you.",
            "Your neighbours see {slots} listings of yours for now; {each} more with each household"
            " that vouches for you or has traded with you.",
            audience["slots"],
        )
        session.say(*wrapped(line.format(slots=audience["slots"], each=audience["slots_each"])))
    return audience


def _not_yet(audience: dict[str, Any]) -> str:
    """Say why one more listing does not show yet, and what changes that."""
    return ngettext(
        "This does not show yet: your neighbours see {slots} listing of yours for now; {each} more"
        " with each household that vouches for you or has traded with you.",
        "This does not show yet: your neighbours see {slots} listings of yours for now; {each} more"
        " with each household that vouches for you or has traded with you.",
        audience["slots"],
    ).format(slots=audience["slots"], each=audience["slots_each"])


def _agreed(session: Session, yes: bool) -> bool:
    if yes or not session.interactive:
        return True
    agreed = session.agrees(_("Publish?"), default=True)
    if not agreed:
        session.say(_("Nothing was published."))
    return agreed
