"""What is said of ledgers, households and mail: every case has its words, in both languages."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from p2pmarket.api.ledger_schemas import FlawName
from p2pmarket.api.mail_schemas import DeliveryStateName
from p2pmarket.cli.ledger import balance_lines, balances_lines, verify_lines
from p2pmarket.cli.mail_texts import all_waiting_lines, mail_lines, waiting_lines
from p2pmarket.cli.receipt_texts import outcome_text, own_receipt_table, review_lines
from p2pmarket.cli.trust import household_lines
from p2pmarket.texts import use_language
from p2pmarket.texts.delivery import delivery_text
from p2pmarket.texts.waiting import SENTENCES, waiting_line
from protocol.ledger.chain import Flaw

HOSTILE = "\x1b[2J\u202eabc\x07"
SYNCED = {
    "state": "synced", "neighbours_connected": 1, "neighbours_synced": 1, "neighbours_known": 1,
    "missing": 0, "synced_since": None, "synced_seconds_ago": 4,
}  # fmt: skip
ANNA, BEN = {"id": "a" * 52, "name": "Anna"}, {"id": "b" * 52, "name": ""}


@pytest.fixture(params=["en", "de"], autouse=True)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    use_language(request.param)
    yield request.param
    use_language("en")


def ledger(**changes: Any) -> dict[str, Any]:
    found = {
        "household": ANNA, "mine": True, "sound": True, "chains": [], "flaws": [], "receipts": [],
        "private": 0, "reviews": 0, "continued": 0, "own": [], "reviews_waiting": 0, "sync": SYNCED,
    }  # fmt: skip
    return {**found, **changes}


def receipt(outcome: str, at_fault: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "id": "d" * 52, "trade": "t" * 52, "publisher": ANNA, "seeker": BEN, "kind": "sell",
        "month": "2027-03", "outcome": outcome, "at_fault": at_fault, "credit": None,
        "giver": ANNA, "taker": BEN, "public": True,
    }  # fmt: skip


def test_every_flaw_that_can_be_found_has_its_words() -> None:
    assert set(get_args(FlawName)) == {flaw.value for flaw in Flaw}
    said = set()
    for name in get_args(FlawName):
        flaw = {"flaw": name, "device": "x" * 52, "entry": 3, "blames": True}
        (line,) = verify_lines(ledger(sound=False, flaws=[flaw]))[1:]
        said.add(line)
    assert len(said) == len(Flaw)


def test_a_flaw_without_a_place_is_told_without_one() -> None:
    chain = {"device": "x" * 52, "number": 2, "entries": 1, "head": "h" * 52}
    flaw = {"flaw": "signature", "device": "x" * 52, "entry": None, "blames": True}
    lines = verify_lines(ledger(sound=False, chains=[chain], flaws=[flaw]))
    assert "2" in lines[1]
    assert "None" not in "".join(lines)


def test_an_unconfirmed_receipt_is_named_beside_a_sound_ledger(language: str) -> None:
    held = {"state": "unconfirmed"}
    lines = verify_lines(ledger(own=[held, held, {"state": "waiting"}], reviews_waiting=1))
    word = "unbestätigt" if language == "de" else "unconfirmed"
    assert [line for line in lines if word in line and "2" in line]
    assert len(lines) == 4


def test_who_is_not_synced_is_told_that_something_may_be_missing() -> None:
    offline = {**SYNCED, "state": "offline", "neighbours_connected": 0}
    assert len(verify_lines(ledger(sync=offline))) == len(verify_lines(ledger())) + 1


def test_how_a_trade_ended_names_whose_doing_it_was() -> None:
    said = {
        outcome_text(receipt("completed")),
        outcome_text(receipt("cancelled")),
        outcome_text(receipt("cancelled", ANNA)),
        outcome_text(receipt("no-show", BEN)),
    }
    assert len(said) == 4
    assert any("bbbbbbbb" in text for text in said)


@pytest.mark.parametrize("state", ["unconfirmed", "private", "linked", "waiting"])
def test_every_state_of_an_own_receipt_has_its_words(state: str) -> None:
    held = {"receipt": receipt("completed"), "other": BEN, "state": state}
    (_, row) = own_receipt_table([held])
    assert state not in row or state in ("unconfirmed", "private")


def test_hostile_words_of_a_review_are_shown_harmless() -> None:
    review = {
        "author": {"id": "c" * 52, "name": HOSTILE}, "recommends": False, "text": HOSTILE,
        "at": "2027-03-01T10:00:00Z", "month": "2027-03", "outcome": "completed", "changed": True,
    }  # fmt: skip
    lines = review_lines(review)
    assert len(lines) == 3
    assert all(unicodedata.category(c) not in ("Cc", "Cf") for line in lines for c in line)


def household(**trust: Any) -> dict[str, Any]:
    none = {"receipts": 0, "households": 0}
    facts = {
        "completed": none, "cancelled": none, "no_shows": none, "brought": 0, "common": [],
        "vouch_path": [], "own": [], "reviews": [], "ledger_sound": True, "flaws": 0,
        "balance": None, "uncovered": None, "credit": None,
    }  # fmt: skip
    return {
        "id": "b" * 52, "name": HOSTILE, "about": HOSTILE, "status": "confirmed", "place": HOSTILE,
        "invited_by": ANNA, "vouched_by": [], "joined_at": "2027-03-01T10:00:00Z",
        "connected": True,
        "blocked": False, "me": False, "trust": {**facts, **trust}, "sync": SYNCED,
        "notices": [],
    }  # fmt: skip


def test_what_is_said_in_public_stands_above_what_is_known(language: str) -> None:
    notice = {"cause": "label", "hides": False, "whole": True, "by": HOSTILE, "by_id": "b" * 52,
              "reason": HOSTILE}  # fmt: skip
    found = {**household(), "notices": [notice, {**notice, "cause": "muted"}]}
    lines = household_lines(found)
    assert sum(line.startswith("! ") for line in lines) == 2
    assert not set("\x1b\u202e\x07") & set("\n".join(lines))


def test_nothing_known_is_no_judgement(language: str) -> None:
    text = "\n".join(household_lines(household()))
    assert ("weder" if language == "de" else "neither") in text
    assert all(c == "\n" or unicodedata.category(c) not in ("Cc", "Cf") for c in text)


def test_the_path_of_invitations_shows_who_invited_whom(language: str) -> None:
    path = [
        {"household": {"id": "m" * 52, "name": "Wir"}, "invited": None},
        {"household": ANNA, "invited": False},
        {"household": BEN, "invited": True},
    ]
    text = "\n".join(household_lines(household(vouch_path=path, ledger_sound=False, flaws=1)))
    me = "du" if language == "de" else "you"
    assert f"{me} ← Anna → bbbbbbbb" in text
    assert "ledger verify bbbbbbbb" in text


def test_a_flood_is_told_in_the_status() -> None:
    calm = {
        "unread": 0, "queued": 0, "held": 0, "held_bytes": 0, "depositors": 0,
        "depositors_full": 0, "flooding": [],
    }  # fmt: skip
    assert mail_lines(calm) == []
    flooded = {**calm, "unread": 501, "queued": 1, "held": 3, "held_bytes": 9_000_000}
    lines = mail_lines({**flooded, "depositors": 2, "depositors_full": 1, "flooding": [HOSTILE]})
    assert len(lines) == 5
    assert "9" in lines[2]
    assert all(unicodedata.category(c) not in ("Cc", "Cf") for line in lines for c in line)


@pytest.mark.parametrize("what", sorted(SENTENCES))
def test_everything_that_can_wait_has_its_words(what: str) -> None:
    waiting = {
        "what": what, "id": "t" * 52, "title": HOSTILE, "household": "", "household_id": "b" * 52,
        "until": "2027-03-01T10:00:00Z",
    }  # fmt: skip
    line = waiting_line(waiting)
    assert "{" not in line
    assert all(unicodedata.category(c) not in ("Cc", "Cf") for c in line)
    assert len(waiting_lines([{**waiting, "household_id": f"{n}" * 52} for n in range(9)])) == 6


def test_who_asks_for_twenty_things_buries_nothing_of_others(language: str) -> None:
    asked = {
        "what": "trade-asked", "id": "t" * 52, "title": "Rad", "household": "Mallory",
        "household_id": "m" * 52, "until": None,
    }  # fmt: skip
    due = {**asked, "what": "trade-due", "household": "Anna", "until": "2027-03-01T10:00:00Z"}
    lines = all_waiting_lines([*[asked] * 20, due])
    assert sum("Mallory" in line for line in lines) == 4
    assert any("Anna" in line for line in lines)
    assert "17" in lines[-1]
    assert any("Anna" in line for line in waiting_lines([*[asked] * 20, due]))


@pytest.mark.parametrize("state", get_args(DeliveryStateName))
def test_every_state_of_a_delivery_has_its_words(state: str) -> None:
    assert delivery_text({"state": state, "holders": 2}) != state or state in ("delivered", "read")


def test_what_is_not_covered_yet_is_shown_beside_the_balance(language: str) -> None:
    terms = {"unit": "Stunden", "limit": 20}
    waiting = {
        "month": "2027-03", "giver": ANNA, "taker": BEN, "credit": 25, "trade": "t" * 52,
    }  # fmt: skip
    balance = {
        "household": BEN, "mine": False, "terms": terms, "balance": 0, "left": 0, "uncovered": 25,
        "results": [], "waiting": [waiting],
    }  # fmt: skip
    text = "\n".join(balance_lines(balance))
    assert ("nicht gedeckt" if language == "de" else "Not covered yet") in text
    assert "25" in text
    held = {"household": BEN, "mine": False, "balance": 0, "uncovered": 25}
    text = "\n".join(balances_lines({"terms": terms, "results": [held]}))
    assert ("noch nicht gedeckt" if language == "de" else "not covered yet") in text
    text = "\n".join(balances_lines({"terms": terms, "results": [{**held, "uncovered": 0}]}))
    assert "covered" not in text
    assert "gedeckt" not in text
    owing = household(balance=-5, uncovered=25, credit=terms)
    assert ("nicht gedeckt" if language == "de" else "not covered") in "\n".join(
        household_lines(owing)
    )
