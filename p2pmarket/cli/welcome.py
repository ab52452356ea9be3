"""The first days in a community: what is done, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from p2pmarket.cli.member_tree import own_standing_text
from p2pmarket.cli.options import command
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import in_quotes, paragraph
from p2pmarket.texts import _, msgid
from p2pmarket.texts.errors import sentence

_STEPS: Mapping[str, str] = {
    "phrase": msgid("The 24 words are on paper, in a safe place"),
    "met": msgid("Met a neighbour's node"),
    "confirmed": msgid("Confirmed by a member"),
    "profile": msgid("Said who you are and where"),
    "listing": msgid("Offered one thing"),
    "traded-or-vouched": msgid("Known to a neighbour: one has vouched for you or traded with you"),
    "second-computer": msgid("Added a second computer"),
}
_NEXT: Mapping[str, str] = {
    "met": msgid(
        "Next, invite a neighbour: “p2pmarket invite --qr”, or on paper: “p2pmarket invite flyer"
        " FILE.pdf”."
    ),
    "profile": msgid("Next, say who you are: “p2pmarket profile --about … --place …”."),
    "listing": msgid("Next, offer one thing: “p2pmarket publish --kind lend --title …”."),
    "second-computer": msgid(
        "Next, add a second computer, so that nothing hangs on one: “p2pmarket device add NAME”."
    ),
}
"""What people can do at once; the rest comes with neighbours and time."""
_GONE: Mapping[str, str] = {
    "removed": "removed",
    "left": "left",
    "revoked": "device-revoked",
}
"""By status, the error that says what is to be done where there is nothing to begin."""
_MARKS: Mapping[bool | None, str] = {True: "[x]", False: "[ ]", None: "[?]"}


@command("welcome")
def welcome(session: Session) -> None:
    """Show the steps."""
    found = session.client.get(session.path("welcome"))
    session.answer(found, _lines(found))


def _lines(found: dict[str, Any]) -> list[str]:
    lines = [
        _("{community}, you are: {status}").format(
            community=in_quotes(found["community"]),
            status=own_standing_text(found["my_status"], found["steward"]),
        ),
        "",
    ]
    if found["my_status"] in _GONE:
        return [*lines, *paragraph(sentence(_GONE[found["my_status"]], {}))]
    lines += [
        *(f"{_MARKS[step['done']]} {_(_STEPS[step['what']])}" for step in found["steps"]),
    ]
    for refusal in found["refusals"]:
        name = in_quotes(refusal["household"]["name"])
        lines += ["", *paragraph(_("{name} has said no to letting you in.").format(name=name))]
        if refusal["reason"]:
            lines += paragraph(refusal["reason"], indent="  ")
        lines += paragraph(_("Another member that may decide can still let you in."))
    undone = [step["what"] for step in found["steps"] if step["done"] is False]
    if found["my_status"] == "provisional" and "met" in undone:
        undone.remove("met")  # who is not let in yet can invite nobody
    todo = next((_NEXT[what] for what in undone if what in _NEXT), None)
    return lines if todo is None else [*lines, "", *paragraph(_(todo))]
