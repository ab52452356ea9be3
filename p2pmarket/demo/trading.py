"""Trades on real nodes: haggled over, swapped, lent, given; with nodes killed and off."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from p2pmarket.demo.household import Household
from p2pmarket.demo.report import Report
from p2pmarket.demo.steps import begin, gather, new_households, stop_all, until
from p2pmarket.texts import _
from protocol.errors import LocalError

HOUSEHOLDS = 5
_HOLDERS = 3


def run_trade_demo(folder: Path, report: Report, keep: bool) -> None:
    """Run the whole scenario in an empty folder.

    keep: leave the nodes running at the end. Raises CommandFailed if a step cannot be done.
    """
    households = new_households(folder, HOUSEHOLDS)
    family, shop, flat, farm, workshop = households
    done = False
    try:
        begin(households, report)
        gather(households, folder, report)
        trades = [
            _sale(shop, family, report),
            _swap(flat, farm, report),
            _loan(workshop, flat, report),
            _gift(family, [flat, farm, workshop], report),
        ]
        _mail_that_waits(workshop, farm, report)
        _receipts(trades, households, report)
        done = True
    finally:
        if not (keep and done):
            stop_all(households, report)


class _Deal:
    """One trade between two households of the demo."""

    def __init__(self, publisher: Household, seeker: Household, trade: str) -> None:
        self.publisher = publisher
        self.seeker = seeker
        self.id = trade

    @property
    def both(self) -> tuple[Household, Household]:
        """The two, the publisher first."""
        return self.publisher, self.seeker

    def reaches(self, *states: str, at: Household | None = None) -> bool:
        """Wait until the trade stands so, at one household or at both."""
        return until(
            lambda: all(
                _seen(household, self.id).get("state") in states
                for household in ([at] if at else self.both)
            )
        )

    def promise(self) -> None:
        """Promise it, once it was asked for; wait until both know."""
        self.reaches("asked", at=self.publisher)
        self.publisher.run("trade", "promise", self.id, "--yes")
        self.reaches("promised")

    def hand_over_by_code(self, step: str = "handover") -> None:
        """The seeker shows its code, the publisher types it: that confirms for both."""
        code = self.seeker.run("trade", step, self.id)["code"]
        self.publisher.run("trade", step, self.id, "--code", code)


def _sale(shop: Household, family: Household, report: Report) -> _Deal:
    """Haggled over; the buyer's node is killed when it has just been promised."""
    listing = _publish(
        shop, "--kind", "sell", "--title", "Lastenrad", "--price", "950", "--negotiable"
    )
    with report.timed("sale_s", _("A sale, from the first offer to the receipt")):
        deal = _ask(family, shop, listing, "--price", "800", "--text", "Wäre 800 möglich?")
        report.say(
            _("{buyer} offers {price} for {seller}’s cargo bike.").format(
                buyer=family.name, price="800 €", seller=shop.name
            )
        )
        deal.reaches("asked", at=shop)
        shop.run("trade", "counter", deal.id, "--price", "880")
        deal.reaches("offered")
        family.run("trade", "accept", deal.id)
        deal.reaches("asked", at=shop)
        report.say(_("They meet at {price}; it is promised.").format(price="880 €"))
        shop.run("trade", "promise", deal.id, "--yes")
        family.kill()
        report.say(
            _("At this moment the node of {household} is killed (kill -9).").format(
                household=family.name
            )
        )
        tomorrow = date.today() + timedelta(days=1)
        shop.run("trade", "slots", deal.id, f"{tomorrow} 17:00-18:00", f"{tomorrow} 19:00-20:00")
        shop.run("trade", "address", deal.id, "Altstadt 7, im Hof")
        with report.timed("after_kill_s", _("Started again, it knows what was promised, and when")):
            family.start()
            knows = until(
                lambda: (
                    len(_seen(family, deal.id).get("other_slots", ())) == 2
                    and _seen(family, deal.id).get("other_address") == "Altstadt 7, im Hof"
                )
            )
        report.check("killed_in_the_middle", _("a killed node goes on where it was"), knows)
        family.run("trade", "slots", deal.id, "--choose", "1")
        deal.reaches("appointed")
        deal.hand_over_by_code()
        sold = deal.reaches("receipted")
    agreed = {_seen(household, deal.id)["terms"]["price_minor"] for household in deal.both}
    report.check("sale_done", _("the sale ends at the haggled price"), sold and agreed == {88_000})
    return deal


def _swap(flat: Household, farm: Household, report: Report) -> _Deal:
    listing = _publish(
        flat, "--kind", "swap", "--title", "Brettspiele", "--swap-for", "Pflanzen für den Balkon"
    )
    with report.timed("swap_s", _("A swap: board games for six tomato plants")):
        deal = _ask(farm, flat, listing, "--swap", "Sechs Tomatenpflanzen")
        deal.promise()
        for household in deal.both:
            household.run("trade", "handover", deal.id, "--confirm")
        swapped = deal.reaches("receipted")
    report.check("swap_done", _("both have confirmed the swap"), swapped)
    return deal


def _loan(workshop: Household, flat: Household, report: Report) -> _Deal:
    listing = _publish(workshop, "--kind", "lend", "--title", "Schlagbohrmaschine")
    due = date.today() + timedelta(days=3)
    with report.timed("loan_s", _("A loan: a drill, handed over, made longer, and returned")):
        deal = _ask(flat, workshop, listing, "--due", str(due))
        deal.promise()
        deal.hand_over_by_code()
        lent = deal.reaches("lent")
        flat.run("trade", "return", deal.id, "--extend", str(due + timedelta(days=2)))
        until(lambda: bool(_seen(workshop, deal.id).get("other_proposed_due")))
        workshop.run("trade", "return", deal.id, "--agree")
        longer = until(
            lambda: (
                _seen(flat, deal.id)["terms"]["due_at"]
                == _seen(workshop, deal.id)["terms"]["due_at"]
                != _seen(flat, deal.id)["timeline"][0]["terms"]["due_at"]
            )
        )
        deal.hand_over_by_code("return")
        returned = deal.reaches("receipted")
    report.check(
        "loan_done", _("the loan is made longer and returned"), lent and longer and returned
    )
    return deal


def _gift(family: Household, askers: Sequence[Household], report: Report) -> _Deal:
    """Three want one thing: who asked first gets it, the others see their place in the queue."""
    listing = _publish(family, "--kind", "give", "--title", "Kinderbett")
    with report.timed("gift_s", _("A gift that three ask for")):
        deals = []
        for asker in askers:
            deals.append(_ask(asker, family, listing))
            deals[-1].reaches("asked", at=family)
        first, *others = deals
        first.promise()
        queued = until(
            lambda: [_seen(deal.seeker, deal.id).get("queue_position") for deal in others] == [1, 2]
        )
        for household in first.both:
            household.run("trade", "handover", first.id, "--confirm")
        given = first.reaches("receipted")
        told = all(deal.reaches("closed", at=deal.seeker) for deal in others)
    promises = sum(
        entry["type"] == "promise" for deal in deals for entry in _seen(family, deal.id)["timeline"]
    )
    report.check("gift_queue", _("who asks later sees the place in the queue"), queued)
    report.check("gift_done", _("one gets it, the others are told"), given and told)
    report.check("promised_once", _("it is promised only once"), promises == 1)
    return first


def _mail_that_waits(writer: Household, away: Household, report: Report) -> None:
    away.stop()
    report.say(
        _("{away} switches its node off; {writer} writes a message.").format(
            away=away.name, writer=writer.name
        )
    )
    text = "Die Tomatenpflanzen gedeihen. Danke!"
    writer.run("message", away.name, text)

    def held() -> bool:
        delivery = _thread(writer, away)[-1]["delivery"] or {}
        return bool(delivery.get("state") == "held" and delivery["holders"] >= _HOLDERS)

    kept = until(held)
    report.check("mail_held", _("three neighbours keep the message"), kept)
    writer.stop()
    report.say(
        _("Three neighbours keep it. Now {writer} switches off as well.").format(writer=writer.name)
    )
    away.start()
    began = time.perf_counter()
    arrived = until(lambda: any(chat["text"] == text for chat in _thread(away, writer)))
    report.measure("mail_after_return_s", round(time.perf_counter() - began, 3))
    report.say(_("{away} is back, and has it from a neighbour.").format(away=away.name))
    report.check("mail_arrived", _("mail arrives although its writer is off"), arrived)
    writer.start()
    told = until(lambda: _thread(writer, away)[-1]["delivery"]["state"] in ("delivered", "read"))
    report.check("mail_acknowledged", _("its writer learns that it has arrived"), told)


def _receipts(deals: Sequence[_Deal], households: Sequence[Household], report: Report) -> None:
    """Both hold the same receipt of each trade, and anybody can check all ledgers."""
    same = all(
        first["receipt"] is not None
        and first["receipt"]["state"] == second["receipt"]["state"] == "confirmed"
        and first["receipt"]["digest"] == second["receipt"]["digest"]
        for first, second in (
            [_seen(household, deal.id) for household in deal.both] for deal in deals
        )
    )
    report.measure("receipts", len(deals))
    report.check("same_receipts", _("both sides hold the same receipt of each trade"), same)

    def linked() -> bool:
        return all(
            len(checker.ledger(party.name)["receipts"]) == sum(party in deal.both for deal in deals)
            for checker in households
            for party in households
        )

    with report.timed("ledgers_s", _("All receipts linked, and known to all neighbours")):
        everywhere = until(linked)
    report.check("linked_everywhere", _("every neighbour sees each receipt"), everywhere)
    sound = True
    for deal in deals:
        third = next(household for household in households if household not in deal.both)
        for checker in (*deal.both, third):
            for party in deal.both:
                report_of = checker.run("ledger", "verify", party.name)
                trades = {receipt["trade"] for receipt in report_of["receipts"]}
                sound = sound and bool(report_of["sound"]) and deal.id in trades
    report.check(
        "ledgers_verified", _("“ledger verify” accepts them at both and at a third"), sound
    )
    if sound:
        report.say(_("“ledger verify” accepts every receipt: at both sides, and at a third."))


def _publish(household: Household, *arguments: str) -> str:
    answer = household.run("publish", *arguments, "--days", "30", "--yes")
    return str(answer["results"][0]["id"])


def _ask(seeker: Household, publisher: Household, listing: str, *arguments: str) -> _Deal:
    until(lambda: any(found["id"] == listing for found in seeker.listings()))
    answer = seeker.run("trade", "propose", listing, *arguments)
    return _Deal(publisher, seeker, str(answer["results"][0]["id"]))


def _seen(household: Household, trade: str) -> dict[str, Any]:
    """Return how a trade stands at a household; empty while nothing of it has come."""
    try:
        return household.trade(trade)
    except LocalError:
        return {}


def _thread(household: Household, other: Household) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = household.run("thread", other.name)["results"]
    return found
