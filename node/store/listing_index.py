"""The listing view and its full-text index: rows in, rows out. Searching: listing_search.

Every function is synchronous and runs inside the caller's transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from node.search.analysis import analyse
from node.search.compounds import back
from node.search.spelling import fold
from node.store.listing_search import search

__all__ = ["KnownWords", "ListingRow", "insert_listings", "remove_listings", "search", "set_state"]

_GIFT = 2


@dataclass(frozen=True, slots=True)
class ListingRow:
    """A listing as the view needs it; the signed record stands elsewhere under the same seq.

    seq: order of arrival. household: interned number. key: 16 bytes. kind: 1 sell, 2 give,
    3 swap, 4 lend, 5 wanted, 6 service, 7 kit, 8 event. lat_e4, lon_e4: degrees × 10,000.
    state: 0 open, 1 reserved, 2 taken. concealed: it stands here, and no search finds it.
    is_shared, thing: see node/store/windows.py.
    """

    seq: int
    household: int
    slot: int
    key: bytes
    kind: int
    category: str
    language: str
    title: str
    description: str
    tags: tuple[str, ...]
    swap_for: str
    price_minor: int | None
    currency: str | None
    lat_e4: int | None
    lon_e4: int | None
    created_at_ms: int
    visible_until_ms: int
    state: int
    concealed: bool = False
    is_shared: bool = False
    thing: bytes | None = None


class KnownWords:
    """Words that one database certainly holds, so that inserting need not offer them again.

    Keep one for each database, and pass it to every `insert_listings`. It forgets everything
    when the last listing it saw inserted is not there: a rollback took its words away too.
    """

    _MAX_WORDS = 40_000  # about 4 MB

    def __init__(self) -> None:
        self._words: set[str] = set()
        self._last_seq: int | None = None

    def unknown(self, cursor: Any, words: set[str]) -> set[str]:
        """Which of these words may be missing from the database."""
        if self._last_seq is not None:
            cursor.execute("SELECT 1 FROM listing WHERE seq = ?", (self._last_seq,))
            if cursor.fetchone() is None:
                self._words.clear()
        return words - self._words

    def inserted(self, words: set[str], last_seq: int) -> None:
        """Remember words that were inserted together with this listing."""
        if len(self._words) > self._MAX_WORDS:
            self._words.clear()
        self._words |= words
        self._last_seq = last_seq


def insert_listings(
    cursor: Any, rows: Sequence[ListingRow], known: KnownWords | None = None
) -> None:
    """Add listings to the view, the text index and the vocabulary.

    seq must be new: an edit is a removal and an insertion. known makes batches faster.
    """
    texts: list[tuple[int, str]] = []
    listings: list[tuple[object, ...]] = []
    vocabulary: set[str] = set()
    for row in rows:
        if not row.concealed:
            analysed = analyse(
                row.title, row.tags, row.description, row.swap_for, row.category, row.kind
            )
            texts.append((row.seq, analysed.tokens))
            vocabulary |= analysed.vocabulary
        price = 0 if row.kind == _GIFT and row.price_minor is None else row.price_minor
        listings.append(
            (
                row.seq,
                row.household,
                row.slot,
                row.key,
                row.kind,
                row.category,
                price,
                row.currency,
                row.lat_e4,
                row.lon_e4,
                row.created_at_ms,
                row.visible_until_ms,
                row.state,
                int(row.concealed),
                int(row.is_shared),
                row.thing,
            )
        )
    new = known.unknown(cursor, vocabulary) if known else vocabulary
    cursor.executemany("INSERT INTO listing VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", listings)
    cursor.executemany("INSERT INTO listing_text (rowid, tokens) VALUES (?,?)", texts)
    cursor.executemany(
        "INSERT OR IGNORE INTO word VALUES (?,?,?)",
        [(word, fold(word), back(word)) for word in sorted(new)],
    )
    if known and rows:
        known.inserted(new, rows[-1].seq)


def remove_listings(cursor: Any, seqs: Sequence[int]) -> None:
    """Take listings out of the view and the text index; unknown ones are ignored."""
    numbers = [(seq,) for seq in seqs]
    cursor.executemany("DELETE FROM listing_text WHERE rowid = ?", numbers)
    cursor.executemany("DELETE FROM listing WHERE seq = ?", numbers)


def set_state(cursor: Any, seq: int, state: int) -> None:
    """Mark a listing open (0), reserved (1) or taken (2)."""
    cursor.execute("UPDATE listing SET state = ? WHERE seq = ?", (state, seq))
