"""How a node is reached, as people read it. Every line returned is safe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from p2pmarket.cli.terminal import in_quotes, safe, wrapped
from p2pmarket.texts import _, ngettext


def reach_line(reach: dict[str, Any]) -> str:
    """Say who can reach this node, in one sentence."""
    if reach["verdict"] == "public":
        if reach["mapped_address"]:
            return _("Reachable from outside: your router has opened a port for it.")
        return _("Reachable from outside.")
    if reach["verdict"] == "relayed":
        return _("From outside reachable only through the node of {households}.").format(
            households=_names(reach["through"])
        )
    if reach["verdict"] == "home":
        return _("Reachable only in your home network.")
    return _("Not known yet whether this node can be reached from outside.")


def reach_lines(reach: dict[str, Any]) -> list[str]:
    """Return what the status says of it: nothing while nothing is known."""
    lines = [] if reach["verdict"] == "unknown" else [reach_line(reach)]
    return [*lines, volunteer_line(reach)] if reach["volunteers"] else lines


def reach_advice(reach: dict[str, Any], port: int | None) -> str:
    """Say what to do about it; "" where nothing need be done."""
    forward = _("let your router forward TCP port {port} to this computer").format(
        port=port or "4001"
    )
    if reach["verdict"] == "relayed":
        return _("For a way of your own, {forward}.").format(forward=forward)
    if reach["verdict"] == "home":
        return _(
            "Neighbours elsewhere hear from you only when your node can reach theirs. Either"
            " {forward}, or ask a neighbour whose node is reachable to run “p2pmarket relay on”."
        ).format(forward=forward)
    if reach["verdict"] == "unknown":
        return _("It shows as soon as a neighbour outside your home network is connected.")
    return ""


def relay_lines(reach: dict[str, Any]) -> list[str]:
    """Say whether this node passes on others' connections, and whether that helps."""
    if not reach["volunteers"]:
        return wrapped(_("This node passes on no connections of neighbours."))
    lines = wrapped(volunteer_line(reach))
    if reach["verdict"] in ("home", "relayed"):
        lines += wrapped(
            _("It cannot help much: it is not reachable from outside itself (“p2pmarket doctor”).")
        )
    return lines


def volunteer_line(reach: dict[str, Any]) -> str:
    """Say what a volunteer carries."""
    if not reach["reserved"]:
        return _("Stands by for neighbours whose nodes cannot be reached from outside; none asks.")
    line = ngettext(
        "Stands by for {n} node of neighbours that cannot be reached from outside.",
        "Stands by for {n} nodes of neighbours that cannot be reached from outside.",
        reach["reserved"],
    ).format(n=reach["reserved"])
    if not reach["carried"]:
        return line
    carried = ngettext(
        "It passes on {n} connection now.", "It passes on {n} connections now.", reach["carried"]
    ).format(n=reach["carried"])
    return f"{line} {carried}"


def _names(names: Sequence[str]) -> str:
    return ", ".join(in_quotes(name) if name else safe("?") for name in names)
