"""A duty calendar: turns over midnight and over a change of the clocks, leave cut out, swaps in, in the city's zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from icalendar.cal import Component

from services.notifier.http.calendar_feed import EPOCH, calendar, revised_at, timezone
from shared.city.pack import Pack
from shared.city.people.rota import RotaChange, RotaChanges
from tests.kit.made_rota import harbour_with_posts, person


def events(pack: Pack, who: str, since: RotaChanges) -> list[Component]:
    turns = pack.posts.turns(pack.people[who], date(2026, 3, 27), date(2026, 3, 30), since)
    return Calendar.from_ical(calendar(pack, pack.people[who], turns).decode()).walk("VEVENT")


def times(found: list[Component]) -> list[tuple[str, str]]:
    return [tuple(one.decoded(name).isoformat() for name in ("dtstart", "dtend")) for one in found]


def test_turns_are_told_in_local_time_with_leave_and_swaps() -> None:
    pack = harbour_with_posts(people=[person("a", shifts=[{"hours": "22:00-06:00"}]), person("b", shifts=[])])
    since = RotaChanges(
        [
            RotaChange(
                kind="leave",
                person="a",
                start=datetime(2026, 3, 28, 3, tzinfo=UTC),
                until=datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
            ),
            RotaChange(kind="swap", person="a", by="b", on=date(2026, 3, 29)),
        ]
    )
    assert times(events(pack, "a", since)) == [
        ("2026-03-27T22:00:00+01:00", "2026-03-28T04:00:00+01:00"),
        ("2026-03-29T01:30:00+01:00", "2026-03-29T06:00:00+02:00"),
        ("2026-03-30T22:00:00+02:00", "2026-03-31T06:00:00+02:00"),
    ]
    (taken,) = events(pack, "b", since)
    assert times([taken]) == [("2026-03-29T22:00:00+02:00", "2026-03-30T06:00:00+02:00")]
    assert str(taken["summary"]) == "Duty: Quayside post A (for a)"
    text = calendar(pack, pack.people["a"], pack.posts.turns(pack.people["a"], date(2026, 3, 27), date(2026, 3, 30)))
    assert b"BEGIN:VTIMEZONE" in text
    assert b"TZID=Europe/Amsterdam" in text


LOADED = datetime(2026, 3, 1, 8, tzinfo=UTC)


def night(until: str) -> Pack:
    return harbour_with_posts(people=[person("a", shifts=[{"hours": f"22:00-{until}"}])])


def told(pack: Pack, who: str, revised: datetime) -> list[Component]:
    turns = pack.posts.turns(pack.people[who], date(2026, 3, 3), date(2026, 3, 3))
    return Calendar.from_ical(calendar(pack, pack.people[who], turns, revised).decode()).walk("VEVENT")


def test_a_duty_that_was_cut_short_is_told_from_the_old_one() -> None:
    (before,) = told(night("08:00"), "a", LOADED)
    (after,) = told(night("06:00"), "a", LOADED + timedelta(days=1))
    assert before["uid"] == after["uid"], "it is the same duty"
    assert before.decoded("dtend") - after.decoded("dtend") == timedelta(hours=2)
    assert before.decoded("dtstamp") == LOADED
    for name in ("dtstamp", "last-modified", "sequence"):
        assert before.decoded(name) < after.decoded(name), name
    (again,) = told(night("06:00"), "a", LOADED + timedelta(days=1))
    assert again.to_ical() == after.to_ical(), "read again it is the same"


def test_a_persons_duties_are_revised_by_a_pack_and_by_swaps_and_leave_of_his_own() -> None:
    later = LOADED + timedelta(hours=3)
    swap = RotaChange(kind="swap", person="b", by="a", on=date(2026, 3, 29), since=later)
    pack = harbour_with_posts(people=[person("a"), person("b"), person("c")])
    found = {who: revised_at(pack.people[who], LOADED, RotaChanges([swap])) for who in "abc"}
    assert found == {"a": later, "b": later, "c": LOADED}
    assert revised_at(pack.people["a"], None, RotaChanges()) == EPOCH


def test_the_calendar_of_somebody_who_is_always_on_has_a_component() -> None:
    pack = harbour_with_posts(people=[person("a", shifts=[])])
    turns = pack.posts.turns(pack.people["a"], date(2026, 3, 1), date(2026, 3, 9))
    assert {turn.why for turn in turns} == {"always"}
    read = Calendar.from_ical(calendar(pack, pack.people["a"], turns, LOADED).decode())
    assert [component.name for component in read.subcomponents] == ["VTIMEZONE"]


@pytest.mark.parametrize(
    ("zone", "year", "changes"),
    [
        ("Africa/Casablanca", 2027, 2),
        ("Africa/Casablanca", 2026, 2),
        ("Europe/Amsterdam", 2027, 2),
        ("Asia/Shanghai", 2027, 0),
    ],
)
@pytest.mark.parametrize("first_day", [1, 15, 36, 60])
def test_every_change_of_the_clocks_is_in_the_calendar(zone: str, year: int, changes: int, first_day: int) -> None:
    """Ramadan of 2027 too, when Morocco's clocks go back for five weeks."""
    here, first = ZoneInfo(zone), datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=first_day)
    last = first + timedelta(days=78)
    rules = sorted(timezone(here, first, last).subcomponents, key=lambda one: one.decoded("dtstart"))
    assert (
        len(timezone(here, datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, tzinfo=UTC)).subcomponents)
        == 1 + changes
    )
    at = first
    while at < last:
        begun = [r for r in rules if r.decoded("dtstart") - r.decoded("tzoffsetfrom") <= at.replace(tzinfo=None)]
        assert begun[-1].decoded("tzoffsetto") == at.astimezone(here).utcoffset(), at
        at += timedelta(minutes=30)
