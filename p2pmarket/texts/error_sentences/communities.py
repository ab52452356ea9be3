"""Communities, invites, households and their devices."""

from __future__ import annotations

from collections.abc import Mapping

from p2pmarket.texts import msgid
from p2pmarket.texts.error_sentences import Sentences

COMMUNITIES: Mapping[str, Sentences] = {
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
        msgid("This invite has expired, or was ended."),
        msgid("Ask for a new one; nothing was changed."),
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
        msgid("Ask one of its stewards, who can take it back; all can read the reason."),
    ),
    "left": Sentences(
        msgid("Your household has left this community."),
        msgid("To come back, ask a member for an invite and type “p2pmarket join”."),
    ),
    "still-leaving": Sentences(
        msgid("You are leaving “{name}”, and no neighbour could be told yet."),
        msgid("Let your node run until one can be reached; then you can join again."),
    ),
    "open-trades": Sentences(
        msgid("Trades are still open: {titles}."),
        msgid("End them first (“p2pmarket trade list”), or leave all the same with --force."),
    ),
    "export-exists": Sentences(
        msgid("{path} exists already, and is not overwritten."), msgid("Choose another folder.")
    ),
    "export-not-writable": Sentences(
        msgid("{path} cannot be written: {reason}."),
        msgid("Choose a folder that you may write to; nothing else was changed."),
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
    "home-has-household": Sentences(
        msgid("{path} holds a household of its own; it cannot become another one's device."),
        msgid("Choose an empty folder with --home."),
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
        msgid(
            "This one signs nothing more. Where the household was created, “p2pmarket device renew”"
            " makes it a new device; else give it up there (“p2pmarket device revoke”), and add"
            " each computer with a code of its own."
        ),
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
}
