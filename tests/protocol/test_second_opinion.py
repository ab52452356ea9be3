"""The implementation that was written from the specification alone agrees about any records."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from second_membership import Community, Record
from vector_pool import LIKELY, MEMBERSHIP, NOW_MS, POOL, WORLD

from protocol.admission import Admit, Park, Reject, admit_all
from protocol.envelope import Envelope

Records = list[Envelope]


def some(records: Records) -> st.SearchStrategy[Records]:
    return st.lists(st.sampled_from(records), max_size=40, unique_by=lambda record: record.id)


@settings(max_examples=150, deadline=None)
@given(some(MEMBERSHIP), st.booleans())
def test_about_who_belongs(records: Records, with_likely: bool) -> None:
    records = list({r.id: r for r in [*(LIKELY if with_likely else []), *records]}.values())
    members = WORLD.found().extended(records)
    community = Community(WORLD.genesis.raw)
    community.evaluate([Record(record.raw) for record in records])
    assert {
        household: (m.status.value, m.inviter, m.depth, m.confirmed, dict(m.devices))
        for household, m in members.households.items()
    } == {
        household: (m.status, m.inviter, m.depth, m.confirmed, m.devices)
        for household, m in community.members.items()
    }
    assert set(members.removed) == community.removed
    standing = {record.id for record in community.stand.values()}
    assert {record.id for record in members.records} == standing


@settings(max_examples=150, deadline=None)
@given(some(MEMBERSHIP), some(POOL), st.integers(0, 3))
def test_about_every_verdict(known: Records, arriving: Records, hours_early: int) -> None:
    now_ms = NOW_MS - hours_early * 3_600_000 * 3
    members = WORLD.found().extended([*LIKELY, *known])
    community = Community(WORLD.genesis.raw)
    community.evaluate([Record(record.raw) for record in (*LIKELY, *known)])
    verdicts, _ = admit_all([record.raw for record in arriving], now_ms, members)
    assert [shown(verdict) for verdict in verdicts] == community.admit(
        [record.raw for record in arriving], now_ms
    )


def shown(verdict: object) -> list[str | None]:
    if isinstance(verdict, Admit):
        return ["admit", None]
    assert not isinstance(verdict, Reject)
    reason = verdict.reason  # type: ignore[attr-defined]
    return ["park" if isinstance(verdict, Park) else "ignore", reason]
