"""Figures, and how they are shown: one table for people, one JSON file for comparing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal


@dataclass(frozen=True, slots=True)
class Target:
    """What the figure is to reach. of: whether the bound is on the value or on the ratio."""

    sign: Literal["≤", "≥"]
    bound: float
    of: Literal["value", "ratio"] = "value"

    def met_by(self, value: float) -> bool:
        """Tell whether a value, or a ratio, reaches it."""
        return value <= self.bound if self.sign == "≤" else value >= self.bound

    def __str__(self) -> str:
        return f"{self.sign} {number(self.bound)}{' × limit' if self.of == 'ratio' else ''}"


@dataclass(frozen=True, slots=True)
class Limit:
    """The raw limit, measured in the same run. what: a few words; value: in the figure's unit."""

    what: str
    value: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. note: what a reader must know beside it."""

    name: str
    value: float
    unit: str
    limit: Limit | None = None
    target: Target | None = None
    note: str = ""
    paired_ratio: float | None = None
    """The median ratio of slices that alternated with the limit's, where there were some: it
    survives a busy machine better than the quotient of two totals."""

    @property
    def ratio(self) -> float | None:
        """The value over its raw limit."""
        if self.paired_ratio is not None:
            return self.paired_ratio
        return None if self.limit is None or not self.limit.value else self.value / self.limit.value

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None without a target."""
        if self.target is None:
            return None
        measured = self.ratio if self.target.of == "ratio" else self.value
        return measured is not None and self.target.met_by(measured)


_HEADINGS = ("figure", "value", "unit", "raw limit", "ratio", "target", "met")


def without_target(figure: Figure) -> Figure:
    """The same figure where a target would mean nothing."""
    return replace(figure, target=None)


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table that also reads well in a terminal."""
    rows = [_HEADINGS, *map(_row, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) + " |" for r in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def as_json(figures: Sequence[Figure], conditions: dict[str, object]) -> str:
    """Return the figures as one JSON object."""
    results = [
        {
            "name": figure.name,
            "value": figure.value,
            "unit": figure.unit,
            "limit": None
            if figure.limit is None
            else {"what": figure.limit.what, "value": figure.limit.value},
            "ratio": figure.ratio,
            "target": None if figure.target is None else str(figure.target),
            "met": figure.met,
            "note": figure.note,
        }
        for figure in figures
    ]
    return json.dumps(
        {"schema": 1, "conditions": conditions, "results": results}, ensure_ascii=False, indent=1
    )


def number(value: float) -> str:
    """Return a number with as many digits as mean something."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile of some values (at least one)."""
    return sorted(values)[max(0, ceil(len(values) * percent / 100) - 1)]


def _row(figure: Figure) -> tuple[str, ...]:
    limit, ratio = figure.limit, figure.ratio
    return (
        figure.name + (f" ({figure.note})" if figure.note else ""),
        number(figure.value),
        figure.unit,
        "" if limit is None else f"{number(limit.value)} ({limit.what})",
        "" if ratio is None else f"{ratio:.2f}",
        "" if figure.target is None else str(figure.target),
        {None: "", True: "yes", False: "NO"}[figure.met],
    )
