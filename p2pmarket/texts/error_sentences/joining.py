"""Joining with questions and approval, vouching, and sheets with an invite."""

from __future__ import annotations

from collections.abc import Mapping

from p2pmarket.texts import msgid
from p2pmarket.texts.error_sentences import Sentences

JOINING: Mapping[str, Sentences] = {
    "answers-needed": Sentences(
        msgid("This community asks who joins; answers that it wants: {questions}."),
        msgid(
            "Join at a terminal; or name a file with --answers, one answer a line, and say --yes."
        ),
    ),
    "answer-refused": Sentences(
        msgid("An answer has at most {most} characters, and no control characters."),
        msgid("Shorten it; nothing was changed."),
    ),
    "rules-changed": Sentences(
        msgid("The rules of “{name}” have changed since you read them."),
        msgid("Give the command again to read them; nothing was changed."),
    ),
    "not-waiting": Sentences(
        msgid("That household ({id}) does not wait to be let in."),
        msgid("“p2pmarket members waiting” shows who does."),
    ),
    "not-yours-to-decide": Sentences(
        msgid("Whether household {id} is let in is decided by its inviter or a steward."),
        msgid("Tell them what you know of it, with “p2pmarket message”."),
    ),
    "invite-not-yours": Sentences(
        msgid("That household ({household}) came by another household's invite."),
        msgid(
            "Decline it without --end-invite; a steward's “p2pmarket label HOUSEHOLD hide” hides"
            " what it offers."
        ),
    ),
    "may-not-vouch": Sentences(
        msgid("You cannot vouch for anybody before you are confirmed yourself."),
        msgid("“p2pmarket welcome” shows how you stand."),
    ),
    "too-many-vouches": Sentences(
        msgid("You vouch for {most} households already, and cannot for more."),
        msgid("Withdraw one first: “p2pmarket vouch HOUSEHOLD --withdraw”."),
    ),
    "not-vouched": Sentences(
        msgid("You do not vouch for that household ({id})."), msgid("Nothing was changed.")
    ),
    "invite-not-found": Sentences(
        msgid("None of your invites has the id “{id}”."),
        msgid("“p2pmarket invite list” shows them; type at least four characters."),
    ),
    "invite-of-another-community": Sentences(
        msgid("This invite is for another community."),
        msgid("Join that with “p2pmarket join”, or name the community with --community."),
    ),
    "invite-ambiguous": Sentences(
        msgid("More than one of your invites begins with “{id}”."), msgid("Type more of its id.")
    ),
    "sheet-kind": Sentences(
        msgid("{path} does not end in .pdf or .svg."),
        msgid("Choose a name that does: it says what is written."),
    ),
    "sheet-exists": Sentences(
        msgid("{path} exists already, and is not overwritten."), msgid("Choose another name.")
    ),
}
