"""Trades: asking, haggling, promising, meeting, handing over, disputes."""

from __future__ import annotations

from collections.abc import Mapping

from p2pmarket.texts import msgid
from p2pmarket.texts.error_sentences import Sentences

TRADES: Mapping[str, Sentences] = {
    "trade-not-found": Sentences(
        msgid("Your household has no trade with the id “{id}”."),
        msgid("“p2pmarket trade list --all” shows ids; four characters are enough."),
    ),
    "trade-ambiguous": Sentences(
        msgid("More than one trade's id begins with “{id}”."), msgid("Type more of it.")
    ),
    "trade-or-listing": Sentences(
        msgid("“{id}” begins the id of a listing and that of a trade."), msgid("Type more of it.")
    ),
    "trade-not-now": Sentences(
        msgid("“{step}” is not possible now. This trade stands like this: {state}."),
        msgid("“p2pmarket trade show ID” tells what you can do."),
    ),
    "trade-full": Sentences(
        msgid("So much was said in this trade that the room left is kept for its end."),
        msgid("“p2pmarket trade show ID” tells how you can confirm or end it."),
    ),
    "trade-field": Sentences(
        msgid("“{field}” has a value that is not possible: empty, too long, or malformed."),
        msgid("“--help” shows how to write it."),
    ),
    "trade-other-device": Sentences(
        msgid("Another device of your household decides here: the one that published the listing."),
        msgid("Do it there. If it is lost: “p2pmarket device revoke”."),
    ),
    "trade-listing-gone": Sentences(
        msgid("The listing does not stand any more, so nothing of it can be promised."),
        msgid("Publish it again, or decline with “p2pmarket trade decline ID”."),
    ),
    "trade-unfit": Sentences(
        msgid("The listing does not offer what you ask for (“{field}”)."),
        msgid("“p2pmarket show ID” tells what it offers."),
    ),
    "terms-unchanged": Sentences(
        msgid("These terms are on the table already."),
        msgid("Name what shall be different, for example --price 10."),
    ),
    "own-listing": Sentences(
        msgid("That listing is your own."), msgid("“p2pmarket trade list” shows who asks for it.")
    ),
    "event-not-traded": Sentences(
        msgid("“{title}” is an event: there is nothing to hand over."),
        msgid("Write to whoever announced it with “p2pmarket message”."),
    ),
    "already-asked": Sentences(
        msgid("You have asked for this already (trade {id})."),
        msgid("“p2pmarket trade show {id}” tells where it stands."),
    ),
    "asks-unanswered": Sentences(
        msgid("This household has not yet answered {most} things that you asked it for."),
        msgid("Wait for an answer, or take one back with “p2pmarket trade cancel ID”."),
    ),
    "variant-needed": Sentences(
        msgid("This comes in several variants ({choices})."),
        msgid("Choose with --variant; repeat it for each."),
    ),
    "day-needed": Sentences(
        msgid("This is to be lent: say when you bring it back."),
        msgid("Name the day, for example --due 2026-12-01."),
    ),
    "not-enough-left": Sentences(
        msgid("Of this listing {left} can still be promised, and this trade is about {asked}."),
        msgid("Offer fewer, or wait: if the other trade falls through, you can promise again."),
    ),
    "stock-elsewhere-unknown": Sentences(
        msgid("This is offered in another community too, whose node is still being opened."),
        msgid("Try again in a moment: only then is it sure that it is not promised twice."),
    ),
    "due-not-later": Sentences(
        msgid("The loan runs until {due} already; to extend it, name a later day."),
        msgid("To give it back sooner, no new day is needed: “p2pmarket trade return ID”."),
    ),
    "no-show-too-early": Sentences(
        msgid("It is too early to say that: the appointment lasts until {until}."),
        msgid("It can be said ten minutes after that; until then, write a message or wait."),
    ),
    "no-such-slot": Sentences(
        msgid("There is no time number {number}: the other side has named {count}."),
        msgid("“p2pmarket trade show ID” lists them."),
    ),
    "slot-passed": Sentences(
        msgid("That time has passed ({time})."), msgid("Name one that is still to come.")
    ),
    "no-appointment": Sentences(
        msgid("There is no appointment and no day of return in this trade to put into a calendar."),
        msgid("Name times with “p2pmarket trade slots ID”."),
    ),
    "file-exists": Sentences(
        msgid("{path} exists already, is no calendar file, and is not overwritten."),
        msgid("Choose another name."),
    ),
    "file-not-writable": Sentences(
        msgid("{path} cannot be written: {reason}."), msgid("Choose another folder.")
    ),
    "wrong-code": Sentences(
        msgid("That is not the code of the other side for this trade. Nothing was confirmed."),
        msgid("Ask to see it again: sixteen letters and digits, on the other side's screen."),
    ),
    "nobody-asks": Sentences(
        msgid("Nobody asks for this listing at the moment."),
        msgid("Wait until somebody does; “p2pmarket trade list” shows them."),
    ),
    "draw-runs": Sentences(
        msgid("A draw for this listing is running already."),
        msgid("Wait until it is over; “p2pmarket trade list” shows it."),
    ),
    "too-many-entrants": Sentences(
        msgid("At most {most} households can take part in one draw."),
        msgid("Decline some with “p2pmarket trade decline ID”."),
    ),
    "no-steward": Sentences(
        msgid("No household has been named for this trade that both of you have accepted."),
        msgid("Name one with “p2pmarket trade dispute ID --steward HOUSEHOLD”."),
    ),
    "case-incomplete": Sentences(
        msgid(
            "You have not been shown the whole of this dispute: messages are missing ({missing})."
        ),
        msgid("Wait until they arrive, or ask the two to show you the trade again."),
    ),
    "case-not-open": Sentences(
        msgid("By what you were shown, the two wait for no ruling of yours any more."),
        msgid("“p2pmarket trade cases” shows how it went on."),
    ),
    "case-ruled": Sentences(
        msgid("You have ruled on this dispute already, and both have been told."),
        msgid("“p2pmarket trade cases” shows your ruling."),
    ),
    "case-not-found": Sentences(
        msgid("No dispute “{id}” was laid before your household by two who both accept it."),
        msgid("“p2pmarket trade cases” lists those that were."),
    ),
}
