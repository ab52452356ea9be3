"""Closed classes of German and English grammar; all words are spelled (see `spelling.spell`)."""


def listed(text: str) -> frozenset[str]:
    """The words of a list written as running text."""
    return frozenset(text.split())


ER_PLURALS = listed(
    "amt bad band bild blatt brett buch dach dorf fach fass feld geist geld glas glied grab gras "
    "haus holz horn huhn kalb kind kleid korn kraut lamm land licht lied loch mann maul mund nest "
    "pfand rad rind schild schloss schwert strauch tuch volk wald weib wurm"
)
"""Nouns whose plural is in -er (Buch, Bücher). Source: Duden Grammatik, Pluralbildung."""

UMLAUT_PLURALS = listed(
    "garten ofen boden hafen laden kasten graben schaden faden bogen kragen magen wagen apfel "
    "vogel mantel nagel sattel schnabel hammer acker vater mutter bruder tochter"
)
"""Nouns whose plural differs by its umlaut alone (Apfel, Äpfel)."""

IRREGULAR_STEMS = {
    "shelves": "shelf",
    "knives": "knif",
    "wives": "wif",
    "scarves": "scarf",
    "leaves": "leaf",
    "loaves": "loaf",
    "children": "child",
    "mice": "mous",
    "feet": "foot",
    "teeth": "tooth",
    "glasses": "glas",
    "shos": "sho",
    "eisen": "eisen",
    "skier": "ski",
    "skiern": "ski",
    "eier": "ei",
    "eiern": "ei",
}

VERBAL_PREFIXES = listed(
    "an ab auf aus be bei durch ein ent emp er ge her hin los miss um un ver vor weg zer "
    "zusammen zuruck"
)
"""They make another word, not a compound: Zug is not the head of Umzug. Folded."""

DERIVATIONS = listed(
    "heit heiten keit ung ungen lich isch chen lein schaft haft los bar sam ling erei erin "
    "eren iert ieren fertig frei arm reich voll fest dicht formig artig massig weise wert"
)
"""Suffixes, not heads: Kleidung is no "ung" of a Kleid, nor küchenfertig a Küche. Folded."""

FOREIGN_ADJECTIVES = listed(
    "akustisch aesthetisch arktisch asiatisch authentisch automatisch britisch dramatisch "
    "elastisch exotisch fantastisch grafisch hektisch identisch kosmetisch kritisch magnetisch "
    "optisch plastisch politisch praktisch romantisch spezifisch statisch synthetisch theoretisch"
)
"""They end like a Tisch or a Fisch and are none."""

STOP_WORDS = listed(
    # German function words
    "ab aber alle allem allen aller alles als also am an andere anderen ans auch auf aus bei beide "
    "beim bin bis bist bisschen bitte bzw ca da dabei dafuer damit danach dann das dass daran "
    "darf darin dazu dein deine dem den denn der deren des deshalb die dies diese diesem diesen "
    "dieser dieses doch dort du durch duerfen ebenso eh ein eine einem einen einer eines einfach "
    "er es etwas etwa euch euer eure eurem euren eurer fast fuer gar gern gerne gibt gibts gut "
    "hab habe haben hat hatte hatten hier hin ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im "
    "immer in inkl ins ist ja je jede jedem jeden jeder jedes jetzt kann kannst kein keine keinem "
    "keinen keiner keines koennen koennt man mehr mein meine meinem meinen meiner mit mal mich "
    "mir muss muessen nach nicht nix nichts noch nun nur ob oder ohne per pro schon sehr sein "
    "seine seinem seinen seiner seit selbst sich sie sind so soll sollen sollte sonst sowie "
    "statt ueber um und uns unser unsere unserem unseren unserer unter usw vom von vor wann war "
    "waren waere warum was weder weil welche wenn wer werde werden wie wieder will wir wird wo "
    "wollen wurde wurden wuerde zb zu zum zur zzgl "
    # what everybody writes in a small ad, and so tells nothing apart
    "suche suchen sucht gesucht biete bieten "
    # English function words
    "a about all also am an and any are as at be been but by can could did do does for from get "
    "had has have he her his how i if in into is it its just like me my no not of on one or our "
    "out she so some than that the their them then there these they this those to too up us very "
    "was we were what when where which who will with without would you your re ve ll"
)

NEGATORS = listed("kein keine keinem keinen keiner keines ohne weder no not without")
"""What follows, up to the next function word or stop, is not there: "ohne Kratzer"."""

AFTERTHOUGHTS = listed("nein nicht")
"""What stands right before is excluded: "Waschmaschine nein"."""

SOFTENERS = listed("lieber bitte leider aber")
"""They may stand between a word and its afterthought: "Spülmaschine lieber nicht"."""
