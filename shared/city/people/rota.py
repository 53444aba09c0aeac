"""Turns of duty: shifts as they fall on days, over midnight too, and what swaps and leave make of them.

A swap or a leave is a fact with a moment from which it holds (``since``; always, when the pack says it). It is never
edited, and whoever asks for a time sees what held at that time: what is decided later does not change the past.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from shared.city.model.people import Leave, Person, Shift, Swap
from shared.city.promises.calendars import WEEKDAYS
from shared.kernel.working_time import Calendar

DAY = timedelta(days=1)
EVER = datetime.min.replace(tzinfo=UTC)
Why = Literal["always", "shift", "swap", "cover", "home"]


class RotaChange(msgspec.Struct, frozen=True, kw_only=True):
    """A ``swap`` (``by`` takes ``person``'s duty that begins on the day ``on``, ``person`` that of ``by`` on
    ``in_return``) or a ``leave`` (``person`` is away from ``start`` until before ``until``)."""

    kind: Literal["swap", "leave"]
    person: str
    since: datetime = EVER
    by: str | None = None
    on: date | None = None
    in_return: date | None = None
    start: datetime | None = None
    until: datetime | None = None


class Turn(NamedTuple):
    """``person`` is on from ``start`` until before ``end``. ``instead_of``: whose duty it was."""

    start: datetime
    end: datetime
    person: str
    why: Why
    instead_of: str | None = None


Swapped = tuple[datetime, tuple[tuple[str, str], ...]]
"""Since when it holds, and who passes what he has of a day to whom."""


class RotaChanges:
    """Swaps and leave, ready to be asked. Immutable, and as a key it is itself: another set is another object."""

    def __init__(self, changes: Iterable[RotaChange] = (), before: "RotaChanges | None" = None) -> None:
        self.all: tuple[RotaChange, ...] = (*(before.all if before is not None else ()), *changes)
        self._swaps: dict[date, list[Swapped]] = defaultdict(list)
        self._holders: dict[date, list[tuple[datetime, dict[str, str]]]] = {}
        self._taken: dict[str, set[tuple[str, date]]] = defaultdict(set)
        self._leave: dict[str, list[tuple[datetime, datetime, datetime]]] = defaultdict(list)
        for change in self.all:
            if change.kind == "leave" and change.start is not None and change.until is not None:
                self._leave[change.person].append((change.since, change.start, change.until))
            elif change.by is not None and change.on is not None:
                self._swaps[change.on].append((change.since, ((change.person, change.by),)))
                if change.in_return == change.on:
                    self._swaps[change.on][-1] = (
                        change.since,
                        ((change.person, change.by), (change.by, change.person)),
                    )
                elif change.in_return is not None:
                    self._swaps[change.in_return].append((change.since, ((change.by, change.person),)))
        for day, swaps in self._swaps.items():
            self._holders[day] = list(self._carried_out(day, sorted(swaps, key=_order)))

    def _carried_out(self, day: date, swaps: Iterable[Swapped]) -> Iterator[tuple[datetime, dict[str, str]]]:
        """After each swap, by person who has the duty of that day now. What was passed on is passed on again."""
        holders: dict[str, str] = {}
        for since, pairs in swaps:
            after = dict(holders)
            for person, by in pairs:
                had = [owner for owner, holder in holders.items() if holder == person]
                own = [person] if holders.get(person, person) == person or not had else []
                after |= dict.fromkeys({*had, *own}, by)
            holders = after
            for owner, holder in holders.items():
                self._taken[holder].add((owner, day))
            yield since, holders

    def stands_in(self, person: str, day: date, known: datetime) -> str:
        """Who has ``person``'s duty that begins on ``day``, as decided by ``known``, through however many swaps.

        Of two swaps of one duty that somebody gave away already the later holds.
        """
        for since, holders in reversed(self._holders.get(day, ())):
            if since <= known:
                return holders.get(person, person)
        return person

    def given_away(self, day: date) -> Iterable[str]:
        """Whose duty of that day somebody else ever took."""
        return dict.fromkeys(owner for _, holders in self._holders.get(day, ()) for owner in holders)

    def last_swap(self, day: date, people: Collection[str]) -> datetime:
        """Since when the last swap of that day holds that gave or took a duty of one of ``people``; long ago when there
        is none."""
        swaps = self._swaps.get(day, ())
        return max((since for since, pairs in swaps if any({*pair} & {*people} for pair in pairs)), default=EVER)

    def taken_by(self, person: str) -> Iterable[tuple[str, date]]:
        """Whose duty, and of which days, ``person`` took at any time."""
        return sorted(self._taken.get(person, ()))

    def away(self, person: str, at: datetime, known: datetime) -> bool:
        """Whether ``person`` is on leave at ``at``, as decided by ``known``."""
        return any(since <= known and start <= at < until for since, start, until in self._leave.get(person, ()))

    def leave_of(self, person: str) -> list[tuple[datetime, datetime]]:
        return [(start, until) for _, start, until in self._leave.get(person, ())]


def _order(swap: Swapped) -> tuple[datetime, tuple[tuple[str, str], ...]]:
    """By the moment from which they hold; a pack's as the file has them; others of a moment alike for everybody."""
    since, pairs = swap
    return since, () if since == EVER else pairs


def of_pack(swaps: Iterable[Swap], leave: Iterable[Leave], zone: ZoneInfo) -> RotaChanges:
    """What the pack itself says: it holds always."""
    swapped = [RotaChange(kind="swap", person=s.from_, by=s.to, on=s.on, in_return=s.in_return) for s in swaps]
    away = [(one.person, midnight(one.from_, zone), midnight(one.until, zone)) for one in leave]
    return RotaChanges(
        [*swapped, *(RotaChange(kind="leave", person=who, start=start, until=end) for who, start, end in away)]
    )


def own_turns(person: Person, day: date, zone: ZoneInfo, calendars: Mapping[str, Calendar]) -> Iterator[Turn]:
    """``person``'s duty that begins on the local ``day``, before swaps and leave; without shifts, the whole day."""
    if not valid(person, day):
        return
    if not person.shifts:
        yield Turn(midnight(day, zone), midnight(day + DAY, zone), person.id, "always")
    for shift in person.shifts:
        if _on_day(shift, day, calendars):
            start, end = (time.min if text == "24:00" else time.fromisoformat(text) for text in shift.hours.split("-"))
            ends = day if start < end else day + DAY
            yield Turn(_instant(day, start, zone), _instant(ends, end, zone), person.id, "shift")


def valid(person: Person, day: date) -> bool:
    """Whether ``person`` is appointed on that day."""
    return within(day, person.valid_from, person.valid_to)


def within(day: date, first: date | None, end: date | None) -> bool:
    """Whether ``day`` is ``first`` or later and before ``end``."""
    return (first is None or first <= day) and (end is None or day < end)


def not_appointed(person: Person, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """When ``person`` is not appointed: from, until before."""
    if person.valid_from is not None:
        yield EVER, midnight(person.valid_from, zone)
    if person.valid_to is not None:
        yield midnight(person.valid_to, zone), datetime.max.replace(tzinfo=UTC)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return _instant(day, time.min, zone)


def _instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, wall, zone).astimezone(UTC)


def _on_day(shift: Shift, day: date, calendars: Mapping[str, Calendar]) -> bool:
    holds = within(day, shift.valid_from, shift.valid_to)
    return holds and _named(day, calendars.get(shift.calendar or "")) in shift.days


def _named(day: date, calendar: Calendar | None) -> str:
    """The day as rotas count it."""
    if calendar is not None and day in calendar.working_days:
        return WEEKDAYS[calendar.working_days_as]
    return "holiday" if calendar is not None and day in calendar.holidays else WEEKDAYS[day.weekday()]
