"""The interface: what its document promises is what it answers."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trio
from hypercorn.trio.tcp_server import TCPServer
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from starlette.applications import Starlette

from node.identity import Identity
from p2pmarket.api.app import ENDPOINTS
from p2pmarket.api.client import Client, quoted
from p2pmarket.api.finding_schemas import SearchQuestion
from p2pmarket.api.openapi import document
from p2pmarket.api.serve import serve_api
from p2pmarket.api.shapes import from_json, from_query, to_json
from p2pmarket.home import Home, HouseholdSettings, save_settings
from protocol.errors import LocalError

DOCUMENT = document(ENDPOINTS)


def test_the_document_is_valid_openapi() -> None:
    validate(DOCUMENT)


def test_every_endpoint_is_in_the_document_once() -> None:
    documented = {
        (method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods
    }
    assert documented == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}
    names = [m["operationId"] for methods in DOCUMENT["paths"].values() for m in methods.values()]
    assert len(names) == len(set(names))


def conforms(body: object, method: str, path: str, status: str = "200") -> None:
    answer = DOCUMENT["paths"][path][method.lower()]["responses"][status]
    schema = answer["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": DOCUMENT["components"]}).validate(body)


COMMUNITY = "/v1/communities/{community}"
LISTING = COMMUNITY + "/listings/{listing}"
MEMBER = COMMUNITY + "/members/{household}"
NEWCOMER = COMMUNITY + "/newcomers/{household}"
DEVICES = COMMUNITY + "/devices"


class Walk:
    """Asks each endpoint once and compares the answer with the document."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.asked: set[tuple[str, str]] = set()

    def __call__(
        self, method: str, path: str, body: object = None, query: str = "", **parts: str
    ) -> Any:
        address = path.format(**{"community": "-", **{k: quoted(v) for k, v in parts.items()}})
        answer = self.client.request(method, address + query, body)
        conforms(answer, method, path)
        self.asked.add((method, path))
        return answer


@pytest.fixture(scope="module")
def pair(new_household: Callable[[], Any]) -> Iterator[tuple[Any, Any]]:
    """Two households with running nodes and no community yet."""
    one, two = new_household(), new_household()
    one.init("Anna", "--place", "Hof@51.2,11.9")
    two.init("Ben")
    one.up()
    two.up()
    yield one, two
    one.stop()
    two.stop()


def test_every_endpoint_answers_as_it_is_described(
    pair: tuple[Any, Any], new_household: Callable[[], Any], tmp_path: Path
) -> None:
    anna, ben = pair
    walk = Walk(Client(anna.folder))
    credit = {"unit": "Stunden", "limit": 20}
    founded = {"name": "Lindenau", "rules": "", "places": [{"name": "Hof"}], "credit": credit,
               "questions": ["Wo wohnst du?"], "approval": True}  # fmt: skip
    walk("POST", "/v1/communities", founded)
    walk("GET", "/v1/communities")
    walk("GET", COMMUNITY)
    invite = walk("POST", COMMUNITY + "/invites", {"uses": 2})["invite"]
    join = Walk(Client(ben.folder))
    look = join("POST", "/v1/invites/reading", {"invite": invite})
    answers = {"invite": invite, "charter": look["charter"], "answers": ["Nebenan."]}
    join("POST", "/v1/memberships", answers)
    anna.until(lambda: any(m["name"] == "Ben" for m in anna.json("members")["results"]))
    anna.until(lambda: walk("GET", COMMUNITY + "/newcomers")["results"][0]["written"])
    walk("POST", NEWCOMER + "/refusal", {"reason": "Wer bist du?"}, household="Ben")
    ben.until(lambda: bool(join("GET", COMMUNITY + "/welcome")["refusals"]))
    walk("POST", NEWCOMER + "/approval", household="Ben")
    walk("PUT", MEMBER + "/vouch", household="Ben")
    walk("DELETE", MEMBER + "/vouch", household="Ben")
    unused = walk("POST", COMMUNITY + "/invites", {})["invite"]
    assert unused != invite
    first = walk("GET", COMMUNITY + "/invites")["results"][0]["id"]
    walk("DELETE", COMMUNITY + "/invites/{invite}", invite=first[:6])
    ben.until(lambda: ben.json("status")["communities"][0]["my_status"] == "confirmed")
    walk("GET", "/v1/status")
    govern(walk, join, anna, ben)
    walk("GET", COMMUNITY + "/members")
    walk("GET", COMMUNITY + "/peers")
    walk("PUT", MEMBER + "/block", household="Ben")
    walk("DELETE", MEMBER + "/block", household="Ben")
    walk("PATCH", COMMUNITY + "/profile", {"about": "Wir"})
    walk("GET", COMMUNITY + "/profile")
    chosen = walk("PATCH", COMMUNITY + "/choices", {"read_receipts": True, "address": "Hof 3"})
    assert walk("GET", COMMUNITY + "/choices") == chosen
    walk("GET", MEMBER, household="Ben")
    walk("GET", COMMUNITY + "/ledgers/{household}", household="-")
    walk("GET", COMMUNITY + "/balances")
    walk("GET", COMMUNITY + "/balances/{household}", household="Ben")
    walk("GET", COMMUNITY + "/audience", query="?days=3")
    row = {"line": 1, "fields": {"title": "Bett", "kind": "lend", "lend_days": 3, "deposit": "5"}}
    event = {"title": "Fest", "kind": "event", "starts": "2027-05-01T15:00Z", "variants": "A=b"}
    rows = [row, {"line": 2, "fields": event}, {"line": 3, "fields": {"x": 1}}]
    published = walk("POST", COMMUNITY + "/listings", {"rows": rows})
    assert [answer["outcome"] for answer in published["results"]] == ["new", "new", "refused"]
    assert published["unknown_fields"] == ["x"]
    listing = published["results"][0]["listing"]["id"]
    found = walk("GET", COMMUNITY + "/listings", query="?words=bett&kind=lend&within_km=3")
    assert [result["id"] for result in found["results"]] == [listing]
    walk("GET", "/v1/own-listings")
    for everywhere in ("/v1/inbox", "/v1/trades", "/v1/members"):
        walk("GET", everywhere)
    walk("GET", "/v1/listings", query="?limit=1&sort=newest")
    walk("GET", COMMUNITY + "/own-listings")
    walk("GET", LISTING, listing=listing[:8])
    walk("PATCH", LISTING, {"fields": {"price": "7"}}, listing=listing)
    walk("POST", LISTING + "/renewal", {"days": 5}, listing=listing)
    walk("PUT", LISTING + "/mark", {"state": "taken"}, listing=listing)
    message = {"text": "Hallo", "household": "Ben", "listing": listing, "wait_seconds": 5}
    assert walk("POST", COMMUNITY + "/messages", message)["message"]["title"] == "Bett"
    ben.until(lambda: ben.json("inbox")["unread"] == 1)
    join("GET", COMMUNITY + "/inbox")
    join("GET", COMMUNITY + "/threads/{household}", query="?limit=5", household="Anna")
    read = join("POST", COMMUNITY + "/threads/{household}/reading", {}, household="Anna")
    assert read["marked"] == 1
    moderate(walk)
    walk("DELETE", LISTING, listing=listing)
    phone = Walk(further_device_of(new_household()))
    phone("POST", "/v1/devices", {"code": walk("POST", DEVICES, {"name": "Handy"})["code"]})
    walk("GET", DEVICES)
    walk("POST", DEVICES + "/{device}/revocation", {}, device="Handy")
    walk("POST", DEVICES + "/renewal")
    phone("POST", "/v1/shutdown")
    assert walk("PUT", COMMUNITY + "/relay", {"volunteers": True})["volunteers"]
    assert walk("GET", COMMUNITY + "/reach")["verdict"] == "unknown"
    walk("GET", COMMUNITY + "/horizon")
    address = ben.json("peers")["addresses"][0]
    assert walk("POST", COMMUNITY + "/connections", {"text": address})["connected"]
    walk("POST", "/v1/backups", {"file": str(tmp_path / "backup")})
    walk("POST", MEMBER + "/removal", {"why": "Nur so"}, household="Ben")
    ben.until(lambda: ben.json("status")["communities"][0]["my_status"] == "removed")
    walk("GET", COMMUNITY + "/export")
    cross_post(walk)
    open_windows(walk)
    walk("POST", "/v1/shutdown")
    # The founder cannot leave, a review needs a finished trade, and agreeing to a removal a third
    # household: the transcripts show all of it.
    left = {
        ("GET", COMMUNITY + "/leaving"),
        ("POST", COMMUNITY + "/leaving"),
        ("POST", COMMUNITY + "/reviews"),
        ("POST", MEMBER + "/removal/agreement"),
    }
    asked = walk.asked | join.asked | phone.asked
    # Those of trades are walked in test_trades.py.
    trades = (COMMUNITY + "/trades", COMMUNITY + "/cases", LISTING + "/draw")
    others = {(e.method, e.path) for e in ENDPOINTS if not e.path.startswith(trades)}
    assert others - asked == left


def moderate(walk: Walk) -> None:
    """What Anna, a steward, reports, labels, appeals against and chooses; all of it about Ben."""
    assert walk("GET", COMMUNITY + "/report-readers", query="?subject=Ben")["read_by"]
    report = {"subject": "Ben", "ground": "other", "text": "Laut."}
    assert walk("POST", COMMUNITY + "/reports", report)["subject"]["household"]["name"] == "Ben"
    (line,) = walk("GET", COMMUNITY + "/reports")["results"]
    walk("POST", COMMUNITY + "/reports/{number}/done", number=str(line["number"]))
    label = {"subject": "Ben", "verdict": "warn", "reason": "Laut."}
    assert walk("PUT", COMMUNITY + "/labels", label)["counts"]
    assert [one["reason"] for one in walk("GET", COMMUNITY + "/labels")["mine"]] == ["Laut."]
    walk("PUT", COMMUNITY + "/appeals", {"subject": "Ben", "text": "Nicht laut."})
    log = walk("GET", COMMUNITY + "/moderation-log", query="?others=true&limit=50")
    (said,) = [line for line in log["results"] if line["deed"] == "label"]
    assert [appeal["text"] for appeal in said["appeals"]] == ["Nicht laut."]
    walk("DELETE", COMMUNITY + "/appeals/{subject}", subject="Ben")
    walk("DELETE", COMMUNITY + "/labels/{subject}", subject="Ben")
    for choice in ("mute", "labels", "block-list"):
        for method in ("PUT", "DELETE"):
            walk(method, MEMBER + f"/{choice}", household="Ben")
    listed = COMMUNITY + "/block-list"
    walk("PUT", listed + "/households/{household}", {"reason": "Laut."}, household="Ben")
    assert walk("PUT", listed + "/sharing")["shared"]
    assert [one["reason"] for one in walk("GET", listed)["results"]] == ["Laut."]
    walk("DELETE", listed + "/households/{household}", household="Ben")
    walk("DELETE", listed + "/sharing")


def govern(walk: Walk, join: Walk, anna: Any, ben: Any) -> None:
    versions, steward = COMMUNITY + "/charter/versions", COMMUNITY + "/stewards/{household}"
    removal = MEMBER + "/removal"
    shown = walk("POST", versions, {"listing_slots": 600, "preview": True})
    assert (shown["decision"]["signed"], shown["decision"]["charter_after"]) == (False, 2)
    walk("POST", versions, {"listing_slots": 600})
    ben.until(lambda: not join("GET", COMMUNITY + "/charter")["consented"])
    digest = walk("GET", versions + "/{version}", version="2")["digest"]
    assert join("POST", COMMUNITY + "/charter/consent", {"digest": digest})["consented"]
    walk("POST", steward + "/appointment", {}, household="Ben")
    ben.until(lambda: join("GET", COMMUNITY + "/stewards")["offered"])
    join("POST", COMMUNITY + "/seat/acceptance", {})
    anna.until(lambda: len(walk("GET", COMMUNITY + "/stewards")["results"]) == 2)
    join("POST", versions, {"photos": 3})
    anna.until(lambda: bool(walk("GET", COMMUNITY + "/charter")["proposals"]))
    walk("POST", versions + "/{version}/signature", {"preview": True}, version="3")
    join("DELETE", versions + "/{version}/signature", version="3")
    # Ben's seat rests on Anna's word alone, so hers is enough.
    found = walk("GET", COMMUNITY + "/members")["results"]
    gone = next(member["id"] for member in found if member["name"] == "Ben")
    walk("POST", removal, {"why": "Nur so"}, household="Ben")
    assert walk("GET", COMMUNITY + "/removals")["results"][0]["in_force"]
    ben.until(lambda: ben.json("status")["communities"][0]["my_status"] == "removed")
    walk("DELETE", removal, household=gone)
    anna.until(lambda: len(walk("GET", COMMUNITY + "/stewards")["results"]) == 2)
    anna.until(lambda: any(m["name"] == "Ben" for m in anna.json("members")["results"]))
    walk("POST", steward + "/succession", {}, household="Ben")
    walk("POST", steward + "/dismissal", {"preview": True}, household="Ben")
    join("POST", COMMUNITY + "/seat/resignation", {})
    anna.until(lambda: len(walk("GET", COMMUNITY + "/stewards")["results"]) == 1)


def cross_post(walk: Walk) -> None:
    walk("POST", "/v1/communities", {"name": "Verein", "rules": ""})
    fields = {"title": "Bank", "kind": "give"}
    there = COMMUNITY + "/cross-posts"
    walk("POST", there + "/draft", {"first": "Lindenau", "fields": fields}, community="Verein")
    rows = {"rows": [{"line": 1, "fields": fields}]}
    published = walk("POST", COMMUNITY + "/listings", rows, community="Lindenau")
    cross = {"listing": published["results"][0]["listing"]["id"]}
    walk("POST", there + "/preview", cross, community="Verein")
    walk("POST", there, cross, community="Verein")


def open_windows(walk: Walk) -> None:
    versions, windows = COMMUNITY + "/charter/versions", COMMUNITY + "/windows"
    for here, there in (("Lindenau", "Verein"), ("Verein", "Lindenau")):
        wish = {"community": there, "categories": ["other"]}
        walk("POST", versions, {"add_windows": [wish]}, community=here)
    assert [one["into"] for one in walk("GET", "/v1/windows")["results"]] == ["Lindenau", "Verein"]
    (one,) = walk("GET", windows, community="Verein")["results"]
    assert (one["name"], one["open"], one["carries"]) == ("Lindenau", ["other"], False)
    walk("PUT", windows + "/{other}", {}, community="Verein", other="Lindenau")
    walk("DELETE", windows + "/{other}", community="Verein", other="Lindenau")


def further_device_of(household: Any) -> Client:
    """A node that runs in a folder without the words of any household."""
    Identity.of_further_device(household.folder)
    save_settings(Home(household.folder), HouseholdSettings("Anna"))
    household.up()
    return Client(household.folder)


def raw(folder: Path, request: bytes) -> tuple[int, Any]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(folder / "daemon.sock"))
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
    head, _, content = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(content)


def request(method: str, path: str, body: bytes = b"") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/v1/nothing", b"", 404, "path-not-found"),
        ("PUT", "/v1/status", b"", 404, "path-not-found"),
        ("POST", "/v1/communities", b"{", 422, "request-malformed"),
        ("POST", "/v1/communities", b"[" * 100_000, 422, "request-malformed"),
        ("POST", "/v1/communities", b"[]", 422, "request-malformed"),
        ("POST", "/v1/communities", b'{"name": 5, "rules": ""}', 422, "request-malformed"),
        ("POST", "/v1/communities", b'{"name": "", "rules": ""}', 422, "field-refused"),
        ("POST", "/v1/communities", b'{"name": "a"}', 422, "request-malformed"),
        ("POST", "/v1/memberships", b'{"invite": "hello"}', 409, "invite-unreadable"),
        ("POST", "/v1/backups", b'{"file": "relative"}', 422, "request-malformed"),
        ("GET", "/v1/communities/none", b"", 404, "community-not-found"),
        ("GET", "/v1/communities/-/listings?limit=0", b"", 422, "field-out-of-range"),
        ("GET", "/v1/communities/-/listings?limit=x", b"", 422, "request-malformed"),
        ("GET", "/v1/communities/-/listings?colour=x", b"", 422, "request-malformed"),
        ("GET", "/v1/communities/-/listings?kind=x", b"", 422, "request-malformed"),
        ("GET", "/v1/communities/-/listings?within_km=nan", b"", 422, "field-out-of-range"),
        ("GET", "/v1/communities/-/listings/%00%ff", b"", 404, "listing-not-found"),
        ("PUT", "/v1/communities/-/members/x/block", b"", 404, "household-not-found"),
    ],
)
def test_a_bad_request_gets_its_code_as_described(
    founder: Any, method: str, path: str, body: bytes, status: int, code: str
) -> None:
    found, answer = raw(founder.folder, request(method, path, body))
    assert (found, answer["error"]["code"]) == (status, code)
    conforms(answer, "GET", "/v1/status", str(status))


def test_at_most_500_rows_are_taken_at_once(founder: Any) -> None:
    rows = [{"line": n, "fields": {}} for n in range(501)]
    with pytest.raises(LocalError, match="too-many-rows"):
        Client(founder.folder).post("/v1/communities/-/listings", {"rows": rows})


def test_the_same_id_twice_in_one_request_is_refused_the_second_time(founder: Any) -> None:
    fields = {"id": "twice", "title": "Bett", "kind": "give"}
    rows = [{"line": 1, "fields": fields}, {"line": 2, "fields": fields}]
    answer = Client(founder.folder).post("/v1/communities/-/listings", {"rows": rows})
    assert [result["outcome"] for result in answer["results"]] == ["new", "refused"]
    assert answer["results"][1]["error"]["code"] == "line-repeats-id"


def test_only_the_user_may_connect_to_the_socket(founder: Any) -> None:
    assert (founder.folder / "daemon.sock").stat().st_mode & 0o777 == 0o600


def test_garbage_on_the_socket_does_not_disturb_the_next_request(founder: Any) -> None:
    for garbage in (b"\x00" * 1000, b"GET\r\n\r\n", b"POST /v1/status HTTP/1.1\r\n"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(founder.folder / "daemon.sock"))
            connection.sendall(garbage)
    assert Client(founder.folder).get("/v1/status")["pid"] > 0


def test_clients_that_go_in_the_middle_of_a_request_do_not_end_the_daemon(founder: Any) -> None:
    log = founder.folder / "daemon.log"
    before = log.read_text().count("bug ")
    beginning = (
        b"POST /v1/communities/-/listings HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{"
    )
    for _ in range(20):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(founder.folder / "daemon.sock"))
            client.sendall(beginning)
    assert raw(founder.folder, request("GET", "/v1/status"))[0] == 200
    assert log.read_text().count("bug ") == before


async def test_a_connection_that_breaks_ends_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when Hypercorn closes a connection while an answer is on its way."""
    home, stop, whole = Home(tmp_path), trio.Event(), TCPServer.run
    breaking = [True]

    async def run(self: Any) -> None:
        if breaking and breaking.pop():
            raise trio.BusyResourceError("another task is currently sending data")
        await whole(self)

    async def ask() -> bytes:
        async with await trio.open_unix_socket(str(home.socket)) as client:
            await client.send_all(request("GET", "/"))
            return b"".join([chunk async for chunk in client])

    monkeypatch.setattr(TCPServer, "run", run)
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            await nursery.start(serve_api, Starlette(), home, stop.wait)
            with suppress(trio.BrokenResourceError):
                await ask()
            assert (await ask()).startswith(b"HTTP/1.1 404")
            stop.set()


def test_shapes_are_read_and_written_back() -> None:
    question = SearchQuestion(words="Öl", kind=["give"], within_km=2.5, limit=3)
    assert from_json(SearchQuestion, to_json(question)) == question
    query = {"words": ["Öl"], "kind": ["give"], "within_km": ["2.5"], "limit": ["3"]}
    assert from_query(SearchQuestion, query) == question
