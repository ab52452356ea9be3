"""What is said of listings and households, as answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from node.moderation.showing import Notice
from p2pmarket.api.notice_schemas import NoticeAnswer
from protocol.ids import HouseholdId, text_of


def notice_answers(
    notices: Iterable[Notice], names: Mapping[HouseholdId, str]
) -> list[NoticeAnswer]:
    """Return notices as they are answered. names: of the households that may have said them."""
    return [
        NoticeAnswer(
            cause=notice.cause.value,
            hides=notice.hides,
            whole=notice.whole,
            by="" if notice.by is None else names.get(notice.by, ""),
            by_id=None if notice.by is None else text_of(notice.by),
            reason=notice.reason,
        )
        for notice in notices
    ]
