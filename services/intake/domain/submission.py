"""A report that passed every check, and the checks and clean-ups that need neither pack nor store."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.kernel.errors import FieldError
from shared.kernel.personal import without_personal_numbers
from shared.kernel.spelling import stored_spelling
from shared.kernel.vocabulary import How

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
class Handled:
    """How an officer on patrol handled on the spot what he found."""

    how: How
    text: str
    photos: tuple[str, ...]
    at: datetime


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
    entered_unit: str | None = None
    """That officer's unit then: its desk goes on speaking for the reporter."""
    older_fingerprints: tuple[str, ...] = ()
    """The fingerprints that older versions stored for the same body."""
    imported_open_at: datetime | None = None
    """When it was brought in still open; None for every other report."""
    priority: str | None = None
    """Of a sealed report: the pack's rules gave it this priority before its words were sealed."""
    outside_number: str | None = None
    """The number of its ticket in another system, as 12345."""
    answers: Mapping[str, str | int | float | bool] | None = None
    """To the category's questions, by the question's name; None where nothing was answered."""
    looks: tuple[str, ...] | None = None
    """Hashes (``looks_of``) of its photos that were clean when the report came; never of a confidential report."""
    danger: bool = False
    """The given category, or the words, say danger: it takes the danger lane. The router sets the priority itself."""
    about_us: bool = False
    """The reporter says that it is about the unit that would get it; of a confidential report that is not kept."""
    same_as: str | None = None
    """The case on which the officer who enters it says that it hangs."""
    handled: Handled | None = None
    """Of a patrol find that was handled on the spot."""
    sealed: Sealed | None = None
    """Of a confidential report, whose words, answers, place and photos are not in the fields above then."""

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The fingerprints of the same body that may be stored."""
        return (self.fingerprint, *self.older_fingerprints)


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
