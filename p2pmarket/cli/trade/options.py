"""What trades are told with at the command line: times, and the flags of terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from p2pmarket.cli.options import Count
from p2pmarket.texts import _
from p2pmarket.texts.typed_times import read_moment, read_slot

Function = TypeVar("Function", bound=Callable[..., Any])


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _now() -> datetime:
    return datetime.now().astimezone()


class Day(click.ParamType[str]):
    """A day, or a time on one, as ISO 8601 in UTC."""

    name = "day"

    def __init__(self, may_be_empty: bool = False) -> None:
        self._may_be_empty = may_be_empty

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the time; of a day without one, its end."""
        if self._may_be_empty and not str(value).strip():
            return ""
        try:
            return _iso(read_moment(str(value), _now()))
        except ValueError:
            self.fail(
                _("“{value}” is not a day; write for example 2026-12-01 or 1.12. 17:00.").format(
                    value=value
                ),
                param,
                ctx,
            )


class MeetingTime(click.ParamType[dict[str, str]]):
    """A time to meet, from … to …, as ISO 8601 in UTC."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, str]:
        """Return when it starts and ends."""
        try:
            starts, ends = read_slot(str(value), _now())
        except ValueError:
            self.fail(
                _(
                    "“{value}” is not a time to meet; write for example"
                    ' "2026-12-01 17:00-18:00", "1.12. 17-18 Uhr" or "tomorrow 5pm".'
                ).format(value=value),
                param,
                ctx,
            )
        return {"starts_at": _iso(starts), "ends_at": _iso(ends)}


DAY = Day()
MEETING_TIME = MeetingTime()


def terms_options(function: Function) -> Function:
    """Declare the flags with which terms are named."""
    for option in reversed(_options()):
        function = option(function)
    return function


def _options() -> list[Callable[[Any], Any]]:
    return [
        click.option("--quantity", type=Count(1, 1_000_000), help=_("How many.")),
        click.option(
            "--price", metavar=_("AMOUNT"), help=_("For all of it together, for example 12.50.")
        ),
        click.option(
            "--credit",
            metavar=_("COUNT"),
            help=_("How much of the community's own credit, if it keeps any."),
        ),
        click.option("--swap", metavar=_("TEXT"), help=_("What is given in return.")),
        click.option(
            "--swap-listing", metavar=_("ID"), help=_("The listing of what is given in return.")
        ),
        click.option(
            "--due",
            type=Day(may_be_empty=True),
            metavar=_("DAY"),
            help=_("Until when it is lent: 2026-12-01 or 1.12. 17:00."),
        ),
        click.option("--deposit", metavar=_("AMOUNT"), help=_("The deposit for a loan.")),
        click.option(
            "--variant",
            "variants",
            multiple=True,
            metavar=_("CHOICE"),
            help=_("Which one, for example 98; repeatable."),
        ),
        click.option(
            "--note", metavar=_("TEXT"), help=_("What else is agreed; it belongs to the terms.")
        ),
    ]


def typed_terms(typed: Mapping[str, Any]) -> dict[str, object]:
    """Return the terms that were named; an empty text stays, and removes what stood there."""
    return {
        name: list(value) if name == "variants" else value
        for name, value in typed.items()
        if value is not None and value != ()
    }
