"""Two entries with one number are a proof that anyone can check, and that nobody can make up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vector_ledger import ANA, BEN, CEM, STRANGER, WORLD, Chain, members, traded
from vector_world import Household

from protocol import wire
from protocol.envelope import Envelope
from protocol.kinds import Kind
from protocol.ledger.chain import verify
from protocol.ledger.entry import PrivateReceipt
from protocol.ledger.forks import Fork, accuses, fork_of, read_fork_proof


def forked(of: Household = ANA, device: int = 0) -> Fork:
    one, other = Chain(of, device), Chain(of, device)
    for chain in (one, other):
        chain.link(traded(of, CEM if of is BEN else BEN, 1))
    a = one.link(PrivateReceipt(bytes(32)))
    b = other.link(PrivateReceipt(b"\1" * 32), slot=device + 80)
    fork = fork_of(a, b)
    assert fork is not None
    return fork


def proof(of: Fork, by: Household = CEM, **fields) -> Envelope:
    return WORLD.sign(by, Kind.FORK_PROOF, of.pack(), **fields)


def test_a_fork_is_proven_to_who_has_seen_nothing() -> None:
    fork = read_fork_proof(proof(forked()))
    assert fork is not None
    assert (fork.household, fork.index) == (ANA.id, 1)
    assert accuses(fork, members())
    report = verify(ANA.id, [], members(), forks=[fork])
    assert [(finding.flaw.value, finding.index) for finding in report.findings] == [("fork", 1)]
    assert verify(BEN.id, [], members(), forks=[fork]).sound


def test_it_makes_no_difference_which_one_was_seen_first() -> None:
    fork = forked()
    assert fork_of(fork.a, fork.b) == fork_of(fork.b, fork.a) == fork


def test_a_fork_outlives_the_device() -> None:
    body = WORLD.certify_device(ANA).body
    withdrawn = WORLD.sign(ANA, Kind.DEVICE, body, withdrawn=True, revision=1)
    assert accuses(forked(), members(withdrawn))


def test_one_link_or_links_with_two_numbers_or_of_two_devices_are_none() -> None:
    chain = Chain(ANA)
    first, second = chain.link(traded()), chain.link(PrivateReceipt(bytes(32)))
    other_device = Chain(ANA, device=1).link(traded())
    other_household = Chain(BEN).link(traded())
    listing = WORLD.listing(ANA)
    for other in (first, second, other_device, other_household, listing):
        assert fork_of(first, other) is None


def test_a_device_that_the_household_never_had_proves_nothing_against_it() -> None:
    fork = read_fork_proof(proof(forked(ANA, device=1)))
    assert fork is not None
    assert not accuses(fork, members())
    assert verify(ANA.id, [], members(), forks=[fork]).sound


def test_a_household_that_does_not_belong_cannot_be_accused() -> None:
    assert not accuses(forked(STRANGER), members())


@pytest.mark.parametrize("name", ["same", "turned", "forged", "withdrawn", "kind", "more"])
def test_what_proves_nothing_is_none(name: str) -> None:
    fork = forked()
    a, b = fork.a.raw, fork.b.raw
    forged = bytes([*b[:-1], b[-1] ^ 1])
    bodies = {
        "same": wire.pack((1, a, a)),
        "turned": wire.pack((1, b, a)),
        "forged": wire.pack((1, *sorted((a, forged)))),
        "more": wire.pack((1, a, b, None)),
    }
    record = WORLD.sign(
        CEM,
        Kind.LISTING if name == "kind" else Kind.FORK_PROOF,
        bodies.get(name, fork.pack()),
        withdrawn=name == "withdrawn",
    )
    assert read_fork_proof(record) is None


def test_a_fork_in_another_community_proves_nothing_here() -> None:
    record = WORLD.sign(CEM, Kind.FORK_PROOF, forked().pack(), community=bytes(32))
    assert read_fork_proof(record) is None


@settings(max_examples=200)
@given(body=st.binary(max_size=400))
def test_no_body_is_more_than_nothing(body: bytes) -> None:
    assert read_fork_proof(WORLD.sign(CEM, Kind.FORK_PROOF, body)) is None


def test_every_bit_of_a_proof_is_bound() -> None:
    body = bytearray(forked().pack())
    for bit in range(0, len(body) * 8, 3):
        body[bit // 8] ^= 1 << bit % 8
        fork = read_fork_proof(WORLD.sign(CEM, Kind.FORK_PROOF, bytes(body)))
        assert fork is None, bit
        body[bit // 8] ^= 1 << bit % 8
