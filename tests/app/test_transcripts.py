"""A golden transcript of every command: what a person types, and what comes back.

P2PMARKET_WRITE_TRANSCRIPTS=1 writes them anew; read the difference before committing it.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from p2pmarket.api.client import Client
from p2pmarket.cli.app import build

FOLDER = Path(__file__).parent / "transcripts"
SAMPLE = Path(__file__).parents[2] / "p2pmarket/sample"
WRITE = bool(os.environ.get("P2PMARKET_WRITE_TRANSCRIPTS"))
NAMES = (
    "init", "up", "community-create", "invite", "join", "publish", "publish-file", "search",
    "cross-post", "several-communities",
    "show", "mine", "edit", "renew", "mark", "withdraw", "members", "peers", "connect", "block",
    "remove",
    "leave", "export", "profile", "household", "message", "inbox", "thread", "review",
    "ledger-verify",
    "ledger-show", "ledger-balance", "status", "doctor", "relay", "down", "backup",
    "restore", "completion", "device-add", "device-join", "device-list", "device-revoke",
    "device-renew", "newcomers", "approve", "decline", "vouch", "welcome", "invite-list",
    "trade-propose", "trade-list", "trade-show",
    "report", "reports", "label", "labels-list", "appeal", "log", "mute", "unmute",
    "blocklist-show",
    "charter-show", "charter-propose", "charter-sign", "charter-consent",
    "steward-list", "steward-appoint", "steward-accept", "steward-dismiss", "steward-take-over",
    "steward-resign", "members-tree", "governing", "windows",
)  # fmt: skip

_PATTERNS = (
    (r"P2PM1-[A-Z2-7]+", "<invite>"),
    (r"P2PD1-[A-Z2-7]+", "<code>"),
    # Which of the free numbers a new device has is drawn.
    (r"\b([Dd]evice|Gerät|revoke) [2-8]\b", r"\1 <n>"),
    (r"(?m)^ {0,2}[2-8](?=  +\S)", "<n>"),
    (r"\b[A-Z2-7]{4}(-[A-Z2-7]{4}){3}\b", "<code>"),
    (r"/ip4/127\.0\.0\.1/tcp/\d+(/p2p/\w+)?", "<address>"),
    (r"\d{1,2}\.? \w+ 20\d\d(, \d\d:\d\d)?", "<date>"),
    (r"\d\d\.\d\d\.20\d\d|20\d\d-\d\d-\d\d(?!T)", "<date>"),
    (r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>"),
    (r"\b20\d\d-\d\d\b", "<month>"),
    (r"(?m)(?<=  )(\w+ 20\d\d)$", "<month>"),
    (r"\b(process|Prozess) \d+", r"\1 <pid>"),
    (r"\b\d+ (second|minute|hour|day|Sekunde|Minute|Stunde|Tag)(s|n|en)?\b(?! late)", "<span>"),
    (r"\d+[.,]\d [MG]B|\d+ KB", "<size>"),
    (r'"(pid|seconds_left|synced_seconds_ago)": \d+', r'"\1": 0'),
    (r"(?m)^( *)(\d+\. [a-z]+ *)+$", r"\1<words>"),
    (r"(?<=\S)  +(?=\S)", "  "),
)


class Recorder:
    """Runs commands and keeps what people would see, by transcript."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.replaced: dict[str, str] = {}

    def __call__(
        self, name: str, household: Any, *arguments: str, stdin: str = "", shown: str = ""
    ) -> Any:
        outcome = household.run(*arguments, stdin=stdin)
        command = shown or shlex.join(["p2pmarket", *arguments])
        parts = [f"$ {command}\n", outcome.out, outcome.err, f"[exit {outcome.code}]\n\n"]
        self.texts[name] = self.texts.get(name, "") + "".join(parts)
        return outcome

    def settled(self, name: str) -> str:
        """Return a transcript with everything replaced that differs from run to run."""
        text = self.texts[name]
        for original, shown in sorted(self.replaced.items(), key=lambda item: -len(item[0])):
            text = text.replace(original, shown)
        for pattern, shown in _PATTERNS:
            text = re.sub(pattern, shown, text)
        return text

    def learn(self, household: Any) -> None:
        """Replace the ids that a household knows by their kind."""
        for member in household.json("members")["results"]:
            self.replace(member["id"], "<household>")
        for listing in household.json("search", "--limit", "1000", "--taken")["results"]:
            self.replace(listing["id"], "<listing>")
        for community in household.json("status")["communities"]:
            self.replace(community["id"], "<community>")

    def replace(self, identifier: str, shown: str) -> None:
        """Show an id, whole or shortened, by its kind."""
        self.replaced[identifier] = shown
        self.replaced[identifier[:10]] = shown
        self.replaced[identifier[:8]] = shown


@pytest.fixture(scope="module")
def transcripts(
    new_household: Callable[[], Any], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """Play one story from the first command to the last."""
    record = Recorder()
    anna, ben = new_household(), new_household()
    folder = tmp_path_factory.mktemp("files")
    record.replaced = {
        str(anna.folder): "<home>",
        str(ben.folder): "<home>",
        str(folder): "<folder>",
        str(SAMPLE): "<sample>",
    }
    _beginning(record, anna, ben)
    _market(record, anna, ben, folder)
    record.learn(ben)
    _community(record, anna, ben)
    _trade(anna, ben)
    _mail(record, anna, ben)
    _trust(record, anna, ben)
    _haggling(record, anna, ben)
    phone = new_household()
    record.replaced[str(phone.folder)] = "<home>"
    _devices(record, anna, ben, phone)
    _end(record, anna, ben, new_household(), folder, new_household())
    _several(record, new_household(), new_household())
    _moderating(record, [new_household() for _ in range(3)])
    _governing(record, new_household(), new_household(), new_household())
    _newcomers(record, [new_household() for _ in range(3)], folder)
    _windows(record, [new_household() for _ in range(3)])
    return record.settled


def _beginning(record: Recorder, anna: Any, ben: Any) -> None:
    loopback = ("--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0")
    record("init", anna, "init")
    record("init", anna, "init", "--name", "Familie Rosenquast", "--place", "Südhöhe")
    record("init", anna, "init", "--name", "Noch einmal")
    words = ben.json("init", "--name", "Ben", "--place", "Mühlenviertel")["words"]
    (ben.folder / "household.key").unlink()
    record("init", ben, "init", "--words", "--name", "WG Milchmond", stdin="ach so")
    arguments = ("init", "--words", "--name", "WG Milchmond", "--place", "Mühlenviertel")
    record("init", ben, *arguments, stdin=" ".join(words))
    record("search", ben, "search", "Zelt")
    record("status", ben, "status")
    record("up", anna, "up", "--detach", *loopback)
    record("up", anna, "up", "--detach", *loopback)
    record("up", ben, "up", "--detach", "--listen", "somewhere")
    record("up", ben, "up", "--detach", *loopback)
    record("search", ben, "search", "Zelt")
    record("doctor", ben, "doctor")
    places = str(SAMPLE / "places.json")
    create = ("community", "create", "--name", "Lindenau", "--rules", "Seid nett zueinander.")
    credit = ("--credit-unit", "Punkte", "--credit-limit", "20")
    record("community-create", anna, *create, *credit[:2])
    record("community-create", anna, *create, "--places", str(SAMPLE / "listings.jsonl"))
    record("community-create", anna, *create, "--places", places, *credit)
    record("status", anna, "status")
    record("search", anna, "search", "Zelt")
    record("relay", anna, "relay", "on")
    record("relay", anna, "--lang", "de", "relay")
    record("relay", anna, "relay", "off")
    record("invite", anna, "invite", "--expires", "soon")
    record("invite", anna, "invite", "--uses", "2", "--expires", "12h")
    record("join", ben, "join", stdin="P2PM1-AAAA")
    invite = anna.json("invite")["invite"]
    record("join", ben, "join", stdin=invite)
    joined = record("join", ben, "join", "--yes", stdin=invite)
    assert joined.code == 0, joined
    record("join", ben, "join", "--yes", stdin=invite)
    ben.until(lambda: ben.json("status")["communities"][0]["my_status"] == "confirmed")
    anna.until(lambda: anna.json("status")["communities"][0]["sync"]["neighbours_synced"] == 1)
    ben.until(lambda: ben.json("status")["communities"][0]["sync"]["state"] == "synced")


_FILE = """\
{"id": "1", "kind": "sell", "title": "Gartenbank", "price_minor": 4500, "days_valid": 2, "a": 1}
{"id": "2", "kind": "give", "title": "Umzugskartons", "quantity": 20, "place": "Hinterhof"}
this is no listing
{"id": "3", "kind": "steal", "title": "Fahrrad"}
{"id": "1", "kind": "sell", "title": "Noch eine Gartenbank"}
{"id": "4", "kind": "sell"}
"""


def _market(record: Recorder, anna: Any, ben: Any, folder: Path) -> None:
    record("publish", anna, "publish", "--kind", "give")
    record(
        "publish", anna, "publish", "--title", "Bohrmaschine", "--kind", "verleihen",
        "--lend-days", "3", "--deposit", "20", "--category", "Werkzeug",
        "--description", "Schlagbohrmaschine\nmit Koffer", "--tag", "bohren", "--days", "30",
    )  # fmt: skip
    record("publish", anna, "publish", "--title", "Uhr", "--kind", "sell", "--price", "viel")
    record(
        "publish", anna, "publish", "--title", "Familienzelt", "--kind", "sell", "--price", "180",
        "--negotiable", "--category", "outdoor", "--condition", "like-new", "--source-id", "Z1",
    )  # fmt: skip
    listings = folder / "listings.jsonl"
    listings.write_text(_FILE, "utf-8")
    record("publish-file", anna, "publish", "--from", str(listings))
    listings.write_text(_FILE.replace("4500", "4000"), "utf-8")
    record("publish-file", anna, "--lang", "de", "publish", "--from", str(listings))
    record("publish-file", anna, "publish", "--from", str(folder / "nothing.csv"))
    assert len(anna.finds()) == 4
    ben.until(lambda: len(ben.finds()) == 4)
    ben.until(lambda: ben.json("search")["sync"]["state"] == "synced")
    record("search", ben, "search", "Zelte")
    record("search", ben, "--lang", "de", "search", "Zelte")
    record("search", ben, "search", "--sort", "price", "--max-price", "100")
    record("search", ben, "search", "Zelt", "--within", "1")
    record("search", ben, "search", "--by", "Niemand")
    record("search", ben, "search", "--kind", "steal")
    tool = anna.finds("Bohrmaschine")[0]["id"]
    bench = anna.finds("Gartenbank")[0]["id"]
    record.learn(ben)
    record("show", ben, "show", tool)
    record("show", ben, "--lang", "de", "show", tool[:6], shown="p2pmarket --lang de show <id>")
    record("show", ben, "show", "zzzzzz")
    record("mine", anna, "mine")
    record("mine", ben, "mine")
    record("edit", anna, "edit", bench, "--price", "35", "--negotiable")
    record("edit", anna, "edit", bench)
    record("edit", ben, "edit", bench, "--title", "Meine")
    record("renew", anna, "renew", bench, "--days", "30")
    record("mark", anna, "mark", "reserved", bench)
    record("mark", anna, "mark", "gestohlen", bench)
    ben.until(lambda: ben.finds("Gartenbank")[0]["state"] == "reserved")
    record("search", ben, "search", "Gartenbank")
    record("withdraw", anna, "withdraw", bench)
    record("withdraw", anna, "withdraw", bench)
    ben.until(lambda: not ben.finds("Gartenbank"))


def _community(record: Recorder, anna: Any, ben: Any) -> None:
    record("members", anna, "members")
    record("peers", ben, "peers")
    address = anna.json("peers")["addresses"][0]
    record("connect", ben, "connect", address)
    record("connect", ben, "--lang", "de", "connect", "kein Ort")
    record("profile", ben, "profile")
    record("profile", ben, "profile", "--about", "Wir sind zu viert.", "--languages", "de,en")
    record("profile", ben, "profile", "--address", "Am Mühlgraben 3", "--read-receipts")
    record("profile", ben, "--lang", "de", "profile", "--address", "")
    record("block", ben, "block", "Familie Rosenquast")
    record("block", ben, "search")
    record("block", ben, "block", "Familie Rosenquast", "--undo")
    record("block", ben, "block", "Niemand")
    record("status", anna, "status")
    record("status", anna, "--lang", "de", "status")
    record("doctor", anna, "doctor")
    record("leave", anna, "leave")


def _trade(anna: Any, ben: Any) -> None:
    """One finished trade, for what is said of it afterwards."""
    anna.json("publish", "--title", "Gartenhilfe", "--kind", "service")
    ben.until(lambda: bool(ben.finds("Gartenhilfe")))
    at_anna, at_ben = Client(anna.folder), Client(ben.folder)
    trades = "/v1/communities/-/trades"
    ask = {"listing": ben.finds("Gartenhilfe")[0]["id"], "terms": {"credit": "2"}}
    path = f"{trades}/{at_ben.post(trades, ask)['id']}"

    def states(*wanted: str) -> bool:
        found = [side.get(trades)["results"] for side in (at_anna, at_ben)]
        return [t["state"] for side in found for t in side] == [*wanted]

    anna.until(lambda: states("asked", "asked"))
    at_anna.post(f"{path}/promise", {})
    anna.until(lambda: states("promised", "promised"))
    at_anna.post(f"{path}/handover", {})
    anna.until(lambda: states("handed-by-publisher", "handed-by-publisher"))
    at_ben.post(f"{path}/handover", {})


def _mail(record: Recorder, anna: Any, ben: Any) -> None:
    tent = anna.finds("Zelt")[0]["id"]
    record("inbox", ben, "inbox")
    record("thread", ben, "thread", "Familie Rosenquast")
    record("message", ben, "message", "Familie Rosenquast", "Seid ihr morgen da?")
    record("message", ben, "message", "--listing", tent, "Ist das Zelt noch zu haben?")
    record("inbox", anna, "inbox")
    record("thread", anna, "thread", "WG Milchmond")
    record("inbox", anna, "--lang", "de", "inbox")
    answer = "Ja!\nKommt am Abend vorbei."
    record("message", anna, "message", "WG Milchmond", "--listing", tent, stdin=answer)
    record("thread", ben, "--lang", "de", "thread", "Familie Rosenquast", "--listing", tent)
    ben.stop()
    record("message", anna, "--lang", "de", "message", "WG Milchmond", "Oder doch übermorgen?")
    record("thread", anna, "thread", "WG Milchmond", "--limit", "1")
    ben.up()
    ben.until(lambda: ben.json("inbox")["unread"] == 1)
    record("message", ben, "message", "Familie Rosenquast", stdin="")
    record(
        "message", ben, "message", "Familie Rosenquast", "x" * 4_001, shown="p2pmarket message …"
    )
    record("message", ben, "message", "WG Milchmond", "Ich?")
    record("message", ben, "message", "Niemand", "Hallo")
    record("message", ben, "message")
    ben.json("block", "Familie Rosenquast")
    record("message", ben, "message", "Familie Rosenquast", "Hallo")
    record("message", anna, "message", "WG Milchmond", "Hallo?")
    record("inbox", ben, "inbox")
    record("thread", ben, "thread", "Familie Rosenquast", "--listing", tent)
    ben.json("block", "Familie Rosenquast", "--undo")


def _haggling(record: Recorder, anna: Any, ben: Any) -> None:
    tent, drill = (anna.finds(title)[0]["id"] for title in ("Familienzelt", "Bohrmaschine"))
    german = ("--lang", "de")

    def at_both(state: str) -> None:
        """What both see, each in its language, once a trade stands so at both."""
        for side in (anna, ben):
            side.until(lambda side=side: stands(side) == state)
        for side, options in ((anna, ()), (ben, german), (anna, german), (ben, ())):
            record("trade-show", side, *options, "trade", "show", trade)

    def stands(side: Any) -> str | None:
        listed = side.json("trade", "list", "--all")["results"]
        return next((t["state"] for t in listed if t["id"] == trade), None)

    record("trade-list", ben, "trade", "list")
    record("trade-propose", ben, "trade", "propose", "zzzzzzzz")
    record("trade-propose", anna, "trade", "propose", tent)
    record("trade-propose", ben, "trade", "propose", tent, "--price", "viel")
    record("trade-propose", ben, "trade", "propose", tent, "--quantity", "3")
    asking = ("trade", "propose", tent, "--price", "150", "--text", "Ginge es auch für 150?")
    record("trade-propose", ben, *asking)
    trade = next(t["id"] for t in ben.json("trade", "list")["results"])
    record.replace(trade, "<trade>")
    record("trade-propose", ben, *german, *asking)
    record("trade-propose", ben, "trade", "propose", drill)
    record("trade-propose", ben, *german, "trade", "propose", drill, "--due", "2030-01-05")
    loan = next(t["id"] for t in ben.json("trade", "list")["results"] if t["id"] != trade)
    record.replace(loan, "<loan>")
    at_both("asked")
    anna.until(lambda: len(anna.json("trade", "list")["results"]) == 2)
    for side, options in ((anna, ()), (ben, german), (anna, german), (ben, ())):
        record("trade-list", side, *options, "trade", "list")
    anna.json("trade", "counter", trade, "--price", "165")
    at_both("offered")
    record("trade-propose", ben, *german, "trade", "propose", trade, "--price", "160")
    anna.until(lambda: stands(anna) == "asked")
    anna.json("trade", "promise", trade, "--yes")
    at_both("promised")
    shown = (Client(side.folder).get(f"/v1/communities/-/trades/{trade}") for side in (anna, ben))
    code, _ = (view["handover_code"] for view in shown)
    ben.json("trade", "handover", trade, "--code", "-", stdin=code)
    at_both("receipted")
    record("trade-show", ben, "trade", "show", "zzzzzzzz")
    ben.json("trade", "cancel", loan, "--yes")
    anna.until(lambda: not anna.json("trade", "list")["results"])
    record("trade-list", anna, *german, "trade", "list")
    record("trade-list", ben, "trade", "list", "--all")


def _devices(record: Recorder, anna: Any, ben: Any, phone: Any) -> None:
    loopback = ("--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0")
    record("device-list", ben, "device", "list")
    record("device-add", ben, "device", "add", "Handy")
    code = ben.json("device", "add", "Tablet")["code"]
    record("device-revoke", ben, "device", "revoke", "Handy")
    record("device-join", phone, "device", "join", *loopback, stdin="P2PD1-AAAA")
    record("device-join", phone, "device", "join", *loopback, stdin=code)
    record("device-join", phone, "device", "join", stdin=code)
    record("device-join", anna, "device", "join", stdin=code)
    phone.until(lambda: phone.json("status")["communities"][0]["my_status"] == "confirmed")
    lamp = phone.json("publish", "--title", "Stehlampe", "--kind", "give")["results"][0]["id"]
    ben.until(lambda: len(ben.finds("Stehlampe")) == 1)
    record.replaced[lamp] = record.replaced[lamp[:8]] = "<listing>"
    record("device-list", ben, "device", "list")
    record("device-list", phone, "--lang", "de", "device", "list")
    record("device-add", phone, "device", "add", "Laptop")
    record("edit", ben, "edit", lamp, "--title", "Lampe")
    record("device-revoke", ben, "device", "revoke", "9")
    record("device-revoke", ben, "device", "revoke", "1")
    record("device-revoke", phone, "device", "revoke", "1")
    record("device-renew", phone, "device", "renew")
    record("device-revoke", ben, "device", "revoke", "Tablet")
    phone.until(lambda: phone.json("status")["communities"][0]["my_status"] == "revoked")
    record("device-join", phone, "publish", "--title", "Lampe", "--kind", "give")
    ben.json("withdraw", lamp)
    record("device-renew", anna, "device", "renew")
    record("device-revoke", anna, "--lang", "de", "device", "revoke", "1")
    anna.until(lambda: anna.json("status")["communities"][0]["sync"]["state"] == "synced")


def _trust(record: Recorder, anna: Any, ben: Any) -> None:
    rosenquast, milchmond = "Familie Rosenquast", "WG Milchmond"
    for side, of in ((anna, milchmond), (ben, rosenquast)):
        side.until(lambda side=side, of=of: len(side.json("ledger", "show", of)["receipts"]) == 1)
    shown = anna.json("ledger", "show")
    trade = shown["receipts"][0]["trade"]
    heads = (anna.json("ledger", "verify", of)["chains"][0]["head"] for of in ("-", milchmond))
    for identifier in (trade, *heads):
        record.replace(identifier, "<id>")
    record("ledger-verify", anna, "ledger", "verify")
    record("ledger-verify", ben, "--lang", "de", "ledger", "verify", rosenquast)
    record("ledger-verify", ben, "ledger", "verify", "Niemand")
    record("ledger-show", anna, "ledger", "show")
    record("ledger-show", ben, "--lang", "de", "ledger", "show", rosenquast)
    record("ledger-balance", anna, "ledger", "balance")
    record("ledger-balance", ben, "--lang", "de", "ledger", "balance", rosenquast)
    record("ledger-balance", ben, "ledger", "balance", "--all")
    record("household", ben, "household", rosenquast)
    record("household", anna, "--lang", "de", "household", milchmond)
    record("household", ben, "household", "Niemand")
    record("review", ben, "review", trade)
    record("review", ben, "review", "zzzz", "--recommend", "Gut")
    record("review", ben, "review", trade, "--recommend", "ä" * 151)
    record("review", ben, "review", trade, "--recommend", "Sehr gründlich.")
    record("review", ben, "review", trade, "--not", "Doch nicht.")
    record("review", anna, "--lang", "de", "review", trade, "--recommend", stdin="")


def _governing(record: Recorder, *three: Any) -> None:
    """Three households, two of which must agree: rules, seats, a removal and its appeal."""
    anna, ben, cem = three
    german = ("--lang", "de")
    for household, name in zip(three, ("Anna", "Ben", "Cem"), strict=True):
        household.init(name)
        household.up()
    create = ("community", "create", "--name", "Linde", "--rules", "Seid nett.\nKein Verkauf.")
    anna.json(*create, "--slots", "20", "--worry-word", "Waffe")
    for household in (ben, cem):
        household.json("join", "--yes", stdin=anna.json("invite")["invite"])
        household.until(lambda h=household: _my(h, "my_status") == "confirmed")
    for one in (anna, ben):
        one.until(lambda one=one: all(m["name"] for m in one.json("members")["results"]))
        one.until(lambda one=one: len(one.json("members")["results"]) == 3)
    record.learn(anna)
    record("charter-show", cem, "charter", "show")
    record("steward-appoint", cem, "steward", "appoint", "Ben", "--yes")
    record("steward-accept", ben, "steward", "accept", "--yes")
    record("steward-appoint", anna, "steward", "appoint", "Ben")
    record("steward-appoint", anna, "steward", "appoint", "Ben", "--yes")
    record("steward-appoint", anna, *german, "steward", "appoint", "Ben", "--yes")
    ben.until(lambda: ben.json("steward", "list")["offered"])
    record("steward-list", ben, *german, "steward", "list")
    record("steward-accept", ben, "steward", "accept", "--yes")
    anna.until(lambda: len(anna.json("steward", "list")["results"]) == 2)
    record("steward-list", anna, "steward", "list")
    record("steward-list", anna, *german, "steward", "list")

    change = ("--slots", "30", "--rules", "Seid nett.\nKein Verkauf, keine Werbung.", "--approve")
    record("charter-propose", cem, "charter", "propose", *change, "--yes")
    record("charter-propose", anna, "charter", "propose", "--slots", "20", "--yes")
    record("charter-propose", anna, "charter", "propose", "--slots", "1000", "--yes")
    record("charter-propose", anna, "charter", "propose", *change, "--yes")
    ben.until(lambda: bool(ben.json("charter", "show")["proposals"]))
    record.replace(ben.json("charter", "show")["proposals"][0]["digest"], "<version>")
    record("charter-show", ben, *german, "charter", "show", "--all")
    record("charter-show", ben, "charter", "show", "2")
    record("charter-show", ben, "charter", "show", "9")
    record("charter-sign", anna, "charter", "sign", "2", "--yes")
    record("charter-sign", ben, "charter", "sign", "2", "--yes")
    cem.until(lambda: not cem.json("charter", "show")["consented"])
    record("charter-consent", cem, "publish", "--title", "Stuhl", "--kind", "give")
    record("charter-consent", cem, *german, "publish", "--title", "Stuhl", "--kind", "give")
    record("charter-consent", cem, *german, "charter", "show", "--all")
    record("charter-consent", cem, "charter", "consent")
    record("charter-consent", cem, "charter", "consent", "--yes")
    record("charter-consent", cem, *german, "charter", "consent", "--yes")
    cem.json("publish", "--title", "Stuhl", "--kind", "give")
    anna.until(lambda: len(anna.finds("Stuhl")) == 1)
    record("members-tree", anna, "members", "--tree")
    record("members-tree", anna, *german, "members", "--tree")
    _removing(record, *three)


def _removing(record: Recorder, anna: Any, ben: Any, cem: Any) -> None:
    german = ("--lang", "de")
    members = ben.json("members")["results"]
    gone = next(member["id"] for member in members if member["name"] == "Cem")
    record("governing", cem, "remove", "Ben", "--why", "Nur so", "--yes")
    record("governing", ben, "remove", "Anna", "--why", "Nur so", "--yes")
    record("governing", ben, "remove", "Cem", "--why", "Hat Werbung verteilt", "--agree", "--yes")
    record("governing", ben, "remove", "Cem", "--why", "Hat Werbung verteilt", "--yes")
    anna.until(lambda: bool(anna.json("remove")["results"]))
    record("governing", anna, "remove")
    record("governing", anna, *german, "members")
    record("governing", anna, *german, "remove", "Cem", "--agree", "--yes")
    cem.until(lambda: _my(cem, "my_status") == "removed")
    record("governing", anna, "search")
    record("governing", anna, *german, "remove")
    record("steward-take-over", anna, "steward", "take-over", "Ben", "--yes")
    record("steward-resign", ben, "steward", "resign", "--yes")
    anna.until(lambda: len(anna.json("steward", "list")["results"]) == 1)
    record("steward-resign", anna, "steward", "resign", "--yes")
    ben.json("steward", "accept", "--yes")
    anna.until(lambda: len(anna.json("steward", "list")["results"]) == 2)
    record("governing", ben, "remove", gone[:10], "--undo")
    record("governing", ben, *german, "remove", gone[:10], "--undo")
    anna.until(lambda: not anna.json("remove")["results"][0]["in_force"])
    record("governing", anna, "remove", gone[:10], "--undo")
    anna.until(lambda: len(anna.json("members")["results"]) == 3)
    anna.until(lambda: len(anna.finds("Stuhl")) == 1)
    record("governing", anna, "members", "--tree")
    record("steward-dismiss", anna, *german, "steward", "dismiss", "Ben", "--yes")
    record("steward-dismiss", anna, "steward", "dismiss", "Ben", "--yes")


def _my(household: Any, field: str) -> Any:
    return household.json("status")["communities"][0][field]


def _end(record: Recorder, anna: Any, ben: Any, carla: Any, folder: Path, new: Any) -> None:
    carla.init("Carla")
    carla.up()
    carla.json("join", "--yes", stdin=anna.json("invite")["invite"])
    anna.until(lambda: anna.json("members")["results"][-1]["name"] == "Carla")
    record.learn(anna)
    backup = str(folder / "rosenquast.backup")
    record("backup", anna, "backup", backup)
    record("backup", anna, "backup", backup)
    record.replaced[str(new.folder)] = "<home>"
    record("restore", new, "restore", backup, stdin="ach so")
    (folder / "words").write_text("", "utf-8")
    record("restore", new, "restore", str(folder / "words"), stdin="abandon " * 23 + "art")
    record("restore", new, "restore", backup, stdin="abandon " * 23 + "art")
    record("remove", ben, "remove", "Familie Rosenquast", "--why", "Nur so", "--yes")
    record("remove", anna, "remove", "Niemand", "--why", "Nur so", "--yes")
    record("remove", anna, "remove", "Carla", "--why", "Ist ausgezogen", "--yes")
    anna.until(lambda: len(anna.json("members")["results"]) == 2)
    record("remove", anna, "members")
    carla.until(lambda: carla.json("status")["communities"][0]["my_status"] == "removed")
    record("remove", carla, "publish", "--title", "Lampe", "--kind", "give")
    record("leave", ben, "leave", "--no-export", "--export", "x")
    record("leave", ben, "leave", "--export", str(folder))
    record("export", ben, "export", str(folder / "ben"))
    record("export", ben, "--lang", "de", "export", str(folder / "ben"))
    record("export", ben, "export", "/dev/null/x")
    record("leave", ben, "leave", "--export", str(folder / "data"))
    record("leave", ben, "leave", "--yes", "--export", str(folder / "data"))
    record("leave", ben, "leave", "--yes", "--export", str(folder / "data"))
    anna.until(lambda: anna.json("members")["results"][1]["status"] == "left")
    record("leave", anna, "members")
    record("leave", ben, "status")
    record("leave", ben, "publish", "--title", "Lampe", "--kind", "give")
    for shell in ("fish", "csh"):
        record("completion", ben, "completion", shell)
    record("down", ben, "down")
    record("down", ben, "down")


def _several(record: Recorder, anna: Any, ben: Any) -> None:
    """Another Anna and another Ben, who share two communities."""
    for household, name in ((anna, "Anna"), (ben, "Ben")):
        record.replaced[str(household.folder)] = "<home>"
        household.init(name, "--place", "Südhöhe")
        household.up()
    anna.json("community", "create", "--name", "Lindenau", "--rules", "")
    verein = {"name": "Verein", "rules": "", "currency": "CHF", "categories": ["outdoor"]}
    Client(ben.folder).post("/v1/communities", verein)
    anna.json("join", "--yes", stdin=ben.json("invite")["invite"])
    ben.json("join", "--yes", stdin=anna.json("invite", "--community", "Lindenau")["invite"])
    for side in (anna, ben):
        side.until(lambda side=side: side.json("search")["sync"]["state"] == "synced")
    for name in ("Lindenau", "Verein"):
        members = anna.json("members", "--community", name)["results"]
        for member in members:
            record.replace(member["id"], "<household>")
    for community in anna.json("status")["communities"]:
        record.replace(community["id"], "<community>")

    def learn() -> None:
        for listing in anna.json("search", "--taken")["results"]:
            record.replace(listing["id"], "<listing>")

    several = "several-communities"
    record(several, anna, "search")
    record(several, anna, "publish", "--title", "Lampe", "--kind", "give")
    tent = ("--title", "Zelt", "--kind", "sell", "--price", "80", "--source-id", "Z1")
    record(several, anna, "publish", *tent, "--community", "Lindenau")
    learn()
    tent_id = anna.finds("Zelt")[0]["id"]
    outcome = record("cross-post", anna, "cross-post", tent_id, "--to", "Verein", "--price", "70")
    assert outcome.code == 0
    record("cross-post", anna, "cross-post", tent_id, "--to", "Verein")
    bed = ("--title", "Bett", "--kind", "give", "--category", "furniture", "--also", "Verein")
    record("cross-post", anna, "publish", *bed, "--community", "Lindenau")
    bench = ("--title", "Bank", "--kind", "give", "--also", "Verein", "--community", "Lindenau")
    record("cross-post", anna, "--lang", "de", "publish", *bench)
    record("cross-post", anna, "cross-post", "zzzz", "--to", "Verein")
    learn()
    ben.until(lambda: len(ben.finds()) == 4)
    ben.until(lambda: ben.json("search")["sync"]["state"] == "synced")
    record(several, ben, "search", "--sort", "price")
    record(several, ben, "--lang", "de", "search", "Zelt")
    record(several, ben, "search", "Zelt", "--community", "Verein")
    record(several, ben, "search", "--category", "furniture")
    record(several, ben, "search", "--after", "2")
    bank = ben.finds("Bank")[0]["id"]
    record(several, ben, "show", bank)
    record(several, ben, "thread", "Anna")
    anna.json("mark", "reserved", bank)
    anna.until(lambda: "promised there" in anna.run("mine").out)
    twin = next(hit["id"] for hit in anna.finds("Bank") if hit["id"] != bank)
    anna.until(lambda: anna.json("show", twin)["results"][0]["state"] == "reserved")
    record(several, anna, "mine")
    record(several, anna, "--lang", "de", "mine")
    record(several, anna, "withdraw", bank)
    record("leave", ben, "--lang", "de", "leave", "Lindenau", "--no-export", "--delete", "--yes")


def _moderating(record: Recorder, households: list[Any]) -> None:
    """A report, a label, an appeal, what is taken back, and what each chooses for itself."""
    anna, ben, cem = households
    german = ("--lang", "de")
    for household, name in zip(households, ("Anna", "Ben", "Cem"), strict=True):
        record.replaced[str(household.folder)] = "<home>"
        household.init(name)
        household.up()
    anna.json(
        "community", "create", "--name", "Lindenau", "--rules", "Seid nett.", "--worry-word",
        "Waffe",
    )  # fmt: skip
    invite = anna.json("invite", "--uses", "2")["invite"]
    for household in (ben, cem):
        household.json("join", "--yes", stdin=invite)
    anna.until(lambda: sum(m["status"] == "confirmed" for m in _members(anna)) == 2)
    anna.until(lambda: sum(m["connected"] for m in _members(anna)) == 3)
    drill = ("publish", "--title", "Bohrer", "--kind", "give", "--yes")
    cem.json(*drill)
    record("reports", cem, "publish", "--title", "Jagdwaffen", "--kind", "give", "--yes")
    mine = {listing["title"]: listing["id"] for listing in cem.json("mine")["results"]}
    for title, id in mine.items():
        record.replace(id, f"<{title.lower()}>")
    for member in _members(anna):
        record.replace(member["id"], f"<{member['name'].lower()}>")
    bohrer, waffen = mine["Bohrer"][:8], mine["Jagdwaffen"][:8]
    ben.until(lambda: len(ben.finds()) == 1)
    anna.until(lambda: len(anna.finds()) == 1)

    record("report", ben, "report", bohrer, "--ground", "deceit", "--text", "Der gehört mir!")
    record("report", ben, "report", bohrer, "--ground", "other")
    record("report", ben, *german, "report", "Anna", "--ground", "belästigung")
    record("report", ben, "report", "zzzz", "--ground", "deceit")
    anna.until(lambda: bool(anna.json("reports")["results"]))
    anna.until(lambda: bool(anna.json("reports")["held"]))
    for options in ((), german):
        record("reports", anna, *options, "reports")
    record("reports", ben, "reports")

    record("label", ben, "label", bohrer, "warn", "--reason", "Fragt mich.")
    record("label", anna, "label", bohrer, "hide", "--reason", "Gestohlen, sagt Ben.")
    ben.until(lambda: "Gestohlen" in str(ben.json("log")["results"]))  # seen before the next
    record("label", anna, "label", "Anna", "fine", "--reason", "Nett.")
    record("label", anna, "label", bohrer)
    record("label", anna, *german, "label", waffen, "gut", "--reason", "Deko, angesehen.")
    ben.until(lambda: [hit["title"] for hit in ben.finds()] == ["Jagdwaffen"])
    cem.until(lambda: bool(cem.json("show", bohrer)["results"][0]["notices"]))
    record("label", ben, "show", bohrer)
    record("label", cem, *german, "show", bohrer)
    for options in ((), german):
        record("labels-list", ben, *options, "labels", "list")

    record("appeal", cem, "appeal", bohrer, "--text", "Ich habe die Rechnung.\nFragt mich.")
    record("appeal", cem, "appeal", bohrer)
    record("appeal", ben, "appeal", "Cem", "--withdraw")

    def appealed() -> bool:
        return any(line["appeals"] for line in ben.json("log")["results"])

    ben.until(appealed)
    record("log", ben, "log")
    record("label", anna, *german, "label", bohrer, "--withdraw")
    ben.until(lambda: len(ben.finds()) == 2)
    cem.until(lambda: any(line["gone_at"] for line in cem.json("log")["results"]))
    cem.until(lambda: len(cem.json("log", "--others")["results"]) == 5)
    record("log", cem, *german, "log", "--others")
    record("reports", anna, "reports", "--done", "1")
    record("reports", anna, "reports", "--done", "7")

    record("labels-list", anna, "labels", "follow", "Ben")
    anna.until(lambda: bool(anna.json("show", bohrer)["results"][0]["notices"]))
    record("labels-list", anna, "search")
    record("labels-list", anna, *german, "labels", "ignore", "Ben")
    record("labels-list", anna, "labels", "follow", "Anna")

    record("mute", ben, "mute", "Cem")
    record("mute", ben, "search")
    record("mute", ben, "show", bohrer)
    record("mute", ben, *german, "mute", "Nobody")
    record("unmute", ben, "unmute", "Cem")
    record("unmute", ben, *german, "unmute", "Cem")

    record("blocklist-show", ben, "blocklist", "add", "Cem", "--reason", "Kommt nie.")
    record("blocklist-show", ben, *german, "blocklist", "share", "--yes")
    record("blocklist-show", anna, "blocklist", "follow", "Ben")
    anna.until(lambda: not anna.finds())
    record("blocklist-show", anna, "show", bohrer)
    record("blocklist-show", anna, *german, "blocklist", "show")
    record("blocklist-show", anna, "blocklist", "unfollow", "Ben")
    record("blocklist-show", ben, "blocklist", "remove", "Cem")
    record("blocklist-show", ben, "blocklist", "remove", "Cem")
    record("blocklist-show", ben, "blocklist", "share", "--undo")


def _members(household: Any) -> list[dict[str, Any]]:
    found = household.json("members")["results"]
    assert isinstance(found, list)
    return found


def _newcomers(record: Recorder, households: list[Any], folder: Path) -> None:
    """Joining with questions and approval, from the founding to the first vouch."""
    anna, ben, cem = households
    german = ("--lang", "de")
    for household, name in zip(households, ("Anna", "Ben", "Cem"), strict=True):
        record.replaced[str(household.folder)] = "<home>"
        household.init(name)
        household.up()
    record(
        "newcomers", anna, "community", "create", "--name", "Lindenau", "--rules",
        "Seid nett.", "--question", "Wo wohnst du?", "--question", "Wer seid ihr?", "--approve",
        "--first-listings", "1",
    )  # fmt: skip
    invite = anna.json("invite", "--uses", "3")["invite"]
    file, answers = folder / "invite.txt", folder / "answers.txt"
    file.write_text(invite, "utf-8")
    answers.write_text("Nebenan.\nIch und ein Hund.\n", "utf-8")
    record("newcomers", anna, "members", "waiting")
    record("newcomers", ben, "join", "--file", str(file))
    for household, options in ((ben, ()), (cem, german)):
        arguments = ("join", "--yes", "--file", str(file), "--answers", str(answers))
        assert record("newcomers", household, *options, *arguments).code == 0

    def written(name: str) -> bool:
        waiting = anna.json("members", "waiting")["results"]
        return any(one["name"] == name and one["written"] for one in waiting)

    for name in ("Ben", "Cem"):
        anna.until(lambda name=name: written(name))
    for household in (anna, ben):
        learned = household.json("members")["results"]
        for member in learned:
            record.replace(member["id"], f"<{member['name'].lower()}>")
    for line in anna.json("invite", "list")["results"]:
        record.replace(line["id"], "<invite-id>")
    record.replace(anna.json("status")["communities"][0]["id"], "<community>")

    for options in ((), german):
        waiting = record("newcomers", anna, *options, "members", "waiting")
        assert waiting.code == 0
        record("invite-list", anna, *options, "invite", "list")
    record("vouch", ben, "vouch", "Anna")
    record("approve", ben, "approve", "Cem")
    record("welcome", ben, "welcome")
    record("approve", anna, "approve", "Ben")
    record("approve", anna, *german, "approve", "Ben")
    record("decline", anna, "decline", "Cem", "--why", "Wir kennen euch nicht.")
    record("decline", anna, *german, "decline", "Ben")
    cem.until(lambda: bool(cem.json("welcome")["refusals"]))
    record("welcome", cem, "welcome")
    record("welcome", cem, *german, "welcome")
    ben.until(lambda: ben.json("status")["communities"][0]["my_status"] == "confirmed")
    record("vouch", anna, "vouch", "Ben")
    ben.until(lambda: len(ben.json("household", "Ben")["vouched_by"]) == 1)
    record("vouch", ben, *german, "household", "Ben")
    publish = ("publish", "--title", "Leiter", "--kind", "give", "--yes")
    record("newcomers", ben, *publish)
    record("newcomers", ben, *german, *publish)
    for listing in ben.json("mine")["results"]:
        record.replace(listing["id"], "<listing>")
    record("vouch", anna, *german, "vouch", "Ben", "--withdraw")
    record("vouch", anna, "vouch", "Ben", "--withdraw")
    record("invite-list", anna, "invite", "revoke", "zzzz")
    invite_id = anna.json("invite", "list")["results"][0]["id"]
    record("invite-list", anna, "invite", "revoke", invite_id[:10])
    record("invite-list", anna, *german, "invite", "list")
    sheet = str(folder / "flyer.pdf")
    record("invite-list", anna, "invite", "flyer", sheet, "--language", "de")
    record("invite-list", anna, *german, "invite", "poster", sheet)
    for line in anna.json("invite", "list")["results"]:
        record.replace(line["id"], "<invite-id>")


def _windows(record: Recorder, households: list[Any]) -> None:
    """Two communities, whose rules name each other, and a household that belongs to both."""
    anna, ben, mia = households
    german = ("--lang", "de")
    for household, name in zip(households, ("Anna", "Ben", "Mia"), strict=True):
        record.replaced[str(household.folder)] = "<home>"
        household.init(name)
        household.up()
    lindenau = anna.json("community", "create", "--name", "Lindenau", "--rules", "Nett.")["id"]
    verein = ben.json("community", "create", "--name", "Verein", "--rules", "Leise.")["id"]
    record.replace(lindenau, "<lindenau>")
    record.replace(verein, "<verein>")
    for founder in (anna, ben):
        mia.json("join", "--yes", stdin=founder.json("invite")["invite"])
    mia.until(lambda: {c["my_status"] for c in mia.json("status")["communities"]} == {"confirmed"})
    for household in (anna, ben):
        household.until(lambda household=household: all(m["name"] for m in _members(household)))

    def play(household: Any, *arguments: str, shown: str = "") -> Any:
        return record("windows", household, *arguments, shown=shown)

    def both(household: Any, *arguments: str) -> None:
        for options in ((), german):
            play(household, *options, *arguments)

    def in_force(household: Any, version: int, *options: str) -> dict[str, Any]:
        found = household.json("charter", "show", *options)["in_force"]
        record.replace(found["digest"], "<version>")
        return found if found["number"] == version else {}

    def agreed(community: str, founder: Any) -> None:
        in_force(founder, 2)
        mia.until(lambda: bool(in_force(mia, 2, "--community", community)))
        mia.json("charter", "consent", "--community", community, "--yes")

    publish = ("publish", "--kind", "give", "--title")
    both(mia, "window", "list")
    both(ben, *publish, "Leiter", "--show-in", "Lindenau")
    propose = ("charter", "propose", "--window-category", "tools", "--window")
    both(anna, *propose, "Verein")
    both(anna, *propose, f"{verein}=Gartenverein", "--window-category", "Garten")
    play(anna, *propose, f"{verein}=Gartenverein", "--window-category", "Garten", "--yes")
    agreed("Lindenau", anna)
    both(anna, "charter", "show")
    both(mia, "window", "list")
    both(mia, "window", "open", "Verein", "--into", "Lindenau", "--yes")
    play(ben, *propose, f"{lindenau}=Lindenau", "--yes")
    agreed("Verein", ben)
    both(mia, "window", "list")
    both(ben, *publish, "Sofa", "--category", "Möbel", "--show-in", "Lindenau")
    play(ben, *german, *publish, "Leiter", "--category", "tools", "--show-in", "Lindenau")
    play(ben, *publish, "Hammer", "--category", "tools")
    own = {listing["title"]: listing["id"] for listing in ben.json("mine")["results"]}
    for title, id in own.items():
        record.replace(id, f"<{title.lower()}>")
    mia.until(lambda: len(mia.finds()) == 2)
    both(mia, "window", "open", "Verein", "--into", "Lindenau")
    mia.json("window", "open", "Verein", "--into", "Lindenau", "--yes")
    anna.until(lambda: len(anna.finds()) == 1)
    anna.until(lambda: anna.json("search")["sync"]["state"] == "synced")
    mia.until(lambda: mia.json("search")["sync"]["state"] == "synced")
    carried = anna.finds()[0]["id"]
    record.replace(carried, "<carried>")
    for command in (("search",), ("show", carried), ("trade", "propose", carried)):
        both(anna, *command)
    anna.json("message", "--listing", carried, "Ist sie noch da?")
    mia.until(lambda: mia.json("inbox", "--community", "Lindenau")["unread"] == 1)
    for command in (("thread", "Anna"), ("show", carried), ("mine",), ("window", "list")):
        both(mia, *command)
    both(mia, "withdraw", carried)
    both(ben, "edit", own["Hammer"], "--category", "garden", "--show-in", "Lindenau")
    play(ben, *german, "edit", own["Hammer"], "--show-in", "Lindenau")
    both(ben, "mine")
    both(anna, "charter", "propose", "--no-window", "Gartenverein")
    anna.until(lambda: len(anna.finds()) == 2)
    play(mia, *german, "window", "close", "Gartenverein", "--into", "Lindenau")
    both(mia, "window", "close", "Gartenverein", "--into", "Lindenau")


@pytest.mark.parametrize("name", NAMES)
def test_the_command_answers_as_in_its_transcript(
    name: str, transcripts: Callable[[str], str]
) -> None:
    path = FOLDER / f"{name}.txt"
    shown = transcripts(name)
    if WRITE:
        path.write_text(shown, "utf-8")
    assert shown == path.read_text("utf-8")


def test_every_command_has_a_transcript() -> None:
    root = build()
    commands = set(root.list_commands(click.Context(root))) - {
        "community",
        "labels",
        "blocklist",
        "charter",
        "steward",
        "ledger",
        "demo",
        "device",
        "trade",
        "window",
    }
    assert commands <= set(NAMES)
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(NAMES)
