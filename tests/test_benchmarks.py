"""How benchmarks show their figures. That they run is shown by ``make bench QUICK=1`` in CI."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.report import (
    Figure,
    Limit,
    Target,
    as_json,
    number,
    percentile,
    table,
    without_target,
)
from benchmarks.stock import read_records, write_records
from benchmarks.synthetic import listings

SLOW = Figure("start", 90.0, "ms", Limit("bare Python", 10.0), Target("≤", 8, of="ratio"))
QUICK = Figure("search, p99", 4.5, "ms", None, Target("≤", 50), note="p50 1.00")


def test_a_figure_is_held_against_its_raw_limit() -> None:
    assert SLOW.ratio == 9.0
    assert SLOW.met is False
    assert QUICK.ratio is None
    assert QUICK.met is True


def test_a_ratio_of_alternating_slices_goes_before_the_quotient_of_totals() -> None:
    figure = Figure(
        "ingest", 50.0, "records/s", Limit("bare", 100.0), Target("≥", 0.6, of="ratio"),
        paired_ratio=0.61,
    )  # fmt: skip
    assert figure.ratio == 0.61
    assert figure.met is True


def test_a_target_is_met_at_its_bound() -> None:
    assert Target("≤", 15).met_by(15)
    assert not Target("≤", 15).met_by(15.01)
    assert Target("≥", 0.9).met_by(0.9)
    assert not Target("≥", 0.9).met_by(0.89)


def test_a_figure_without_a_target_is_neither_met_nor_missed() -> None:
    assert without_target(SLOW).met is None
    assert without_target(SLOW).ratio == SLOW.ratio


def test_the_table_has_a_line_for_each_figure_and_equal_widths() -> None:
    lines = table([SLOW, QUICK]).splitlines()
    assert len(lines) == 4
    assert len({len(line) for line in lines}) == 1
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert cells == ["start", "90", "ms", "10 (bare Python)", "9.00", "≤ 8 × limit", "NO"]
    assert lines[3].startswith("| search, p99 (p50 1.00) | 4.50")


def test_the_json_holds_what_the_table_shows() -> None:
    written = json.loads(as_json([SLOW, QUICK], {"cores": 2}))
    assert written["schema"] == 1
    assert written["conditions"] == {"cores": 2}
    assert [result["name"] for result in written["results"]] == ["start", "search, p99"]
    assert written["results"][0]["limit"] == {"what": "bare Python", "value": 10.0}
    assert written["results"][0]["met"] is False
    assert written["results"][1]["limit"] is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.3049, "0.30"), (12.34, "12.3"), (4712.6, "4,713"), (100_000, "100,000")],
)
def test_numbers_show_the_digits_that_mean_something(value: float, shown: str) -> None:
    assert number(value) == shown


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert percentile(values, 99) == 99.0
    assert percentile(values, 50) == 50.0
    assert percentile([7.0], 99) == 7.0


def test_records_survive_their_file(tmp_path: Path) -> None:
    raws = [b"", b"a", bytes(70_000)]
    write_records(tmp_path / "records", raws)
    assert read_records(tmp_path / "records") == raws


def test_the_same_seed_writes_the_same_listings() -> None:
    assert list(listings(50, seed=3)) == list(listings(50, seed=3))
    assert list(listings(50, seed=3)) != list(listings(50, seed=4))
