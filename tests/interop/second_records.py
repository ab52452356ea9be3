"""A second reader of records, written from chapter 02 §§1 and 3 only."""

from __future__ import annotations

from second_values import DAY, encode, hashed, integer, need, octets, read, unpack, verifies

NAMES = (
    "version", "community", "kind", "household", "device", "slot", "key", "generation_ms",
    "revision", "created_at_ms", "expires_at_ms", "withdrawn", "body", "signature",
)  # fmt: skip
RECORD, INVITE = b"p2pmarket/record/1", b"p2pmarket/invite/1"


class Record:
    """An envelope by chapter 02 §1; Refused if it is none. Its signature is a question."""

    def __init__(self, raw: bytes) -> None:
        values = unpack(raw, 8_192)
        need(type(values) is list and len(values) == 14)
        self.raw, self.id = raw, hashed(raw)
        self.fields = dict(zip(NAMES, values, strict=True))
        self.__dict__.update(self.fields)
        integer(self.version, 1, 1)
        for value, size in zip(
            (values[i] for i in (1, 3, 4, 6, 13)), (32, 32, 32, 16, 64), strict=True
        ):
            octets(value, size)
        for index in (2, 5, 7, 8, 9, 10):
            integer(values[index], 0, 2**48 - 1)
        integer(self.kind, 1, 191)
        need(len(raw) <= (1_024 if self.kind in (36, 37, 38, 39, 128, 129, 130, 131) else 8_192))
        need(type(self.withdrawn) is bool and type(self.body) is bytes)
        lifetime = 91 * DAY if 32 <= self.kind <= 127 else 3_653 * DAY
        need(self.created_at_ms < self.expires_at_ms <= self.created_at_ms + lifetime)
        need(self.generation_ms <= self.created_at_ms)
        need(self.revision <= 2**32 - 1)
        need(self.revision <= 16 + (self.created_at_ms - self.generation_ms) // 100)
        self.root = self.device == self.household
        need(self.kind not in (1, 2, 3) or self.root)
        need(self.kind not in (4, 5, 6, 32, 33, 34, 35) or not self.root)
        self.rank = (self.generation_ms, self.withdrawn, self.revision, self.id)

    def signed(self) -> bool:
        message = b"".join(encode(self.fields[name]) for name in NAMES[:13])
        return verifies(self.device, RECORD, message, self.signature)

    def usable(self) -> bool:
        body = read(2, self.body)
        if self.kind != 2 or body is None:
            return False
        return verifies(body[3], INVITE, self.community + self.household, body[4])


def greatest(records) -> dict:
    """The greatest record of each (kind, slot) of one household."""
    found = {}
    for record in records:
        place = (record.kind, record.slot)
        if place not in found or record.rank > found[place].rank:
            found[place] = record
    return found
