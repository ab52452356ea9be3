"""The stem shared by the forms of one word, German and English, over folded words.

Deliberately lighter than Snowball, which joins agents with their verbs (Kocher, Koch,
kochen → koch; Leiter, leiten → leit) and so finds a cook for a stove. What makes the
difference in German is the plural in -er: a closed class of some fifty nouns (Buch, Rad,
Kleid). Only they lose -er, and they never lose -e, so that Buche (beech) and Bücher (books)
stay apart. Source: Duden Grammatik, "Pluralbildung der Substantive".
"""

from functools import lru_cache

from node.search.grammar import ER_PLURALS, IRREGULAR_STEMS, UMLAUT_PLURALS

_ER_NOUNS = tuple(ER_PLURALS)
_UMLAUT_ONLY = tuple(UMLAUT_PLURALS)
_MIN_STEM = 3
_KEPT_WHOLE = ("ee", "kies", "vlies", "ofen", "eleisen", "ufeisen", "cheisen")
_S_OF_ITS_OWN = ("gas", "los")
_I_PLURALS = ("gummis", "kombis", "krimis", "profis", "pullis", "skis", "taxis")
_S_AFTER = frozenset("bdfghklmnprtwy")


def takes_er(word: str) -> bool:
    """Whether a folded word ends in a noun whose plural is in -er: rad, fahrrad."""
    return word.endswith(_ER_NOUNS)


@lru_cache(maxsize=1 << 15)
def stem(word: str) -> str:
    """The stem of a folded word: bucher → buch, fahrrader → fahrrad, bikes → bik.

    A stem is a key for comparison, not a word. At least three letters remain. The stem of a
    compound ends in the stem of its head, so rules look at endings, hardly ever at the length.
    """
    if word in IRREGULAR_STEMS:
        return IRREGULAR_STEMS[word]
    if len(word) <= _MIN_STEM or not word[-1].isalpha() or takes_er(word):
        return word
    for ending in ("ern", "er", "es", "s"):
        if word.endswith(ending) and takes_er(word[: -len(ending)]):
            return word[: -len(ending)]
    if word[-1] == "s" and _is_foreign_plural(word):
        return word[:-1]
    return _without_s(_without_e(word))


def _without_e(word: str) -> str:
    if word.endswith(_KEPT_WHOLE):
        return word
    if word.endswith(("een", "ees")):
        return word[:-1]
    if word.endswith("ies") and len(word) > 5:
        return word[:-3] + "y"
    if word.endswith("innen") and len(word) > 7:
        return word[:-3]
    if word.endswith("ium"):
        return word[:-2]
    for ending in ("ens", "en", "es", "e"):
        if word.endswith(ending):
            rest = word[: -len(ending)]
            if len(rest) < _MIN_STEM:
                return word if ending == "e" else word[:-1]
            if takes_er(rest):
                return rest + "e"
            return rest
    if word.endswith(("eln", "ern")) and len(word) > 5:
        return word[:-1]
    return word


def _without_s(word: str) -> str:
    # Also after -e has gone, so that Kurs and Kurse meet in one stem, and Bus and Busse.
    if word.endswith(("iss", "uss")):
        return word[:-1]
    if len(word) > _MIN_STEM and word[-1] == "s" and word[-2] in _S_AFTER:
        return word[:-1]
    return word


def _is_foreign_plural(word: str) -> bool:
    """Sofas, Autos, Radios, Pullis; not Gas, Los, Moos, Haus, Kürbis."""
    if word.endswith(_I_PLURALS):
        return True
    if len(word) <= _MIN_STEM + 1 or word.endswith(_S_OF_ITS_OWN):
        return False
    return word[-2] in "ao" and word[-3] not in "aeou"


def plural_takes_dots(singular: str, plural: str) -> bool:
    """Whether an umlaut may be the plural's: Sack, Säcke; Rad, Räder; Apfel, Äpfel.

    Both folded. Not so for Kuchen and Küche, whose endings make no plural of one another.
    """
    if not plural.startswith(singular):
        return False
    ending = plural[len(singular) :]
    if not ending or (ending == "n" and singular.endswith(("el", "er"))):
        return singular.endswith(_UMLAUT_ONLY)
    if takes_er(singular):
        return ending in ("er", "ern")
    return ending in ("e", "en")
