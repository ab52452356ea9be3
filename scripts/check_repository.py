"""The repository's own rules that no other tool checks. Prints what breaks them; exit code 1."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES = 450
_URL = re.compile(r"https?://")
_SLEEP = re.compile(r"\b(trio|time)\.sleep\(0?\.?[0-9]")
# Where time is simulated, a sleep moves the clock.
_VIRTUAL_TIME = re.compile(r"\bworld\b|autojump_clock|MockClock")
_UNFINISHED = re.compile(
    r"NotImplementedError|\bTODO\b|\bFIXME\b|\bXXX\b|pytest\.mark\.(skip|xfail)\b"
)


def tracked() -> list[Path]:
    """Return the files that git tracks."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def problems(path: Path) -> list[str]:
    """Return what is wrong with one file."""
    name = path.relative_to(ROOT).as_posix()
    if not path.is_file() or path.is_symlink():
        return []
    found: list[str] = []
    if path.suffix == ".lock" and _URL.search(path.read_text("utf-8")):
        found.append("a lock names a host")
    if path.suffix != ".py" or path == Path(__file__).resolve():
        return [f"{name}: {problem}" for problem in found]
    text = path.read_text("utf-8")
    if name.startswith(("protocol/", "node/", "p2pmarket/")) and text.count("\n") > MAX_LINES:
        found.append(f"more than {MAX_LINES} lines: is it still one subject?")
    if name.startswith("tests/") and _SLEEP.search(text) and not _VIRTUAL_TIME.search(text):
        found.append("a test sleeps: wait on an event, or move the clock")
    if match := _UNFINISHED.search(text):
        found.append(f"unfinished: {match.group()}")
    return [f"{name}: {problem}" for problem in found]


def main() -> int:
    """Check every tracked file."""
    found = [problem for path in tracked() for problem in problems(path)]
    print("\n".join(found) if found else "repository rules: kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
