"""A case and its document in MongoDB: the case itself, and beside it what queries need."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from services.router.domain.awaited import awaited
from services.router.domain.case import ENDED, Case, State
from services.router.domain.matching import KnownCase
from services.router.domain.same_hazard.similarity import Traits
from services.router.search_words import words_of
from shared.contracts.envelope import Envelope
from shared.runtime.storage.mongo import Document

NO_DUE = datetime(9999, 12, 31, tzinfo=UTC)
"""Sorts cases without a waiting clock to the end of a queue."""

CASE_FIELDS = dict.fromkeys(Case.__struct_fields__, 1)
"""The fields read where many cases are read: first event and command keys are half of a document."""
_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(Case)}
"""Fields with these values are left out of documents."""
SOMETIMES = ("next_due", "same", "aside", "calls", "heard", "awaits")
"""Fields that a document has only while they have a value."""
_QUERIED = ("_id", "queues", "seen_by", "open", "due_at", *SOMETIMES)
_WORDED = ("description", "location", "reports", "sensitive", "confidential")
"""Fields that the words of a case are made of."""
_STORE_FIELDS = frozenset(
    (*_QUERIED, "words", "pending", "outbox", "seen", "seen_aside", "attached", "first_event", "stored_at", "marks")
)


def to_doc(case: Case, seen_by: list[str]) -> Document:
    """The document: the case without fields that have their default, and beside it what queries need."""
    document: Document = _plain(case)
    document["_id"] = document.pop("id")
    return {**document, **_queried(case, seen_by), "words": words_of(case)}


def moved(before: Case, after: Case, seen_by: list[str]) -> tuple[Document, list[str]]:
    """What makes the document of ``before`` that of ``after``: the fields to set, and those to remove."""
    changed = {name: value for name in CASE_FIELDS if getattr(before, name) != (value := getattr(after, name))}
    document = {name: _plain(value) for name, value in changed.items() if value != _DEFAULTS[name]}
    document |= _queried(after, seen_by)
    if not changed.keys().isdisjoint(_WORDED):
        document["words"] = words_of(after)
    return document, [name for name in (*changed, *SOMETIMES) if name not in document]


def queues_of(case: Case) -> list[str]:
    """Units that have the case in their own queue: the owner, the unit it is offered to, and called units. What was
    dealt with before it was imported is in no queue."""
    if case.historic:
        return []
    return sorted({case.unit, *case.called} | ({case.offered_to} if case.offered_to is not None else set()))


def awaits_of(case: Case) -> list[str]:
    """Units whose desks the case waits for to decide something."""
    return sorted({unit for one in awaited(case) for unit in one.units})


def _queried(case: Case, seen_by: list[str]) -> Document:
    document: Document = {
        "queues": queues_of(case),
        "seen_by": seen_by,
        "open": case.state not in ENDED,
        "confidential": case.confidential,
        "historic": case.historic,
        "due_at": min((clock.due_at for clock in case.clocks if clock.waits), default=NO_DUE),
    }
    if (next_due := case.next_due) is not None:
        document["next_due"] = next_due
    if (waiting := case.call_back) is not None and waiting.since is not None:
        ids = [unit.id for unit in case.path]
        document["calls"] = {"path": ids[: ids.index(waiting.by) + 1], "since": waiting.since}
    if heard := [one for one in (*case.verdicts_before, case.verdict) if one is not None]:
        document["heard"] = {"at": max(one.at for one in heard), "units": sorted({one.unit for one in heard})}
    if awaits := awaits_of(case):
        document["awaits"] = awaits
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


def known_case(document: Document) -> KnownCase:
    return KnownCase(
        id=document["_id"],
        state=State(document["state"]),
        traits=msgspec.convert(document["traits"], Traits),
        opened_at=document["opened_at"],
        reported_at=document.get("reported_at") or document["opened_at"],
        ended_at=document.get("ended_at"),
        handled=_is_handled(document),
    )


def _is_handled(document: Document) -> bool:
    """Whether a patrol find counts as its finder handled it. Opened again, it has no resolver, or later another."""
    found = document.get("found")
    return found is not None and found["by"] == document.get("resolved_by")


def opened_event(document: Document) -> Envelope:
    """``case.opened.v1`` as it was when the case was opened."""
    return msgspec.convert(document["first_event"], Envelope)
