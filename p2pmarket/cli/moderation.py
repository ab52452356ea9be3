"""Reports, labels, appeals, the log; mute and unmute."""

from __future__ import annotations

from typing import Any

import click

from p2pmarket import vocabulary
from p2pmarket.cli.listing_texts import SHORT_ID
from p2pmarket.cli.moderation_texts import (
    in_quotes_lines,
    log_lines,
    names_text,
    nobody_deletes,
    subject_text,
    who,
)
from p2pmarket.cli.options import Commands, Count, Word, command, shared_options
from p2pmarket.cli.session import Session
from p2pmarket.cli.summaries import SUMMARIES
from p2pmarket.cli.terminal import Column, in_quotes, others_text, safe, table, wrapped
from p2pmarket.texts import _, ngettext
from p2pmarket.texts.formats import day_and_time, moment, short_day
from p2pmarket.texts.moderation import GROUNDS, VERDICTS, ground_id, verdict_id
from protocol.errors import LocalError

GROUND = Word("ground", GROUNDS, ground_id)
VERDICT = Word("verdict", VERDICTS, verdict_id)


@command(
    "report",
    _("The stewards read it and learn that it comes from you; nobody else does."),
    _("Stewards can label what you report, so that it does not show at those who follow them."),
)
@click.argument("subject", metavar=_("LISTING|HOUSEHOLD"))
@click.option("--ground", type=GROUND, required=True, help=_("What it is about."))
@click.option("--text", default="", metavar=_("TEXT"), help=_("What the stewards should know."))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def report(session: Session, subject: str, ground: str, text: str, yes: bool) -> int:
    """Say who will read it, ask, report."""
    if not yes and session.interactive:
        shown = session.client.get(session.path("report-readers"), {"subject": subject})
        session.say(
            *wrapped(
                _("You report {subject}. Who reads it, with your name: {names}.").format(
                    subject=subject_text(shown["subject"]), names=names_text(shown["read_by"])
                )
            )
        )
        if not session.agrees(_("Send it"), default=True):
            session.say(_("Nothing was sent."))
            return 1
    request = {"subject": subject, "ground": ground, "text": text}
    found = session.client.post(session.path("reports"), request)
    line = _("Reported: {subject}. Who reads it, with your name: {names}.").format(
        subject=subject_text(found["subject"]), names=names_text(found["read_by"])
    )
    session.answer(found, wrapped(line))
    return 0


@command("reports", _("Also listings that a word of the charter holds until you have looked."))
@click.option("--done", type=Count(1, 999_999_999), help=_("You are done with this number."))
@click.option("--all", "everything", is_flag=True, help=_("Also those that are done."))
def reports(session: Session, done: int | None, everything: bool) -> None:
    """Ask the node what neighbours have reported."""
    if done is not None:
        session.client.post(session.path("reports", str(done), "done"))
        line = _("Report {number} is done.").format(number=done)
        session.answer({"number": done, "done": True}, [line])
        return
    found = session.client.get(session.path("reports"))
    if not everything:
        found["results"] = [one for one in found["results"] if not one["done"]]
    lines: list[str] = []
    for one in found["results"]:
        lines += [*_report_lines(one), ""]
    for held in found["held"]:
        text = _("Held: {subject}; it contains {words}.").format(
            subject=subject_text(held["subject"]), words=in_quotes(", ".join(held["words"]))
        )
        lines += wrapped(text)
    if found["held"]:
        lines += ["", *wrapped(_('Let it show: p2pmarket label ID fine --reason "…"'))]
    if not found["steward"]:
        lines += wrapped(_("You are no steward: nobody reports anything to you."))
    elif not lines:
        lines = wrapped(_("Nothing waits for you."))
    session.answer(found, lines)


def _report_lines(one: dict[str, Any]) -> list[str]:
    text = _("{number}  {time}: {name} reports {subject} ({ground}).").format(
        number=one["number"],
        time=day_and_time(moment(one["at"])),
        name=who(one["sender"]),
        subject=subject_text(one["subject"]),
        ground=vocabulary.label(GROUNDS, one["ground"]),
    )
    lines = wrapped(text)
    if one["text"]:
        lines += others_text(in_quotes_lines(one["text"]), "    ")
    if one["done"]:
        lines += wrapped(_("done"), "    ")
    return lines


@command(
    "label",
    _("All can read it, with your reason, and appeal. A later label replaces an earlier one."),
    _("Nobody can delete at your neighbours': each household chooses whose labels it follows."),
)
@click.argument("subject", metavar=_("LISTING|HOUSEHOLD"))
@click.argument("verdict", type=VERDICT, required=False, metavar=_("fine|warn|hide"))
@click.option("--why", "--reason", "reason", metavar=_("TEXT"), help=_("Why; all can read it."))
@click.option("--withdraw", is_flag=True, help=_("Take your label back."))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def label(
    session: Session,
    subject: str,
    verdict: str | None,
    reason: str | None,
    withdraw: bool,
    yes: bool,
) -> int:
    """Label something, or take the label back."""
    if withdraw:
        if verdict is not None or reason is not None:
            raise click.UsageError(_("Use either --withdraw, or a verdict and --reason."))
        gone = session.client.delete(session.path("labels", subject))
        line = _("You say nothing of {subject} any more.")
        session.answer(gone, wrapped(line.format(subject=subject_text(gone["subject"]))))
        return 0
    if verdict is None or reason is None:
        raise click.UsageError(_("Use either --withdraw, or a verdict and --reason."))
    request = {"subject": subject, "verdict": verdict, "reason": reason}
    if verdict == "fine" and session.interactive and not yes:
        read = _read(session, subject)
        if read is not None and not session.agrees(_("Is it fine as it stands here?"), True):
            session.say(_("Nothing was said."))
            return 1
        request |= {} if read is None else {"text": read}
    found = session.client.put(session.path("labels"), request)
    text = _("You label {subject}: {verdict}. All can read it, with your reason.").format(
        subject=subject_text(found["subject"]),
        verdict=vocabulary.label(VERDICTS, found["verdict"]),
    )
    lines = wrapped(text)
    if not found["counts"]:
        lines += wrapped(_("You are no steward: it has an effect only at those who follow you."))
    if verdict == "hide":
        lines += nobody_deletes()
    session.answer(found, lines)
    return 0


def _read(session: Session, subject: str) -> str | None:
    """Show what a listing says, and return what names that; None of what is no listing here."""
    try:
        shown = session.client.get(session.path("listings", subject))
    except LocalError:
        return None
    session.say(in_quotes(shown["title"]), *others_text(shown["description"], "  "))
    if shown["tags"]:
        session.say(*wrapped(", ".join(map(safe, shown["tags"])), "  "))
    text: str = shown["text"]
    return text


labels = Commands(
    "labels",
    help=_(SUMMARIES["labels"]),
    options_metavar=_("[OPTIONS]"),
    subcommand_metavar=_("COMMAND [ARGS]..."),
)
labels.params.extend(shared_options())


@command("labels list")
def list_labels(session: Session) -> None:
    """Ask the node whose labels count."""
    found = session.client.get(session.path("labels"))
    headings = [
        Column(_("id")),
        Column(_("household"), shrink_to=8),
        Column(_("is")),
        Column(_("labels"), right=True),
        Column(_("counts here")),
    ]
    rows = [
        [
            one["household"]["id"][:SHORT_ID],
            one["household"]["name"] or "–",
            _("steward") if one["steward"] else _("member") if one["belongs"] else _("gone"),
            str(one["labels"]),
            _("yes") if one["followed"] else _("no"),
        ]
        for one in found["follows"]
    ]
    lines = table(headings, rows) if rows else wrapped(_("Nobody else's labels count here."))
    if found["mine"]:
        lines += ["", *wrapped(_("You have labelled:"))]
    for one in found["mine"]:
        text = _("{subject}: {verdict}, {reason}").format(
            subject=subject_text(one["subject"]),
            verdict=vocabulary.label(VERDICTS, one["verdict"]),
            reason=in_quotes(one["reason"]),
        )
        lines += wrapped(text)
    session.answer(found, lines)


@command("labels follow", _("Stewards' labels count unless you ignore them. Only you know."))
@click.argument("household", metavar=_("HOUSEHOLD"))
def follow_labels(session: Session, household: str) -> None:
    """Let a household's labels count."""
    found = session.client.put(session.path("members", household, "labels"))
    line = _("The labels of {household} count here.")
    session.answer(found, wrapped(line.format(household=who(found["household"]))))


@command("labels ignore", _("Also a steward's. Only you know."))
@click.argument("household", metavar=_("HOUSEHOLD"))
def ignore_labels(session: Session, household: str) -> None:
    """Let a household's labels count no longer."""
    found = session.client.delete(session.path("members", household, "labels"))
    line = _("The labels of {household} count here no longer.")
    session.answer(found, wrapped(line.format(household=who(found["household"]))))


for _command in (list_labels, follow_labels, ignore_labels):
    labels.add_command(_command)


@command("mute", _("Its messages still reach you; “block” refuses these too. Only you know."))
@click.argument("household", metavar=_("HOUSEHOLD"))
def mute(session: Session, household: str) -> None:
    """Mute one household."""
    found = session.client.put(session.path("members", household, "mute"))
    line = _("You do not see the listings of {household} any more; “unmute” brings them back.")
    session.answer(found, wrapped(line.format(household=who(found["household"]))))


@command("unmute")
@click.argument("household", metavar=_("HOUSEHOLD"))
def unmute(session: Session, household: str) -> None:
    """Mute it no longer."""
    found = session.client.delete(session.path("members", household, "mute"))
    line = _("You see the listings of {household} again.")
    session.answer(found, wrapped(line.format(household=who(found["household"]))))


@command(
    "appeal",
    _("All can read it, beside what you appeal against. Who said that decides, not the node."),
    _("Somebody who was removed cannot write one; a member can in its place."),
)
@click.argument("subject", metavar=_("LISTING|HOUSEHOLD"))
@click.option("--text", metavar=_("TEXT"), help=_("Why it should be taken back."))
@click.option("--withdraw", is_flag=True, help=_("Take your appeal back."))
def appeal(session: Session, subject: str, text: str | None, withdraw: bool) -> None:
    """Appeal, or take it back."""
    if withdraw == (text is not None):
        raise click.UsageError(_("Use either --text or --withdraw."))
    if withdraw:
        gone = session.client.delete(session.path("appeals", subject))
        line = _("Your appeal for {subject} is taken back.")
        session.answer(gone, wrapped(line.format(subject=subject_text(gone["subject"]))))
        return
    found = session.client.put(session.path("appeals"), {"subject": subject, "text": text})
    line = _("You appeal for {subject}. All can read it: p2pmarket log")
    session.answer(found, wrapped(line.format(subject=subject_text(found["subject"]))))


@command(
    "log",
    _("Labels, removals, seats, rules, each with its reason, and the appeals."),
    _("What was taken back stays here with the time at which your node saw that."),
)
@click.option("--others", is_flag=True, help=_("Also labels of households you do not follow."))
@click.option(
    "--limit", type=Count(1, 2_000), default=100, show_default=True, help=_("At most so many.")
)
def log(session: Session, others: bool, limit: int) -> None:
    """Ask the node for the log."""
    question = {"others": others, "limit": limit}
    found = session.client.get(session.path("moderation-log"), question)
    lines: list[str] = []
    for line in found["results"]:
        lines += log_lines(line)
    if found["more"]:
        count = len(found["results"])
        lines += wrapped(
            ngettext(
                "{n} shown; there are more (--limit).",
                "{n} shown; there are more (--limit).",
                count,
            ).format(n=count)
        )
    if found["since"] is not None:
        text = _("What had been taken back before you joined, on {day}, your node has never seen.")
        lines += ["", *wrapped(text.format(day=safe(short_day(moment(found["since"])))))]
    session.answer(found, lines)
