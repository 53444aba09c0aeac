"""What reporters see: the newest public state of the case. The words are ``telling``'s."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from services.intake.reports.progress_texts import Telling
from services.intake.reports.report_store import ReportStore
from shared.city.pack import Pack
from shared.city.texts.reporter_steps import STEPS
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.kernel.ids import case_id, opening_report
from shared.kernel.vocabulary import ENDED_STATES
from shared.runtime.storage.mongo import Document

ATTACHING = frozenset({"case.opened.v1", "case.report_attached.v1", "case.confirmed.v1"})


class Progress:
    """Projects case events onto reports."""

    def __init__(self, store: ReportStore) -> None:
        self._store = store

    async def handle(self, events: Sequence[Envelope]) -> None:
        """The newest state of each case in the batch, and every report that was attached.

        Events that only change a case's state are read where they are the newest.
        """
        newest = {event.subject: event for event in sorted(events, key=lambda event: event.sequence)}
        updates: list[tuple[str, Document]] = []
        hanging: list[tuple[str, str, int, str | None]] = []
        seconds: list[tuple[str, str]] = []
        for event in events:
            shows = newest[event.subject] is event
            if not shows and event.type not in ATTACHING:
                continue
            data = decode(event, CaseEvent)
            hanging += [(report.id, data.case.id, report.link, report.says) for report in data.attached]
            if event.type == "case.opened.v1":
                seconds += [(r.id, data.case.id) for r in data.case.reports if case_id(r.id) != data.case.id]
            if shows:
                updates.append((opening_report(data.case.id), _shown(data)))
        await self._store.show_progress(updates)
        if hanging:
            await self._store.show_hanging(hanging)
        if seconds:
            await self._store.show_second(seconds)


def _shown(event: CaseEvent) -> Document:
    case = event.case
    about = ("id", "version", "state", "category", "priority", "clocks", "steps", "pack_version")
    sight = ("unit", "path", "within", "offered_to", "assignee", "confidential", "seen_by")
    kept = (*about, *sight, "cell", "lon", "lat", "opened_at", "merged_into", "report_count")
    shown: Document = msgspec.to_builtins({k: getattr(case, k) for k in kept}, builtin_types=(datetime,))
    shown["clocks"] = [clock for clock in shown["clocks"] if "part" not in clock]
    shown["question"] = msgspec.to_builtins(case.question, builtin_types=(datetime,))
    shown["open"] = case.state not in ENDED_STATES
    if event.reason is not None:
        shown["reason"] = event.reason
    return shown


def report_view(report: Mapping[str, Any], pack: Pack) -> dict[str, Any]:
    """``GET /v1/reports/{id}``."""
    case, telling = report.get("case"), Telling(report, pack)
    view: dict[str, Any] = {
        "id": report["_id"],
        "status": case["state"] if case else "accepted",
        "status_text": telling.word(case["state"] if case else "accepted"),
        "received_at": report["received_at"],
        "kind": report["kind"],
        "description": report["description"],
        "photos": [*report["photos"], *report.get("added_photos", ())],
        "steps": _steps(report, pack, telling),
    }
    if case:
        unit = pack.units.get(case["unit"])
        view["unit"] = {"id": case["unit"], "name": unit.name if unit else case["unit"]}
        view["case"] = {k: case[k] for k in ("id", "state", "version", "category", "priority", "clocks")}
        if case.get("question") is not None:
            view["question"] = {"text": telling.word("waiting_reporter"), **case["question"]}
        if "also" in report:
            view["also"] = [{k: other[k] for k in ("id", "state", "category")} for other in report["also"]]
        view |= _hanging(report["hangs"], telling) if "hangs" in report else {"message": telling.message()}
        if "reason" in case:
            view["reason"] = case["reason"]
    if "answers" in report:
        view["answers"] = report["answers"]
    if report["confidential"]:
        view["confidential"] = True
    if "entered_by" in report:
        view |= {"entered_by": report["entered_by"], "channel": report["channel"]}
    if "rating" in report:
        view["rating"] = report["rating"]
    return view


def _hanging(hangs: Mapping[str, Any], telling: Telling) -> dict[str, Any]:
    """What the reporter of something that others reported too, or that is mended, reads first."""
    if hangs["says"] is not None:
        return {"message": telling.thanks(), "feedback": hangs["says"]}
    return {"message": telling.joined(), "merged": True}


def _steps(report: Mapping[str, Any], pack: Pack, telling: Telling) -> list[dict[str, Any]]:
    def line(what: str, at: datetime, of: str | None = None) -> dict[str, Any]:
        unit = pack.units.get(of or "")
        whose = {"unit": {"id": unit.id, "name": unit.name}} if unit else {}
        return {"at": at, "what": what, "text": telling.step(what, at, of), **whose}

    steps = [line("report.received", report["received_at"])]
    for step in (report.get("case") or {}).get("steps", ()):
        told = (steps[-1]["what"], steps[-1].get("unit", {}).get("id"))
        if step["what"] in STEPS and told != (step["what"], step.get("unit")):
            steps.append(line(step["what"], step["at"], step.get("unit")))
    if report.get("hangs", {"says": ""})["says"] is None:
        steps.append(line("report.merged", report["received_at"]))
    steps += [
        {**own, "text": telling.step(own["what"], own["at"]) or own["text"]} for own in report.get("own_steps", ())
    ]
    return sorted(steps, key=lambda step: step["at"])
