"""A community on real nodes that lets people in, changes its rules, and removes a household."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from p2pmarket.demo.household import CommandFailed, Household
from p2pmarket.demo.report import Report
from p2pmarket.demo.steps import all_at_once, begin, new_households, stop_all, until
from p2pmarket.texts import _

HOUSEHOLDS = 4
_STREET, _GARDENS = "Lindenau", "Schrebergärten"
_ANSWER = "In der Lindenstraße, über dem Bäcker."


def run_community_demo(folder: Path, report: Report, keep: bool) -> None:
    """Run the whole scenario in an empty folder.

    keep: leave the nodes running at the end. Raises CommandFailed if a step cannot be done.
    """
    households = new_households(folder, HOUSEHOLDS)
    family, shop, flat, farm = households
    done = False
    try:
        begin(households, report)
        _let_in(family, [shop, flat, farm], folder, report)
        _second_steward(family, shop, report)
        _new_rules([family, shop], flat, households, report)
        _removal([family, shop], farm, flat, report)
        _second_community(flat, family, report)
        _window(flat, family, shop, report)
        done = True
    finally:
        if not (keep and done):
            stop_all(households, report)


def _let_in(founder: Household, others: Sequence[Household], folder: Path, report: Report) -> None:
    """One invite for all; a person decides about each."""
    with report.timed("found_s", _("Community founded, with a question to who joins")):
        founder.run(
            "community", "create", "--name", _STREET, "--quorum", "2", "--approve",
            "--rules", "Freundlich bleiben.", "--question", "Wo wohnt ihr?",
        )  # fmt: skip
        invite = founder.run("invite", "--uses", str(len(others)), "--expires", "1d")["invite"]
    answers = folder / "answers.txt"
    answers.write_text(_ANSWER + "\n", "utf-8")
    with report.timed("join_s", _("Three households answer it and wait")):
        all_at_once(
            lambda household: household.run(
                "join", "--answers", str(answers), "--yes", typed=invite
            ),
            others,
        )
        waiting = until(lambda: _answered(founder) == len(others))
    report.check("answers_arrived", _("who invites reads the answers"), waiting)
    for household in others:
        founder.run("approve", household.name)
    confirmed = until(lambda: all(h.community()["my_status"] == "confirmed" for h in others))
    report.check("let_in", _("each is a member once let in"), confirmed)
    until(lambda: all(_neighbours(h) == len(others) for h in (founder, *others)))


def _answered(founder: Household) -> int:
    waiting = founder.run("members", "waiting")["results"]
    return sum(_ANSWER in str(one) for one in waiting)


def _neighbours(household: Household) -> int:
    count: int = household.community()["sync"]["neighbours_connected"]
    return count


def _second_steward(founder: Household, shop: Household, report: Report) -> None:
    founder.run("steward", "appoint", shop.name, "--yes")
    named = until(lambda: _tries(shop, "steward", "accept", "--yes"))
    report.say(
        _("{founder} wants {steward} as a second steward, who accepts: now two must agree.").format(
            founder=founder.name, steward=shop.name
        )
    )
    seated = until(lambda: founder.run("steward", "list")["needed"] == 2)
    report.check("two_stewards", _("from then on two must agree"), named and seated)


def _new_rules(
    stewards: Sequence[Household], member: Household, all_: Sequence[Household], report: Report
) -> None:
    """Rules that both stewards sign; a member must agree before it can publish again."""
    proposer, signer = stewards
    proposer.run("charter", "propose", "--rules", "Freundlich bleiben. Pünktlich sein.", "--yes")
    waits = until(lambda: len(_charter(signer)["proposals"]) == 1)
    still_old = all(_charter(household)["in_force"]["number"] == 1 for household in all_)
    report.check("one_voice_is_not_enough", _("one steward alone changes no rules"), still_old)
    with report.timed("rules_s", _("New rules, signed by both stewards, are in force at all")):
        signer.run("charter", "sign", "2", "--yes")
        in_force = until(lambda: all(_charter(h)["in_force"]["number"] == 2 for h in all_))
    report.check(
        "rules_in_force", _("rules that enough signed hold everywhere"), waits and in_force
    )
    refused = not _tries(member, *_GIFT)
    member.run("charter", "consent", "--yes")
    report.say(
        _("{member} can publish nothing new until it has agreed to them; then it can.").format(
            member=member.name
        )
    )
    report.check("consent_needed", _("nobody publishes under rules unread"), refused)
    report.check("consent_given", _("who agreed publishes again"), _tries(member, *_GIFT))


_GIFT = ("publish", "--kind", "give", "--title", "Blumenkästen", "--yes")


def _removal(
    stewards: Sequence[Household], removed: Household, member: Household, report: Report
) -> None:
    """Out by two voices: what it offered is gone, and it hears nothing more."""
    first, second = stewards
    removed.run("charter", "consent", "--yes")
    removed.run("publish", "--kind", "sell", "--title", "Schneckenkorn", "--price", "5", "--yes")
    offered = until(lambda: _finds(member, "Schneckenkorn"))
    reason = "Verkauft, was es nicht hat."
    first.run("remove", removed.name, "--reason", reason, "--yes")
    heard = until(lambda: len(second.run("remove")["results"]) == 1)
    there = _finds(member, "Schneckenkorn")
    report.check(
        "one_voice_removes_nobody", _("one steward alone removes nobody"), offered and there
    )
    with report.timed("removal_s", _("With the second voice its listings vanish everywhere")):
        second.run("remove", removed.name, "--agree", "--yes")
        gone = until(lambda: not any(_finds(h, "Schneckenkorn") for h in (*stewards, member)))
    report.check("removed_vanishes", _("what a removed household offered is gone"), heard and gone)
    alone = until(lambda: _neighbours(removed) == 0)
    member.run("publish", "--kind", "give", "--title", "Gartenstuhl", "--yes")
    arrived = until(lambda: all(_finds(steward, "Gartenstuhl") for steward in stewards))
    deaf = not _finds(removed, "Gartenstuhl")
    report.say(
        _("{removed} is removed by both: nobody connects to it, and it learns nothing new.").format(
            removed=removed.name
        )
    )
    report.check("removed_hears_nothing", _("it hears nothing more"), alone and arrived and deaf)


def _second_community(flat: Household, family: Household, report: Report) -> None:
    """Another community at two of the same nodes, with keys of its own."""
    flat.run(
        "community", "create", "--name", _GARDENS, "--rules", "Leise am Sonntag.", "--quorum", "2"
    )
    invite = flat.run("invite", "--community", _GARDENS)["invite"]
    family.run("join", "--yes", typed=invite)
    belongs = until(lambda: family.community(_GARDENS)["my_status"] == "confirmed")
    flat.run(*_IN_GARDENS, "Häcksler")
    merged = until(
        lambda: (
            {"Häcksler", "Gartenstuhl"}
            <= {
                x["title"]
                for word in ("Häcksler", "Gartenstuhl")
                for x in _everywhere(family, word)
            }
        )
    )
    kept_apart = not _finds(family, "Häcksler", _STREET)
    keys = {family.community(name)["household_id"] for name in (_STREET, _GARDENS)}
    report.say(
        _("{household} is in two communities now and searches both at once.").format(
            household=family.name
        )
    )
    report.check("two_communities", _("one node, two communities"), belongs and merged)
    report.check(
        "communities_apart", _("neither learns of the other"), kept_apart and len(keys) == 2
    )


_IN_GARDENS = (
    "publish", "--community", _GARDENS, "--kind", "lend", "--category", "garden", "--yes",
    "--title",
)  # fmt: skip


def _window(author: Household, carrier: Household, reader: Household, report: Report) -> None:
    """The street looks into the gardens: by both rules, the author's word, and who is in both.

    author: founded the gardens. carrier, reader: the two stewards of the street.
    """
    category = ("--window-category", "garden", "--yes")
    with report.timed("window_s", _("The rules of both communities name a window to the other")):
        author.run("charter", "propose", "--community", _GARDENS, "--window", _STREET, *category)
        proposed = carrier.run(
            "charter", "propose", "--community", _STREET, "--window", _GARDENS, *category
        )
        number = str(proposed["version"]["number"])
        signed = until(lambda: _tries(reader, "charter", "sign", number, "--yes"))
        open_ = ("window", "open", _GARDENS, "--into", _STREET, "--yes")
        opened = until(lambda: _tries(carrier, *open_))
    author.run(*_IN_GARDENS, "Rosenschere", "--show-in", _STREET)
    arrived = until(lambda: _finds(reader, "Rosenschere"))
    from_there = [x for x in _everywhere(reader, "") if x["origin"] is not None]
    only = [(x["title"], x["household"]) for x in from_there] == [("Rosenschere", carrier.name)]
    report.say(
        _("{carrier} shows {author}'s listing in the street, which does not learn whose.").format(
            carrier=carrier.name, author=author.name
        )
    )
    report.check(
        "window", _("only what its author opted in shows next door"),
        signed and opened and arrived and only,
    )  # fmt: skip


def _charter(household: Household) -> dict[str, Any]:
    return household.run("charter", "show")


def _finds(household: Household, words: str, community: str = _STREET) -> bool:
    found = household.run("search", words, "--community", community)["results"]
    return any(listing["title"] == words for listing in found)


def _everywhere(household: Household, words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = household.run("search", words)["results"]
    return found


def _tries(household: Household, *arguments: str) -> bool:
    """Whether a command is carried out."""
    try:
        household.run(*arguments)
    except CommandFailed:
        return False
    return True
