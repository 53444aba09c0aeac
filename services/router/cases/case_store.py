"""Cases in MongoDB: one document each, changed by guarded updates that also add the events to ``pending``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from prometheus_client import Counter, Gauge

from services.router.domain.case import ENDED, Case, State
from services.router.domain.clock import SlaClock
from services.router.domain.matching import KnownCase
from services.router.domain.similarity import Traits
from shared.contracts.envelope import Envelope
from shared.contracts.sight import Sight
from shared.runtime.health.checks import COUNTED_MAX
from shared.runtime.kafka.duplicate_metrics import count_duplicates
from shared.runtime.kafka.outbox_relay import as_pending
from shared.runtime.storage.idempotency_keys import IdempotencyKeys
from shared.runtime.storage.mongo import Collection, Database, Document, IndexModel, InsertOne, UpdateOne
from shared.runtime.timekeeping.wall_clock import real_now

MARKS_KEPT = 8
"""Latest change ids kept in a case, so that a writer can check after a bulk write whether its update was applied."""

NO_DUE = datetime(9999, 12, 31, tzinfo=UTC)
"""Sorts cases without a waiting clock to the end of a queue."""

_NOW = (("state", 1), ("priority", 1), ("due_at", 1), ("_id", 1))
"""Sorted by deadline within each state and priority: a query reads the wanted ones and merges them (MongoDB's sort
merge). With the deadline first in the index, finding fifty claimed cases among a million took 1.6 s."""
_ANY_TEXT = {"$gt": ""}
"""Matches any text. With ``$type`` instead, MongoDB would read the whole index."""
INDEXES = (
    IndexModel([("next_due", 1)], name="next_due", sparse=True),
    IndexModel([("aside", 1)], name="aside", sparse=True),
    IndexModel([("city", 1), ("queues", 1), *_NOW, ("category", 1)], name="queue"),
    IndexModel([("city", 1), ("seen_by", 1), *_NOW], name="subtree"),
    IndexModel(
        [("city", 1), ("seen_by", 1), ("category", 1), ("state", 1), ("due_at", 1), ("_id", 1), ("priority", 1)],
        name="subtree_category",
    ),
    IndexModel(
        [("same.key", 1), ("same.until", 1), ("traits.lon", 1), ("traits.lat", 1), ("_id", 1)],
        name="same_place",
        partialFilterExpression={"same.key": _ANY_TEXT},
    ),
    IndexModel([("merged_into", 1)], name="merged", partialFilterExpression={"merged_into": _ANY_TEXT}),
)
OLD_INDEXES = ("subtree_filtered", "queue_filtered", "offered", "called", "same", "merged_into")
ANSWER_INDEXES = (IndexModel([("at", 1)], name="forgotten", expireAfterSeconds=30 * 24 * 3600),)
"""First answers are repeated for thirty days."""
_OPENED = Counter("whistle_cases_opened_total", "Cases that were opened.")
_WAITING = Gauge("whistle_waiting_cases", "Cases with a clock that has still to warn, breach or climb, up to 100,000.")
_DUE = Gauge("whistle_due_cases", "Cases with a clock whose moment has come and that has not fired.")
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_CASE_FIELDS = {field.name: 1 for field in fields(Case)}
"""The fields read where many cases are read: first event and command keys are half of a document."""
_SOMETIMES = ("next_due", "same", "aside")
"""Fields that a document has only while they have a value."""
_QUERIED = ("_id", "queues", "seen_by", "open", "due_at", *_SOMETIMES)
_STORE_FIELDS = frozenset(
    (*_QUERIED, "pending", "outbox", "seen", "seen_aside", "attached", "first_event", "stored_at", "marks")
)
ATTACHED_KEPT = 512
"""Ids of the latest attached reports, kept in the case: no report is attached twice before its link is marked."""
_COMPARED = dict.fromkeys(("state", "traits", "opened_at", "reported_at", "ended_at"), 1)
_PLACE = dict.fromkeys(("same.key", "traits.lon", "traits.lat"), 1)
COMPARED_MAX = 10_000
PAGE = 500


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


def to_doc(case: Case, seen_by: list[str]) -> Document:
    """The document: the case, and beside it what queries need."""
    document: Document = _plain(case)
    document["_id"] = document.pop("id")
    return {**document, **_queried(case, seen_by)}


def moved(before: Case, after: Case, seen_by: list[str]) -> Document:
    """The fields of ``to_doc(after)`` that may differ from ``before``; ``next_due`` may be absent."""
    names = [name for name in _CASE_FIELDS if getattr(before, name) != getattr(after, name)]
    return {**{name: _plain(getattr(after, name)) for name in names}, **_queried(after, seen_by)}


def queues_of(case: Case) -> list[str]:
    """Units that have the case in their own queue: the owner, the unit it is offered to, and called units. What was
    dealt with before it was imported is in no queue."""
    if case.historic:
        return []
    return sorted({case.unit, *case.called} | ({case.offered_to} if case.offered_to is not None else set()))


def _queried(case: Case, seen_by: list[str]) -> Document:
    document: Document = {
        "queues": queues_of(case),
        "seen_by": seen_by,
        "open": case.state not in ENDED,
        "due_at": min((clock.due_at for clock in case.clocks if clock.waits), default=NO_DUE),
    }
    if (next_due := case.next_due) is not None:
        document["next_due"] = next_due
    if case.traits is not None:
        kept = timedelta(seconds=case.traits.linked_seconds)
        until = NO_DUE if case.ended_at is None else case.ended_at + kept
        document["same"] = {"key": case.traits.key, "until": until}
    return document


def _plain(value: object) -> Any:
    return msgspec.to_builtins(value, builtin_types=(datetime,))


def from_doc(document: Document) -> Case:
    """The case that ``to_doc`` stored; fields of a newer version are ignored."""
    plain = {name: value for name, value in document.items() if name not in _STORE_FIELDS}
    return msgspec.convert({**plain, "id": document["_id"]}, Case)


@dataclass(frozen=True, slots=True)
class Nearby:
    """Position of a case that may be compared with a report; most are too far off and are not read any further."""

    id: str
    key: str
    lon: float
    lat: float


def _known(document: Document) -> KnownCase:
    return KnownCase(
        id=document["_id"],
        state=State(document["state"]),
        traits=msgspec.convert(document["traits"], Traits),
        opened_at=document["opened_at"],
        reported_at=document.get("reported_at") or document["opened_at"],
        ended_at=document.get("ended_at"),
    )


def opened_event(document: Document) -> Envelope:
    """``case.opened.v1`` as it was when the case was opened."""
    return msgspec.convert(document["first_event"], Envelope)


class CaseStore:
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
        _OPENED.inc(len(documents) - len(known))
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
        found = await self.cases.find({"_id": {"$in": list(ids)}}, {**_CASE_FIELDS, "attached": 1}, limit=len(ids))
        return {d["_id"]: (from_doc(d), set(d.get("attached", ()))) for d in found}

    async def ids_after(self, after: str, limit: int) -> list[tuple[str, bool]]:
        """Cases by id, whatever their city, and whether each is open."""
        found = await self.cases.find({"_id": {"$gt": after}}, {"open": 1}, sort=[("_id", 1)], limit=limit)
        return [(document["_id"], document.get("open", True)) for document in found]

    async def load_keyed(self, ids: Sequence[str]) -> dict[str, tuple[Case, Document]]:
        """Cases by id, each with the document that ``keys`` is asked with."""
        wanted = {**_CASE_FIELDS, "seen": 1, "seen_aside": 1}
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
        return [_known(document) for document in found if document.get("traits") is not None]

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
        return [(_known(d) if d.get("traits") is not None else None, d["stored_at"]) for d in found]

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
            {"next_due": {"$lte": now}}, _CASE_FIELDS, sort=[("next_due", 1)], limit=limit, hint="next_due"
        )
        return [from_doc(document) for document in documents]

    async def next_due(self) -> datetime | None:
        """The earliest ``next_due`` of any case."""
        found = await self.cases.find(
            {"next_due": {"$exists": True}}, {"next_due": 1}, sort=[("next_due", 1)], limit=1, hint="next_due"
        )
        return found[0]["next_due"] if found else None

    async def queue(self, where: Document, limit: int, index: str) -> list[Case]:
        """Rows of a queue, the tightest deadline first."""
        documents = await self.cases.find(
            where, _CASE_FIELDS, sort=[("due_at", 1), ("_id", 1)], limit=limit, hint=index
        )
        return [from_doc(document) for document in documents]

    async def take_over(self, cities: Iterable[str]) -> None:
        """Adds ``queues`` to cases that an older version stored. May be interrupted and repeated."""
        for city in cities:
            while old := await self.cases.find({"city": city, "queues": None}, _CASE_FIELDS, limit=PAGE, hint="queue"):
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
        _WAITING.set(await self.cases.count({"next_due": {"$gte": _EVER}}, limit=COUNTED_MAX))
        overdue = await self.cases.count({"next_due": {"$gte": _EVER, "$lte": now}}, limit=COUNTED_MAX)
        aside = await self.cases.count({"aside": {"$gte": _EVER}, "next_due": {"$gt": now}}, limit=COUNTED_MAX)
        _DUE.set(overdue + aside)

    async def answered(self, id_: str) -> Document | None:
        """The first answer to an idempotency key, if there was one."""
        return await self.answers.find_one({"_id": id_})

    async def keep_answer(self, answer: Document) -> None:
        """Keep a first answer; a second writer changes nothing."""
        await self.answers.write([InsertOne(answer)])


def seen_with(sight: Sight) -> Document:
    """The filter of what ``Sight.sees``."""
    own: Document = {"seen_by": {"$in": sorted(sight.names)}}
    if not sight.others:
        return own
    return {"$or": [own, {"seen_by": {"$in": sorted(sight.others)}, "confidential": False}]}


def _guarded(change: Change) -> tuple[dict[str, Any], dict[str, Any]]:
    """Filter and update: applied only if the case has the version that was read and does not have the key yet."""
    document = moved(change.before, change.after, change.seen_by)
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
    if gone := [name for name in _SOMETIMES if name not in document]:
        update["$unset"] = dict.fromkeys(gone, 1)
    return where, update
