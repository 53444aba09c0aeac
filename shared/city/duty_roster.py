"""The roster of one post: who has it from when until when, and when nobody does.

It is read off who is on duty at every moment at which that can change, so that it says what alerts go by.
"""

from datetime import UTC, date, datetime, time
from typing import NamedTuple

from shared.city.model.people import Person
from shared.city.pack import Pack
from shared.city.people.on_duty import NO_CHANGES, OnDuty
from shared.city.people.rota import DAY, RotaChanges, Why, midnight

WHOLE = 2 * DAY
"""Longer than any duty: one that goes on at the edge is read to its start and end."""


class RosterTurn(NamedTuple):
    """``on``: the local day on which the duty began, by which it is swapped; None for cover, which cannot be."""

    start: datetime
    end: datetime
    person: Person
    why: Why
    instead_of: str | None
    on: date | None


class Vacancy(NamedTuple):
    """Nobody is on duty, not even by a cover rule. ``left``: (person, day) of the duties whose holders are away."""

    start: datetime
    end: datetime
    left: tuple[tuple[str, date], ...]


class Roster(NamedTuple):
    """In the order of their starts. Turns are whole: they may begin before the time that was asked for."""

    turns: list[RosterTurn]
    vacancies: list[Vacancy]


def roster(
    pack: Pack, unit: str, post: str | None, start: datetime, end: datetime, since: RotaChanges = NO_CHANGES
) -> Roster:
    """Between two times. ``since``: changes decided after the pack; none changes what was before it was in force."""
    times = moments(pack, start - WHOLE, end + WHOLE, since)
    turns: list[RosterTurn] = []
    vacancies: list[Vacancy] = []
    for at, until in zip(times, [*times[1:], end + WHOLE], strict=True):
        on = pack.posts.on_duty_with_reasons(unit, at, post, since)
        held = pack.posts.held(unit, at, post, since)
        begun = {one.person.id: day for one, day in reversed(held)}
        for one in on:
            _go_on(turns, at, until, one, None if one.why == "cover" else begun.get(one.person.id))
        if not on and (post is None or pack.posts.has_post(unit, post, at)):
            left = tuple(dict.fromkeys((one.person.id, day) for one, day in held))
            if vacancies and vacancies[-1].end == at and vacancies[-1].left == left:
                vacancies[-1] = vacancies[-1]._replace(end=until)
            else:
                vacancies.append(Vacancy(at, until, left))
    within = [v._replace(start=max(v.start, start), end=min(v.end, end)) for v in vacancies]
    return Roster(
        [turn for turn in turns if turn.start < end and turn.end > start],
        [vacancy for vacancy in within if vacancy.start < vacancy.end],
    )


def _go_on(turns: list[RosterTurn], at: datetime, until: datetime, one: OnDuty, on: date | None) -> None:
    """Lengthen the turn that ``one`` has already, else add one."""
    for n in range(len(turns) - 1, -1, -1):
        turn = turns[n]
        same = (turn.person.id, turn.why, turn.instead_of, turn.on) == (one.person.id, one.why, one.instead_of, on)
        if same and turn.end == at:
            turns[n] = turn._replace(end=until)
            return
        if turn.start < at - WHOLE:
            break
    turns.append(RosterTurn(at, until, one.person, one.why, one.instead_of, on))


def moments(pack: Pack, start: datetime, end: datetime, since: RotaChanges) -> list[datetime]:
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
    found = {datetime.combine(day, wall, zone).astimezone(UTC) for day in days for wall in walls}
    found |= {midnight(day, zone) for p in people for day in (p.valid_from, p.valid_to) if day is not None}
    for change in (*pack.posts.changes.all, *since.all):
        found |= {at for at in (change.start, change.until, change.since) if at is not None}
    floor = start.astimezone(UTC).replace(second=0, microsecond=0)
    return [floor, *sorted(at for at in found if floor < at < end)]
