"""People by unit, post and role; who is on duty at a time, and why."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.city.model.people import Cover, Pair, Person
from shared.city.people.rota import DAY, RotaChanges, Turn, Why, not_appointed, own_turns, valid
from shared.kernel.working_time import Calendar

MINUTES_KEPT = 4096
"""Size of the caches of who is on duty, per unit, post and minute: shifts change at full minutes only."""
NO_CHANGES = RotaChanges()
"""No swap or leave was decided since the pack was written."""


class OnDuty(NamedTuple):
    """Somebody on duty, and why. ``instead_of``: the person whose duty it was, or for cover the unit."""

    person: Person
    why: Why
    instead_of: str | None = None


class Posts:
    """The people of one pack and their duties. Results are in the file's order."""

    def __init__(
        self,
        people: Mapping[str, Person],
        changes: RotaChanges,
        covers: Iterable[Cover],
        pairs: Iterable[Pair],
        timezone: str,
        calendars: Mapping[str, Calendar],
    ) -> None:
        self._people = people
        self.zone = ZoneInfo(timezone)
        self._calendars = calendars
        self._at_unit: dict[str, list[Person]] = defaultdict(list)
        self._at_home: dict[str, list[Person]] = defaultdict(list)
        for person in people.values():
            self._at_unit[person.unit].append(person)
            if person.home is not None and person.home != person.unit:
                self._at_home[person.home].append(person)
        self.changes = changes
        self._covers = tuple(covers)
        self._pairs = tuple(pairs)
        self._with_since = lru_cache(maxsize=64)(lambda since: RotaChanges(since.all, before=self.changes))
        self._entries = lru_cache(maxsize=MINUTES_KEPT)(self._found)
        self._on_duty = lru_cache(maxsize=MINUTES_KEPT)(self._who)

    def people_at(
        self,
        unit: str,
        post: str | None = None,
        roles: frozenset[str] | None = None,
        on: date | None = None,
    ) -> tuple[Person, ...]:
        """The people placed at ``unit`` itself, with that post and one of ``roles``. ``on``: appointed on that day."""
        return tuple(
            person
            for person in self._at_unit.get(unit, ())
            if person.has(post) and (roles is None or person.role in roles) and (on is None or valid(person, on))
        )

    def on_duty(
        self, unit: str, at: datetime, post: str | None = None, since: RotaChanges = NO_CHANGES
    ) -> tuple[Person, ...]:
        """The people of ``on_duty_with_reasons``, without the reasons."""
        return self._on_duty(unit, at.replace(second=0, microsecond=0), post, since)

    def on_duty_with_reasons(
        self, unit: str, at: datetime, post: str | None = None, since: RotaChanges = NO_CHANGES
    ) -> tuple[OnDuty, ...]:
        """Who is on duty for ``unit`` at ``at`` (aware): people placed there or with it as ``home``, by their shifts,
        with swaps and leave of the pack and those decided ``since`` applied, as far as they were in force at ``at``.

        If that is nobody: those whom the first fitting cover rule names.
        """
        return self._entries(unit, at.replace(second=0, microsecond=0), post, since)

    def held(
        self, unit: str, at: datetime, post: str | None = None, since: RotaChanges = NO_CHANGES
    ) -> tuple[tuple[OnDuty, date], ...]:
        """Who has each duty of ``unit`` that goes on at ``at``, and the day on which it began: those on leave too, who
        may pass it on."""
        return tuple(self._held(unit, at.replace(second=0, microsecond=0), post, self._with_since(since)))

    def stand_ins(self, at: datetime, since: RotaChanges = NO_CHANGES) -> dict[str, tuple[str, ...]]:
        """Person → units for which he is on duty at ``at`` without being placed there, by a swap or a cover rule.

        A person's ``home`` is not listed: it is his own, on duty or not.
        """
        day, changes = at.astimezone(self.zone).date(), self._with_since(since)
        swapped = [self._people[p] for d in (day, day - DAY) for p in changes.given_away(d) if p in self._people]
        units = dict.fromkeys([cover.unit for cover in self._covers])
        units |= dict.fromkeys(unit for p in swapped for unit in (p.unit, p.home) if unit is not None)
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for unit in units:
            for post in ("A", "B", None):
                for person, why, _ in self.on_duty_with_reasons(unit, at, post, since):
                    if why in ("swap", "cover") and person.unit != unit:
                        found[person.id][unit] = None
        return {person: tuple(sorted(of)) for person, of in found.items()}

    def has_post(self, unit: str, post: str, at: datetime) -> bool:
        """Whether ``unit`` has that post at all: somebody was appointed to it by ``at``."""
        day = at.astimezone(self.zone).date()
        return any(p.valid_from is None or p.valid_from <= day for p in self.people_at(unit, post))

    def staffed_posts(self) -> list[tuple[str, str]]:
        """(unit, post) for every post that somebody holds, in the file's order."""
        return list(dict.fromkeys((p.unit, post) for p in self._people.values() for post in p.posts))

    def is_available(self, person: str, at: datetime, since: RotaChanges = NO_CHANGES) -> bool:
        """Whether ``person`` is appointed and not on leave at ``at``."""
        known = self._people.get(person)
        away = self._with_since(since).away(person, at, at)
        return known is not None and valid(known, at.astimezone(self.zone).date()) and not away

    def pairs_on(self, path: tuple[str, ...]) -> tuple[Pair, ...]:
        """The pairs of the deepest unit on ``path`` (ids, root first) that has any."""
        for unit in reversed(path):
            if found := tuple(pair for pair in self._pairs if pair.unit == unit):
                return found
        return ()

    def turns(self, person: Person, first: date, last: date, since: RotaChanges = NO_CHANGES) -> list[Turn]:
        """The duties of ``person`` that begin from ``first`` to ``last``, with swaps applied and without leave."""
        found = self.duties(person, first, last, since)
        off = [*self._with_since(since).leave_of(person.id), *not_appointed(person, self.zone)]
        return sorted(part for turn in found for part in _without(turn, off))

    def duties(self, person: Person, first: date, last: date, since: RotaChanges = NO_CHANGES) -> list[Turn]:
        """The duties of ``person``, own ones and those taken over by swaps; leave is not considered."""
        changes = self._with_since(since)
        known = datetime.max.replace(tzinfo=UTC)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        taken = [(self._people[p], day) for p, day in changes.taken_by(person.id) if p in self._people]
        others = [(p, day) for p, day in taken if p is not person and first <= day <= last]
        return [
            self._taken(turn, person.id)
            for owner, day in (*((person, day) for day in days), *others)
            if self._holder(owner, day, known, changes) == person.id
            for turn in self._own(owner, day)
        ]

    def _holder(self, owner: Person, day: date, known: datetime, changes: RotaChanges) -> str:
        """Who has ``owner``'s duty that begins on ``day``; the owner again if that person is no longer in the pack."""
        by = changes.stands_in(owner.id, day, known)
        return by if by in self._people else owner.id

    def _own(self, person: Person, day: date) -> Iterator[Turn]:
        return own_turns(person, day, self.zone, self._calendars)

    @staticmethod
    def _taken(turn: Turn, by: str) -> Turn:
        return turn if turn.person == by else Turn(turn.start, turn.end, by, "swap", turn.person)

    def _who(self, unit: str, minute: datetime, post: str | None, since: RotaChanges) -> tuple[Person, ...]:
        return tuple(one.person for one in self._entries(unit, minute, post, since))

    def _found(self, unit: str, minute: datetime, post: str | None, since: RotaChanges) -> tuple[OnDuty, ...]:
        changes = self._with_since(since)
        return self._on_turn(unit, minute, post, changes) or self._covering(unit, minute, post, changes)

    def _on_turn(self, unit: str, minute: datetime, post: str | None, changes: RotaChanges) -> tuple[OnDuty, ...]:
        day = minute.astimezone(self.zone).date()
        held = (one for one, _ in self._held(unit, minute, post, changes))
        return _each_once(one for one in held if self._may(one.person, day, minute, changes))

    def _held(
        self, unit: str, minute: datetime, post: str | None, changes: RotaChanges
    ) -> Iterator[tuple[OnDuty, date]]:
        """Who has each duty that goes on, there or on leave, and the day on which it began."""
        day = minute.astimezone(self.zone).date()
        at_home = [person for person in self._at_home.get(unit, ()) if person.has(post)]
        for person in (*self.people_at(unit, post), *at_home):
            for begun in (day, day - DAY):
                if any(turn.start <= minute < turn.end for turn in self._own(person, begun)):
                    yield self._because(person, unit, self._holder(person, begun, minute, changes)), begun

    def _because(self, person: Person, unit: str, by: str) -> OnDuty:
        if by != person.id:
            return OnDuty(self._people[by], "swap", person.id)
        if person.home is not None and (person.home == unit or not person.has("A")):
            return OnDuty(person, "home")
        return OnDuty(person, "shift" if person.shifts else "always")

    @staticmethod
    def _may(person: Person, day: date, minute: datetime, changes: RotaChanges) -> bool:
        return valid(person, day) and not changes.away(person.id, minute, minute)

    def _covering(self, unit: str, minute: datetime, post: str | None, changes: RotaChanges) -> tuple[OnDuty, ...]:
        day = minute.astimezone(self.zone).date()
        for cover in self._covers:
            if cover.unit == unit and (cover.post is None or post is None or cover.post == post):
                people = [
                    OnDuty(person, "cover", unit)
                    for by in cover.by
                    for person in self._covered_by(by, minute, post, changes)
                    if self._may(person, day, minute, changes)
                ]
                if people:
                    return _each_once(people)
        return ()

    def _covered_by(self, by: str, minute: datetime, post: str | None, changes: RotaChanges) -> Iterable[Person]:
        if by in self._people:
            return (self._people[by],)
        return (one.person for one in self._on_turn(by, minute, post, changes))


def _each_once(found: Iterable[OnDuty]) -> tuple[OnDuty, ...]:
    once: dict[str, OnDuty] = {}
    for one in found:
        once.setdefault(one.person.id, one)
    return tuple(once.values())


def _without(turn: Turn, leave: Iterable[tuple[datetime, datetime]]) -> list[Turn]:
    """The parts of ``turn`` that are not within ``leave``."""
    parts = [turn]
    for start, until in leave:
        parts = [
            turn._replace(start=begin, end=end)
            for turn in parts
            for begin, end in ((turn.start, min(turn.end, start)), (max(turn.start, until), turn.end))
            if begin < end
        ]
    return parts
