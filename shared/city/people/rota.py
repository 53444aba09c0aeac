"""The rota: shifts on calendar days, over midnight too, and how swaps and leave change them.

A swap or a leave has a time from which it is in force (``since``; always, if it is in the pack) and is never edited. A
query for a time considers only what was in force then, so that later decisions do not change the past.
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
    """``person`` is on duty from ``start`` until before ``end``. ``instead_of``: the person whose duty it was."""

    start: datetime
    end: datetime
    person: str
    why: Why
    instead_of: str | None = None


Swapped = tuple[datetime, tuple[tuple[str, str], ...]]
"""Since when a swap is in force, and pairs (person, by): ``by`` takes every duty of that day that ``person`` has."""


class RotaChanges:
    """Swaps and leave, indexed for queries. Immutable; as a cache key it is compared by identity."""

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
        """After each swap of ``day``: since when, and owner of a duty → who has it. Duties can be passed on again."""
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
        """Who has ``person``'s duty that begins on ``day``, after all swaps in force at ``known``.

        Of two swaps by which somebody gives the same duty away, the later one counts.
        """
        for since, holders in reversed(self._holders.get(day, ())):
            if since <= known:
                return holders.get(person, person)
        return person

    def given_away(self, day: date) -> Iterable[str]:
        """The people whose duty of ``day`` somebody else took at any time."""
        return dict.fromkeys(owner for _, holders in self._holders.get(day, ()) for owner in holders)

    def last_swap(self, day: date, people: Collection[str]) -> datetime:
        """Since when the last swap of ``day`` that involves one of ``people`` is in force; ``EVER`` without any."""
        swaps = self._swaps.get(day, ())
        return max((since for since, pairs in swaps if any({*pair} & {*people} for pair in pairs)), default=EVER)

    def taken_by(self, person: str) -> Iterable[tuple[str, date]]:
        """(owner, day) of the duties that ``person`` took at any time."""
        return sorted(self._taken.get(person, ()))

    def away(self, person: str, at: datetime, known: datetime) -> bool:
        """Whether ``person`` is on leave at ``at``, by what was in force at ``known``."""
        return any(since <= known and start <= at < until for since, start, until in self._leave.get(person, ()))

    def leave_of(self, person: str) -> list[tuple[datetime, datetime]]:
        return [(start, until) for _, start, until in self._leave.get(person, ())]


def _order(swap: Swapped) -> tuple[datetime, tuple[tuple[str, str], ...]]:
    """Sort key: by the time from which they are in force; a pack's swaps keep the file's order, others of the same time
    have the same order in every service."""
    since, pairs = swap
    return since, () if since == EVER else pairs


def of_pack(swaps: Iterable[Swap], leave: Iterable[Leave], zone: ZoneInfo) -> RotaChanges:
    """The swaps and leave in the pack itself, which are always in force."""
    swapped = [RotaChange(kind="swap", person=s.from_, by=s.to, on=s.on, in_return=s.in_return) for s in swaps]
    away = [(one.person, midnight(one.from_, zone), midnight(one.until, zone)) for one in leave]
    return RotaChanges(
        [*swapped, *(RotaChange(kind="leave", person=who, start=start, until=end) for who, start, end in away)]
    )


def own_turns(person: Person, day: date, zone: ZoneInfo, calendars: Mapping[str, Calendar]) -> Iterator[Turn]:
    """``person``'s duties that begin on the local ``day``, before swaps and leave; without shifts, the whole day."""
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
    """The periods (from, until before) in which ``person`` is not appointed."""
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
    """The weekday of a day for shifts, or ``holiday``, by the shift's calendar."""
    if calendar is not None and day in calendar.working_days:
        return WEEKDAYS[calendar.working_days_as]
    return "holiday" if calendar is not None and day in calendar.holidays else WEEKDAYS[day.weekday()]
