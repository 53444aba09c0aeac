"""``whistle dead`` and ``whistle replay``: messages that could not be handled, and events published again."""

from datetime import UTC, datetime
from typing import Literal

from rich.progress import Progress

from deploy.cli.api import SERVICES, Api, Failed, JsonObject, Refused, Service
from deploy.cli.screen import show_json, show_table
from deploy.cli.terminal import err, out
from shared.kernel.durations import DurationError, parse_duration

Act = Literal["replay", "drop"]
"""A replay goes in so many stretches of time: none is too long for one answer, and its progress can be shown."""


def listed(api: Api, as_json: bool) -> None:
    """Every parked message of every service, newest first."""
    items = [{"service": name, **item} for name in SERVICES for item in api.get(name, "/v1/dead-letters")["items"]]
    items.sort(key=lambda item: str(item["parked_at"]), reverse=True)
    if as_json:
        show_json({"items": items})
    elif not items:
        out.print("no message is parked")
    else:
        rows = [(i["parked_at"][:19], i["service"], i["group"], i["reason"][:80], i["id"]) for i in items]
        show_table("异常消息 parked messages", ("parked at (UTC)", "service", "group", "reason", "id"), rows)


def shown(api: Api, id_: str, as_json: bool) -> None:
    """One parked message, whole."""
    service, item = _find(api, id_)
    if as_json:
        show_json({"service": service, **item})
        return
    for name, value in {"service": service, **item}.items():
        out.print(f"{name:<10} {value}")


def decide(api: Api, act: Act, id_: str | None, everything: bool, dry_run: bool, as_json: bool) -> None:
    """Replay or drop one message, or all that are parked. Failed for a message that was decided on already."""
    if (id_ is None) != everything:
        raise Failed(f"say which: `whistle dead {act} ID`, or --all")
    found = _all(api) if id_ is None else [_find(api, id_)]
    done: list[JsonObject] = []
    for service, item in found:
        if item["state"] != "parked":
            raise Failed(f"{item['id']} was {item['state']} already")
        api.post(service, f"/v1/dead-letters/{item['id']}/{act}", {"dry_run": dry_run})
        done.append({"service": service, "id": item["id"], "reason": item["reason"]})
    if as_json:
        show_json({"act": act, "dry_run": dry_run, "items": done})
        return
    would = "would " if dry_run else ""
    for one in done:
        out.print(f"{would}{act} {one['id']} of {one['service']} ({one['reason']})")
    if not done:
        out.print("no message is parked")


def replay(api: Api, since: str, dry_run: bool, as_json: bool) -> None:
    """Publish again what every service stored since a time: RFC 3339, or a duration back from now (``PT2H``)."""
    start = _since(since)
    counts: dict[Service, int] = dict.fromkeys(SERVICES, 0)
    with Progress(console=err, disable=not err.is_terminal, transient=True) as progress:
        for name in SERVICES:
            line = progress.add_task(name, total=None)
            body = {"since": start.isoformat(), "dry_run": dry_run}
            while "after" not in body or body["after"] is not None:
                said = api.post(name, "/v1/replay", body)
                counts[name] += said["events"]
                body["after"] = said["next"]
                progress.update(line, description=f"{name}: {counts[name]} events")
            progress.update(line, total=1, completed=1)
    if as_json:
        show_json({"since": start, "dry_run": dry_run, "events": counts})
        return
    for service, count in counts.items():
        out.print(f"{service:<9} {count} events {'would be published' if dry_run else 'published'} again")


def _since(text: str) -> datetime:
    try:
        return datetime.now(UTC) - parse_duration(text).plain()
    except DurationError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Failed(f"{text!r} is neither a time (2026-11-23T08:00:00Z) nor a duration back from now (PT2H)") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _all(api: Api) -> list[tuple[Service, JsonObject]]:
    return [(name, item) for name in SERVICES for item in api.get(name, "/v1/dead-letters")["items"]]


def _find(api: Api, id_: str) -> tuple[Service, JsonObject]:
    """The service that holds a parked message, and the message. Failed when none does."""
    for name in SERVICES:
        try:
            return name, api.get(name, f"/v1/dead-letters/{id_}")
        except Refused as refused:
            if refused.status != 404:
                raise
    raise Failed(f"no service has a parked message {id_}: `whistle dead list`")
