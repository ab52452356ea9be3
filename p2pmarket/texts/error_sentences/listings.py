"""Listings, their fields, and files of them."""

from __future__ import annotations

from collections.abc import Mapping

from p2pmarket.texts import msgid
from p2pmarket.texts.error_sentences import Sentences

LISTINGS: Mapping[str, Sentences] = {
    # -- listings
    "listing-not-found": Sentences(
        msgid("No listing that shows here has the id “{id}”."),
        msgid("“p2pmarket search” and “p2pmarket mine” show ids; four characters are enough."),
    ),
    "already-offered-there": Sentences(
        msgid("“{title}” is offered in “{community}” already."),
        msgid("“p2pmarket mine” shows where; edit it there."),
    ),
    "page-unreadable": Sentences(
        msgid("That names no page of an answer."),
        msgid("Copy what the page before gave after --after, or search anew without it."),
    ),
    "listing-ambiguous": Sentences(
        msgid("More than one listing's id begins with “{id}”."), msgid("Type more of it.")
    ),
    "listing-not-yours": Sentences(
        msgid("“{title}” belongs to another household, and only they can change it."),
        msgid("“p2pmarket mine” shows yours."),
    ),
    "no-free-slot": Sentences(
        msgid("All of your listing slots are taken."),
        msgid("Withdraw one with “p2pmarket withdraw”, or wait until one ends."),
    ),
    "no-free-slot-yet": Sentences(
        msgid("A household that nobody has confirmed yet may have five listings."),
        msgid("Wait until the household that invited you is online and confirms you."),
    ),
    "too-long": Sentences(
        msgid("The listing is too long: all of its texts together have room in 8 KB."),
        msgid("Shorten the description."),
    ),
    "already-over": Sentences(
        msgid("The listing would already be over."),
        msgid("Give it days to show, for example --days 30."),
    ),
    "event-over": Sentences(
        msgid("The event is already over, so nobody would see it."), msgid("Check its date.")
    ),
    "shown-too-long": Sentences(
        msgid("A listing shows for at most {days} days in this community."),
        msgid("Choose fewer days, and renew it later."),
    ),
    "too-many-photos": Sentences(
        msgid("A listing can have at most {photos} photos in this community."),
        msgid("Choose the best ones."),
    ),
    "no-own-place": Sentences(
        msgid("Distances count from your household's place, and it has none with coordinates."),
        msgid("Set it with “p2pmarket profile --place NAME” (or NAME@LATITUDE,LONGITUDE)."),
    ),
    "nothing-to-change": Sentences(
        msgid("You did not say what to change."), msgid("“--help” lists what can be changed.")
    ),
    # -- fields of a listing
    "field-missing": Sentences(msgid("“{field}” is missing."), msgid("Add it, and try again.")),
    "field-refused": Sentences(
        msgid("“{field}” has a value that is not possible: empty, too long, or malformed."),
        msgid("Write it as docs/manual.md shows."),
    ),
    "field-not-text": Sentences(msgid("“{field}” must be text.")),
    "field-not-number": Sentences(msgid("“{field}” must be a whole number.")),
    "field-not-boolean": Sentences(msgid("“{field}” must be true or false.")),
    "field-not-list": Sentences(msgid("“{field}” must be a list.")),
    "field-not-object": Sentences(msgid("“{field}” must be an object with named fields.")),
    "field-not-amount": Sentences(
        msgid("“{field}” is not an amount of {currency}: “{value}”."),
        msgid("Write it like 12 or 12.50."),
    ),
    "field-not-time": Sentences(
        msgid("“{field}” is not a time: “{value}”."), msgid("Write it like 2027-05-01T15:00.")
    ),
    "field-out-of-range": Sentences(msgid("“{field}” must lie between {least} and {most}.")),
    "field-too-long": Sentences(
        msgid("“{field}” has {length} characters; there is room for {longest}.")
    ),
    "field-too-many": Sentences(msgid("“{field}” has more than {most} items.")),
    "field-unknown-value": Sentences(
        msgid("“{field}” cannot be “{value}”."), msgid("Possible are: {allowed}.")
    ),
    "category-unknown": Sentences(
        msgid("This community has no category “{category}”."), msgid("It has: {allowed}.")
    ),
    # -- files of listings
    "file-unreadable": Sentences(
        msgid("{path} cannot be read: {reason}."),
        msgid("Check the name, and whether the file is yours."),
    ),
    "line-too-long": Sentences(msgid("The line is longer than {max_bytes} bytes.")),
    "line-not-utf8": Sentences(
        msgid("The line is not UTF-8 text (at byte {position})."),
        msgid("Save the file as UTF-8."),
    ),
    "line-not-json": Sentences(msgid("The line is not valid JSON (at character {position}).")),
    "line-not-object": Sentences(msgid("The line is not a JSON object.")),
    "line-not-csv": Sentences(msgid("The line is not valid CSV.")),
    "line-columns": Sentences(msgid("The line has {found} columns; the header names {expected}.")),
    "line-quote-open": Sentences(msgid("The line opens a quotation mark that never closes.")),
    "line-repeats-id": Sentences(msgid("The id “{id}” stands in line {first_line} already.")),
    "csv-not-utf8": Sentences(
        msgid("The CSV file is not UTF-8 text."),
        msgid("Save it again as “CSV UTF-8”, which spreadsheets offer."),
    ),
    "csv-header-missing": Sentences(
        msgid("The first line of the CSV file does not name its columns."),
        msgid("It needs at least a column “title” (or “Titel”) and one “kind” (or “Art”)."),
    ),
    "csv-header-repeats": Sentences(
        msgid("The column “{column}” stands in the first line twice."),
        msgid("Rename or remove one of the two."),
    ),
}
