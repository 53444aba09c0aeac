"""Why a case is where it is, and what each of its clocks says: facts for a person who asks, nothing is decided here.

A clock is told with the words of the very pack version that started it, so a pack loaded since changes no answer.
"""

from datetime import datetime
from typing import Any

import msgspec

from services.router.cases.case_access import CaseAccess
from services.router.cases.case_store import CaseStore
from services.router.cases.case_views import clock_view
from services.router.cases.readings import Readings
from services.router.cases.routing import commitment_of
from services.router.cases.sealed_words import bare
from services.router.domain.case import Case
from services.router.domain.case_parts.history_line import Entry
from services.router.domain.clock import SlaClock
from services.router.http.explain_answers import (
    AppliedRule,
    CalendarWords,
    CommitmentWords,
    ExplainAnswer,
    ExplainedClock,
    ExplainedRouting,
    ExplainedRung,
    NamedCategory,
    NamedUnit,
    RuleEffect,
)
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

    def __init__(
        self, store: CaseStore, case_access: CaseAccess, readings: Readings, packs: PackLibrary, clock: kernel.Clock
    ) -> None:
        self._store = store
        self._case_access = case_access
        self._readings = readings
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/cases/{id}/explain",
                self.explain,
                "Every clock with its commitment and arithmetic, and why the case went where it is",
                roles=frozenset({"officer", "ops"}),
                answers={200: ExplainAnswer},
            )
        ]

    async def explain(self, call: Call) -> Answer:
        """Officers as for the case itself, on the record of a sensitive one; ops by id alone, whatever the city."""
        who, id_ = call.principal, call.path["id"]
        if who.city == EVERY_CITY:
            case = found[0] if (found := await self._store.load(id_)) else None
        else:
            case = seen[1] if (seen := await self._case_access.load(who, who.city, id_)) else None
        if case is None:
            raise not_found("case")
        case = await self._readings.recorded(case, who)
        pack = await self._packs.get(case.city, case.routing.pack_version)
        return Answer(
            ExplainAnswer(
                id=case.id,
                city=case.city,
                timezone=pack.city.timezone,
                now=self._clock.now(),
                state=case.state.value,
                priority=case.priority,
                category=_category(pack, case.category),
                unit=_unit(pack, case.unit),
                routing=_routing(case, pack),
                clocks=[await self._clock_explained(case, clock) for clock in case.clocks],
            )
        )

    async def _clock_explained(self, case: Case, clock: SlaClock) -> ExplainedClock:
        version = clock.commitment.rpartition("@")[2]
        pack = await self._packs.get(case.city, version)
        calendar = pack.calendar(clock.calendar)
        begins = counts_from(clock.started_at, calendar)
        view = bare(clock_view(clock)) if case.wordless else clock_view(clock)
        return ExplainedClock(
            kind=view.kind,
            started_at=view.started_at,
            target=view.target,
            due_at=view.due_at,
            state=view.state,
            pauses=view.pauses,
            met_at=view.met_at,
            extensions=view.extensions,
            superseded_at=view.superseded_at,
            part=view.part,
            commitment=_commitment(pack, clock.commitment),
            calendar=_calendar(pack, clock.calendar),
            counts_from=begins,
            worked_seconds=elapsed(begins, clock.due_at, calendar).total_seconds(),
            warn_at=clock.warn_at,
            warned=clock.warned,
            rungs=_rungs(case, clock, pack),
        )


def _category(pack: Pack, code: str) -> NamedCategory:
    category = pack.categories.get(code)
    if category is None:
        return NamedCategory(code=code, name=code)
    return NamedCategory(code=code, name=category.name, name_en=category.name_en, class_=category.class_)


def _unit(pack: Pack, id_: str) -> NamedUnit:
    unit = pack.units.get(id_)
    if unit is None:
        return NamedUnit(id=id_, name=id_)
    return NamedUnit(id=unit.id, name=unit.name, name_en=unit.name_en, level=unit.level)


def _routing(case: Case, pack: Pack) -> ExplainedRouting:
    routing = case.routing
    rule = next((r for r in pack.rules if r.id == routing.rule), None)
    effect = None if rule is None else msgspec.convert(_given(rule.then), RuleEffect)
    return ExplainedRouting(
        by=routing.by,
        why=[] if case.wordless else list(routing.why),
        flags=list(routing.flags),
        near_border=routing.near_border,
        pack_version=routing.pack_version,
        category_by=routing.category_by,
        rule=None if rule is None or effect is None else AppliedRule(rule.id, rule.note, effect),
        place=None if case.wordless else case.location.place,
        within=None if case.within is None else _unit(pack, case.within),
        path=[_unit(pack, unit.id) for unit in case.path],
    )


def _commitment(pack: Pack, name: str) -> CommitmentWords:
    """The promise as the pack words it; only what it says."""
    id_, _, version = name.rpartition("@")
    worded = next((c for c in pack.commitments if _same(pack, c, name)), None)
    given = {} if worded is None else _given(worded)
    return msgspec.convert({**given, "id": id_, "version": version}, CommitmentWords)


def _same(pack: Pack, commitment: CommitmentEntry, name: str) -> bool:
    return commitment_of(pack, commitment).id == name


def _calendar(pack: Pack, id_: str) -> CalendarWords:
    spec: CalendarSpec | None = pack.calendars.get(id_)
    given = {} if spec is None else _given(spec)
    return msgspec.convert({"timezone": pack.city.timezone, **given, "id": id_}, CalendarWords)


def _given(entry: msgspec.Struct) -> dict[str, Any]:
    """The fields of a pack's entry that hold something, as the file names them."""
    fields: dict[str, Any] = msgspec.to_builtins(entry)
    return {name: value for name, value in fields.items() if value not in (None, "", [], {}, False)}


def _rungs(case: Case, clock: SlaClock, pack: Pack) -> list[ExplainedRung]:
    """The ladder: a rung that fired names whom it meant then, the others whom they mean now."""
    climbed = [entry for entry in case.history if _climb_of(entry, clock)]
    rungs = []
    for number, rung in enumerate(clock.rungs):
        fired: datetime | None = None
        unit = case.towards(rung.to, clock)
        if number < clock.fired:
            entry = climbed[number - clock.fired] if clock.fired - number <= len(climbed) else None
            fired, unit = (entry.at, entry.unit) if entry is not None else (rung.at, unit)
        named = None if unit is None else _unit(pack, unit)
        rungs.append(ExplainedRung(at=rung.at, act=rung.act, to=rung.to, unit=named, fired_at=fired))
    return rungs


def _climb_of(entry: Entry, clock: SlaClock) -> bool:
    meant = (entry.clock, entry.due_at, entry.part) == (clock.kind, clock.due_at, clock.part)
    return entry.what == "case.escalated" and meant
