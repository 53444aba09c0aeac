"""The document of a report: its type, and the one place where the type becomes the document and the document the type.

``to_doc`` and ``record_of`` run for every report that arrives: plain constructors, no checks of what is ours.
"""

from datetime import datetime
from typing import cast

import msgspec

from services.intake.domain.submission import Sealed, Submission
from shared.city.sorting.questions import Answer
from shared.contracts.reports import Handled, Place
from shared.kernel.vocabulary import Priority, ReportChannel, ReportKind
from shared.runtime.storage.mongo import Document


class OwnStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A step of the report that comes from no case event: not routed in time, one of its photos cannot be read, or its
    reporter added to it or took it back."""

    at: datetime
    what: str
    text: str
    photo: str | None = None


class RememberedKey(msgspec.Struct, frozen=True, kw_only=True):
    """An idempotency key under which the reporter rated, added to or withdrew the report, and when."""

    id: str
    fingerprint: str
    at: datetime


class ReportRecord(msgspec.Struct, frozen=True, kw_only=True, rename={"id": "_id"}):
    """A report as stored. The fields up to ``handled`` never change; the relay's ``pending`` and ``outbox``
    stay out."""

    id: str
    city: str
    app: str
    fingerprint: str
    version: int
    kind: ReportKind
    category: str | None
    description: str
    place: Place
    cell: str
    received_at: datetime
    observed_at: datetime | None
    photos: list[str]
    channel: ReportChannel
    reporter: str | None
    confidential: bool
    historic: bool
    pack_version: str
    trace: str
    stored_at: datetime
    """Real time, whatever the installation's clock says."""
    entered_by: str | None = None
    entered_unit: str | None = None
    priority: Priority | None = None
    sealed: Sealed | None = None
    looks: list[str] | None = None
    answers: dict[str, Answer] | None = None
    outside_number: str | None = None
    danger: bool = False
    imported_open_at: datetime | None = None
    about_us: bool = False
    same_as: str | None = None
    handled: Handled | None = None

    rating: int | None = None
    rating_entered_by: str | None = None
    """The officer who entered the rating for the reporter."""
    added_photos: list[str] = []
    withdrawn: bool = False
    own_steps: list[OwnStep] = []
    unrouted_at: datetime | None = None
    """When it passed its own deadline without a case."""
    commands: list[RememberedKey] = []
    """The newest keys; older ones lie in ``report_keys``, and ``commands_aside`` says that there are any."""
    commands_aside: bool = False


def record_of(report: Submission, trace: str, stored_at: datetime) -> ReportRecord:
    """The record of a new report."""
    place = report.place
    return ReportRecord(
        id=report.id,
        city=report.city,
        app=report.app,
        fingerprint=report.fingerprint,
        version=1,
        kind=cast(ReportKind, report.kind),
        category=report.category,
        description=report.description,
        place=Place(lon=place.lon, lat=place.lat, crs=place.crs, address=place.address, unit=place.unit),
        cell=report.cell,
        received_at=report.received_at,
        observed_at=report.observed_at,
        photos=list(report.photos),
        channel=cast(ReportChannel, report.channel),
        reporter=report.reporter,
        confidential=report.confidential,
        historic=report.historic,
        pack_version=report.pack_version,
        trace=trace,
        stored_at=stored_at,
        entered_by=report.entered_by,
        entered_unit=report.entered_unit,
        priority=cast("Priority | None", report.priority),
        sealed=report.sealed,
        looks=list(report.looks) if report.looks is not None else None,
        answers=dict(report.answers) if report.answers is not None else None,
        outside_number=report.outside_number,
        danger=report.danger,
        imported_open_at=report.imported_open_at,
        about_us=report.about_us,
        same_as=report.same_as,
        handled=_handled(report),
    )


def _handled(report: Submission) -> Handled | None:
    done = report.handled
    return None if done is None else Handled(how=done.how, text=done.text, at=done.at, photos=list(done.photos))


def to_doc(report: ReportRecord) -> Document:
    """The document of a new report. What is seldom there is absent where it is not; no field is null for that."""
    document: Document = {
        "_id": report.id,
        "city": report.city,
        "app": report.app,
        "fingerprint": report.fingerprint,
        "version": report.version,
        "kind": report.kind,
        "category": report.category,
        "description": report.description,
        "place": place_doc(report.place),
        "cell": report.cell,
        "received_at": report.received_at,
        "observed_at": report.observed_at,
        "photos": report.photos,
        "channel": report.channel,
        "reporter": report.reporter,
        "confidential": report.confidential,
        "historic": report.historic,
        "pack_version": report.pack_version,
        "trace": report.trace,
        "stored_at": report.stored_at,
    }
    if report.imported_open_at is not None:
        document["imported_open_at"] = report.imported_open_at
    if report.entered_by is not None:
        document["entered_by"] = report.entered_by
    if report.entered_unit is not None:
        document["entered_unit"] = report.entered_unit
    if report.priority is not None:
        document["priority"] = report.priority
    if report.sealed is not None:
        document["sealed"] = {"key": report.sealed.key, "words": report.sealed.words}
    if report.looks is not None:
        document["looks"] = report.looks
    if report.answers is not None:
        document["answers"] = report.answers
    if report.outside_number is not None:
        document["outside_number"] = report.outside_number
    if report.about_us:
        document["about_us"] = True
    if report.same_as is not None:
        document["same_as"] = report.same_as
    if report.danger:
        document["danger"] = True
    if report.handled is not None:
        document["handled"] = msgspec.to_builtins(report.handled, builtin_types=(datetime,))
    return document


def from_doc(document: Document) -> ReportRecord:
    """The report of any version's document; unknown fields, such as those of a newer version, are ignored."""
    return msgspec.convert(document, ReportRecord)


def changes_doc(before: ReportRecord, after: ReportRecord) -> Document:
    """What ``$set`` takes ``before`` to ``after``, as far as its reporter can change a report."""
    changing = ("rating", "rating_entered_by", "added_photos", "withdrawn")
    names = [name for name in changing if getattr(before, name) != getattr(after, name)]
    changes: Document = {name: getattr(after, name) for name in names}
    if after.sealed is not None and after.sealed != before.sealed:
        changes["sealed.added"] = list(after.sealed.added)
    return changes


def step_doc(step: OwnStep) -> Document:
    """An element of ``own_steps``."""
    document: Document = msgspec.to_builtins(step, builtin_types=(datetime,))
    return document


def place_doc(place: Place) -> Document:
    """All five fields, also those that were not sent."""
    return {"lon": place.lon, "lat": place.lat, "crs": place.crs, "address": place.address, "unit": place.unit}


class FirstAnswer(msgspec.Struct, frozen=True, kw_only=True, rename={"id": "_id"}):
    """The fields of a stored report for answering a repeat: the first answer, and the fingerprint of its body."""

    id: str
    fingerprint: str
    received_at: datetime
    category: str | None


class StoredReport(msgspec.Struct, frozen=True, kw_only=True, rename={"id": "_id"}):
    """The fields of a stored report from which its own deadline is computed; read in pages, a thousand a second."""

    id: str
    stored_at: datetime
    city: str
    category: str | None
    description: str
    pack_version: str
    received_at: datetime
    historic: bool
    imported_open_at: datetime | None = None


def fields_of(shape: type[msgspec.Struct]) -> Document:
    """The projection that reads just what ``shape`` has."""
    return dict.fromkeys(shape.__struct_encode_fields__, 1)
