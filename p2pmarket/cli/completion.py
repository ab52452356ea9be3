"""Completion for shells."""

from __future__ import annotations

import click

from p2pmarket.cli.options import command
from p2pmarket.cli.session import Session
from p2pmarket.texts import _


@command(
    "completion",
    _('bash: eval "$(p2pmarket completion bash)" in ~/.bashrc; zsh: the same in ~/.zshrc;')
    + " "
    + _("fish: p2pmarket completion fish > ~/.config/fish/completions/p2pmarket.fish"),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, session: Session, shell: str) -> None:
    """Print the script."""
    from click.shell_completion import get_completion_class

    shells = get_completion_class(shell)
    assert shells is not None
    root = context.find_root().command
    script = shells(root, {}, "p2pmarket", "_P2PMARKET_COMPLETE").source()
    session.answer({"shell": shell, "script": script}, [script])
