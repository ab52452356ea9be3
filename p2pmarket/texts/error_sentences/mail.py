"""Messages between households."""

from __future__ import annotations

from collections.abc import Mapping

from p2pmarket.texts import msgid
from p2pmarket.texts.error_sentences import Sentences

MAIL: Mapping[str, Sentences] = {
    "you-block": Sentences(
        msgid("You block this household, so you could not read its answer."),
        msgid("“p2pmarket block {id} --undo” ends that; then write."),
    ),
    "message-empty": Sentences(msgid("The message is empty."), msgid("Type what you want to say.")),
    "message-too-long": Sentences(
        msgid("The message has {length} characters; there is room for {most}."),
        msgid("Send it in several parts."),
    ),
}
