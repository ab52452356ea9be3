"""Where a trade stands, in sentences for the person who looks. Every line returned is safe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from p2pmarket import vocabulary
from p2pmarket.cli.terminal import safe
from p2pmarket.texts import _, msgid
from p2pmarket.texts.formats import day, day_and_time, moment, weekday_and_time
from p2pmarket.texts.trades import OUTCOMES, STATES

SHORT_ID = 10
"""How much of a trade's id is shown: enough to name it, four characters would do."""

_DRAWS = ("drawing", "entered", "drawn", "revealed")
_ENDED = ("completed", "cancelled", "no-show", "signed", "receipted")

_SENTENCES: Mapping[tuple[str, bool], str] = {
    # (state, whether it is this household's listing)
    ("asked", True): msgid("{other} asks for it."),
    ("asked", False): msgid("You have asked for it; {other} has not decided yet."),
    ("offered", True): msgid("You have proposed other terms; {other} has not answered yet."),
    ("offered", False): msgid("{other} proposes other terms."),
    ("promised", True): msgid("You have promised it to {other}, until {until}."),
    ("promised", False): msgid("{other} has promised it to you, until {until}."),
}
_WISHES: Mapping[tuple[str, bool], str] = {
    ("asked", True): msgid("{other} offers you what you are looking for."),
    ("asked", False): msgid("You have offered it; {other} has not decided yet."),
    ("promised", True): msgid("You have accepted what {other} offers, until {until}."),
    ("promised", False): msgid("{other} has accepted what you offer, until {until}."),
}
_AGREED: Mapping[bool, str] = {
    # whether it is this household's listing
    True: msgid("{other} agrees to what you proposed; now you can promise it."),
    False: msgid("You agree to what {other} proposed; {other} still has to promise it."),
}
_DECLINED: Mapping[str, str] = {
    "given-away": msgid("It has gone to somebody else."),
    "changed": msgid("The listing was changed before your question arrived; ask again."),
    "over": msgid("The listing is over."),
    "unfit": msgid("The listing does not offer what was asked for."),
}


def other_of(trade: Mapping[str, Any]) -> str:
    """Return the other household's name, or the beginning of its id."""
    return safe(trade["other"] or trade["other_id"][:SHORT_ID])


def title_of(trade: Mapping[str, Any]) -> str:
    """Return what the trade is about; the listing's id where its title is not known here."""
    return safe(trade["title"] or trade["listing_id"][:SHORT_ID])


def state_label(trade: Mapping[str, Any]) -> str:
    """Return in a few words where a trade stands, for tables."""
    if trade["state"] in _ENDED and trade["outcome"] is not None:
        return vocabulary.label(OUTCOMES, trade["outcome"])
    return vocabulary.label(STATES, trade["state"])


def turn_label(trade: Mapping[str, Any]) -> str:
    """Return who has something to do."""
    words = {"mine": _("you"), "theirs": other_of(trade), "both": _("both"), "nobody": "–"}
    return words[trade["whose_turn"]]


def slot_text(slot: Mapping[str, str]) -> str:
    """Return e.g. ``Tue, 1 December 2026, 17:00–18:00``."""
    starts, ends = moment(slot["starts_at"]), moment(slot["ends_at"])
    if starts.date() == ends.date():
        return f"{weekday_and_time(starts)}–{ends.strftime('%H:%M')}"
    return f"{weekday_and_time(starts)} – {weekday_and_time(ends)}"


def due_text(at: str) -> str:
    """Return a day, with its time only if that is not simply its end."""
    time = moment(at)
    return day(time) if time.strftime("%H:%M") == "23:59" else day_and_time(time)


def state_sentence(trade: Mapping[str, Any]) -> str:
    """Say where a trade stands."""
    state, own = trade["state"], trade["role"] == "publisher"
    if state in _DRAWS:
        return _draw_sentence(trade["draw"])
    if state in ("asked", "offered", "promised"):
        return _draw_result(trade, own) + _before_meeting(trade, own)
    if state == "appointed":
        sentence = _("You are to meet {other}: {slot}.")
        slot = slot_text(trade["appointment"])
        return sentence.format(other=other_of(trade), slot=slot)
    if state.startswith(("handed-by", "returned-by")):
        return _confirmed_sentence(trade)
    if state == "lent":
        return _loan_sentence(trade)
    if state in ("disputed", "with-steward"):
        return _dispute_sentence(trade)
    return _end_sentence(trade)


def _before_meeting(trade: Mapping[str, Any], own: bool) -> str:
    state = trade["state"]
    if state == "asked" and not own and trade["queue_position"] is not None:
        return _(
            "Somebody else has the promise; you are number {n} of those who wait. If it falls"
            " through, it can still become yours."
        ).format(n=trade["queue_position"])
    sentences = {**_SENTENCES, **_WISHES} if trade["kind"] == "wanted" else _SENTENCES
    said = _AGREED[own] if state == "asked" and _has_agreed(trade) else sentences[state, own]
    until = trade["runs_out_at"]
    sentence = _(said).format(
        other=other_of(trade), until="–" if until is None else due_text(until)
    )
    scarce = trade["left"] is not None and trade["left"] < trade["terms"]["quantity"]
    if state == "asked" and own and scarce:
        sentence += " " + _("There is not enough left now, so they wait.")
    return sentence


def _draw_sentence(draw: Mapping[str, Any]) -> str:
    if draw["entrants"] is None:
        return _("A fair draw decides; who asks can enter until {time}. It runs by itself.").format(
            time=day_and_time(moment(draw["closes_at"]))
        )
    return _("A fair draw decides among {n}; it runs by itself as their nodes come online.").format(
        n=draw["entrants"]
    )


def _draw_result(trade: Mapping[str, Any], own: bool) -> str:
    """Say who won, where a draw is over; nothing where none was held."""
    won = None if trade["draw"] is None else trade["draw"]["won"]
    if won is None:
        return ""
    if not won:
        return _("The draw fell on somebody else.") + " "
    sentence = _("{other} has won the draw.") if own else _("You have won the draw.")
    return sentence.format(other=other_of(trade)) + " "


def confirmed_by_me(trade: Mapping[str, Any]) -> bool:
    """Tell whether this household alone has confirmed a handover or a return."""
    return bool(trade["state"].endswith(f"-by-{trade['role']}"))


def _confirmed_sentence(trade: Mapping[str, Any]) -> str:
    mine = confirmed_by_me(trade)
    back = trade["state"].startswith("returned")
    if mine and back:
        sentence = _("You have confirmed that it is back; {other} has not yet.")
    elif mine:
        sentence = _("You have confirmed the handover; {other} has not yet.")
    elif back:
        sentence = _("{other} says that it has been given back. Is that right?")
    else:
        sentence = _("{other} says that it has changed hands. Is that right?")
    return sentence.format(other=other_of(trade))


def _loan_sentence(trade: Mapping[str, Any]) -> str:
    sentence = (
        _("{other} has it on loan until {due}.")
        if trade["giver_me"]
        else _("You have it on loan from {other} until {due}.")
    )
    line = sentence.format(other=other_of(trade), due=due_text(trade["terms"]["due_at"]))
    proposed, own = trade["other_proposed_due"], trade["my_proposed_due"]
    if proposed is not None:
        line += " " + _("{other} proposes {due}.").format(
            other=other_of(trade), due=due_text(proposed)
        )
    elif own is not None:
        line += " " + _("You have proposed {due}.").format(due=due_text(own))
    return line


def _dispute_sentence(trade: Mapping[str, Any]) -> str:
    dispute = trade["dispute"]
    steward = safe(dispute["steward"] or dispute["steward_id"][:SHORT_ID])
    if trade["state"] == "with-steward":
        sentence = _("You disagree; both of you have accepted that {steward} looks at it.")
    elif dispute["mine"]:
        sentence = _("You have asked that {steward} looks at it; {other} has not agreed yet.")
    else:
        sentence = _("{other} asks that {steward} looks at it.")
    line = sentence.format(steward=steward, other=other_of(trade))
    if dispute["shown_at"] is not None:
        line += " " + _("You have shown it this trade, {time}.").format(
            time=day_and_time(moment(dispute["shown_at"]))
        )
    if dispute["other_settlement"] is not None:
        line += " " + _("{other} would end it as: {outcome}.").format(
            other=other_of(trade), outcome=vocabulary.label(OUTCOMES, dispute["other_settlement"])
        )
    if dispute["my_settlement"] is not None:
        line += " " + _("You would end it as: {outcome}.").format(
            outcome=vocabulary.label(OUTCOMES, dispute["my_settlement"])
        )
    return line


def _end_sentence(trade: Mapping[str, Any]) -> str:
    other, receipt = other_of(trade), trade["receipt"]
    if trade["outcome"] is None or trade["state"] == "closed":
        return _closing_sentence(trade)
    if trade["outcome"] == "completed":
        return _("Completed.")
    fault = None if receipt is None else receipt["at_fault"]
    if trade["outcome"] == "no-show":
        mine = receipt is not None and receipt["at_fault_me"]
        if trade["state"] != "receipted":
            sentence = (
                _("{other} says that you did not come to the appointment.")
                if mine
                else _("You have reported that {other} did not come; they have not answered yet.")
            )
            return sentence.format(other=other)
        sentence = _("You did not come.") if mine else _("{other} did not come.")
        return sentence.format(other=other)
    if receipt is not None and receipt["at_fault_me"]:
        return _("Cancelled by you.")
    if fault is not None:
        return _("Cancelled by {other}.").format(other=other)
    return _("Cancelled; it is nobody's fault.")


def _last_said(trade: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the last message that had an effect."""
    return next((entry for entry in reversed(trade["timeline"]) if not entry["void"]), None)


def _has_agreed(trade: Mapping[str, Any]) -> bool:
    """Tell whether the last word was that whoever asks takes what the owner proposed."""
    last = _last_said(trade)
    return last is not None and last["type"] == "accept"


def _closing_sentence(trade: Mapping[str, Any]) -> str:
    ended = _last_said(trade)
    assert ended is not None
    other = other_of(trade)
    if ended["type"] == "decline":
        reason = _DECLINED.get(ended["why"])
        if reason is not None:
            return _(reason)
        sentence = _("You have declined.") if ended["mine"] else _("{other} has declined.")
        return sentence.format(other=other)
    if ended["type"] == "cancel":
        sentence = (
            _("You have taken your question back.")
            if ended["mine"]
            else _("{other} has taken the question back.")
        )
        return sentence.format(other=other)
    return _("It ended without a receipt, because one of you never answered.")
