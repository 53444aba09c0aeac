"""A clock in words: how its deadline was reckoned, and what came of it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from deploy.cli.screen import moment, span

JsonObject = dict[str, Any]
ALWAYS = "always"


def local(at: str | datetime, zone: str, day: datetime | None = None) -> str:
    """A time of an answer in the city's zone: ``08:30:00``, with its day when that is not ``day``'s."""
    time = (moment(at) if isinstance(at, str) else at).astimezone(ZoneInfo(zone))
    clock = time.strftime("%H:%M:%S")
    if day is not None and time.date() == day.astimezone(ZoneInfo(zone)).date():
        return clock
    return f"{time.strftime('%a %Y-%m-%d')} {clock}"


def arithmetic(clock: JsonObject, zone: str) -> str:
    """From start and target to the deadline, as the router reckoned it: ``Mon 2026-11-23 10:00:00 + PT10M → 10:10:00``.

    On a working calendar it says from when time counts, and how much working time lies before the deadline.
    """
    start = moment(clock["started_at"])
    begins, due = moment(clock["counts_from"]), local(clock["due_at"], zone, start)
    calendar = clock["calendar"]["id"]
    head = local(start, zone)
    if calendar == ALWAYS:
        return f"{head} + {clock['target']} → {due}"
    counts = f", counts from {local(begins, zone, start)}" if begins != start else ""
    return (
        f"{head}{counts} + {clock['target']} of {calendar} → {due} ({_hours(clock['worked_seconds'])} of working time)"
    )


def verdict(clock: JsonObject, now: datetime) -> str:
    """What came of a clock: met, breached and by how much, or what is left."""
    due = moment(clock["due_at"])
    met = moment(clock["met_at"]) if clock.get("met_at") else None
    match clock["state"]:
        case "met" if met is not None:
            return f"按时 met, {span((due - met).total_seconds())} before it was due"
        case "breached" if met is not None:
            return f"已超时 breached, done {span((met - due).total_seconds())} late"
        case "breached":
            return f"已超时 breached, {span((now - due).total_seconds())} overdue and still open"
        case "paused":
            return "已挂起 paused"
        case "void":
            return "不再计时 void: the case ended first"
        case _:
            return f"计时中 running, {span((due - now).total_seconds())} left"


def rung(step: JsonObject, clock: JsonObject, zone: str) -> str:
    """A step of the ladder: when, what, towards whom, and whether it fired."""
    who = step["unit"]["name"] if step["unit"] else step["to"]
    after = (moment(step["at"]) - moment(clock["due_at"])).total_seconds()
    when = "when due" if not after else f"{span(abs(after))} {'after' if after > 0 else 'before'} due"
    fired = f"fired {local(step['fired_at'], zone, moment(step['at']))}" if "fired_at" in step else "not reached"
    return f"{local(step['at'], zone, moment(clock['started_at']))} ({when}) {step['act']} {who}: {fired}"


def _hours(seconds: float) -> str:
    """Working time, never in days: a day of work has no fixed length."""
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours} h" + (f" {rest // 60} min" if rest >= 60 else "") if hours else span(seconds)
