"""What answers one word of a query, as expressions over the text index."""

from dataclasses import dataclass, field
from functools import lru_cache

from node.search.analysis import ABOUT, PASSING, category_token, kind_token, passing_token
from node.search.lexicon import SUBJECT_CATEGORIES, SUBJECT_KINDS
from node.store.fts import all_of, any_of, beginning, token, without


@dataclass(frozen=True, slots=True)
class Family:
    """The stems that end in one root, reversed: a word and the compounds with it as head.

    root: their common beginning. members: the stems, if few; else all but `strangers`, which
    only look like it (Grad for Rad), and what begins like those (Schlafanzug for Zug).
    """

    root: str
    members: tuple[str, ...] | None
    strangers: tuple[str, ...] = ()

    def expression(self, mark: str) -> str:
        if self.members is not None:
            return any_of(token(mark + member) for member in self.members)
        excluded = any_of(beginning(mark + stranger) for stranger in self.strangers)
        return without(beginning(mark + self.root), excluded)


@dataclass(frozen=True, slots=True)
class Term:
    """What answers one word of a query.

    exact: the words as meant. families: their forms, and compounds with them as head.
    modified: compounds that begin with them. filed: tokens of the category or kind they name.
    numbers: tokens that are no words. both: terms that must all be answered, instead of the rest.
    """

    exact: tuple[str, ...] = ()
    families: tuple[Family, ...] = ()
    modified: tuple[str, ...] = ()
    filed: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    both: tuple["Term", ...] = field(default=())

    def sure(self) -> str:
        """The expression for listings that are about it."""
        if self.both:
            return all_of(term.sure() for term in self.both)
        families = [family.expression(ABOUT) for family in self.families]
        subject = all_of([self.accessory(), _subjects()])
        return any_of([*families, subject, *map(token, self.filed), *map(token, self.numbers)])

    def passing(self) -> str:
        """The expression for listings whose description mentions it."""
        if self.both or self.filed:
            return ""
        families = [family.expression(PASSING) for family in self.families]
        return any_of([*families, *[token(passing_token(number)) for number in self.numbers]])

    def accessory(self) -> str:
        """The expression for listings of compounds that begin with it: a Tischdecke for Tisch."""
        return any_of(map(token, self.modified))

    def anyhow(self) -> str:
        """The expression for listings that answer it in any of these ways."""
        mentioned = [token(passing_token(word)) for word in self.modified]
        return any_of([self.sure(), self.passing(), self.accessory(), *mentioned])

    def as_typed(self) -> str:
        """The expression for listings that are about the very word."""
        return any_of(map(token, self.exact))


@lru_cache(maxsize=1)
def _subjects() -> str:
    filed = [category_token(category) for category in sorted(SUBJECT_CATEGORIES)]
    return any_of(map(token, [*filed, *map(kind_token, SUBJECT_KINDS)]))
