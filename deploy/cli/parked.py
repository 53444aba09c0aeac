"""``whistle dead`` and ``whistle replay``: messages that could not be handled, and events published again."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from rich.progress import Progress

from deploy.cli.api import SERVICES, Api, Failed, JsonObject, Refused, Service
from deploy.cli.screen import show_json, show_table
from deploy.cli.story.asking import local_time, zone_of
from deploy.cli.terminal import err, out
from deploy.counting import counted
from shared.kernel.durations import DurationError, parse_duration

Act = Literal["replay", "drop"]
OUTCOME_WITHIN_S = 15.0
"""How long ``dead replay`` waits for what becomes of all that it delivered again; a consumer takes a moment."""
ASKED_EVERY_S = 0.2


def listed(api: Api, as_json: bool) -> None:
    """Every parked message of every service, newest first."""
    items = [{"service": name, **item} for name in SERVICES for item in api.get(name, "/v1/dead-letters")["items"]]
    items.sort(key=lambda item: str(item["parked_at"]), reverse=True)
    if as_json:
        show_json({"items": items})
    elif not items:
        out.print("no message is parked")
    else:
        zone = zone_of(api)
        rows = [(local_time(i["parked_at"], zone), i["service"], i["group"], _reason(i), i["id"]) for i in items]
        columns = (f"parked at ({zone})", "service", "group", "reason", "id")
        show_table(f"异常消息 parked messages; times are {zone}", columns, rows)


def _reason(item: JsonObject) -> str:
    again = f"; parked first as {item['first']}" if "first" in item else ""
    return f"{item['reason'][:80]}{again}"


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
    if act == "replay" and not dry_run:
        done = outcomes(api, done)
    _show_decided(act, done, dry_run, as_json)
    if any(one.get("outcome") in ("parked", "waiting") for one in done):
        raise Failed("not all were handled: see each line; `whistle dead list` has what is parked now")


def outcomes(
    api: Api,
    replayed: list[JsonObject],
    now: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
) -> list[JsonObject]:
    """What became of each message, after at most ``OUTCOME_WITHIN_S``: handled, parked again (``again``: its id now),
    or still waiting for its consumer."""
    ends, told = now() + OUTCOME_WITHIN_S, {one["id"]: {**one, "outcome": "waiting"} for one in replayed}
    while True:
        for id_, one in told.items():
            if one["outcome"] == "waiting":
                letter = api.get(one["service"], f"/v1/dead-letters/{id_}")
                told[id_] = {**one, **{name: letter[name] for name in ("outcome", "again") if name in letter}}
        if all(one["outcome"] != "waiting" for one in told.values()) or now() >= ends:
            return list(told.values())
        wait(ASKED_EVERY_S)


def _show_decided(act: Act, done: list[JsonObject], dry_run: bool, as_json: bool) -> None:
    if as_json:
        show_json({"act": act, "dry_run": dry_run, "items": done})
        return
    would = "would " if dry_run else ""
    became = {
        "handled": ": handled",
        "parked": ": parked again as {again}",
        "waiting": f": its consumer has not come to it within {OUTCOME_WITHIN_S:.0f} s",
    }
    for one in done:
        outcome = became.get(one.get("outcome", ""), "").format(**one)
        out.print(f"{would}{act} {one['id']} of {one['service']} ({one['reason']}){outcome}")
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
                progress.update(line, description=f"{name}: {counted(counts[name], 'event')}")
            progress.update(line, total=1, completed=1)
    if as_json:
        show_json({"since": start, "dry_run": dry_run, "events": counts})
        return
    for service, count in counts.items():
        out.print(f"{service:<9} {counted(count, 'event')} {'would be published' if dry_run else 'published'} again")


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
