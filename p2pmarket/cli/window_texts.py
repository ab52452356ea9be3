"""Windows between neighbouring communities in words. Every line returned is safe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from p2pmarket import vocabulary
from p2pmarket.cli.terminal import in_quotes, safe, wrapped
from p2pmarket.texts import _, ngettext

_SHORT_ID = 10


def categories_text(categories: Sequence[str]) -> str:
    """Return categories in words, or that there are none."""
    labels = [vocabulary.label(vocabulary.CATEGORIES, category) for category in categories]
    return safe(", ".join(labels)) or _("nothing")


def agreement_lines(window: dict[str, Any]) -> list[str]:
    """Say whether the other community agrees. window: a WindowAnswer; nothing if we do not."""
    name, theirs = in_quotes(window["name"]), window["their_categories"]
    if not window["categories"]:
        return []
    if theirs is None:
        line = _("Whether {name} agrees to it cannot be seen from here: you do not belong to it.")
    elif not theirs:
        line = _("{name} has not agreed to it yet: its rules name no window to this community.")
    elif not window["open"]:
        line = _("{name} agrees to a window too, but to none of these categories.")
    else:
        line = _("{name} agrees to it. Through it goes: {categories}.")
    categories = categories_text(window["open"])
    return wrapped(line.format(name=name, categories=categories))


def window_difference(change: dict[str, Any]) -> list[str]:
    """Say what is different about one window. change: a WindowDifference."""
    name = change["name_after"] or change["name_before"]
    before, after = change["before"], change["after"]
    lines = []
    if before is None:
        lines.append(
            _(
                "New: a window to {name} ({id}). Members of both may show there what somebody here"
                " lets them show, and here what somebody there does: {categories}."
            ).format(categories=categories_text(after), **_named(change, name))
        )
    elif after is None:
        line = _("The window to {name} ({id}) ends: nothing from there is shown here any more.")
        lines.append(line.format(**_named(change, name)))
    else:
        lines += [
            text.format(categories=categories_text(changed), **_named(change, name))
            for text, changed in (
                (_("Through the window to {name} ({id}) also goes: {categories}."), _new(change)),
                (_("Through the window to {name} ({id}) no longer goes: {categories}."),
                 _gone(change)),
            )
            if changed
        ]  # fmt: skip
        if change["name_before"] != change["name_after"]:
            line = _("What was called {before} ({id}) is called {name} now.")
            before_name = in_quotes(change["name_before"])
            lines.append(line.format(before=before_name, **_named(change, name)))
        elif not lines:
            line = _("The categories of the window to {name} ({id}): in another order.")
            lines.append(line.format(**_named(change, name)))
    return [part for line in lines for part in wrapped(line)]


def _named(change: dict[str, Any], name: str) -> dict[str, str]:
    return {"name": in_quotes(name), "id": safe(change["community"][:_SHORT_ID])}


def _new(change: dict[str, Any]) -> list[str]:
    return [category for category in change["after"] if category not in change["before"]]


def _gone(change: dict[str, Any]) -> list[str]:
    return [category for category in change["before"] if category not in change["after"]]


def carried_text(window: dict[str, Any]) -> str:
    """Say what is shown through a window, and by whom."""
    carried, others = window["carried"], window["by_others"]
    if window["carries"] and not carried:
        line = _("You have it open, and at the moment there is nothing for you to show.")
    elif window["carries"]:
        line = ngettext(
            "You show {n} listing from there.", "You show {n} listings from there.", carried
        ).format(n=carried)
    else:
        line = _("You show nothing from there.")
    if others:
        line += " " + ngettext(
            "Other members show {n} listing.", "Other members show {n} listings.", others
        ).format(n=others)
    return line


def before_opening(window: dict[str, Any], audience: dict[str, Any]) -> list[str]:
    """Say what opening a window means, before it is opened.

    window: a WindowAnswer. audience: an Audience, of the community where it is shown.
    """
    source, into = in_quotes(window["name"]), in_quotes(window["into"])
    texts = [
        _("Your neighbours in {into} will see that you belong to {source}.").format(
            into=into, source=source
        ),
        _(
            "You show them listings from there, as long as their authors want it and your node"
            " runs now and then: {categories}. Without their names and photos: what they write, and"
            " change later, stands there under yours. Whoever wants something writes to you, and"
            " you pass it on."
        ).format(categories=categories_text(window["open"])),
        _(
            "In {source} nobody is told that it is you. Whoever also belongs to both communities"
            " can see it."
        ).format(source=source),
    ]
    if audience["newcomer"]:
        line = _(
            "As long as they see only so many listings of yours ({slots}), they see none that you"
            " show for others."
        )
        texts.append(line.format(slots=audience["slots"]))
    return [line for text in texts for line in wrapped(text)]
