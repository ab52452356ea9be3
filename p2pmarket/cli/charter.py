"""The charter: charter show, propose, sign, consent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from p2pmarket.cli.charter_texts import (
    consent_lines,
    difference_lines,
    heading,
    quoted_name,
    signature_lines,
    terms_lines,
    window_lines,
)
from p2pmarket.cli.community import read_places, text_or_file
from p2pmarket.cli.decisions import decide, decision_lines, missing_line
from p2pmarket.cli.options import Commands, Count, command, shared_options
from p2pmarket.cli.session import Session
from p2pmarket.cli.summaries import SUMMARIES
from p2pmarket.cli.terminal import safe, wrapped
from p2pmarket.texts import _
from p2pmarket.texts.errors import refusal
from protocol.errors import LocalError
from protocol.limits import MAX_CREDIT

_FIXED = ("invite_budget", "quorum", "subtree")

charter = Commands(
    "charter",
    help=_(SUMMARIES["charter"]),
    options_metavar=_("[OPTIONS]"),
    subcommand_metavar=_("COMMAND [ARGS]..."),
)
charter.params.extend(shared_options())


@command("charter show")
@click.argument("version", required=False, metavar=_("[NUMBER]"))
@click.option("--all", "everything", is_flag=True, help=_("Also what is proposed, and by whom."))
@click.option(
    "--file",
    "target",
    metavar=_("FILE"),
    type=click.Path(path_type=Path),
    help=_("Write it into a new file that you can change and propose."),
)
def show(session: Session, version: str | None, everything: bool, target: Path | None) -> None:
    """Ask the node for the rules."""
    if version is not None:
        found = session.client.get(session.path("charter", "versions", version))
        lines = [heading(found), *signature_lines(found), "", *terms_lines(found["terms"])]
        if found["differences"]:
            lines += ["", _("Different from what is in force:")]
            lines += difference_lines(found["differences"])
        _save(target, found["terms"])
        session.answer(found, lines)
        return
    found = session.client.get(session.path("charter"))
    current = found["in_force"]
    lines = [heading(current), *signature_lines(current), *consent_lines(found), ""]
    lines += terms_lines(current["terms"])
    lines += window_lines(found)
    if everything:
        for proposal in found["proposals"]:
            lines += ["", heading(proposal), *signature_lines(proposal)]
            lines += difference_lines(proposal["differences"])
    elif found["proposals"]:
        lines += ["", *wrapped(_("More is proposed: “p2pmarket charter show --all”."))]
    _save(target, current["terms"])
    session.answer(found, lines)


def _save(target: Path | None, terms: dict[str, Any]) -> None:
    if target is None:
        return
    try:
        with target.open("x", encoding="utf-8") as file:
            json.dump(terms, file, ensure_ascii=False, indent=1)
            file.write("\n")
    except OSError as error:
        raise LocalError("file-not-writable", path=str(target), reason=refusal(error)) from None


@command(
    "charter propose",
    _("Name what shall be different, or a file that “charter show --file” wrote and you changed."
      " You sign it with that; it is in force as soon as enough stewards have."),
)  # fmt: skip
@click.option(
    "--from",
    "source",
    metavar=_("FILE"),
    type=click.Path(path_type=Path),
    help=_("Read all of it from a changed file."),
)
@click.option("--name", metavar=_("NAME"), help=_("What it is called."))
@click.option("--rules", metavar=_("TEXT"), help=_("Its rules in plain words, or @FILE."))
@click.option("--slots", type=Count(1, 250_000), help=_("How many listings a household may have."))
@click.option("--days", type=Count(1, 90), help=_("How many days a listing shows at most."))
@click.option("--photos", type=Count(0, 6), help=_("How many photos a listing may have."))
@click.option("--currency", metavar="EUR", help=_("The currency of prices without one."))
@click.option(
    "--places",
    metavar=_("FILE"),
    type=click.Path(path_type=Path),
    help=_("Named places: a JSON list of objects with name, lat and lon."),
)
@click.option(
    "--category",
    "categories",
    multiple=True,
    metavar=_("ID"),
    help=_("All categories there shall be; repeatable."),
)
@click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="de",
    help=_("All languages there shall be; repeatable."),
)
@click.option(
    "--question",
    "questions",
    multiple=True,
    metavar=_("TEXT"),
    help=_('All questions to who joins; repeatable, "" for none.'),
)
@click.option(
    "--approve/--no-approve", default=None, help=_("Whether people decide who is let in.")
)
@click.option(
    "--first-listings",
    type=Count(0, 250_000),
    help=_("How many listings of a newcomer show until somebody vouches; 0 for all."),
)
@click.option(
    "--worry-word",
    "worry_words",
    multiple=True,
    metavar=_("WORD"),
    help=_('All words that make a listing wait for a second look; "" for none.'),
)
@click.option("--credit-unit", metavar=_("WORD"), help=_("What community credit is counted in."))
@click.option(
    "--credit-limit",
    type=Count(1, MAX_CREDIT),
    help=_("How much of it a household may owe the others."),
)
@click.option("--no-credit", is_flag=True, help=_("Keep no community credit any more."))
@click.option(
    "--window",
    "windows",
    multiple=True,
    metavar=_("COMMUNITY[=NAME]"),
    help=_(
        "Show each other some categories with a neighbouring community, which must propose the same"
        " of this one. COMMUNITY: the name of one that you belong to, or an id with =NAME, what"
        " people here call it. Replaces the window to it; repeatable."
    ),
)
@click.option(
    "--window-category",
    "window_categories",
    multiple=True,
    metavar=_("NAME"),
    help=_(
        "What is shown through each --window; repeatable, once for each category. For windows with"
        " different categories, propose from a file."
    ),
)
@click.option(
    "--no-window",
    "no_windows",
    multiple=True,
    metavar=_("COMMUNITY"),
    help=_("Show each other nothing with this community any more; repeatable."),
)
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def propose(session: Session, source: Path | None, yes: bool, **typed: Any) -> int:
    """Show the difference, ask, and propose."""
    request = {} if source is None else _read(source)
    request |= _typed(**typed)
    path = session.path("charter", "versions")
    shown = session.client.post(path, {**request, "preview": True})
    before = [_("This would be different:"), *difference_lines(shown["version"]["differences"])]
    question = _("Propose and sign it?")
    done = decide(session, path, request, question, yes, before)
    if done is None:
        return 1
    session.answer(done, _signed_lines(done))
    return 0


def _typed(
    name: str | None,
    rules: str | None,
    slots: int | None,
    days: int | None,
    photos: int | None,
    currency: str | None,
    places: Path | None,
    categories: tuple[str, ...],
    languages: tuple[str, ...],
    questions: tuple[str, ...],
    approve: bool | None,
    first_listings: int | None,
    worry_words: tuple[str, ...],
    credit_unit: str | None,
    credit_limit: int | None,
    no_credit: bool,
    windows: tuple[str, ...],
    window_categories: tuple[str, ...],
    no_windows: tuple[str, ...],
) -> dict[str, Any]:
    if bool(windows) != bool(window_categories):
        raise click.UsageError(_("--window and --window-category belong together."))
    if (credit_unit is None) != (credit_limit is None):
        raise click.UsageError(_("--credit-unit and --credit-limit belong together."))
    fields: dict[str, Any] = {
        "name": name,
        "rules": None if rules is None else text_or_file(rules),
        "listing_slots": slots,
        "visible_days": days,
        "photos": photos,
        "currency": None if currency is None else currency.upper(),
        "places": None if places is None else read_places(places),
        "categories": list(categories) or None,
        "languages": list(languages) or None,
        "questions": [q for q in questions if q] if questions else None,
        "approval": approve,
        "first_listings": first_listings,
        "worry_words": [w for w in worry_words if w] if worry_words else None,
        "credit": None if credit_unit is None else {"unit": credit_unit, "limit": credit_limit},
        "no_credit": no_credit or None,
        "add_windows": [_wish(typed, window_categories) for typed in windows] or None,
        "drop_windows": list(no_windows) or None,
    }
    return {field: value for field, value in fields.items() if value is not None}


def _wish(typed: str, categories: tuple[str, ...]) -> dict[str, Any]:
    community, _sign, name = typed.partition("=")
    return {"community": community, "name": name or None, "categories": list(categories)}


def _read(path: Path) -> dict[str, Any]:
    try:
        terms = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise LocalError("file-unreadable", path=str(path), reason=refusal(error)) from None
    except (ValueError, RecursionError):
        terms = None
    if not isinstance(terms, dict) or not isinstance(terms.get("rules"), str):
        raise LocalError("charter-file-unreadable", path=str(path))
    request = {field: value for field, value in terms.items() if field not in _FIXED}
    if "credit" in request and request["credit"] is None:
        request |= {"no_credit": True}
    return request


@command(
    "charter sign",
    _("“p2pmarket charter show --all” has the numbers; where one is given to several versions,"
      " name the letters behind it."),
)  # fmt: skip
@click.argument("version", metavar=_("NUMBER"))
@click.option("--withdraw", is_flag=True, help=_("Take your signature back."))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def sign(session: Session, version: str, withdraw: bool, yes: bool) -> int:
    """Show the difference, ask, and sign."""
    path = session.path("charter", "versions", version)
    if withdraw:
        done = session.client.delete(f"{path}/signature")
        line = _("You no longer want version {number}.").format(number=done["version"]["number"])
        session.answer(done, [line, *decision_lines(done["decision"])])
        return 0
    shown = session.client.get(path)
    before = [heading(shown), *signature_lines(shown), *difference_lines(shown["differences"])]
    question = _("Sign it?")
    decided = decide(session, f"{path}/signature", {}, question, yes, before)
    if decided is None:
        return 1
    session.answer(decided, _signed_lines(decided))
    return 0


def _signed_lines(done: dict[str, Any]) -> list[str]:
    version, decision = done["version"], done["decision"]
    line = _("You signed version {number} ({id}).")
    lines = [line.format(number=version["number"], id=version["digest"][:10])]
    if decision["missing"]:
        return [*lines, *wrapped(missing_line(decision["missing"]))]
    in_force = _("It is in force. Every household is asked to agree to it.")
    return [*lines, *wrapped(in_force)]


@command(
    "charter consent",
    _("Until you do, you can read and finish what you have begun, and publish nothing new."),
)
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def consent(session: Session, yes: bool) -> int:
    """Show what is new to the household, ask, and consent."""
    found = session.client.get(session.path("charter"))
    current = found["in_force"]
    if not yes:
        if not session.interactive and not found["consented"]:
            raise click.UsageError(_("Read the rules first, and say --yes if you agree to them."))
        lines = [heading(current), *signature_lines(current)]
        if found["new_to_me"]:
            since = _("What has changed since version {number}, to which you agreed:")
            lines += ["", since.format(number=found["consented_to"])]
            lines += difference_lines(found["new_to_me"])
        lines += ["", *terms_lines(current["terms"])]
        question = _("Do you agree to live by these rules?")
        if not found["consented"]:
            session.say(*lines)
            if not session.agrees(question, default=False):
                session.say(_("Nothing was changed."))
                return 1
    path = session.path("charter", "consent")
    done = session.client.post(path, {"digest": current["digest"]})
    line = _("You agreed to version {number} of the rules of {name}.")
    session.answer(
        done, wrapped(line.format(number=safe(current["number"]), name=quoted_name(current)))
    )
    return 0


for _declared in (show, propose, sign, consent):
    charter.add_command(_declared)
