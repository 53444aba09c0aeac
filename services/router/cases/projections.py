"""A case as others see it: the state in events, the row in a queue, the answer of the API."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import msgspec

from services.router.domain import events as e
from services.router.domain.attachment import Attached, Confirmed
from services.router.domain.case import REPORTS_KEPT, Case, Entry, Part, Supervision
from services.router.domain.clock import Ask, Extension, Pause, SlaClock
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import open_commands
from services.router.domain.domain_event import DomainEvent
from services.router.domain.hash_chain import line, linked
from shared.contracts import cases as contract
from shared.contracts.catalogue import encode
from shared.contracts.envelope import DANGER, HISTORY, LIVE, Envelope
from shared.kernel.clock import rfc3339
from shared.kernel.ids import event_id

STEPS_KEPT = 20
PAUSES_TOLD = 5
SUMMARY_MAX = 120
_SAID = ("text", "photos", "said_at", "location")
"""Fields of a history line that hold what somebody wrote, stated or photographed."""


def to_state(case: Case, seen_by: Sequence[str] = ()) -> contract.CaseState:
    """The bounded public state that every case event carries. ``seen_by``: as ``visibility`` decided it."""
    return contract.CaseState(
        id=case.id,
        city=case.city,
        version=case.version,
        state=case.state.value,
        priority=case.priority,
        category=case.category,
        kind=case.kind,
        unit=case.unit,
        path=[unit.id for unit in case.path],
        pack_version=case.routing.pack_version,
        opened_at=case.opened_at,
        clocks=[_clock_state(clock) for clock in case.clocks],
        cell=case.location.cell,
        within=case.within,
        offered_to=case.offered_to,
        place=case.location.place,
        lon=case.location.lon,
        lat=case.location.lat,
        summary=None if case.confidential else case.description[:SUMMARY_MAX],
        assignee=case.assignee,
        reports=[
            contract.ReportRef(id=r.id, app=r.app, reporter=r.reporter, received_at=r.received_at)
            for r in case.reports[-REPORTS_KEPT:]
        ],
        report_count=case.report_count,
        steps=[
            contract.HistoryLine(at=entry.at, what=entry.what, unit=entry.unit, detail=entry.clock)
            for entry in case.history[-STEPS_KEPT:]
        ],
        rating=case.rating,
        confidential=case.confidential,
        historic=case.historic,
        parts=[contract.PartState(id=p.id, unit=p.unit, caller=p.caller, state=p.state) for p in case.parts],
        parties=list(case.consultation.parties) if case.consultation is not None else [],
        question=_question(case),
        supervised_by=case.supervision.by_unit if case.supervision is not None else None,
        routed_by=case.routing.by,
        apps=list(case.apps),
        merged_into=case.merged_into,
        linked_to=case.linked_to,
        seen_by=list(seen_by),
    )


def to_envelopes(
    case: Case,
    happened: list[DomainEvent],
    trace: str,
    before: Case | None = None,
    *,
    seen_by: Sequence[str] = (),
    was_seen_by: Sequence[str] = (),
) -> tuple[Envelope, ...]:
    """The change's events as sent to Kafka; all carry the state after the change, and each its hash in the chain.

    The last one's ``head`` becomes the case's. ``was_seen_by``: who saw ``before`` and does not see ``case``.
    """
    state, lane = to_state(case, seen_by), lane_of(case)
    head = before.head if before is not None else ""
    envelopes = []
    for n, (event, entry) in enumerate(zip(happened, _lines(case, len(happened)), strict=True)):
        id_, data = (
            event_id(case.id, case.version, n),
            encode(_case_event(state, case, event, before, entry, was_seen_by)),
        )
        head = linked(head, id_, event.TYPE, rfc3339(event.at), data)
        envelopes.append(
            Envelope(
                id=id_,
                type=event.TYPE,
                topic=contract.TOPIC,
                key=case.id,
                subject=case.id,
                city=case.city,
                sequence=case.version,
                time=event.at,
                lane=lane,
                trace=trace,
                data=data,
                head=head,
            )
        )
    return tuple(envelopes)


def lane_of(case: Case) -> int:
    """History by the case's flag ``historic``, danger by its current priority. When a case was raised to danger, its
    earlier events may arrive later: projections compare versions, and alerts take the newest state into account."""
    if case.historic:
        return HISTORY
    return DANGER if case.priority == "danger" else LIVE


def _lines(case: Case, count: int) -> list[Entry | None]:
    """The history lines of the newest ``count`` events; None for lines that the case no longer keeps."""
    lines = list(case.history[-count:])
    return [*([None] * (count - len(lines))), *lines]


def _case_event(
    state: contract.CaseState,
    case: Case,
    event: DomainEvent,
    before: Case | None,
    entry: Entry | None,
    was_seen_by: Sequence[str],
) -> contract.CaseEvent:
    moved = before is not None and before.unit != state.unit
    return contract.CaseEvent(
        case=state,
        was_path=[unit.id for unit in before.path] if before is not None and moved else [],
        was_offered_to=before.offered_to if before is not None and before.offered_to != state.offered_to else None,
        was_called=[unit for unit in before.called if unit not in case.called] if before is not None else [],
        was_seen_by=list(was_seen_by),
        by=event.by,
        by_unit=event.by_unit,
        tell=event.tells(case),
        act=event.act_meant,
        clock=event.clock_meant,
        due_at=event.due_meant,
        part=event.part_meant,
        fired_at=event.at if event.clock_meant else None,
        reason=event.text if isinstance(event, e.Rejected) and not state.confidential else None,
        score=event.score if isinstance(event, e.Rated) else None,
        attached=_attached(event),
        from_case=event.from_case if isinstance(event, Attached) else None,
        line=line(entry) if entry is not None else None,
    )


def _attached(event: DomainEvent) -> list[contract.ReportRef]:
    if not isinstance(event, Attached | Confirmed):
        return []
    return [
        contract.ReportRef(
            id=one.report.id,
            app=one.report.app,
            reporter=one.report.reporter,
            received_at=one.report.received_at,
            link=one.link,
            says=one.says,
        )
        for one in event.arrived
    ]


def _clock_state(clock: SlaClock) -> contract.ClockState:
    return contract.ClockState(
        kind=clock.kind,
        started_at=clock.started_at,
        target=clock.target,
        calendar=clock.calendar,
        due_at=clock.due_at,
        state=clock.state,
        met_at=clock.met_at,
        part=clock.part,
        pauses=[
            contract.PauseState(from_=p.since, until=p.until, reason=p.reason, to=p.to)
            for p in clock.pauses[-PAUSES_TOLD:]
        ],
        superseded_at=clock.superseded_at,
    )


def _question(case: Case) -> contract.QuestionState | None:
    asked = case.question
    if asked is None:
        return None
    return contract.QuestionState(at=asked.at, until=asked.until, text=None if case.confidential else asked.text)


def clock_view(clock: SlaClock) -> dict[str, Any]:
    """A clock as the API shows it."""
    view: dict[str, Any] = {
        "kind": clock.kind,
        "started_at": clock.started_at,
        "target": clock.target,
        "calendar": clock.calendar,
        "due_at": clock.due_at,
        "state": clock.state,
        "pauses": [_pause_view(pause) for pause in clock.pauses],
        "commitment": clock.commitment,
    }
    if clock.met_at is not None:
        view["met_at"] = clock.met_at
    if clock.extensions:
        view["extensions"] = [_without_nones(extension) for extension in clock.extensions]
    if clock.superseded_at is not None:
        view["superseded_at"] = clock.superseded_at
    if clock.part is not None:
        view["part"] = clock.part
    return view


def _pause_view(pause: Pause) -> dict[str, Any]:
    """``to`` is absent while it lasts."""
    view = {"from": pause.since, **_without_nones(pause)}
    for inner in ("since", "then"):
        view.pop(inner, None)
    return view


def _without_nones(value: Pause | Extension | Ask | Supervision) -> dict[str, Any]:
    return {field.name: v for field in fields(value) if (v := getattr(value, field.name)) is not None}


def part_view(case: Case, part: Part) -> dict[str, Any]:
    """A part as the API shows it, with its own clocks; empty fields are left out."""
    names = [field.name for field in fields(part) if field.name != "path"]
    shown = {name: value for name in names if (value := getattr(part, name)) is not None}
    return {**shown, "clocks": [clock_view(clock) for clock in case.clocks if clock.part == part.id]}


def row(case: Case) -> dict[str, Any]:
    """A queue row: what an officer needs to choose the next case."""
    return {
        "id": case.id,
        "version": case.version,
        "state": case.state.value,
        "priority": case.priority,
        "category": case.category,
        "kind": case.kind,
        "unit": case.unit,
        "within": case.within,
        "offered_to": case.offered_to,
        "place": case.location.place or case.location.address,
        "summary": "" if case.confidential else case.description[:SUMMARY_MAX],
        "opened_at": case.opened_at,
        "due_at": tightest(case),
        "clocks": [clock_view(clock) for clock in case.clocks],
        "report_count": case.report_count,
        "assignee": case.assignee,
        "confidential": case.confidential,
        "supervised_by": case.supervision.by_unit if case.supervision is not None else None,
    }


def tightest(case: Case) -> datetime | None:
    """The earliest deadline of the clocks under which something is still owed."""
    return min((clock.due_at for clock in case.clocks if clock.waits), default=None)


def answer(case: Case, actor: Actor | None) -> dict[str, Any]:
    """The case as ``GET /v1/cases/{id}`` answers it."""
    return {
        **row(case),
        "path": [unit.id for unit in case.path],
        "location": {
            "lon": case.location.lon,
            "lat": case.location.lat,
            "crs": "wgs84",
            "address": case.location.address,
            "place": case.location.place,
        },
        "description": case.description if shows_words(case, actor) else "",
        "photos": list(case.photos),
        "routing": {
            "by": case.routing.by,
            "pack_version": case.routing.pack_version,
            "near_border": case.routing.near_border,
            "flags": list(case.routing.flags),
            "category_by": case.routing.category_by,
            "rule": case.routing.rule,
            "commitment": case.routing.commitment,
            "why": list(case.routing.why),
        },
        "reports": [report_view(r, confidential=case.confidential) for r in reversed(case.reports[-REPORTS_KEPT:])],
        "parts": [part_view(case, part) for part in case.parts],
        "consultation": None
        if case.consultation is None
        else msgspec.to_builtins(case.consultation, builtin_types=(datetime,)),
        "follow_up": case.follow_up,
        "history": [history_view(entry, words=shows_words(case, actor)) for entry in case.history],
        "claimed_by": case.claimed_by,
        "resolved_by": case.resolved_by,
        "resolved_how": case.resolved_how,
        "inspected_by": case.inspected_by,
        "rating": case.rating,
        "asks": [_without_nones(ask) for ask in case.asks],
        "supervision": _without_nones(case.supervision) if case.supervision is not None else None,
        "question": _question_view(case),
        "historic": case.historic,
        "merged_into": case.merged_into,
        "linked_to": case.linked_to,
        "commands": open_commands(case, actor),
    }


def _question_view(case: Case) -> dict[str, Any] | None:
    asked = case.question
    if asked is None:
        return None
    return {"at": asked.at, "text": asked.text, "asked_by": asked.asked_by, "until": asked.until}


def report_view(report: Any, *, confidential: bool) -> dict[str, Any]:
    """A report on the case: who sent it stays with intake, a confidential one shows no reporter at all."""
    view = {"id": report.id, "received_at": report.received_at}
    told = {} if confidential else {"app": report.app, "entered_by": report.entered_by, "answers": dict(report.answers)}
    return {**view, **{name: value for name, value in told.items() if value not in (None, {})}}


def shows_words(case: Case, actor: Actor | None) -> bool:
    """Whether this officer may read the texts of the case: those of a confidential case only its handlers."""
    return not case.confidential or (actor is not None and actor.trusted)


def history_view(entry: Any, *, words: bool = True) -> dict[str, Any]:
    """A line of the history without empty fields; without ``words`` also without the fields of ``_SAID``."""
    fields = ("at", "version", "what", "by", "by_unit", "unit", "text", "clock", "due_at", "act", "part", "said_at")
    view = {name: value for name in fields if (value := getattr(entry, name)) is not None}
    if entry.photos:
        view["photos"] = list(entry.photos)
    if entry.where is not None:
        view["location"] = {"lon": entry.where[0], "lat": entry.where[1], "crs": "wgs84"}
    return view if words else {name: value for name, value in view.items() if name not in _SAID}


def etag(case: Case) -> str:
    """The ETag. It changes with commands, clocks and moves of the case only."""
    return f'"{case.officer_moves}"'
