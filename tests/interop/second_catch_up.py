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
    each(records, MOST, lambda record: need(type(record) is bytes))
    return {"records": [record.hex() for record in records]}


def _offer(records) -> dict:
    found = _records(records)
    need(all(len(record) <= 8_192 for record in records))
    return found


def _taken(stored) -> dict:
    integer(stored, 0, 2**48 - 1)
    return {"stored": stored}


FRAMES = (_compare, _fetch, _records, _offer, _taken)


def read_frame(given):
    try:
        frame = unpack(bytes.fromhex(given["frame"]), 1_048_576)
        need(type(frame) is list and frame)
        integer(frame[0], 0, len(FRAMES) - 1)
        need(len(frame) == (3 if frame[0] == 0 else 2))
        return {"tag": frame[0], **FRAMES[frame[0]](*frame[1:])}
    except Refused:
        return "error"


OPERATIONS = {"read-frame": read_frame}
