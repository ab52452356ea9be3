"""The catalogue and the manual pages are what the sources say."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import click
import pytest

from p2pmarket import __version__
from p2pmarket.cli.app import build
from p2pmarket.listing_fields import FIELDS
from p2pmarket.texts import choose_language, use_language
from p2pmarket.texts.formats import amount, distance, span

ROOT = Path(__file__).parents[2]


def test_every_sentence_is_translated_and_compiled() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/catalogues.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_manual_pages_are_those_of_the_commands() -> None:
    spec = spec_from_file_location("man_pages", ROOT / "scripts/man_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    held = {path.name: path.read_text("utf-8") for path in (ROOT / "docs/man").glob("*.1")}
    assert held == module.pages()


def test_the_manual_names_every_command_and_every_field_of_a_file() -> None:
    manual = (ROOT / "docs/manual.md").read_text("utf-8")
    root = build()
    named = " ".join(re.findall(r"`([^`]*)`", manual))
    words = {*re.findall(r"[a-z_]+", named), *re.findall(r"[a-z]+-[a-z]+", named)}
    commands = set(root.list_commands(click.Context(root)))
    aliases = {"source_id", "language", "event", "deposit_minor"}
    assert (commands | FIELDS) - words - aliases == set()


def test_the_version_is_that_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == __version__


@pytest.mark.parametrize(
    ("arguments", "environ", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "de_DE.UTF-8"}, "de"),
        ([], {"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "en"),
        ([], {"LANG": "de_DE.UTF-8", "LC_MESSAGES": "fr_FR"}, "en"),
        ([], {"LANG": "de_DE.UTF-8", "P2PMARKET_LANG": "en"}, "en"),
        (["--lang", "de", "status"], {"P2PMARKET_LANG": "en"}, "de"),
        (["status", "--lang=de"], {}, "de"),
        (["search", "--", "--lang", "de"], {}, "en"),
    ],
)
def test_the_language_comes_from_the_option_then_ours_then_the_locale(
    arguments: list[str], environ: dict[str, str], language: str
) -> None:
    assert choose_language(arguments, environ) == language


def test_amounts_distances_and_spans_are_written_as_the_language_does() -> None:
    try:
        use_language("de")
        assert amount(1250, "EUR") == "12,50 €"
        assert distance(2_345) == "2,3 km"
        assert span(7_300) == "2 Stunden"
        use_language("en")
        assert amount(1250, "EUR") == "€12.50"
        assert amount(1250, "CHF") == "12.50 CHF"
        assert amount(1250, "JPY") == "1250 JPY"
        assert distance(340) == "300 m"
        assert span(61) == "1 minute"
    finally:
        use_language("en")
