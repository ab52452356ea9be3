"""Where a device can be dialled, told to the community as a record (spec 03 §addresses)."""

from __future__ import annotations

from dataclasses import dataclass

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.ids import ID_BYTES
from protocol.wire import Fields

BODY_VERSION = 1
MAX_ADDRESSES = 8
MAX_ADDRESS_BYTES = 160
LIFETIME_MS = 14 * limits.DAY_MS
REFRESH_MS = 3 * limits.DAY_MS


@dataclass(frozen=True, slots=True)
class Addresses:
    """host: the device's network host key. addresses: multiaddrs as text, best first."""

    host: bytes
    addresses: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.addresses) > MAX_ADDRESSES or not all(
            len(a) <= MAX_ADDRESS_BYTES and a.startswith("/") and a.isascii() and a.isprintable()
            for a in self.addresses
        ):
            raise RemoteError("body-invalid", field="addresses")

    def pack(self) -> bytes:
        """Return the body's canonical bytes."""
        return wire.pack((BODY_VERSION, self.host, self.addresses))


def read_addresses(body: bytes) -> Addresses:
    """Read the body. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(body, limits.MAX_RECORD_BYTES), 3, "addresses")
    fields.integer("version", BODY_VERSION, BODY_VERSION)
    return Addresses(fields.octets("host", ID_BYTES), fields.texts("addresses", MAX_ADDRESSES))
