"""Terms of a trade on one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from p2pmarket.cli.terminal import in_quotes, safe
from p2pmarket.cli.trade.words import SHORT_ID, due_text
from p2pmarket.texts import _, ngettext
from p2pmarket.texts.formats import amount


def terms_text(terms: Mapping[str, Any]) -> str:
    """Return what changes hands for what, on one line, safe."""
    parts = []
    if terms["quantity"] > 1:
        parts.append(
            ngettext("{n} piece", "{n} pieces", terms["quantity"]).format(n=terms["quantity"])
        )
    if terms["variants"]:
        parts.append(safe(", ".join(terms["variants"])))
    if terms["price_minor"] is not None:
        parts.append(amount(terms["price_minor"], terms["currency"]))
    if terms["credit"] is not None:
        parts.append(f"{terms['credit']} {safe(terms['credit_unit'] or _('units of credit'))}")
    if terms["swap"] or terms["swap_listing"]:
        swap = in_quotes(terms["swap"]) if terms["swap"] else terms["swap_listing"][:SHORT_ID]
        parts.append(_("in return {swap}").format(swap=swap))
    if terms["due_at"] is not None:
        parts.append(_("lent until {due}").format(due=due_text(terms["due_at"])))
    if terms["deposit_minor"] is not None:
        deposit = amount(terms["deposit_minor"], terms["deposit_currency"])
        parts.append(_("deposit {deposit}").format(deposit=deposit))
    if terms["note"]:
        parts.append(in_quotes(" ".join(terms["note"].split())))
    return ", ".join(parts) or _("nothing in return")
