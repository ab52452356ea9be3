"""What others say of listings is shown so that it can do nothing, and reads in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from p2pmarket.api.moderation_schemas import DeedName, GroundName, VerdictName
from p2pmarket.api.notice_schemas import CauseName
from p2pmarket.cli.moderation_texts import log_lines, subject_text
from p2pmarket.cli.notices import held_lines, is_held, notice_lines
from p2pmarket.texts import use_language
from p2pmarket.texts.moderation import GROUNDS, VERDICTS, ground_id, verdict_id

HOSTILE = "\x1b[2J\u202eabc\x07\n$ p2pmarket down"
CAUSES = CauseName.__args__  # type: ignore[attr-defined]
DEEDS = DeedName.__args__  # type: ignore[attr-defined]
WHO = {"id": "b" * 52, "name": HOSTILE}
SUBJECT = {"household": WHO, "listing": "c" * 26, "title": HOSTILE}


@pytest.fixture(params=["en", "de"], autouse=True)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    use_language(request.param)
    yield request.param
    use_language("en")


def harmless(lines: list[str]) -> str:
    """The lines as one text, after a look at what they hold."""
    text = "\n".join(lines)
    assert not set("\x1b\u202e\x07") & set(text)
    assert not any(line.startswith("$") for line in lines)
    return text


def notice(cause: str, hides: bool, whole: bool) -> dict[str, Any]:
    return {"cause": cause, "hides": hides, "whole": whole, "by": HOSTILE, "by_id": "b" * 52,
            "reason": HOSTILE}  # fmt: skip


@pytest.mark.parametrize("mine", [True, False])
@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_has_its_words(cause: str, mine: bool) -> None:
    said = [notice(cause, hides, whole) for hides in (True, False) for whole in (True, False)]
    listing = {"id": "c" * 26, "mine": mine, "hidden": not mine, "notices": said}
    text = harmless(notice_lines(listing))
    assert text.count("! ") == len(said)
    assert is_held(listing) is (mine and cause == "worry-word")
    assert bool(held_lines(listing)) is is_held(listing)


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("gone", [None, "2027-03-02T10:00:00Z"])
def test_every_deed_has_its_words(deed: str, gone: str | None) -> None:
    appeal = {"by": WHO, "text": HOSTILE, "at": "2027-03-01T10:00:00Z", "gone_at": gone}
    for verdict in VERDICTS if deed == "label" else (None,):
        for counts in (True, False):
            text = harmless(
                log_lines(
                    {
                        "deed": deed, "by": WHO, "subject": SUBJECT, "verdict": verdict,
                        "number": 2, "in_force": counts, "text": HOSTILE, "gone_at": gone,
                        "at": "2027-03-01T10:00:00Z", "counts": counts and gone is None,
                        "appeals": [appeal],
                    }
                )
            )  # fmt: skip
            assert "{" not in text


def test_a_listing_that_is_not_here_and_a_household_are_named() -> None:
    harmless([subject_text(SUBJECT)])
    assert "cccccccc" in subject_text({**SUBJECT, "title": ""})
    assert "cccccccc" not in subject_text({**SUBJECT, "listing": None})


def test_verdicts_and_grounds_are_typed_in_either_language() -> None:
    assert set(VERDICTS) == set(VerdictName.__args__)  # type: ignore[attr-defined]
    assert set(GROUNDS) == set(GroundName.__args__)  # type: ignore[attr-defined]
    assert [verdict_id(word) for word in ("hide", "Ausblenden", "gut", "OK", "deceit")] == [
        "hide", "hide", "fine", "fine", None,
    ]  # fmt: skip
    assert [ground_id(word) for word in ("Spam", "betrug", "anderes", "gut")] == [
        "misplaced", "deceit", "other", None,
    ]  # fmt: skip
