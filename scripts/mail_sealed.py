"""Make the sealed parcels of the mail vectors anew: scripts/vector_areas/mail_sealed.json.

Encryption is randomised, so they are made once and checked in; run this only when the format
itself has changed. The secrets of the Olm account and session are read out of the pickles (the
library's private format), so that the vectors can name them.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from vector_areas import mail_sealed as mail
from vector_world import START_MS

from protocol.ids import CommunityId, DeviceKey
from protocol.mail import seal
from protocol.mail.card import bind
from protocol.mail.letter import Letter
from protocol.mail.mailbox import expiry_of, tag_of
from protocol.mail.parcel import Inner, Parcel, pad, seal_info

TARGET = mail.SEALED


def secrets_of(pickle: str) -> dict[str, Any]:
    """The JSON inside a vodozemac pickle under 32 zero bytes."""
    raw = base64.b64decode(pickle + "==")
    keys = HKDF(hashes.SHA256(), 80, None, b"Pickle").derive(bytes(32))
    decryptor = Cipher(algorithms.AES(keys[:32]), modes.CBC(keys[64:])).decryptor()
    padded = decryptor.update(raw[:-8]) + decryptor.finalize()
    found: dict[str, Any] = json.loads(padded[: -padded[-1]])
    return found


def main() -> None:
    """Draw keys, seal, and write the file."""
    ana, ben = seal.new_account(), seal.new_account()
    pickled = secrets_of(ben.pickle)
    binding = bind(mail.COMMUNITY, mail.ANA_DEVICE, ana.identity)
    ratchet = seal.begin(ana, ben.identity, ben.fallback)

    def sealed(
        letter: Letter | bytes,
        binding: bytes = binding,
        community: CommunityId = mail.COMMUNITY,
        device: DeviceKey = mail.BEN_KEY,
        padding: bytes = b"",
        change: dict[str, Any] | None = None,
    ) -> str:
        nonlocal ratchet
        plaintext = letter if isinstance(letter, bytes) else letter.pack()
        ratchet, olm_type, message = seal.encrypt(ratchet, plaintext)
        inner = Inner(
            mail.ANA.id, DeviceKey(mail.ANA_DEVICE.public), ana.identity, binding, olm_type, message
        )
        padded = pad(inner.pack())
        padded = padded[: len(padded) - len(padding)] + padding
        tag, expires_at_ms = tag_of(mail.NETWORK_KEY, device, START_MS), expiry_of(START_MS)
        info = seal_info(community, device, tag, expires_at_ms)
        parcel = Parcel(tag, expires_at_ms, seal.wrap(padded, mail.HPKE_PUBLIC, info))
        fields = {"tag": tag, "expires_at_ms": expires_at_ms, **(change or {})}
        return Parcel(fields["tag"], fields["expires_at_ms"], parcel.sealed).pack().hex()

    chat, long_chat = mail.letter("Is the cot still there?"), mail.letter("Yes. " * 700 + "End.")
    three = [sealed(mail.letter(f"Number {n}", n)) for n in range(3)]
    parcels = {
        "prekey": [sealed(chat)],
        "long": [sealed(long_chat)],
        "out-of-order": [three[2], three[0], three[1]],
        "twice": [three[0], three[0]],
        "other-device": [sealed(chat, device=DeviceKey(mail.ANA_DEVICE.public))],
        "other-community": [sealed(chat, community=CommunityId(bytes(32)))],
        "other-tag": [sealed(chat, change={"tag": bytes(16)})],
        "other-expiry": [sealed(chat, change={"expires_at_ms": expiry_of(START_MS) + 86_400_000})],
        "binding-of-another": [
            sealed(chat, binding=bind(mail.COMMUNITY, mail.BEN_DEVICE, ana.identity))
        ],
        "padding": [sealed(chat, padding=b"\1")],
        "letter-malformed": [sealed(chat.pack() + b"\0")],
    }
    initiator = ratchet
    inner = mail.opened(bytes.fromhex(parcels["prekey"][0]))
    assert inner is not None
    accepted = seal.accept(ben, ana.identity, inner.olm_message)
    assert accepted is not None
    _, olm_type, message = seal.encrypt(accepted[0], mail.answer("It is.").pack())
    back = Inner(
        mail.BEN.id,
        mail.BEN_KEY,
        ben.identity,
        bind(mail.COMMUNITY, mail.BEN_DEVICE, ben.identity),
        olm_type,
        message,
    )
    device = DeviceKey(mail.ANA_DEVICE.public)
    tag, expires_at_ms = tag_of(mail.NETWORK_KEY, device, START_MS), expiry_of(START_MS)
    info = seal_info(mail.COMMUNITY, device, tag, expires_at_ms)
    answer = Parcel(tag, expires_at_ms, seal.wrap(pad(back.pack()), mail.HPKE_PUBLIC, info))
    begun = secrets_of(initiator.pickle)["sending_ratchet"]["active_ratchet"]
    content = {
        "account": ben.pickle,
        "olm_identity": bytes(pickled["diffie_hellman_key"]).hex(),
        "olm_fallback": bytes(pickled["fallback_keys"]["fallback_key"]["key"]).hex(),
        "public_identity": ben.identity.hex(),
        "public_fallback": ben.fallback.hex(),
        "parcels": parcels,
        "session": initiator.pickle,
        "session_id": initiator.id,
        "root_key": bytes(begun["root_key"]).hex(),
        "ratchet_key": bytes(begun["ratchet_key"]).hex(),
        "reply": [answer.pack().hex()],
    }
    TARGET.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
