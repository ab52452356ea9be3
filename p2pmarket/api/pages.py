"""Where one page of a search ends and the next begins, whatever arrives in between."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from node.node import Node
from protocol.errors import LocalError
from protocol.ids import short

_MAX_OFFSET = 1_000_000
_PART = re.compile(r"([a-z2-7]{10}):(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Page:
    """A page begins at ``offset``. marks: by community, the newest listing of the first page.

    Raises LocalError ``field-out-of-range``.
    """

    offset: int
    marks: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.offset <= _MAX_OFFSET:
            raise LocalError("field-out-of-range", field="offset", least=0, most=_MAX_OFFSET)

    def seen(self, nodes: Sequence[Node]) -> list[Node]:
        """Return the communities that the first page was made of."""
        return [n for n in nodes if not self.marks or short(n.community.id) in self.marks]

    def newest(self, node: Node) -> int | None:
        """Return up to which listing this page goes; None on the first page."""
        return self.marks.get(short(node.community.id))

    def followed_by(self, offset: int, newest: Mapping[Node, int]) -> str:
        """Return the name of the next page."""
        marks = self.marks or {short(node.community.id): seq for node, seq in newest.items()}
        return ".".join([str(offset), *(f"{name}:{seq}" for name, seq in marks.items())])


def read_page(text: str) -> Page:
    """Return the page that an answer named. Raises LocalError ``page-unreadable``."""
    offset, _, rest = text.partition(".")
    parts = [_PART.fullmatch(part) for part in rest.split(".")]
    found = [part for part in parts if part is not None]
    if len(found) != len(parts) or not re.fullmatch(r"\d{1,7}", offset):
        raise LocalError("page-unreadable")
    return Page(int(offset), {part[1]: int(part[2]) for part in found})
