"""What stands on a flyer or a poster."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal

from p2pmarket.flyer.page import POINTS_PER_MM, Page
from p2pmarket.flyer.pdf import as_pdf
from p2pmarket.flyer.svg import as_svg
from p2pmarket.texts import _, current_language, ngettext, use_language
from p2pmarket.texts.errors import refusal
from p2pmarket.texts.formats import day_and_time
from protocol.errors import LocalError

FileKind = Literal["pdf", "svg"]

_SIZES_MM = {"a4": (210, 297, 18), "a6": (105, 148, 8)}
"""Width, height, margin."""
_QUIET = 4
"""White squares around a QR code that its readers need (ISO/IEC 18004)."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is told. invite: its text. inviter: a household's name, or "".

    households: how many there are, on a poster; wishes: what they look for. where: how to get the
    program, in the community's own words, or "". approval: whether people decide who is let in;
    asks: whether who joins is asked something.
    """

    community: str
    invite: str
    uses: int
    valid_until: datetime
    inviter: str
    households: int | None
    wishes: Sequence[str]
    where: str = ""
    approval: bool = False
    asks: bool = False


def kind_of(file: Path) -> FileKind:
    """Return what kind of file is meant. Raises LocalError ``sheet-kind``."""
    match file.suffix.lower():
        case ".pdf":
            return "pdf"
        case ".svg":
            return "svg"
    raise LocalError("sheet-kind", path=str(file))


@contextmanager
def new_file(file: Path) -> Iterator[BinaryIO]:
    """Open a new file that only its owner may read: what comes in is a secret.

    Nothing is left of it after a failure. Raises LocalError ``sheet-exists`` or
    ``file-not-writable``.
    """
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise LocalError("sheet-exists", path=str(file)) from None
    except OSError as error:
        raise LocalError("file-not-writable", path=str(file), reason=refusal(error)) from None
    try:
        with os.fdopen(descriptor, "wb") as opened:
            yield opened
    except BaseException:
        with suppress(OSError):
            file.unlink()
        raise


def drawn(sheet: Sheet, kind: FileKind, size: str, language: str) -> bytes:
    """Return the file's bytes, in a language of its own."""
    spoken = current_language()
    use_language(language)
    try:
        page = _page(sheet, size)
    finally:
        use_language(spoken)
    return as_pdf(page, language) if kind == "pdf" else as_svg(page, language)


def _page(sheet: Sheet, size: str) -> Page:
    width, height, margin = (mm * POINTS_PER_MM for mm in _SIZES_MM[size])
    page = Page(width, height, margin, sheet.community)
    scale = width / (_SIZES_MM["a4"][0] * POINTS_PER_MM)
    text, small = max(6.5, 13 * scale), max(4.0, 7.5 * scale)
    page.write(sheet.community, 30 * scale, bold=True)
    page.gap(text * 0.6)
    for line in _introduction(sheet):
        page.write(line, text)
        page.gap(text * 0.35)
    code = _code(sheet.invite)
    below = _below(sheet)
    needed = sum(
        len(page.lines(line, points, False, mono)) * points * 1.25 + text * 0.35
        for line, points, mono in _sized(below, text, small)
    )
    page.draw(code, min(page.room, page.left_below - needed - text))
    page.gap(text * 0.35)
    for line, points, mono in _sized(below, text, small):
        page.write(line, points, monospaced=mono)
        page.gap(text * 0.35)
    return page


def _introduction(sheet: Sheet) -> list[str]:
    lines: list[str] = []
    if sheet.households is not None:
        lines.append(
            ngettext(
                "We are {n} household, and begin to lend, give, swap and sell among neighbours.",
                "We are {n} households that lend, give, swap and sell among neighbours.",
                sheet.households,
            ).format(n=sheet.households)
        )
    else:
        lines.append(
            _("A marketplace among neighbours: lend, give, swap and sell, without a company.")
        )
    if sheet.wishes:
        lines.append(_("We look for: {wishes}.").format(wishes="; ".join(sheet.wishes)))
    lines.append(
        _(
            "Members see your household's name and what you offer, and your place to about a"
            " kilometre. Your address is seen only by whom you promise something to. Nobody"
            " outside sees anything."
        )
    )
    return lines


def _below(sheet: Sheet) -> list[tuple[str, bool]]:
    """Return what stands below the code: (text, whether it is the invite itself)."""
    terms = ngettext(
        "For {n} household, until {time}.", "For {n} households, until {time}.", sheet.uses
    ).format(n=sheet.uses, time=day_and_time(sheet.valid_until))
    if sheet.inviter:
        terms += " " + _("{household} invites you.").format(household=sheet.inviter)
    if sheet.where:
        program = _("You need the program p2pmarket on a computer at home. To get it: {where}")
        program = program.format(where=sheet.where)
    else:
        program = _(
            "You need the program p2pmarket on a computer at home; who invites you helps you to it."
        )
    lines = [
        (terms, False),
        (program, False),
        (_("Type “p2pmarket join” there, and scan the code or type the text below."), False),
    ]
    decision = _decision(sheet)
    return [*lines, *([(decision, False)] if decision else ()), (sheet.invite, True)]


def _decision(sheet: Sheet) -> str:
    """Say what lies between the code and belonging; "" where nothing does."""
    if sheet.approval and sheet.asks:
        return _("You answer a few questions; then a neighbour decides whether to let you in.")
    if sheet.approval:
        return _("A neighbour decides whether to let you in.")
    return _("You answer a few questions.") if sheet.asks else ""


def _sized(
    below: Sequence[tuple[str, bool]], text: float, small: float
) -> list[tuple[str, float, bool]]:
    return [(line, small if mono else text, mono) for line, mono in below]


def _code(text: str) -> list[bytes]:
    """Return the squares of a QR code with the white around it, 1 for black."""
    import segno

    squares = [bytes(row) for row in segno.make_qr(text, error="l").matrix]
    side = bytes(_QUIET)
    width = len(squares) + 2 * _QUIET
    blank = [bytes(width)] * _QUIET
    return [*blank, *(side + row + side for row in squares), *blank]
