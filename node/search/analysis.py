"""A listing into the tokens of the index.

Four sorts of token share one FTS5 column:
    esstisch   a word of the title, a tag, or the contents of a kit: the listing is about it
    <hcsitsse  the same as its stem reversed, so that "<hcsit"* finds every sort of Tisch
    >hcsitsse  of the description, or of what is wanted in exchange: it may be in passing
    @bikes     filed under this category; @4 is a listing of kind 4
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from node.search.compounds import back
from node.search.spelling import spell
from node.search.words import words

ABOUT = "<"
PASSING = ">"
FILED = "@"
KIT = 7
_NOT_TOKEN = re.compile(r"[\W_]+")
_SENTENCE_END = re.compile(r"[.!?](?:\s|$)")
_MIN_COMMAS = 2


@dataclass(frozen=True, slots=True)
class Analysed:
    """tokens: what FTS5 indexes, separated by spaces. vocabulary: its words, numbers left out."""

    tokens: str
    vocabulary: set[str]


def analyse(
    title: str, tags: Sequence[str], description: str, swap_for: str, category: str, kind: int
) -> Analysed:
    """Tokens and vocabulary of one listing. Total: any text is accepted."""
    passing = spell(f"{description} , {swap_for}" if swap_for else description)
    about = set(words(spell(" , ".join((title, *tags)))))
    if kind == KIT:
        about.update(words(contents(passing)))
    mentioned = set(words(passing))
    mentioned -= about
    tokens = [category_token(category), kind_token(kind), *about]
    tokens += [ABOUT + back(word) for word in about if word.isalpha()]
    tokens += [passing_token(word) for word in mentioned]
    mentioned |= about
    return Analysed(" ".join(tokens), {word for word in mentioned if word.isalpha()})


def contents(spelled: str) -> str:
    """The sentences that enumerate: a kit's description lists what is in it."""
    sentences = _SENTENCE_END.split(spelled)
    return " . ".join(text for text in sentences if text.count(",") >= _MIN_COMMAS)


def passing_token(word: str) -> str:
    """The token of a word mentioned in passing; numbers and sizes stand as they are."""
    return PASSING + (back(word) if word.isalpha() else word)


def category_token(category: str) -> str:
    """The token of a category's identifier: books-media → @booksmedia."""
    return FILED + _NOT_TOKEN.sub("", spell(category))


def kind_token(kind: int) -> str:
    """The token of a kind of listing: @4."""
    return FILED + str(kind)
