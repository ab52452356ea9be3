"""A household's profile: what its neighbours call it (spec 03 §profile)."""

from __future__ import annotations

from dataclasses import dataclass

from protocol import limits, wire
from protocol.errors import RemoteError
from protocol.place import Place, read_place
from protocol.text import is_language, is_text
from protocol.wire import Fields

BODY_VERSION = 1
_ARITY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """name: 1 … MAX_NAME code points, not unique. place: from where distances count."""

    name: str
    about: str = ""
    languages: tuple[str, ...] = ()
    place: Place | None = None

    def __post_init__(self) -> None:
        if not is_text(self.name, limits.MAX_NAME, shortest=1):
            raise RemoteError("body-invalid", field="name")
        if not is_text(self.about, limits.MAX_RULES, lines=True):
            raise RemoteError("body-invalid", field="about")
        if len(self.languages) > limits.MAX_LANGUAGES or not all(map(is_language, self.languages)):
            raise RemoteError("body-invalid", field="languages")

    def pack(self) -> bytes:
        """Return the body's canonical bytes."""
        place = None if self.place is None else self.place.as_value()
        return wire.pack((BODY_VERSION, self.name, self.about, self.languages, place))


def read_profile(body: bytes) -> Profile:
    """Read a profile's body. Raises RemoteError ``body-invalid`` or ``wire-…``."""
    fields = Fields(wire.unpack(body, limits.MAX_RECORD_BYTES), _ARITY, "profile")
    fields.integer("version", BODY_VERSION, BODY_VERSION)
    name = fields.text("name")
    about = fields.text("about")
    languages = fields.texts("languages", limits.MAX_LANGUAGES)
    place = fields.optional("place")
    return Profile(
        name=name,
        about=about,
        languages=languages,
        place=None if place is None else read_place(place),
    )
