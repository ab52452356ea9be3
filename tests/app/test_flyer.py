"""Sheets to print: what stands on them, in files that any reader opens and only the owner may."""

from __future__ import annotations

import re
import stat
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import segno

from p2pmarket.flyer.metrics import width_of, wrap
from p2pmarket.flyer.sheet import Sheet, drawn, kind_of, new_file
from p2pmarket.texts import current_language, use_language
from protocol.errors import LocalError
from protocol.invite import read_invite_text

INVITE = "P2PM1-" + "ABCDEFGH234567" * 50
SHEET = Sheet(
    community="Straße (Süd) & Söhne\\",
    invite=INVITE,
    uses=3,
    valid_until=datetime(2026, 12, 1, 18, 30, tzinfo=UTC),
    inviter="Familie Öz",
    households=None,
    wishes=(),
)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def language_stays() -> Any:
    before = current_language()
    yield
    assert current_language() == before
    use_language(before)


def pdf_objects(file: bytes) -> dict[int, bytes]:
    """The objects of a PDF as its cross-reference table names them."""
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", file)[1])  # type: ignore[index]
    table = file[start:]
    assert table.startswith(b"xref\n0 ")
    entries = re.findall(rb"(\d{10}) (\d{5}) ([nf]) \n", table)
    found = {}
    for number, (at, _, kind) in enumerate(entries):
        if kind == b"n":
            body = file[int(at) :]
            assert body.startswith(b"%d 0 obj\n" % number)
            found[number] = body[body.index(b"\n") + 1 : body.index(b"\nendobj\n")]
    assert int(re.search(rb"/Size (\d+)", table)[1]) == len(entries)  # type: ignore[index]
    return found


def pdf_content(file: bytes) -> str:
    content = pdf_objects(file)[4]
    length = int(re.match(rb"<</Length (\d+)>>stream\n", content)[1])  # type: ignore[index]
    stream = content[content.index(b"stream\n") + 7 : content.rindex(b"\nendstream")]
    assert len(stream) == length
    return stream.decode("cp1252")


def pdf_lines(file: bytes) -> list[str]:
    shown = re.findall(r" Td \(((?:[^()\\]|\\.)*)\) Tj ET", pdf_content(file))
    return [re.sub(r"\\(.)", r"\1", line) for line in shown]


def svg_lines(file: bytes) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(file).iter(f"{SVG}text")]


@pytest.mark.parametrize("size", ["a4", "a6"])
@pytest.mark.parametrize("language", ["de", "en"])
def test_both_kinds_of_file_say_the_same_and_hold_the_invite(language: str, size: str) -> None:
    pdf, svg = (drawn(SHEET, kind, size, language) for kind in ("pdf", "svg"))  # type: ignore[arg-type]
    lines = pdf_lines(pdf)
    assert lines == svg_lines(svg)
    text = " ".join(lines)
    assert SHEET.community in text
    assert "Familie Öz" in text
    assert ("1. Dezember 2026" in text) == (language == "de")
    assert ("kilometre" in text) == (language == "en")
    assert INVITE in "".join("".join(lines).split())
    assert f"/Lang({language})".encode() in pdf_objects(pdf)[1]


@pytest.mark.parametrize("size", ["a4", "a6"])
def test_the_code_on_the_sheet_is_that_of_the_invite_with_its_white_border(size: str) -> None:
    code = [bytes(row) for row in segno.make_qr(INVITE, error="l").matrix]
    rectangles = re.findall(
        r"([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re", pdf_content(drawn(SHEET, "pdf", size, "de"))
    )
    assert all(float(height) == float(rectangles[0][3]) for *_, height in rectangles)
    side = float(rectangles[0][3])
    left = min(float(left) for left, *_ in rectangles)
    bottoms = sorted({float(bottom) for _, bottom, *_ in rectangles}, reverse=True)
    squares = [bytearray(len(code)) for _ in code]
    for start, bottom, width, _ in rectangles:
        first = round((float(start) - left) / side)
        for across in range(first, first + round(float(width) / side)):
            squares[bottoms.index(float(bottom))][across] = 1
    assert [bytes(row) for row in squares] == code
    assert side * 25.4 / 72 > 0.4  # a square that a phone can see, in millimetres
    svg = ElementTree.fromstring(drawn(SHEET, "svg", size, "de"))
    (path,) = svg.iter(f"{SVG}path")
    drawn_at = {
        (int(across) - 4, int(down) - 4)
        for across, down in re.findall(r"M(\d+) (\d+)h1v1h-1z", path.attrib["d"])
    }
    assert drawn_at == {
        (across, down) for down, row in enumerate(code) for across, black in enumerate(row) if black
    }


@pytest.mark.parametrize("size", ["a4", "a6"])
def test_everything_stands_on_the_page(size: str) -> None:
    wishes = tuple(f"etwas sehr Langes, das wir lange suchen, Nummer {n}" for n in range(4))
    long = Sheet("W" * 60, INVITE, 1000, SHEET.valid_until, "Ö" * 60, 1, wishes)
    svg = ElementTree.fromstring(drawn(long, "svg", size, "de"))
    _, _, width, height = map(float, svg.attrib["viewBox"].split())
    for text in svg.iter(f"{SVG}text"):
        assert 0 < float(text.attrib["y"]) < height
        points, start = float(text.attrib["font-size"]), float(text.attrib["x"])
        if "Courier" in text.attrib["font-family"]:
            assert start + len(text.text or "") * 0.6 * points <= width
        else:
            assert start + width_of(text.text or "", points) <= width
    joined = " ".join(svg_lines(drawn(long, "svg", size, "de")))
    assert "Wir sind 1 Haushalt" in joined
    assert all(wish in joined for wish in wishes)


@pytest.mark.parametrize("size", ["a4", "a6"])
def test_a_sheet_says_where_the_program_is_and_that_somebody_decides(size: str) -> None:
    def shown(**others: Any) -> str:
        return " ".join(pdf_lines(drawn(replace(SHEET, **others), "pdf", size, "en")))

    assert "who invites you helps you to it" in shown()
    assert "decides" not in shown()
    told = shown(where="bei Anna, 2. Stock", approval=True, asks=True)
    assert "To get it: bei Anna, 2. Stock" in told
    assert "You answer a few questions; then a neighbour decides whether to let you in." in told
    assert "A neighbour decides whether to let you in." in shown(approval=True)


def test_words_are_wrapped_and_broken_only_where_they_must_be() -> None:
    assert wrap("one two three", 10, width_of("one two", 10)) == ["one two", "three"]
    assert wrap("a\n\nb", 10, 100) == ["a", "", "b"]
    pieces = wrap("M" * 100, 10, 95)
    assert "".join(pieces) == "M" * 100
    assert all(width_of(piece, 10) <= 95 for piece in pieces)


def test_a_file_is_new_and_its_owner_s_alone_and_gone_after_a_failure(tmp_path: Path) -> None:
    file = tmp_path / "flyer.pdf"
    with new_file(file) as opened:
        opened.write(b"secret")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(LocalError) as error, new_file(file):
        pass
    assert error.value.code == "sheet-exists"
    assert file.read_bytes() == b"secret"
    with pytest.raises(ZeroDivisionError), new_file(tmp_path / "other.pdf"):
        _ = 1 / 0
    assert not (tmp_path / "other.pdf").exists()
    with pytest.raises(LocalError) as error, new_file(tmp_path / "none" / "x.pdf"):
        pass
    assert error.value.code == "file-not-writable"
    with pytest.raises(LocalError) as error:
        kind_of(tmp_path / "flyer.doc")
    assert error.value.code == "sheet-kind"


def test_a_flyer_from_the_command_line_can_be_used_to_join(founder: Any, tmp_path: Path) -> None:
    file = tmp_path / "flyer.svg"
    outcome = founder.run("invite", "flyer", str(file), "--uses", "2", "--language", "de")
    assert outcome.code == 0, outcome
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    printed = "".join("".join(svg_lines(file.read_bytes())).split())
    read = read_invite_text(printed[printed.rindex("P2PM1-") :])
    assert read.terms.uses == 2
    assert "P2PM1" not in outcome.out
    again = founder.run("invite", "flyer", str(file), "--json")
    assert again.body["error"]["code"] == "sheet-exists"
    listed = founder.json("invite", "list")["results"]
    poster = tmp_path / "poster.pdf"
    hints = ("--looking-for", "Bohrmaschine", "--where", "von Anna")
    left = founder.json("invite", "list")["left"]
    made = founder.json("invite", "poster", str(poster), *hints, "--no-name")
    assert made["uses"] == min(20, left)
    assert "To get it: von Anna" in " ".join(pdf_lines(poster.read_bytes()))
    assert "Wir suchen: Bohrmaschine." not in " ".join(pdf_lines(poster.read_bytes()))
    assert "We look for: Bohrmaschine." in " ".join(pdf_lines(poster.read_bytes()))
    assert len(founder.json("invite", "list")["results"]) == len(listed) + 1


def test_an_option_before_the_word_that_it_is_not_for_is_refused(
    founder: Any, tmp_path: Path
) -> None:
    file = tmp_path / "flyer.pdf"
    outcome = founder.run("invite", "--uses", "5", "flyer", str(file))
    assert outcome.code == 2
    assert "Put --uses behind “flyer”." in outcome.err
    assert not file.exists()
    assert founder.run("invite", "--json", "list").body["results"] is not None
