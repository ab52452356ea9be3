"""A listing into the tokens of the index.

Three sorts of token share one FTS5 column:
    tisch     stands in the title, a tag, or the contents of a kit: the listing is about it
    _tisch    stands in the description or in what is wanted in exchange: it may be in passing
    @bikes    filed under this category; @4 is a listing of kind 4
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from node.search.spelling import spell
from node.search.words import is_plain, words

PASSING = "_"
FILED = "@"
KIT = 7
_NOT_TOKEN = re.compile(r"[\W_]+")
_SENTENCE_END = re.compile(r"[.!?](?:\s|$)")
_MIN_COMMAS = 2


@dataclass(frozen=True, slots=True)
class Analysed:
    """tokens: what FTS5 indexes, separated by spaces. vocabulary: its plain words."""

    tokens: str
    vocabulary: frozenset[str]


def analyse(
    title: str, tags: Sequence[str], description: str, swap_for: str, category: str, kind: int
) -> Analysed:
    """Tokens and vocabulary of one listing. Total: any text is accepted."""
    about = spell(title + " , " + " , ".join(tags))
    passing = spell(description + " , " + swap_for if swap_for else description)
    strong = set(words(about))
    if kind == KIT:
        strong.update(words(contents(passing)))
    weak = set(words(passing))
    weak -= strong
    tokens = " ".join(
        [*strong, *[PASSING + word for word in weak], category_token(category), FILED + str(kind)]
    )
    return Analysed(tokens, frozenset(filter(is_plain, strong | weak)))


def contents(spelled: str) -> str:
    """The sentences that enumerate: a kit's description lists what is in it."""
    sentences = _SENTENCE_END.split(spelled)
    return " . ".join(text for text in sentences if text.count(",") >= _MIN_COMMAS)


def category_token(category: str) -> str:
    """The token of a category's identifier: books-media → @booksmedia."""
    return FILED + _NOT_TOKEN.sub("", spell(category))
