"""What a transaction did to a ratchet and then undid has not happened, whatever was at hand."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest

from node.mail.keys import MailKeys
from node.mail.sealing import Sealing, StandingCard
from node.store.database import Database, open_database
from protocol.ids import CommunityId, DeviceKey, HouseholdId
from protocol.mail.letter import Chat, Letter, Topic, read_letter
from protocol.mail.parcel import read_parcel
from protocol.signing import KeyPair, Seed

T = TypeVar("T")
COMMUNITY = CommunityId(bytes(32))
NOW_MS = 1_767_225_600_000


class Undone(Exception):
    """Raised to have a transaction rolled back."""


@dataclass
class End:
    """One end of a correspondence: its file, and what is lost with a crash."""

    database: Database
    keys: MailKeys
    household: HouseholdId
    sealing: Sealing
    card: StandingCard | None = None
    inbox: deque[tuple[bytes, Letter]] = field(default_factory=deque)
    states: list[str] = field(default_factory=list)
    """Of the ratchet after each letter that was sealed for good."""

    @property
    def device(self) -> DeviceKey:
        return self.keys.device

    def crash(self) -> None:
        """Lose what is not in the file."""
        self.sealing = Sealing(COMMUNITY, self.household, bytes(32), self.keys)

    def seal(self, connection: Any, to: End, written: Letter) -> bytes:
        assert to.card is not None
        parcel = self.sealing.seal(connection, written, to.device, to.card, NOW_MS)
        assert parcel is not None
        return parcel.raw

    def read(self, connection: Any, raw: bytes) -> Letter:
        inner = self.sealing.open(read_parcel(raw), self.sealing.seeds(connection))
        assert inner is not None
        plaintext = self.sealing.decipher(connection, inner, NOW_MS)
        assert plaintext is not None
        return read_letter(plaintext)


Ends = tuple[End, End]


@pytest.fixture
async def ends(aio_loop: object, tmp_path: Path, key: bytes) -> AsyncIterator[Ends]:
    async with AsyncExitStack() as stack:

        async def end(name: str) -> End:
            database = await stack.enter_async_context(open_database(tmp_path / name, key))
            keys = MailKeys(COMMUNITY, KeyPair(Seed(os.urandom(32))))
            household = HouseholdId(os.urandom(32))
            made = End(database, keys, household, Sealing(COMMUNITY, household, bytes(32), keys))
            card = await database.write(lambda c: keys.card(c, NOW_MS))
            made.card = StandingCard(os.urandom(32), NOW_MS, card)
            return made

        yield await end("ana.db"), await end("ben.db")


def chat(author: End, to: End, text: str) -> Letter:
    return Letter(
        COMMUNITY,
        os.urandom(16),
        author.household,
        to.household,
        NOW_MS,
        Topic.CHAT,
        Chat(text, None).pack(),
    )


async def exchange(author: End, to: End, text: str) -> None:
    """One letter, for good at both ends."""
    written = chat(author, to, text)
    raw = await author.database.write(lambda c: author.seal(c, to, written))
    assert await to.database.write(lambda c: to.read(c, raw)) == written


async def conversation(ends: Ends) -> Ends:
    ana, ben = ends
    for turn in range(2):
        await exchange(ana, ben, f"Ana {turn}")
        await exchange(ben, ana, f"Ben {turn}")
    return ana, ben


async def undo(end: End, work: Callable[[Any], object]) -> None:
    """Do something in a transaction that fails."""

    def fail(connection: Any) -> None:
        work(connection)
        raise Undone

    with pytest.raises(Undone):
        await end.database.write(fail)


def undo_to_savepoint(connection: Any, work: Callable[[], object]) -> None:
    connection.execute("SAVEPOINT undone")
    work()
    connection.execute("ROLLBACK TO undone")
    connection.execute("RELEASE undone")


@pytest.mark.parametrize("crashes", [False, True])
@pytest.mark.covers("MAI-36")
async def test_a_letter_whose_reading_was_undone_is_read_when_it_comes_again(
    ends: Ends, crashes: bool
) -> None:
    ana, ben = await conversation(ends)
    written = chat(ana, ben, "Once more")
    raw = await ana.database.write(lambda c: ana.seal(c, ben, written))
    await undo(ben, lambda c: ben.read(c, raw))
    if crashes:
        ben.crash()
    assert await ben.database.write(lambda c: ben.read(c, raw)) == written
    await exchange(ben, ana, "Read")


@pytest.mark.parametrize("crashes", [False, True])
@pytest.mark.covers("MAI-36")
async def test_the_letter_after_one_that_was_undone_is_read_before_it_and_both_are_kept(
    ends: Ends, crashes: bool
) -> None:
    ana, ben = await conversation(ends)
    first, second = chat(ana, ben, "First"), chat(ana, ben, "Second")
    raws = await ana.database.write(lambda c: [ana.seal(c, ben, one) for one in (first, second)])

    def read(connection: Any) -> Letter:
        undo_to_savepoint(connection, lambda: ben.read(connection, raws[0]))
        return ben.read(connection, raws[1])

    assert await ben.database.write(read) == second
    if crashes:
        ben.crash()
    assert await ben.database.write(lambda c: ben.read(c, raws[0])) == first
    await exchange(ben, ana, "Read both")


@pytest.mark.covers("MAI-36")
async def test_a_letter_whose_sealing_was_undone_leaves_no_trace_in_the_next(ends: Ends) -> None:
    ana, ben = await conversation(ends)
    await undo(ana, lambda c: ana.seal(c, ben, chat(ana, ben, "Never sent")))

    def seal(connection: Any) -> list[bytes]:
        undo_to_savepoint(
            connection, lambda: ana.seal(connection, ben, chat(ana, ben, "Nor this one"))
        )
        return [ana.seal(connection, ben, one) for one in written]

    written = [chat(ana, ben, "One"), chat(ana, ben, "Two")]
    raws = await ana.database.write(seal)
    read = await ben.database.write(lambda c: [ben.read(c, raw) for raw in raws])
    assert read == written
    await exchange(ben, ana, "Both")


@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.covers("MAI-36", "MAI-37")
async def test_no_ratchet_state_is_used_twice_whatever_is_undone_or_lost(
    ends: Ends, seed: int
) -> None:
    """Each transaction seals and reads some letters; parts of it, or all, are undone."""
    random = Random(seed)
    for _ in range(400):
        one, other = random.sample(ends, 2)
        await _some_letters(random, one, other)
    for one, other in (ends, ends[::-1]):
        while one.inbox:
            raw, written = one.inbox.popleft()
            assert await one.database.write(partial(one.read, raw=raw)) == written
        await exchange(one, other, "All read")
        assert len(one.states) > 50
        assert len(set(one.states)) == len(one.states)


async def _some_letters(random: Random, one: End, other: End) -> None:
    sent: list[tuple[bytes, Letter]] = []
    states: list[str] = []
    left = deque(one.inbox)

    def step(connection: Any) -> None:
        if left and random.random() < 0.6:
            raw, written = left.popleft()
            assert one.read(connection, raw) == written
            return
        written = chat(one, other, f"Letter {random.random()}")
        sent.append((one.seal(connection, other, written), written))
        ((state,),) = connection.execute(
            "SELECT pickle FROM mail_session ORDER BY decrypted DESC, n DESC LIMIT 1"
        )
        states.append(state)

    def work(connection: Any) -> None:
        for _ in range(random.randint(1, 4)):
            before = len(sent), list(left)
            connection.execute("SAVEPOINT letter")
            step(connection)
            if random.random() < 0.3:
                connection.execute("ROLLBACK TO letter")
                del sent[before[0] :], states[before[0] :]
                left.clear()
                left.extend(before[1])
            connection.execute("RELEASE letter")
        if random.random() < 0.3:
            raise Undone

    with suppress(Undone):
        await one.database.write(work)
        one.inbox = left
        one.states += states
        other.inbox.extend(sent)
    if random.random() < 0.1:
        one.crash()


async def test_a_letter_answered_costs_one_statement_at_each_end(ends: Ends) -> None:
    ana, ben = await conversation(ends)
    for author, to in ((ana, ben), (ben, ana)):
        statements: list[str] = []
        written = chat(author, to, "And?")
        raw = await _watched(author, statements, partial(author.seal, to=to, written=written))
        assert await _watched(to, statements, partial(to.read, raw=raw)) == written
        first_words = [statement.split()[0] for statement in statements]
        # The one that reads the keys is for a whole transaction.
        assert first_words == ["UPDATE", "SELECT", "UPDATE"]


async def _watched(end: End, statements: list[str], work: Callable[[Any], T]) -> T:
    def run(connection: Any) -> T:
        connection.set_trace_callback(statements.append)
        try:
            return work(connection)
        finally:
            connection.set_trace_callback(None)

    return await end.database.write(run)
