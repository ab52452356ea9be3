"""What each further community costs in the same daemon: memory, and time to search them all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

from benchmarks.households import found
from benchmarks.processes import daemon, memory_bytes
from benchmarks.report import Figure, Target, percentile
from benchmarks.synthetic import listings
from benchmarks.workspace import Workspace
from p2pmarket.api.client import Client

_BATCH = 500
_WORDS = ("zelt", "fahrrad", "lampe", "tisch", "buch")


def run(workspace: Workspace) -> Iterator[Figure]:
    """One community, then further ones founded at the same home, each with the same stock."""
    sizes = workspace.sizes
    (household,) = found(workspace.folder / "several", 0)
    client = Client(household.home)
    names = [f"Dorf {number}" for number in range(sizes.communities)]
    with daemon(household) as (pid, _, _):
        _fill(client, "-", sizes.community_stock)
        _search(client, 1)
    with daemon(household) as (pid, _, _):
        one_s = _search(client, sizes.queries)
        alone = memory_bytes(pid)
        for name in names:
            slots = {"listing_slots": 10 * sizes.community_stock}
            client.post("/v1/communities", {"name": name, "rules": "", **slots})
            _fill(client, name.replace(" ", "%20"), sizes.community_stock)
    with daemon(household) as (pid, _, _):
        all_s = _search(client, sizes.queries)
        together = memory_bytes(pid)
    stock = f"{sizes.community_stock:,} listings"
    each = (together - alone) / len(names)
    yield Figure(
        f"memory of each further community, {stock}", each / 1e6, "MB", None, Target("≤", 20)
    )
    count = f"{1 + len(names)} communities of {stock}"
    note = f"one alone {percentile(one_s, 50):.1f}"
    yield Figure(f"merged search over {count}, p50", percentile(all_s, 50), "ms", note=note)


def _fill(client: Client, community: str, count: int) -> None:
    rows = iter(listings(count))
    while batch := list(islice(rows, _BATCH)):
        body = {"rows": [{"line": i, "fields": _fields(row)} for i, row in enumerate(batch, 1)]}
        answer = client.post(f"/v1/communities/{community}/listings", body)
        assert {result["outcome"] for result in answer["results"]} == {"new"}, answer["results"][0]


def _fields(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name != "days_valid"}


def _search(client: Client, times: int) -> list[float]:
    """Search everything so often, through the interface; return each time in milliseconds."""
    taken = []
    for number in range(times):
        began = time.perf_counter()
        client.get("/v1/listings", {"words": _WORDS[number % len(_WORDS)], "limit": 50})
        taken.append(1_000 * (time.perf_counter() - began))
    return taken
