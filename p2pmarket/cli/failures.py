"""Errors at the command line: a sentence and an exit code, or one JSON object."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import click

from p2pmarket.cli.session import SCHEMA
from p2pmarket.cli.terminal import colours_wanted, in_quotes, paragraph, safe, safe_json
from p2pmarket.home import choose_home
from p2pmarket.texts import _
from p2pmarket.texts.errors import sentence
from protocol.errors import P2PMarketError, Unreachable

FAILED = 1
USAGE = 2
NOT_RUNNING = 3
NOT_FOUND = 4
UNREACHABLE = 5
INTERRUPTED = 130


def exit_code(error: P2PMarketError) -> int:
    """Return the exit code for an error of ours."""
    if isinstance(error, Unreachable):
        return UNREACHABLE
    if error.code in ("not-running", "not-set-up"):
        return NOT_RUNNING
    return NOT_FOUND if error.code.endswith("-not-found") else FAILED


def report(error: BaseException, arguments: Sequence[str]) -> int:
    """Tell the person or the program what ended a command; return the exit code."""
    as_json = "--json" in arguments
    if isinstance(error, P2PMarketError):
        _print(error.code, sentence(error.code, error.fields), error.fields, as_json)
        return exit_code(error)
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        click.echo(err=True)
        return INTERRUPTED
    if isinstance(error, click.ClickException):
        return _report_usage(error, as_json)
    return _report_bug(error, arguments, as_json)


def report_stopped(error: P2PMarketError, as_json: bool, done: Mapping[str, object]) -> int:
    """Tell what ended a command that had already done something; return the exit code."""
    text = sentence(error.code, error.fields)
    _print(error.code, text, error.fields, as_json, done)
    return exit_code(error)


def _report_usage(error: click.ClickException, as_json: bool) -> int:
    if not isinstance(error, click.UsageError):
        _print("refused", error.format_message(), {}, as_json)
    elif isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message())
    elif as_json:
        _print("usage", _usage_text(error), {}, as_json)
    else:
        context = error.ctx
        if context is not None:
            click.echo(safe(context.get_usage(), lines=True), err=True)
            hint = _("Help: {command} --help").format(command=context.command_path)
            click.echo(hint, err=True)
        _print("usage", _usage_text(error), {}, as_json)
    return error.exit_code


def _usage_text(error: click.UsageError) -> str:
    # click lists choices with tabs, and quotes like a programmer.
    text = error.format_message().replace("\t", "  ")
    return re.sub(r"(?<![\w'])'([^'\n]*)'(?![\w'])", lambda found: in_quotes(found[1]), text)


def _report_bug(error: BaseException, arguments: Sequence[str], as_json: bool) -> int:
    # Written to the log under a number that the person can quote.
    import traceback

    reference = os.urandom(3).hex()
    trace = "".join(traceback.format_exception(error))
    home = choose_home(_named_home(arguments), os.environ)
    path = str(home.log_file)
    try:
        with home.log_file.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"bug {reference}\n{trace}\n")
    except OSError:
        path = _("(above)")
        click.echo(safe(trace, lines=True), err=True)
    fields: dict[str, str | int] = {"reference": reference, "path": path}
    _print("bug", sentence("bug", fields), fields, as_json)
    return FAILED


def _print(
    code: str,
    text: str,
    fields: Mapping[str, str | int],
    as_json: bool,
    done: Mapping[str, object] = MappingProxyType({}),
) -> None:
    if as_json:
        error = {"code": code, "text": text, "fields": dict(fields)}
        click.echo(safe_json({"schema": SCHEMA, **done, "error": error}))
        return
    import sys

    heading = _("Error:")
    shown = safe(text, lines=True)
    if sys.stderr.isatty():
        shown = "\n".join(paragraph(f"{heading} {text}")).removeprefix(heading).lstrip(" ")
    if colours_wanted(sys.stderr.isatty()):
        heading = click.style(heading, fg="red", bold=True)
    click.echo(f"{heading} {shown}", err=True)


def _named_home(arguments: Sequence[str]) -> str | None:
    for position, argument in enumerate(arguments):
        if argument.startswith("--home="):
            return argument.removeprefix("--home=")
        if argument == "--home" and position + 1 < len(arguments):
            return arguments[position + 1]
    return None
