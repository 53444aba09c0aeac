"""What the services answer about a case, as its page in the console needs it; other fields are ignored."""

from datetime import datetime

import msgspec

from shared.case_page.case_answer import CaseAnswer, Clock, Line, Part
from shared.kernel.vocabulary import ClockKind


class FullClock(Clock, frozen=True, kw_only=True):
    started_at: datetime | None = None


class FullPart(Part, frozen=True, kw_only=True):
    """``due_at``: of a plan; ``said``: what its unit reported."""

    due_at: datetime | None = None
    turn: int | None = None
    said: str | None = None
    called_at: datetime | None = None
    reported_in_by: str | None = None
    reported_in_at: datetime | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    clocks: tuple[FullClock, ...] = ()


class HistoryLine(Line, frozen=True, kw_only=True):
    """``act``: what a step of the ladder did; ``clock``: its kind."""

    at: datetime | None = None
    what: str = ""
    by: str | None = None
    by_unit: str | None = None
    unit: str | None = None
    text: str | None = None
    clock: str | None = None
    due_at: datetime | None = None
    act: str | None = None
    part: str | None = None
    said_at: datetime | None = None


class Supervised(msgspec.Struct, frozen=True):
    at: datetime
    by_unit: str
    by: str | None = None
    reason: str = ""


class AskedReporter(msgspec.Struct, frozen=True):
    at: datetime
    until: datetime
    asked_by: str = ""
    text: str = ""


class FullCase(CaseAnswer, frozen=True, kw_only=True):
    """A case with everything that its page says."""

    clocks: tuple[FullClock, ...] = ()
    parts: tuple[FullPart, ...] = ()
    history: tuple[HistoryLine, ...] = ()
    kind: str = ""
    channel: str = ""
    opened_at: datetime | None = None
    due_at: datetime | None = None
    follow_up: datetime | None = None
    supervision: Supervised | None = None
    question: AskedReporter | None = None
    linked_to: str | None = None
    rating: int | None = None


class Masked(msgspec.Struct, frozen=True):
    name: str = ""
    phone: str = ""


class Report(msgspec.Struct, frozen=True):
    """A report that hangs on the case; ``reporter``: masked."""

    id: str
    received_at: datetime
    description: str = ""
    photos: tuple[str, ...] = ()
    entered_by: str | None = None
    channel: str = ""
    outside_number: str | None = None
    says: str | None = None
    reporter: Masked | None = None


class Reports(msgspec.Struct, frozen=True):
    items: tuple[Report, ...] = ()
    next: str | None = None


class History(msgspec.Struct, frozen=True):
    items: tuple[HistoryLine, ...] = ()


class NamedUnit(msgspec.Struct, frozen=True):
    id: str
    name: str
    name_en: str = ""


class Rung(msgspec.Struct, frozen=True):
    """A step of a ladder: what is done, at which unit."""

    at: datetime
    act: str
    unit: NamedUnit | None = None
    fired_at: datetime | None = None


class ExplainedClock(msgspec.Struct, frozen=True):
    kind: str
    started_at: datetime
    due_at: datetime
    part: str | None = None
    warn_at: datetime | None = None
    rungs: tuple[Rung, ...] = ()


class Explained(msgspec.Struct, frozen=True):
    clocks: tuple[ExplainedClock, ...] = ()


class Choice(msgspec.Struct, frozen=True):
    """What a form offers: a unit, a person, a reason. ``clocks``: those that may stand still for a reason."""

    id: str
    name: str
    name_en: str = ""
    unit: str = ""
    role: str = ""
    level: str = ""
    clocks: tuple[ClockKind, ...] = ()


class Choices(msgspec.Struct, frozen=True):
    """By command: ``services/router/http/choice_routes.py``."""

    people: tuple[Choice, ...] = ()
    inside: tuple[Choice, ...] = ()
    send_to: tuple[Choice, ...] = ()
    call_in: tuple[Choice, ...] = ()
    parties: tuple[Choice, ...] = ()
    pauses: tuple[Choice, ...] = ()
    returns: tuple[Choice, ...] = ()
    rejections: tuple[Choice, ...] = ()
    elsewhere: tuple[Choice, ...] = ()


class NearRow(msgspec.Struct, frozen=True):
    id: str
    state: str
    priority: str
    category: str | None = None
    place: str | None = None
    summary: str = ""
    report_count: int = 1
    opened_at: datetime | None = None


class Near(msgspec.Struct, frozen=True):
    row: NearRow
    metres: int


class NearCases(msgspec.Struct, frozen=True):
    items: tuple[Near, ...] = ()


Ring = tuple[tuple[float, float], ...]


class Shape(msgspec.Struct, frozen=True):
    coordinates: tuple[tuple[Ring, ...], ...] = ()


class NamedGround(msgspec.Struct, frozen=True):
    name: str = ""
    name_en: str = ""


class Ground(msgspec.Struct, frozen=True):
    id: str
    geometry: Shape
    properties: NamedGround = NamedGround()


class DrawnPlace(msgspec.Struct, frozen=True):
    name: str
    lon: float
    lat: float
    name_en: str = ""
    kind: str = ""


class Geometry(msgspec.Struct, frozen=True):
    """Of a unit and those just below it, WGS-84."""

    features: tuple[Ground, ...] = ()
    places: tuple[DrawnPlace, ...] = ()


class Stands(msgspec.Struct, frozen=True):
    """Where a report stands, as its reporter reads it."""

    message: str | None = None
    status_text: str = ""


class KnownReporter(msgspec.Struct, frozen=True):
    name: str | None = None
    phone: str | None = None
    app: str = ""
    ref: str | None = None


class SealedPlace(msgspec.Struct, frozen=True):
    address: str | None = None


class Sealed(msgspec.Struct, frozen=True):
    description: str = ""
    location: SealedPlace = SealedPlace()


class Shown(msgspec.Struct, frozen=True):
    """Protected data that a command shows: who reported, or the words of a confidential report."""

    report: str = ""
    reporter: KnownReporter | None = None
    sealed: Sealed | None = None
