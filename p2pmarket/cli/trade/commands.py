"""The group ``trade``: its commands stand in modules of their own, by subject."""

from __future__ import annotations

from p2pmarket.cli.options import Commands, shared_options
from p2pmarket.cli.summaries import SUMMARIES
from p2pmarket.cli.trade.asking import accept, counter, decline, draw, promise, propose
from p2pmarket.cli.trade.cases import cases, rule
from p2pmarket.cli.trade.looking import list_trades, show
from p2pmarket.cli.trade.meeting import address, give_back, handover, slots
from p2pmarket.cli.trade.troubles import cancel, dispute, no_show
from p2pmarket.texts import _

trade = Commands(
    "trade",
    help=_(SUMMARIES["trade"]),
    options_metavar=_("[OPTIONS]"),
    subcommand_metavar=_("COMMAND [ARGS]..."),
)
trade.params.extend(shared_options())
for _step in (
    propose, counter, accept, promise, decline, draw, slots, address, handover, give_back, cancel,
    no_show, dispute, list_trades, show, cases, rule,
):  # fmt: skip
    trade.add_command(_step)
