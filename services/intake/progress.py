"""What reporters see: the newest public state of the case, in the glossary's words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from services.intake.store import ReportStore
from shared.city.pack import Pack
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.envelope import Envelope
from shared.kernel.ids import case_id, opening_report
from shared.runtime.mongo import Document

RIDER_WORDS = {
    "queued": "已派单",
    "acknowledged": "已签收",
    "claimed": "已接单",
    "on_site": "已到现场",
    "in_progress": "处置中",
    "waiting_reporter": "请补充信息",
    "resolved": "已处置",
    "closed": "已办结",
    "merged": "已与同一问题合并",
    "rejected": "未受理",
    "reopened": "重新办理",
}
STEP_WORDS = {
    "case.opened": "已派单",
    "case.acknowledged": "已签收",
    "case.claimed": "已接单",
    "case.on_site": "已到现场",
    "case.started": "处置中",
    "case.resolved": "已处置",
    "case.closed": "已办结",
    "case.rejected": "未受理",
    "case.reopened": "重新办理",
    "case.moved": "已转办",
    "case.info_requested": "请补充信息",
    "case.info_given": "已补充信息",
    "case.info_missing": "逾期未补充信息",
    "case.escalated": "已上报上级",
    "clock.breached": "已超时",
}
"""Steps that a reporter is shown; the rest is the officers' business."""
ATTACHING = frozenset({"case.opened.v1", "case.report_attached.v1", "case.confirmed.v1"})
ENDED = frozenset({"closed", "rejected", "merged"})


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
    sight = ("unit", "path", "within", "offered_to", "assignee", "confidential")
    kept = (*about, *sight, "cell", "lon", "lat", "opened_at", "merged_into", "report_count")
    shown: Document = msgspec.to_builtins({k: getattr(case, k) for k in kept}, builtin_types=(datetime,))
    shown["clocks"] = [clock for clock in shown["clocks"] if "part" not in clock]
    shown["question"] = msgspec.to_builtins(case.question, builtin_types=(datetime,))
    shown["open"] = case.state not in ENDED
    if event.reason is not None:
        shown["reason"] = event.reason
    return shown


def report_view(report: Mapping[str, Any], pack: Pack) -> dict[str, Any]:
    """``GET /v1/reports/{id}``."""
    case = report.get("case")
    view: dict[str, Any] = {
        "id": report["_id"],
        "status": case["state"] if case else "accepted",
        "status_text": RIDER_WORDS[case["state"]] if case else "已收到",
        "received_at": report["received_at"],
        "kind": report["kind"],
        "description": report["description"],
        "photos": [*report["photos"], *report.get("added_photos", ())],
        "steps": _steps(report, pack),
    }
    if case:
        unit = pack.units.get(case["unit"])
        name = unit.name if unit else case["unit"]
        view["unit"] = {"id": case["unit"], "name": name}
        view["case"] = {k: case[k] for k in ("id", "state", "version", "category", "priority", "clocks")}
        view["message"] = _receipt(name, case)
        if case.get("question") is not None:
            view["question"] = {"text": RIDER_WORDS["waiting_reporter"], **case["question"]}
        if "also" in report:
            view["also"] = [{k: other[k] for k in ("id", "state", "category")} for other in report["also"]]
        if "hangs" in report:
            view |= _hanging(report["hangs"], name, case)
        if "reason" in case:
            view["reason"] = case["reason"]
    if report["confidential"]:
        view["confidential"] = True
    if "entered_by" in report:
        view |= {"entered_by": report["entered_by"], "channel": report["channel"]}
    if "rating" in report:
        view["rating"] = report["rating"]
    return view


def _hanging(hangs: Mapping[str, Any], unit: str, case: Mapping[str, Any]) -> dict[str, Any]:
    """What the reporter of something that others reported too, or that is mended, reads first."""
    if hangs["says"] is not None:
        return {"message": f"谢谢您的反馈，已转告【{unit}】", "feedback": hangs["says"]}
    message = f"已与同一问题合并（{case['report_count']}人上报）。{_receipt(unit, case)}"
    return {"message": message, "merged": True}


def _receipt(unit: str, case: Mapping[str, Any]) -> str:
    """The sentence that riders wait for; the minutes are the commitment's."""
    clock = next((c for c in case["clocks"] if c["kind"] == "acknowledge"), None)
    if case["state"] != "queued" or clock is None:
        return f"{RIDER_WORDS[case['state']]}：{unit}"
    minutes = round((clock["due_at"] - clock["started_at"]).total_seconds() / 60)
    return f"收到！已派给【{unit}】，{minutes}分钟内签收"


def _steps(report: Mapping[str, Any], pack: Pack) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = [{"at": report["received_at"], "what": "report.received", "text": "已收到"}]
    for step in (report.get("case") or {}).get("steps", ()):
        told = (steps[-1]["what"], steps[-1].get("unit", {}).get("id"))
        if step["what"] in STEP_WORDS and told != (step["what"], step.get("unit")):
            unit = pack.units.get(step.get("unit", ""))
            steps.append(
                {
                    "at": step["at"],
                    "what": step["what"],
                    "text": STEP_WORDS[step["what"]],
                    **({"unit": {"id": unit.id, "name": unit.name}} if unit else {}),
                }
            )
    if report.get("hangs", {"says": ""})["says"] is None:
        steps.append({"at": report["received_at"], "what": "report.merged", "text": RIDER_WORDS["merged"]})
    steps += report.get("own_steps", [])
    return sorted(steps, key=lambda step: step["at"])
