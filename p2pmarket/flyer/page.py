"""One page: what stands where. The same page is written as PDF and as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from p2pmarket.flyer.metrics import wrap

POINTS_PER_MM = 72 / 25.4
_GROUP = 6


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text. left, baseline: in points from the upper left corner. size: in points."""

    left: float
    baseline: float
    size: float
    bold: bool
    monospaced: bool
    line: str


@dataclass(frozen=True, slots=True)
class Square:
    """Black squares of one code. left, top: in points. side: of one square."""

    left: float
    top: float
    side: float
    rows: tuple[bytes, ...]


@dataclass(slots=True)
class Page:
    """A page that is filled from above. width, height, margin: in points."""

    width: float
    height: float
    margin: float
    title: str
    texts: list[Text] = field(default_factory=list)
    squares: list[Square] = field(default_factory=list)
    top: float = 0.0

    def __post_init__(self) -> None:
        self.top = self.margin

    @property
    def room(self) -> float:
        """How wide a line may be."""
        return self.width - 2 * self.margin

    @property
    def left_below(self) -> float:
        """How much height is left."""
        return self.height - self.margin - self.top

    def write(self, text: str, size: float, bold: bool = False, monospaced: bool = False) -> None:
        """Write a paragraph below what is there."""
        for line in self.lines(text, size, bold, monospaced):
            self.top += size * 1.25
            baseline = self.top - size * 0.25
            self.texts.append(Text(self.margin, baseline, size, bold, monospaced, line))

    def lines(self, text: str, size: float, bold: bool, monospaced: bool) -> list[str]:
        """Return a paragraph's lines."""
        if not monospaced:
            return wrap(text, size, self.room, bold)
        # Courier: each character is 600/1000 wide. In groups a text is easier to type.
        groups = max(1, int(self.room / (size * 0.6)) // (_GROUP + 1))
        split = [text[at : at + _GROUP] for at in range(0, len(text), _GROUP)]
        return [" ".join(split[at : at + groups]) for at in range(0, len(split), groups)]

    def gap(self, height: float) -> None:
        """Leave some room."""
        self.top += height

    def draw(self, code: Sequence[bytes], side: float) -> None:
        """Draw a code of black and white squares, centred, ``side`` points wide."""
        square = side / len(code)
        self.squares.append(Square((self.width - side) / 2, self.top, square, tuple(code)))
        self.top += side
