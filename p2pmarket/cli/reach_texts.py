"""How a node is reached, as people read it. Every line returned is safe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from p2pmarket.cli.terminal import in_quotes, safe, wrapped
from p2pmarket.texts import _, ngettext


def is_cut_off(reach: dict[str, Any]) -> bool:
    """Whether the computer itself has no way out, and nobody outside says otherwise."""
    return reach["verdict"] == "unknown" and not reach["has_way_out"]


def reach_line(reach: dict[str, Any]) -> str:
    """Say who can reach this node, in one sentence."""
    if is_cut_off(reach):
        return _("This computer has no way to the Internet at the moment.")
    if reach["verdict"] == "public":
        if reach["mapped_address"]:
            return _("Reachable from outside: your router has opened a port for it.")
        return _("Reachable from outside.")
    if reach["verdict"] == "relayed":
        return _("From outside reachable only through the node of {households}.").format(
            households=_names(reach["through"])
        )
    if reach["verdict"] == "home":
        return _("Nobody outside your home network can call this node; it calls others itself.")
    return _("Not known yet whether this node can be reached from outside.")


def reach_lines(reach: dict[str, Any]) -> list[str]:
    """Return what the status says of it: nothing while nothing is known."""
    lines = [reach_line(reach)]
    if reach["verdict"] == "unknown" and not is_cut_off(reach):
        lines = []
    elif reach["verdict"] == "home":
        lines[0] += " " + _("What helps: “p2pmarket doctor”.")
    return [*lines, volunteer_line(reach)] if reach["volunteers"] else lines


def reach_advice(reach: dict[str, Any], port: int | None) -> str:
    """Say what to do about it; "" where nothing need be done."""
    open_port = _(
        "open TCP port {port} for this computer in your router, or allow the computer there to open"
        " ports itself (UPnP or PCP)"
    ).format(port=port or "4001")
    if is_cut_off(reach):
        return _(
            "Is the Wi-Fi on, or the cable plugged in? Neighbours in the same network are found all"
            " the same; whatever else you write and publish goes out by itself later."
        )
    if reach["verdict"] == "relayed":
        return _(
            "That is enough while one of them is on. For a way of your own, {open_port}."
        ).format(open_port=open_port)
    if reach["verdict"] == "home":
        return _(
            "Two nodes like that hear from each other only through a third. It is simplest to ask a"
            " neighbour whose node is reachable to run “p2pmarket relay on”. Or {open_port}."
        ).format(open_port=open_port)
    if reach["verdict"] == "unknown":
        return _("It shows as soon as a neighbour outside your home network is connected.")
    return ""


def relay_lines(reach: dict[str, Any]) -> list[str]:
    """Say whether this node passes on others' connections, and whether that helps."""
    if not reach["volunteers"]:
        lines = wrapped(_("This node passes on no connections of neighbours."))
        if reach["verdict"] == "public":
            lines += wrapped(
                _("It could: it is reachable from outside. “p2pmarket relay on” lets it help.")
            )
        return lines + [part for line in reach_lines(reach) for part in wrapped(line)]
    lines = wrapped(volunteer_line(reach))
    if reach["verdict"] in ("home", "relayed"):
        lines += wrapped(
            _(
                "This node cannot help much: it is not reachable from outside itself (“p2pmarket"
                " doctor”)."
            )
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
