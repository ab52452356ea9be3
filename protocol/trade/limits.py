"""Numbers of the trade protocol, each with its reason (spec 09 §limits)."""

from protocol.limits import DAY_MS, MINUTE_MS

MAX_MESSAGE_BYTES = 6_144
"""One message with its longest texts; several fit a letter of the middle size."""

MAX_CHAIN = 256
"""Messages of one party in one trade: room for much haggling, none for a flood."""

ENDING_FROM = 240
"""From this seq on a party writes only what ends a trade or confirms something."""
CLOSING_FROM = 248
"""From this one on no new dispute either: the last eight places bring any trade to its end."""

MAX_FORKS = 2
"""Messages of one party with one seq that are kept: two prove that it lied."""
MAX_UNANSWERED = 20
"""Trades of one seeker with one publisher that the publisher has not answered yet."""

MAX_TEXT = 500
MAX_ADDRESS = 300
MAX_SLOTS = 8
MAX_VARIANTS = 6

SALT_BYTES = 16
CODE_BYTES = 10
"""80 bits: sixteen letters to type in person, and nobody guesses them from their hash."""

MAX_ENTRANTS = 150
"""Of a fair draw: their secrets fit one message."""
DRAW_SECRET_BYTES = 16

PROMISE_MS = 14 * DAY_MS
"""How long a promise holds where nobody says otherwise."""
LONGEST_PROMISE_MS = 90 * DAY_MS
UNCONFIRMED_MS = 14 * DAY_MS
"""After the promise has run out (or a loan was due), what one side alone confirmed can lapse."""
UNSETTLED_MS = 30 * DAY_MS
"""After it was raised, a dispute that nobody settled can lapse."""
MAX_AHEAD_MS = 10 * MINUTE_MS
"""A message dated further ahead is not taken yet."""
NO_SHOW_AFTER_MS = MAX_AHEAD_MS
"""After the appointment: who dates ahead as far as it can is still too early while it lasts."""
TO_SAY_SO_MS = DAY_MS
"""After the appointment, for who waited in vain to say so before the promise can lapse."""
