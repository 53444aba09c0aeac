"""Who of a city is on duty, read off the entries of its pack: the measure for what the services work out.

Written anew and on purpose plainly: it calls nothing of ``shared.city`` that decides and knows only the shapes of the
entries (``docs/city-pack.md`` says what they mean). It asks every question again, one person at a time. It knows the
swaps and leave of the pack. Those that a desk enters later it does not know: no test that measures with it has any.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays

from shared.city.model.people import Cover, Person, Shift
from shared.city.model.promises import CalendarSpec
from shared.city.pack_files import Entries, PackParser

DAY = timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@cache
def roster_of(folder: Path) -> "Roster":
    """The roster of the pack in ``folder``."""
    return roster_in({file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.yaml")})


def roster_in(files: Mapping[str, str]) -> "Roster":
    """The roster of the pack that ``files`` are (name → text)."""
    entries = PackParser(files).entries()
    assert entries is not None, "no city.yaml that can be read"
    return Roster(entries)


@dataclass(frozen=True, eq=False)
class Roster:
    """The people of one city. Times are aware; who is on duty changes with full minutes."""

    entries: Entries

    @cached_property
    def people(self) -> dict[str, Person]:
        return {person.id: person for person in self.entries.people}

    @cached_property
    def _parents(self) -> dict[str, str | None]:
        return {unit.id: unit.parent for unit in self.entries.units}

    def is_unit(self, name: str) -> bool:
        return name in self._parents

    def upwards(self, unit: str) -> Iterator[str]:
        """``unit`` and those above it, up to the root."""
        above: str | None = unit
        while above is not None:
            yield above
            above = self._parents[above]

    def day(self, at: datetime) -> date:
        """The city's day at that time."""
        return at.astimezone(self._zone).date()

    def on_duty(self, unit: str, at: datetime, post: str | None = None) -> set[str]:
        """Ids of those on duty at ``unit``, on that post or on any; where nobody is, those whom a cover rule names."""
        minute = at.replace(second=0, microsecond=0)
        return self._on_turn(unit, minute, post) or self._covering(unit, minute, post)

    def keeps(self, unit: str, post: str, at: datetime) -> bool:
        """Whether somebody was ever appointed to that post of ``unit`` by then."""
        started = (p.valid_from is None or p.valid_from <= self.day(at) for p in self._placed(unit, post))
        return any(started)

    def appointed(self, person: str, at: datetime) -> bool:
        """Whether the person is one of the city's on that day."""
        known = self.people.get(person)
        return known is not None and _holds(self.day(at), known.valid_from, known.valid_to)

    def opens(self, calendar: str, at: datetime) -> datetime:
        """``at`` within the hours of that calendar, else when they begin next; hours are in the city's time."""
        spec = next((spec for spec in self.entries.calendars if spec.id == calendar), None)
        if spec is None:
            return at
        days = (self.day(at) + n * DAY for n in range(-1, 60))
        hours = [self._span(day, text) for day in days for text in self._hours(spec, day)]
        return min(max(start, at) for start, end in hours if at < end)

    def _hours(self, spec: CalendarSpec, day: date) -> tuple[str, ...]:
        called = self._called(day, spec.id)
        if isinstance(spec.hours, dict):
            return next((hours for weekday, hours in spec.hours.items() if weekday == called), ())
        return spec.hours if called in spec.days else ()

    def _span(self, day: date, text: str) -> tuple[datetime, datetime]:
        first, last = (time.fromisoformat("00:00" if part == "24:00" else part) for part in text.split("-"))
        return self._instant(day, first), self._instant(day if last > first else day + DAY, last)

    def present(self, person: str, at: datetime) -> bool:
        """Whether the person is appointed and not on leave, on shift or not."""
        day = self.day(at)
        away = any(leave.person == person and leave.from_ <= day < leave.until for leave in self.entries.leave)
        return self.appointed(person, at) and not away

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.entries.city.timezone)

    def _placed(self, unit: str, post: str | None) -> list[Person]:
        return [p for p in self.entries.people if p.unit == unit and (post is None or post in (p.post or ""))]

    def _on_turn(self, unit: str, at: datetime, post: str | None) -> set[str]:
        """Those who have a duty at ``unit`` that has begun today or yesterday and is not over, and are present."""
        theirs = [
            p for p in self.entries.people if unit in (p.unit, p.home) and (post is None or post in (p.post or ""))
        ]
        begun = (self.day(at), self.day(at) - DAY)
        holders = {self._holder(p.id, day) for p in theirs for day in begun if self._has_duty(p, day, at)}
        return {person for person in holders if self.present(person, at)}

    def _has_duty(self, person: Person, day: date, at: datetime) -> bool:
        """Whether the person's own duty that begins on ``day`` is on at that time; without shifts, all of the day."""
        if not _holds(day, person.valid_from, person.valid_to):
            return False
        if not person.shifts:
            return self.day(at) == day
        return any(self._is_on(shift, day, at) for shift in person.shifts)

    def _is_on(self, shift: Shift, day: date, at: datetime) -> bool:
        if not _holds(day, shift.valid_from, shift.valid_to) or self._called(day, shift.calendar) not in shift.days:
            return False
        start, end = self._span(day, shift.hours)
        return start <= at.astimezone(UTC) < end

    def _instant(self, day: date, wall: time) -> datetime:
        return datetime.combine(day, wall, self._zone).astimezone(UTC)

    def _called(self, day: date, calendar: str | None) -> str:
        """What a rota calls the day: its weekday, or what the calendar makes of it. What a pack lists goes before what
        its country has."""
        spec = next((c for c in self.entries.calendars if c.id == calendar), None)
        if spec is not None and day in spec.working_days:
            return spec.working_days_as
        if spec is not None and day in spec.holidays:
            return "holiday"
        if spec is not None and spec.country is not None:
            country = holidays.country_holidays(spec.country, years=day.year)
            if day in getattr(country, "weekend_workdays", ()):
                return spec.working_days_as
            if day in country:
                return "holiday"
        return WEEKDAYS[day.weekday()]

    def _holder(self, owner: str, day: date) -> str:
        """Who has ``owner``'s duty of that day after the swaps of the pack, in the order of the file.

        What somebody has is passed on: his own duty and those that he took. Who has none any more passes on his own.
        """
        now: dict[str, str] = {}
        for swap in self.entries.swaps:
            given = [(swap.from_, swap.to)] if swap.on == day else []
            given += [(swap.to, swap.from_)] if swap.in_return == day else []
            before = dict(now)
            for giver, taker in given:
                has = [of for of in {*before, giver} if before.get(of, of) == giver] or [giver]
                now |= dict.fromkeys(has, taker)
        holder = now.get(owner, owner)
        return holder if holder in self.people else owner

    def _covering(self, unit: str, at: datetime, post: str | None) -> set[str]:
        """Those whom the first cover rule names that finds anybody."""
        for rule in self.entries.covers:
            fits = rule.unit == unit and (rule.post is None or post is None or rule.post == post)
            if fits and (found := self._named_by(rule, at, post)):
                return found
        return set()

    def _named_by(self, rule: Cover, at: datetime, post: str | None) -> set[str]:
        found = set()
        for name in rule.by:
            found |= {name} if name in self.people else self._on_turn(name, at, post)
        return {person for person in found if self.present(person, at)}


def _holds(day: date, first: date | None, end: date | None) -> bool:
    """From ``first`` until before ``end``."""
    return (first is None or first <= day) and (end is None or day < end)
