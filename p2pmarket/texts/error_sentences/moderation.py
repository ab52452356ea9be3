"""Labels, block lists, appeals and reports."""

from __future__ import annotations

from collections.abc import Mapping

from p2pmarket.texts import msgid
from p2pmarket.texts.error_sentences import Sentences

MODERATION: Mapping[str, Sentences] = {
    "listing-changed": Sentences(
        msgid("What {id} says has changed since you read it."),
        msgid("Read it again: “p2pmarket show {id}”; nothing was said."),
    ),
    "may-not-speak": Sentences(
        msgid("Labels, lists and appeals are public, and only confirmed households make them."),
        msgid("Wait until somebody has confirmed you, or ask a household that is to do it."),
    ),
    "too-many-statements": Sentences(
        msgid("You have said so much of this sort in public that there is no room for more."),
        msgid("Take something back that does not matter any more: “p2pmarket labels list”."),
    ),
    "too-many-chosen": Sentences(
        msgid("You have chosen this for {most} households already; there is no room for more."),
        msgid("End it for some of them first."),
    ),
    "label-yourself": Sentences(
        msgid("What you say about yourself has no effect: somebody else has to look."),
        msgid("To have a label on you taken back, use “p2pmarket appeal”."),
    ),
    "not-labelled": Sentences(
        msgid("You have not labelled this."),
        msgid("“p2pmarket labels list” shows what you have labelled."),
    ),
    "appeal-refused": Sentences(
        msgid("An appeal says why, in at most {most} characters."),
        msgid("Write what speaks for it; all can read it."),
    ),
    "no-such-appeal": Sentences(
        msgid("You have not appealed against this."),
        msgid("“p2pmarket log” shows what is said in public, with the appeals."),
    ),
    "reason-too-long": Sentences(
        msgid("The reason is too long; {longest} characters are possible."),
        msgid("Say it in fewer words, or leave it out."),
    ),
    "not-listed": Sentences(
        msgid("“{id}” is not on your block list."),
        msgid("“p2pmarket blocklist show” shows who is."),
    ),
    "nobody-to-tell": Sentences(
        msgid("The only steward is the household that you want to report: nobody would read it."),
        msgid("You can block it for yourself (“p2pmarket block”), or label it in public."),
    ),
    "report-refused": Sentences(
        msgid("The words of a report may have {most} characters; the ground “other” needs some."),
        msgid("Say with --text what it is about."),
    ),
    "report-not-found": Sentences(
        msgid("There is no report with the number {number}."),
        msgid("“p2pmarket reports” lists them."),
    ),
    "subject-not-found": Sentences(
        msgid("Neither a listing nor a household here is called “{id}”."),
        msgid("“p2pmarket search” and “p2pmarket members” show their ids."),
    ),
}
