"""QR codes in the terminal: whole, or not at all."""

from __future__ import annotations

import pytest
import segno

from p2pmarket.cli.pasted import qr_lines
from p2pmarket.cli.terminal import width

INVITE = "P2PM1-" + "A2B7" * 175
DEVICE_CODE = "P2PD1-" + "A2B7" * 290
DARK = {" ": (1, 1), "▀": (0, 1), "▄": (1, 0), "█": (0, 0)}


def modules(lines: list[str]) -> list[list[int]]:
    """Read half blocks back, two rows a line; the last line has no lower row."""
    rows = [[DARK[c][half] for c in line] for line in lines for half in (0, 1)]
    return rows[:-1]


@pytest.mark.parametrize(("columns", "border"), [(80, 1), (81, 2), (200, 2)])
def test_an_invite_is_drawn_whole_with_as_much_frame_as_fits(
    columns: int, border: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = qr_lines(INVITE)
    assert max(map(width, lines)) == 77 + 2 * border
    expected = segno.make_qr(INVITE, error="l").matrix_iter(border=border)
    assert modules(lines) == [[int(module) for module in row] for row in expected]


def test_a_code_too_wide_for_the_window_is_not_drawn_but_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = qr_lines(DEVICE_CODE)
    assert "99" in " ".join(lines)
    assert not set("".join(lines)) & set("▀▄█")
    assert max(map(width, lines)) <= 80
