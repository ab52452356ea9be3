"""The test vectors of the specification: one module an area, each with `cases()`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# What a vector holds: JSON, with bytes that are written as lower-case hex. Mapping and
# object, so that an area need not repeat the recursive type at each literal.
Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Case:
    """One scenario, written to tests/vectors/<area>/<name>.json.

    rules: the ids of docs/spec that it shows, at least one.
    comment: why this case is there.
    operation: what the reader of the vector does with `input` to get `expect`.
    """

    name: str
    rules: tuple[str, ...]
    comment: str
    operation: str
    input: Fields
    expect: Fields
