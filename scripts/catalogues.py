"""Keep the German catalogue complete: extract the sentences, merge, compile.

    python scripts/catalogues.py           update the .po from the sources and compile the .mo
    python scripts/catalogues.py --check   fail if either is stale or a sentence is missing

The sentences of click (usage, options, errors) are extracted too: it asks our catalogue.
"""

from __future__ import annotations

import argparse
import io
import string
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "p2pmarket/locale/de/LC_MESSAGES/p2pmarket.po"
MO = PO.with_suffix(".mo")
SOURCES = (ROOT / "p2pmarket", Path(click.__file__).parent)
KEYWORDS = {"_": None, "gettext": None, "msgid": None, "ngettext": (1, 2)}
# The catalogue changes when its sentences do, not with every run.
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> int:
    """Return 0 if the catalogue is complete."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, only compare")
    chosen = parser.parse_args()
    catalogue = merged()
    problems = missing(catalogue)
    po, mo = written(catalogue)
    if chosen.check:
        if PO.read_bytes() != po or MO.read_bytes() != mo:
            problems.append("the catalogue is stale: run `make catalogues`")
    else:
        PO.write_bytes(po)
        MO.write_bytes(mo)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def merged() -> Catalog:
    """Return the German catalogue brought up to date with the sources."""
    template = Catalog(charset="utf-8")
    for folder in SOURCES:
        found = extract_from_dir(folder, method_map=[("**.py", "python")], keywords=KEYWORDS)
        for _name, _line, sentence, _comments, _context in found:
            template.add(sentence, flags=_flags(sentence))
    catalogue = Catalog(locale="de")
    if PO.exists():
        with PO.open("rb") as file:
            catalogue = read_po(file, locale="de")
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.project, catalogue.version = "p2pmarket", ""
    catalogue.creation_date = catalogue.revision_date = _EPOCH
    catalogue.header_comment = "# German sentences of p2pmarket; `make catalogues` keeps it."
    catalogue.fuzzy = False
    return catalogue


def missing(catalogue: Catalog) -> list[str]:
    """Return what is untranslated, and translations whose fields are not the original's."""
    problems = []
    for message in catalogue:
        if not message.id:
            continue
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        if not all(isinstance(text, str) and text for text in texts):
            problems.append(f"untranslated: {originals[0]!r}")
            continue
        fields = set().union(*map(_fields, originals))
        problems += [
            f"other fields than the original: {text!r}"
            for text in texts
            if not _fields(text) <= fields or (len(texts) == 1 and _fields(text) != fields)
        ]
    return problems


def written(catalogue: Catalog) -> tuple[bytes, bytes]:
    """Return the bytes of the .po and of the .mo."""
    po, mo = io.BytesIO(), io.BytesIO()
    write_po(
        po,
        catalogue,
        width=98,
        sort_output=True,
        ignore_obsolete=True,
        include_lineno=False,
        no_location=True,
    )
    write_mo(mo, catalogue)
    return po.getvalue(), mo.getvalue()


def _flags(sentence: object) -> list[str]:
    text = sentence[0] if isinstance(sentence, tuple) else sentence
    return ["python-brace-format"] if _fields(str(text)) else []


def _fields(text: object) -> set[str]:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(str(text)) if name}
    except ValueError:
        return set()


if __name__ == "__main__":
    sys.exit(main())
