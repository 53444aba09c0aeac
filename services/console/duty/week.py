"""The week of a unit's rota as the page shows it: days with whole turns, and red rows where nobody is on."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from services.console.duty.answers import DutyPerson, PostRoster, Roster, Turn, Vacancy
from services.console.frame.channel_names import CHANNELS
from services.console.frame.languages import N_
from services.console.frame.visit import Visit
from services.console.router_client import NameOf

DAY = timedelta(days=1)
DAYS = 7
WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
POSTS = {"A": N_("Post A"), "B": N_("Post B")}


@dataclass(frozen=True, slots=True)
class TurnView:
    """``give``: (person, day) by which it can be passed on; ``instead``: whose duty it was."""

    post: str
    start: datetime
    hours: str
    who: str
    instead: str = ""
    mine: bool = False
    now: bool = False
    vacant: bool = False
    give: tuple[str, date] | None = None


@dataclass(frozen=True, slots=True)
class DayView:
    day: date
    label: str
    today: bool
    turns: list[TurnView] = field(default_factory=list)

    @property
    def vacant(self) -> bool:
        return any(turn.vacant for turn in self.turns)


@dataclass(frozen=True, slots=True)
class OnNow:
    """Who has a post now. ``until``: in words; ``reached``: over which channels beside the inbox."""

    unit: str
    post: str
    who: str = ""
    instead: str = ""
    until: str = ""
    reached: str = ""


class RotaWords:
    """A roster in the reader's words, in the city's zone."""

    def __init__(self, visit: Visit, rosters: Iterable[Roster], units: Mapping[str, NameOf]) -> None:
        self._visit = visit
        self._people = {one.id: one for roster in rosters for one in roster.people}
        self._units = units

    def person(self, id_: str) -> str:
        found = self._people.get(id_)
        return self._visit.named(_name(found)) if found is not None else self._visit._("Somebody else")

    def unit(self, id_: str) -> str:
        found = self._units.get(id_)
        return self._visit.named(found) if found is not None else id_

    def choices(self, roster: Roster) -> list[tuple[str, str]]:
        """Everybody who may take a turn, those with a turn this week first."""
        busy = dict.fromkeys(turn.person for post in roster.posts for turn in post.turns)
        order = sorted(roster.people, key=lambda one: one.id not in busy)
        return [(one.id, self._with_role(one)) for one in order]

    def days(self, roster: Roster) -> list[DayView]:
        zone, today = self._visit.zone, self._visit.now.astimezone(self._visit.zone).date()
        first, last = (at.astimezone(zone).date() for at in (roster.start, roster.end))
        days = {day: DayView(day, self.day(day), day == today) for day in _days(first, last)}
        for post in roster.posts:
            for turn in post.turns:
                on = max(first, turn.start.astimezone(zone).date())
                if on in days:
                    days[on].turns.append(self._turn(post, turn, on, may_change=roster.may_change))
            for vacancy in post.vacancies:
                for day, piece in _by_day(vacancy, zone):
                    days[day].turns.append(self._vacancy(post, piece, day, may_change=roster.may_change))
        for one in days.values():
            one.turns.sort(key=lambda turn: (turn.post, turn.start))
        return list(days.values())

    def on_now(self, roster: Roster) -> Iterator[OnNow]:
        now = self._visit.now
        for post in roster.posts:
            held = [turn for turn in post.turns if turn.start <= now < turn.end]
            for turn in held:
                yield OnNow(
                    self.unit(roster.unit),
                    self.post(post.post),
                    self.person(turn.person),
                    self._instead(turn),
                    "" if turn.why == "always" else self._visit.moment(turn.end),
                    self._reached(turn.person),
                )
            if not held and any(one.start <= now < one.end for one in post.vacancies):
                yield OnNow(self.unit(roster.unit), self.post(post.post))

    def post(self, post: str | None) -> str:
        return self._visit._(POSTS[post]) if post in POSTS else ""

    def day(self, day: date) -> str:
        """周二 12月1日."""
        return f"{self._visit._(WEEKDAYS[day.weekday()])} {self._visit.case_words.day(day)}"

    def span(self, start: datetime, end: datetime, shown_on: date | None = None) -> str:
        """08:00–18:00, 18:00–08:00 next day; all day."""
        zone = self._visit.zone
        begins, ends = start.astimezone(zone), end.astimezone(zone)
        on = shown_on or begins.date()
        if (begins.hour, begins.minute) == (ends.hour, ends.minute) == (0, 0) and ends.date() == begins.date() + DAY:
            return self._visit._("all day")
        first = f"{begins:%H:%M}"
        last = "24:00" if ends.date() == begins.date() + DAY and f"{ends:%H:%M}" == "00:00" else f"{ends:%H:%M}"
        if begins.date() < on:
            return self._visit._("from the day before to %(end)s", end=last)
        if ends.date() > on and last != "24:00":
            return self._visit._("%(start)s–%(end)s next day", start=first, end=last)
        return f"{first}–{last}"

    def _turn(self, post: PostRoster, turn: Turn, on: date, *, may_change: bool) -> TurnView:
        over = turn.end <= self._visit.now
        return TurnView(
            post=self.post(post.post),
            start=turn.start,
            hours=self.span(turn.start, turn.end, on),
            who=self.person(turn.person),
            instead=self._instead(turn),
            mine=turn.person == self._visit.me.person,
            now=turn.start <= self._visit.now < turn.end,
            give=(turn.person, turn.on) if turn.on is not None and may_change and not over else None,
        )

    def _vacancy(self, post: PostRoster, vacancy: Vacancy, on: date, *, may_change: bool) -> TurnView:
        left = next(iter(vacancy.left), None)
        over = vacancy.end <= self._visit.now
        return TurnView(
            post=self.post(post.post),
            start=vacancy.start,
            hours=self.span(vacancy.start, vacancy.end, on),
            who=self._visit._("Nobody is on duty"),
            vacant=True,
            give=(left.person, left.on) if left is not None and may_change and not over else None,
        )

    def _instead(self, turn: Turn) -> str:
        if turn.why == "swap" and turn.instead_of is not None:
            return self._visit._("for %(person)s", person=self.person(turn.instead_of))
        return self._visit._("covering") if turn.why == "cover" else ""

    def _reached(self, id_: str) -> str:
        found = self._people.get(id_)
        kinds = found.channels if found is not None else ()
        return self._visit.case_words.of(("、", ", ")).join(
            [self._visit._("inbox"), *(self._visit._(CHANNELS[kind]) for kind in kinds if kind in CHANNELS)]
        )

    def _with_role(self, one: DutyPerson) -> str:
        role = self._visit.case_words.role(one.role)
        name = self._visit.named(_name(one))
        return f"{name} · {role}" if role and role not in name else name


def _name(one: DutyPerson) -> NameOf:
    return NameOf(one.name, one.name_en)


def _days(first: date, end: date) -> list[date]:
    return [first + n * DAY for n in range((end - first).days)]


def _by_day(vacancy: Vacancy, zone: tzinfo) -> Iterator[tuple[date, Vacancy]]:
    """A vacancy cut at midnights: each day has its row."""
    at = vacancy.start
    while at < vacancy.end:
        day = at.astimezone(zone).date()
        midnight = datetime.combine(day + DAY, datetime.min.time(), zone)
        until = min(vacancy.end, midnight.astimezone(at.tzinfo))
        yield day, Vacancy(at, until, vacancy.left)
        at = until
