"""Checks that every post is staffed in the coming weeks, and that the coming years' holidays are confirmed.

Unlike the other checks this one depends on the date: a rota that is complete today may have a gap in some months.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from shared.city.pack import Pack
from shared.city.people.on_duty import NO_CHANGES
from shared.city.people.rota import DAY, RotaChanges, midnight
from shared.city.problems import Problem, pointer

AHEAD = timedelta(weeks=6)
SHOWN = 3
HINT = "add a shift or a cover rule; until then the level above is told that nobody is on"


class Gap(NamedTuple):
    """Nobody is on duty from ``start`` until before ``end``, not even by a cover rule."""

    start: datetime
    end: datetime


def check_rota(pack: Pack, now: datetime) -> tuple[list[Problem], list[Problem]]:
    """Errors (a gap at the root's desk: nobody above could be alerted) and warnings, for ``AHEAD`` from ``now``."""
    errors: list[Problem] = []
    warnings = list(_unconfirmed(pack, now))
    first = {
        (person.unit, str(person.post)): number for number, person in reversed(list(enumerate(pack.people.values())))
    }
    for unit, post in pack.posts.staffed_posts():
        if found := gaps(pack, unit, post, now, now + AHEAD):
            place = pointer("people", first[unit, post])
            problem = Problem("posts.yaml", place, _says(pack, unit, post, found), HINT)
            (errors if unit == pack.root.id and post == "A" else warnings).append(problem)
    return errors, warnings


def gaps(
    pack: Pack, unit: str, post: str, start: datetime, end: datetime, since: RotaChanges = NO_CHANGES
) -> list[Gap]:
    """The gaps of ``unit``'s ``post`` between two times, in order. ``since``: changes decided after the pack."""
    if _always_there(pack, unit, post, start, end, since):
        return []
    found: list[Gap] = []
    moments = _moments(pack, start, end, since)
    for at, until in zip(moments, [*moments[1:], end], strict=True):
        if not pack.posts.on_duty_with_reasons(unit, at, post, since) and pack.posts.has_post(unit, post, at):
            if found and found[-1].end == at:
                found[-1] = Gap(found[-1].start, until)
            else:
                found.append(Gap(at, until))
    return found


def _always_there(pack: Pack, unit: str, post: str, start: datetime, end: datetime, since: RotaChanges) -> bool:
    """Whether one person is always on the post: without shifts, end of appointment, swaps or leave."""
    changed = {change.person for change in (*pack.posts.changes.all, *since.all)}
    changed |= {change.by for change in (*pack.posts.changes.all, *since.all) if change.by is not None}
    return any(
        not person.shifts and person.id not in changed and person.valid_from is None and person.valid_to is None
        for person in pack.people_at(unit, post)
    )


def _moments(pack: Pack, start: datetime, end: datetime, since: RotaChanges) -> list[datetime]:
    """``start`` and all times before ``end`` at which who is on duty can change."""
    zone = pack.posts.zone
    people = pack.people.values()
    walls = {time.min} | {
        time.fromisoformat(text.replace("24:00", "00:00"))
        for person in people
        for shift in person.shifts
        for text in shift.hours.split("-")
    }
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    days = [day + n * DAY for n in range((last - day).days + 1)]
    moments = {datetime.combine(day, wall, zone).astimezone(UTC) for day in days for wall in walls}
    moments |= {midnight(day, zone) for p in people for day in (p.valid_from, p.valid_to) if day is not None}
    for change in (*pack.posts.changes.all, *since.all):
        moments |= {at for at in (change.start, change.until) if at is not None}
    floor = start.astimezone(UTC).replace(second=0, microsecond=0)
    return [floor, *sorted(at for at in moments if floor < at < end)]


def _says(pack: Pack, unit: str, post: str, found: list[Gap]) -> str:
    zone = pack.posts.zone
    shown = ", ".join(
        f"{gap.start.astimezone(zone):%Y-%m-%d %H:%M} to {gap.end.astimezone(zone):%Y-%m-%d %H:%M}"
        for gap in found[:SHOWN]
    )
    more = f" and {len(found) - SHOWN} times more in six weeks" if len(found) > SHOWN else ""
    return f"nobody is on post {post} at {unit!r}: {shown}{more}"


def _unconfirmed(pack: Pack, now: datetime) -> Iterator[Problem]:
    """Warnings for years within ``AHEAD`` whose holidays are not ``confirmed``."""
    years: list[date] = [now.date(), (now + AHEAD).date()]
    for number, spec in enumerate(pack.calendars.values()):
        for year in sorted({day.year for day in years}):
            if (spec.country or spec.confirmed) and year not in spec.confirmed:
                says = f"the holidays of {year} are not confirmed: made-up working days may be missing"
                hint = f"compare them with the official notice, then add {year} to `confirmed`"
                yield Problem("calendars.yaml", pointer("calendars", number, "confirmed"), says, hint)
