"""Who is to be told: people by unit, post and role, and who of them is on duty at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.city.model import Cover, Person, Shift, Swap

MINUTES_KEPT = 4096
"""Shifts change at full minutes, so that who is on duty is found once for each minute and post."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Posts:
    """The people of one pack, in the file's order."""

    def __init__(
        self,
        people: Mapping[str, Person],
        swaps: Iterable[Swap],
        covers: Iterable[Cover],
        timezone: str,
    ) -> None:
        self._people = people
        self._zone = ZoneInfo(timezone)
        self._at_unit: dict[str, list[Person]] = defaultdict(list)
        for person in people.values():
            self._at_unit[person.unit].append(person)
        self._swaps = {(swap.from_, swap.on): swap.to for swap in swaps}
        self._covers = tuple(covers)
        self._on_duty = lru_cache(maxsize=MINUTES_KEPT)(self._found)

    def people_at(
        self,
        unit: str,
        post: str | None = None,
        roles: frozenset[str] | None = None,
        on: date | None = None,
    ) -> tuple[Person, ...]:
        """Those placed at ``unit`` itself, with that post and one of those roles; ``on`` a day: valid then."""
        return tuple(
            person
            for person in self._at_unit.get(unit, ())
            if (post is None or person.post == post)
            and (roles is None or person.role in roles)
            and (on is None or _valid(person, on))
        )

    def on_duty(self, unit: str, at: datetime, post: str | None = None) -> tuple[Person, ...]:
        """Those of ``people_at`` whose shift it is at ``at`` (aware), swaps carried out.

        When that is nobody, those whom the first fitting cover rule names, on duty or not.
        """
        return self._on_duty(unit, at.replace(second=0, microsecond=0), post)

    def _found(self, unit: str, minute: datetime, post: str | None) -> tuple[Person, ...]:
        local = minute.astimezone(self._zone)
        day = local.date()
        there = [person for person in self.people_at(unit, post, on=day) if _in_shift(person.shifts, local)]
        swapped = [self._people[self._swaps.get((person.id, day), person.id)] for person in there]
        return _each_once(swapped) or self._covering(unit, post, day)

    def _covering(self, unit: str, post: str | None, day: date) -> tuple[Person, ...]:
        for cover in self._covers:
            if cover.unit == unit and (cover.post is None or post is None or cover.post == post):
                people = [
                    person
                    for by in cover.by
                    for person in ([self._people[by]] if by in self._people else self.people_at(by, post))
                    if _valid(person, day)
                ]
                if people:
                    return _each_once(people)
        return ()


def _each_once(people: Iterable[Person]) -> tuple[Person, ...]:
    return tuple({person.id: person for person in people}.values())


def _valid(person: Person, on: date) -> bool:
    begun = person.valid_from is None or person.valid_from <= on
    return begun and (person.valid_to is None or on < person.valid_to)


def _in_shift(shifts: tuple[Shift, ...], local: datetime) -> bool:
    return not shifts or any(_covers(shift, local) for shift in shifts)


def _covers(shift: Shift, local: datetime) -> bool:
    start, _, end = shift.hours.partition("-")
    now = local.strftime("%H:%M")
    if start < end:
        return _on_day(shift, local.date()) and start <= now < end
    if now >= start:
        return _on_day(shift, local.date())
    return now < end and _on_day(shift, local.date() - timedelta(days=1))


def _on_day(shift: Shift, day: date) -> bool:
    begun = shift.valid_from is None or shift.valid_from <= day
    return begun and (shift.valid_to is None or day < shift.valid_to) and WEEKDAYS[day.weekday()] in shift.days
