"""A second computer for a household, as people use it: device add, join, list, revoke, renew."""

from __future__ import annotations

import stat
from typing import Any

import pytest

LOOPBACK = ("--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0")

pytestmark = pytest.mark.usefixtures("founder", "neighbour")


def numbered(household: Any) -> dict[int, dict[str, Any]]:
    return {device["number"]: device for device in household.json("device", "list")["results"]}


def status(household: Any) -> str:
    return str(household.json("status")["communities"][0]["my_status"])


def test_a_second_computer_joins_publishes_and_is_given_up(
    founder: Any, neighbour: Any, new_household: Any
) -> None:
    phone = new_household()
    made = neighbour.json("device", "add", "Handy")
    joined = phone.json("device", "join", *LOOPBACK, stdin=made["code"])
    assert (joined["name"], joined["household"]) == ("Lindenau", "WG Milchmond")
    assert stat.S_IMODE((phone.folder / "household.key").stat().st_mode) == 0o600
    phone.until(lambda: status(phone) == "confirmed")
    phone.json("publish", "--title", "Handyhülle", "--kind", "give")
    founder.until(lambda: [r["title"] for r in founder.finds("Handyhülle")] == ["Handyhülle"])
    assert founder.finds("Handyhülle")[0]["household"] == "WG Milchmond"
    neighbour.until(lambda: numbered(neighbour)[made["number"]]["last_seen_at"] is not None)
    (this,) = [d for d in numbered(phone).values() if d["this"]]
    assert this["number"] == made["number"]
    assert phone.json("device", "list")["holds_key"] is False

    # One device decides; the words and what follows from them stay on the first.
    neighbour.until(lambda: bool(neighbour.finds("Handyhülle")))
    case = neighbour.finds("Handyhülle")[0]["id"]
    refused = neighbour.run("withdraw", case, "--json")
    assert refused.body["error"]["code"] == "other-device-decides"
    assert f"device revoke {made['number']}" in refused.body["error"]["text"]
    for command in (
        ("device", "add", "Tablet"),
        ("device", "revoke", "1"),
        ("device", "renew"),
        ("backup", str(phone.folder / "backup")),
        ("leave", "--yes"),
        ("community", "create", "--name", "Hof", "--rules", ""),
    ):
        assert phone.run(*command, "--json").body["error"]["code"] == "needs-first-device"

    done = neighbour.json("device", "revoke", "handy")
    assert (done["number"], done["listings_taken_over"]) == (made["number"], 1)
    phone.until(lambda: status(phone) == "revoked")
    refused = phone.run("publish", "--title", "Noch eins", "--kind", "give", "--json")
    assert refused.body["error"]["code"] == "device-revoked"
    assert "aufgegeben" in phone.run("--lang", "de", "doctor").out
    neighbour.json("withdraw", case)
    founder.until(lambda: not founder.finds("Handyhülle"))
    assert made["number"] not in numbered(neighbour)
    phone.stop()


def test_a_code_that_is_wrong_or_given_up_leaves_the_folder_as_it_was(
    neighbour: Any, new_household: Any
) -> None:
    phone = new_household()
    invite = neighbour.json("invite")["invite"]
    made = neighbour.json("device", "add", "Tablet")
    neighbour.json("device", "revoke", "Tablet")
    for text, code in (
        (invite, "device-code-unreadable"),
        (made["code"][:-3], "device-code-unreadable"),
        ("", "device-code-unreadable"),
        (made["code"], "device-revoked"),
    ):
        outcome = phone.run("device", "join", *LOOPBACK, "--json", stdin=text)
        assert outcome.body["error"]["code"] == code
        assert not phone.folder.exists()
    assert phone.run("join", "--json", stdin=made["code"]).code == 3


def test_a_computer_with_a_household_of_its_own_becomes_nobody_s_device(
    founder: Any, neighbour: Any
) -> None:
    made = neighbour.json("device", "add", "Irrtum")
    refused = founder.run("device", "join", "--json", stdin=made["code"])
    assert refused.body["error"]["code"] == "home-has-household"
    neighbour.json("device", "revoke", str(made["number"]))


@pytest.mark.parametrize(
    ("arguments", "code", "name"),
    [
        (("device", "add", " "), 1, "field-missing"),
        (("device", "add", "x" * 61), 1, "field-too-long"),
        (("device", "add"), 2, "usage"),
        (("device", "revoke", "8"), 4, "device-not-found"),
        (("device", "revoke", "Niemand"), 4, "device-not-found"),
        (("device", "revoke", "1"), 1, "device-is-this"),
        (("device", "join", "--file", "/dev/null/x"), 1, "file-unreadable"),
    ],
)
def test_what_is_impossible_is_said(
    founder: Any, arguments: tuple[str, ...], code: int, name: str
) -> None:
    outcome = founder.run(*arguments, "--json")
    assert (outcome.code, outcome.body["error"]["code"]) == (code, name)


def test_a_code_can_be_drawn_and_never_stands_in_the_log(founder: Any) -> None:
    outcome = founder.run("device", "add", "Bild", "--qr")
    assert outcome.code == 0
    assert "█" in outcome.out
    assert "P2PD1-" not in (founder.folder / "daemon.log").read_text("utf-8")
    founder.json("device", "revoke", "Bild")


def test_a_computer_that_was_copied_becomes_another_device_while_it_runs(
    new_household: Any,
) -> None:
    anna = new_household()
    anna.init("Anna")
    anna.up()
    anna.json("community", "create", "--name", "Hof", "--rules", "")
    lamp = anna.json("publish", "--title", "Lampe", "--kind", "give")["results"][0]["id"]
    renewed = anna.json("device", "renew")
    assert renewed["before"] == 1 != renewed["number"]
    assert [d["number"] for d in numbered(anna).values() if d["this"]] == [renewed["number"]]
    refused = anna.run("withdraw", lamp, "--json")
    assert refused.body["error"]["code"] == "other-device-decides"
    assert anna.json("device", "revoke", "1")["listings_taken_over"] == 1
    anna.json("withdraw", lamp)
    anna.stop()
    anna.up()
    assert [d["number"] for d in numbered(anna).values()] == [renewed["number"]]
    anna.stop()
