"""A report that passed every check, and the checks and clean-ups that need neither pack nor store."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.kernel.errors import FieldError
from shared.kernel.personal import without_personal_numbers
from shared.kernel.spelling import stored_spelling

CELLS_PER_DEGREE = 100
"""Partition cells of 1/100 degree: 1.1 km north to south, about 0.9 km east to west in the middle of China."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Unicode's category Cc but tab, line feed and carriage return."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where: WGS-84 degrees, the coordinate system that was sent, an address, a unit of the pack."""

    lon: float | None
    lat: float | None
    crs: str | None
    address: str | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A confidential report's words, answers, place and photos, encrypted under a key of the report's own.

    ``key`` is wrapped by a master key; ``added`` is what its reporter said later, oldest first.
    """

    key: bytes
    words: bytes
    added: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A report that passed every check."""

    id: str
    city: str
    app: str
    fingerprint: str
    kind: str
    category: str | None
    description: str
    place: Place
    cell: str
    received_at: datetime
    observed_at: datetime | None
    photos: tuple[str, ...]
    channel: str
    reporter: str | None
    confidential: bool
    historic: bool
    pack_version: str
    entered_by: str | None = None
    """The officer who entered it for somebody."""
    older_fingerprints: tuple[str, ...] = ()
    """The fingerprints that older versions stored for the same body."""
    imported_open_at: datetime | None = None
    """When it was brought in still open; None for every other report."""
    priority: str | None = None
    """Of a sealed report: the pack's rules gave it this priority before its words were sealed."""
    answers: Mapping[str, str | int | float | bool] | None = None
    """To the category's questions, by the question's name; None where nothing was answered."""
    looks: tuple[str, ...] | None = None
    """Hashes (``looks_of``) of its photos that were clean when the report came; never of a confidential report."""
    danger: bool = False
    """The given category, or the words, say danger: it takes the danger lane. The router sets the priority itself."""
    sealed: Sealed | None = None
    """Of a confidential report, whose words, answers, place and photos are not in the fields above then."""

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The fingerprints of the same body that may be stored."""
        return (self.fingerprint, *self.older_fingerprints)


def cell_of(city: str, lon: float | None, lat: float | None, otherwise: str) -> str:
    """The Kafka key of a report: city and partition cell (about 1 km), or without a point city and ``otherwise``."""
    if lon is None or lat is None:
        return f"{city}:{otherwise}"
    return f"{city}:{int(lon * CELLS_PER_DEGREE // 1)}:{int(lat * CELLS_PER_DEGREE // 1)}"


def clean_words(text: str, pointer: str, errors: list[FieldError]) -> str:
    """Words in one spelling (``stored_spelling``), without personal numbers. Control characters are an error."""
    if _CONTROLS.search(text):
        errors.append(FieldError(pointer, "has control characters"))
        return ""
    return without_personal_numbers(stored_spelling(text)).strip()


def location_errors(lon: float | None, lat: float | None, crs: str | None, *, said: bool) -> list[FieldError]:
    """Errors unless lon, lat and crs are all given, or none of them but an address or a unit (``said``)."""
    given = {"lon": lon is not None, "lat": lat is not None, "crs": crs is not None}
    if any(given.values()):
        return [
            FieldError(f"/location/{name}", "is required with a point: lon, lat and crs go together")
            for name, there in given.items()
            if not there
        ]
    if not said:
        return [FieldError("/location", "needs a point (lon, lat, crs), an address or a unit")]
    return []
