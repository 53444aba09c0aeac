"""Cases in MongoDB: one document each, changed by guarded updates that also add the events to ``pending``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client import Counter, Gauge

from services.router.cases.stored.case_document import (
    CASE_FIELDS,
    Nearby,
    from_doc,
    known_case,
    moved,
    opened_event,
    queues_of,
    to_doc,
)
from services.router.cases.stored.case_indexes import EVER, OLD_INDEXES
from services.router.cases.stored.case_queries import PAGE, CaseQueries, seen_with
from services.router.domain.case import Case
from services.router.domain.clock import SlaClock
from services.router.domain.matching import KnownCase
from services.router.search_words import words_of
from shared.contracts.envelope import Envelope
from shared.contracts.sight import Sight
from shared.runtime.health.checks import COUNTED_MAX
from shared.runtime.kafka.duplicate_metrics import count_duplicates
from shared.runtime.kafka.outbox_relay import as_pending
from shared.runtime.storage.idempotency_keys import IdempotencyKeys
from shared.runtime.storage.mongo import Collection, Database, Document, InsertOne, UpdateOne
from shared.runtime.timekeeping.wall_clock import real_now

MARKS_KEPT = 8
"""Latest change ids kept in a case, so that a writer can check after a bulk write whether its update was applied."""

_OPENED = Counter("whistle_cases_opened_total", "Cases that citizens' reports opened.")
_PATROL = Counter(
    "whistle_patrol_cases_opened_total",
    "Cases that officers on patrol opened: handed in, or handled on the spot and drawn or not drawn for inspection.",
    ["outcome"],
)
_WAITING = Gauge("whistle_waiting_cases", "Cases with a clock that has still to warn, breach or climb, up to 100,000.")
_DUE = Gauge("whistle_due_cases", "Cases with a clock whose moment has come and that has not fired.")
ATTACHED_KEPT = 512
"""Ids of the latest attached reports, kept in the case: no report is attached twice before its link is marked."""
_COMPARED = dict.fromkeys(("state", "traits", "opened_at", "reported_at", "ended_at", "found", "resolved_by"), 1)
_PLACE = dict.fromkeys(("same.key", "traits.lon", "traits.lat"), 1)
COMPARED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Change:
    """A decided change: the case before and after, its events, who sees it, and the key that guards it.

    ``fingerprint``: of the request under the key; None where the key is an event's id.
    """

    before: Case
    after: Case
    envelopes: tuple[Envelope, ...]
    seen_by: list[str]
    key: str | None = None
    fingerprint: str | None = None
    attached: tuple[str, ...] = ()
    """Reports that it attaches."""
    mark: str = ""
    """Id of this change. The document keeps the latest ones (``MARKS_KEPT``)."""
    fired: int = 0
    """How many of its events were fired by clocks that were due."""
    breached: tuple[SlaClock, ...] = ()


class CaseStore(CaseQueries):
    """The ``cases`` collection of the router."""

    def __init__(self, database: Database) -> None:
        self.cases: Collection = database.collection("cases")
        self.answers: Collection = database.collection("answers")
        self.keys = IdempotencyKeys(self.cases, database.collection("case_keys"), "seen")
        """Keys of commands and ids of events that changed a case, so that none is applied twice."""

    async def insert_opened(self, opened: Sequence[tuple[Case, Envelope, list[str]]]) -> list[Envelope]:
        """Inserts new cases; existing ones are not changed. Returns the first events of all of them, as stored.

        Raises ``MongoError`` or ``TimeoutError`` when it is unknown whether a majority has them.
        """
        now = real_now()
        documents = [
            {**to_doc(case, seen), "head": event.head, "first_event": as_pending([event])[0], "stored_at": now}
            for case, event, seen in opened
        ]
        known = await self.cases.insert_each(documents, "cases")
        count_duplicates("cases", len(known))
        _count(case for i, (case, _, _) in enumerate(opened) if i not in known)
        again = await self._first_events([documents[i]["_id"] for i in known])
        return [event for i, (_, event, _) in enumerate(opened) if i not in known] + again

    async def _first_events(self, ids: list[str]) -> list[Envelope]:
        """Read with majority: a duplicate key may be of a document that no majority has yet (decision 0003)."""
        if not ids:
            return []
        found = await self.cases.find({"_id": {"$in": ids}}, {"first_event": 1}, limit=len(ids))
        if len(found) < len(set(ids)):
            raise TimeoutError("a case exists but not yet on a majority")
        return [opened_event(document) for document in found]

    async def first_event(self, id_: str) -> Envelope:
        """``case.opened.v1`` of a case that exists."""
        return (await self._first_events([id_]))[0]

    async def get(self, city: str, id_: str, sight: Sight | None) -> tuple[Case, Document] | None:
        """A case that an officer sees (``Principal.sight``; None: ops), and the document that
        ``keys`` is asked with."""
        where: Document = {"_id": id_, "city": city}
        if sight is not None:
            where |= seen_with(sight)
        document = await self.cases.find_one(where)
        if document is None:
            return None
        return from_doc(document), document

    async def load(self, id_: str) -> tuple[Case, Document] | None:
        """A case by id, for events and clocks, and the document that ``keys`` is asked with."""
        document = await self.cases.find_one({"_id": id_})
        if document is None:
            return None
        return from_doc(document), document

    async def load_all(self, ids: Sequence[str]) -> dict[str, tuple[Case, set[str]]]:
        """Cases by id, each with the reports that were attached to it last."""
        found = await self.cases.find({"_id": {"$in": list(ids)}}, {**CASE_FIELDS, "attached": 1}, limit=len(ids))
        return {d["_id"]: (from_doc(d), set(d.get("attached", ()))) for d in found}

    async def ids_after(self, after: str, limit: int) -> list[tuple[str, bool]]:
        """Cases by id, whatever their city, and whether each is open."""
        found = await self.cases.find({"_id": {"$gt": after}}, {"open": 1}, sort=[("_id", 1)], limit=limit)
        return [(document["_id"], document.get("open", True)) for document in found]

    async def load_keyed(self, ids: Sequence[str]) -> dict[str, tuple[Case, Document]]:
        """Cases by id, each with the document that ``keys`` is asked with."""
        wanted = {**CASE_FIELDS, "seen": 1, "seen_aside": 1}
        found = await self.cases.find({"_id": {"$in": list(ids)}}, wanted, limit=len(ids))
        return {document["_id"]: (from_doc(document), document) for document in found}

    async def places(self, keys: Sequence[str], since: datetime) -> list[Nearby]:
        """Cases in these cells that are open, or ended not too long before ``since``; at most 10,000 of one cell.

        Answered from the index alone: with a million cases, reading the documents near each report took 4 ms.
        """
        found = await self.cases.find(
            {"same.key": {"$in": list(keys)}, "same.until": {"$gte": since}},
            _PLACE,
            limit=COMPARED_MAX,
            hint="same_place",
        )
        if len(found) == COMPARED_MAX and len(keys) > 1:
            half = len(keys) // 2
            return [*await self.places(keys[:half], since), *await self.places(keys[half:], since)]
        return [Nearby(d["_id"], d["same"]["key"], d["traits"]["lon"], d["traits"]["lat"]) for d in found]

    async def compared(self, ids: Sequence[str]) -> list[KnownCase]:
        """For these cases, the fields that reports are compared with."""
        found = await self.cases.find({"_id": {"$in": list(ids)}}, _COMPARED, limit=len(ids))
        return [known_case(document) for document in found if document.get("traits") is not None]

    async def stored_between(
        self, after: datetime, until: datetime, limit: int
    ) -> list[tuple[KnownCase | None, datetime]]:
        """Cases stored in this time, with the time, in order; None for a case that is not compared with reports."""
        found = await self.cases.find(
            {"stored_at": {"$gt": after, "$lte": until}},
            {**_COMPARED, "stored_at": 1},
            sort=[("stored_at", 1)],
            limit=limit,
        )
        return [(known_case(d) if d.get("traits") is not None else None, d["stored_at"]) for d in found]

    async def merged_into(self, case: str, limit: int) -> list[str]:
        """Cases that were merged into ``case``."""
        found = await self.cases.find({"merged_into": case}, {"_id": 1}, limit=limit, hint="merged")
        return [document["_id"] for document in found]

    async def save(self, change: Change) -> bool:
        """One guarded update; False when the case was changed meanwhile."""
        return bool(await self.cases.update(*_guarded(change)))

    async def note(self, case: Case, key: str, fingerprint: str) -> bool:
        """Stores the key of a command that changes nothing; False when the case was changed meanwhile."""
        entry = {"id": key, "fingerprint": fingerprint}
        where = {"_id": case.id, "version": case.version, "seen.id": {"$ne": key}}
        return bool(await self.cases.update(where, {"$push": {"seen": {"$each": [entry]}}}))

    async def save_all(self, changes: Sequence[Change]) -> int:
        """A bulk of guarded updates; returns how many were applied. ``which_applied`` says which."""
        return await self.cases.write([UpdateOne(*_guarded(change)) for change in changes])

    async def which_applied(self, changes: Sequence[Change]) -> list[Change]:
        """Those of ``changes`` that were applied, by the change ids that cases keep; call it right after writing."""
        ids = [change.after.id for change in changes]
        found = await self.cases.find({"_id": {"$in": ids}}, {"marks": 1}, limit=len(ids))
        marks = {mark for document in found for mark in document.get("marks", ())}
        return [change for change in changes if change.mark in marks]

    async def set_aside(self, cases: Sequence[Case], now: datetime, until: datetime) -> None:
        """Let timers skip these cases, which could not be decided, until ``until`` or until the case changes."""
        await self.cases.write(
            [
                UpdateOne(
                    {"_id": case.id, "version": case.version, "next_due": {"$lte": now}},
                    {"$set": {"next_due": until, "aside": now}},
                )
                for case in cases
            ]
        )

    async def due(self, now: datetime, limit: int) -> list[Case]:
        """Cases with a clock or watch that is due, the longest overdue first."""
        documents = await self.cases.find(
            {"next_due": {"$lte": now}}, CASE_FIELDS, sort=[("next_due", 1)], limit=limit, hint="next_due"
        )
        return [from_doc(document) for document in documents]

    async def next_due(self) -> datetime | None:
        """The earliest ``next_due`` of any case."""
        found = await self.cases.find(
            {"next_due": {"$exists": True}}, {"next_due": 1}, sort=[("next_due", 1)], limit=1, hint="next_due"
        )
        return found[0]["next_due"] if found else None

    async def take_over(self, cities: Iterable[str]) -> None:
        """Adds ``queues`` and ``words`` to cases that an older version stored. May be interrupted and repeated."""
        for city in cities:
            while old := await self.cases.find({"city": city, "words": None}, CASE_FIELDS, limit=PAGE, hint="words"):
                worded = [(case.id, words_of(case)) for case in map(from_doc, old)]
                await self.cases.write(
                    [UpdateOne({"_id": id_, "words": None}, {"$set": {"words": words}}) for id_, words in worded]
                )
            while old := await self.cases.find({"city": city, "queues": None}, CASE_FIELDS, limit=PAGE, hint="queue"):
                cases = [from_doc(document) for document in old]
                await self.cases.write(
                    [
                        UpdateOne({"_id": case.id, "queues": None}, {"$set": {"queues": queues_of(case)}})
                        for case in cases
                    ]
                )
        await self.cases.drop_indexes(*OLD_INDEXES)

    async def set_gauges(self, now: datetime) -> None:
        """Sets the gauges: cases with a ``next_due``, and those whose ``next_due`` has passed."""
        _WAITING.set(await self.cases.count({"next_due": {"$gte": EVER}}, limit=COUNTED_MAX))
        overdue = await self.cases.count({"next_due": {"$gte": EVER, "$lte": now}}, limit=COUNTED_MAX)
        aside = await self.cases.count({"aside": {"$gte": EVER}, "next_due": {"$gt": now}}, limit=COUNTED_MAX)
        _DUE.set(overdue + aside)

    async def answered(self, id_: str) -> Document | None:
        """The first answer to an idempotency key, if there was one."""
        return await self.answers.find_one({"_id": id_})

    async def keep_answer(self, answer: Document) -> None:
        """Keep a first answer; a second writer changes nothing."""
        await self.answers.write([InsertOne(answer)])


def _count(opened: Iterable[Case]) -> None:
    """Counts new cases, what officers found apart from what citizens reported."""
    for case in opened:
        if case.channel == "patrol":
            _PATROL.labels(case.found.sample if case.found is not None else "handed_in").inc()
        else:
            _OPENED.inc()


def _guarded(change: Change) -> tuple[dict[str, Any], dict[str, Any]]:
    """Filter and update: applied only if the case has the version that was read and does not have the key yet."""
    document, gone = moved(change.before, change.after, change.seen_by)
    where: dict[str, Any] = {"_id": change.after.id, "version": change.before.version}
    update: dict[str, Any] = {
        "$set": document,
        "$push": {
            "pending": {"$each": as_pending(change.envelopes)},
            "marks": {"$each": [change.mark], "$slice": -MARKS_KEPT},
        },
        "$min": {
            "outbox.lane": min((event.lane for event in change.envelopes), default=1),
            "outbox.since": real_now(),
        },
    }
    if change.key is not None:
        where["seen.id"] = {"$ne": change.key}
        said = {"fingerprint": change.fingerprint} if change.fingerprint is not None else {}
        update["$push"]["seen"] = {"$each": [{"id": change.key, **said}]}
    if change.attached:
        update["$push"]["attached"] = {"$each": list(change.attached), "$slice": -ATTACHED_KEPT}
    if gone:
        update["$unset"] = dict.fromkeys(gone, 1)
    return where, update
