"""What each command does, in one line: for the list of commands and for its own help."""

from __future__ import annotations

from collections.abc import Mapping

from p2pmarket.texts import msgid

SUMMARIES: Mapping[str, str] = {
    "init": msgid("Create your household on this computer: its key and its 24 words."),
    "up": msgid("Start your node, here until Ctrl-C, or in the background."),
    "community": msgid("Found a community."),
    "join": msgid("Join a community with an invite."),
    "invite": msgid("Make an invite: a text or QR code with which others can join."),
    "search": msgid("Find listings: everything that shows now, or what WORDS describe."),
    "show": msgid("Show everything about one listing."),
    "publish": msgid("Publish a listing, or a file of them."),
    "mine": msgid("Show your own listings, and which of them end soon."),
    "edit": msgid("Change an own listing: name only what changes."),
    "renew": msgid("Let an own listing show longer, counted from now."),
    "mark": msgid("Say that an own listing is reserved or taken (or open again)."),
    "withdraw": msgid("Take an own listing back, for good."),
    "members": msgid("List the households of the community, and who invited whom."),
    "peers": msgid("List the neighbours' nodes, and when you last synced with each."),
    "block": msgid("Get no listings and messages of a household any more."),
    "remove": msgid("Remove a household from the community (only the founder can)."),
    "leave": msgid("Leave a community for good."),
    "profile": msgid("Show or change what your neighbours read about you."),
    "message": msgid("Write to a household; nobody else can read it."),
    "inbox": msgid("Show who wrote to you, and what waits for your answer."),
    "thread": msgid("Show what you and another household have written."),
    "household": msgid("Show one household, and what is known of it."),
    "review": msgid("Say whether you recommend whom you traded with."),
    "ledger": msgid("Look into ledgers: what receipts prove of a household."),
    "ledger verify": msgid("Check a household's ledger from its signed records."),
    "ledger show": msgid("Show the receipts of a household."),
    "ledger balance": msgid("Show what a household has given and taken for community credit."),
    "status": msgid("Show how your node and your communities are doing."),
    "doctor": msgid("Look for what usually goes wrong, and say what to do about it."),
    "down": msgid("End your node; what you published stays visible."),
    "device": msgid("Use your household on several computers."),
    "device add": msgid("Make a code with which another computer becomes your household's device."),
    "device join": msgid("Make this computer a device of a household, with its code."),
    "device list": msgid("List the computers that act for your household."),
    "device revoke": msgid("Give up a device that is lost or no longer used."),
    "device renew": msgid("Give this computer new keys, because a copy of it may be in use."),
    "backup": msgid("Write all your household keeps into a file that its 24 words open."),
    "restore": msgid("Restore a household from a backup, as a new device of it."),
    "completion": msgid("Print a script that completes commands in your shell."),
    "demo": msgid("Watch four households found a community, publish, search, catch up."),
    "create": msgid("Found a community: you are its founder, and invite the others."),
}
