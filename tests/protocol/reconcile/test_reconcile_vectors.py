"""The vectors, read as a stranger would: from the files alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from protocol.errors import RemoteError
from protocol.reconcile import Initiator, ItemSet, respond
from protocol.reconcile.wire import HIGHEST, read_message

VECTORS = sorted((Path(__file__).parents[2] / "vectors" / "reconcile").glob("*.json"))


def items_of(pairs: list[list[Any]]) -> ItemSet:
    return ItemSet((created_at_ms, bytes.fromhex(id)) for created_at_ms, id in pairs)


def fingerprint(given: dict[str, Any]) -> dict[str, Any]:
    view = items_of(given["items"]).snapshot()
    return {"fingerprint": view.fingerprint(0, len(view)).hex()}


def read(given: dict[str, Any]) -> dict[str, Any]:
    ranges = []
    for part in read_message(bytes.fromhex(given["message"])):
        shown: dict[str, Any] = {
            "upper": "end" if part.upper == HIGHEST else part.upper.hex(),
            "mode": part.mode.name,
        }
        if shown["mode"] == "FINGERPRINT":
            shown |= {"size": part.size, "fingerprint": part.fingerprint.hex()}
        if shown["mode"] == "LIST":
            shown |= {"entries": [entry.hex() for entry in part.entries]}
        ranges.append(shown)
    return {"ranges": ranges}


def answer(given: dict[str, Any]) -> dict[str, Any]:
    message, limit = bytes.fromhex(given["message"]), given["max_message_bytes"]
    return {"reply": respond(items_of(given["items"]), message, max_message_bytes=limit).hex()}


def exchange(given: dict[str, Any]) -> dict[str, Any]:
    page, other = given["max_message_bytes"], items_of(given["responder"])
    ours = items_of(given["initiator"])
    initiator = Initiator(ours, jitter=given["jitter"], max_message_bytes=page)
    message: bytes | None = initiator.initiate()
    told: dict[str, list[Any]] = {"messages": [], "have": [], "need": []}
    while message is not None:
        reply = respond(other, message, max_message_bytes=page)
        told["messages"] += [message.hex(), reply.hex()]
        message, have, need = initiator.reconcile(reply)
        told["have"] += [[created_at_ms, id.hex()] for created_at_ms, id in have]
        told["need"] += [[created_at_ms, prefix.hex()] for created_at_ms, prefix in need]
    return told


def refusal(given: dict[str, Any]) -> dict[str, Any]:
    initiator = Initiator(items_of(given["items"]), jitter=given["jitter"])
    messages = [initiator.initiate().hex()]
    try:
        for reply in given["replies"]:
            message = initiator.reconcile(bytes.fromhex(reply)).reply
            assert message is not None
            messages.append(message.hex())
    except RemoteError as error:
        return {"messages": messages, "error": error.code, "reason": error.fields["reason"]}
    return {"messages": messages}


OPERATIONS = {
    "fingerprint": fingerprint,
    "read": read,
    "respond": answer,
    "exchange": exchange,
    "reconcile": refusal,
}


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_the_vector_holds(path: Path) -> None:
    vector = json.loads(path.read_text("utf-8"))
    try:
        told = OPERATIONS[vector["operation"]](vector["input"])
    except RemoteError as error:
        told = {"error": error.code, "reason": error.fields["reason"]}
    assert told == vector["expect"]


def test_there_are_vectors_of_every_operation() -> None:
    named = {json.loads(path.read_text("utf-8"))["operation"] for path in VECTORS}
    assert named == set(OPERATIONS)
