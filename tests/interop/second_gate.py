"""A second reader of the gate, written from chapter 07 §1 only."""

from __future__ import annotations

from second_membership import Community
from second_records import Record
from second_values import Refused, each, integer, need, octets, read, unpack

LONGEST_HELLO, LONGEST_VERDICT = 18_944, 64
REASONS = (
    "stranger", "removed", "left", "revoked", "invite-expired", "invite-used-up", "busy",
    "misconduct",
)  # fmt: skip


def _array(raw: bytes, longest: int = LONGEST_HELLO) -> list:
    value = unpack(raw, longest)
    need(type(value) is list and value and type(value[0]) is int)
    return value


def _refusal(f: list) -> str:
    need(len(f) == 2 and f[0] == 0 and type(f[1]) is str)
    return f[1] if f[1] in REASONS else "stranger"


def _hello(f: list) -> list:
    need(len(f) == 6 and f[0] == 1)
    integer(f[1], 0, 2**48 - 1)
    octets(f[2], 32)
    need(type(f[3]) is bool and (f[4] is None or type(f[4]) is bytes))
    each(f[5], 64, lambda record: need(type(record) is bytes))
    return f


def read_answer(given):
    try:
        f = _array(bytes.fromhex(given["message"]))
        if f[0] == 0:
            return {"refusal": _refusal(f)}
        _, now_ms, household, wants_genesis, genesis, records = _hello(f)
    except Refused:
        return "error"
    return {
        "now_ms": now_ms,
        "household": household.hex(),
        "wants_genesis": wants_genesis,
        "genesis": None if genesis is None else genesis.hex(),
        "records": [record.hex() for record in records],
    }


def read_verdict(given):
    try:
        f = _array(bytes.fromhex(given["message"]), LONGEST_VERDICT)
        return {"refusal": None if f == [1] else _refusal(f)}
    except Refused:
        return "error"


class Judge:
    """Who holds ``known`` and sees a hello (TRN-34, TRN-35)."""

    def __init__(self, given) -> None:
        self.now_ms, self.host = given["now_ms"], bytes.fromhex(given["host"])
        self.community = Community(bytes.fromhex(given["genesis"]))
        known = [Record(bytes.fromhex(raw)) for raw in given["known"]]
        self.community.evaluate(known)
        _, _, self.household, _, _, raws = _hello(_array(bytes.fromhex(given["hello"])))
        self.known_before = self.household in self.community.members
        self.proof = [record for record in map(self._counts, raws) if record is not None]
        self.community.evaluate([*known, *self.proof])

    def _counts(self, raw: bytes) -> Record | None:
        try:
            record = Record(raw)
        except Refused:
            return None
        counts = (
            record.kind < 32
            and record.community == self.community.id
            and record.household not in self.community.removed
            and record.created_at_ms - 600_000 <= self.now_ms < record.expires_at_ms
            and record.signed()
        )
        return record if counts else None

    def verdict(self) -> dict:
        reason = self._refusal()
        return {"refused": reason} if reason else {"accepted": self.household.hex()}

    def _refusal(self) -> str | None:
        member = self.community.members.get(self.household)
        if self.household in self.community.removed:
            return "removed"
        if member is not None and member.status == "left":
            return "left"
        if member is not None and self.host in member.devices.values():
            late = member.status == "provisional" and not self.known_before
            chosen = self.community.chosen.get(self.household)
            return "invite-expired" if late and self._invite(chosen) == "expired" else None
        if member is not None:
            return "revoked" if self._was_its_device() else "stranger"
        shown = [r for r in self.proof if r.household == self.household and r.usable()]
        states = [self._invite(record) for record in shown]
        if "expired" in states:
            return "invite-expired"
        return "invite-used-up" if "used-up" in states else "stranger"

    def _was_its_device(self) -> bool:
        withdrawn = [
            read(3, record.body)
            for record in self.community.stand.values()
            if record.kind == 3 and record.household == self.household and record.withdrawn
        ]
        return any(body is not None and body[2] == self.host for body in withdrawn)

    def _invite(self, certificate: Record) -> str | None:
        """What is the matter with the invite that a certificate names."""
        _, inviter, key, *_ = read(2, certificate.body)
        of_that_key = [
            record
            for (household, kind, _), record in sorted(self.community.stand.items())
            if (household, kind) == (inviter, 4) and record.key == key
        ]
        in_force = (read(4, record.body) for record in of_that_key if not record.withdrawn)
        invite = next((body for body in in_force if body is not None), None)
        if invite is None:
            return "expired" if any(record.withdrawn for record in of_that_key) else None
        if self.now_ms > invite[3]:
            return "expired"
        confirmed = (said for _, said in self.community.says(inviter, 5))
        users = {household for _, household, by_invite in confirmed if by_invite == key}
        return "used-up" if len(users) >= invite[2] else None


OPERATIONS = {
    "read-answer": read_answer,
    "read-verdict": read_verdict,
    "judge": lambda given: Judge(given).verdict(),
}
