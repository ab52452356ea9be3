"""Text analysis for the search over listings in German and English: pure, no I/O.

spelling     one spelling for what people type: case, umlauts, accents
inflection   the stem shared by the forms of a word
words        text into words, numbers with their units, without what is negated
compounds    how a vocabulary word answers a query word: as itself, as head, as modifier
misspelling  which vocabulary words a mistyped word may have meant
lexicon      closed word lists: stop words, units, category and kind words, synonyms
analysis     a listing into the tokens of the index
"""
