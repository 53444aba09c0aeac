"""What a case knows of its reports and of the place."""

from dataclasses import dataclass
from datetime import datetime

from shared.kernel.vocabulary import (
    ReportChannel,
)


@dataclass(frozen=True, slots=True)
class Report:
    """A report that belongs to the case."""

    id: str
    app: str
    received_at: datetime
    reporter: str | None = None
    entered_by: str | None = None
    """The officer who entered it for the reporter."""
    answers: tuple[tuple[str, str | int | float | bool], ...] = ()
    """(question, answer) pairs, only of the report that opened the case."""
    channel: ReportChannel = "app"
    outside_number: str | None = None
    """The number of its ticket in another system, as 12345."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where it is: WGS-84 degrees if known, an address, and the partition cell that intake computed (about 1 km)."""

    cell: str
    lon: float | None = None
    lat: float | None = None
    address: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Routing:
    """Why the case has this owner, category and commitment."""

    by: str
    pack_version: str
    near_border: bool = False
    flags: tuple[str, ...] = ()
    category_by: str = "given"
    rule: str | None = None
    commitment: str = ""
    why: tuple[str, ...] = ()
