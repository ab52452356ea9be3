"""A letter sealed at one device and opened at another, with all that is written for it.

Both ends have a file like a node's and do what a node does inside its transactions: the
ratchet's state is read from the file and written back for every letter. The raw limit is what
the encryption libraries need for it, pickles included, and nothing kept.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.bare import connect
from benchmarks.report import Figure, Limit, Target
from node.clock import SystemClock
from node.mail.keys import MailKeys
from node.mail.sealing import Sealing, StandingCard
from node.store.database import Connection
from protocol.ids import CommunityId, DeviceKey, HouseholdId
from protocol.mail import seal
from protocol.mail.card import bind, binding_holds
from protocol.mail.letter import MESSAGE_ID_BYTES, Chat, Letter, Topic, read_letter
from protocol.mail.limits import MAX_PARCELS, PADDED_BYTES
from protocol.mail.parcel import read_parcel
from protocol.signing import KeyPair, Seed

_COMMUNITY = CommunityId(bytes(32))
_TEXT = "Ist das Kinderbett noch da? Wir könnten es am Samstag gegen zehn abholen."
_PLAINTEXT = bytes(300)
"""As long as that chat is as a letter."""
_TURNS = 5
"""Times that everything is measured, ours and bare in turn."""
_TARGET = Target("≥", 2_500)


@dataclass(frozen=True, slots=True)
class _Device:
    """One end of a correspondence with its own file, as a node has it, without the node."""

    connection: Connection
    sealing: Sealing
    keys: MailKeys
    household: HouseholdId
    card: StandingCard


def figures(folder: Path, count: int) -> Iterator[Figure]:
    """Seal and open ``count`` letters, each answered, then all from one side; then the parts."""
    ana, ben = (_device(folder / f"{name}.db") for name in ("ana", "ben"))
    _carry([ben, ana], [ana, ben], 2)
    dialogue, monologue, bare = [], [], []
    for _ in range(_TURNS):
        bare.append(1 / sum(parts(count).values()))
        dialogue.append(count / _seconds(lambda: _carry([ana, ben], [ben, ana], count)))
        monologue.append(count / _seconds(lambda: _carry([ana], [ben], count)))
    for device in (ana, ben):
        device.connection.close()
    yield Figure(
        "seal + open, each letter answered",
        median(dialogue),
        "letters/s",
        Limit("HPKE, Olm and its pickles alone", median(bare)),
        _TARGET,
        paired_ratio=median(ours / raw for ours, raw in zip(dialogue, bare, strict=True)),
    )
    yield Figure("seal + open, one side writes", median(monologue), "letters/s", None, _TARGET)
    for name, seconds in parts(count).items():
        yield Figure(f"of these: {name}", seconds * 1e6, "µs")
    yield Figure("once for each device: check its binding", _binding_s(count) * 1e6, "µs")


def parts(count: int) -> dict[str, float]:
    """Return the seconds of each step for one letter of a dialogue; the libraries alone."""
    secret, info, padded = os.urandom(32), bytes(96), bytes(min(PADDED_BYTES))
    public = seal.hpke_public(secret)
    sealed = seal.wrap(padded, public, info)
    seal.unwrap(sealed, secret, info)
    taken = {
        "HPKE, seal": _seconds(lambda: _times(count, lambda: seal.wrap(padded, public, info))),
        "HPKE, open": _seconds(lambda: _times(count, lambda: seal.unwrap(sealed, secret, info))),
    }
    writes, reads = _ratchets()
    encrypting = decrypting = 0.0
    for _ in range(count):
        began = time.perf_counter()
        writes, olm_type, message = seal.encrypt(writes, _PLAINTEXT)
        sent = time.perf_counter()
        read = seal.decrypt(reads, olm_type, message)
        decrypting += time.perf_counter() - sent
        encrypting += sent - began
        assert read is not None
        writes, reads = read[0], writes
    taken |= {"Olm with its pickles, seal": encrypting, "Olm with its pickles, open": decrypting}
    return {name: seconds / count for name, seconds in taken.items()}


def _ratchets() -> tuple[seal.Ratchet, seal.Ratchet]:
    """Two ends of a session in which both have written."""
    ana, ben = seal.new_account(), seal.new_account()
    at_ana, _, message = seal.encrypt(seal.begin(ana, ben.identity, ben.fallback), b"")
    accepted = seal.accept(ben, ana.identity, message)
    assert accepted is not None
    at_ben, olm_type, message = seal.encrypt(accepted[0], b"")
    read = seal.decrypt(at_ana, olm_type, message)
    assert read is not None
    return read[0], at_ben


def _binding_s(count: int) -> float:
    device, identity = KeyPair(Seed(os.urandom(32))), os.urandom(32)
    binding, key = bind(_COMMUNITY, device, identity), DeviceKey(device.public)
    whole = _seconds(
        lambda: _times(count, lambda: binding_holds(_COMMUNITY, key, identity, binding))
    )
    return whole / count


def _device(file: Path) -> _Device:
    connection, key = connect(file), KeyPair(Seed(os.urandom(32)))
    household, now_ms = HouseholdId(os.urandom(32)), SystemClock().now_ms()
    keys = MailKeys(_COMMUNITY, key)
    sealing = Sealing(_COMMUNITY, household, bytes(32), keys)
    card = StandingCard(os.urandom(32), now_ms, keys.card(connection, now_ms))
    return _Device(connection, sealing, keys, household, card)


def _carry(senders: Sequence[_Device], readers: Sequence[_Device], count: int) -> None:
    """Write and read letters, by the senders in turn, so many in a transaction as in a frame."""
    now_ms = SystemClock().now_ms()
    for start in range(0, count, MAX_PARCELS):
        with _transaction(senders[0]), _transaction(readers[0]):
            seeds = [reader.sealing.seeds(reader.connection) for reader in readers]
            for number in range(start, min(count, start + MAX_PARCELS)):
                turn = number % len(senders)
                _send(senders[turn], readers[turn], seeds[turn], now_ms)


def _send(sender: _Device, reader: _Device, seeds: Sequence[bytes], now_ms: int) -> None:
    letter = Letter(
        _COMMUNITY,
        os.urandom(MESSAGE_ID_BYTES),
        sender.household,
        reader.household,
        now_ms,
        Topic.CHAT,
        Chat(_TEXT, None).pack(),
    )
    device, card = reader.keys.device, reader.card
    parcel = sender.sealing.seal(sender.connection, letter, device, card, now_ms)
    assert parcel is not None
    inner = reader.sealing.open(read_parcel(parcel.raw), seeds)
    assert inner is not None
    plaintext = reader.sealing.decipher(reader.connection, inner, now_ms)
    assert plaintext is not None
    assert read_letter(plaintext) == letter


@contextmanager
def _transaction(device: _Device) -> Iterator[None]:
    device.connection.execute("BEGIN IMMEDIATE")
    yield
    device.connection.execute("COMMIT")


def _times(count: int, work: Callable[[], object]) -> None:
    for _ in range(count):
        work()


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
