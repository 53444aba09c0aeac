"""``whistle trace``: everything that the services keep about a report, a case or an event, in order of time."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from deploy.cli.api import SERVICES, Api, Failed, JsonObject, Refused
from deploy.cli.screen import moment, show_json, show_table, span
from deploy.cli.words import CLOCKS, gloss, step

DETAILS = ("by", "unit", "clock", "act", "score", "reason")


@dataclass(frozen=True)
class Happened:
    """One thing: when (the stack's clock), where it is kept, what, and its id. ``mark``: it is what was asked for."""

    at: datetime
    service: str
    what: str
    id: str
    detail: str
    mark: bool = False


def trace(api: Api, id_: str, as_json: bool) -> None:
    """Print the whole story that ``id_`` belongs to. Failed when no service knows it."""
    report, case = _story(api, id_)
    events = [event for about in (report, case) if about for event in _events(api, about)]
    happened = [_event(service, event, id_) for service, event in events]
    if case is not None:
        stored = {event["id"]: event for _, event in events}
        happened += _alerts(api, case) + _deliveries(api, case, stored)
    if not happened:
        raise Failed(f"no service knows {id_}; wanted is the id of a report (r…), a case (c…) or an event")
    happened.sort(key=lambda one: one.at)
    if as_json:
        show_json({"id": id_, "report": report, "case": case, "items": [asdict(one) for one in happened]})
        return
    title = f"全链路追踪 trace of {id_}: report {report or '–'}, case {case or '–'}"
    show_table(title, ("time (UTC)", "+after", "service", "what", "detail", "id"), _rows(happened))


def _story(api: Api, id_: str) -> tuple[str | None, str | None]:
    """The report and the case that an id belongs to; None for what there is not.

    An event's id is followed to what it is about, an alert's to its case. A case goes by the report that opened it.
    """
    subject = id_
    if "." in id_:
        found = [event for _, event in _events(api, id_)]
        if not found:
            raise Failed(f"no service has stored an event {id_}")
        subject = found[0]["data"].get("case") if found[0]["type"].startswith("alert.") else found[0]["subject"]
    if subject.startswith("r"):
        try:
            case = api.get("intake", f"/v1/reports/{subject}").get("case", {}).get("id")
        except Refused:
            case = None
        return subject, case
    return (f"r{subject[1:]}", subject) if subject.startswith("c") else (None, subject)


def _events(api: Api, id_: str) -> list[tuple[str, JsonObject]]:
    """Stored events of all services about ``id_``, or the one of that id."""
    return [(name, event) for name in SERVICES for event in api.get(name, f"/v1/trace/{id_}")["items"]]


def _event(service: str, event: JsonObject, asked: str) -> Happened:
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
    return Happened(moment(event["time"]), service, step(event["type"]), event["id"], detail, event["id"] == asked)


def _alerts(api: Api, case: str) -> list[Happened]:
    items = api.get("notifier", "/v1/alerts", case=case, limit=200)["items"]
    return [
        Happened(
            moment(alert["at"]),
            "notifier",
            f"{alert['title']} alert",
            alert["id"],
            f"{alert['kind']} to {alert['recipient']} ({alert['unit']}) by {_channels(alert)}, {alert['state']}, "
            f"{span((moment(alert['at']) - moment(alert['event_at'])).total_seconds())} after its event",
        )
        for alert in items
    ]


def _channels(alert: JsonObject) -> str:
    """The inbox, and how far the others are."""
    return ", ".join([alert["channel"], *(f"{one['channel']} ({one['state']})" for one in alert["channels"])])


def _deliveries(api: Api, case: str, events: dict[str, JsonObject]) -> list[Happened]:
    """Webhook deliveries. They are timed in real time, which a moved clock leaves: shown as their event's time plus
    the real time that passed since it was stored."""
    happened = []
    for delivery in api.get("notifier", "/v1/deliveries", case=case)["items"]:
        last = moment(delivery.get("last_at") or delivery["made_at"])
        event = events.get(delivery["event"])
        passed = last - moment(event["stored_at"]) if event and event["stored_at"] else timedelta()
        at = moment(event["time"]) + max(passed, timedelta()) if event else last
        outcome = " ".join(str(delivery[k]) for k in ("last_outcome", "last_status") if k in delivery)
        detail = (
            f"{delivery['state']} to {delivery['webhook']}: {outcome or 'not tried yet'}, {delivery['attempts']} tried"
        )
        happened.append(Happened(at, "notifier", f"webhook {delivery['type']}", delivery["id"], detail))
    return happened


def _rows(happened: list[Happened]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for number, one in enumerate(happened):
        before: Any = happened[max(0, number - 1)].at
        time = one.at.strftime("%m-%d %H:%M:%S.%f")[:-3]
        after = f"+{span((one.at - before).total_seconds())}" if number else ""
        rows.append((f"{'▶ ' if one.mark else ''}{time}", after, one.service, one.what, one.detail, one.id))
    return rows
