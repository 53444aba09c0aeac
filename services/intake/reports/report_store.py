"""Reports in MongoDB: one document each, written once, then changed by guarded updates that carry their events.

Progress is a document of its own, under the report's id: measured, mongod takes 35 µs to insert one in a batch and
290 µs to update a report with it.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from services.intake.reports import progress_record, report_record
from services.intake.reports.progress_record import (
    OPEN_CASE_FIELDS,
    Attachment,
    CaseProgress,
    OpenCase,
    ProgressRecord,
    ReportStatus,
    merged_at,
)
from services.intake.reports.report_record import (
    FirstAnswer,
    OwnStep,
    RememberedKey,
    ReportRecord,
    StoredReport,
    fields_of,
)
from shared.contracts.cases import STEPS_KEPT
from shared.contracts.envelope import Envelope
from shared.kernel.ids import case_id, opening_report
from shared.kernel.vocabulary import KINDS_OF_THINGS
from shared.runtime.kafka.duplicate_metrics import count_duplicates
from shared.runtime.kafka.outbox_relay import as_pending
from shared.runtime.storage.idempotency_keys import IdempotencyKeys
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel, InsertResult, UpdateOne, Write
from shared.runtime.timekeeping.wall_clock import real_now

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
CHAIN_MAX = 20
"""How many merges are followed from case to case at most."""
OWN_STEPS_KEPT = 20

REPORT_INDEXES = (
    IndexModel(
        [("city", 1), ("app", 1), ("reporter", 1), ("received_at", -1), ("_id", 1)],
        name="reporter",
        partialFilterExpression={"reporter": {"$type": "string"}},
    ),
    IndexModel(
        [("city", 1), ("outside_number", 1), ("received_at", -1), ("_id", 1)],
        name="outside_number",
        partialFilterExpression={"outside_number": {"$type": "string"}},
    ),
)
PROGRESS_INDEXES = (IndexModel([("case.cell", 1), ("case.opened_at", -1)], name="cell"),)


class ReportStore:
    """The collections ``reports`` and ``progress`` of intake."""

    def __init__(self, database: Database) -> None:
        self.reports: Collection = database.collection("reports")
        self.progress: Collection = database.collection("progress")
        self.keys = IdempotencyKeys(self.reports, database.collection("report_keys"), "commands")
        """Idempotency keys of what reporters did later."""

    async def insert(self, reports: Sequence[ReportRecord]) -> InsertResult:
        """A group of new reports at once. Raises ``MongoError`` when nothing is known of it."""
        return await self.reports.insert_all([report_record.to_doc(report) for report in reports])

    async def first_answers(self, ids: Sequence[str]) -> dict[str, FirstAnswer]:
        """Those of ``ids`` that a majority has stored, with what their keys were answered first."""
        found = await self.reports.find({"_id": {"$in": list(ids)}}, fields_of(FirstAnswer), limit=len(ids))
        return {document["_id"]: msgspec.convert(document, FirstAnswer) for document in found}

    async def load_all(self, ids: Sequence[str]) -> list[ReportRecord]:
        """Those of ``ids`` that are stored, in no order."""
        found = await self.reports.find({"_id": {"$in": list(ids)}}, limit=len(ids))
        return [report_record.from_doc(document) for document in found]

    async def load(self, id_: str) -> ReportRecord | None:
        document = await self.reports.find_one({"_id": id_})
        return report_record.from_doc(document) if document is not None else None

    async def stored_after(self, mark: tuple[datetime, str], before: datetime, limit: int) -> list[StoredReport]:
        """Reports in the order in which they were stored, from behind ``mark`` (moment, id) to before ``before``.

        One group commit stores many reports at one moment; among those the id decides.
        """
        at, last = mark
        found = await self.reports.find(
            {
                "stored_at": {"$gte": at, "$lt": before},
                "$or": [{"stored_at": {"$gt": at}}, {"stored_at": at, "_id": {"$gt": last}}],
            },
            fields_of(StoredReport),
            sort=[("stored_at", 1), ("_id", 1)],
            limit=limit,
        )
        return [msgspec.convert(document, StoredReport) for document in found]

    async def status(
        self, city: str | None, app: str | None, id_: str, reporter: str | None = None
    ) -> ReportStatus | None:
        """A report of ``app`` (None: of any app of the city, of any city) and where it stands. ``reporter``: only where
        it is his."""
        asked = (("city", city), ("app", app), ("reporter", reporter))
        mine = {name: value for name, value in asked if value is not None}
        document = await self.reports.find_one({"_id": id_, **mine})
        return None if document is None else await self._status(report_record.from_doc(document))

    async def of_reporter(self, city: str, app: str, reporter: str, after: Document, limit: int) -> list[ReportStatus]:
        """An app's reporter's own reports and where they stand, newest first. ``after``: where the page begins."""
        return await self._newest({"city": city, "app": app, "reporter": reporter, **after}, limit)

    async def with_outside_number(
        self, city: str, app: str | None, number: str, after: Document, limit: int
    ) -> list[ReportStatus]:
        """The newest reports of a ticket elsewhere, of ``app`` (None: of any app of the city). ``after``: as above."""
        mine = {"app": app} if app is not None else {}
        return await self._newest({"city": city, "outside_number": number, **mine, **after}, limit)

    async def _newest(self, where: Document, limit: int) -> list[ReportStatus]:
        found = await self.reports.find(where, sort=[("received_at", -1), ("_id", 1)], limit=limit)
        return list(await asyncio.gather(*(self._status(report_record.from_doc(document)) for document in found)))

    async def _status(self, report: ReportRecord) -> ReportStatus:
        progress = await self._progress(report.id)
        if progress is None:
            return ReportStatus(report)
        attached, says = progress.on not in (None, case_id(report.id)), progress.says
        also = await self._cases(progress.also) if progress.also else None
        if progress.on is not None and progress.on != case_id(report.id):
            progress = await self._progress(opening_report(progress.on))
        case, joined_at = None, None
        for _ in range(CHAIN_MAX):
            case = progress.case if progress is not None else None
            if case is None or case.merged_into is None:
                break
            attached, joined_at = True, joined_at or merged_at(case)
            progress = await self._progress(opening_report(case.merged_into))
        return ReportStatus(report, case, attached, says, also, joined_at)

    async def _progress(self, report: str) -> ProgressRecord | None:
        document = await self.progress.find_one({"_id": report})
        return progress_record.from_doc(document) if document is not None else None

    async def _cases(self, ids: Sequence[str]) -> tuple[CaseProgress, ...]:
        reports = [opening_report(case) for case in ids]
        found = await self.progress.find({"_id": {"$in": reports}}, {"case": 1}, limit=len(reports))
        return tuple(case for document in found if (case := progress_record.case_from_doc(document)) is not None)

    async def case_opened_by(self, report: str) -> CaseProgress | None:
        """The case whose id derives from this report's, merged or not; None if no event of it has arrived."""
        document = await self.progress.find_one({"_id": report}, {"case": 1})
        return progress_record.case_from_doc(document) if document is not None else None

    async def is_of_app(self, city: str, app: str | None, id_: str) -> bool:
        return bool(await self.reports.count({"_id": id_, "city": city, "app": app}, limit=1))

    async def is_confidential(self, id_: str) -> bool:
        """Whether the report is confidential, or the case with its id (also a case of a second matter)."""
        if await self.reports.count({"_id": id_, "confidential": True}, limit=1):
            return True
        return bool(await self.progress.count({"_id": id_, "case.confidential": True}, limit=1))

    async def reporters_of(self, city: str, ids: Sequence[str]) -> dict[str, str]:
        """The reporter's pseudonym of each report that has one and is not confidential."""
        where = {"_id": {"$in": list(ids)}, "city": city, "confidential": False, "reporter": {"$ne": None}}
        found = await self.reports.find(where, {"reporter": 1}, limit=len(ids))
        return {document["_id"]: document["reporter"] for document in found}

    async def remembered(self, report: ReportRecord, *keys: str) -> RememberedKey | None:
        """The first of ``keys`` under which the reporter changed this report already."""
        document: Document = {
            "_id": report.id,
            "commands": msgspec.to_builtins(report.commands, builtin_types=(datetime,)),
            "commands_aside": report.commands_aside,
        }
        entry = await self.keys.find(document, *keys)
        return msgspec.convert(entry, RememberedKey) if entry is not None else None

    async def save_action(
        self,
        before: ReportRecord,
        after: ReportRecord,
        event: Envelope,
        key: RememberedKey,
        step: OwnStep | None = None,
    ) -> bool:
        """Stores an action: one guarded update with event, key, step; False when the report was changed meanwhile."""
        told = [report_record.step_doc(step)] if step is not None else []
        return bool(
            await self.reports.update(
                {"_id": before.id, "version": before.version, "commands.id": {"$ne": key.id}},
                {
                    "$set": {**report_record.changes_doc(before, after), "version": before.version + 1},
                    "$push": {
                        "pending": {"$each": as_pending([event])},
                        "commands": {"$each": [{"id": key.id, "fingerprint": key.fingerprint, "at": key.at}]},
                        **({"own_steps": {"$each": told, "$slice": -OWN_STEPS_KEPT}} if told else {}),
                    },
                    "$min": {"outbox.lane": event.lane, "outbox.since": real_now()},
                },
            )
        )

    async def save_unrouted(self, report: ReportRecord, event: Envelope) -> bool:
        """Records, once, that the report got no case in time; False when it was changed meanwhile or recorded."""
        step = OwnStep(at=event.time, what="report.unrouted", text="超时未派单，已提醒")
        return bool(
            await self.reports.update(
                {"_id": report.id, "version": report.version, "unrouted_at": {"$exists": False}},
                {
                    "$set": {"unrouted_at": event.time, "version": report.version + 1},
                    "$push": {"pending": {"$each": as_pending([event])}, "own_steps": report_record.step_doc(step)},
                    "$min": {"outbox.lane": 0, "outbox.since": real_now()},
                },
            )
        )

    async def add_photo_step(self, report: str, step: OwnStep) -> None:
        """Adds a step about a photo, once per photo; the newest twenty own steps are kept."""
        await self.reports.update(
            {"_id": report, "own_steps.photo": {"$ne": step.photo}},
            {"$push": {"own_steps": {"$each": [report_record.step_doc(step)], "$slice": -OWN_STEPS_KEPT}}},
        )

    async def save_cases(self, cases: Sequence[CaseProgress]) -> None:
        """The newest public state of cases, each at the report that opened it; an older version changes nothing.

        Raises ``TimeoutError`` when a majority may not have it.
        """
        now = real_now()
        first = [
            {"_id": opening_report(case.id), "stored_at": now, "case": progress_record.to_doc(case)}
            for case in cases
            if case.version == 1
        ]
        if first:
            known = await self.progress.insert_each(first, "progress rows")
            count_duplicates("progress", len(known))
            again = {first[i]["_id"] for i in known}
            cases = [case for case in cases if case.version > 1 or opening_report(case.id) in again]
        cases = await self._with_earlier_steps(cases)
        writes: list[Write] = [
            UpdateOne(
                {"_id": opening_report(case.id), "case.version": {"$not": {"$gte": case.version}}},
                {"$set": {"case": progress_record.to_doc(case)}, "$setOnInsert": {"stored_at": now}},
                upsert=True,
            )
            for case in cases
        ]
        if writes:
            await self.progress.write(writes)

    async def _with_earlier_steps(self, cases: Sequence[CaseProgress]) -> list[CaseProgress]:
        """``cases``, the long ones with the steps that were stored before; short ones carry all of theirs."""
        long = [opening_report(case.id) for case in cases if len(case.steps) >= STEPS_KEPT]
        if not long:
            return list(cases)
        found = await self.progress.find({"_id": {"$in": long}}, {"case": 1}, limit=len(long))
        earlier = {case.id: case.steps for one in found if (case := progress_record.case_from_doc(one)) is not None}
        return [progress_record.with_earlier_steps(case, earlier.get(case.id, ())) for case in cases]

    async def save_second_cases(self, seconds: Sequence[tuple[str, str]]) -> None:
        """Cases of a second matter in a report that has a case already: report, case. Each is added once."""
        await self.progress.write(
            [UpdateOne({"_id": report, "also": {"$ne": case}}, {"$push": {"also": case}}) for report, case in seconds]
        )

    async def save_attachments(self, attachments: Sequence[Attachment]) -> None:
        """Stores which case reports are attached to; an older version of the link changes nothing."""
        now = real_now()
        await self.progress.write(
            [
                UpdateOne(
                    {"_id": one.report, "link": {"$not": {"$gte": one.version}}},
                    {
                        "$set": {"on": one.case, "link": one.version, "says": one.says},
                        "$setOnInsert": {"stored_at": now},
                    },
                    upsert=True,
                )
                for one in attachments
            ]
        )

    async def with_progress(self, ids: Sequence[str], *, open_only: bool = False) -> set[str]:
        """Those of ``ids`` that have progress; with ``open_only``, whose own case is open."""
        where: Document = {"_id": {"$in": list(ids)}, **({"case.open": True} if open_only else {})}
        return {progress["_id"] for progress in await self.progress.find(where, {"_id": 1}, limit=len(ids))}

    async def open_cases(self, cells: Sequence[str], categories: Sequence[str], limit: int) -> list[OpenCase]:
        """Open cases of some categories in some cells, newest first: of things, and none of which nothing is for
        everybody."""
        found = await self.progress.find(
            {
                "case.cell": {"$in": list(cells)},
                "case.open": True,
                "case.confidential": False,
                "case.discreet": {"$ne": True},
                "case.kind": {"$in": list(KINDS_OF_THINGS)},
                "case.category": {"$in": list(categories)},
            },
            OPEN_CASE_FIELDS,
            sort=[("case.opened_at", -1)],
            limit=limit,
        )
        return [progress_record.open_case_from_doc(document) for document in found]
