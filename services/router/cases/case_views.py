"""A case as the API shows it: the row of a queue, the answer about one case, its history."""

from dataclasses import fields
from datetime import datetime
from typing import Any

import msgspec

from services.router.cases.published_events import SUMMARY_MAX
from services.router.domain.case import REPORTS_KEPT, Case, Part, Supervision
from services.router.domain.clock import Ask, Extension, Pause, SlaClock
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import open_commands

_SAID = ("text", "photos", "said_at", "location")
"""Fields of a history line that hold what somebody wrote, stated or photographed."""


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
        "clocks": [] if case.historic else [clock_view(clock) for clock in case.clocks],
        "report_count": case.report_count,
        "assignee": case.assignee,
        "confidential": case.confidential,
        "supervised_by": case.supervision.by_unit if case.supervision is not None else None,
    }


def tightest(case: Case) -> datetime | None:
    """The earliest deadline of the clocks under which something is still owed; of history nothing is."""
    if case.historic:
        return None
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
