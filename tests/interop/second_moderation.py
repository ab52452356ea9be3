"""A second reader of labels, block lists, appeals and reports, written from chapter 12 only."""

from __future__ import annotations

from second_membership import Community
from second_records import Record, greatest
from second_values import (
    READERS,
    Refused,
    each,
    encode,
    fields,
    hashed,
    integer,
    need,
    octets,
    read,
    text,
    unpack,
)

LABELS, BLOCK_LIST, APPEALS = 41, 42, 43
FINE, WARN = 1, 2


def _row(value, count: int) -> list:
    need(type(value) is list and len(value) == count)
    return value


def _subject(household, listing) -> None:
    octets(household, 32)
    if listing is not None:
        octets(listing, 16)


def _label(value, count: int) -> None:
    household, listing, verdict, reason, *looked = _row(value, count)
    _subject(household, listing)
    integer(verdict, 1, 3)
    text(reason, 200)
    for digest in looked:
        if digest is not None:
            octets(digest, 16)
            need(verdict == FINE and listing is not None)


def _labels(body: bytes) -> list:
    """Version 1 is as version 2 with nil for each text (MOD-10)."""
    version, said = _row(unpack(body), 2)
    integer(version, 1, 2)
    each(said, 32, lambda value: _label(value, 3 + version))
    return [2, [[*value, None][:5] for value in said]]


def text_digest(body: list) -> bytes:
    """MOD-10: title, description, tags, swap_for, variants, and the name of the place."""
    place = body[17] and body[17][0]
    return hashed(
        encode([body[2], body[3], body[5], body[13], body[12], place]), 16, person=b"p2pm-text"
    )


def _blocked(value) -> None:
    household, reason = _row(value, 2)
    octets(household, 32)
    text(reason, 200, 0)


def _appeal(value) -> None:
    household, listing, said = _row(value, 3)
    _subject(household, listing)
    text(said, 800, lines=True)


def _rows(most: int, check):
    def reader(body: bytes) -> list:
        f = fields(body, 2)
        each(f[1], most, check)
        return f

    return reader


READERS |= {LABELS: _labels, BLOCK_LIST: _rows(64, _blocked), APPEALS: _rows(8, _appeal)}


def standing(community: Community, records, household: bytes, kind: int, slots: int) -> list:
    """Its readable records of one kind that stand and are not withdrawn, by slot (RCD-17)."""
    member = community.members.get(household)
    if member is None or member.status == "left" or not member.confirmed:
        return []
    certified = [
        record
        for record in records
        if record.household == household and record.device in member.devices
        and record.kind == kind and record.slot < slots
    ]  # fmt: skip
    return [record for _, record in sorted(greatest(certified).items()) if not record.withdrawn]


def labels(community: Community, records, household: bytes) -> dict[tuple, tuple]:
    """What counts of one household: verdict, reason and text by subject (MOD-1)."""
    found: dict[tuple, tuple] = {}
    for record in standing(community, records, household, LABELS, 32):
        body = read(LABELS, record.body)
        for about, listing, *said in body[1] if body else ():
            found.setdefault((about, listing), tuple(said))
    return found


def applied_to(given):
    records = [Record(bytes.fromhex(raw)) for raw in given["records"]]
    community = Community(bytes.fromhex(given["genesis"]))
    community.evaluate(records)
    household = bytes.fromhex(given["household"])
    found = []
    for record in standing(community, records, household, 33, 40):
        body = read(33, record.body)
        text = text_digest(body).hex()
        about = {"follows": [], "ignores": [], "listing": record.key.hex(), "text": text}
        outcome = applied(given | about)
        found.append([record.slot, outcome["verdict"], outcome["fine"]])
    return {"listings": found}


def applied(given):
    records = [Record(bytes.fromhex(raw)) for raw in given["records"]]
    assert all(record.signed() for record in records)
    community = Community(bytes.fromhex(given["genesis"]))
    community.evaluate(records)
    follows, ignores = ({bytes.fromhex(h) for h in given[name]} for name in ("follows", "ignores"))
    viewer, author = bytes.fromhex(given["viewer"]), bytes.fromhex(given["household"])
    listing = None if given["listing"] is None else bytes.fromhex(given["listing"])
    voting = community.stewards.voting
    subjects = list(dict.fromkeys([(author, listing), (author, None)]))
    said = [
        [household.hex(), *words[subject][:2]]
        for household in sorted((set(voting) - ignores) | follows | {viewer})
        if household != author
        for words in [labels(community, records, household)]
        for subject in subjects
        if subject in words
    ]
    strongest = max((verdict for _, verdict, _ in said), default=FINE)
    judges = [steward for steward in voting if steward != author or len(voting) == 1]
    now = bytes.fromhex(given["text"])
    found = [labels(community, records, judge).get(subjects[0]) for judge in judges]
    found_fine = any(word and word[0] == FINE and word[2] in (None, now) for word in found)
    return {
        "verdict": strongest if strongest >= WARN and viewer != author else None,
        "said": said,
        "fine": listing is not None and found_fine,
    }


def report(given):
    try:
        f = fields(bytes.fromhex(given["content"]), 5)
        _subject(f[1], f[2])
        integer(f[3], 1, 5)
        text(f[4], 800, 1 if f[3] == 5 else 0, lines=True)
    except Refused:
        return "error"
    listing = None if f[2] is None else f[2].hex()
    return {"household": f[1].hex(), "listing": listing, "ground": f[3], "text": f[4]}


def digest(given):
    return {"digest": text_digest(read(33, bytes.fromhex(given["body"]))).hex()}


OPERATIONS = {"applied": applied, "applied_to": applied_to, "report": report, "text_digest": digest}
