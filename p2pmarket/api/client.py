"""HTTP/1.1 over the daemon's Unix socket, with nothing but a socket: it must import fast."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from typing import Any

from p2pmarket.folder import LOG_FILE, has_household, socket_path
from protocol.errors import LocalError, P2PMarketError, Unreachable

# Joining waits for a neighbour, a large import for the disk; nothing takes longer than this.
_DEADLINE_S = 300.0
_CHUNK_BYTES = 1 << 16


class Client:
    """Speaks to the daemon of one folder; a connection a request, since they cost 0.1 ms."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = os.fspath(folder)

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        """Return what a GET answers, as JSON values. Raises as :meth:`request`."""
        return self.request("GET", path + _query_text(query or {}))

    def post(self, path: str, body: object = None) -> Any:
        """Return what a POST answers. Raises as :meth:`request`."""
        return self.request("POST", path, body)

    def put(self, path: str, body: object = None) -> Any:
        """Return what a PUT answers. Raises as :meth:`request`."""
        return self.request("PUT", path, body)

    def patch(self, path: str, body: object = None) -> Any:
        """Return what a PATCH answers. Raises as :meth:`request`."""
        return self.request("PATCH", path, body)

    def delete(self, path: str) -> Any:
        """Return what a DELETE answers. Raises as :meth:`request`."""
        return self.request("DELETE", path)

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Ask the daemon. path: quoted, with its query.

        Raises the LocalError or Unreachable that the daemon answered, and LocalError
        ``not-running`` or ``not-set-up`` if nobody answers, ``daemon-gone`` if it went away,
        ``daemon-silent`` after five minutes.
        """
        content = b"" if body is None else json.dumps(body).encode("ascii")
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: p2pmarket\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        with self._connect() as connection:
            try:
                connection.sendall(head.encode("ascii") + content)
                status, answer = _read_answer(connection)
            except TimeoutError:
                raise LocalError("daemon-silent", path=self._folder) from None
            except (OSError, ValueError):
                raise LocalError("daemon-gone", path=f"{self._folder}/{LOG_FILE}") from None
        if status >= 400:
            raise _error_of(answer)
        return answer

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_DEADLINE_S)
        try:
            connection.connect(socket_path(self._folder))
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            connection.close()
            if not has_household(self._folder):
                raise LocalError("not-set-up", path=self._folder) from None
            raise LocalError("not-running", path=self._folder) from None
        except OSError as error:
            connection.close()
            raise LocalError(
                "socket-refused", path=self._folder, reason=error.strerror or ""
            ) from None
        except BaseException:
            connection.close()
            raise
        return connection


def quoted(text: str) -> str:
    """Return text as one path segment or query value (RFC 3986)."""
    return "".join(
        chr(byte) if chr(byte).isascii() and (chr(byte).isalnum() or byte in b"-._~")
        else f"%{byte:02X}"
        for byte in text.encode("utf-8", "replace")
    )  # fmt: skip


def _query_text(query: Mapping[str, object]) -> str:
    parts = []
    for name, value in query.items():
        for item in value if isinstance(value, (list, tuple)) else [value]:
            if item is not None:
                text = str(item).lower() if isinstance(item, bool) else str(item)
                parts.append(f"{name}={quoted(text)}")
    return "?" + "&".join(parts) if parts else ""


def _read_answer(connection: socket.socket) -> tuple[int, Any]:
    received = bytearray()
    while chunk := connection.recv(_CHUNK_BYTES):
        received += chunk
    head, separator, content = bytes(received).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    if not separator:
        raise ValueError("cut off")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(b":") for line in lines[1:])
    }
    if int(headers[b"content-length"]) != len(content):
        raise ValueError("cut off")
    return int(lines[0].split()[1]), json.loads(content)


def _error_of(answer: Any) -> P2PMarketError:
    error = answer["error"]
    family = Unreachable if error["family"] == "unreachable" else LocalError
    return family(error["code"], **error["fields"])
