"""What is said of listings and households, as people read it. Every line returned is safe."""

from __future__ import annotations

from typing import Any

from p2pmarket import vocabulary
from p2pmarket.cli.listing_texts import SHORT_ID
from p2pmarket.cli.receipt_texts import named
from p2pmarket.cli.terminal import in_quotes, others_text, safe, wrapped
from p2pmarket.texts import _
from p2pmarket.texts.formats import day_and_time, moment
from p2pmarket.texts.moderation import VERDICTS


def who(household: dict[str, Any]) -> str:
    """Return a household's name, or the beginning of its id."""
    return safe(named(household))


def subject_text(subject: dict[str, Any]) -> str:
    """Return a listing with whose it is, or a household."""
    household = who(subject["household"])
    if subject["listing"] is None:
        return _("the household {household}").format(household=household)
    short = subject["listing"][:SHORT_ID]
    if not subject["title"]:
        return _("a listing of {household} that is not here ({id})").format(
            household=household, id=short
        )
    return _("{title} of {household} ({id})").format(
        title=in_quotes(subject["title"]), household=household, id=short
    )


def names_text(households: list[dict[str, Any]]) -> str:
    """Return several households in one line."""
    return ", ".join(map(who, households)) or "–"


def nobody_deletes() -> list[str]:
    """Say what no word of anybody can do."""
    return wrapped(
        _(
            "Nothing is deleted: nobody can do that at your neighbours'. Its author and whoever"
            " asks for it by its id still see it, with your reason."
        )
    )


def log_lines(line: dict[str, Any]) -> list[str]:
    """Return one entry of the log, with its reason and the appeals against it."""
    when = day_and_time(moment(line["at"]))
    lines = wrapped(f"{when}  {_deed(line)}")
    if line["text"] and line["deed"] != "charter":
        lines += others_text(in_quotes_lines(line["text"]), "    ")
    if line["gone_at"] is not None:
        text = _("counts no more; seen here on {time}").format(
            time=day_and_time(moment(line["gone_at"]))
        )
        lines += wrapped(text, "    ")
    elif not line["counts"]:
        lines += wrapped(_("has no effect here: you do not follow this household"), "    ")
    for appeal in line["appeals"]:
        heading = _("{name} appeals, {time}:")
        if appeal["gone_at"] is not None:
            heading = _("{name} appealed, {time}; that is there no more:")
        time = day_and_time(moment(appeal["at"]))
        lines += wrapped(heading.format(name=who(appeal["by"]), time=time), "    ")
        lines += others_text(in_quotes_lines(appeal["text"]), "        ")
    return lines


def in_quotes_lines(text: str) -> str:
    """Return a text of several lines in quotation marks; still to be made safe."""
    return _("“{text}”").format(text=text)


def _deed(line: dict[str, Any]) -> str:
    by = who(line["by"])
    if line["deed"] == "seat":
        return _("{by} is a steward").format(by=by)
    if line["deed"] == "charter":
        return _("version {number} of the rules is in force").format(number=line["number"])
    subject = subject_text(line["subject"])
    if line["deed"] == "removal":
        text = _("{by} wants {subject} removed")
        if line["in_force"]:
            text = _("{by} wants {subject} removed; it is")
        return text.format(by=by, subject=subject)
    if line["deed"] == "appeal":
        return _("{by} appeals for {subject}").format(by=by, subject=subject)
    verdict = vocabulary.label(VERDICTS, line["verdict"])
    return _("{by} labels {subject}: {verdict}").format(by=by, subject=subject, verdict=verdict)
