"""The tree of commands. Each is imported when it is called, or when help lists it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from p2pmarket import __version__
from p2pmarket.cli.options import shared_options
from p2pmarket.cli.session import Session
from p2pmarket.cli.summaries import SUMMARIES
from p2pmarket.texts import _, msgid

_SECTIONS: Mapping[str, Mapping[str, str]] = {
    msgid("Begin"): {
        "init": "household",
        "up": "running",
        "community": "community",
        "join": "joining",
        "invite": "invites",
        "welcome": "welcome",
        "demo": "demo",
    },
    msgid("The market"): {
        "search": "searching",
        "show": "searching",
        "publish": "publishing",
        "cross-post": "cross_posting",
        "window": "windows",
        "mine": "listings",
        "edit": "listings",
        "renew": "listings",
        "mark": "listings",
        "withdraw": "listings",
        "trade": "trade.commands",
    },
    msgid("The community"): {
        "members": "members",
        "approve": "newcomers",
        "decline": "newcomers",
        "vouch": "newcomers",
        "household": "trust",
        "peers": "members",
        "block": "members",
        "remove": "removing",
        "steward": "stewards",
        "charter": "charter",
        "leave": "leaving",
        "profile": "household",
    },
    msgid("Looking after each other"): {
        "report": "moderation",
        "reports": "moderation",
        "label": "moderation",
        "labels": "moderation",
        "appeal": "moderation",
        "log": "moderation",
        "mute": "moderation",
        "unmute": "moderation",
        "blocklist": "blocklists",
    },
    msgid("Messages"): {
        "inbox": "mail",
        "message": "mail",
        "thread": "mail",
    },
    msgid("Trust"): {
        "review": "trust",
        "ledger": "ledger",
    },
    msgid("The node"): {
        "status": "running",
        "doctor": "doctor",
        "connect": "connecting",
        "relay": "reach",
        "down": "running",
        "device": "devices",
        "export": "exporting",
        "backup": "backups",
        "restore": "backups",
        "completion": "completion",
    },
}
_MODULES = {name: module for names in _SECTIONS.values() for name, module in names.items()}


class Market(click.Group):
    """The root: knows the names of the commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help."""
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module that declares a command."""
        module = _MODULES.get(cmd_name)
        if module is None:
            return None
        attribute = cmd_name.replace("-", "_")
        found: click.Command = getattr(import_module(f"p2pmarket.cli.{module}"), attribute)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by subject."""
        for title, names in _SECTIONS.items():
            rows = [(name, _(SUMMARIES[name])) for name in names]
            with formatter.section(_(title)):
                formatter.write_dl(rows)


def build() -> click.Group:
    """Return the root command in the language in use."""
    root = Market(
        "p2pmarket",
        help=_(
            "A marketplace for your street, your club or your camp site: one node per household,"
            " no server, no account."
        ),
        epilog=_("The manual: docs/manual.md. Help for one command: p2pmarket COMMAND --help"),
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        options_metavar=_("[OPTIONS]"),
        subcommand_metavar=_("COMMAND [ARGS]..."),
        no_args_is_help=True,
        callback=_begin,
    )
    root.params.extend(shared_options())
    root.params.append(_version_option())
    return root


@click.pass_context
def _begin(context: click.Context) -> None:
    context.ensure_object(Session)


def _version_option() -> click.Option:
    def show(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value:
            click.echo(f"p2pmarket {__version__}")
            context.exit()

    return click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help=_("Show the version and exit."),
    )
