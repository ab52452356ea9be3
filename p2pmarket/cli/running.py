"""The node as a process: up, down, status."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from p2pmarket.cli.horizon_texts import horizon_lines
from p2pmarket.cli.listing_texts import expiring_line, sync_line
from p2pmarket.cli.mail_texts import mail_lines, waiting_lines
from p2pmarket.cli.member_tree import own_standing_text
from p2pmarket.cli.options import command
from p2pmarket.cli.reach_texts import reach_lines
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import in_quotes, safe, wrapped
from p2pmarket.lock import running_pid, wait_until_stopped
from p2pmarket.texts import _, current_language, ngettext
from p2pmarket.texts.errors import sentence
from p2pmarket.texts.formats import day_and_time, moment
from p2pmarket.texts.greeting import greeting
from protocol.errors import LocalError

if TYPE_CHECKING:
    from p2pmarket.home import Home

_STOP_S = 30.0


@command(
    "up",
    _("With --detach it returns as soon as the node answers; “p2pmarket down” ends it."),
)
@click.option("--detach", is_flag=True, help=_("Return as soon as it answers."))
@click.option(
    "--listen",
    multiple=True,
    metavar=_("ADDRESS"),
    help=_("Where neighbours reach you, for example /ip4/0.0.0.0/tcp/4001; repeatable."),
)
@click.option("--no-mdns", is_flag=True, help=_("Do not look for neighbours in the local network."))
@click.option(
    "--no-upnp", is_flag=True, help=_("Do not ask the router to open the port (UPnP, PCP).")
)
def up(
    session: Session, detach: bool, listen: tuple[str, ...], no_mdns: bool, no_upnp: bool
) -> None:
    """Become the daemon, or start one. It is a program of its own: this one imports no node."""
    home = session.home
    arguments = _daemon(home, listen, no_mdns, no_upnp)
    if not detach:
        if session.as_json:
            arguments.append("--json")
        sys.stdout.flush()
        os.execv(sys.executable, arguments)  # noqa: S606 - our own interpreter, our own module
    ready = start_detached(home, listen, no_mdns, no_upnp)
    session.answer(ready, greeting(ready))


def _daemon(home: Home, listen: Sequence[str], no_mdns: bool, no_upnp: bool) -> list[str]:
    home.socket  # noqa: B018 - refuses a path that is too long before anything starts
    arguments = [sys.executable, "-m", "p2pmarket.daemon", "--home", str(home.folder)]
    arguments += ["--lang", current_language()]
    for address in listen:
        arguments += ["--listen", address]
    arguments += ["--no-mdns"] * no_mdns + ["--no-upnp"] * no_upnp
    return arguments


def start_detached(
    home: Home, listen: Sequence[str], no_mdns: bool, no_upnp: bool = False
) -> dict[str, Any]:
    """Start the daemon in a session of its own; return what it says when it is ready.

    Raises the LocalError that it could not start for, or ``daemon-did-not-start``.
    """
    import subprocess

    arguments = _daemon(home, listen, no_mdns, no_upnp)

    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe:
        subprocess.Popen(  # noqa: S603 - our own interpreter, our own module
            [*arguments, "--ready-fd", str(writing)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(writing,),
            start_new_session=True,
            cwd="/",
        )
        os.close(writing)
        said = pipe.read()
    if not said:
        raise LocalError("daemon-did-not-start", path=str(home.log_file))
    ready: dict[str, Any] = json.loads(said)
    if "error" in ready:
        raise LocalError(ready["error"]["code"], **ready["error"]["fields"])
    return ready


@command("down")
def down(session: Session) -> None:
    """Ask the daemon to stop, and wait until it has."""
    home = session.home
    pid = running_pid(home)
    session.client.post("/v1/shutdown")
    if not wait_until_stopped(home, _STOP_S):
        raise LocalError("daemon-did-not-stop", pid=pid or 0)
    session.answer({"stopped": True, "pid": pid}, [_("Your node has ended.")])


@command("status")
def status(session: Session) -> None:
    """Ask the node about itself."""
    found = session.client.get("/v1/status")
    session.answer(found, _status_lines(found))


def _status_lines(found: dict[str, Any]) -> list[str]:
    lines = wrapped(
        _("“{name}”: the node runs since {time} (process {pid}, version {version}).").format(
            name=safe(found["household"]),
            time=day_and_time(moment(found["started_at"])),
            pid=found["pid"],
            version=found["version"],
        )
    )
    for community in found["communities"]:
        lines += ["", *_community_lines(community)]
    for closed in found["closed"]:
        lines += ["", safe(closed["folder"])]
        error = closed["error"]
        lines += wrapped(sentence(error["code"], error["fields"]), indent="  ")
    for kept in found["kept"]:
        line = _("You left {name} ({time}); its data is still in this folder:").format(
            name=in_quotes(kept["name"]), time=day_and_time(moment(kept["left_at"]))
        )
        lines += ["", *wrapped(line), f"  {safe(kept['folder'])}"]
    if not found["communities"] and not found["closed"]:
        lines += wrapped(sentence("no-community", {}))
    return lines


def _community_lines(community: dict[str, Any]) -> list[str]:
    households = ngettext("{n} household", "{n} households", community["households"]).format(
        n=community["households"]
    )
    details = [
        _("{households}, you are: {status}").format(
            households=households,
            status=own_standing_text(community["my_status"], community["steward"]),
        ),
        _("Your listings: {n} of {slots}").format(
            n=community["listings_mine"], slots=community["listing_slots"]
        ),
        *expiring_line(community["expiring_soon"]),
        sync_line(community["sync"]),
        *mail_lines(community["mail"]),
        *waiting_lines(community["waiting"]),
        *reach_lines(community["reach"]),
        *horizon_lines(community["horizon"]),
        *([sentence("device-copied", {})] if community["device_copied"] else []),
        _("Id of this community: {id}").format(id=community["id"]),
        _("Answers at {addresses}").format(
            addresses=", ".join(map(safe, community["addresses"])) or "–"
        ),
    ]
    heading = f"{in_quotes(community['name'])} ({community['id'][:10]})"
    return [heading, *(part for line in details for part in wrapped(line, indent="  "))]
