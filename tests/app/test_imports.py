"""What a command imports: it must start at once, whatever the node needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("libp2p", "trio", "trio_asyncio", "node", "sqlcipher3", "starlette", "hypercorn", "rich")


def imported_by(*arguments: str, home: str) -> set[str]:
    program = (
        "import sys; from p2pmarket.__main__ import run;"
        f" run([*{arguments!r}, '--home', {home!r}]);"
        " print('modules:' + ','.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    return set(done.stderr.decode().rpartition("modules:")[2].strip().split(","))


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("search", "Zelt"), ("publish", "--help"), ("status",), ("up", "--help")],
    ids=" ".join,
)
def test_a_command_imports_neither_libp2p_nor_trio_nor_the_node(
    arguments: tuple[str, ...], tmp_path: object
) -> None:
    modules = imported_by(*arguments, home=str(tmp_path))
    assert modules.isdisjoint(HEAVY)
    assert "click" in modules


def test_help_lists_the_commands_without_importing_them(tmp_path: object) -> None:
    modules = imported_by("--help", home=str(tmp_path))
    assert {name for name in modules if name.startswith("p2pmarket.cli.")} == {
        "p2pmarket.cli.app",
        "p2pmarket.cli.options",
        "p2pmarket.cli.session",
        "p2pmarket.cli.summaries",
        "p2pmarket.cli.terminal",
    }
