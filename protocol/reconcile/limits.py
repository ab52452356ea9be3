"""The numbers of reconciliation (spec 05), each with its unit and its reason."""

from __future__ import annotations

PREFIX_BYTES = 16
"""Of an id in a list or a bound: 2^64 work for a collision among one's own records."""

FINGERPRINT_BYTES = 16
"""Of a range: an accidental match is as likely as a collision of id prefixes."""

MAX_MESSAGE_BYTES = 512 << 10
"""Longest message that is read; half a frame of the transport."""

PAGE_BYTES = 256 << 10
"""Longest message that is written by default: some 13,000 entries, about 10 ms of work."""

MIN_PAGE_BYTES = 256
"""Smallest limit a writer can keep: room for a skip, a bound and one entry of any size."""

MAX_RANGES = 4096
"""Ranges in one message: bounds the work of an answer to some 30 ms at 100,000 items."""

MAX_ROUNDS = 256
"""Messages an initiator sends in one exchange: full pages of 3.4 million entries."""

MAX_HAVE = 16_384
"""Items that one step tells of as lacking over there: some 3 MB and 15 ms."""

LIST_AT_MOST = 8
"""Entries: a range this small is listed, for splitting it would cost more bytes."""

SPLIT_INTO = 8
"""Pieces into which a large differing range is split."""

PIECE_ITEMS = 6
"""Items a piece at least, when a range is too small for SPLIT_INTO pieces."""

NEWEST_ITEMS = 16
"""Items of the newest range of a first message; each older one is FIRST_RATIO times larger."""

FIRST_RATIO = 4
"""See NEWEST_ITEMS: what differs is mostly new, so new ranges are fine and old ones coarse."""

FIRST_RANGES = 7
"""Ranges in a first message: equal sets are found equal within 200 bytes."""

JITTER_STEPS = 256
"""Values of the jitter of a first message (spec 05, security)."""
