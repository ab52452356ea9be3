"""A page as SVG 1.1: text stays text, so that it can be read aloud and changed."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from p2pmarket.flyer.page import POINTS_PER_MM, Page, Square, Text


def as_svg(page: Page, language: str) -> bytes:
    """Return the file's bytes."""
    width, height = page.width / POINTS_PER_MM, page.height / POINTS_PER_MM
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" xml:lang={quoteattr(language)}'
        f' width="{width:.1f}mm" height="{height:.1f}mm"'
        f' viewBox="0 0 {page.width:.2f} {page.height:.2f}">',
        f"<title>{escape(page.title)}</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        *map(_squares, page.squares),
        *map(_text, page.texts),
        "</svg>",
    ]
    return ("\n".join(lines) + "\n").encode("utf-8")


def _text(text: Text) -> str:
    family = "Courier, monospace" if text.monospaced else "Helvetica, Arial, sans-serif"
    weight = ' font-weight="bold"' if text.bold else ""
    return (
        f'<text x="{text.left:.2f}" y="{text.baseline:.2f}" font-size="{text.size:.2f}"'
        f' font-family="{family}"{weight}>{escape(text.line)}</text>'
    )


def _squares(square: Square) -> str:
    """Return one path; each row's black squares are drawn one by one, and touch."""
    path = "".join(
        f"M{across} {down}h1v1h-1z"
        for down, row in enumerate(square.rows)
        for across, black in enumerate(row)
        if black
    )
    place = f"translate({square.left:.3f} {square.top:.3f}) scale({square.side:.4f})"
    return f'<path transform="{place}" shape-rendering="crispEdges" d="{path}"/>'
