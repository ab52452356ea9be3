"""What the demo tells while it runs, and the one object it ends with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from p2pmarket.cli.terminal import safe
from p2pmarket.texts import _


class Report:
    """Sentences as they come; measurements and checks by name."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self.measured: dict[str, float | int] = {}
        self.checks: dict[str, bool] = {}

    @property
    def passed(self) -> bool:
        """Whether every check held."""
        return bool(self.checks) and all(self.checks.values())

    def say(self, sentence: str) -> None:
        """Tell the person something."""
        self._show(safe(sentence))

    def measure(self, name: str, value: float | int) -> None:
        """Note a figure."""
        self.measured[name] = value

    def check(self, name: str, sentence: str, holds: bool) -> None:
        """Note whether something that must hold does, and say so if it does not."""
        self.checks[name] = holds
        if not holds:
            self.say(_("NOT as promised: {sentence}.").format(sentence=sentence))

    @contextmanager
    def timed(self, name: str, sentence: str) -> Iterator[None]:
        """Measure the seconds that a step takes, and say what was done."""
        began = time.perf_counter()
        yield
        seconds = time.perf_counter() - began
        self.measure(name, round(seconds, 3))
        self.say(_("{sentence}: {seconds} s.").format(sentence=sentence, seconds=f"{seconds:.1f}"))
