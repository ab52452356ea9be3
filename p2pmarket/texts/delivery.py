"""How far something written has come, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from p2pmarket.texts import _, msgid, ngettext

_STATES: Mapping[str, str] = {
    "queued": msgid("on its way"),
    "delivered": msgid("delivered"),
    "read": msgid("read"),
    "refused": msgid("not accepted"),
    "expired": msgid("not delivered within 15 days"),
}


def delivery_text(delivery: Mapping[str, Any]) -> str:
    """Return e.g. ``kept for them by 2 neighbours``. delivery: a DeliveryAnswer as JSON."""
    if delivery["state"] == "held":
        return ngettext(
            "kept for them by {n} neighbour", "kept for them by {n} neighbours", delivery["holders"]
        ).format(n=delivery["holders"])
    return _(_STATES[delivery["state"]])
