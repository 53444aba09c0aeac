"""The timelines of both acts as the services tell them afterwards: every figure is read back from an API."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from deploy.cli.api import JsonObject
from deploy.cli.clocks import arithmetic, verdict
from deploy.cli.screen import moment, named, show_table, span
from deploy.demo.play import Play, Played
from shared.operations.event_names import ACTS, CLOCKS, gloss, step

ALERTS = {"new": "new case", "reminder": "reminder", "breach": "overdue", "supervise": "supervise", "moved": "moved in"}


def story(play: Play, played: Played) -> JsonObject:
    """Everything that the services tell of an act, for ``--json`` and for the tables."""
    whole: JsonObject = {
        "report": played.app.get("intake", f"/v1/reports/{played.report}"),
        "explain": play.explained(played.case),
        "history": play.history(played.case),
        "alerts": play.alerts(played.case),
        "deliveries": [],
    }
    if played.webhook is not None:
        path = f"/v1/webhooks/{played.webhook}/deliveries"
        whole["deliveries"] = played.app.get("notifier", path, limit=200)["items"]
    return whole


def tell(play: Play, played: Played, told: JsonObject, title: str) -> None:
    """The act's tables: timeline, clocks, and what the reporter saw."""
    unit, category = named(told["explain"]["unit"]), named(told["explain"]["category"])
    place = told["explain"]["routing"]["place"] or "–"
    show_table(
        f"{title}: “{played.scene}”  {category} · {place} · {unit}",
        ("time", "+after", "what", "who", "detail"),
        _timeline(play, told),
    )
    show_table("时限 clocks", ("clock", "commitment", "start + target → due", "verdict"), _clocks(told["explain"]))
    show_table("上报人 the reporter's page", ("time", "+after", "what", "unit"), _page(play, told["report"]))
    if told["deliveries"]:
        columns = ("what", "+version", "+made to delivered", "+attempts", "answer", "signature")
        show_table("骑手平台 webhooks to the rider's app", columns, _webhooks(play, told["deliveries"]))


def _timeline(play: Play, told: JsonObject) -> list[tuple[str, ...]]:
    """History and alerts in order of time; an alert stands after what caused it."""
    acts = {(r["fired_at"], r["act"]) for clock in told["explain"]["clocks"] for r in clock["rungs"] if "fired_at" in r}
    rows = [(moment(line["at"]), 0, _line(play, line, acts)) for line in told["history"]]
    rows += [(moment(alert["at"]), 1, _alert(play, alert)) for alert in told["alerts"]]
    return _timed(play, [(at, cells) for at, _, cells in sorted(rows, key=lambda row: row[:2])])


def _timed(play: Play, rows: Sequence[tuple[datetime, tuple[str, ...]]]) -> list[tuple[str, ...]]:
    zone = ZoneInfo(play.pack.city.timezone)
    timed = []
    for number, (at, cells) in enumerate(rows):
        before = rows[max(0, number - 1)][0]
        clock = at.astimezone(zone).strftime("%H:%M:%S.%f")[:-3]
        timed.append((clock, f"+{span((at - before).total_seconds())}" if number else "", *cells))
    return timed


def _line(play: Play, line: JsonObject, acts: set[tuple[str, str]]) -> tuple[str, ...]:
    """A line of the history; a rung of the ladder with what it did."""
    person = play.pack.people.get(line.get("by", ""))
    who = f"{person.name} ({line.get('by_unit')})" if person is not None else ""
    detail = [gloss(CLOCKS, line["clock"])] if "clock" in line else []
    if line["what"] == "case.escalated":
        detail += [gloss(ACTS, act) for at, act in acts if at == line["at"]]
    if line["what"] in ("case.opened", "case.escalated"):
        detail.append(f"→ {play.unit(line['unit'])}")
    detail += [f"“{line['text']}”"] if line.get("text") else []
    detail += [f"{len(line['photos'])} photo"] if line.get("photos") else []
    return step(line["what"]), who, " · ".join(detail)


def _alert(play: Play, alert: JsonObject) -> tuple[str, ...]:
    person = play.pack.people[alert["recipient"]]
    took = span((moment(alert["at"]) - moment(alert["event_at"])).total_seconds())
    post = f"{person.post}岗 post {person.post}" if person.post else person.role
    kind = ALERTS.get(alert["kind"], alert["kind"])
    return f"  {alert['title']} alert", f"{person.name} ({person.unit})", f"{post} · {kind} · {took} after"


def _clocks(explained: JsonObject) -> list[tuple[str, ...]]:
    now = moment(explained["now"])
    return [
        (
            gloss(CLOCKS, clock["kind"]),
            f"{clock['commitment']['id']}@{clock['commitment']['version'][:6]}",
            arithmetic(clock, explained["timezone"]),
            verdict(clock, now),
        )
        for clock in explained["clocks"]
    ]


def _page(play: Play, report: JsonObject) -> list[tuple[str, ...]]:
    rows = [(moment(s["at"]), (step(s["what"]), s.get("unit", {}).get("name", ""))) for s in report["steps"]]
    return _timed(play, rows)


def _webhooks(play: Play, deliveries: list[JsonObject]) -> list[tuple[str, ...]]:
    """Deliveries as the notifier has them, beside what the receiver verified."""
    heard = {received.id: received for received in play.receiver.received}
    rows: list[tuple[str, ...]] = []
    for delivery in reversed(deliveries):
        received = heard.get(delivery["id"])
        took = (moment(delivery["last_at"]) - moment(delivery["made_at"])).total_seconds()
        rows.append(
            (
                step(delivery["type"]),
                str(received.version) if received else "",
                span(took),
                str(delivery["attempts"]),
                f"{delivery['last_outcome']} {delivery['last_status']}",
                "✓" if received else "none came",
            )
        )
    return rows
