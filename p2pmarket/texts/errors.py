"""The sentences of all errors: what happened and why, and what to do next.

One entry a code, in English; the German ones stand in the catalogue. Fields in braces are
those that the error was raised with; a test compares them with every place that raises one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from p2pmarket import vocabulary
from p2pmarket.texts import _, current_language, msgid


class Sentences(NamedTuple):
    """what: what happened and why. next: what the person can do, or "" if nothing is needed."""

    what: str
    next: str = ""


def sentence(code: str, fields: Mapping[str, object], translate: Callable[[str], str] = _) -> str:
    """Return the text of an error. An unknown code is named as it is: a test forbids them."""
    entry = ERRORS.get(code)
    if entry is None:
        listed = ", ".join(f"{name}={value}" for name, value in fields.items())
        return f"{code} ({listed})" if listed else code
    given = _Given(_worded(fields))
    return " ".join(translate(part).format_map(given) for part in entry if part)


def refusal(error: OSError) -> str:
    """Return in words why the system refused something."""
    if isinstance(error, FileNotFoundError):
        return _("it does not exist")
    if isinstance(error, IsADirectoryError):
        return _("it is a folder")
    if isinstance(error, PermissionError):
        return _("you may not")
    return error.strerror or str(error)


_FLAGS = {"max_price": "--max-price", "min_price": "--min-price", "within_km": "--within"}


def _worded(fields: Mapping[str, object]) -> dict[str, object]:
    """Return the fields of an error with ids as people know them."""
    worded = dict(fields)
    field = str(fields.get("field", ""))
    if field in vocabulary.FIELDS:
        worded["field"] = _(field)
    elif field in _FLAGS:
        worded["field"] = _FLAGS[field]
    if "allowed" in fields:
        known = {**vocabulary.KINDS, **vocabulary.CONDITIONS, **vocabulary.CATEGORIES}
        german = current_language() == "de"
        ids = str(fields["allowed"]).split(", ")
        worded["allowed"] = ", ".join(vocabulary.label(known, i) if german else i for i in ids)
    for name in ("status", "reason"):
        if name in fields:
            worded[name] = vocabulary.label(vocabulary.MEMBER_STATUSES, str(fields[name]))
    return worded


class _Given(dict[str, object]):
    """The fields of an error: a missing one must not hide the error itself."""

    def __missing__(self, name: str) -> str:
        return "…"


ERRORS: Mapping[str, Sentences] = {
    # -- the home and its files
    "no-household": Sentences(
        msgid("There is no household in {path} yet."),
        msgid("Create it with “p2pmarket init --name NAME”."),
    ),
    "not-set-up": Sentences(
        msgid("The node is not running, and there is no household in {path} yet."),
        msgid("Create it with “p2pmarket init --name NAME”, then start it with “p2pmarket up”."),
    ),
    "no-identity": Sentences(
        msgid("There is no household key in {path}."),
        msgid("Create a household with “p2pmarket init --name NAME”."),
    ),
    "home-exists": Sentences(
        msgid("{path} already holds a household or other files, and is left as it is."),
        msgid("Choose another folder with --home, or use the household that is there."),
    ),
    "home-not-writable": Sentences(
        msgid("{path} cannot be written to."),
        msgid("Check who owns the folder and whether the disk is read-only; nothing was lost."),
    ),
    "home-path-too-long": Sentences(
        msgid("The path {path} is too long for the daemon's socket, which has room for 103 bytes."),
        msgid("Choose a shorter folder with --home."),
    ),
    "disk-full": Sentences(
        msgid("The disk that holds {path} is full, so this was not saved."),
        msgid("Free some space and try again; what was saved before is safe."),
    ),
    "settings-damaged": Sentences(
        msgid("{path} is damaged."),
        msgid("Write it again with “p2pmarket profile --name NAME”, or restore a backup."),
    ),
    "key-file-unreadable": Sentences(
        msgid("The key file {path} cannot be read."),
        msgid("Check that it belongs to you: it needs to be readable by its owner."),
    ),
    "key-file-open-to-others": Sentences(
        msgid("Others on this computer can read the key file {path} (mode {mode})."),
        msgid("Make it private with: chmod 600 {path}"),
    ),
    "key-file-damaged": Sentences(
        msgid("The key file {path} is damaged."),
        msgid("Restore the household from a backup, or from its 24 words in an empty folder."),
    ),
    "words-invalid": Sentences(
        msgid("These are not the 24 words of a household ({count} words were read)."),
        msgid("Check the spelling and the order, and type all 24 with spaces between them."),
    ),
    "wrong-key": Sentences(
        msgid("The key of this household does not open {path}."),
        msgid("Put back the household.key that belongs to it, or restore a backup."),
    ),
    "newer-schema": Sentences(
        msgid(
            "{path} was written by a newer version of p2pmarket (format {found}; this one knows"
            " {known})."
        ),
        msgid("Update p2pmarket; the file was left as it is."),
    ),
    "not-a-community": Sentences(
        msgid("{path} holds no community that can be opened."),
        msgid("Remove that folder if you do not need it, or restore a backup."),
    ),
    # -- the daemon
    "not-running": Sentences(
        msgid("The node of {path} is not running."),
        msgid("Start it with “p2pmarket up --detach”."),
    ),
    "already-running": Sentences(
        msgid("A node is already running for {path} (process {pid})."),
        msgid("Use it as it is, or end it with “p2pmarket down”."),
    ),
    "socket-refused": Sentences(
        msgid("The node of {path} cannot be reached: {reason}."),
        msgid("Run the command as the user to whom the household belongs."),
    ),
    "daemon-gone": Sentences(
        msgid("The node ended before it answered."),
        msgid("Read {path}, then start it again with “p2pmarket up --detach”."),
    ),
    "daemon-silent": Sentences(
        msgid("The node of {path} has not answered for five minutes."),
        msgid("End it with “p2pmarket down” and start it again with “p2pmarket up --detach”."),
    ),
    "daemon-did-not-start": Sentences(
        msgid("The node did not start."), msgid("Read {path} for the reason.")
    ),
    "daemon-did-not-stop": Sentences(
        msgid("The node (process {pid}) is still ending its work."),
        msgid("Wait a moment, or end it at once with: kill -9 {pid}"),
    ),
    "node-fell": Sentences(
        msgid("The node of the community in folder {name} fell because of a fault."),
        msgid("Restart it with “p2pmarket down” and “p2pmarket up --detach”; see {path}."),
    ),
    "system-refused": Sentences(msgid("The system refused: {reason}.")),
    "bug": Sentences(
        msgid("That is a fault in p2pmarket, number {reference}; nothing you did wrong."),
        msgid("Please report it with the lines that {path} holds for this number."),
    ),
    "port-in-use": Sentences(
        msgid("Another program already listens at {address}."),
        msgid("End that program, or choose another port with “p2pmarket up --listen”."),
    ),
    "listen-address-malformed": Sentences(
        msgid("{address} is not an address to listen at."),
        msgid("Write it like /ip4/0.0.0.0/tcp/4001."),
    ),
    "listen-address-unavailable": Sentences(
        msgid("This computer cannot listen at {address}: {why}."),
        msgid("Choose an address of this computer, for example /ip4/0.0.0.0/tcp/4001."),
    ),
    # -- the interface
    "request-malformed": Sentences(
        msgid("The request is malformed at “{field}”."),
        msgid("GET /v1/openapi.json describes the interface."),
    ),
    "request-too-long": Sentences(
        msgid("The request is longer than {most} bytes."), msgid("Send it in several parts.")
    ),
    "path-not-found": Sentences(
        msgid("There is nothing at {method} {path}."),
        msgid("GET /v1/openapi.json describes the interface."),
    ),
    "too-many-rows": Sentences(
        msgid("At most {most} listings can be published in one request."),
        msgid("Send them in several parts."),
    ),
    # -- communities
    "no-community": Sentences(
        msgid("You belong to no community yet."),
        msgid("Found one with “p2pmarket community create”, or join one with “p2pmarket join”."),
    ),
    "community-not-named": Sentences(
        msgid("You belong to several communities: {names}."),
        msgid("Say which one you mean with --community NAME."),
    ),
    "community-not-found": Sentences(
        msgid("You belong to no community called “{name}”."),
        msgid("“p2pmarket status” lists yours."),
    ),
    "community-ambiguous": Sentences(
        msgid("More than one of your communities could be meant by “{name}”."),
        msgid("Use more of its id; “p2pmarket status” shows it."),
    ),
    "charter-too-long": Sentences(
        msgid("The rules and places take {bytes} bytes; a charter has room for {most}."),
        msgid("Shorten the rules, or name fewer places."),
    ),
    "places-file-unreadable": Sentences(
        msgid("{path} is not a list of places."),
        msgid("Write a JSON list of objects with name, lat and lon."),
    ),
    # -- invites and joining
    "invite-unreadable": Sentences(
        msgid("That is not a complete invite: it was cut off, mistyped, or is something else."),
        msgid("Copy the whole text, from “P2PM1-” to its end."),
    ),
    "invite-expired": Sentences(
        msgid("This invite has expired."), msgid("Ask for a new one; nothing was changed.")
    ),
    "invite-used-up": Sentences(
        msgid("This invite has been used as often as it may be."),
        msgid("Ask for a new one; nothing was changed."),
    ),
    "invite-refused": Sentences(
        msgid("The neighbour that answered did not accept this invite ({reason})."),
        msgid("Ask for a new invite; nothing was changed."),
    ),
    "invite-uses": Sentences(
        msgid("An invite can be used by 1 to {most} households."),
        msgid("Choose a number within that with --uses."),
    ),
    "invite-validity": Sentences(
        msgid("An invite is valid for between one minute and a year."),
        msgid("Choose a time within that, for example --expires 7d."),
    ),
    "invite-budget-spent": Sentences(
        msgid("You can bring {left} more households into this community; the invite names more."),
        msgid("Make an invite for fewer with --uses, or ask another member to invite."),
    ),
    "may-not-invite": Sentences(
        msgid("You cannot invite anybody yet (you are: {status})."),
        msgid("Wait until the household that invited you is online and confirms you."),
    ),
    "already-joined": Sentences(
        msgid("You already belong to this community."), msgid("“p2pmarket status” shows it.")
    ),
    "removed": Sentences(
        msgid("Your household was removed from this community."),
        msgid("Ask its founder for the reason."),
    ),
    "left": Sentences(
        msgid("Your household has left this community."),
        msgid("A household that left cannot come back with the same 24 words."),
    ),
    "nobody-reachable": Sentences(
        msgid("No member of the community could be reached, so nothing was changed."),
        msgid("Try again when the household that invited you is online, or from the same Wi-Fi."),
    ),
    "not-a-member": Sentences(
        msgid("Your household does not belong to this community any more ({reason})."),
        msgid("“p2pmarket status” tells how you stand."),
    ),
    "not-yet-a-member": Sentences(
        msgid("Your household does not belong to this community yet ({reason})."),
        msgid("Wait until a neighbour is connected; “p2pmarket status” tells how you stand."),
    ),
    "clock-behind": Sentences(
        msgid("This computer's clock is behind what your household wrote before."),
        msgid("Set the clock; if it is right, try again in a while. Nothing was changed."),
    ),
    "only-founder": Sentences(
        msgid("Only the household that founded the community can remove others."),
        msgid("Ask the founder, or hide its listings for yourself with “p2pmarket block”."),
    ),
    "founder-stays": Sentences(
        msgid("The founder cannot leave: nobody else could remove a household then."),
        msgid("End your node with “p2pmarket down” if you do not want to take part."),
    ),
    "not-yourself": Sentences(
        msgid("That household is your own."), msgid("Name another; “p2pmarket members” lists all.")
    ),
    "household-not-found": Sentences(
        msgid("No household of this community is called “{id}”."),
        msgid("“p2pmarket members” lists all."),
    ),
    "household-ambiguous": Sentences(
        msgid("More than one household is called “{name}”: {ids}."),
        msgid("Use the id instead of the name."),
    ),
    "reason-needed": Sentences(
        msgid("Say why, in 1 to {longest} characters: everybody can read it."),
        msgid("Write the reason after --why."),
    ),
    "too-many-devices": Sentences(
        msgid("This household already has {most} devices in a community, and cannot have more."),
        msgid("Give up one that you no longer use: “p2pmarket device list”, then “device revoke”."),
    ),
    # -- devices
    "needs-first-device": Sentences(
        msgid("This computer was added as a further device and lacks the household's own key."),
        msgid("Do it on the computer where the household was created or restored."),
    ),
    "device-code-unreadable": Sentences(
        msgid("That is not a complete device code: it was cut off, mistyped, or something else."),
        msgid("Copy the whole text, from “P2PD1-” to its end."),
    ),
    "device-code-expired": Sentences(
        msgid("This device code has expired."),
        msgid("Make a new one with “p2pmarket device add”; nothing was changed."),
    ),
    "device-code-refused": Sentences(
        msgid("The neighbour that answered does not know this device's household ({reason})."),
        msgid("Try again while the computer that made the code is online; nothing was changed."),
    ),
    "device-revoked": Sentences(
        msgid("Your household has given up this device in this community."),
        msgid("To use it again, add it anew with “p2pmarket device add” and another --home here."),
    ),
    "device-copied": Sentences(
        msgid("Another computer signs with the keys of this device: one is a copy of the other."),
        msgid("Use one of them only, and make the other a new device: “p2pmarket device renew”."),
    ),
    "device-not-found": Sentences(
        msgid("Your household has no device {number} here."),
        msgid("“p2pmarket device list” lists its devices."),
    ),
    "device-is-this": Sentences(
        msgid("Device {number} is the computer that you are using."),
        msgid("Give it up from another one that holds the household's key."),
    ),
    "other-device-decides": Sentences(
        msgid("“{title}” was published by device {number} of your household, which alone decides."),
        msgid("Change it there. If that device is lost: “p2pmarket device revoke {number}”."),
    ),
    # -- listings
    "listing-not-found": Sentences(
        msgid("No listing that shows here has the id “{id}”."),
        msgid("“p2pmarket search” and “p2pmarket mine” show ids; four characters are enough."),
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
    # -- backups
    "backup-exists": Sentences(
        msgid("{path} exists already, and is not overwritten."), msgid("Choose another name.")
    ),
    "backup-not-writable": Sentences(
        msgid("{path} cannot be written."), msgid("Choose a folder that you may write to.")
    ),
    "backup-unreadable": Sentences(
        msgid("{path} is not a backup of p2pmarket, or cannot be read."),
        msgid("Choose the file that “p2pmarket backup” wrote."),
    ),
    "backup-wrong-words": Sentences(
        msgid("These 24 words do not open {path}."),
        msgid("Use the words of the household whose backup it is."),
    ),
    "backup-damaged": Sentences(
        msgid("The backup is damaged or cut off; nothing was changed."),
        msgid("Use another copy of it."),
    ),
}
