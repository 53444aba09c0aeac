"""Reports in MongoDB: one document each, written once, then moved on by guarded updates."""

from collections.abc import Sequence
from datetime import UTC, datetime
from sys import intern

from services.intake.domain.submission import Submission
from shared.contracts import reports as contract
from shared.contracts.catalogue import encode
from shared.contracts.envelope import DANGER, HISTORY, LIVE, Envelope
from shared.kernel.ids import case_id, event_id, opening_report
from shared.runtime.kafka.duplicates import count_duplicates
from shared.runtime.kafka.outbox_relay import as_pending
from shared.runtime.storage.idempotency_keys import Remembered
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel, Inserted, UpdateOne, Write
from shared.runtime.timekeeping.wall_clock import real_now

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
CHAIN_MAX = 20
"""Cases merged one into the other that are followed."""

PROGRESS_INDEXES = (IndexModel([("case.cell", 1), ("case.opened_at", -1)], name="cell"),)


def lane_of(*, historic: bool, danger: bool) -> int:
    """Of a report: by its own flag, whoever sends it. A hotline's bridge sends live ones with an importer's key."""
    return HISTORY if historic else DANGER if danger else LIVE


def submitted_event(report: Document) -> Envelope:
    """``report.submitted.v1``, from the fields of a report's document that never change."""
    return Envelope(
        id=event_id(report["_id"], 1, 0),
        type="report.submitted.v1",
        topic=contract.TOPIC,
        key=report["cell"],
        subject=report["_id"],
        city=report["city"],
        sequence=1,
        time=report["received_at"],
        lane=lane_of(historic=report["historic"], danger=report.get("danger", False)),
        trace=report["trace"],
        data=encode(
            contract.ReportSubmitted(
                report=report["_id"],
                app=report["app"],
                kind=report["kind"],
                description=report["description"],
                place=contract.Place(**report["place"]),
                received_at=report["received_at"],
                pack_version=report["pack_version"],
                cell=report["cell"],
                category=report["category"],
                observed_at=report["observed_at"],
                photos=report["photos"],
                channel=intern(report["channel"]),  # type: ignore[arg-type]
                reporter=report["reporter"] if "sealed" not in report else None,
                confidential=report["confidential"],
                historic=report["historic"],
                entered_by=report.get("entered_by"),
                priority=report.get("priority"),
                sealed="sealed" in report,
                looks=report.get("looks", []),
                answers=report.get("answers", {}),
            )
        ),
    )


def to_doc(report: Submission, trace: str, now: datetime) -> Document:
    """The document of a new report, stored at ``now`` (real time)."""
    place = report.place
    document: Document = {
        "_id": report.id,
        "city": report.city,
        "app": report.app,
        "fingerprint": report.fingerprint,
        "version": 1,
        "kind": report.kind,
        "category": report.category,
        "description": report.description,
        "place": {"lon": place.lon, "lat": place.lat, "crs": place.crs, "address": place.address, "unit": place.unit},
        "cell": report.cell,
        "received_at": report.received_at,
        "observed_at": report.observed_at,
        "photos": list(report.photos),
        "channel": report.channel,
        "reporter": report.reporter,
        "confidential": report.confidential,
        "historic": report.historic,
        "pack_version": report.pack_version,
        "trace": trace,
        "stored_at": now,
    }
    seldom = ("entered_by", "priority", "sealed", "looks", "answers")
    marks = {"danger": True} if report.danger else {}
    return {**document, **{name: value for name in seldom if (value := getattr(report, name)) is not None}, **marks}


class ReportStore:
    """The ``reports`` of intake, and the ``progress`` of their cases.

    Progress is a document of its own, under the report's id: measured, mongod takes 35 µs to insert one in a batch and
    290 µs to update a report with it.
    """

    def __init__(self, database: Database) -> None:
        self.reports: Collection = database.collection("reports")
        self.progress: Collection = database.collection("progress")
        self.keys = Remembered(self.reports, database.collection("report_keys"), "commands")
        """Idempotency keys of a reporter's later words."""

    async def insert(self, documents: Sequence[Document]) -> Inserted:
        """A group of reports at once. Raises ``MongoError`` when nothing is known of it."""
        return await self.reports.insert_all(documents)

    async def first_answers(self, ids: Sequence[str]) -> dict[str, Document]:
        """What is stored, by a majority, under ids that came again."""
        found = await self.reports.find(
            {"_id": {"$in": list(ids)}}, {"fingerprint": 1, "received_at": 1, "category": 1}, limit=len(ids)
        )
        return {document["_id"]: document for document in found}

    async def whole(self, ids: Sequence[str]) -> list[Document]:
        """Reports as they are stored."""
        return await self.reports.find({"_id": {"$in": list(ids)}}, limit=len(ids))

    async def get(self, city: str | None, app: str | None, id_: str) -> Document | None:
        """A report of ``app`` (None: any app of the city, any city), with its ``case`` once it has one."""
        mine = {name: value for name, value in (("city", city), ("app", app)) if value is not None}
        report = await self.reports.find_one({"_id": id_, **mine})
        return None if report is None else {**report, **await self._case_of(id_)}

    async def case_of_its_own(self, report: str) -> Document | None:
        """The state of the case that has this id's place, merged or not; None where none was told of yet."""
        progress = await self.progress.find_one({"_id": report}, {"case": 1})
        return progress.get("case") if progress is not None else None

    async def _case_of(self, report: str) -> Document:
        """``case``: the state of the case that the report hangs on, and ``hangs`` where another opened that.

        A case's state lies at the report that opened it; an attached report, and a case that was merged, point there.
        """
        progress = await self.progress.find_one({"_id": report})
        if progress is None:
            return {}
        hangs: Document = {"hangs": {name: progress.get(name) for name in ("on", "says")}} if "on" in progress else {}
        if "also" in progress:
            ids = [opening_report(case) for case in progress["also"]]
            others = await self.progress.find({"_id": {"$in": ids}}, {"case": 1}, limit=len(ids))
            hangs["also"] = [other["case"] for other in others]
        if "on" in progress and progress["on"] != case_id(report):
            progress = await self.progress.find_one({"_id": opening_report(progress["on"])})
        for _ in range(CHAIN_MAX):
            case = progress.get("case") if progress is not None else None
            if case is None or case.get("merged_into") is None:
                break
            hangs.setdefault("hangs", {"on": case["merged_into"], "says": None})
            progress = await self.progress.find_one({"_id": opening_report(case["merged_into"])})
        return {"case": case, **hangs} if case is not None else hangs

    async def act(self, report: Document, event: Envelope, command: Document, fields: Document) -> bool:
        """A reporter's later word: one guarded update with its event; False when the report moved on meanwhile."""
        return bool(
            await self.reports.update(
                {"_id": report["_id"], "version": report["version"], "commands.id": {"$ne": command["id"]}},
                {
                    "$set": {**fields, "version": report["version"] + 1},
                    "$push": {
                        "pending": {"$each": as_pending([event])},
                        "commands": {"$each": [command]},
                    },
                    "$min": {"outbox.lane": event.lane, "outbox.since": real_now()},
                },
            )
        )

    async def show_progress(self, updates: Sequence[tuple[str, Document]]) -> None:
        """The newest public state of cases at the reports that opened them; older versions change nothing.

        Raises ``TimeoutError`` when a majority may not have it.
        """
        now = real_now()
        first = [{"_id": report, "stored_at": now, "case": case} for report, case in updates if case["version"] == 1]
        if first:
            known = await self.progress.insert_each(first, "progress rows")
            count_duplicates("progress", len(known))
            again = {first[i]["_id"] for i in known}
            updates = [one for one in updates if one[1]["version"] > 1 or one[0] in again]
        writes: list[Write] = [
            UpdateOne(
                {"_id": report, "case.version": {"$not": {"$gte": case["version"]}}},
                {"$set": {"case": case}, "$setOnInsert": {"stored_at": now}},
                upsert=True,
            )
            for report, case in updates
        ]
        if writes:
            await self.progress.write(writes)

    async def show_second(self, seconds: Sequence[tuple[str, str]]) -> None:
        """Second matters of reports that have a case already: report, case. Once each."""
        await self.progress.write(
            [UpdateOne({"_id": report, "also": {"$ne": case}}, {"$push": {"also": case}}) for report, case in seconds]
        )

    async def show_hanging(self, hanging: Sequence[tuple[str, str, int, str | None]]) -> None:
        """Reports that hang on a case which another report opened: report, case, version of the link, what it says."""
        now = real_now()
        await self.progress.write(
            [
                UpdateOne(
                    {"_id": report, "link": {"$not": {"$gte": link}}},
                    {"$set": {"on": case, "link": link, "says": says}, "$setOnInsert": {"stored_at": now}},
                    upsert=True,
                )
                for report, case, link, says in hanging
            ]
        )

    async def breach(self, report: Document, event: Envelope) -> bool:
        """The report's own breach, once."""
        return bool(
            await self.reports.update(
                {"_id": report["_id"], "version": report["version"], "unrouted_at": {"$exists": False}},
                {
                    "$set": {"unrouted_at": event.time, "version": report["version"] + 1},
                    "$push": {
                        "pending": {"$each": as_pending([event])},
                        "own_steps": {"at": event.time, "what": "report.unrouted", "text": "超时未派单，已提醒"},
                    },
                    "$min": {"outbox.lane": 0, "outbox.since": real_now()},
                },
            )
        )

    async def near(self, cells: Sequence[str], categories: Sequence[str], limit: int) -> list[Document]:
        """Public states of open cases of some categories in some cells, newest first, without confidential ones."""
        found = await self.progress.find(
            {
                "case.cell": {"$in": list(cells)},
                "case.open": True,
                "case.confidential": False,
                "case.category": {"$in": list(categories)},
            },
            {"case": 1},
            sort=[("case.opened_at", -1)],
            limit=limit,
        )
        return [progress["case"] for progress in found]
