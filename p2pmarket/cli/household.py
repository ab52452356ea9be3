"""The household: init and profile."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import SystemRandom
from typing import Any

import click

from p2pmarket.cli.options import command
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import aligned, paragraph, safe
from p2pmarket.cli.words import read_words
from p2pmarket.home import Home, HouseholdSettings, load_settings, save_settings
from p2pmarket.texts import _
from protocol.errors import LocalError

_ASKED = 3
_PER_LINE = 4


@command(
    "init",
    _("With --words, bring back a household of which you have only the words."),
)
@click.option("--name", metavar=_("NAME"), help=_("What your neighbours call you."))
@click.option(
    "--place",
    metavar=_("PLACE"),
    default="",
    help=_("Where you are: a place of the community, or NAME@LATITUDE,LONGITUDE."),
)
@click.option("--words", "with_words", is_flag=True, help=_("Read 24 words and restore from them."))
def init(session: Session, name: str | None, place: str, with_words: bool) -> None:
    """Create the key file and the settings, and show the words once."""
    home = session.home
    if home.key_file.exists():
        raise LocalError("home-exists", path=str(home.folder))
    if name is None:
        if not session.interactive:
            raise click.UsageError(_("Missing: --{flag}.").format(flag="name"))
        name = click.prompt(_("What do your neighbours call you"))
    settings = _checked(name, place)
    words = read_words(session) if with_words else None
    shown = _create(home, settings, words)
    body: dict[str, object] = {
        "home": str(home.folder),
        "name": settings.name,
        "place": settings.place,
    }
    if words is not None:
        session.answer(body, [_restored(settings), _next_step()])
        return
    session.answer({**body, "words": shown}, _created(settings, shown))
    if session.interactive:
        _ask_back(shown)
        session.say(_("Right. Your household is ready."), _next_step())


def _checked(name: str, place: str) -> HouseholdSettings:
    from p2pmarket.listing_values import line_text
    from protocol.limits import MAX_NAME

    clean_name = line_text(name, "name", MAX_NAME)
    if not clean_name:
        raise LocalError("field-missing", field="name")
    return HouseholdSettings(clean_name, line_text(place, "place", MAX_NAME + 40))


def _create(home: Home, settings: HouseholdSettings, words: list[str] | None) -> list[str]:
    """Write key and settings, or neither."""
    from node.identity import Identity

    if words is None:
        _identity, shown = Identity.create(home.folder)
    else:
        Identity.from_words(home.folder, words)
        shown = words
    try:
        save_settings(home, settings)
    except LocalError:
        home.key_file.unlink(missing_ok=True)
        raise
    return shown


def _created(settings: HouseholdSettings, words: Sequence[str]) -> list[str]:
    numbered = [f"{n:2}. {word:10}" for n, word in enumerate(words, 1)]
    grid = [
        "   " + "".join(numbered[at : at + _PER_LINE]).rstrip()
        for at in range(0, len(numbered), _PER_LINE)
    ]
    return [
        _("“{name}” is your household on this computer.").format(name=safe(settings.name)),
        "",
        *paragraph(_("These 24 words are shown only now. Write them on paper, in this order:")),
        "",
        *grid,
        "",
        *paragraph(
            _(
                "With these words you can open a backup of your household, and you can be the"
                " same household again after this computer is lost: with “p2pmarket init"
                " --words” and a new invite your listings come back from your neighbours."
            )
        ),
        *paragraph(
            _(
                "The words cannot bring back what only this computer knows, such as whom you"
                " blocked (a backup can), and they cannot undo leaving or being removed."
                " Nobody can replace lost words, and whoever reads them can act as you."
            )
        ),
    ]


def _restored(settings: HouseholdSettings) -> str:
    return _("The key of “{name}” is back on this computer.").format(name=safe(settings.name))


def _next_step() -> str:
    return _("Next: start your node with “p2pmarket up --detach”.")


def _ask_back(words: Sequence[str]) -> None:
    """Make sure that the words were written down, by asking for three of them."""
    click.echo()
    for place in sorted(SystemRandom().sample(range(len(words)), _ASKED)):
        while True:
            typed = click.prompt(_("Please type word {n}").format(n=place + 1))
            if typed.strip().lower() == words[place]:
                break
            click.echo(_("That is not word {n}; look again.").format(n=place + 1))


@command(
    "profile",
    _(
        "--address is told to a household once you have promised it something, and to nobody else;"
        " until then it stays on this computer."
    ),
)
@click.option("--name", metavar=_("NAME"), help=_("What your neighbours call you."))
@click.option("--about", metavar=_("TEXT"), help=_("A few words about you."))
@click.option(
    "--place",
    metavar=_("PLACE"),
    help=_("Where you are: a place of the community, or NAME@LATITUDE,LONGITUDE."),
)
@click.option("--languages", metavar="de,en", help=_("The languages you speak."))
@click.option(
    "--address",
    metavar=_("TEXT"),
    help=_("Where things are handed over; an empty text removes it."),
)
@click.option(
    "--read-receipts/--no-read-receipts",
    "read_receipts",
    default=None,
    help=_("Whether others are told when you have read their messages (at first they are not)."),
)
def profile(
    session: Session,
    languages: str | None,
    address: str | None,
    read_receipts: bool | None,
    **typed: str | None,
) -> None:
    """Ask the node, or, before there is a community, the settings."""
    changes: dict[str, Any] = {name: text for name, text in typed.items() if text is not None}
    if languages is not None:
        changes["languages"] = [part.strip() for part in languages.split(",") if part.strip()]
    chosen = {"address": address, "read_receipts": read_receipts}
    own: dict[str, Any] | None = None
    home = session.home
    if not _communities(home.communities):
        if any(value is not None for value in chosen.values()):
            raise LocalError("no-community")
        shown = _local_profile(home, changes)
    else:
        shown = _asked(session, "profile", changes)
        own = _asked(session, "choices", {k: v for k, v in chosen.items() if v is not None})
    lines = _profile_lines(shown, own)
    if changes.get("place") and shown["coordinates"] is None and own is not None:
        lines += paragraph(
            _(
                "That is not a place of the community, so no distances are known. NAME@LATITUDE,"
                "LONGITUDE says where it is."
            )
        )
    session.answer({**shown, **(own or {"address": "", "read_receipts": False})}, lines)


def _asked(session: Session, what: str, changes: dict[str, Any]) -> dict[str, Any]:
    path = session.path(what)
    found: dict[str, Any]
    found = session.client.patch(path, changes) if changes else session.client.get(path)
    return found


def _profile_lines(shown: dict[str, Any], own: dict[str, Any] | None) -> list[str]:
    facts = [
        (_("Name"), shown["name"]),
        (_("Place"), shown["place"] or "–"),
        (_("Languages"), ", ".join(shown["languages"]) or "–"),
        (_("About"), shown["about"] or "–"),
    ]
    lines = aligned(facts)
    if own is None:
        return lines
    receipts = _("yes") if own["read_receipts"] else _("no")
    known = [
        (_("Address"), " · ".join(own["address"].split("\n")) or "–"),
        (_("Read receipts"), receipts),
    ]
    return [*lines, "", _("Your neighbours do not read this:"), *aligned(known)]


def _communities(folder: Path) -> bool:
    return folder.exists() and any(folder.iterdir())


def _local_profile(home: Home, changes: dict[str, Any]) -> dict[str, Any]:
    held = load_settings(home)
    checked = _checked(changes.get("name", held.name), changes.get("place", held.place))
    settings = HouseholdSettings(
        checked.name,
        checked.place,
        changes.get("about", held.about),
        tuple(changes.get("languages", held.languages)),
    )
    if changes:
        save_settings(home, settings)
    return {
        "name": settings.name,
        "about": settings.about,
        "languages": list(settings.languages),
        "place": settings.place or None,
        "coordinates": None,
    }
