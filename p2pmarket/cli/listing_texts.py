"""Listings and the state of the sync as people read them. Every line returned is safe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from p2pmarket import vocabulary
from p2pmarket.cli.carried_texts import from_text, mark_lines, marked, marks_of, origin_lines
from p2pmarket.cli.notices import is_held, notice_lines
from p2pmarket.cli.terminal import Column, in_quotes, paragraph, safe, table, wrapped
from p2pmarket.texts import _, ngettext
from p2pmarket.texts.errors import sentence
from p2pmarket.texts.formats import amount, day, day_and_time, distance, moment, short_day, span

SHORT_ID = 8
"""How much of an id a table shows: enough to name it, four characters would do."""

_SOON_S = 3 * 86_400


def listing_table(
    listings: Sequence[dict[str, Any]], with_household: bool = True, with_community: bool = False
) -> list[str]:
    """Return a table of listings, one a line, and what the marks before titles mean."""
    headings = [
        Column(_("id")),
        *([Column(_("community"), shrink_to=8)] if with_community else []),
        Column(_("kind")),
        Column(_("price"), right=True),
        Column(_("title"), shrink_to=16 if with_household else 12),
        Column(_("from"), shrink_to=8, names=True) if with_household else Column(_("until")),
        Column(_("place"), shrink_to=8) if with_household else Column(_("state")),
    ]
    rows = []
    marks = marks_of(listings)
    for listing in listings:
        row = [
            listing["id"][:SHORT_ID],
            *([listing["community"]] if with_community else []),
            vocabulary.label(vocabulary.KINDS, listing["kind"]),
            bare_price_text(listing),
            marked(listing, title_text(listing), marks),
        ]
        if with_household:
            row += [
                listing["household"] or listing["household_id"][:SHORT_ID],
                _short_place(listing),
            ]
        else:
            row += [short_day(moment(listing["visible_until"])), state_text(listing)]
        rows.append(row)
    return [*table(headings, rows), *mark_lines(listings, with_household)]


def title_text(listing: dict[str, Any]) -> str:
    """Return the title, with what has become of it if it is not simply open."""
    title = str(listing["title"])
    if not listing["mine"] and any(not notice["hides"] for notice in listing["notices"]):
        title = _("[warned of] {title}").format(title=title)
    if listing["state"] == "open":
        return title
    state = vocabulary.label(vocabulary.STATES, listing["state"])
    return f"[{state}] {title}"


def carried_lines(listings: Sequence[dict[str, Any]], with_community: bool = False) -> list[str]:
    """Return what this household shows for others of neighbouring communities."""
    carried = [listing for listing in listings if listing["origin"] is not None]
    if not carried:
        return []
    line = ngettext(
        "{n} listing that you show for somebody in a neighbouring community:",
        "{n} listings that you show for somebody in a neighbouring community:",
        len(carried),
    ).format(n=len(carried))
    shown = listing_table(carried, with_household=False, with_community=with_community)
    return [*wrapped(line), *shown, ""]


def state_text(listing: dict[str, Any]) -> str:
    """Return what has become of an own listing."""
    left = listing["seconds_left"]
    if not left:
        return _("ended")
    if is_held(listing):
        return _("held")
    if listing["state"] != "taken" and left <= _SOON_S:
        return _("ends in {span}").format(span=span(left))
    return vocabulary.label(vocabulary.STATES, listing["state"])


def audience_line(audience: dict[str, Any], until: str) -> str:
    """Say who will see a listing, and until when."""
    count = audience["households"]
    if count:
        line = ngettext(
            "{n} other household of “{community}” will see this until {date}.",
            "{n} other households of “{community}” will see this until {date}.",
            count,
        )
    else:
        line = _("Nobody else is in “{community}” yet; whoever joins will see this until {date}.")
    community = safe(audience["community"])
    return line.format(n=count, community=community, date=day(moment(until)))


def offered_too_lines(listing: dict[str, Any], only_claimed: bool = False) -> list[str]:
    """Say where else an own thing is offered, and what has become of it there.

    only_claimed: leave out where nothing has.
    """
    worded = {
        "open": _("“{title}” is also offered in {community} ({id})."),
        "reserved": _("“{title}” is also offered in {community} ({id}), and promised there."),
        "taken": _("“{title}” is also offered in {community} ({id}), and taken there."),
    }
    lines = []
    for other in listing["offered_too"]:
        if only_claimed and not other["claimed"]:
            continue
        line = worded[other["state"]].format(
            title=safe(listing["title"]),
            community=in_quotes(other["community"]),
            id=other["id"][:SHORT_ID],
        )
        lines += wrapped(line)
    return lines


def price_text(listing: dict[str, Any]) -> str:
    """Return the price, or what stands in its place."""
    price = bare_price_text(listing)
    if not listing["negotiable"]:
        return price
    if listing["price_minor"] is None:
        return _("negotiable")
    return _("{price}, negotiable").format(price=price)


def bare_price_text(listing: dict[str, Any]) -> str:
    """Return the price without saying whether it is negotiable."""
    if listing["price_minor"] is not None:
        return amount(listing["price_minor"], listing["currency"])
    return _("free") if listing["kind"] == "give" else "–"


def place_text(listing: dict[str, Any]) -> str:
    """Return the place, and how far away it is, if it is another place than one's own."""
    place = listing["place"] or "–"
    if not listing["distance_m"]:
        return str(place)
    return f"{place}, {distance(listing['distance_m'])}"


def _short_place(listing: dict[str, Any]) -> str:
    """Return the distance before the place, which a narrow table cuts off."""
    place = listing["place"] or "–"
    if not listing["distance_m"]:
        return str(place)
    return f"{distance(listing['distance_m'])}, {place}"


def listing_details(listing: dict[str, Any]) -> list[str]:
    """Return everything about one listing."""
    facts = [
        (_("Kind"), vocabulary.label(vocabulary.KINDS, listing["kind"])),
        (_("Price"), price_text(listing)),
        (_("From"), from_text(listing)),
        (_("Community"), listing["community"]),
        (_("Place"), place_text(listing)),
        (_("Category"), vocabulary.label(vocabulary.CATEGORIES, listing["category"])),
        (_("Condition"), _condition(listing)),
        (_("Quantity"), str(listing["quantity"]) if listing["quantity"] > 1 else ""),
        (_("Variants"), _variants(listing)),
        (_("Swap for"), listing["swap_for"] or ""),
        (_("Loan"), _lend(listing)),
        (_("When"), _event(listing)),
        (_("Tags"), ", ".join(listing["tags"])),
        (_("State"), state_text(listing)),
        (_("Published"), day_and_time(moment(listing["published_at"]))),
        (_("Shows until"), day(moment(listing["visible_until"]))),
        (_("Shown also in"), ", ".join(listing["shown_to"])),
        (_("Own number"), listing["source_id"] or ""),
        (_("Id"), listing["id"]),
    ]
    room = max(len(name) for name, _value in facts)
    lines = [safe(listing["title"]), "", *notice_lines(listing)]
    if listing["description"]:
        lines += [*paragraph(listing["description"]), ""]
    lines += [f"{name:{room}}  {safe(value)}" for name, value in facts if value]
    lines += origin_lines(listing)
    too = offered_too_lines(listing)
    return [*lines, "", *too] if too else lines


def sync_line(sync: dict[str, Any]) -> str:
    """Say how complete an answer can be: with how many neighbours, since when."""
    ago = span(sync["synced_seconds_ago"] or 0)
    known, synced = sync["neighbours_known"], sync["neighbours_synced"]
    if sync["state"] == "alone":
        return _("No other household is in this community yet: only your own listings are here.")
    if sync["state"] == "never":
        return _("Not yet synced with any neighbour: there may be listings that have not arrived.")
    if sync["state"] == "offline":
        return _("No neighbour is connected now; last synced {ago} ago.").format(ago=ago)
    line = ngettext(
        "Synced with {synced} of {known} neighbour, {ago} ago.",
        "Synced with {synced} of {known} neighbours, {ago} ago.",
        known,
    ).format(synced=synced, known=known, ago=ago)
    if sync["state"] == "fetching":
        missing = sync["missing"]
        line += " " + ngettext(
            "{n} record is still on its way.", "{n} records are still on their way.", missing
        ).format(n=missing)
    return line


def sync_lines(found: dict[str, Any], before: str = "") -> list[str]:
    """Say how complete an answer can be, for each community that was asked.

    before: a sentence to begin with.
    """
    parts = found["communities"]
    if len(parts) == 1:
        return wrapped(" ".join(filter(None, (before, sync_line(parts[0]["sync"])))))
    lines = wrapped(before) if before else []
    for part in parts:
        line = f"{in_quotes(part['community'])}: {sync_line(part['sync'])}"
        lines += wrapped(line)
    return lines


def left_out_lines(left_out: Sequence[dict[str, Any]]) -> list[str]:
    """Say which communities are not part of an answer, and why."""
    lines = []
    for part in left_out:
        reason = sentence(part["error"]["code"], part["error"]["fields"])
        line = _("Without {community}: {reason}").format(
            community=in_quotes(part["community"]), reason=reason
        )
        lines += wrapped(line)
    return lines


def nothing_found(sync: dict[str, Any]) -> str:
    """Word an empty answer: nothing there, or perhaps nothing there yet."""
    if sync["state"] in ("never", "fetching"):
        return _("Nothing has arrived yet that matches.")
    if sync["state"] == "offline":
        return _("Nothing that matches is here; newer listings may not have arrived.")
    return _("Nothing matches.")


def expiring_line(count: int) -> list[str]:
    """Announce what ends within three days."""
    if not count:
        return []
    return [
        ngettext(
            "{n} listing ends within three days; renew it with “p2pmarket renew ID”.",
            "{n} listings end within three days; renew them with “p2pmarket renew ID”.",
            count,
        ).format(n=count)
    ]


def _condition(listing: dict[str, Any]) -> str:
    if listing["condition"] is None:
        return ""
    return vocabulary.label(vocabulary.CONDITIONS, listing["condition"])


def _variants(listing: dict[str, Any]) -> str:
    return "; ".join(f"{v['name']}: {', '.join(v['choices'])}" for v in listing["variants"])


def _lend(listing: dict[str, Any]) -> str:
    lend = listing["lend"]
    if lend is None:
        return ""
    terms = ngettext("at most {n} day", "at most {n} days", lend["max_days"]).format(
        n=lend["max_days"]
    )
    if lend["deposit_minor"] is None:
        return terms
    deposit = amount(lend["deposit_minor"], lend["currency"])
    return terms + _(", deposit {deposit}").format(deposit=deposit)


def _event(listing: dict[str, Any]) -> str:
    event = listing["event"]
    if event is None:
        return ""
    starts = day_and_time(moment(event["starts_at"]))
    if event["ends_at"] is None:
        return starts
    return f"{starts} – {day_and_time(moment(event['ends_at']))}"
