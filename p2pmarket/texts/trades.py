"""Words for where a trade stands, and for what can be done in one."""

from __future__ import annotations

from collections.abc import Mapping

from p2pmarket.texts import msgid

STATES: Mapping[str, str] = {
    "asked": msgid("asked for"),
    "offered": msgid("an offer waits for an answer"),
    "drawing": msgid("a draw is running"),
    "entered": msgid("a draw is running"),
    "drawn": msgid("a draw is running"),
    "revealed": msgid("a draw is running"),
    "promised": msgid("promised"),
    "appointed": msgid("appointment made"),
    "handed-by-publisher": msgid("handover confirmed by one side"),
    "handed-by-seeker": msgid("handover confirmed by one side"),
    "lent": msgid("on loan"),
    "returned-by-publisher": msgid("return confirmed by one side"),
    "returned-by-seeker": msgid("return confirmed by one side"),
    "disputed": msgid("disputed"),
    "with-steward": msgid("a third household looks at it"),
    "closed": msgid("ended without a receipt"),
    "completed": msgid("completed"),
    "cancelled": msgid("cancelled"),
    "no-show": msgid("somebody did not come"),
    "signed": msgid("over, the receipt is being signed"),
    "receipted": msgid("over, with a receipt of both"),
}
"""Where a trade stands, whoever looks at it."""

STEPS: Mapping[str, str] = {
    "offer": msgid("propose other terms"),
    "accept": msgid("accept the offer"),
    "promise": msgid("promise"),
    "decline": msgid("decline"),
    "cancel": msgid("cancel"),
    "slots": msgid("name times"),
    "appoint": msgid("choose a time"),
    "address": msgid("tell the address"),
    "handover": msgid("confirm the handover"),
    "return": msgid("confirm the return"),
    "extend": msgid("ask for a longer loan"),
    "agree": msgid("agree to a longer loan"),
    "no_show": msgid("say that nobody came"),
    "admit": msgid("admit that you did not come"),
    "dispute": msgid("ask for a third household"),
    "steward": msgid("accept the third household"),
    "settle": msgid("say how to end the dispute"),
    "draw": msgid("announce a draw"),
    "sign": msgid("sign the receipt"),
}
"""What a message does, in words for errors and for the course of a trade."""

OUTCOMES: Mapping[str, str] = {
    "completed": msgid("completed"),
    "cancelled": msgid("cancelled"),
    "no-show": msgid("somebody did not come"),
}

FIELDS: Mapping[str, str] = {
    "due_at_ms": "due",
    "swap_listing": "swap",
    "slot": "slots",
    "price_minor": "price",
    "steward": "household",
}
"""Fields as the protocol names them, by the names that people know."""

FIELD_NAMES = frozenset(
    {
        msgid("due"), msgid("swap"), msgid("slots"), msgid("address"), msgid("note"),
        msgid("text"), msgid("code"), msgid("credit"), msgid("until"), msgid("closes"),
        msgid("outcome"), msgid("household"), msgid("variants"),
    }
)  # fmt: skip

SETTLEMENTS: Mapping[str, str] = {
    "completed": msgid("completed"),
    "cancelled": msgid("cancelled"),
}
_SETTLEMENT_WORDS = {
    "abgeschlossen": "completed", "vollzogen": "completed", "complete": "completed",
    "abgesagt": "cancelled", "cancel": "cancelled", "canceled": "cancelled",
}  # fmt: skip


def settlement_id(word: str) -> str | None:
    """Return how a dispute ends that a typed word means, or None."""
    wanted = word.strip().casefold()
    return wanted if wanted in SETTLEMENTS else _SETTLEMENT_WORDS.get(wanted)
