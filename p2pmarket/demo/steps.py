"""What every scenario of the demo begins with, and how it waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Any

from p2pmarket.demo.household import CommandFailed, Household
from p2pmarket.demo.report import Report
from p2pmarket.texts import _, ngettext

SAMPLE = "p2pmarket.sample"
_NAMES = (
    ("Familie Rosenquast", "Südhöhe"),
    ("Fahrradladen Speiche", "Altstadt"),
    ("WG Milchmond", "Mühlenviertel"),
    ("Hofladen Kranichwiese", "Unterdorf"),
    ("Werkstatt Kastanie", "Altstadt"),
)
_PATIENCE_S = 60.0
_LOOK_S = 0.005


def new_households(folder: Path, count: int) -> list[Household]:
    """Return so many households, each with an empty home of its own."""
    return [
        Household(name, place, folder / str(number))
        for number, (name, place) in enumerate(_NAMES[:count], start=1)
    ]


def begin(households: Sequence[Household], report: Report) -> None:
    """Make the identities and start the nodes."""
    count = len(households)
    report.say(
        ngettext(
            "{n} household, a process of its own on this computer:",
            "{n} households, each a process of its own on this computer:",
            count,
        ).format(n=count)
    )
    for household in households:
        report.say(f"  {household.name} ({household.place})")

    def start(household: Household) -> None:
        household.run("init", "--name", household.name, "--place", household.place)
        household.start()

    with report.timed("start_s", _("Identities made and nodes started")):
        all_at_once(start, households)


def gather(households: Sequence[Household], folder: Path, report: Report) -> None:
    """Found a community at the first household, and have the others join by one invite."""
    founder, *others = households
    places = folder / "places.json"
    places.write_text((resources.files(SAMPLE) / "places.json").read_text("utf-8"), "utf-8")
    with report.timed("gather_s", _("Community founded; the others joined by one invite")):
        founder.run(
            "community", "create", "--name", "Lindenau", "--rules",
            "Freundlich bleiben. Abholen, was man zusagt.", "--places", str(places),
        )  # fmt: skip
        invite = founder.run("invite", "--uses", str(len(others)), "--expires", "1d")["invite"]
        all_at_once(lambda household: household.run("join", "--yes", typed=invite), others)
        together = until(
            lambda: all(
                household.community()["my_status"] in ("founder", "confirmed")
                and household.community()["sync"]["neighbours_connected"] == len(others)
                for household in households
            )
        )
    report.check("everybody_confirmed", _("everybody is confirmed and connected"), together)


def stop_all(households: Sequence[Household], report: Report) -> None:
    """End every node that still runs."""

    def stop(household: Household) -> None:
        with suppress(CommandFailed):
            household.stop()

    all_at_once(stop, households)
    report.say(_("All nodes are stopped."))


def until(holds: Callable[[], bool]) -> bool:
    """Look again and again until it holds; False after a minute."""
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_S)
    return True


def all_at_once(work: Callable[[Any], Any], items: Sequence[Any]) -> None:
    """Do something for each item, side by side. Raises the first error."""
    with ThreadPoolExecutor(len(items)) as pool:
        list(pool.map(work, items))
