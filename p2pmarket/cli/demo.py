"""The demo: the main job on real input, with nothing to prepare."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import click

from p2pmarket.cli.options import command
from p2pmarket.cli.session import Session
from p2pmarket.texts import _

_LOOK_AT = {"market": 4, "trade": 4, "community": 1}
"""The household whose home the last line names: it has something to show."""
_LOOK = {"market": "search Sofa", "trade": "trade list --all", "community": "steward list"}


@command(
    "demo",
    _("Uses a new folder and loopback addresses only; your own household is not touched."),
)
@click.option(
    "--scenario",
    type=click.Choice(["market", "trade", "community"]),
    default="market",
    show_default=True,
    help=_("What to show: the market, trades from asking to the receipt, or a community."),
)
@click.option("--keep", is_flag=True, help=_("Leave the nodes running, to play with them."))
def demo(session: Session, scenario: str, keep: bool) -> None:
    """Run the scenario and report; exit code 1 if anything was not as promised."""
    from p2pmarket.demo.governing import run_community_demo
    from p2pmarket.demo.household import CommandFailed
    from p2pmarket.demo.report import Report
    from p2pmarket.demo.scenario import run_demo
    from p2pmarket.demo.trading import run_trade_demo

    folder = Path(tempfile.mkdtemp(prefix="p2pmarket-demo-"))
    report = Report(session.say)
    began = time.perf_counter()
    failure: CommandFailed | None = None
    try:
        run = {
            "market": run_demo,
            "trade": run_trade_demo,
            "community": run_community_demo,
        }[scenario]
        run(folder, report, keep)
    except CommandFailed as failed:
        failure = failed
        report.check(
            "steps_done",
            _("“p2pmarket {command}” ended with: {text}").format(
                command=failed.command, text=failed.text
            ),
            False,
        )
    report.measure("total_s", round(time.perf_counter() - began, 3))
    if report.passed:
        report.say(
            _("Everything held, in {seconds} s.").format(
                seconds=f"{report.measured['total_s']:.0f}"
            )
        )
    running = keep and failure is None
    asked = "" if scenario == "market" else f" --scenario {scenario}"
    look = _LOOK[scenario]
    next_command = _program() + (
        f" --home {folder}/{_LOOK_AT[scenario]} {look}" if running else f" demo{asked} --keep"
    )
    report.say(_("Try next: {command}").format(command=next_command))
    if running:
        report.say(
            _("The homes are in {folder}; stop each with “p2pmarket --home … down”.").format(
                folder=folder
            )
        )
    session.answer(
        {
            "passed": report.passed,
            "checks": report.checks,
            "measured": report.measured,
            "folder": str(folder) if running else None,
            "next_command": next_command,
        },
        [],
    )
    if not running:
        shutil.rmtree(folder, ignore_errors=True)
    if not report.passed:
        click.get_current_context().exit(1)


def _program() -> str:
    """Return how this program can be called from here, on the path or not."""
    called = Path(sys.argv[0])
    if shutil.which("p2pmarket") is not None or called.name != "p2pmarket":
        return "p2pmarket"
    here = Path.cwd()
    return str(called.relative_to(here) if called.is_relative_to(here) else called)
