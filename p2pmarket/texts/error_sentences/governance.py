"""Charters, stewards and removals."""

from __future__ import annotations

from collections.abc import Mapping

from p2pmarket.texts import msgid
from p2pmarket.texts.error_sentences import Sentences

GOVERNANCE: Mapping[str, Sentences] = {
    "only-stewards": Sentences(
        msgid("Only the stewards of a community decide about its rules and its members."),
        msgid("“p2pmarket steward list” shows who they are; what you do not want to see you hide"
              " with “p2pmarket block”."),
    ),
    "said-already": Sentences(
        msgid("Your household has said so already."),
        msgid("Whoever else has to agree finds it in “p2pmarket status”."),
    ),
    # -- charters
    "consent-needed": Sentences(
        msgid("Version {number} of the community's rules is in force, and you have not agreed to"
              " it yet. Until then you can read, and finish what you have begun."),
        msgid("Read what has changed and agree: “p2pmarket charter consent”."),
    ),
    "consented-already": Sentences(
        msgid("You have agreed to version {number} already; nothing is left to do.")
    ),
    "charter-moved": Sentences(
        msgid("The rules have changed since you read them."),
        msgid("Read them again with “p2pmarket charter consent”."),
    ),
    "charter-not-found": Sentences(
        msgid("There is no version “{number}” of the rules here."),
        msgid("“p2pmarket charter show --all” lists those that are known."),
    ),
    "charter-ambiguous": Sentences(
        msgid("There are several versions with the number {number}: {ids}."),
        msgid("Use the letters and digits after the number instead."),
    ),
    "charter-unchanged": Sentences(
        msgid("That is what the rules in force say already."),
        msgid("Name what shall be different, for example --slots 30."),
    ),
    "charter-fixed": Sentences(
        msgid("How many stewards must agree, and how many households a member may bring, was fixed"
              " when the community was founded."),
        msgid("Leave these as they are; only a new community can have others."),
    ),
    "charter-slots": Sentences(
        msgid("A household of this community can be allowed at most {most} listings, four times as"
              " many as at its founding."),
        msgid("Choose a smaller number with --slots."),
    ),
    "charter-file-unreadable": Sentences(
        msgid("{path} is not a charter as “p2pmarket charter show --file” writes it."),
        msgid("Write that file anew, change what shall be different, and keep its form."),
    ),
    "signed-already": Sentences(
        msgid("Your household has signed version {number} already."),
        msgid("“p2pmarket charter show --all” shows how many stewards are missing."),
    ),
    "not-signed": Sentences(
        msgid("Your household has not signed this version."),
        msgid("“p2pmarket charter show --all” shows who has."),
    ),
    # -- stewards
    "seated-already": Sentences(
        msgid("Your household is a steward already."),
        msgid("“p2pmarket steward list” shows all of them."),
    ),
    "not-appointed": Sentences(
        msgid("Your household is not wanted as a steward by as many of them as are needed:"
              " {wanted} of {needed}."),
        msgid("“p2pmarket steward list” shows who has said what."),
    ),
    "not-confirmed-yet": Sentences(
        msgid("Only a household for which a member stands can become a steward."),
        msgid("Wait until it has been confirmed; “p2pmarket members” shows that."),
    ),
    "not-a-candidate": Sentences(
        msgid("The household {id} is no steward, and nobody wants it as one."),
        msgid("“p2pmarket steward list” shows who is."),
    ),
    "last-steward": Sentences(
        msgid("You are the only steward: nobody could decide anything any more."),
        msgid("First let another household take a seat: “p2pmarket steward appoint HOUSEHOLD”."),
    ),
    "steward-stays": Sentences(
        msgid("Your household is a steward, and what it decided would fall if it just left."),
        msgid("Give up the seat first: “p2pmarket steward resign”."),
    ),
    "too-many-seats-named": Sentences(
        msgid("Your household has named more households for seats than it has room for ({most} in"
              " one record)."),
        msgid("Let another steward name this one."),
    ),
    # -- removals
    "founder-stays-seated": Sentences(
        msgid("The household that founded the community cannot be removed from it."),
        msgid("Members who want to do without it found another community."),
    ),
    "no-such-removal": Sentences(
        msgid("There is no removal of {id} that you could agree to or take back."),
        msgid(
            "“p2pmarket remove” without a household lists those that are; who is out is named by"
            " its last name or the beginning of its id."
        ),
    ),
}  # fmt: skip
