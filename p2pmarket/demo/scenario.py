"""What the demo does, step by step, and what it measures and checks on the way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from p2pmarket.demo.household import CommandFailed, Household
from p2pmarket.demo.report import Report
from p2pmarket.texts import _, ngettext

_SAMPLE = "p2pmarket.sample"
_NAMES = (
    ("Familie Rosenquast", "Südhöhe"),
    ("Fahrradladen Speiche", "Altstadt"),
    ("WG Milchmond", "Mühlenviertel"),
    ("Hofladen Kranichwiese", "Unterdorf"),
)
_PATIENCE_S = 60.0
_LOOK_S = 0.005
_SINGLE = 10


def run_demo(folder: Path, report: Report, keep: bool) -> None:
    """Run the whole scenario in an empty folder.

    keep: leave the nodes running at the end. Raises CommandFailed if a step cannot be done.
    """
    sample = (resources.files(_SAMPLE) / "listings.jsonl").read_text("utf-8").splitlines()
    households = [
        Household(name, place, folder / str(number))
        for number, (name, place) in enumerate(_NAMES, start=1)
    ]
    done = False
    try:
        _begin(households, report)
        _gather(households, folder, report)
        _publish(households, sample, folder, report)
        _hear_of_one(households, report)
        _search(households[3], report)
        _miss_and_catch_up(households, report)
        _compare(households, report)
        done = True
    finally:
        if not (keep and done):
            for household in households:
                with suppress(CommandFailed):
                    household.stop()
            report.say(_("All four nodes are stopped."))


def _begin(households: list[Household], report: Report) -> None:
    report.say(_("Four households, four processes on this computer:"))
    for household in households:
        report.say(f"  {household.name} ({household.place})")

    def begin(household: Household) -> None:
        household.run("init", "--name", household.name, "--place", household.place)
        household.start()

    with report.timed("start_s", _("Identities made and nodes started")):
        _all_at_once(begin, households)


def _gather(households: list[Household], folder: Path, report: Report) -> None:
    founder, *others = households
    places = folder / "places.json"
    places.write_text((resources.files(_SAMPLE) / "places.json").read_text("utf-8"), "utf-8")
    with report.timed("gather_s", _("Community founded; three households joined by one invite")):
        founder.run(
            "community", "create", "--name", "Lindenau", "--rules",
            "Freundlich bleiben. Abholen, was man zusagt.", "--places", str(places),
        )  # fmt: skip
        invite = founder.run("invite", "--uses", "3", "--expires", "1d")["invite"]
        _all_at_once(lambda household: household.run("join", typed=invite), others)
        _until(
            lambda: all(
                household.community()["my_status"] in ("founder", "confirmed")
                and household.community()["sync"]["neighbours_connected"] == len(others)
                for household in households
            )
        )
    report.check("everybody_confirmed", _("everybody is confirmed and connected"), True)


def _publish(households: list[Household], sample: list[str], folder: Path, report: Report) -> None:
    files = []
    for number, _household in enumerate(households):
        file = folder / f"part-{number + 1}.jsonl"
        file.write_text("\n".join(sample[number :: len(households)]) + "\n", "utf-8")
        files.append(file)
    count = len(sample)
    title = ngettext(
        "{n} listing published by four households and found at each of them",
        "{n} listings published by four households and found at each of them",
        count,
    ).format(n=count)
    with report.timed("publish_all_s", title):
        _all_at_once(
            lambda pair: pair[0].run("publish", "--from", str(pair[1]), "--yes"),
            list(zip(households, files, strict=True)),
        )
        arrived = _until(lambda: all(len(h.listings()) == count for h in households))
    report.measure("listings", count)
    report.check("all_listings_everywhere", _("every listing is at every household"), arrived)


def _hear_of_one(households: list[Household], report: Report) -> None:
    """Publish single listings at one household and time when another one's search has them."""
    publisher, reader = households[1], households[2]
    times_ms: list[float] = []
    for number in range(_SINGLE):
        title = f"Probeanzeige Nummer {number + 1}"
        fields = {"kind": "give", "title": title, "lang": "de", "days_valid": 1}
        began = time.perf_counter()
        publisher.client.post(
            "/v1/communities/-/listings", {"rows": [{"line": 1, "fields": fields}]}
        )
        if _until(partial(_has, reader, title)):
            times_ms.append((time.perf_counter() - began) * 1_000)
    typical = sorted(times_ms)[len(times_ms) // 2] if times_ms else 0.0
    report.measure("publish_to_searchable_p50_ms", round(typical, 1))
    report.say(
        _("A new listing is found at a neighbour's after {ms} ms (typical of {n}).").format(
            ms=round(typical), n=_SINGLE
        )
    )
    report.check("single_listings_heard", _("single listings arrive"), len(times_ms) == _SINGLE)


def _search(reader: Household, report: Report) -> None:
    expected = "Kinderfahrrad"
    began = time.perf_counter()
    found = reader.run("search", expected, "--limit", "5")["results"]
    report.measure("search_command_ms", round((time.perf_counter() - began) * 1_000, 1))
    report.say(_("{household} searches for “{words}”:").format(
        household=reader.name, words=expected
    ))  # fmt: skip
    for listing in found:
        report.say(f"  {listing['title']} – {listing['household']}, {listing['place']}")
    report.check(
        "search_finds_others",
        _("a search finds what other households offer"),
        any(listing["household"] != reader.name for listing in found),
    )


def _miss_and_catch_up(households: list[Household], report: Report) -> None:
    seller, changer, away = households[1], households[0], households[3]
    report.say(_("{household} switches its node off.").format(household=away.name))
    away.stop()
    mine = changer.run("mine")["results"]
    withdrawn, taken, edited = (listing["id"] for listing in mine[:3])
    changer.run("withdraw", withdrawn)
    changer.run("mark", "taken", taken)
    changer.run("edit", edited, "--title", "Jetzt mit neuem Titel")
    seller.run(
        "publish", "--kind", "sell", "--title", "Lastenrad, gerade eingetroffen",
        "--price", "950", "--days", "30", "--yes",
    )  # fmt: skip
    report.say(_("Meanwhile: one listing withdrawn, one taken, one changed, one new."))

    def caught_up() -> bool:
        by_id = {listing["id"]: listing for listing in away.listings()}
        return (
            withdrawn not in by_id
            and by_id.get(taken, {}).get("state") == "taken"
            and by_id.get(edited, {}).get("title") == "Jetzt mit neuem Titel"
            and any(x["title"].startswith("Lastenrad, gerade") for x in by_id.values())
        )

    with report.timed("start_again_s", _("Its node is started again")):
        away.start()
    with report.timed("catch_up_s", _("It has caught up with all four changes")):
        done = _until(caught_up)
    report.check("caught_up", _("what was missed while off is there"), done)


def _compare(households: list[Household], report: Report) -> None:
    def state(household: Household) -> dict[str, tuple[Any, ...]]:
        return {
            listing["id"]: (listing["revision"], listing["state"], listing["household"])
            for listing in household.listings()
        }

    same = _until(lambda: len({json.dumps(state(h), sort_keys=True) for h in households}) == 1)
    report.measure("listings_at_the_end", len(households[0].listings()))
    report.check("same_everywhere", _("all four see exactly the same market"), same)


def _has(household: Household, title: str) -> bool:
    return any(listing["title"] == title for listing in household.listings(title, 20))


def _until(holds: Callable[[], bool]) -> bool:
    """Look again and again until it holds; False after a minute."""
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_S)
    return True


def _all_at_once(work: Callable[[Any], Any], items: list[Any]) -> None:
    with ThreadPoolExecutor(len(items)) as pool:
        list(pool.map(work, items))
