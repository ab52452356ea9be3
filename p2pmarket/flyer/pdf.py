"""A page as PDF 1.4 (ISO 32000): one page, the standard fonts, and squares.

Text is in Windows-1252, which the standard fonts know by name: all of German, and most of
Europe's west. What it lacks is shown as a question mark.
"""

from __future__ import annotations

from p2pmarket.flyer.page import Page, Square, Text

_FONTS = (("F1", "Helvetica"), ("F2", "Helvetica-Bold"), ("F3", "Courier"))


def as_pdf(page: Page, language: str) -> bytes:
    """Return the file's bytes."""
    content = "\n".join(
        [
            *(_squares(page, square) for square in page.squares),
            *(_text(page, t) for t in page.texts),
        ]
    ).encode("cp1252", "replace")
    fonts = "".join(f"/{name} {5 + n} 0 R" for n, (name, _) in enumerate(_FONTS))
    objects = [
        f"<</Type/Catalog/Pages 2 0 R/Lang({language})>>".encode(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        (
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {page.width:.2f} {page.height:.2f}]"
            f"/Contents 4 0 R/Resources<</Font<<{fonts}>>>>>>"
        ).encode(),
        f"<</Length {len(content)}>>stream\n".encode() + content + b"\nendstream",
        *(
            f"<</Type/Font/Subtype/Type1/BaseFont/{base}/Encoding/WinAnsiEncoding>>".encode()
            for _, base in _FONTS
        ),
        b"<</Title " + _string(page.title) + b">>",
    ]
    return _file(objects)


def _file(objects: list[bytes]) -> bytes:
    written = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    places: list[int] = []
    for number, body in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return (
        written
        + b"xref\n0 %d\n0000000000 65535 f \n" % size
        + table
        + b"trailer\n<</Size %d/Root 1 0 R/Info %d 0 R>>\n" % (size, size - 1)
        + b"startxref\n%d\n%%%%EOF\n" % len(written)
    )


def _text(page: Page, text: Text) -> str:
    font = "F3" if text.monospaced else "F2" if text.bold else "F1"
    return (
        f"BT /{font} {text.size:.2f} Tf {text.left:.2f} {page.height - text.baseline:.2f} Td"
        f" ({_escaped(text.line)}) Tj ET"
    )


def _squares(page: Page, square: Square) -> str:
    """Return rectangles, one for each run of black squares in a row."""
    parts: list[str] = []
    for down, row in enumerate(square.rows):
        bottom = page.height - square.top - (down + 1) * square.side
        for start, length in _runs(row):
            left, width = square.left + start * square.side, length * square.side
            parts.append(f"{left:.3f} {bottom:.3f} {width:.3f} {square.side:.3f} re")
    return "\n".join([*parts, "f"])


def _runs(row: bytes) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    start: int | None = None
    for at, black in enumerate((*row, 0)):
        if black and start is None:
            start = at
        elif not black and start is not None:
            found.append((start, at - start))
            start = None
    return found


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _string(text: str) -> bytes:
    """Return a text of the file's own, in UTF-16, as such may be any."""
    return b"<feff" + text.encode("utf-16-be").hex().encode() + b">"
