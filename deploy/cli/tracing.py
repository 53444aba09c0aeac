"""``whistle trace``: what the services keep about a report and its case, in order of time, with who delayed it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from deploy.cli.api import Api, Failed, JsonObject
from deploy.cli.screen import moment, show_json, show_table, span
from deploy.cli.story.asking import Asking, local_time
from deploy.cli.story.delays import Delays
from deploy.cli.story.lookup import WANTED, Found, SeveralReports, find
from deploy.cli.terminal import out
from deploy.cli.words import CLOCKS, gloss, step

DETAILS = ("by", "unit", "clock", "act", "score", "reason")


@dataclass(frozen=True)
class Happened:
    """One thing: when (the stack's clock), where it is kept, what, its id; ``took``: seconds by which ``service``
    delayed it. ``mark``: it is what was asked for."""

    at: datetime
    service: str
    what: str
    id: str
    detail: str
    took: float | None = None
    mark: bool = False


def trace(api: Api, id_: str, data: Path, as_json: bool) -> None:
    """Print the whole story that ``id_`` belongs to, as far as services answer; those that do not are named.

    Failed when nobody knows it.
    """
    asking = Asking(api)
    try:
        found = find(asking, id_, data)
    except SeveralReports as several:
        _show_reports(asking, several.items, as_json)
        return
    happened, city = _story(asking, found, id_)
    if not happened and not found.logged:
        raise Failed(_unknown(id_, asking))
    zone = asking.zone(city)
    if as_json:
        items = [asdict(one) for one in happened]
        told = {"report": found.report, "case": found.case, "timezone": zone, "missing": asking.missing}
        show_json({"id": id_, **told, "items": items, "log": found.logged})
        return
    title = f"全链路追踪 trace of {id_}: report {found.report or '–'}, case {found.case or '–'}; times are {zone}"
    if happened:
        show_table(title, (f"time ({zone})", "+took", "service", "what", "detail", "id"), _rows(happened, zone))
    for line in found.logged:
        out.print(f"  log {line['service']}: {', '.join(f'{n} {v}' for n, v in line.items() if n != 'service')}")
    for service, why in asking.missing.items():
        out.print(f"✗ without {service}, which did not answer: {why}")


def _story(asking: Asking, found: Found, asked: str) -> tuple[list[Happened], str | None]:
    """All that happened, in order of time, and the city."""
    events = {e["id"]: (name, e) for about in (found.report, found.case) if about for name, e in asking.events(about)}
    stored = {id_: moment(event["stored_at"]) for id_, (_, event) in events.items() if event["stored_at"]}
    delays = Delays(stored, asking.shift())
    kept = [(name, event) for name, event in events.values() if not event["type"].startswith("alert.")]
    happened = [_event(service, event, delays, asked) for service, event in kept]
    if found.case is not None:
        of_alerts = {event["subject"]: stored.get(id_) for id_, (_, event) in events.items()}
        happened += _alerts(asking, found.case, of_alerts, delays, asked)
        happened += _deliveries(asking, found.case, {id_: event for id_, (_, event) in events.items()}, delays, asked)
    city = next((str(event["city"]) for _, event in events.values() if "city" in event), None)
    return sorted(happened, key=lambda one: one.at), city


def _unknown(id_: str, asking: Asking) -> str:
    if asking.missing:
        away = "\n".join(f"  {service}: {why}" for service, why in asking.missing.items())
        return f"no service that answers knows {id_}; without an answer:\n{away}"
    return f"no service knows {id_}; wanted is {WANTED}"


def _event(service: str, event: JsonObject, delays: Delays, asked: str) -> Happened:
    data: JsonObject = event["data"]
    told = {name: data[name] for name in DETAILS if data.get(name) is not None}
    if "clock" in told:
        told["clock"] = gloss(CLOCKS, told["clock"])
    if data.get("tell"):
        told["tell"] = ", ".join(data["tell"])
    case = data.get("case")
    if isinstance(case, dict):
        told |= {"unit": case["unit"], "state": case["state"], "version": case["version"]}
    detail = " · ".join(f"{name} {value}" for name, value in told.items())
    id_, took = event["id"], delays.of_event(event)
    return Happened(delays.happened(event), service, step(event["type"]), id_, detail, took, id_ == asked)


def _alerts(
    asking: Asking, case: str, stored: dict[str, datetime | None], delays: Delays, asked: str
) -> list[Happened]:
    items = asking.get("notifier", "/v1/alerts", case=case, limit=200).get("items", ())
    return [
        Happened(
            moment(alert["at"]),
            "notifier",
            f"{alert['title']} alert",
            alert["id"],
            f"{alert['kind']} to {alert['recipient']} ({alert['unit']}) by {_channels(alert)}, {alert['state']}",
            delays.since(alert.get("because", ""), stored.get(alert["id"])),
            asked in (alert["id"], f"{alert['id']}.1.0", *(one.get("id") for one in alert["channels"])),
        )
        for alert in items
    ]


def _channels(alert: JsonObject) -> str:
    """The inbox, and how far the others are."""
    return ", ".join([alert["channel"], *(f"{one['channel']} ({one['state']})" for one in alert["channels"])])


def _deliveries(asking: Asking, case: str, events: dict[str, JsonObject], delays: Delays, asked: str) -> list[Happened]:
    """Webhook deliveries. They are timed in real time, which a moved clock leaves: shown as their event's time plus
    the real time that passed since it was stored."""
    happened = []
    for delivery in asking.get("notifier", "/v1/deliveries", case=case).get("items", ()):
        last = moment(delivery.get("last_at") or delivery["made_at"])
        event = events.get(delivery["event"])
        passed = last - moment(event["stored_at"]) if event and event["stored_at"] else timedelta()
        at = delays.happened(event) + max(passed, timedelta()) if event else last
        outcome = " ".join(str(delivery[k]) for k in ("last_outcome", "last_status") if k in delivery)
        tried = f"{outcome or 'not tried yet'}, {delivery['attempts']} tried"
        detail = f"{delivery['state']} to {delivery['webhook']}: {tried}"
        id_, took = delivery["id"], delays.since(delivery["event"], moment(delivery["made_at"]))
        happened.append(Happened(at, "notifier", f"webhook {delivery['type']}", id_, detail, took, id_ == asked))
    return happened


def _rows(happened: Sequence[Happened], zone: str) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for one in happened:
        time = one.at.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M:%S.%f")[:-3]
        took = "" if one.took is None else span(one.took)
        rows.append((f"{'▶ ' if one.mark else ''}{time}", took, one.service, one.what, one.detail, one.id))
    return rows


def _show_reports(asking: Asking, items: Sequence[JsonObject], as_json: bool) -> None:
    """Reports of a telephone, newest first, for a person to choose from."""
    if as_json:
        show_json({"reports": items})
        return
    zone = asking.zone()
    rows = [(local_time(one["received_at"], zone), one["city"], one["app"], one["report"]) for one in items]
    show_table("reports of that telephone: `whistle trace REPORT`", (f"time ({zone})", "city", "app", "report"), rows)
