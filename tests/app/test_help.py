"""The help of every command fits a narrow terminal, and nothing in it is cut off."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from p2pmarket.texts import LANGUAGES

# Texts are chosen while the commands are imported: each language needs a process of its own.
WALK = """
import json, sys
import click
from p2pmarket.texts import use_language
use_language(sys.argv[1])
from p2pmarket.cli.app import build

def walk(command, parent, path):
    with click.Context(command, parent, path.split()[-1], terminal_width=80) as context:
        pages[path] = command.get_help(context).split("\\n")
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                walk(command.get_command(context, name), context, f"{path} {name}")

pages = {}
walk(build(), None, "p2pmarket")
json.dump(pages, sys.stdout)
"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_of_any_help_is_wider_than_80_columns_or_cut(language: str) -> None:
    ran = subprocess.run([sys.executable, "-c", WALK, language], capture_output=True, check=True)
    pages = json.loads(ran.stdout)
    assert len(pages) > 100
    wrong = [
        (path, line)
        for path, lines in pages.items()
        for line in lines
        if len(line) > 80 or (line.endswith("...") and not line.endswith(("]...", ")...")))
    ]
    assert wrong == []
