"""What the demo does, step by step, and what it measures and checks on the way."""

from __future__ import annotations

import json
import time
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from p2pmarket.demo.household import Household
from p2pmarket.demo.report import Report
from p2pmarket.demo.steps import (
    SAMPLE,
    all_at_once,
    begin,
    gather,
    new_households,
    stop_all,
    until,
)
from p2pmarket.texts import _, ngettext

HOUSEHOLDS = 4
_SINGLE = 10


def run_demo(folder: Path, report: Report, keep: bool) -> None:
    """Run the whole scenario in an empty folder.

    keep: leave the nodes running at the end. Raises CommandFailed if a step cannot be done.
    """
    sample = (resources.files(SAMPLE) / "listings.jsonl").read_text("utf-8").splitlines()
    households = new_households(folder, HOUSEHOLDS)
    done = False
    try:
        begin(households, report)
        gather(households, folder, report)
        _publish(households, sample, folder, report)
        _hear_of_one(households, report)
        _search(households[3], report)
        _miss_and_catch_up(households, report)
        _compare(households, report)
        done = True
    finally:
        if not (keep and done):
            stop_all(households, report)


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
        all_at_once(
            lambda pair: pair[0].run("publish", "--from", str(pair[1]), "--yes"),
            list(zip(households, files, strict=True)),
        )
        arrived = until(lambda: all(len(h.listings()) == count for h in households))
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
        if until(partial(_has, reader, title)):
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
        done = until(caught_up)
    report.check("caught_up", _("what was missed while off is there"), done)


def _compare(households: list[Household], report: Report) -> None:
    def state(household: Household) -> dict[str, tuple[Any, ...]]:
        return {
            listing["id"]: (listing["revision"], listing["state"], listing["household"])
            for listing in household.listings()
        }

    same = until(lambda: len({json.dumps(state(h), sort_keys=True) for h in households}) == 1)
    report.measure("listings_at_the_end", len(households[0].listings()))
    report.check("same_everywhere", _("all four see exactly the same market"), same)


def _has(household: Household, title: str) -> bool:
    return any(listing["title"] == title for listing in household.listings(title, 20))
