"""The options that every command has, before or after its name, and types of our own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from p2pmarket import vocabulary
from p2pmarket.cli.session import Session
from p2pmarket.cli.summaries import SUMMARIES
from p2pmarket.texts import LANGUAGES, _

Function = TypeVar("Function", bound=Callable[..., Any])


def command(name: str, *more: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Declare a command; the shared options come after its own.

    name: with the group's before it, if it is in one. more: paragraphs of its help after the
    summary.
    """

    def declare(function: Callable[..., Any]) -> click.Command:
        text = "\n\n".join([_(SUMMARIES[name]), *more])
        last = name.rpartition(" ")[2]
        declared = click.command(last, help=text, options_metavar=_("[OPTIONS]"))(
            click.pass_obj(function)
        )
        declared.params.extend(shared_options())
        return declared

    return declare


class Commands(click.Group):
    """A group whose help says in full what each of its commands does, in the order of adding."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which they were added."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands; click would cut each short for one line."""
        rows = [(name, found.get_short_help_str(400)) for name, found in self.commands.items()]
        with formatter.section(_("Commands")):
            formatter.write_dl(rows)


def group_of(name: str, first: click.Command, *others: click.Command) -> click.Group:
    """Return a group that is ``first`` where no command of it is named, with its options.

    others: what can be named; ``first`` itself only if it is among them.
    """

    @click.pass_context
    def begin(context: click.Context, /, **typed: Any) -> Any:
        if context.invoked_subcommand is None:
            return context.invoke(first, **typed)
        for name in typed:
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                option = name.replace("_", "-")
                raise click.UsageError(
                    _("Put --{option} behind “{command}”.").format(
                        option=option, command=context.invoked_subcommand
                    )
                )
        return None

    return Commands(
        name,
        commands=list(others),
        help=_(SUMMARIES[name]),
        params=[param for param in first.params if isinstance(param, click.Option)],
        options_metavar=_("[OPTIONS]"),
        subcommand_metavar=_("[COMMAND [ARGS]...]"),
        invoke_without_command=True,
        callback=begin,
    )


def shared_options() -> list[click.Option]:
    """Return --home, --community, --json and --lang."""
    return [
        click.Option(
            ["--home"],
            metavar=_("FOLDER"),
            expose_value=False,
            callback=_keep("home_option"),
            help=_("The household's folder (else P2PMARKET_HOME, or the default)."),
        ),
        click.Option(
            ["--community"],
            metavar=_("NAME"),
            expose_value=False,
            callback=_keep("community"),
            help=_("The community meant: its name or id. Needed only if you are in several."),
        ),
        click.Option(
            ["--json"],
            is_flag=True,
            expose_value=False,
            callback=_keep("as_json"),
            help=_("Answer with one JSON object, for programs."),
        ),
        click.Option(
            ["--lang"],
            type=click.Choice(LANGUAGES),
            expose_value=False,
            help=_("The language of texts (else P2PMARKET_LANG, or the system's)."),
        ),
    ]


def _keep(attribute: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value:
            setattr(context.ensure_object(Session), attribute, value)

    return keep


class Word(click.ParamType[str]):
    """One of a few ids; German and English words for them are understood."""

    def __init__(
        self,
        name: str,
        labels: Mapping[str, str],
        identify: Callable[[str], str | None],
        may_be_empty: bool = False,
    ) -> None:
        self.name = name
        self._labels = labels
        self._identify = identify
        self._may_be_empty = may_be_empty

    def _words(self) -> list[str]:
        return [vocabulary.typed(self._labels, identifier) for identifier in self._labels]

    @property
    def choices(self) -> str:
        """The words to type, for a help text: where they are many, the usage has no room."""
        return ", ".join(self._words())

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Show the words to type in the usage."""
        return f"[{'|'.join(self._words())}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the id, or fail with the possible ones."""
        if self._may_be_empty and not str(value).strip():
            return ""
        identifier = self._identify(str(value))
        if identifier is None:
            self.fail(
                _("“{value}” is not possible; choose from: {allowed}.").format(
                    value=value, allowed=self.choices
                ),
                param,
                ctx,
            )
        return identifier

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Any:
        """Offer the ids."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(word) for word in self._words() if word.startswith(incomplete)]


class Count(click.IntRange):
    """A whole number between two bounds."""

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Show one word instead of the name of a type."""
        return _("COUNT")

    def _describe_range(self) -> str:
        return f"{self.min}–{self.max}"


class Kilometres(click.ParamType[float]):
    """A distance in kilometres, with a point or a comma."""

    name = "kilometres"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the kilometres."""
        try:
            return float(str(value).replace(",", "."))
        except ValueError:
            self.fail(
                _("“{value}” is not a distance; write for example 2 or 2.5.").format(value=value),
                param,
                ctx,
            )


class Span(click.ParamType[int]):
    """A length of time such as 30m, 12h, 7d or 2w, as seconds."""

    name = "span"
    _SECONDS: Mapping[str, int] = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the seconds."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d{1,6})\s*([mhdw])", str(value).strip().lower())
        if found is None:
            self.fail(
                _("“{value}” is not a time; write for example 30m, 12h, 7d or 2w.").format(
                    value=value
                ),
                param,
                ctx,
            )
        return int(found[1]) * self._SECONDS[found[2]]


KIND = Word("kind", vocabulary.KINDS, vocabulary.kind_id)
CONDITION = Word("condition", vocabulary.CONDITIONS, vocabulary.condition_id, may_be_empty=True)
MARK = Word("state", vocabulary.STATES, vocabulary.state_id)
SPAN = Span()
KILOMETRES = Kilometres()
