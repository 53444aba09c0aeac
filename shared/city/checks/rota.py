"""Checks that every post is staffed in the coming weeks, that promises end while somebody is on duty, and that the
coming years' holidays are confirmed.

Unlike the other checks this one depends on the date: a rota that is complete today may have a gap in some months.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from shared.city.duty_roster import moments
from shared.city.pack import Pack
from shared.city.people.on_duty import NO_CHANGES
from shared.city.people.rota import RotaChanges
from shared.city.problems import Problem, pointer
from shared.kernel.working_time import next_open

AHEAD = timedelta(weeks=6)
SHOWN = 3
HINT = "add a shift or a cover rule; until then the level above is told that nobody is on"

PROMISE_HINT = "a calendar in whose hours somebody is on duty, a shift, or a cover rule"


class Gap(NamedTuple):
    """Nobody is on duty from ``start`` until before ``end``, not even by a cover rule."""

    start: datetime
    end: datetime


def check_rota(pack: Pack, now: datetime) -> tuple[list[Problem], list[Problem]]:
    """Errors (a gap at the root's desk: nobody above could be alerted) and warnings, for ``AHEAD`` from ``now``."""
    errors: list[Problem] = []
    warnings = list(_unconfirmed(pack, now))
    first: dict[tuple[str, str], int] = {
        (person.unit, post): number
        for number, person in reversed(list(enumerate(pack.people.values())))
        for post in person.posts
    }
    without_desk: dict[str, list[Gap]] = {}
    for unit, post in pack.posts.staffed_posts():
        if found := gaps(pack, unit, post, now, now + AHEAD):
            if post == "A":
                without_desk[unit] = found
            place = pointer("people", first[unit, post])
            problem = Problem("posts.yaml", place, _says(pack, unit, post, found), HINT)
            (errors if unit == pack.root.id and post == "A" else warnings).append(problem)
    warnings += _promises_to_nobody(pack, without_desk)
    return errors, warnings


def gaps(
    pack: Pack, unit: str, post: str, start: datetime, end: datetime, since: RotaChanges = NO_CHANGES
) -> list[Gap]:
    """The gaps of ``unit``'s ``post`` between two times, in order. ``since``: changes decided after the pack."""
    if _always_there(pack, unit, post, start, end, since):
        return []
    found: list[Gap] = []
    times = moments(pack, start, end, since)
    for at, until in zip(times, [*times[1:], end], strict=True):
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


def _promises_to_nobody(pack: Pack, without_desk: dict[str, list[Gap]]) -> Iterator[Problem]:
    """A warning for each commitment that may end while nobody is at the desk that made it: its clocks end in the hours
    of its calendar only. ``without_desk``: unit → when nobody is on its post A."""
    for number, commitment in enumerate(pack.commitments):
        if commitment.target("acknowledge") is None and commitment.target("resolve") is None:
            continue
        calendar = pack.calendar(commitment.calendar)
        for unit, found in without_desk.items():
            if commitment.unit is not None and commitment.unit not in pack.units[unit].path:
                continue
            met = [gap for gap in found if next_open(gap.start, calendar) < gap.end]
            if met:
                says = f"may end on the calendar {calendar.id!r} while {_says(pack, unit, 'A', met)}"
                yield Problem("commitments.yaml", pointer("commitments", number, "calendar"), says, PROMISE_HINT)
                break


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
