"""Write the manual pages docs/man/*.1 from the commands themselves (a test compares them).

python scripts/man_pages.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from p2pmarket import __version__
from p2pmarket.texts import use_language

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs/man"
_FILES = {
    "HOME/household.key": "the secret behind the 24 words; readable by its owner only",
    "HOME/household.json": "name and place, until a community's profile holds them",
    "HOME/communities/": "one folder a community, with its encrypted database",
    "HOME/daemon.sock": "where the node answers commands",
    "HOME/daemon.log": "what the node did",
}
_ENVIRONMENT = {
    "P2PMARKET_HOME": "the household's folder, where --home is not given",
    "P2PMARKET_LANG": "the language of texts, en or de",
    "NO_COLOR": "if set, no colours",
}
_EXIT_CODES = {
    "0": "done",
    "1": "an error, explained in one sentence",
    "2": "the command was called in a wrong way",
    "3": "the node is not running",
    "4": "what was named does not exist",
    "5": "nobody who could answer is reachable now",
    "130": "ended by Ctrl-C",
}


def main() -> int:
    """Write every page; remove those of commands that are gone."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    written = pages()
    for path in FOLDER.glob("*.1"):
        if path.name not in written:
            path.unlink()
    for name, text in written.items():
        (FOLDER / name).write_text(text, "utf-8")
    return 0


def pages() -> dict[str, str]:
    """Return the pages by file name."""
    use_language("en")
    from p2pmarket.cli.app import build

    root = build()
    return {
        f"{'-'.join(path)}.1": "\n".join(_page(path, found)) + "\n"
        for path, found in _commands(("p2pmarket",), root)
    }


def _commands(
    path: tuple[str, ...], found: click.Command
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, found
    if isinstance(found, click.Group):
        context = click.Context(found, info_name=path[-1])
        for name in found.list_commands(context):
            inner = found.get_command(context, name)
            if inner is not None:
                yield from _commands((*path, name), inner)


def _page(path: tuple[str, ...], found: click.Command) -> Iterator[str]:
    context = click.Context(found, info_name=" ".join(path))
    summary, *rest = (found.help or "").split("\n\n")
    yield f'.TH "{"-".join(path).upper()}" 1 "" "p2pmarket {__version__}" "p2pmarket"'
    yield ".SH NAME"
    yield f"{'-'.join(path)} \\- {_text(summary.rstrip('.'))}"
    yield ".SH SYNOPSIS"
    yield f".B {_text(' '.join(path))}"
    yield _text(" ".join(found.collect_usage_pieces(context)))
    yield ".SH DESCRIPTION"
    yield _text(summary)
    for paragraph in rest:
        yield ".PP"
        yield _text(paragraph)
    yield ".SH OPTIONS"
    for parameter in found.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1]:
            yield from _entry(*record)
    if isinstance(found, click.Group):
        yield ".SH COMMANDS"
        for name in found.list_commands(context):
            inner = found.get_command(context, name)
            if inner is not None:
                yield from _entry(name, (inner.help or "").split("\n\n")[0])
    if len(path) == 1:
        yield from _section("FILES", _FILES)
        yield from _section("ENVIRONMENT", _ENVIRONMENT)
        yield from _section("EXIT STATUS", _EXIT_CODES)
    else:
        yield ".SH SEE ALSO"
        yield ".BR p2pmarket (1)"


def _section(title: str, entries: Mapping[str, str]) -> Iterator[str]:
    yield f".SH {title}"
    for name, text in entries.items():
        yield from _entry(name, text)


def _entry(name: str, text: str) -> Iterator[str]:
    yield ".TP"
    yield f".B {_text(name)}"
    yield _text(text)


def _text(text: str) -> str:
    """Escape what roff would take for a request or a command."""
    escaped = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + escaped if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    sys.exit(main())
