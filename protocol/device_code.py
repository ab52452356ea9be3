"""The code with which another computer becomes a device of a household (spec 04 §device codes).

One text, shown as letters and as a QR code, like an invite's: ``P2PD1-`` and upper-case base32
of the canonical array, with a checksum. Whoever holds it is that device.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol import limits, wire
from protocol.envelope import Envelope, decode
from protocol.errors import LocalError, RemoteError
from protocol.invite import MAX_ADDRESSES, is_address
from protocol.keys import NETWORK_KEY_BYTES, device_seeds
from protocol.kinds import Kind
from protocol.membership.bodies import Device, read_device
from protocol.pasted import read_pasted, write_pasted
from protocol.signing import KeyPair, Seed
from protocol.text import is_text
from protocol.wire import Fields

PREFIX = "P2PD1-"
VALID_MS = limits.DAY_MS
"""From making a code to the last moment at which a computer accepts it."""
SECRET_BYTES = 32
_MAX_BYTES = 2_048


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """Everything another computer needs to be a device of a household in one community.

    secret: the device's keys follow from it. record: the household's certificate of the device,
    which also says which community and household. household_name: how the household is called,
    to show it. addresses: multiaddrs of members, best first.
    """

    network_key: bytes
    secret: Seed
    valid_until_ms: int
    household_name: str
    addresses: tuple[str, ...]
    record: Envelope


def body_of(secret: Seed) -> Device:
    """Return the public keys of the device that a secret makes."""
    signing, host = device_seeds(secret)
    return Device(KeyPair(signing).public, KeyPair(host).public)


def write_device_code(code: DeviceCode) -> str:
    """Return the text of a code: some 1,000 characters of the QR alphanumeric set."""
    packed = wire.pack(
        (
            1,
            code.network_key,
            code.secret,
            code.valid_until_ms,
            code.household_name,
            code.addresses[:MAX_ADDRESSES],
            code.record.raw,
        )
    )
    return write_pasted(PREFIX, packed)


def read_device_code(text: str) -> DeviceCode:
    """Read what a person pasted, typed or scanned; spaces, line breaks and case do not matter.

    Raises LocalError ``device-code-unreadable`` (cut off, mistyped, or something else).
    """
    try:
        return _read(read_pasted(PREFIX, text, _MAX_BYTES))
    except (ValueError, RemoteError):
        raise LocalError("device-code-unreadable") from None


def _read(packed: bytes) -> DeviceCode:
    fields = Fields(wire.unpack(packed, _MAX_BYTES), 7, "device-code")
    fields.integer("version", 1, 1)
    network_key = fields.octets("network_key", NETWORK_KEY_BYTES)
    secret = Seed(fields.octets("secret", SECRET_BYTES))
    valid_until_ms = fields.integer("valid_until_ms", 0, limits.MAX_TIME_MS)
    name = fields.text("household_name")
    if not is_text(name, limits.MAX_NAME):
        raise RemoteError("body-invalid", field="household_name")
    addresses = fields.texts("addresses", MAX_ADDRESSES)
    if not all(map(is_address, addresses)):
        raise RemoteError("body-invalid", field="addresses")
    raw = fields.optional("record")
    if type(raw) is not bytes or len(raw) > limits.MAX_RECORD_BYTES:
        raise RemoteError("body-invalid", field="record")
    record = decode(raw)
    if (
        record.kind != Kind.DEVICE
        or record.withdrawn
        or not record.signature_holds()
        or read_device(record.body) != body_of(secret)
    ):
        raise RemoteError("body-invalid", field="record")
    return DeviceCode(network_key, secret, valid_until_ms, name, addresses, record)
