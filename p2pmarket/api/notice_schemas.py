"""Why a listing does not show here, or shows with a word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CauseName = Literal["muted", "blocked", "block-list", "label", "worry-word", "no-window"]


@dataclass(frozen=True, slots=True)
class NoticeAnswer:
    """hides: lists and searches leave the listing out because of it; of an own one, at neighbours.
    whole: it is about the household. by_id: whose word it is, null where it is your own or the
    charter's. reason: as given; the worry words, by commas.
    """

    cause: CauseName
    hides: bool
    whole: bool
    by: str
    by_id: str | None
    reason: str
