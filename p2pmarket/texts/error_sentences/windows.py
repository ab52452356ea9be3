"""Windows between neighbouring communities, and what is shown through them."""

from __future__ import annotations

from collections.abc import Mapping

from p2pmarket.texts import msgid
from p2pmarket.texts.error_sentences import Sentences

WINDOWS: Mapping[str, Sentences] = {
    # -- what the rules say
    "no-windows": Sentences(
        msgid("The rules of this community name no window to a neighbouring community."),
        msgid("Its stewards can agree to one: “p2pmarket charter propose --window”."),
    ),
    "window-not-found": Sentences(
        msgid("The rules of this community name no such window."),
        msgid("“p2pmarket charter show” lists those that they name."),
    ),
    "window-unknown": Sentences(
        msgid("The rules of this community name no window to “{name}”."),
        msgid("They name: {allowed}."),
    ),
    "window-ambiguous": Sentences(
        msgid("“{name}” can mean more than one window here."),
        msgid("Type more of the id; “p2pmarket window list” shows it."),
    ),
    "window-category": Sentences(
        msgid("The window to “{name}” is not for the category “{category}”."),
        msgid("It is for: {allowed}. Choose one of these, or do not show it there."),
    ),
    # -- proposing one
    "window-to-itself": Sentences(
        msgid("A window leads to another community, not to the same one."),
        msgid("Name the other one, or its id."),
    ),
    "window-needs-name": Sentences(
        msgid("Your household does not belong to the community {id}: its name is not known here."),
        msgid("Add what people here call it: --window {id}=NAME."),
    ),
    "window-needs-id": Sentences(
        msgid("Your household belongs to no community “{name}”, so its id is not known here."),
        msgid("Ask a member of it for the id (“p2pmarket status” shows it): --window ID=NAME."),
    ),
    "window-name-taken": Sentences(
        msgid("Another window is called “{name}” here already."),
        msgid("Choose another name: --window COMMUNITY=NAME."),
    ),
    "too-many-windows": Sentences(
        msgid("The rules can name at most {most} windows."), msgid("Close one with --no-window.")
    ),
    # -- opening and closing
    "window-not-agreed": Sentences(
        msgid("The rules of “{name}” name no window to the other community."),
        msgid("Its stewards can agree to one: “p2pmarket charter propose --window”."),
    ),
    "window-empty": Sentences(
        msgid("Both communities agree to the window, but no category is named by both."),
        msgid("“p2pmarket window list” shows which each of them names."),
    ),
    "nothing-carried": Sentences(
        msgid("You show nothing from “{name}” in “{here}”."),
        msgid("“p2pmarket window list” tells what you show where."),
    ),
    # -- listings that are shown for somebody in another community
    "listing-carried": Sentences(
        msgid(
            "“{title}” belongs to somebody in a neighbouring community, and you only show it here:"
            " it follows what its author does there."
        ),
        msgid("“p2pmarket window close” ends that you show it."),
    ),
    "ask-the-carrier": Sentences(
        msgid(
            "“{title}” is from “{community}”, and nobody here can promise it: {household} only"
            " shows it."
        ),
        msgid("Write to them: p2pmarket message --listing {id}"),
    ),
}
