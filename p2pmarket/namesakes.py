"""Households whose names look alike, told apart: a name is not unique, and anybody can take one."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from protocol.ids import HouseholdId, text_of

_ID_CHARACTERS = 8
# Letters that look like others in common typefaces, after case folding (from Unicode TR 39, the
# part that a name in Latin letters can be imitated with).
_ALIKE = str.maketrans(
    "авеһнікмоорсѕтухјԛԝьαβεικνορτυχωɑɡıl1|0",
    "abehhikmoopcstyxjqwbabeikvoptyxwagiiiio",
)
_INVISIBLE = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters by their category, and yet nothing to see."""


def told_apart(names: Mapping[HouseholdId, str]) -> dict[HouseholdId, str]:
    """Return names as they are shown: who bears one that looks like another's is named with its id.

    A name with nothing to see in it becomes "": then only the id is shown.
    """
    looks = {household: likeness(name) for household, name in names.items()}
    bearers = Counter(looks.values())
    return {
        household: ""
        if not looks[household]
        else f"{name} ({text_of(household)[:_ID_CHARACTERS]})"
        if bearers[looks[household]] > 1
        else name
        for household, name in names.items()
    }


def visible(name: str) -> str:
    """Return a name, or "" if there is nothing to see in it."""
    return name if likeness(name) else ""


@lru_cache(maxsize=4_096)  # a search asks for all names of a community anew
def likeness(name: str) -> str:
    """Return what names that look alike have in common; "" if nothing of it can be seen."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(
        c
        for c in folded
        if not c.isspace() and c not in _INVISIBLE and unicodedata.category(c) not in ("Cf", "Mn")
    ).translate(_ALIKE)
