"""``python -m p2pmarket.daemon``: what ``p2pmarket up`` turns into or starts.

With ``--ready-fd N`` it writes one line of JSON there, {"ready": …} or {"error": …}, and is
silent otherwise; without, it speaks to the terminal.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from p2pmarket.api.errors import failure_of
from p2pmarket.api.shapes import to_json
from p2pmarket.cli.terminal import safe, safe_json
from p2pmarket.daemon.memberships import Memberships
from p2pmarket.daemon.network import EVERYWHERE, Reach
from p2pmarket.daemon.run import run
from p2pmarket.home import Home
from p2pmarket.texts import _, use_language
from p2pmarket.texts.errors import sentence
from protocol.errors import P2PMarketError


def main() -> int:
    """Run the daemon and return its exit code."""
    parser = argparse.ArgumentParser(prog="p2pmarket.daemon")
    parser.add_argument("--home", required=True, type=Path)
    parser.add_argument("--listen", action="append")
    parser.add_argument("--no-mdns", action="store_true")
    parser.add_argument("--no-upnp", action="store_true")
    parser.add_argument("--lang", default="en")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--ready-fd", type=int)
    chosen = parser.parse_args()
    use_language(chosen.lang)
    home = Home(chosen.home)

    def tell(ready: dict[str, object]) -> None:
        if chosen.ready_fd is not None:
            with os.fdopen(chosen.ready_fd, "w") as pipe:
                pipe.write(json.dumps(ready))
        elif chosen.json:
            print(safe_json({"schema": 1, **ready}), flush=True)
        elif "error" not in ready:
            for line in _greeting(ready):
                print(line, flush=True)

    try:
        listen = tuple(chosen.listen or EVERYWHERE)
        reach = Reach(listen, not chosen.no_mdns, not chosen.no_upnp)
        run(home, reach, lambda memberships: tell(_ready(home, memberships)))
    except P2PMarketError as error:
        tell({"error": to_json(failure_of(error))})
        if chosen.ready_fd is None and not chosen.json:
            print(safe(sentence(error.code, error.fields), lines=True), file=sys.stderr)
        return 1
    if chosen.ready_fd is None and not chosen.json:
        print(_("Your node has ended."), flush=True)
    return 0


def _ready(home: Home, memberships: Memberships) -> dict[str, object]:
    return {
        "home": str(home.folder),
        "pid": os.getpid(),
        "communities": [
            {"name": node.community.charter.name, "addresses": list(node.addresses())}
            for node in memberships.nodes
        ],
        "closed": [to_json(failure_of(closed.error)) for closed in memberships.closed],
    }


def _greeting(ready: dict[str, object]) -> list[str]:
    from p2pmarket.texts.greeting import greeting

    return greeting(ready)


if __name__ == "__main__":
    sys.exit(main())
