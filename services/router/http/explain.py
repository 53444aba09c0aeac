"""Why a case is where it is, and what each of its clocks says: facts for a person who asks, nothing is decided here.

A clock is told with the words of the very pack version that started it, so a pack loaded since changes no answer.
"""

from datetime import datetime
from typing import Any

import msgspec

from services.router.cases.case_access import CaseAccess
from services.router.cases.case_store import CaseStore
from services.router.cases.case_views import clock_view
from services.router.cases.routing import commitment_of
from services.router.cases.sealed_words import without_words
from services.router.domain.case import Case, Entry
from services.router.domain.clock import SlaClock
from shared.city.model.promises import CalendarSpec, CommitmentEntry
from shared.city.pack import Pack
from shared.kernel import clock as kernel
from shared.kernel.errors import not_found
from shared.kernel.working_time import counts_from, elapsed
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.identity.directory import EVERY_CITY
from shared.runtime.pack_library import PackLibrary


class Explain:
    """``GET /v1/cases/{id}/explain``."""

    def __init__(self, store: CaseStore, case_access: CaseAccess, packs: PackLibrary, clock: kernel.Clock) -> None:
        self._store = store
        self._case_access = case_access
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/cases/{id}/explain",
                self.explain,
                "Every clock with its commitment and arithmetic, and why the case went where it is",
                roles=frozenset({"officer", "ops"}),
            )
        ]

    async def explain(self, call: Call) -> Answer:
        """Officers as for the case itself; ops by id alone, whatever the city."""
        who, id_ = call.principal, call.path["id"]
        if who.city == EVERY_CITY:
            case = found[0] if (found := await self._store.load(id_)) else None
        else:
            case = seen[1] if (seen := await self._case_access.load(who, who.city, id_)) else None
        if case is None:
            raise not_found("case")
        pack = await self._packs.get(case.city, case.routing.pack_version)
        return Answer(
            {
                "id": case.id,
                "city": case.city,
                "timezone": pack.city.timezone,
                "now": self._clock.now(),
                "state": case.state.value,
                "priority": case.priority,
                "category": _category(pack, case.category),
                "unit": _unit(pack, case.unit),
                "routing": _routing(case, pack),
                "clocks": [await self._clock_explained(case, clock) for clock in case.clocks],
            }
        )

    async def _clock_explained(self, case: Case, clock: SlaClock) -> dict[str, Any]:
        version = clock.commitment.rpartition("@")[2]
        pack = await self._packs.get(case.city, version)
        calendar = pack.calendar(clock.calendar)
        begins = counts_from(clock.started_at, calendar)
        return {
            **(without_words(clock_view(clock)) if case.confidential else clock_view(clock)),
            "commitment": _commitment(pack, clock.commitment),
            "calendar": _calendar(pack, clock.calendar),
            "counts_from": begins,
            "worked_seconds": elapsed(begins, clock.due_at, calendar).total_seconds(),
            "warn_at": clock.warn_at,
            "warned": clock.warned,
            "rungs": _rungs(case, clock, pack),
        }


def _category(pack: Pack, code: str) -> dict[str, Any]:
    category = pack.categories.get(code)
    if category is None:
        return {"code": code, "name": code}
    return {"code": code, "name": category.name, "name_en": category.name_en, "class": category.class_}


def _unit(pack: Pack, id_: str) -> dict[str, Any]:
    unit = pack.units.get(id_)
    if unit is None:
        return {"id": id_, "name": id_}
    return {"id": unit.id, "name": unit.name, "name_en": unit.name_en, "level": unit.level}


def _routing(case: Case, pack: Pack) -> dict[str, Any]:
    routing = case.routing
    rule = next((r for r in pack.rules if r.id == routing.rule), None)
    return {
        "by": routing.by,
        "why": [] if case.confidential else list(routing.why),
        "flags": list(routing.flags),
        "near_border": routing.near_border,
        "pack_version": routing.pack_version,
        "category_by": routing.category_by,
        "rule": None if rule is None else {"id": rule.id, "note": rule.note, "then": _given(rule.then)},
        "place": case.location.place,
        "within": None if case.within is None else _unit(pack, case.within),
        "path": [_unit(pack, unit.id) for unit in case.path],
    }


def _commitment(pack: Pack, name: str) -> dict[str, Any]:
    """The promise as the pack words it; only what it says."""
    id_, _, version = name.rpartition("@")
    told: dict[str, Any] = {"id": id_, "version": version}
    worded = next((c for c in pack.commitments if _same(pack, c, name)), None)
    return told if worded is None else {**_given(worded), **told}


def _same(pack: Pack, commitment: CommitmentEntry, name: str) -> bool:
    return commitment_of(pack, commitment).id == name


def _calendar(pack: Pack, id_: str) -> dict[str, Any]:
    spec: CalendarSpec | None = pack.calendars.get(id_)
    told = {"id": id_, "timezone": pack.city.timezone}
    return told if spec is None else {**told, **_given(spec)}


def _given(entry: msgspec.Struct) -> dict[str, Any]:
    """The fields of a pack's entry that hold something, as the file names them."""
    fields: dict[str, Any] = msgspec.to_builtins(entry)
    return {name: value for name, value in fields.items() if value not in (None, "", [], {}, False)}


def _rungs(case: Case, clock: SlaClock, pack: Pack) -> list[dict[str, Any]]:
    """The ladder: a rung that fired names whom it meant then, the others whom they mean now."""
    climbed = [entry for entry in case.history if _climb_of(entry, clock)]
    rungs = []
    for number, rung in enumerate(clock.rungs):
        fired: datetime | None = None
        unit = case.towards(rung.to, clock)
        if number < clock.fired:
            entry = climbed[number - clock.fired] if clock.fired - number <= len(climbed) else None
            fired, unit = (entry.at, entry.unit) if entry is not None else (rung.at, unit)
        told = {"at": rung.at, "act": rung.act, "to": rung.to, "unit": None if unit is None else _unit(pack, unit)}
        rungs.append({**told, **({"fired_at": fired} if fired is not None else {})})
    return rungs


def _climb_of(entry: Entry, clock: SlaClock) -> bool:
    meant = (entry.clock, entry.due_at, entry.part) == (clock.kind, clock.due_at, clock.part)
    return entry.what == "case.escalated" and meant
