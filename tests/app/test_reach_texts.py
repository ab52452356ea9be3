"""How a node is reached, in words that need no knowledge of networks."""

from __future__ import annotations

from typing import Any

import pytest

from p2pmarket.cli.reach_texts import reach_advice, reach_line, reach_lines, relay_lines


def reach(verdict: str = "unknown", **changes: Any) -> dict[str, Any]:
    found = {
        "verdict": verdict,
        "through": ["ruth"] if verdict == "relayed" else [],
        "public_addresses": [],
        "mapped_address": None,
        "volunteers": False,
        "reserved": 0,
        "carried": 0,
        "has_way_out": True,
    }
    return {**found, **changes}


def test_a_computer_without_a_way_out_is_told_to_look_at_its_own_network_first() -> None:
    cut_off = reach(has_way_out=False)
    assert reach_lines(cut_off) == ["This computer has no way to the Internet at the moment."]
    assert reach_advice(cut_off, 4001).startswith("Is the Wi-Fi on, or the cable plugged in?")


@pytest.mark.parametrize("verdict", ["public", "relayed", "home"])
def test_who_is_known_outside_is_not_cut_off_whatever_the_routes_say(verdict: str) -> None:
    told = reach(verdict, has_way_out=False)
    assert reach_line(told) == reach_line(reach(verdict))
    assert reach_advice(told, 4001) == reach_advice(reach(verdict), 4001)


def test_status_says_nothing_while_nothing_is_known_and_names_the_doctor_at_home() -> None:
    assert reach_lines(reach()) == []
    (line,) = reach_lines(reach("home"))
    assert "p2pmarket doctor" in line
    assert "p2pmarket doctor" not in "".join(reach_lines(reach("relayed")))


def test_at_home_a_volunteer_is_named_before_the_router() -> None:
    advice = reach_advice(reach("home"), 4242)
    assert advice.index("relay on") < advice.index("TCP port 4242")


def test_who_is_reachable_and_does_not_volunteer_is_told_that_it_could() -> None:
    assert "relay on" in " ".join(relay_lines(reach("public")))
    assert "relay on" not in " ".join(relay_lines(reach("home")))
    assert "cannot help much" in " ".join(relay_lines(reach("home", volunteers=True)))
