"""A duty calendar: turns over midnight and over a change of the clocks, leave cut out, swaps in, in the city's zone."""

from datetime import UTC, date, datetime

from icalendar import Calendar
from icalendar.cal import Component

from services.notifier.calendar_feed import calendar
from shared.city.pack import Pack
from shared.city.rota import Change, Changes
from tests.unit.test_city_rota import harbour, person


def events(pack: Pack, who: str, since: Changes) -> list[Component]:
    turns = pack.posts.turns(pack.people[who], date(2026, 3, 27), date(2026, 3, 30), since)
    return Calendar.from_ical(calendar(pack, pack.people[who], turns).decode()).walk("VEVENT")


def times(found: list[Component]) -> list[tuple[str, str]]:
    return [tuple(one.decoded(name).isoformat() for name in ("dtstart", "dtend")) for one in found]


def test_turns_are_told_in_local_time_with_leave_and_swaps() -> None:
    pack = harbour(people=[person("a", shifts=[{"hours": "22:00-06:00"}]), person("b", shifts=[])])
    since = Changes(
        [
            Change(
                kind="leave",
                person="a",
                start=datetime(2026, 3, 28, 3, tzinfo=UTC),
                until=datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
            ),
            Change(kind="swap", person="a", by="b", on=date(2026, 3, 29)),
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
