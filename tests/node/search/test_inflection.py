from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.search.compounds import back, is_other_number, other_number
from node.search.inflection import stem
from node.search.spelling import spell


def _pairs(text: str) -> list[list[str]]:
    return [pair.split() for pair in text.split(";")]


FORMS = _pairs(
    "Haus Häuser;Tür Türen;Sofa Sofas;Auto Autos;Kurs Kurse;Batterie Batterien;Regal Regale;"
    "Schlüssel Schlüsseln;Stuhl Stühle;Bank Bänke;Ball Bälle;Topf Töpfe;Buch Bücher;Rad Räder;"
    "Glas Gläser;Kleid Kleider;Kind Kinder;Huhn Hühner;Mantel Mäntel;Garten Gärten;Ofen Öfen;"
    "Apfel Äpfel;Nuss Nüsse;Fuß Füße;Schloss Schlösser;Baum Bäume;Strauch Sträucher;Hose Hosen;"
    "Vase Vasen;Kette Ketten;Koffer Koffern;Schlafsack Schlafsäcke;Handy Handys;Keks Kekse;"
    "Kürbis Kürbisse;Bus Busse;Wagen Wagens;Idee Ideen;Pulli Pullis;Aquarium Aquarien;"
    "chair chairs;shelf shelves;knife knives;box boxes;baby babies;bike bikes;couch couches;"
    "glass glasses;shoe shoes;child children;tree trees"
)
OTHERS = _pairs(
    "Buch Buche;Kuchen Küche;Leiter Leitung;Kocher Koch;Kleid Kleidung;Hose Haus;Tasse Tasche;"
    "Bohrer Bohrung;Hut Hütte;Mutter Mütze;Haus Hase;Eis Eisen"
)


def _is_form(one: str, other: str) -> bool:
    one, other = spell(one), spell(other)
    if back(one) == back(other):
        return True
    changed = other_number(back(one)[::-1])
    return changed == back(other)[::-1] and is_other_number(one, other)


@pytest.mark.parametrize(("one", "other"), FORMS)
def test_forms_of_one_word_meet(one: str, other: str) -> None:
    assert _is_form(one, other)
    assert _is_form(other, one)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_words_that_look_alike_stay_apart(one: str, other: str) -> None:
    assert not _is_form(one, other)
    assert not _is_form(other, one)


HEADS = (
    "Tee See Gas Reis Kaffee Bus Kies Bügeleisen Hose Vase Kissen Ofen Öfen Kurs Stühle Räder "
    "Sofas Autos Preis Kürbis Taschen Kleider Gläser boxes chairs"
)


@pytest.mark.parametrize(
    "head",
    HEADS.split(),
)
def test_the_stem_of_a_compound_ends_in_the_stem_of_its_head(head: str) -> None:
    assert back(spell("Garten" + head)).startswith(back(spell(head)))


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", max_size=20))
def test_a_stem_is_never_short_of_three_letters_unless_the_word_is(word: str) -> None:
    root = stem(word)
    assert len(root) >= min(3, len(word)) or word in {"eier", "eiern"}
    assert len(root) <= len(word)
