"""What offering a thing in a second community takes and gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from p2pmarket.api.schemas import Audience, ListingAnswer


@dataclass(frozen=True, slots=True)
class CrossPostRequest:
    """listing: the id of an own listing of another community. fields: what shall differ here."""

    listing: str
    fields: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DraftRequest:
    """A listing that is yet to be published in another community. first: that community."""

    first: str
    fields: dict[str, object]


@dataclass(frozen=True, slots=True)
class CrossPostPreview:
    """What the other community would see. household: the own name there. currency_there: in which
    prices are there. without_photos, without_number: what the listing has and does not take along.
    """

    audience: Audience
    household: str
    title: str
    category: str
    price_minor: int | None
    currency: str | None
    currency_there: str
    place: str | None
    visible_until: str
    without_photos: int
    without_number: bool


@dataclass(frozen=True, slots=True)
class CrossPostAnswer:
    """The new listing, and the one it was made from."""

    listing: ListingAnswer
    source: ListingAnswer
