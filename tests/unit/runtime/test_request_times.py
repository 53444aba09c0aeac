"""The awkward moments are what they are called, and a commit's own is always the same."""

from datetime import UTC, date, datetime, timedelta

import pytest

from deploy.local.morning import working_morning
from shared.city.pack import Pack
from shared.city.reading import read_folder, read_pack
from tests.kit.stack import HARBOUR, SHEYANG
from tests.moments import MOMENTS, asked, begins, moment, of_commit

PACKS = {"harbour": read_pack(read_folder(HARBOUR)), "sheyang": read_pack(read_folder(SHEYANG))}


def works(pack: Pack, day: date) -> bool:
    return bool(pack.calendar("office").spans(day))


def later(name: str, by: timedelta) -> datetime:
    """The wall clock of the moment's zone when so much time has really passed."""
    found = moment(name)
    return (found.at.astimezone(UTC) + by).astimezone(found.at.tzinfo)


def test_days_off_and_on_are_those_of_the_packs() -> None:
    assert moment("saturday-noon").at.isoweekday() == moment("saturday-night").at.isoweekday() == 6
    holiday, extra = moment("public-holiday").at, moment("made-up-working-day").at
    assert (holiday.isoweekday(), works(PACKS["harbour"], holiday.date())) == (1, False)
    assert (extra.isoweekday(), works(PACKS["sheyang"], extra.date())) == (6, True)


def test_what_changes_changes_within_minutes() -> None:
    minutes = timedelta(minutes=5)
    assert later("year-end", minutes).year == moment("year-end").at.year + 1
    for name, hours in (("clocks-go-forward", 1), ("clocks-go-back", -1)):
        before = moment(name).at
        after = later(name, minutes)
        assert after.utcoffset() == before.utcoffset() + timedelta(hours=hours)  # type: ignore[operator]
    on_duty = [PACKS["harbour"].on_duty("quayside", later("hand-over", by), "A") for by in (timedelta(), minutes)]
    assert [[person.id for person in people] for people in on_duty] == [["qs-desk"], ["qs-night"]]


def test_the_leap_day_lies_in_a_year_that_nobody_has_confirmed() -> None:
    day = moment("leap-day").at.date()
    assert (day.month, day.day) == (2, 29)
    assert day.year not in PACKS["sheyang"].calendars["office"].confirmed


def test_on_the_morning_that_stacks_begin_with_every_desk_is_on_duty() -> None:
    for zone in ("Europe/Amsterdam", "Asia/Shanghai"):
        at = working_morning(zone)
        for pack in PACKS.values():
            assert works(pack, at.date())
        for unit, desk in (("quayside", "qs-desk"), ("millfield", "mf-desk")):
            ten = working_morning("Europe/Amsterdam")
            assert [p.id for p in PACKS["harbour"].on_duty(unit, ten, "A")] == [desk]


def test_a_moment_is_asked_for_by_name_or_as_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WHISTLE_MOMENT", raising=False)
    assert asked() is None
    assert begins(HARBOUR) == working_morning("Europe/Amsterdam")
    monkeypatch.setenv("WHISTLE_MOMENT", "saturday-noon")
    assert begins(HARBOUR).isoformat() == "2026-06-13T12:00:00+02:00"
    monkeypatch.setenv("WHISTLE_MOMENT", "2026-06-13T12:00Z")
    assert begins(SHEYANG) == datetime(2026, 6, 13, 12, tzinfo=UTC)
    for wrong in ("sunday", "2026-06-13T12:00"):
        monkeypatch.setenv("WHISTLE_MOMENT", wrong)
        with pytest.raises(ValueError, match="zone"):
            asked()


def test_the_moment_of_a_commit_follows_from_it_and_all_come_up() -> None:
    assert of_commit("abc") == of_commit("abc")
    assert {of_commit(f"{n:x}").name for n in range(200)} == {m.name for m in MOMENTS}
