"""The chapters say what the vectors show."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from vector_world import World

from protocol import limits
from protocol.membership.slots import full_slots, provisional_slots

ROOT = Path(__file__).parent.parent.parent
SPEC = ROOT / "docs" / "spec"
EXAMPLES = {
    "01-conventions.md": ("wire/example.json", "bytes"),
    "02-records.md": ("records/example.json", "record"),
    "03-listings.md": ("listings/example.json", "body"),
}


def hex_of_the_example(chapter: str) -> str:
    """The first word of each line of the fenced example (in chapter 01 all words)."""
    block = re.search(r"```hex\n(.*?)```", (SPEC / chapter).read_text("utf-8"), re.DOTALL)
    assert block is not None
    lines = block[1].splitlines()
    if chapter.startswith("01"):
        return "".join(block[1].split())
    return "".join(line.split()[0] for line in lines)


@pytest.mark.parametrize("chapter", EXAMPLES)
def test_the_example_of_a_chapter_is_a_vector(chapter: str) -> None:
    path, field = EXAMPLES[chapter]
    vector = json.loads((ROOT / "tests" / "vectors" / path).read_text("utf-8"))
    assert hex_of_the_example(chapter) == vector["input"][field]


def test_the_certificate_of_the_example_is_in_its_vector() -> None:
    path = ROOT / "tests" / "vectors" / "evaluation" / "example.json"
    assert (
        hex_of_the_example("04-membership.md")
        in json.loads(path.read_text("utf-8"))["input"]["records"]
    )


@pytest.mark.covers("RCD-16")
def test_the_slots_are_those_of_the_table() -> None:
    charter = World().charter
    names = {
        "invite_budget, at least 256": max(charter.invite_budget, 256),
        "4 × listing_slots": 4 * charter.listing_slots,
    }
    chapter = (SPEC / "02-records.md").read_text("utf-8")
    section = chapter.partition("## 4 Slots")[2].partition("## 5")[0]
    row = r"^\| ([0-9][^|]*) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$"
    table = re.findall(row, section, re.MULTILINE)
    rows: dict[int, list[int]] = {}
    for kinds, *cells in table:
        numbers = [
            names.get(cell) or int(cell.removesuffix(" each").replace(",", "")) for cell in cells
        ]
        for part in kinds.split(", "):
            span = [int(n) for n in re.findall(r"[0-9]+", part)]
            rows |= dict.fromkeys(range(span[0], span[-1] + 1), numbers)
    assert set(rows) == set(range(1, 192))
    for kind, (founder, confirmed, provisional) in rows.items():
        assert full_slots(kind, charter, founder=True) == founder, kind
        assert full_slots(kind, charter, founder=False) == confirmed, kind
        assert provisional_slots(kind) == provisional, kind


def test_the_limits_are_those_of_the_chapters() -> None:
    assert limits.MAX_RECORD_BYTES == 8_192
    assert limits.MAX_GENESIS_BYTES == 2_048
    assert limits.CONTENT_LIFETIME_MS == 91 * 86_400_000
    assert limits.DURABLE_LIFETIME_MS == 3_653 * 86_400_000
    assert (limits.MAX_PROOF_BYTES, limits.MAX_PROOF_RECORDS) == (16_384, 64)
