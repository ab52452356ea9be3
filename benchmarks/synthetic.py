"""Listings in any number, in the JSON Lines format of the sample, from a seed.

Titles name compounds of everyday first and last parts, so that the vocabulary grows with the
number of listings as German does; descriptions are sentences of the shipped sample, mixed within
a category, with other numbers, a made-up brand now and then, and a misspelling in a hundred.
Measured: 118 characters of description on average (the sample: 121), 60,000 distinct words in
100,000 listings, 294,000 in a million.
"""

import json
import random
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any


def _list(text: str) -> list[str]:
    return text.split()


FIRST_PARTS = _list(
    "Garten Kinder Holz Küchen Baby Auto Fahrrad Büro Schlaf Wohn Bad Ess Steh Wand Decken Boden "
    "Camping Reise Sport Winter Sommer Herren Damen Jugend Puppen Hunde Katzen Vogel Pferde Bienen "
    "Blumen Rosen Obst Apfel Kirsch Tomaten Kräuter Balkon Terrassen Keller Werkstatt Bau Maler "
    "Elektro Akku Hand Tisch Stand Klapp Roll Falt Hänge Leder Woll Baumwoll Leinen Glas Metall "
    "Stahl Kupfer Keramik Porzellan Plastik Papier Musik Konzert Noten Klavier Gitarren Schul "
    "Lehr Koch Back Kaffee Tee Wein Bier Wasser Milch Brot Kuchen Fest Party Hochzeits Geburtstags "
    "Weihnachts Oster Nacht Tages Licht Solar Strom Gas Heiz Kühl Gefrier Wasch Trocken Staub "
    "Fenster Tür Dach Treppen Schuh Hut Regen Schnee Ski Eis Schwimm Tauch Angel Wander Kletter "
    "Lauf Renn Berg Stadt Lasten Umzugs Transport Paket Brief Bilder Foto Film Computer Netz "
    "Telefon Spiel Lern Bastel Näh Strick Stick Schnitt Schleif Bohr Säge Schraub Löt"
)
LAST_PARTS: dict[str, str] = {
    "electronics": "lampe radio kabel gerät maschine drucker rechner kamera lautsprecher ladegerät",
    "household": "topf pfanne geschirr besteck decke kissen wecker eimer korb dose waage mühle",
    "furniture": "tisch stuhl schrank regal bett sofa sessel bank kommode hocker truhe garderobe",
    "food": "saft marmelade gelee kuchen brot honig tee gewürz nudeln mehl käse kiste",
    "outdoor": "zelt rucksack schlafsack kocher matte stuhl lampe karte tasche stock plane",
    "bikes": "rad fahrrad sattel schloss anhänger helm reifen kette ständer licht pumpe",
    "books-media": "buch bücher heft karte spiel film platte kassette atlas lexikon roman",
    "clothing": "jacke hose mantel kleid schuhe stiefel pullover mütze schal hemd bluse gürtel",
    "baby-kids": "wagen bett stuhl trage spielzeug puppe bausteine sitz wippe decke wiege",
    "sports": "ball schläger schuhe matte hantel tor netz brett ski schlitten trikot gerät",
    "garden": "stuhl schere mäher schlauch tonne beet zaun bank haus säge rechen schaufel",
    "events": "fest markt kurs abend treffen lesung führung konzert frühstück runde",
    "transport": "anhänger wagen kiste karton box träger gurt karre sitz plane",
    "building": "platte brett fliese tür fenster farbe stein leiste dämmung rohr latte",
    "music": "gitarre klavier flöte trommel noten verstärker ständer koffer geige keyboard",
    "help": "hilfe dienst begleitung beratung betreuung reinigung",
    "plants": "pflanze baum strauch samen knollen ableger kasten topf staude setzlinge",
    "animals": "käfig leine korb futter box stall napf bürste decke baum",
    "lessons": "unterricht kurs stunde nachhilfe training workshop probe",
    "tools": "säge bohrer hammer zange schrauber leiter bank schleifer schlüssel maschine",
    "other": "bild rahmen kiste sammlung münzen kerze uhr schmuck karton ständer",
}
_KINDS = ("sell", "give", "swap", "lend", "wanted", "service", "kit", "event")
_KIND_WEIGHTS = (58, 14, 6, 8, 8, 4, 1, 1)
_STATES = (
    "gebraucht",
    "wie neu",
    "gut erhalten",
    "mit Gebrauchsspuren",
    "kaum benutzt",
    "neuwertig",
    "älter, aber heil",
    "vom Dachboden",
    "zu verschenken",
    "günstig",
)
_COLOURS = _list("rot blau grün schwarz weiß grau braun gelb bunt dunkelblau hellgrün beige")
_SYLLABLES = _list(
    "ba ko ri ma lu ten sor vi na del gru hep fin mar tol ska ber wen zu rik ama ost"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_NUMBER = re.compile(r"\d+")


def _sample(name: str) -> str:
    return (resources.files("p2pmarket") / "sample" / name).read_text(encoding="utf-8")


class _Author:
    """Writes listings; every choice comes from one seeded generator."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        sample = [json.loads(line) for line in _sample("listings.jsonl").splitlines() if line]
        self._sentences: dict[str, list[str]] = {}
        self._tags: dict[str, list[str]] = {}
        for listing in sample:
            if listing["lang"] == "de":
                category = listing["category"]
                sentences = self._sentences.setdefault(category, [])
                sentences += _SENTENCE.split(listing["description"])
                self._tags.setdefault(category, []).extend(listing["tags"])
        self._places = [place["name"] for place in json.loads(_sample("places.json"))]
        self._households = [home["name"] for home in json.loads(_sample("households.json"))]
        self._lasts = {name: _list(text) for name, text in LAST_PARTS.items()}
        self._categories = list(self._lasts)

    def listing(self, number: int) -> dict[str, Any]:
        draw = self._random
        category = self._categories[min(self._zipf(24), len(self._categories) - 1)]
        kind = draw.choices(_KINDS, _KIND_WEIGHTS)[0]
        thing = self._compound(category)
        title = draw.choice(
            (thing, f"{thing} {draw.choice(_COLOURS)}", f"{thing}, {draw.choice(_STATES)}")
        )
        if draw.random() < 0.25:
            title += f" {self._brand()}"
        if draw.random() < 0.2:
            title += f" {draw.randint(1, 220)} {draw.choice(('cm', 'kg', 'Zoll', 'l', 'Teile'))}"
        if kind in ("wanted", "swap"):
            title = ("Suche " if kind == "wanted" else "Tausche ") + title
        if draw.random() < 0.01:
            title = self._mistyped(title)
        priced = kind in ("sell", "kit") or (
            kind in ("lend", "service", "event") and draw.random() < 0.6
        )
        return {
            "id": f"syn-{number:07d}",
            "lang": "de",
            "kind": kind,
            "title": title[:80],
            "description": self._description(category),
            "category": category,
            "price_minor": round(100 * draw.lognormvariate(3.2, 1.1)) if priced else None,
            "currency": "EUR" if priced else None,
            "negotiable": kind == "sell" and draw.random() < 0.4,
            "quantity": 1,
            "condition": draw.choice(("new", "like-new", "good", "used", None)),
            "tags": sorted(set(draw.choices(self._tags[category], k=draw.randint(0, 2)))),
            "swap_for": self._compound(category) if kind == "swap" else None,
            "lend": None,
            "place": draw.choice(self._places),
            "household": draw.choice(self._households),
            "days_valid": draw.randint(7, 90),
        }

    def _zipf(self, count: int) -> int:
        """A rank below count, small ones far more often."""
        return min(int(count ** self._random.random()) - 1, count - 1)

    def _compound(self, category: str) -> str:
        draw = self._random
        lasts = self._lasts[category]
        last = lasts[draw.randrange(len(lasts))]
        if draw.random() < 0.3:
            return last.capitalize()
        first = FIRST_PARTS[self._zipf(len(FIRST_PARTS))]
        if draw.random() < 0.15:
            first += FIRST_PARTS[draw.randrange(len(FIRST_PARTS))].lower()
        return first + last

    def _brand(self) -> str:
        return "".join(self._random.choices(_SYLLABLES, k=self._random.randint(2, 4))).capitalize()

    def _description(self, category: str) -> str:
        draw = self._random
        sentences = draw.choices(self._sentences[category], k=draw.randint(1, 4))
        if draw.random() < 0.3:
            sentences.append(f"Dazu gibt es {self._compound(category)} von {self._brand()}.")
        return _NUMBER.sub(lambda _: str(draw.randint(1, 99)), " ".join(sentences))

    def _mistyped(self, text: str) -> str:
        at = self._random.randrange(1, len(text) - 1)
        return text[:at] + text[at + 1 :]


def listings(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """So many listings, always the same for a seed; as many as asked, one at a time."""
    author = _Author(seed)
    for number in range(count):
        yield author.listing(number)
