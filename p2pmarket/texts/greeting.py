"""What ``up`` says once the node answers, in the foreground as in the background."""

from __future__ import annotations

from typing import Any

from p2pmarket.cli.terminal import safe, wrapped
from p2pmarket.texts import _
from p2pmarket.texts.errors import sentence


def greeting(ready: dict[str, Any]) -> list[str]:
    """Return the lines for what the daemon reported when it was ready."""
    lines = [_("Your node is running (process {pid}).").format(pid=ready["pid"])]
    for community in ready["communities"]:
        addresses = ", ".join(safe(address) for address in community["addresses"])
        lines.append(
            _("“{community}” answers at {addresses}").format(
                community=safe(community["name"]), addresses=addresses
            )
        )
    for closed in ready["closed"]:
        lines.append(safe(sentence(closed["code"], closed["fields"]), lines=True))
    if not ready["communities"] and not ready["closed"]:
        lines += wrapped(
            _(
                "You belong to no community yet: found one with “p2pmarket community create”,"
                " or join one with “p2pmarket join”."
            )
        )
    return lines
