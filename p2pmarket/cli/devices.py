"""A household's devices: device add, join, list, revoke, renew."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from p2pmarket.cli.options import Commands, command, shared_options
from p2pmarket.cli.pasted import qr_lines, read_pasted
from p2pmarket.cli.running import start_detached
from p2pmarket.cli.session import Session
from p2pmarket.cli.summaries import SUMMARIES
from p2pmarket.cli.terminal import Column, paragraph, safe, table
from p2pmarket.home import Home, HouseholdSettings, save_settings
from p2pmarket.lock import running_pid, wait_until_stopped
from p2pmarket.texts import _, ngettext
from p2pmarket.texts.formats import day_and_time, moment, short_day
from protocol.errors import LocalError, P2PMarketError

_STOP_S = 30.0

device = Commands(
    "device",
    help=_(SUMMARIES["device"]),
    options_metavar=_("[OPTIONS]"),
    subcommand_metavar=_("COMMAND [ARGS]..."),
)
device.params.extend(shared_options())


@command(
    "device add",
    _("Only the computer on which the household was created or restored can. The code is for one"
      " community; whoever has it acts as your household there."),
)  # fmt: skip
@click.argument("name", metavar=_("NAME"))
@click.option("--qr", is_flag=True, help=_("Also draw it as a QR code."))
def add(session: Session, name: str, qr: bool) -> None:
    """Let the node certify a device and make its code."""
    made = session.client.post(session.path("devices"), {"name": name})
    meaning = _(
        "With this code one computer becomes the device “{name}” of your household in"
        " “{community}”."
    ).format(name=safe(made["name"]), community=safe(made["community"]))
    until = day_and_time(moment(made["valid_until"]))
    lines = [
        *paragraph(meaning),
        _("It is valid until {time}.").format(time=until),
        *paragraph(
            _(
                "Type “p2pmarket device join” there and paste it, while this computer is on. Show"
                " it to nobody: who has it acts as your household. If it got lost, give up device"
                " {number}."
            ).format(number=made["number"])
        ),
        "",
        made["code"],
    ]
    if qr and not session.as_json:
        lines += ["", *qr_lines(made["code"])]
    session.answer(made, lines)


@command(
    "device join",
    _("Paste the code at the prompt, pipe it in, or name a file. The node is started if needed."),
)
@click.option(
    "--file",
    "source",
    metavar=_("FILE"),
    type=click.Path(path_type=Path),
    help=_("Read the code from a file."),
)
@click.option(
    "--listen",
    multiple=True,
    metavar=_("ADDRESS"),
    help=_("Where neighbours reach you, for example /ip4/0.0.0.0/tcp/4001; repeatable."),
)
@click.option("--no-mdns", is_flag=True, help=_("Do not look for neighbours in the local network."))
def join(session: Session, source: Path | None, listen: tuple[str, ...], no_mdns: bool) -> None:
    """Make the home if there is none, start the node, and hand it the code."""
    from protocol.device_code import read_device_code

    text = read_pasted(session, source, _("Paste the device code"))
    code = read_device_code(text)
    home = session.home
    is_new = _prepare(home, code.household_name)
    try:
        if running_pid(home) is None:
            start_detached(home, listen, no_mdns)
        if sys.stderr.isatty():
            session.warn(_("Looking for a member of the community …"))
        joined = session.client.post("/v1/devices", {"code": text})
    except P2PMarketError:
        if is_new:
            _undo(session, home)
        raise
    session.answer(
        joined,
        [
            *paragraph(
                _("This computer is now a device of “{household}” in “{community}”.").format(
                    household=safe(joined["household"]), community=safe(joined["name"])
                )
            ),
            *paragraph(
                _(
                    "Its node runs. What you publish here you change here. Messages and trades"
                    " from before do not come along; new messages reach both. The 24 words and"
                    " backups stay with the first computer."
                )
            ),
        ],
    )


def _prepare(home: Home, name: str) -> bool:
    """Make a home without a key of its own; whether it is new.

    LocalError ``home-has-household`` where a household of its own lives already.
    """
    from node.identity import Identity

    if home.key_file.exists():
        if Identity.load(home.folder).root is not None:
            raise LocalError("home-has-household", path=str(home.folder))
        return False
    Identity.of_further_device(home.folder)
    try:
        save_settings(home, HouseholdSettings(name))
    except LocalError:
        home.key_file.unlink(missing_ok=True)
        raise
    return True


def _undo(session: Session, home: Home) -> None:
    """Leave the folder as it was, unless a community has been joined after all."""
    with suppress(P2PMarketError):
        session.client.post("/v1/shutdown")
        wait_until_stopped(home, _STOP_S)
    with suppress(FileNotFoundError):
        if any(home.communities.iterdir()):
            return
        home.communities.rmdir()
    for left in (home.settings_file, home.key_file, *home.folder.glob("daemon.*")):
        left.unlink(missing_ok=True)
    with suppress(OSError):  # it held other files before
        home.folder.rmdir()


@command("device list")
def list_devices(session: Session) -> None:
    """Ask the node for the devices."""
    found = session.client.get(session.path("devices"))
    headings = [
        Column(_("no."), right=True),
        Column(_("name"), shrink_to=8),
        Column(_("since")),
        Column(_("now")),
        Column(_("last seen")),
    ]
    rows = [
        [
            str(held["number"]),
            held["name"] or "–",
            short_day(moment(held["since"])),
            _presence(held),
            _("not used yet") if held["last_seen_at"] is None else _seen(held["last_seen_at"]),
        ]
        for held in found["results"]
    ]
    count = ngettext("{n} device.", "{n} devices.", len(rows)).format(n=len(rows))
    lines = [*table(headings, rows), "", count]
    if not found["holds_key"]:
        lines += paragraph(
            _(
                "Devices are added and given up on the computer where the household was created or"
                " restored."
            )
        )
    session.answer(found, lines)


def _presence(held: dict[str, Any]) -> str:
    if held["this"]:
        return _("this computer")
    return _("connected") if held["connected"] else "–"


def _seen(iso: str) -> str:
    return day_and_time(moment(iso))


@command(
    "device revoke",
    _("The computer where you type this takes over its listings, and sends once more what was"
      " written on the other one lately. From then on nothing counts that the other one signs, and"
      " your neighbours turn it away as they hear of it. What was written there without a"
      " connection is lost."),
)  # fmt: skip
@click.argument("which", metavar=_("NUMBER|NAME"))
@click.option(
    "--end-listings",
    is_flag=True,
    help=_("Withdraw its listings instead, and send nothing once more: for a stolen one."),
)
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def revoke(session: Session, which: str, end_listings: bool, yes: bool) -> int:
    """Ask, then let the node revoke."""
    if not yes and session.interactive:
        question = _("Give up device “{device}” for good").format(device=safe(which))
        if not session.agrees(question, default=False):
            session.say(_("Nothing was changed."))
            return 1
    path = session.path("devices", which, "revocation")
    done = session.client.post(path, {"end_listings": end_listings})
    session.answer(done, _revoked(done))
    return 0


def _revoked(done: dict[str, Any]) -> Sequence[str]:
    lines = paragraph(
        _("Device {number} is given up; your neighbours hear of it.").format(number=done["number"])
    )
    taken, ended = done["listings_taken_over"], done["listings_ended"]
    if taken:
        lines += paragraph(
            ngettext(
                "{n} listing of it goes on from this computer.",
                "{n} listings of it go on from this computer.",
                taken,
            ).format(n=taken)
        )
    if ended:
        lines += paragraph(
            ngettext(
                "{n} listing of it was withdrawn.", "{n} listings of it were withdrawn.", ended
            ).format(n=ended)
        )
    if letters := done["messages_sent_again"]:
        lines += paragraph(
            ngettext(
                "{n} message written on it is sent once more from here, in case it is under way.",
                "{n} messages written on it are sent once more from here, in case they are under"
                " way.",
                letters,
            ).format(n=letters)
        )
    if done["lost_records"]:
        lines += paragraph(
            ngettext(
                "{n} record of it could not be taken over and is void.",
                "{n} records of it could not be taken over and are void.",
                done["lost_records"],
            ).format(n=done["lost_records"])
        )
    return lines


@command(
    "device renew",
    _("For a computer whose disk was copied, or whose image was restored: two that sign with the"
      " same keys must not go on. Only where the household was created or restored."),
)  # fmt: skip
@click.option("--yes", is_flag=True, help=_("Do not ask."))
def renew(session: Session, yes: bool) -> int:
    """Ask, then let the node become another device."""
    if not yes and session.interactive:
        question = _("Make this computer a new device of your household")
        if not session.agrees(question, default=True):
            session.say(_("Nothing was changed."))
            return 1
    renewed = session.client.post(session.path("devices", "renewal"))
    session.answer(
        renewed,
        paragraph(
            _(
                "This computer is device {number} now. If no other computer goes on as device"
                " {before}, give that one up: “p2pmarket device revoke {before}”. What it published"
                " goes on here then."
            ).format(**renewed)
        ),
    )
    return 0


for _declared in (add, join, list_devices, revoke, renew):
    device.add_command(_declared)
