"""A router that opens ports when asked: UPnP's Internet Gateway Device, as far as needed.

UPnP Device Architecture 1.1 (search, description, control), WANIPConnection 1 and 2. Anything
in the home network may answer a search; so an answer counts only for the address that it came
from, everything is short and has a deadline, and whether the port is open a neighbour outside
has to show.
"""

from __future__ import annotations

import io
import socket
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from typing import cast
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import trio

from node.network.router import Opened, RouterError

SEARCHED = ("239.255.255.250", 1900)
_DEVICES = (
    "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
    "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
)
_SERVICES = (
    "urn:schemas-upnp-org:service:WANIPConnection:2",
    "urn:schemas-upnp-org:service:WANIPConnection:1",
    "urn:schemas-upnp-org:service:WANPPPConnection:1",
)
_SEARCH_S = 3.0
_REQUEST_S = 5.0
_MAX_ANSWERS = 16
_MAX_DATAGRAM_BYTES = 2048
_MAX_DOCUMENT_BYTES = 128 << 10


@dataclass(frozen=True, slots=True)
class Gateway:
    """control: the URL that takes requests. service: which kind of connection it controls.

    local: this machine's address as the router sees it.
    """

    control: str
    service: str
    local: str

    async def open(self, external: int, internal: int, lease_s: int) -> Opened:
        """See Router. lease_s 0: until closed, which is all that some routers know."""
        await self._call(
            "AddPortMapping",
            NewRemoteHost="",
            NewExternalPort=str(external),
            NewProtocol="TCP",
            NewInternalPort=str(internal),
            NewInternalClient=self.local,
            NewEnabled="1",
            NewPortMappingDescription="p2pmarket",
            NewLeaseDuration=str(lease_s),
        )
        try:
            return Opened(external, lease_s, await self._external_address())
        except RouterError:
            await self._delete(external)
            raise

    async def close(self, opened: Opened, internal: int) -> None:
        """See Router."""
        await self._delete(opened.external)

    async def _delete(self, external: int) -> None:
        await self._call(
            "DeletePortMapping",
            NewRemoteHost="",
            NewExternalPort=str(external),
            NewProtocol="TCP",
        )

    async def _external_address(self) -> str:
        answer = await self._call("GetExternalIPAddress")
        text = answer.get("NewExternalIPAddress", "")
        try:
            return str(ip_address(text))
        except ValueError as error:
            raise RouterError(f"no address: {text[:40]!r}") from error

    async def _call(self, action: str, **arguments: str) -> dict[str, str]:
        fields = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in arguments.items())
        body = (
            '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
            ' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
            f'<u:{action} xmlns:u="{self.service}">{fields}</u:{action}></s:Body></s:Envelope>'
        ).encode()
        status, document = await _request(
            self.control,
            "POST",
            f'Content-Type: text/xml; charset="utf-8"\r\nSOAPAction: "{self.service}#{action}"\r\n',
            body,
        )
        values = {_name(each): each.text or "" for each in _parsed(document).iter()}
        if status != 200:
            code = values.get("errorCode", "")
            number = int(code) if code.isascii() and code.isdigit() and len(code) < 6 else 0
            raise RouterError(f"{action}: status {status}, error {number}", number)
        return values


async def find_gateway(searched: tuple[str, int] = SEARCHED) -> Gateway | None:
    """Look for a router that opens ports; the first that describes itself properly, or None."""
    answers: dict[str, str] = {}
    with trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM) as udp:
        try:
            for device in _DEVICES:
                await udp.sendto(_search(device), searched)
            with trio.move_on_after(_SEARCH_S):
                while len(answers) < _MAX_ANSWERS:
                    datagram, (sender, *_) = await udp.recvfrom(_MAX_DATAGRAM_BYTES)
                    location = _location(datagram, sender)
                    if location is not None:
                        answers[location] = sender
                        if len(answers) == 1:
                            break  # a home has one router
        except OSError:
            return None
    for location, sender in answers.items():
        try:
            return await _described(location, sender)
        except RouterError:
            continue
    return None


def _search(device: str) -> bytes:
    return (
        "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
        f'MAN: "ssdp:discover"\r\nMX: 2\r\nST: {device}\r\n\r\n'
    ).encode()


def _location(datagram: bytes, sender: str) -> str | None:
    """Where a router describes itself; None unless that is at the address it answers from."""
    lines = datagram.decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): text.strip()
        for name, found, text in (line.partition(":") for line in lines[1:])
        if found
    }
    if not lines[0].startswith("HTTP/1.1 200") or headers.get("st") not in _DEVICES:
        return None
    location = headers.get("location", "")
    return location if _is_at(location, sender) else None


def _is_at(url: str, host: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and parts.hostname == host and parts.port != 0
    except ValueError:
        return False


async def _described(location: str, sender: str) -> Gateway:
    status, document = await _request(location, "GET", "", b"")
    if status != 200:
        raise RouterError(f"status {status}")
    root = _parsed(document)
    base = next((e.text for e in root.iter() if _name(e) == "URLBase" and e.text), location)
    offered = {}
    for service in root.iter():
        if _name(service) == "service":
            fields = {_name(each): (each.text or "").strip() for each in service}
            offered[fields.get("serviceType", "")] = fields.get("controlURL", "")
    for wanted in _SERVICES:
        control = urljoin(base.strip(), offered[wanted]) if offered.get(wanted) else ""
        if _is_at(control, sender):
            return Gateway(control, wanted, await _local_address(sender))
    raise RouterError("it opens no ports")


async def _local_address(remote: str) -> str:
    with trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM) as udp:
        try:
            await udp.connect((remote, 9))  # sends nothing
        except OSError as error:
            raise RouterError("no way to it") from error
        return str(udp.getsockname()[0])


async def _request(url: str, method: str, headers: str, body: bytes) -> tuple[int, bytes]:
    """One exchange of HTTP: the status and the document."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n"
        f"Content-Length: {len(body)}\r\n{headers}\r\n"
    ).encode("latin-1", "replace")
    received = bytearray()
    try:
        with trio.fail_after(_REQUEST_S):
            async with await trio.open_tcp_stream(parts.hostname or "", parts.port or 80) as tcp:
                await tcp.send_all(head + body)
                while chunk := await tcp.receive_some():
                    received += chunk
                    if len(received) > _MAX_DOCUMENT_BYTES:
                        raise RouterError("too long")
    except (OSError, trio.TooSlowError, trio.BrokenResourceError) as error:
        raise RouterError("no answer") from error
    return _response(bytes(received), method)


class _Received:
    """What http.client reads from: all of it is here."""

    def __init__(self, received: bytes) -> None:
        self._received = received

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._received)


def _response(received: bytes, method: str) -> tuple[int, bytes]:
    try:
        response = HTTPResponse(cast(socket.socket, _Received(received)), method=method)
        response.begin()
        return response.status, response.read()
    except (HTTPException, OSError, ValueError) as error:
        raise RouterError("not HTTP") from error


def _parsed(document: bytes) -> ElementTree.Element:
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        raise RouterError("a document with entities")
    try:
        return ElementTree.fromstring(document)  # noqa: S314 - short, and without entities
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise RouterError("not XML") from error


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]
