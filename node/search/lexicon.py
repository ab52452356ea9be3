"""What a native speaker would write down about markets without looking at any listing.

All words are spelled (see `spelling.spell`).
"""

from node.search.grammar import listed

UNITS = {
    "zoll": "zoll", "inch": "zoll", "inches": "zoll",
    "kg": "kg", "kilo": "kg", "kilos": "kg", "kilogramm": "kg",
    "g": "g", "gramm": "g", "gram": "g", "grams": "g",
    "l": "l", "liter": "l", "litre": "l", "litres": "l", "liters": "l", "ltr": "l", "ml": "ml",
    "mm": "mm", "cm": "cm", "m": "m", "meter": "m", "metre": "m", "metres": "m", "km": "km",
    "qm": "qm", "sqm": "qm", "w": "w", "watt": "w", "v": "v", "volt": "v", "ah": "ah", "mah": "mah",
    "gb": "gb", "tb": "tb", "mb": "mb", "ghz": "ghz", "ps": "ps",
    "uhr": "uhr", "euro": "euro", "eur": "euro", "euros": "euro", "ct": "ct", "cent": "ct",
    "std": "std", "min": "min", "stk": "stk", "am": "uhr", "pm": "uhr",
}  # fmt: skip
"""A unit after a number is no word of its own: "ab 17 Uhr" offers no clock."""

SIZE_WORDS = listed("gr groesse groessen size sizes kleidergroesse schuhgroesse konfektionsgroesse")
LETTER_SIZES = listed("xxs xs s m l xl xxl xxxl")
LISTING_JOINTS = listed("und oder bis and or to x / - – + , & auf")
"""Between two numbers that share a unit or a size word: "24 oder 26 Zoll"."""

CATEGORY_WORDS: dict[str, frozenset[str]] = {
    "electronics": listed("elektronik elektrogeraete elektrogeraet electronics"),
    "household": listed("haushalt haushaltswaren haushaltsgeraete hausrat household housewares"),
    "furniture": listed("moebel moebelstueck moebelstuecke mobiliar furniture"),
    "food": listed("lebensmittel essen nahrungsmittel food groceries"),
    "outdoor": listed("outdoor outdoorausruestung campingausruestung"),
    "books-media": listed("medien media"),
    "clothing": listed(
        "kleidung klamotten bekleidung mode kleidungsstuecke clothes clothing fashion"
    ),
    "baby-kids": listed("babysachen kindersachen babyausstattung"),
    "sports": listed("sport sportartikel sportgeraete sports"),
    "garden": listed("garten gartenbedarf gartenartikel garden gardening"),
    "events": listed("veranstaltung veranstaltungen event events"),
    "transport": listed("transport transporte"),
    "building": listed("baumaterial baustoffe baumarkt"),
    "music": listed("musik musikinstrument musikinstrumente instrumente music instruments"),
    "help": listed("hilfe nachbarschaftshilfe help"),
    "plants": listed("pflanzen plants"),
    "animals": listed("tiere haustiere tierbedarf haustierbedarf animals pets"),
    "lessons": listed("unterricht lessons tuition"),
    "tools": listed("werkzeug werkzeuge tools"),
}
"""Words for everything filed under a category. Words for one thing (Fahrrad, Buch) are not here:
whoever types them wants that thing, not its lock or its shelf."""

KIND_WORDS: dict[int, frozenset[str]] = {
    1: listed("verkaufen kaufen verkauf sale"),
    2: listed("verschenken geschenkt gratis umsonst kostenlos free giveaway"),
    3: listed("tauschen tausch swap"),
    4: listed("verleihen ausleihen leihen leihweise mieten borrow lend rent"),
    7: listed("sets kits"),
    8: listed("termine"),
}
"""Words for a kind of listing, read so only beside other words."""

SUBJECT_CATEGORIES = listed("food plants animals books-media")
SUBJECT_KINDS = (6, 8)
"""Where the first part of a compound says what it is about: Apfelsaft is apple, a Klavierunterricht
concerns a piano (services, events); a Tischdecke is no table."""

SYNONYMS: tuple[frozenset[str], ...] = (
    listed("sofa couch"),
    listed("fahrrad rad velo"),
    listed("bike bicycle"),
    listed("handy mobiltelefon smartphone"),
    listed("fernseher tv television telly"),
    listed("laptop notebook"),
    listed("auto pkw"),
    listed("klavier piano"),
    listed("geige violine"),
    listed("moehre karotte"),
    listed("gardine vorhang"),
    listed("pulli pullover"),
    listed("jumper sweater"),
    listed("stroller pram pushchair"),
    listed("torch flashlight"),
    listed("sessel fauteuil"),
    listed("semmel broetchen"),
    listed("inliner inlineskates"),
    listed("beamer projektor"),
)
