"""Writing reviews: committed to first, shown when both are bound or after two weeks."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from node.clock import Clock, Skew
from node.ledger.books import Books
from node.ledger.own_chain import OwnChain
from node.mail.incoming import Delivery, DeliveryState, Incoming, TakeIn
from node.store.database import Connection, Database
from node.store.receipts import (
    OwnReview,
    add_review,
    commitments,
    note_review_linked,
    own_receipt,
    own_reviews,
    take_commitment,
)
from protocol import limits
from protocol.errors import LocalError
from protocol.ids import DeviceKey, HouseholdId, text_of
from protocol.ledger.receipt import Outcome
from protocol.ledger.review import (
    REVEAL_AFTER_MS,
    SALT_BYTES,
    Commitment,
    Review,
    read_commitment,
)
from protocol.mail.letter import Topic
from protocol.text import clean

_ARRIVED = (DeliveryState.DELIVERED, DeliveryState.READ)


class Letters(Protocol):
    """What reviews need of the post."""

    def serve(self, topic: Topic, take_in: TakeIn) -> None:
        """Have letters of a topic taken in."""

    def write(
        self,
        connection: Connection,
        recipient: HouseholdId,
        topic: Topic,
        content: bytes,
        message_id: bytes | None = None,
        device: DeviceKey | None = None,
    ) -> bytes:
        """Queue a letter within the caller's transaction; return its message id."""

    def wake(self) -> None:
        """Deliver what is due."""

    async def delivery(self, message_ids: Sequence[bytes]) -> dict[bytes, Delivery]:
        """Return how far letters have come."""


@dataclass(frozen=True, slots=True)
class ReviewView:
    """One review as it shows. month: of the trade's end, yyyymm. outcome: of that trade.

    changed: whether it differs from what its author had committed itself to with us.
    """

    author: HouseholdId
    about: HouseholdId
    recommends: bool
    text: str
    at_ms: int
    receipt: bytes
    outcome: Outcome
    month: int
    changed: bool


class Reviews:
    """The reviews that this device writes, and all that show."""

    def __init__(
        self,
        database: Database,
        own: HouseholdId,
        chain: OwnChain,
        books: Books,
        letters: Letters,
        clock: Clock,
        skew: Skew,
        wake: Callable[[], None],
    ) -> None:
        """wake: has what is due shown soon."""
        self._database = database
        self._own = own
        self._chain = chain
        self._books = books
        self._letters = letters
        self._clock = clock
        self._skew = skew
        self._wake = wake
        letters.serve(Topic.REVIEW, self._take_in)

    async def write(self, receipt: bytes, recommends: bool, text: str) -> None:
        """Review the other side of a finished trade. It shows together with theirs, or later.

        receipt: the digest. LocalError ``receipt-not-found``, ``receipt-unconfirmed``,
        ``receipt-private``, ``already-reviewed``, ``review-too-late`` (theirs shows already),
        ``review-too-long``.
        """
        written = clean(text, lines=True)
        if len(written.encode()) > limits.MAX_REVIEW_BYTES:
            raise LocalError(
                "review-too-long", bytes=len(written.encode()), most=limits.MAX_REVIEW_BYTES
            )
        shown = [posted for posted in await self._shown() if posted.receipt == receipt]
        if any(posted.author != self._own for posted in shown):
            raise LocalError("review-too-late")
        salt = os.urandom(SALT_BYTES)

        def add(connection: Connection) -> None:
            held = own_receipt(connection, receipt)
            if held is None:
                raise LocalError("receipt-not-found", id=text_of(receipt))
            if not held.signed.complete:
                raise LocalError("receipt-unconfirmed")
            if not held.signed.receipt.public:
                raise LocalError("receipt-private")
            mine = any(own.review.receipt == receipt for own in own_reviews(connection))
            if mine or shown:
                raise LocalError("already-reviewed")
            review = Review(
                receipt, held.signed.receipt.other(self._own), recommends, written, salt
            )
            content = Commitment(receipt, review.commitment()).pack()
            letter = self._letters.write(connection, review.about, Topic.REVIEW, content)
            add_review(connection, review, letter)

        await self._database.write(add)
        self._letters.wake()
        self._wake()

    async def waiting(self) -> list[OwnReview]:
        """Return the own reviews that do not show yet."""
        return [own for own in await self._database.read(own_reviews) if not own.linked]

    async def of(self, household: HouseholdId) -> list[ReviewView]:
        """Return what others say of a household, in the order in which they said it."""
        return [view for view in await self._shown() if view.about == household]

    async def reveal(self) -> None:
        """Link the own reviews that are due: both sides are bound, or two weeks have passed.

        Raises LocalError as any record's of one's own.
        """
        waiting = await self.waiting()
        if not waiting:
            return
        delivered = await self._letters.delivery([own.letter for own in waiting])
        theirs = await self._database.read(commitments)
        for own in waiting:
            delivery = delivered.get(own.letter)
            arrived = delivery is not None and delivery.state in _ARRIVED
            both = arrived and (own.review.receipt, own.review.about) in theirs
            if both or await self._is_old(own.review.receipt):
                await self._show(own.review)

    async def _is_old(self, receipt: bytes) -> bool:
        held = await self._database.read(lambda connection: own_receipt(connection, receipt))
        return (
            held is not None
            and self._skew.trustworthy
            and self._clock.now_ms() >= held.concluded_at_ms + REVEAL_AFTER_MS
        )

    async def _show(self, review: Review) -> None:
        # The receipt first, by whichever device: a review without one counts for nothing.
        if review.receipt not in (await self._books.verify(self._own)).receipts:
            return
        await self._chain.append([review])
        await self._database.write(lambda c: note_review_linked(c, review.receipt))

    async def _shown(self) -> list[ReviewView]:
        accounts = await self._books.accounts()
        theirs = await self._database.read(commitments)
        views = []
        for posted in sorted(accounts.reviews, key=lambda posted: posted.at_ms):
            review = posted.review
            receipt = accounts.receipts[review.receipt].receipt
            bound = theirs.get((review.receipt, posted.author))
            views.append(
                ReviewView(
                    posted.author,
                    review.about,
                    review.recommends,
                    review.text,
                    posted.at_ms,
                    review.receipt,
                    receipt.outcome,
                    receipt.month,
                    bound is not None and bound != review.commitment(),
                )
            )
        return views

    def _take_in(self, connection: Connection, incoming: Incoming) -> None:
        """Keep what the other side has committed itself to, whichever trade it is about."""
        if not incoming.is_copy and incoming.sender != self._own:
            take_commitment(connection, incoming.sender, read_commitment(incoming.content))
