"""The doctor: looks at what usually goes wrong, and says what to do about it."""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import asdict, dataclass
from typing import Any

from p2pmarket.cli.horizon_texts import holding_back_line, horizon_line, late_line
from p2pmarket.cli.listing_texts import sync_line
from p2pmarket.cli.mail_texts import flood_lines
from p2pmarket.cli.options import command
from p2pmarket.cli.reach_texts import is_cut_off, reach_advice, reach_line
from p2pmarket.cli.session import Session
from p2pmarket.cli.terminal import in_quotes, safe, wrapped
from p2pmarket.home import Home, load_settings
from p2pmarket.texts import _
from p2pmarket.texts.errors import sentence
from p2pmarket.texts.formats import amount_of_bytes, span
from protocol.errors import LocalError, P2PMarketError

_MIN_FREE_BYTES = 200_000_000
_MAX_CLOCK_OFFSET_S = 120


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. text: what was found, and the next step if it is not well."""

    subject: str
    well: bool
    text: str


@command("doctor")
def doctor(session: Session) -> int:
    """Examine the home, then the running node."""
    findings = [*_of_home(session.home), *_of_node(session)]
    well = all(finding.well for finding in findings)
    lines: list[str] = []
    for finding in findings:
        sign = _("well") if finding.well else _("LOOK")
        first, *rest = wrapped(f"{finding.subject}: {finding.text}", indent=" " * 7)
        lines += [f"{sign:6} {first.lstrip()}", *rest]
    session.answer({"well": well, "results": [asdict(f) for f in findings]}, lines)
    return 0 if well else 1


def _of_home(home: Home) -> list[Finding]:
    folder = _("Folder")
    if not home.folder.exists():
        return [Finding(folder, False, sentence("no-household", {"path": str(home.folder)}))]
    findings = []
    if os.access(home.folder, os.W_OK):
        findings.append(Finding(folder, True, safe(home.folder)))
    else:
        fields = {"path": str(home.folder)}
        findings.append(Finding(folder, False, sentence("home-not-writable", fields)))
    free = shutil.disk_usage(home.folder).free
    space = _("{size} free").format(size=amount_of_bytes(free))
    if free < _MIN_FREE_BYTES:
        space += ". " + _("Free some space before the disk is full.")
    findings.append(Finding(_("Disk"), free >= _MIN_FREE_BYTES, space))
    findings.append(_of_key(home))
    try:
        settings = load_settings(home)
        findings.append(Finding(_("Settings"), True, safe(settings.name)))
    except LocalError as error:
        findings.append(Finding(_("Settings"), False, sentence(error.code, error.fields)))
    return findings


def _of_key(home: Home) -> Finding:
    subject = _("Key file")
    try:
        mode = stat.S_IMODE(home.key_file.stat().st_mode)
    except OSError:
        return Finding(subject, False, sentence("no-identity", {"path": str(home.folder)}))
    if mode & 0o077:
        fields = {"path": str(home.key_file), "mode": f"{mode:04o}"}
        return Finding(subject, False, sentence("key-file-open-to-others", fields))
    return Finding(
        subject,
        True,
        _("private; it lies beside what it opens, so it does not protect a stolen disk"),
    )


def _of_node(session: Session) -> list[Finding]:
    subject = _("Node")
    try:
        found = session.client.get("/v1/status")
    except P2PMarketError as error:
        return [Finding(subject, False, sentence(error.code, error.fields))]
    findings = [Finding(subject, True, _("running (process {pid})").format(pid=found["pid"]))]
    for closed in found["closed"]:
        text = sentence(closed["error"]["code"], closed["error"]["fields"])
        findings.append(Finding(safe(closed["folder"]), False, text))
    for community in found["communities"]:
        findings.extend(_of_community(community))
    if not found["communities"] and not found["closed"]:
        findings.append(Finding(_("Communities"), False, sentence("no-community", {})))
    return findings


def _of_community(community: dict[str, Any]) -> list[Finding]:
    name = in_quotes(community["name"])
    if community["my_status"] in ("left", "removed"):
        gone = sentence(community["my_status"], {})
        return [Finding(_("Community {community}").format(community=name), False, gone)]
    for found, code in (
        (community["my_status"] == "revoked", "device-revoked"),
        (community["device_copied"], "device-copied"),
    ):
        if found:
            heading = _("Community {community}").format(community=name)
            return [Finding(heading, False, sentence(code, {}))]
    addresses = ", ".join(map(safe, community["addresses"]))
    reachable = _("answers at {addresses}").format(addresses=addresses)
    sync = community["sync"]
    neighbours = sync_line(sync)
    if sync["state"] in ("never", "offline") and not is_cut_off(community["reach"]):
        neighbours += " " + _(
            "Are the neighbours' nodes running, and are you in the same network, or is your port"
            " forwarded?"
        )
    local = (
        _("looks for neighbours in the local network (mDNS)")
        if community["local_discovery"]
        else _("does not look for neighbours in the local network (--no-mdns)")
    )
    return [
        Finding(
            _("Port of {community}").format(community=name),
            bool(addresses),
            reachable if addresses else _("answers nowhere; restart it with another --listen"),
        ),
        Finding(
            _("Neighbours in {community}").format(community=name),
            sync["state"] not in ("never", "offline"),
            neighbours,
        ),
        clock_finding(community),
        Finding(_("Local network"), True, local),
        _of_reach(community),
        *_of_horizon(community["horizon"]),
        *(Finding(_("Mail"), False, line) for line in flood_lines(community["mail"])),
    ]


def _of_reach(community: dict[str, Any]) -> Finding:
    reach = community["reach"]
    ports = [part.split("/")[0] for a in community["addresses"] for part in a.split("/tcp/")[1:]]
    advice = reach_advice(reach, int(ports[0]) if ports else None)
    text = " ".join(filter(None, (reach_line(reach), advice)))
    has_neighbours = community["sync"]["state"] not in ("never", "offline")
    well = reach["verdict"] != "home" and (has_neighbours or not is_cut_off(reach))
    return Finding(_("From outside"), well, text)


def _of_horizon(horizon: dict[str, Any]) -> list[Finding]:
    found = (
        (horizon_line(horizon), horizon["outlook"] != "surrounded"),
        (holding_back_line(horizon), False),
        (late_line(horizon), True),
    )
    return [Finding(_("Several sources"), well, text) for text, well in found if text]


def clock_finding(community: dict[str, Any]) -> Finding:
    """Compare the clock with the neighbours'; without any, nothing is known of it."""
    if community["sync"]["state"] == "alone":
        return Finding(_("Clock"), True, _("nobody is there to compare it with"))
    offset = abs(community["clock_offset_seconds"])
    text = _("differs from your neighbours' by {span}").format(span=span(offset))
    if offset > _MAX_CLOCK_OFFSET_S:
        text += ". " + _("Set this computer's clock; until then nothing old is tidied away.")
    return Finding(_("Clock"), offset <= _MAX_CLOCK_OFFSET_S, text)
