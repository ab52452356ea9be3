"""Joining as a person does it at a terminal; and the invite's secret stays out of sight."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from protocol.invite import read_invite_text
from tests.app.test_dialogues import at_a_terminal


@pytest.fixture(scope="module")
def asking(new_household: Callable[[], Any]) -> Any:
    """A household that founded a community which asks who joins, and decides."""
    founder = new_household()
    founder.init("Anna")
    founder.up()
    founder.json(
        "community", "create", "--name", "Lindenau", "--rules", "Seid nett.",
        "--question", "Wo wohnst du?", "--question", "Wer seid ihr?", "--approve",
    )  # fmt: skip
    return founder


def newcomer(new_household: Callable[[], Any], name: str) -> Any:
    household = new_household()
    household.init(name)
    household.up()
    return household


def waiting(asking: Any, name: str) -> dict[str, Any] | None:
    results = asking.json("members", "waiting")["results"]
    return next((dict(one) for one in results if one["name"] == name and one["written"]), None)


def test_who_joins_reads_the_rules_answers_and_agrees(
    asking: Any, new_household: Callable[[], Any]
) -> None:
    ben = newcomer(new_household, "Ben")
    invite = asking.json("invite", "--uses", "2")["invite"]
    with at_a_terminal(ben, "join") as dialogue:
        dialogue.wait_for("Paste the invite")
        dialogue.type(invite)
        assert "Seid nett." in dialogue.wait_for("Wo wohnst du?")
        dialogue.type("Nebenan")
        dialogue.wait_for("Wer seid ihr?")
        dialogue.type("Ich und ein Hund")
        dialogue.wait_for("Do you agree to these rules, and join? [y/N]:")
        dialogue.type("n")
        code, shown = dialogue.end()
    assert code == 1
    assert "nobody has heard of you" in shown
    assert [member["name"] for member in asking.json("members")["results"]] == ["Anna"]
    assert ben.json("status")["communities"] == []
    with at_a_terminal(ben, "join") as dialogue:
        dialogue.wait_for("Paste the invite")
        dialogue.type(invite)
        dialogue.wait_for("Wo wohnst du?")
        dialogue.type("Nebenan")
        dialogue.wait_for("Wer seid ihr?")
        dialogue.type("")
        dialogue.wait_for("[y/N]:")
        dialogue.type("y")
        code, shown = dialogue.end()
    assert code == 0
    assert "You joined “Lindenau” as “Ben”." in shown
    asking.until(lambda: waiting(asking, "Ben") is not None)
    found = waiting(asking, "Ben")
    assert found is not None
    assert [each["answer"] for each in found["answers"]] == ["Nebenan", ""]
    assert "members waiting" in asking.run("status").out
    asking.json("approve", "Ben")
    ben.until(lambda: ben.json("status")["communities"][0]["my_status"] == "confirmed")
    assert waiting(asking, "Ben") is None


def test_who_is_refused_finds_it_in_its_status(
    asking: Any, new_household: Callable[[], Any], tmp_path: Path
) -> None:
    dora = newcomer(new_household, "Dora")
    file = tmp_path / "invite"
    file.write_text(asking.json("invite")["invite"], "ascii")
    dora.json("join", "--yes", "--file", str(file), "--answers", "-", stdin="Nebenan\nIch\n")
    asking.until(lambda: waiting(asking, "Dora") is not None)
    assert "no to letting you in" not in dora.run("status").out
    asking.json("decline", "Dora", "--why", "Wir kennen dich nicht.")
    dora.until(lambda: bool(dora.json("welcome")["refusals"]))
    assert "Anna has said no to letting you in: p2pmarket welcome" in dora.run("status").out


def test_declining_says_by_which_invite_it_came_and_can_end_it(
    asking: Any, new_household: Callable[[], Any], tmp_path: Path
) -> None:
    emil, fritz = newcomer(new_household, "Emil"), newcomer(new_household, "Fritz")
    made = asking.json("invite", "--uses", "2")
    for household, name in ((emil, "Emil"), (fritz, "Fritz")):
        answers = tmp_path / "answers"
        answers.write_text("Nebenan\nIch\n", "utf-8")
        household.json("join", "--yes", "--answers", str(answers), stdin=made["invite"])
        asking.until(lambda name=name: waiting(asking, name) is not None)
    emil.json("publish", "--title", "Falscher Fuffziger", "--kind", "give", "--yes")
    asking.until(lambda: len(asking.finds("Fuffziger")) == 1)
    told = asking.run("decline", "Emil").out
    assert f"p2pmarket invite revoke {made['id'][:8]}" in told
    assert "1 other that waits by it is out then too." in told
    assert len(asking.finds("Fuffziger")) == 1
    ended = asking.json("decline", "Emil", "--end-invite")
    assert (ended["invite"], ended["invite_ended"], ended["also_waiting"]) == (made["id"], True, 1)
    assert asking.finds("Fuffziger") == []
    names = [member["name"] for member in asking.json("members")["results"]]
    assert "Emil" not in names
    assert "Fritz" not in names


def test_an_invite_and_its_flyer_say_by_which_id_it_is_ended(asking: Any, tmp_path: Path) -> None:
    made = asking.json("invite")
    printed = asking.json("invite", "flyer", str(tmp_path / "flyer.svg"))
    held = {line["id"] for line in asking.json("invite", "list")["results"]}
    assert {made["id"], printed["id"]} <= held
    for ended in (made, printed):
        assert asking.run("invite", "revoke", ended["id"]).code == 0


def test_answers_come_from_a_file_or_standard_input_one_a_line(
    asking: Any, new_household: Callable[[], Any], tmp_path: Path
) -> None:
    cem = newcomer(new_household, "Cem")
    file = tmp_path / "invite"
    file.write_text(asking.json("invite")["invite"], "ascii")
    short = cem.run("join", "--file", str(file), "--answers", "-", "--json", stdin="Nebenan\n")
    assert short.body["error"]["code"] == "answers-needed"
    assert short.body["error"]["fields"] == {"questions": 2}
    long = "x" * 301
    arguments = ("join", "--yes", "--file", str(file), "--answers", "-", "--json")
    refused = cem.run(*arguments, stdin=f"{long}\ny")
    assert refused.body["error"]["code"] == "answer-refused"
    assert cem.run("join", "--answers", "-", stdin="y").code == 2
    cem.json("join", "--yes", "--file", str(file), "--answers", "-", stdin="Nebenan\nZu dritt\n")
    asking.until(lambda: waiting(asking, "Cem") is not None)


def test_a_pipe_agrees_to_no_rules(
    asking: Any, new_household: Callable[[], Any], tmp_path: Path
) -> None:
    gerda = newcomer(new_household, "Gerda")
    answers = tmp_path / "answers"
    answers.write_text("Nebenan\nIch\n", "utf-8")
    invite = asking.json("invite")["invite"]
    unasked = gerda.run("join", "--answers", str(answers), stdin=invite)
    assert unasked.code == 2
    assert "Seid nett." in unasked.out
    assert "You did not join" in unasked.err
    assert "--yes" in unasked.err
    assert gerda.json("status")["communities"] == []
    agreed = gerda.run("join", "--answers", str(answers), "--yes", stdin=invite)
    assert agreed.code == 0, agreed


def test_no_decision_of_stewards_is_signed_unasked(founder: Any, neighbour: Any) -> None:
    for decision in (
        ("steward", "appoint", "WG Milchmond"),
        ("remove", "WG Milchmond", "--why", "Nur so"),
        ("charter", "propose", "--days", "30"),
    ):
        unasked = founder.run(*decision)
        assert unasked.code == 2, unasked
        assert "Say --yes to go on" in unasked.err
        assert founder.run(*decision, "--json").body["error"]["code"] == "usage"
    assert not founder.json("steward", "list")["candidates"]
    assert not founder.json("remove")["results"]
    assert not founder.json("charter", "show", "--all")["proposals"]


def test_an_invite_s_secret_is_in_no_process_s_arguments_and_in_no_file_but_the_flyer(
    asking: Any, new_household: Callable[[], Any], tmp_path: Path
) -> None:
    dora = newcomer(new_household, "Dora")
    flyer = tmp_path / "flyer.svg"
    asking.json("invite", "flyer", str(flyer))
    invite = asking.json("invite")["invite"]
    secret = read_invite_text(invite).secret
    body = invite.removeprefix("P2PM1-")
    traces = (
        secret,
        secret.hex().encode(),
        *(body[at : at + 24].encode() for at in (0, 40, 80, 120)),
        *(body[at : at + 24].lower().encode() for at in (0, 40, 80, 120)),
    )

    def shows(content: bytes) -> bool:
        return any(trace in content for trace in traces)

    assert shows(invite.encode())
    with at_a_terminal(dora, "join") as dialogue:
        dialogue.wait_for("Paste the invite")
        dialogue.type(invite)
        dialogue.wait_for("Wo wohnst du?")
        # The invite has been read and the node has asked a member; nothing has ended yet.
        for process in Path("/proc").glob("[0-9]*"):
            for name in ("cmdline", "environ"):
                try:
                    content = (process / name).read_bytes()
                except OSError:  # it has ended meanwhile, or is somebody else's
                    continue
                assert not shows(content), (process, name)
        dialogue.type("Nebenan")
        dialogue.wait_for("Wer seid ihr?")
        dialogue.type("Allein")
        dialogue.wait_for("[y/N]:")
        dialogue.type("y")
        assert dialogue.end()[0] == 0
    asking.until(lambda: waiting(asking, "Dora") is not None)
    files = [
        file
        for household in (asking, dora)
        for file in household.folder.rglob("*")
        if file.is_file()
    ]
    assert len(files) > 6
    assert [file for file in files if shows(file.read_bytes())] == []


def test_who_is_out_is_looked_for_by_its_id(asking: Any) -> None:
    refused = asking.run("remove", "Niemand", "--undo", "--json")
    assert refused.body["error"]["code"] == "no-such-removal"
    assert "beginning of its id" in refused.body["error"]["text"]


def test_a_reason_is_named_alike_wherever_one_is_asked_for(asking: Any) -> None:
    for flag in ("--why", "--reason"):
        refused = asking.run("label", "Niemand", "hide", flag, "Darum.", "--json")
        assert refused.body["error"]["code"] != "usage", refused.body
        assert refused.code == 4


def test_who_waited_by_an_invite_that_is_used_up_is_told_so_and_joins_by_another(
    asking: Any, new_household: Callable[[], Any], tmp_path: Path
) -> None:
    file = tmp_path / "invite"
    file.write_text(asking.json("invite")["invite"], "ascii")
    gert, hans = newcomer(new_household, "Gert"), newcomer(new_household, "Hans")

    def joins(household: Any) -> Any:
        arguments = ("join", "--yes", "--file", str(file), "--answers", "-", "--json")
        return household.run(*arguments, stdin="Nebenan\nIch\n")

    for household, name in ((gert, "Gert"), (hans, "Hans")):
        assert joins(household).code == 0
        asking.until(lambda name=name: waiting(asking, name) is not None)
    asking.json("approve", "Gert")
    hans.until(lambda: hans.json("status")["communities"][0]["my_status"] == "waiting")
    assert "Ask for a new one: p2pmarket join" in hans.run("status").out
    assert joins(hans).code != 0  # the same one again; its node goes on
    assert hans.json("status")["communities"][0]["my_status"] == "waiting"
    file.write_text(asking.json("invite")["invite"], "ascii")
    assert joins(hans).code == 0
    asking.until(
        lambda: "Hans" in [one["name"] for one in asking.json("members", "waiting")["results"]]
    )
    asking.json("approve", "Hans")
    hans.until(lambda: hans.json("status")["communities"][0]["my_status"] == "confirmed")


def test_who_finds_a_newcomer_s_listing_fine_is_told_its_title_before_it_shows(
    new_household: Callable[[], Any],
) -> None:
    hilde = new_household()
    hilde.init("Hilde")
    hilde.up()
    create = ("community", "create", "--name", "Gasse", "--rules", "Seid nett.")
    hilde.json(*create, "--first-listings", "1", "--worry-word", "Hund", "--invite-budget", "3")
    assert hilde.json("charter", "show")["in_force"]["terms"]["invite_budget"] == 3
    ida = newcomer(new_household, "Ida")
    ida.json("join", "--yes", stdin=hilde.json("invite")["invite"])
    for title in ("Lampe", "Hundekorb"):
        ida.json("publish", "--title", title, "--kind", "give", "--yes")
    hilde.until(lambda: bool(hilde.json("reports")["held"]))
    (held,) = hilde.json("reports")["held"]
    assert held["subject"]["title"] == "Hundekorb"
    key = held["subject"]["listing"]
    with at_a_terminal(hilde, "label", key, "fine", "--why", "Nur ein Korb.") as dialogue:
        assert "“Hundekorb”" in dialogue.wait_for("Is it fine as it stands here? [Y/n]:")
        ida.json("edit", key, "--title", "Kampfhund")
        hilde.until(lambda: hilde.json("reports")["held"][0]["subject"]["title"] == "Kampfhund")
        dialogue.type("y")
        code, shown = dialogue.end()
    assert code == 1
    assert "has changed since you read it" in shown
    ida.json("edit", key, "--title", "Hundekorb")
    hilde.until(lambda: hilde.json("reports")["held"][0]["subject"]["title"] == "Hundekorb")
    told = hilde.run("label", key, "fine", "--why", "Nur ein Korb.").out
    assert "“Hundekorb”" in told
    assert hilde.finds("Hundekorb") == []
