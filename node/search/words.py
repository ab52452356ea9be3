"""Text into words: numbers joined with their units, sizes named, negated things left out."""

import re

from node.search.grammar import AFTERTHOUGHTS, NEGATORS, SOFTENERS, STOP_WORDS
from node.search.lexicon import LETTER_SIZES, LISTING_JOINTS, SIZE_WORDS, UNITS
from node.search.spelling import MAX_WORD_LETTERS

_PARTS = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)?|[-/–+.,;:!?&(]")
_NEGATION_REACH = 3
_WORD, _STOP, _NEGATOR, _AFTERTHOUGHT, _SOFTENER, _PUNCTUATION, _UNIT, _SIZE = range(8)
_CLASSES: dict[str, int] = {
    **dict.fromkeys(STOP_WORDS, _STOP),
    **dict.fromkeys(NEGATORS, _NEGATOR),
    **dict.fromkeys(AFTERTHOUGHTS, _AFTERTHOUGHT),
    **dict.fromkeys(SOFTENERS, _SOFTENER),
    **dict.fromkeys("-/–+.,;:!?&(", _PUNCTUATION),
    **dict.fromkeys(UNITS, _UNIT),
    **dict.fromkeys(SIZE_WORDS, _SIZE),
}


def words(spelled: str, as_asked: bool = False) -> list[str]:
    """The words of a spelled text that say what it is about, in order, repetitions included.

    "20 Zoll" becomes 20zoll, "Gr. 98/104" groesse98 and groesse104, "E-Bike" bike and ebike; a
    bare number stays. Function words go, and so does what is negated.
    as_asked: the words of a query, where nothing is negated and E-Bike is ebike alone.
    """
    found: list[str] = []
    classes = _CLASSES
    numbers: list[str] = []
    letter = ""
    before = ""
    sized = False
    negated = 0
    near = False
    for part in _PARTS.findall(spelled):
        kind = classes.get(part, _WORD)
        is_number = "0" <= part[0] <= "9"
        if is_number:
            number = part.replace(",", ".")
            if sized:
                found.append("groesse" + number)
            else:
                numbers.append(number)
            before = part
            continue
        if numbers:
            if kind == _UNIT:
                unit = UNITS[part]
                found.extend([number + unit for number in numbers])
                numbers.clear()
                continue
            if part in LISTING_JOINTS:
                before = part
                continue
            found.extend(numbers)
            if before == "-" and kind == _WORD:
                found.append(numbers[-1] + part)
            numbers.clear()
        if sized:
            if part in LETTER_SIZES:
                found.append("groesse" + part)
                continue
            if part == "." or part in LISTING_JOINTS:
                continue
            sized = False
        if kind in (_WORD, _UNIT):
            if negated:
                negated -= 1
            elif len(part) == 1:
                letter = part
                continue
            else:
                word = part[:MAX_WORD_LETTERS]
                if letter:
                    found.append(letter + word)
                if not (letter and as_asked):
                    found.append(word)
                near = True
            letter = ""
        elif part != "-":
            letter = ""
            if kind == _SIZE:
                sized = True
            elif kind == _NEGATOR:
                negated = 0 if as_asked else _NEGATION_REACH
            else:
                negated = 0
                if kind == _AFTERTHOUGHT and near and found and not as_asked:
                    found.pop()
                if kind != _SOFTENER:
                    near = False
    found.extend(numbers)
    return found
