"""A second reader of the frames of a catch-up, written from chapter 07 §2 only."""

from __future__ import annotations

from second_values import Refused, each, integer, need, octets, unpack

MOST = 500


def _compare(membership, message) -> dict:
    need(type(membership) is bool and type(message) is bytes)
    return {"membership": membership, "message": message.hex()}


def _wanted(value) -> None:
    need(type(value) is list and len(value) == 2)
    integer(value[0], 0, 2**48 - 1)
    octets(value[1], 16)


def _fetch(wanted) -> dict:
    each(wanted, MOST, _wanted)
    return {"wanted": [[made, prefix.hex()] for made, prefix in wanted]}


def _records(records) -> dict:
    each(records, MOST, lambda record: need(type(record) is bytes and len(record) <= 8_192))
    return {"records": [record.hex() for record in records]}


def _taken(stored) -> dict:
    integer(stored, 0, 2**48 - 1)
    return {"stored": stored}


FRAMES = (_compare, _fetch, _records, _records, _taken)


def read_frame(given):
    if "parts" not in given:
        return _read(bytes.fromhex(given["frame"]))
    found = _read(b"".join(bytes.fromhex(part) * times for part, times in given["parts"]))
    if found == "error":
        return found
    many = len(found["records"]) if "records" in found else len(found["message"]) // 2
    return {"tag": found["tag"], "how_many": many}


def _read(raw: bytes):
    try:
        frame = unpack(raw, 1_048_576)
        need(type(frame) is list and frame)
        integer(frame[0], 0, len(FRAMES) - 1)
        need(len(frame) == (3 if frame[0] == 0 else 2))
        return {"tag": frame[0], **FRAMES[frame[0]](*frame[1:])}
    except Refused:
        return "error"


OPERATIONS = {"read-frame": read_frame}
