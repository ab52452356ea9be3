"""The chapter on trades says what the code does."""

from __future__ import annotations

import re

import trade_diagrams

from protocol.trade import limits
from protocol.trade.letter import MAX_LETTER_BYTES, MAX_MESSAGES
from protocol.trade.transitions import Guard
from protocol.trade.types import Type

CHAPTER = trade_diagrams.CHAPTER.read_text("utf-8")


def test_the_tables_and_diagrams_are_drawn_from_the_table_of_transitions() -> None:
    assert trade_diagrams.drawn(CHAPTER) == CHAPTER, "run scripts/trade_diagrams.py --write"


def test_every_guard_is_said_in_words() -> None:
    section = CHAPTER.partition("### Guards")[2].partition("## 6")[0]
    named = re.findall(r"^\| ([A-Z_, ]+) \|", section, re.MULTILINE)
    assert sorted(", ".join(named).split(", ")) == sorted(guard.name for guard in Guard)


def test_every_type_has_its_number_and_its_body() -> None:
    rows = re.findall(r"^\| ([0-9]+) ([A-Z_]+) \| [PSE] \|", CHAPTER, re.MULTILINE)
    assert [(int(number), name) for number, name in rows] == [(t.value, t.name) for t in Type]


def test_the_limits_are_those_of_the_chapter() -> None:
    assert limits.MAX_MESSAGE_BYTES == 6_144
    assert (limits.MAX_CHAIN, limits.MAX_TEXT, limits.MAX_ADDRESS) == (256, 500, 300)
    assert (limits.MAX_SLOTS, limits.MAX_VARIANTS, limits.MAX_ENTRANTS) == (8, 6, 150)
    assert (limits.SALT_BYTES, limits.CODE_BYTES, limits.DRAW_SECRET_BYTES) == (16, 10, 16)
    days = (limits.LONGEST_PROMISE_MS, limits.UNCONFIRMED_MS, limits.UNSETTLED_MS)
    assert days == tuple(number * 86_400_000 for number in (90, 14, 30))
    assert limits.MAX_AHEAD_MS == 600_000
    assert (MAX_LETTER_BYTES, MAX_MESSAGES) == (24_576, 64)
