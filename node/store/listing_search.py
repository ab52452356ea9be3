"""Searching the listing view: words through the text index, the rest as filters on the row."""

import math
from dataclasses import replace
from typing import Any

from node.search.analysis import category_token, kind_token
from node.search.query import Hit, Hits, Rank, SearchQuery, Sort
from node.search.spelling import spell
from node.search.words import words
from node.store.fts import all_of, any_of, token
from node.store.reading import Reader
from node.store.term import Term

_MAX_QUERY_CHARACTERS = 400
_MAX_QUERY_WORDS = 12
_RANKED = 500
"""Relevance orders the newest so many hits; older ones follow, newest first."""
_HOME_SAMPLE = 300
_HOME_SHARE = 0.1
_METRES_PER_E4 = 6_371_008.8 * math.pi / 180 / 10_000
_NO_PRICE = 9223372036854775807
_TAKEN = 2


def search(connection: Any, query: SearchQuery, now_ms: int) -> Hits:
    """Find visible listings. Total: any query text gives an answer, at worst an empty one.

    connection: a DB-API connection of sqlcipher3, only read from.
    now_ms: Unix milliseconds; listings whose time is over are not found.
    """
    cursor = connection.cursor()
    try:
        cursor.execute("SELECT ifnull(max(seq), 0) FROM listing")
        (last_seq,) = cursor.fetchone()
        return replace(_find(cursor, query, now_ms), last_seq=last_seq)
    finally:
        cursor.close()


def _find(cursor: Any, query: SearchQuery, now_ms: int) -> Hits:
    if not query.words.strip():
        return _page(cursor, query, now_ms, "", [])
    reader = Reader(cursor)
    asked = _expressions(reader, cursor, query.words)
    if asked is None:
        return Hits([], False, loose=True)
    if asked.whole:
        hits = _page(cursor, query, now_ms, asked.whole, asked.ranks)
        if hits.results or reader.is_live(asked.whole):
            return hits
    return replace(_page(cursor, query, now_ms, asked.loose, asked.ranks), loose=True)


class _Expressions:
    """What hits satisfy: `whole`, or `loose` if nothing satisfies that. ranks: each adds weight."""

    __slots__ = ("loose", "ranks", "whole")

    def __init__(self, whole: str, loose: str, ranks: list[tuple[str, int]]) -> None:
        self.whole = whole
        self.loose = loose
        self.ranks = ranks


def _expressions(reader: Reader, cursor: Any, text: str) -> _Expressions | None:
    query_words = words(spell(text[:_MAX_QUERY_CHARACTERS]), as_asked=True)
    query_words = list(dict.fromkeys(query_words))[:_MAX_QUERY_WORDS]
    terms = reader.read(query_words) if query_words else None
    if terms is None:
        return None
    if len(terms) == 1:
        whole = any_of([terms[0].sure(), _at_home(cursor, terms[0])])
        loose = any_of([terms[0].passing(), terms[0].accessory()])
    else:
        loose = all_of(term.anyhow() for term in terms)
        whole = all_of([any_of(term.sure() for term in terms), loose])
    ranks = [(term.as_typed(), 1) for term in terms]
    ranks += [(term.sure(), 2) for term in terms]
    return _Expressions(whole, loose, [rank for rank in ranks if rank[0]])


def _at_home(cursor: Any, term: Term) -> str:
    """Mentions in passing, where the word is at home: in categories that are often about it.

    A word in the description of a listing means the thing offered if other listings of that
    category are about it (a Rennrad described as "altes Fahrrad"), and something in passing
    otherwise (a flea market with "bikes").
    """
    passing, sure = term.passing(), term.sure()
    if not passing or not sure:
        return ""
    cursor.execute(
        "SELECT category, count(*) FROM (SELECT l.category FROM listing_text t"
        " CROSS JOIN listing l ON l.seq = t.rowid WHERE listing_text MATCH ?"
        " ORDER BY t.rowid DESC LIMIT ?) GROUP BY category",
        (sure, _HOME_SAMPLE),
    )
    counts: dict[str, int] = dict(cursor.fetchall())
    least = _HOME_SHARE * sum(counts.values())
    homes = [category_token(name) for name, count in counts.items() if count >= least]
    return all_of([passing, any_of(token(home) for home in sorted(homes))]) if homes else ""


def _page(
    cursor: Any, query: SearchQuery, now_ms: int, match: str, ranks: list[tuple[str, int]]
) -> Hits:
    where, parameters = _filters(query, now_ms)
    if not match:
        source = "listing l"
    else:
        source = "listing_text t CROSS JOIN listing l ON l.seq = t.rowid"
        where.insert(0, "listing_text MATCH ?")
        parameters.insert(0, all_of([match, *_filed(query)]))
    away, away_parameters = _distance(query)
    condition = " AND ".join(where) or "1"
    sort: Sort = query.sort or ("relevance" if match else "newest")
    newest = "t.rowid DESC" if match else "l.seq DESC"
    order = {
        "newest": newest,
        "relevance": newest,
        "price": f"ifnull(l.price_minor, {_NO_PRICE}), l.seq DESC",
        "distance": "2 NULLS LAST, l.seq DESC",
    }[sort]
    statement = (
        f"SELECT l.seq, {away}, l.created_at_ms, l.price_minor FROM {source} WHERE {condition}"
        f" ORDER BY {order} LIMIT ? OFFSET ?"
    )
    parameters = [*away_parameters, *parameters]
    offset, wanted = max(0, query.offset), max(0, query.limit)
    if sort == "relevance" and match and offset < _RANKED:
        cursor.execute(statement, [*parameters, max(_RANKED, offset + wanted + 1), 0])
        rows = cursor.fetchall()
        found = _ranked(cursor, rows[:_RANKED], ranks)
        found += [_hit(row, _rank(row, sort)) for row in rows[_RANKED:]]
        found = found[offset : offset + wanted + 1]
    else:
        cursor.execute(statement, [*parameters, wanted + 1, offset])
        found = [_hit(row, _rank(row, sort)) for row in cursor.fetchall()]
    return Hits(found[:wanted], len(found) > wanted)


_Row = tuple[int, float | None, int, int | None]
"""seq, squared distance in m², created_at_ms, price_minor."""


def _hit(row: _Row, rank: Rank) -> Hit:
    return Hit(row[0], None if row[1] is None else round(math.sqrt(row[1])), rank)


def _rank(row: _Row, sort: Sort) -> Rank:
    """Say in numbers what the ORDER BY of `_page` says: order of arrival is each database's own."""
    _, away, created_at_ms, price_minor = row
    if sort == "price":
        return (_NO_PRICE if price_minor is None else price_minor, -created_at_ms)
    if sort == "distance":
        return (math.inf if away is None else away, -created_at_ms)
    if sort == "relevance":
        return (1, -created_at_ms)
    return (-created_at_ms,)


def _filters(query: SearchQuery, now_ms: int) -> tuple[list[str], list[object]]:
    where = ["+l.visible_until_ms > ?"]  # the index on it is for purging, not for searching
    parameters: list[object] = [now_ms]
    where.append("l.concealed = 0")

    def narrow(condition: str, *values: object) -> None:
        where.append(condition)
        parameters.extend(values)

    if not query.include_taken:
        narrow("l.state < ?", _TAKEN)
    if query.kinds:
        narrow(f"l.kind IN ({','.join('?' * len(query.kinds))})", *sorted(query.kinds))
    if query.category is not None:
        narrow("l.category = ?", query.category)
    if query.up_to_seq is not None:
        narrow("+l.seq <= ?", query.up_to_seq)
    if query.household is not None:
        narrow("l.household = ?", query.household)
    if query.min_price_minor is not None:
        narrow("l.price_minor >= ?", query.min_price_minor)
    if query.max_price_minor is not None:
        narrow("l.price_minor <= ?", query.max_price_minor)
    if query.currency is not None:
        narrow("(l.currency = ? OR l.currency IS NULL)", query.currency)
    if query.centre is not None and query.within_m is not None:
        away, away_parameters = _distance(query)
        reach = math.ceil(query.within_m / _METRES_PER_E4) + 1
        narrow("l.lat_e4 BETWEEN ? AND ?", query.centre[0] - reach, query.centre[0] + reach)
        narrow(f"{away} <= ?", *away_parameters, float(query.within_m) ** 2)
    return where, parameters


def _filed(query: SearchQuery) -> list[str]:
    """The filters that the text index can apply too, so that it skips what they leave out."""
    expressions = []
    if query.category is not None:
        expressions.append(token(category_token(query.category)))
    if query.kinds:
        expressions.append(any_of(token(kind_token(kind)) for kind in sorted(query.kinds)))
    return expressions


def _distance(query: SearchQuery) -> tuple[str, list[object]]:
    """SQL for the squared distance in metres from the centre, and its parameters.

    On a plane whose east-west scale is that of the middle latitude: within 1 m at 20 km.
    """
    if query.centre is None:
        return "NULL", []
    lat_e4, lon_e4 = query.centre
    lat = math.radians(lat_e4 / 10_000)
    metres = _METRES_PER_E4
    shrink = math.sin(lat) * math.radians(1 / 10_000) / 2 * metres
    north = "(l.lat_e4 - ?) * ?"
    east = "(l.lon_e4 - ?) * (? - ? * (l.lat_e4 - ?))"
    return f"({north} * {north} + {east} * {east})", [
        *(lat_e4, metres) * 2,
        *(lon_e4, math.cos(lat) * metres, shrink, lat_e4) * 2,
    ]


def _ranked(cursor: Any, rows: list[_Row], ranks: list[tuple[str, int]]) -> list[Hit]:
    """The rows by how surely they are about the words; the newest first among equals."""
    scores = dict.fromkeys((row[0] for row in rows), 0)
    for expression, weight in ranks if rows else ():
        cursor.execute(
            "SELECT rowid FROM listing_text WHERE listing_text MATCH ? AND rowid BETWEEN ? AND ?",
            (expression, rows[-1][0], rows[0][0]),
        )
        for (seq,) in cursor.fetchall():
            if seq in scores:
                scores[seq] += weight
    ordered = sorted(rows, key=lambda row: (-scores[row[0]], -row[0]))
    return [_hit(row, (0, -scores[row[0]], -row[2])) for row in ordered]
