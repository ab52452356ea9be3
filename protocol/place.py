"""Coarse places: a name, and where it lies to some hundred metres (spec 03 §place).

Coordinates are whole ten-thousandths of a degree (WGS 84). A community's named places are
public and may be that exact; a household's own coordinates are rounded to hundredths of a
degree before they are signed, so that no listing tells a house number.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from protocol import limits
from protocol.errors import RemoteError
from protocol.text import is_text
from protocol.wire import Fields, Value

_EARTH_RADIUS_M = 6_371_009
_COARSE_E4 = 100


@dataclass(frozen=True, slots=True)
class Place:
    """name: 1 … MAX_NAME code points. Latitude and longitude in 1/10,000 degree, or both None."""

    name: str
    lat_e4: int | None = None
    lon_e4: int | None = None

    def __post_init__(self) -> None:
        if not is_text(self.name, limits.MAX_NAME, shortest=1):
            raise RemoteError("body-invalid", field="place")
        if (self.lat_e4 is None) != (self.lon_e4 is None):
            raise RemoteError("body-invalid", field="place")
        if self.lat_e4 is not None and not -900_000 <= self.lat_e4 <= 900_000:
            raise RemoteError("body-invalid", field="place")
        if self.lon_e4 is not None and not -1_800_000 <= self.lon_e4 <= 1_800_000:
            raise RemoteError("body-invalid", field="place")

    def as_value(self) -> Value:
        """The wire form: ``[name, lat_e4, lon_e4]``."""
        return (self.name, self.lat_e4, self.lon_e4)


def read_place(value: Value) -> Place:
    """Read the wire form. Raises RemoteError ``body-invalid``."""
    fields = Fields(value, 3, "place")
    return Place(
        fields.text("place"),
        fields.optional_integer("place", -900_000, 900_000),
        fields.optional_integer("place", -1_800_000, 1_800_000),
    )


def coarse(name: str, latitude: float, longitude: float) -> Place:
    """Return a household's own place, rounded to hundredths of a degree (some 1 km)."""
    return Place(
        name,
        round(latitude * 10_000 / _COARSE_E4) * _COARSE_E4,
        round(longitude * 10_000 / _COARSE_E4) * _COARSE_E4,
    )


def distance_m(a: tuple[int, int], b: tuple[int, int]) -> int:
    """Return the great-circle distance in metres between two (lat_e4, lon_e4) (haversine)."""
    lat_a, lat_b = radians(a[0] / 10_000), radians(b[0] / 10_000)
    half_lat = (lat_b - lat_a) / 2
    half_lon = radians((b[1] - a[1]) / 10_000) / 2
    h = sin(half_lat) ** 2 + cos(lat_a) * cos(lat_b) * sin(half_lon) ** 2
    return round(2 * _EARTH_RADIUS_M * asin(sqrt(min(1.0, h))))
