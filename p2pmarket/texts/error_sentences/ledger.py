"""Receipts, reviews, the ledger and community credit."""

from __future__ import annotations

from collections.abc import Mapping

from p2pmarket.texts import msgid
from p2pmarket.texts.error_sentences import Sentences

LEDGER: Mapping[str, Sentences] = {
    "receipt-not-found": Sentences(
        msgid("Your household has no receipt {id}."),
        msgid("A receipt is there once a trade has ended and one of you has signed."),
    ),
    "no-receipt-yet": Sentences(
        msgid("Trade {id} has no receipt yet, and only what ended in one can be reviewed."),
        msgid("“p2pmarket trade show {id}” tells what is missing."),
    ),
    "receipt-unconfirmed": Sentences(
        msgid("The other household has not signed this receipt yet, so it counts for nothing."),
        msgid("It will be signed by itself when that household is online; then try again."),
    ),
    "receipt-private": Sentences(
        msgid("You agreed to keep this trade between the two of you: nobody can review it."),
    ),
    "already-reviewed": Sentences(
        msgid("You have reviewed this trade already. A review cannot be changed afterwards."),
    ),
    "review-too-late": Sentences(
        msgid("The other household's review shows already: yours would answer it."),
        msgid("Reviews are written before one has seen the other's; send a message instead."),
    ),
    "review-too-long": Sentences(
        msgid("A review has room for {most} bytes, and this one has {bytes}."),
        msgid("Make it shorter; letters with dots count twice."),
    ),
    "ledger-full": Sentences(
        msgid("Your ledger is full: it holds {entries} entries."),
        msgid("Revoke a device that you no longer use, which makes room for others."),
    ),
    "no-credit": Sentences(
        msgid("This community keeps no credit."),
        msgid("Agree on a price, a swap or a gift instead."),
    ),
    "credit-limit": Sentences(
        msgid("{amount} {unit} would be more credit than your rules allow: {left} are left."),
        msgid("Agree on less, or let the other household earn some first."),
    ),
}
