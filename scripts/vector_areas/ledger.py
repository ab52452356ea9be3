"""Vectors of chapter 10: receipts, their signatures, and the bodies of links and charters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from vector_ledger import (
    ANA,
    BEN,
    CEM,
    receipt,
    review,
    traded,
)
from vector_world import START_MS

from protocol.charter import Charter, CreditRules, read_charter
from protocol.errors import RemoteError
from protocol.kinds import Kind
from protocol.ledger.entry import NO_ENTRY, read_entry
from protocol.ledger.receipt import (
    Receipt,
    hash_of_terms,
    month_of,
    read_receipt,
    receipt_signature_holds,
)
from protocol.membership.bodies import read_removal
from protocol.wire import Value, pack, unpack
from vector_areas import Case


def cases() -> Iterator[Case]:
    """All vectors of the area."""
    yield from _receipts()
    yield from _signatures()
    yield from _small_things()
    yield from _bodies()
    yield from _removals()
    yield from _charters()


# -- receipts


def _changed(**fields: Value) -> tuple[Value, ...]:
    names = (
        "version", "community", "trade", "publisher", "seeker", "listing_kind", "month", "outcome",
        "terms_hash", "credit", "at_fault", "public",
    )  # fmt: skip
    value = receipt().as_value()
    assert isinstance(value, tuple)
    return tuple(fields.get(name, held) for name, held in zip(names, value, strict=True))


def _receipts() -> Iterator[Case]:
    def case(name: str, comment: str, values: Sequence[Value], valid: bool) -> Case:
        try:
            made: Receipt | None = read_receipt(tuple(values))
        except RemoteError:
            made = None
        if (made is not None) is not valid:
            raise AssertionError(name)
        expect: dict[str, object] = {"valid": valid}
        if made is not None:
            expect |= {"digest": made.digest(), "giver": made.giver, "taker": made.taker}
        packed = pack(tuple(values))
        return Case(
            f"receipt-{name}", ("LED-1", "LED-2", "LED-4"), comment, "receipt",
            {"receipt": packed}, expect,
        )  # fmt: skip

    yield case("gift", "Ana gave Ben something", _changed(), True)
    yield case("wanted", "who publishes a wish takes", _changed(listing_kind=5), True)
    yield case("credit", "three hours", _changed(credit=3), True)
    yield case("credit-most", "the most", _changed(credit=1_000_000), True)
    yield case("credit-0", "nothing is nil", _changed(credit=0), False)
    yield case("credit-more", "one more", _changed(credit=1_000_001), False)
    yield case(
        "credit-private", "credit is for all to see", _changed(credit=3, public=False), False
    )
    yield case("credit-cancelled", "nothing was given", _changed(credit=3, outcome=2), False)
    yield case("cancelled-by-consent", "nobody's fault", _changed(outcome=2), True)
    yield case("cancelled", "Ana's fault", _changed(outcome=2, at_fault=ANA.id), True)
    yield case("no-show", "Ben did not come", _changed(outcome=3, at_fault=BEN.id), True)
    yield case("no-show-nobody", "somebody did not come", _changed(outcome=3), False)
    yield case("at-fault-other", "Cem took no part", _changed(outcome=3, at_fault=CEM.id), False)
    yield case("at-fault-completed", "nothing failed", _changed(at_fault=ANA.id), False)
    yield case("outcome-4", "there is none", _changed(outcome=4), False)
    yield case("private", "between the two", _changed(public=False), True)
    yield case("oneself", "nobody trades with itself", _changed(seeker=ANA.id), False)
    yield case("kind-9", "no listing", _changed(listing_kind=9), False)
    yield case("month-13", "a year has twelve", _changed(month=202613), False)
    yield case("month-0", "from one", _changed(month=202600), False)
    yield case("version-2", "there is no other", _changed(version=2), False)
    yield case("public-1", "1 is not true", _changed(public=1), False)
    yield case("field-missing", "eleven", _changed()[:-1], False)
    yield case("field-more", "thirteen", (*_changed(), None), False)


def _signatures() -> Iterator[Case]:
    signed = traded()
    assert signed.publisher_signature is not None
    device, signature = ANA.device().public, signed.publisher_signature
    changed = replace(signed.receipt, month=202602)
    elsewhere = receipt(community=bytes(32))
    for name, comment, of, by, bytes_, holds in (
        ("good", "Ana's device", signed.receipt, device, signature, True),
        ("other-device", "Ben's", signed.receipt, BEN.device().public, signature, False),
        ("other-receipt", "a month later", changed, device, signature, False),
        ("other-community", "the same trade elsewhere", elsewhere, device, signature, False),
        ("small-order", "the zero key", signed.receipt, bytes(32), bytes(64), False),
    ):
        if receipt_signature_holds(of, by, bytes_) is not holds:
            raise AssertionError(name)
        yield Case(
            f"signature-{name}", ("LED-5",), comment, "receipt_signature",
            {"receipt": pack(of.as_value()), "device": by, "signature": bytes_},
            {"holds": holds},
        )  # fmt: skip


def _small_things() -> Iterator[Case]:
    for name, at_ms in (
        ("epoch", 0),
        ("leap-day", 1_709_251_199_999),
        ("after-leap-day", 1_709_251_200_000),
        ("new-year", START_MS),
        ("before-new-year", START_MS - 1),
        ("last", 2**48 - 1),
    ):
        yield Case(
            f"month-{name}", ("LED-3",), "UTC, whatever the place", "month",
            {"at_ms": at_ms}, {"month": month_of(at_ms)},
        )  # fmt: skip
    terms, salt = b"what the two agreed on", bytes(range(16))
    yield Case(
        "terms-hash", ("LED-6",), "salted: who guesses the terms learns nothing", "terms_hash",
        {"terms": terms, "salt": salt}, {"terms_hash": hash_of_terms(terms, salt)},
    )  # fmt: skip
    made = review(traded(), ANA)
    yield Case(
        "commitment", ("LED-24",), "what Ana mails before her review shows", "commitment",
        {"receipt": made.receipt, "about": made.about, "recommends": True, "text": made.text,
         "salt": made.salt},
        {"commitment": made.commitment()},
    )  # fmt: skip


# -- bodies


def _entry(content: Value, index: int = 0, previous: bytes = NO_ENTRY, version: int = 1) -> bytes:
    return pack((version, index, previous, content))


def _removals() -> Iterator[Case]:
    removal: tuple[Value, ...] = (BEN.id, "Cheated.", ())
    signer: tuple[Value, ...] = (BEN.device().public, 202601)

    def case(name: str, comment: str, fields: tuple[Value, ...], valid: bool) -> Case:
        body = pack(fields)
        try:
            read_removal(body)
            found = True
        except RemoteError:
            found = False
        if found is not valid:
            raise AssertionError(name)
        return Case(
            f"removal-{name}", ("MEM-6", "LED-34"), comment, "body",
            {"kind": int(Kind.REMOVAL), "body": body}, {"valid": valid},
        )  # fmt: skip

    yield case("signers", "one device", (2, *removal, (signer,)), True)
    yield case("signers-8", "as many as there are slots", (2, *removal, (signer,) * 8), True)
    yield case("signers-9", "one more", (2, *removal, (signer,) * 9), False)
    yield case("signers-none", "who names none writes version 1", (2, *removal, ()), False)
    yield case("signers-missing", "version 2 names them", (2, *removal), False)
    yield case("signers-version-1", "version 1 names none", (1, *removal, (signer,)), False)
    yield case("signers-short", "31 bytes", (2, *removal, ((bytes(31), 202601),)), False)
    yield case("signers-late", "a month too late", (2, *removal, ((signer[0], 999913),)), False)
    yield case("signers-no-month", "of one field", (2, *removal, (signer[:1],)), False)


def _bodies() -> Iterator[Case]:
    signed = traded()
    sides = (
        signed.publisher_device,
        signed.publisher_signature,
        signed.seeker_device,
        signed.seeker_signature,
    )
    public: tuple[Value, ...] = (1, signed.receipt.as_value(), *sides)
    words = (3, signed.receipt.digest(), BEN.id, True, "Friendly.", bytes(range(16)))
    adoption = (4, ANA.device().public, bytes(range(32)), 5)

    def case(name: str, comment: str, body: bytes, valid: bool) -> Case:
        try:
            read_entry(body)
            found = True
        except RemoteError:
            found = False
        if found is not valid:
            raise AssertionError(name)
        return Case(
            f"body-{name}", ("LED-7", "LED-8", "WIR-7"), comment, "body",
            {"kind": int(Kind.LEDGER), "body": body}, {"valid": valid},
        )  # fmt: skip

    def text(value: str) -> bytes:
        return _entry((*words[:4], value, words[5]))

    yield case("public", "a receipt that both signed", _entry(public), True)
    yield case("private", "a digest", _entry((2, bytes(32))), True)
    yield case("review", "a review", _entry(words), True)
    yield case("adoption", "another device's chain", _entry(adoption), True)
    yield case("public-private", "it was to stay between the two",
               _entry((1, _changed(public=False), *sides)), False)  # fmt: skip
    yield case("one-side", "the seeker has not signed", _entry((*public[:4], None, None)), False)
    yield case("signature-short", "63 bytes", _entry((*public[:5], bytes(63))), False)
    yield case("receipt-invalid", "a month too many",
               _entry((1, _changed(month=202613), *sides)), False)  # fmt: skip
    yield case("digest-short", "31 bytes", _entry((2, bytes(31))), False)
    yield case("type-5", "there is none", _entry((5, bytes(32))), False)
    yield case("type-true", "true is not 1", _entry((True, *public[1:])), False)
    yield case("empty", "no content", _entry(()), False)
    yield case("review-300", "the longest", text("x" * 300), True)
    yield case("review-301", "one more", text("x" * 301), False)
    yield case("review-umlauts", "302 bytes of UTF-8", text("ä" * 151), False)
    yield case("review-lines", "two lines", text("On time.\nFriendly."), True)
    yield case("review-escape", "steers a terminal", text("\x1b[2J"), False)
    yield case("review-nothing", "no words", text(""), True)
    yield case("review-salt-short", "15 bytes", _entry((*words[:5], bytes(15))), False)
    yield case("review-recommends-1", "1 is not true", _entry((*words[:3], 1, *words[4:])), False)
    yield case("adoption-0", "of nothing", _entry((*adoption[:3], 0)), False)
    yield case("adoption-4096", "the longest chain", _entry((*adoption[:3], 4_096)), True)
    yield case("adoption-4097", "one more", _entry((*adoption[:3], 4_097)), False)
    yield case("first-with-previous", "nothing is before the first",
               _entry((2, bytes(32)), 0, bytes(range(32))), False)  # fmt: skip
    yield case("later-without-previous", "something is before the second",
               _entry((2, bytes(32)), 1), False)  # fmt: skip
    last, after = 4_095, 4_096
    yield case("index-4095", "the last", _entry((2, bytes(32)), last, bytes(range(32))), True)
    yield case("index-4096", "one more", _entry((2, bytes(32)), after, bytes(range(32))), False)
    yield case("version-2", "of a later version", _entry((2, bytes(32)), version=2), False)


def _charters() -> Iterator[Case]:
    def case(name: str, comment: str, body: bytes, valid: bool) -> Case:
        try:
            read_charter(body)
            found = True
        except RemoteError:
            found = False
        if found is not valid:
            raise AssertionError(name)
        return Case(
            f"charter-{name}", ("LST-16",), comment, "body",
            {"kind": int(Kind.CHARTER), "body": body}, {"valid": valid},
        )  # fmt: skip

    whole = Charter(
        name="Lindenstraße", rules="", salt=bytes(16), credit=CreditRules("Stunden", 20)
    ).pack()
    value = unpack(whole, 8_192)
    assert isinstance(value, tuple)

    def credit(terms: Value, version: int = 2) -> bytes:
        return pack((version, *value[1:-1], terms))

    yield case("credit", "twenty hours", whole, True)
    yield case("credit-version-1", "that one has 14 fields", credit(("Stunden", 20), 1), False)
    yield case("credit-version-3", "there is none", credit(("Stunden", 20), 3), False)
    yield case("credit-missing", "then it is version 1", pack(value[:-1]), False)
    yield case("credit-nil", "then it is version 1", credit(None), False)
    yield case("credit-unit-empty", "of what?", credit(("", 20)), False)
    yield case("credit-unit-20", "the longest", credit(("x" * 20, 20)), True)
    yield case("credit-unit-21", "one more", credit(("x" * 21, 20)), False)
    yield case("credit-limit-0", "nobody could begin", credit(("Stunden", 0)), False)
    yield case("credit-limit-most", "a million", credit(("Stunden", 1_000_000)), True)
    yield case("credit-limit-more", "one more", credit(("Stunden", 1_000_001)), False)
