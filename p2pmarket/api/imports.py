"""Publishing rows: each is new, changed, unchanged or refused, and says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from node.node import Node
from node.store.listings import StoredListing
from p2pmarket.api.errors import failure_of
from p2pmarket.api.listing_views import listing_answer
from p2pmarket.api.schemas import ImportAnswer, ImportRow, OutcomeName, RowAnswer
from p2pmarket.listing_fields import FIELDS, Context, read_listing_fields
from p2pmarket.listing_windows import refuse_category, still_named
from protocol.errors import LocalError
from protocol.listing import Listing

MAX_ROWS = 500
"""One transaction's worth; a larger file comes in several requests."""


async def publish_rows(node: Node, context: Context, rows: Sequence[ImportRow]) -> ImportAnswer:
    """Publish what is new, edit what changed, leave alone what stands unchanged.

    A row is known by its ``id``; one without is always new. Raises LocalError
    ``too-many-rows``; what is wrong with one row is part of the answer.
    """
    if len(rows) > MAX_ROWS:
        raise LocalError("too-many-rows", most=MAX_ROWS)
    batch = _Batch(node, context)
    await batch.recall(rows)
    read = [batch.read(row) for row in rows]
    await batch.publish_new()
    for row, listing in zip(rows, read, strict=True):
        await batch.settle(row, listing)
    return ImportAnswer(
        batch.answers,
        sorted({name for row in rows for name in row.fields if name not in FIELDS}),
        sorted(
            {
                listing.place.name
                for listing in read
                if isinstance(listing, Listing)
                and listing.place is not None
                and listing.place.lat_e4 is None
            }
        ),
    )


class _Batch:
    def __init__(self, node: Node, context: Context) -> None:
        self._node = node
        self._context = context
        self._standing: dict[str, StoredListing] = {}
        self._first_lines: dict[str, int] = {}
        self._new: list[Listing] = []
        self._published: list[StoredListing | LocalError] = []
        self.answers: list[RowAnswer] = []

    async def recall(self, rows: Sequence[ImportRow]) -> None:
        if any("id" in row.fields or "source_id" in row.fields for row in rows):
            self._standing = {
                stored.listing.source_id: stored
                for stored in reversed(await self._node.market.mine())
                if stored.listing.source_id is not None
            }

    def read(self, row: ImportRow) -> Listing | LocalError:
        try:
            listing = read_listing_fields(row.fields, self._context)
        except LocalError as error:
            return error
        if self._held(listing) is not None:
            return listing
        if listing.source_id is not None:
            first = self._first_lines.setdefault(listing.source_id, row.line)
            if first != row.line:
                return LocalError("line-repeats-id", id=listing.source_id, first_line=first)
        self._new.append(listing)
        return listing

    async def publish_new(self) -> None:
        self._published = await self._node.market.publish(self._new)
        self._published.reverse()

    async def settle(self, row: ImportRow, listing: Listing | LocalError) -> None:
        if isinstance(listing, LocalError):
            return self._answer(row, "refused", listing)
        held = self._held(listing)
        if held is None:
            return self._answer(row, "new", self._published.pop())
        until_ms = held.listing.visible_until_ms
        listing = replace(listing, photos=held.listing.photos)
        if "shown_to" not in row.fields:  # who does not speak of it leaves it as it is
            kept = still_named(held.listing.shown_to, self._context.charter)
            listing = replace(listing, shown_to=kept)
        as_before = replace(listing, visible_until_ms=until_ms)
        if as_before == held.listing and until_ms > self._context.now_ms:
            return self._answer(row, "unchanged", held)
        try:
            if listing.category != held.listing.category:
                refuse_category(listing.shown_to, listing.category, self._context.charter)
            return self._answer(row, "changed", await self._node.market.edit(held.key, listing))
        except LocalError as error:
            return self._answer(row, "refused", error)

    def _held(self, listing: Listing) -> StoredListing | None:
        return None if listing.source_id is None else self._standing.get(listing.source_id)

    def _answer(
        self, row: ImportRow, outcome: OutcomeName, result: StoredListing | LocalError
    ) -> None:
        if isinstance(result, LocalError):
            self.answers.append(RowAnswer(row.line, "refused", None, failure_of(result)))
            return
        answer = listing_answer(self._node, result, self._context.now_ms)
        self.answers.append(RowAnswer(row.line, outcome, answer, None))
