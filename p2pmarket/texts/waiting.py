"""What waits for this household, in words: for the inbox and the status.

Each subject adds a source, which finds what waits, in ``p2pmarket/api/waiting.py``, and a
sentence for each ``what`` here. A sentence may name {household}, {title}, {id} and {until}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from p2pmarket.cli.terminal import safe
from p2pmarket.texts import _, msgid
from p2pmarket.texts.formats import day_and_time, moment

SENTENCES: Mapping[str, str] = {
    "removed": msgid(
        "Your household was removed (“{title}”), says {household}. Talk to them: stewards can take"
        " it back. You cannot appeal yourself, but any member can for you: p2pmarket appeal {id}"
    ),
    "removed-unexplained": msgid(
        "Your household was removed; no neighbour tells you why any more. The reason stands in"
        " their “p2pmarket log”. Talk to a steward, who can take it back: {household}"
    ),
    "place-lost": msgid(
        "The invite that you came by has been used up or ended before you were let in. Ask for a"
        " new one: p2pmarket join"
    ),
    "refused": msgid("{household} has said no to letting you in: p2pmarket welcome"),
    "charter-to-consent": msgid(
        "New rules are in force (version {id}), and you can publish nothing until you agree to"
        " them: p2pmarket charter consent"
    ),
    "charter-to-sign": msgid(
        "{household} proposes version {id} of the rules: p2pmarket charter sign {id}"
    ),
    "seat-offered": msgid("{household} wants you as a steward: p2pmarket steward accept"),
    "removal-to-decide": msgid(
        "A steward wants {household} removed ({title}): p2pmarket remove {id} --agree"
    ),
    "case-to-rule": msgid(
        "{household} and the other side of a trade wait for your ruling: p2pmarket trade cases"
    ),
    "newcomer-to-decide": msgid(
        "{household} wants to join, and waits for your word: p2pmarket members waiting"
    ),
    "report-to-read": msgid("{household} reports “{title}” to you: p2pmarket reports"),
    "listing-held": msgid(
        "“{title}” of {household} waits until a steward has looked at it: p2pmarket reports"
    ),
    "appeal-to-answer": msgid("{household} appeals against your label on “{title}”: p2pmarket log"),
    "listing-labelled": msgid(
        "{household} labels your “{title}” at your neighbours': p2pmarket show {id}"
    ),
    "trade-asked": msgid("{household} asks for “{title}”: p2pmarket trade show {id}"),
    "trade-offered": msgid(
        "{household} proposes other terms for “{title}”: p2pmarket trade show {id}"
    ),
    "trade-declined": msgid(
        "Your question about “{title}” to {household} was declined: p2pmarket trade show {id}"
    ),
    "trade-promised": msgid(
        "{household} has promised you “{title}”, until {until}: p2pmarket trade show {id}"
    ),
    "trade-times-named": msgid("{household} names times for “{title}”: p2pmarket trade show {id}"),
    "trade-handover-to-confirm": msgid(
        "{household} says that “{title}” has changed hands: p2pmarket trade handover {id}"
    ),
    "trade-return-to-confirm": msgid(
        "{household} says that “{title}” has been given back: p2pmarket trade return {id}"
    ),
    "trade-extension-asked": msgid(
        "{household} would like “{title}” to be lent longer: p2pmarket trade show {id}"
    ),
    "trade-disputed": msgid(
        "{household} wants a third household to look at “{title}”: p2pmarket trade show {id}"
    ),
    "trade-settlement-proposed": msgid(
        "{household} says how to end the dispute about “{title}”: p2pmarket trade show {id}"
    ),
    "trade-no-show-claimed": msgid(
        "{household} says that you did not come for “{title}”: p2pmarket trade show {id}"
    ),
    "trade-appointment": msgid("You meet {household} for “{title}”: {until}"),
    "trade-met": msgid(
        "You were to meet {household} for “{title}” until {until}. Has it changed hands?"
        " p2pmarket trade handover {id}"
    ),
    "trade-promise-ends": msgid(
        "The promise of “{title}” with {household} runs out, {until}: p2pmarket trade show {id}"
    ),
    "trade-due": msgid("Give “{title}” back to {household} by {until}."),
    "trade-due-to-me": msgid("{household} brings “{title}” back by {until}."),
    "trade-overdue": msgid(
        "“{title}” should have been back at {household}, {until}: p2pmarket trade return {id}"
    ),
    "trade-overdue-to-me": msgid(
        "{household} should have brought “{title}” back, {until}: p2pmarket trade show {id}"
    ),
}
_SHORT_ID = 10


def waiting_line(waiting: Mapping[str, Any]) -> str:
    """Return the sentence for what waits, safe to print. waiting: a Waiting as JSON."""
    until = waiting["until"]
    return _(SENTENCES[waiting["what"]]).format(
        household=safe(waiting["household"] or waiting["household_id"][:_SHORT_ID]),
        title=safe(waiting["title"]),
        id=waiting["id"][:_SHORT_ID],
        until="–" if until is None else day_and_time(moment(until)),
    )
