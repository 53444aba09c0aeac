"""What a case knows of its reports and of the place."""

from datetime import datetime

import msgspec

from shared.kernel.vocabulary import (
    ReportChannel,
)


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
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


class Location(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where it is: WGS-84 degrees if known, an address, and the partition cell that intake computed (about 1 km)."""

    cell: str
    lon: float | None = None
    lat: float | None = None
    address: str | None = None
    place: str | None = None


class Routing(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why the case has this owner, category and commitment."""

    by: str
    pack_version: str
    near_border: bool = False
    flags: tuple[str, ...] = ()
    category_by: str = "given"
    rule: str | None = None
    commitment: str = ""
    why: tuple[str, ...] = ()
