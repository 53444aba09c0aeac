"""The events of a report: built from its record alone, so that one that was lost can be published again as it was."""

from datetime import datetime
from typing import Protocol

import msgspec

from services.intake.reports.report_record import ReportRecord, from_doc
from shared.contracts import reports as contract
from shared.contracts.catalogue import encode
from shared.contracts.envelope import DANGER, HISTORY, LIVE, Envelope
from shared.kernel.ids import event_id
from shared.runtime.storage.mongo import Document


class Imported(Protocol):
    """A report in any form."""

    @property
    def historic(self) -> bool: ...
    @property
    def imported_open_at(self) -> datetime | None: ...


def is_imported(report: Imported) -> bool:
    """Whether it was brought in from elsewhere; nobody waits for that, and it must not hold up what is live."""
    return report.historic or report.imported_open_at is not None


def lane_of(*, historic: bool, danger: bool) -> int:
    """The lane of a report, by its own flag and not by its sender: a hotline's importer sends live ones too."""
    return HISTORY if historic else DANGER if danger else LIVE


def submitted_event(report: ReportRecord) -> Envelope:
    """``report.submitted.v1``: from fields that never change, so it is the same whenever it is made."""
    return Envelope(
        id=event_id(report.id, 1, 0),
        type="report.submitted.v1",
        topic=contract.TOPIC,
        key=report.cell,
        subject=report.id,
        city=report.city,
        sequence=1,
        time=report.received_at,
        lane=lane_of(historic=is_imported(report), danger=report.danger),
        trace=report.trace,
        data=encode(
            contract.ReportSubmitted(
                report=report.id,
                app=report.app,
                kind=report.kind,
                description=report.description,
                place=report.place,
                received_at=report.received_at,
                pack_version=report.pack_version,
                cell=report.cell,
                category=report.category,
                observed_at=report.observed_at,
                photos=report.photos,
                channel=report.channel,
                reporter=report.reporter if report.sealed is None else None,
                confidential=report.confidential,
                historic=report.historic,
                imported_open_at=report.imported_open_at,
                entered_by=report.entered_by,
                priority=report.priority,
                sealed=report.sealed is not None,
                looks=report.looks or [],
                answers=report.answers or {},
                outside_number=report.outside_number,
                about_us=report.about_us,
                same_as=report.same_as,
                handled=report.handled,
            )
        ),
    )


def submitted_event_of(document: Document) -> Envelope:
    """``submitted_event`` of a stored document, for trace and replay."""
    return submitted_event(from_doc(document))


def action_event(
    report: ReportRecord, case: str, type_: str, data: msgspec.Struct, at: datetime, trace: str
) -> Envelope:
    """What the reporter did to the report later, in the order of its case's events. It makes the next version."""
    version = report.version + 1
    return Envelope(
        id=event_id(report.id, version, 0),
        type=type_,
        topic=contract.TOPIC,
        key=case,
        subject=report.id,
        city=report.city,
        sequence=version,
        time=at,
        trace=trace,
        data=encode(data),
    )


def unrouted_event(report: ReportRecord, route_by: datetime, at: datetime, trace: str) -> Envelope:
    """``report.unrouted.v2``: no case by ``route_by``. It makes the next version."""
    version = report.version + 1
    data = contract.ReportUnrouted(
        report=report.id, received_at=report.received_at, route_by=route_by, pack_version=report.pack_version
    )
    return Envelope(
        id=event_id(report.id, version, 0),
        type="report.unrouted.v2",
        topic=contract.UNROUTED_TOPIC,
        key=report.cell,
        subject=report.id,
        city=report.city,
        sequence=version,
        time=at,
        lane=DANGER,
        trace=trace,
        data=encode(data),
    )
