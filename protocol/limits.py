"""Protocol numbers, each with its unit and its reason (spec 02 §limits).

All nodes must agree on these: changing one is a protocol change.
"""

MINUTE_MS = 60_000
DAY_MS = 86_400_000

MAX_RECORD_BYTES = 8_192
"""A listing with its longest texts takes some 5 KiB; small enough to gossip whole."""

MAX_GENESIS_BYTES = 2_048
"""The founding charter crosses the gate before anything is trusted."""

MAX_DEPTH = 4
"""Arrays inside arrays: no body needs more, and a decoder's stack stays small."""

MAX_CLOCK_AHEAD_MS = 10 * MINUTE_MS
"""A record created further ahead waits until its time has come."""

MAX_VISIBLE_MS = 90 * DAY_MS
"""No zombies: a listing shows for at most this long before it must be renewed."""

CONTENT_LIFETIME_MS = 91 * DAY_MS
"""Content stays in the set a day longer than it can be visible, so that an edit or a
withdrawal never expires before the revision it replaces."""

DURABLE_LIFETIME_MS = 3_653 * DAY_MS
"""Ten years: membership, and later receipts and reviews."""

MAX_TIME_MS = 2**48 - 1
"""The year 10889; keeps every time within six bytes."""

FREE_REVISIONS = 16
REVISION_MS = 100
"""A revision number may be at most FREE_REVISIONS + (created - generation) / REVISION_MS:
a slip or a hostile clock cannot push a slot to its last number at once."""

MAX_REVISION = 2**32 - 1

# -- slots: how many records of one kind a household may have standing (spec 02 §slots)
DEVICE_SLOTS = 8
INVITE_SLOTS = 64
FOUNDER_CONFIRMATION_SLOTS = 4_096
REMOVAL_SLOTS = 4_096
STEWARD_CONFIRMATION_SLOTS = 256
STEWARD_REMOVAL_SLOTS = 128
"""Of any household but the founder: whether it is a steward's, no slot can depend on."""
UNKNOWN_MEMBERSHIP_SLOTS = 16
UNKNOWN_CONTENT_SLOTS = 32
UNKNOWN_DURABLE_SLOTS = 32
MANY_CONTENT_SLOTS = 512
MANY_DURABLE_SLOTS = 4_096
MAX_SMALL_RECORD_BYTES = 1_024
"""Of the kinds of which a household may have many (questions; receipts, reviews): so that
room for them now is no room for a flood."""
SLOT_HEADROOM = 4
"""Listing slots that the set can hold, as a multiple of the founding charter's: a later
charter may raise what is shown this far without nodes disagreeing about the set."""
PROVISIONAL_SLOTS = 5
"""Listings of a household that nobody has confirmed yet."""
MAX_LISTING_SLOTS = 250_000
"""The most a founding charter may allow a household (a shop with a large catalogue)."""

# -- membership
MAX_CHAIN_LINKS = 16
"""How far from the founder a household can be, counted in invitations."""
MAX_PROVISIONAL_PER_INVITE = 16
"""Unconfirmed households that one invite can have standing beyond its uses."""
MAX_INVITE_USES = 1_000
MAX_PROOF_BYTES = 16_384
"""Sixteen links of some 940 bytes: a joiner, who knows the founding charter only, can follow
the longest chain."""
MAX_PROOF_RECORDS = 64
MAX_STEWARDS = 32
MAX_SEATS_IN_RECORD = 128
MAX_VOUCHES_IN_RECORD = 200
MAX_AMENDMENT = 1_000_000
"""The highest number of a charter's version."""
MAX_SUBTREE = 100_000
"""The most households below one of those that the founder let in."""

# -- texts, in Unicode code points
MAX_NAME = 60
MAX_TITLE = 120
MAX_DESCRIPTION = 3_000
MAX_RULES = 800
MAX_TAGS = 12
MAX_TAG = 40
MAX_CATEGORY = 24
MAX_REASON = 200
MAX_SOURCE_ID = 64
MAX_VARIANTS = 6
MAX_VARIANT_CHOICES = 16
MAX_PHOTOS = 8
MAX_PLACES = 32
MAX_CATEGORIES = 40
MAX_QUESTIONS = 5
MAX_LANGUAGES = 8
MAX_WORRY_WORDS = 40
MAX_WORRY_WORD = 40
MAX_WINDOWS = 8
"""Neighbouring communities that a charter can name, and that a listing can be shown to."""
MAX_CARRIED_MS = 7 * DAY_MS
"""The longest that a carried listing shows before its carrier must have renewed it: who carries
may be switched off, and then nobody tells the other community that a thing is gone."""

MAX_PRICE_MINOR = 10**12
MAX_QUANTITY = 1_000_000
MAX_CREDIT = 1_000_000
"""Units of community credit in one receipt, and the most that a charter lets anybody owe."""
MAX_LEDGER_ENTRIES = MANY_DURABLE_SLOTS
"""Of one device's chain: as many as a household can have standing."""
MAX_REVIEW_BYTES = 300
"""Of UTF-8: a ledger record is small (MAX_SMALL_RECORD_BYTES)."""
