"""``whistle trace``: what the services keep about a report and its case, in order of time, with who delayed it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from deploy.cli.api import Api, Failed, JsonObject
from deploy.cli.screen import show_json, show_table, span
from deploy.cli.story.asking import Reached, answered, local_time
from deploy.cli.story.log_lines import lines_with
from deploy.cli.terminal import out
from deploy.counting import counted
from shared.operations.answers import FoundReport
from shared.operations.asking import Asking
from shared.operations.event_names import CLOCKS, gloss, step
from shared.operations.lookup import Found, NotFound, SeveralReports, find
from shared.operations.story import Happened, Story, story

WANTED = (
    "the id of a report (r…), case (c…), alert (a…), delivery (d…) or event, a traceparent,\n"
    "the trace_id of a problem, or the last four digits of the reporter's telephone"
)


def trace(api: Api, id_: str, data: Path, as_json: bool) -> None:
    """Print the whole story that ``id_`` belongs to, as far as services answer; those that do not are named.

    Failed when nobody knows it.
    """
    asking = Asking(Reached(api))
    try:
        found, told, zone = answered(_told(asking, id_, data))
    except SeveralReports as several:
        _show_reports(answered(asking.zone()), several.items, as_json)
        return
    except NotFound as unknown:
        raise Failed(_not_found(unknown)) from unknown
    if not told.items and not found.logged:
        raise Failed(_unknown(id_, asking))
    if as_json:
        items = [_item(one) for one in told.items]
        about = {"report": found.report, "case": found.case, "timezone": zone, "missing": asking.missing}
        show_json({"id": id_, **about, "items": items, "log": found.logged})
        return
    title = f"全链路追踪 trace of {id_}: report {found.report or '–'}, case {found.case or '–'}; times are {zone}"
    if told.items:
        show_table(title, (f"time ({zone})", "+took", "service", "what", "detail", "id"), _rows(told.items, zone))
    for line in found.logged:
        out.print(f"  log {line['service']}: {', '.join(f'{n} {v}' for n, v in line.items() if n != 'service')}")
    for service, why in asking.missing.items():
        out.print(f"✗ without {service}, which did not answer: {why}")


async def _told(asking: Asking, id_: str, data: Path) -> tuple[Found, Story, str]:
    found = await find(asking, id_, partial(lines_with, data))
    told = await story(asking, found, id_, datetime.now(UTC))
    return found, told, await asking.zone(told.city)


def _not_found(unknown: NotFound) -> str:
    asked = unknown.asked
    match unknown.why:
        case "empty":
            return f"say what to trace: {WANTED}"
        case "no-such-event":
            return f"no service has stored an event, alert or delivery {asked}"
        case "no-such-telephone":
            seen = counted(unknown.searched, "reporter who was seen last", "reporters who were seen last")
            return f"none of the {seen} has a telephone that ends in {asked}"
        case "no-such-trace":
            return (
                f"no service has stored anything in the trace {asked}: it is too long ago, or the request was "
                f"refused;\na refusal is in the log of the service that answered: look there for {asked}"
            )
        case "no-such-id":
            return f"{asked} is no id; wanted is {WANTED}"


def _unknown(id_: str, asking: Asking) -> str:
    if asking.missing:
        away = "\n".join(f"  {service}: {why}" for service, why in asking.missing.items())
        return f"no service that answers knows {id_}; without an answer:\n{away}"
    return f"no service knows {id_}; wanted is {WANTED}"


def _what(one: Happened) -> str:
    match one.kind:
        case "event":
            return step(one.what)
        case "alert":
            return f"{one.what} alert"
        case "delivery":
            return f"webhook {one.what}"


def _detail(one: Happened) -> str:
    told = one.detail
    match one.kind:
        case "event":
            return " · ".join(
                f"{name} {gloss(CLOCKS, said) if name == 'clock' else said}" for name, said in told.items()
            )
        case "alert":
            return f"{told['kind']} to {told['recipient']} ({told['unit']}) by {told['channels']}, {told['state']}"
        case "delivery":
            tried = f"{told['outcome'] or 'not tried yet'}, {told['attempts']} tried"
            return f"{told['state']} to {told['webhook']}: {tried}"


def _item(one: Happened) -> JsonObject:
    shown: JsonObject = {"at": one.at, "service": one.service, "what": _what(one), "id": one.id}
    return {**shown, "detail": _detail(one), "took": one.took, "mark": one.mark}


def _rows(happened: Sequence[Happened], zone: str) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for one in happened:
        time = one.at.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M:%S.%f")[:-3]
        took = "" if one.took is None else span(one.took)
        rows.append((f"{'▶ ' if one.mark else ''}{time}", took, one.service, _what(one), _detail(one), one.id))
    return rows


def _show_reports(zone: str, items: Sequence[FoundReport], as_json: bool) -> None:
    """Reports of a telephone, newest first, for a person to choose from."""
    if as_json:
        show_json({"reports": msgspec.to_builtins(list(items))})
        return
    rows = [(local_time(one.received_at, zone), one.city, one.app, one.report) for one in items]
    show_table("reports of that telephone: `whistle trace REPORT`", (f"time ({zone})", "city", "app", "report"), rows)
