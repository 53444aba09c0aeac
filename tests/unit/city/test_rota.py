"""Laws of the rota: shifts over midnight, swaps, leave, letters, homes, holidays; every minute somebody or an alarm."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.alerts.recipient_resolution import recipients_of, resolve_notice
from services.notifier.alerts.wording import vacant_posts_text
from services.notifier.domain.recipients import Notice
from shared.city.checks.rota import check_rota, gaps
from shared.city.duty_roster import roster
from shared.city.pack import Pack
from shared.city.people.on_duty import NO_CHANGES
from shared.city.people.rota import RotaChange, RotaChanges, midnight
from shared.city.problems import PackProblems
from shared.city.promises.calendars import country_days
from shared.city.reading import read_folder, read_pack
from tests.kit.made_rota import harbour_with_posts, person
from tests.packs import HARBOUR, SHEYANG, pack_of

DAY = timedelta(days=1)
START = datetime(2026, 3, 25, tzinfo=UTC)  # the clocks go forward on the 29th
DAYS = [date(2026, 3, 25) + n * DAY for n in range(8)]


def on(pack: Pack, at: str, unit: str = "quayside", post: str = "A", since: RotaChanges = NO_CHANGES) -> dict[str, str]:
    """Who is on, and why."""
    return {
        one.person.id: one.why for one in pack.posts.on_duty_with_reasons(unit, datetime.fromisoformat(at), post, since)
    }


hours = st.sampled_from(["00:00-24:00", "08:00-18:00", "18:00-08:00", "22:30-06:15", "12:00-13:00", "07:00-07:00"])
week = st.lists(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]), unique=True, max_size=8)
shift = st.fixed_dictionaries({"hours": hours, "days": week})
day = st.sampled_from(DAYS)
minute = st.integers(0, 7 * 24 * 60).map(lambda n: START + timedelta(minutes=n))


@st.composite
def people(draw: st.DrawFn, unit: str, ids: list[str]) -> list[dict[str, Any]]:
    made = []
    for id_ in ids:
        more: dict[str, Any] = {"shifts": draw(st.lists(shift, max_size=3))}
        if draw(st.booleans()):
            more |= {"valid_from": str(draw(day)), "valid_to": str(DAYS[-1] + draw(st.integers(-4, 3)) * DAY)}
            if more["valid_from"] >= more["valid_to"]:
                del more["valid_to"]
        made.append(person(id_, unit=unit, post=draw(st.sampled_from(["A", "B", "AB"])), **more))
    return made


@st.composite
def changes(draw: st.DrawFn) -> list[RotaChange]:
    """Swaps and leave among a, b and c, decided at some time."""
    made = []
    for _ in range(draw(st.integers(0, 4))):
        who, by = draw(st.permutations(["a", "b", "c"]))[:2]
        if draw(st.booleans()):
            back = draw(st.none() | day)
            made.append(RotaChange(kind="swap", person=who, by=by, on=draw(day), in_return=back, since=draw(minute)))
        else:
            start = draw(minute)
            until = start + timedelta(minutes=draw(st.integers(1, 3000)))
            made.append(RotaChange(kind="leave", person=who, start=start, until=until, since=draw(minute)))
    return made


@st.composite
def rotas(draw: st.DrawFn) -> Pack:
    """Three people at the quayside, one at the top, cover or none."""
    cover = draw(st.sampled_from([[], [{"unit": "quayside", "post": "A", "by": ["oosterhaven"]}]]))
    desk = person("top", unit="oosterhaven", shifts=draw(st.lists(shift, max_size=2)))
    return harbour_with_posts(people=[*draw(people("quayside", ["a", "b", "c"])), desk], cover=cover)


@settings(max_examples=50)
@given(rotas(), changes(), minute, st.sampled_from(["A", "B"]))
def test_every_minute_has_somebody_or_an_alarm(
    pack: Pack, decided: list[RotaChange], at: datetime, post: Literal["A", "B"]
) -> None:
    """Whoever is reached because a post has nobody is told which post that is."""
    since = RotaChanges(decided)
    for unit in ("quayside", "oosterhaven"):
        found = resolve_notice(Notice("new", unit, post), pack, at, since)
        kept = pack.posts.has_post(unit, post, at)
        assert found.people or found.instead or not kept
        if kept and not pack.on_duty(unit, at, post, since):
            assert found.instead
            assert (unit, post) in found.vacant
        told = recipients_of([Notice("new", unit, post)], pack, at, since)
        assert {p.id for p in (*found.people, *found.instead)} == set(told)
        assert all(notice.kind == "unstaffed" or not lacks for notice, lacks in told.values() if not found.people)


@settings(max_examples=50)
@given(rotas(), changes(), minute)
def test_whoever_is_on_leave_or_not_appointed_is_never_on(pack: Pack, decided: list[RotaChange], at: datetime) -> None:
    away = {
        change.person
        for change in decided
        if change.kind == "leave" and change.since <= at and change.start <= at < change.until  # type: ignore[operator]
    }
    for post in ("A", "B", None):
        for one in pack.posts.on_duty_with_reasons("quayside", at, post, RotaChanges(decided)):
            local = at.astimezone(pack.posts.zone).date()
            assert one.person.id not in away
            assert one.person.valid_from is None or one.person.valid_from <= local
            assert one.person.valid_to is None or local < one.person.valid_to


@settings(max_examples=50)
@given(rotas(), changes(), changes(), minute)
def test_what_is_decided_later_does_not_change_the_past(
    pack: Pack, before: list[RotaChange], later: list[RotaChange], at: datetime
) -> None:
    known = [change for change in before if change.since <= at]
    after = [change for change in later if change.since > at]
    for post in ("A", "B"):
        assert pack.posts.on_duty_with_reasons(
            "quayside", at, post, RotaChanges(known)
        ) == pack.posts.on_duty_with_reasons("quayside", at, post, RotaChanges([*known, *after]))


@settings(max_examples=50)
@given(rotas(), day, day, minute)
def test_a_swap_is_the_same_whoever_asks_for_it(pack: Pack, one: date, other: date, at: datetime) -> None:
    asked = RotaChanges([RotaChange(kind="swap", person="a", by="b", on=one, in_return=other)])
    mirrored = RotaChanges([RotaChange(kind="swap", person="b", by="a", on=other, in_return=one)])
    for post in ("A", "B"):
        by_a = pack.posts.on_duty_with_reasons("quayside", at, post, asked)
        assert by_a == pack.posts.on_duty_with_reasons("quayside", at, post, mirrored)


@settings(max_examples=50)
@given(rotas(), changes(), minute)
def test_a_persons_turns_are_when_that_person_is_on(pack: Pack, decided: list[RotaChange], at: datetime) -> None:
    """For what was decided before anything began."""
    since = RotaChanges(msgspec.structs.replace(change, since=START - 30 * DAY) for change in decided)
    standing = {
        one.person.id for one in pack.posts.on_duty_with_reasons("quayside", at, None, since) if one.why != "cover"
    }
    for who in "abc":
        turns = pack.posts.turns(pack.people[who], DAYS[0] - 2 * DAY, DAYS[-1] + DAY, since)
        assert any(turn.start <= at < turn.end for turn in turns) == (who in standing)


@settings(max_examples=50)
@given(rotas(), changes(), minute)
def test_a_gap_is_where_nobody_is_on_and_nowhere_else(pack: Pack, decided: list[RotaChange], at: datetime) -> None:
    since = RotaChanges(msgspec.structs.replace(change, since=START - 30 * DAY) for change in decided)
    for unit, post in pack.posts.staffed_posts():
        found = gaps(pack, unit, post, START, START + 8 * DAY, since)
        nobody = pack.posts.has_post(unit, post, at) and not pack.on_duty(unit, at, post, since)
        assert any(gap.start <= at < gap.end for gap in found) == nobody
        assert all(a.end < b.start for a, b in pairwise(found))


@settings(max_examples=50)
@given(rotas(), changes(), minute)
def test_a_roster_names_at_every_minute_those_who_are_on_and_no_others(
    pack: Pack, decided: list[RotaChange], at: datetime
) -> None:
    since = RotaChanges(decided)
    for unit, post in pack.posts.staffed_posts():
        found = roster(pack, unit, post, START, START + 8 * DAY, since)
        named = {turn.person.id for turn in found.turns if turn.start <= at < turn.end}
        assert named == {one.person.id for one in pack.posts.on_duty_with_reasons(unit, at, post, since)}
        nobody = pack.posts.has_post(unit, post, at) and not named
        assert any(one.start <= at < one.end for one in found.vacancies) == nobody


def test_a_roster_has_whole_turns_with_two_hundred_swaps() -> None:
    """Of a year of nights each is another's: none is lost, cut at midnight, or shown twice."""
    night = {"hours": "20:00-08:00"}
    pack = harbour_with_posts(people=[person("a", shifts=[night]), *(person(f"p{n}", post="B") for n in range(3))])
    first = date(2026, 3, 4)
    nights = [first + n * DAY for n in range(200)]
    swaps = RotaChanges(
        RotaChange(kind="swap", person="a", by=f"p{n % 3}", on=day, since=START - 60 * DAY)
        for n, day in enumerate(nights)
    )
    zone = pack.posts.zone
    for n in range(0, 196, 7):
        start = midnight(nights[n], zone)
        found = roster(pack, "quayside", "A", start, midnight(nights[n] + 4 * DAY, zone), swaps)
        before = [] if n == 0 else [nights[n - 1]]
        expected = [(day, f"p{nights.index(day) % 3}") for day in (*before, *nights[n : n + 4])]
        taken = [turn for turn in found.turns if turn.why == "swap"]
        assert [(turn.on, turn.person.id) for turn in taken] == expected
        assert {(t.start.astimezone(zone).hour, t.end.astimezone(zone).hour) for t in taken} == {(20, 8)}


def test_where_somebody_is_away_the_roster_says_which_duty_is_left() -> None:
    pack = harbour_with_posts(
        people=[person("a", shifts=[{"hours": "08:00-18:00"}]), person("b", post="B")],
        leave=[{"person": "a", "from": "2026-03-26", "until": "2026-03-27"}],
    )
    zone = pack.posts.zone
    found = roster(pack, "quayside", "A", midnight(date(2026, 3, 26), zone), midnight(date(2026, 3, 27), zone))
    assert found.turns == []
    assert [(v.start.astimezone(zone).hour, v.left) for v in found.vacancies] == [
        (0, ()),
        (8, (("a", date(2026, 3, 26)),)),
        (18, ()),
    ]


TUESDAY = date(2026, 3, 3)
AT_NOON = datetime(2026, 3, 3, 11, tzinfo=UTC)


def passing(*pairs: str, since: datetime = START) -> list[RotaChange]:
    """Swaps of the Tuesday, a minute apart: ``ab`` is a's to b."""
    return [
        RotaChange(kind="swap", person=p[0], by=p[1], on=TUESDAY, since=since - 60 * DAY + timedelta(minutes=n))
        for n, p in enumerate(pairs)
    ]


def three(**more: Any) -> Pack:
    """Only a has a duty, by day."""
    return harbour_with_posts(
        people=[
            person("a", shifts=[{"hours": "08:00-18:00"}]),
            *(person(p, shifts=[{"hours": "20:00-21:00", "days": ["sun"]}]) for p in "bcd"),
        ],
        **more,
    )


@pytest.mark.parametrize(
    ("pairs", "who"),
    [
        (("ab", "bc"), "c"),
        (("ab", "bc", "cd"), "d"),
        (("ab", "bc", "ca"), "a"),
        (("ab", "ba"), "a"),
        (("ab", "ba", "ac"), "c"),
        (("ab", "bc", "ad"), "d"),
        (("bc", "ab"), "b"),
    ],
)
def test_a_duty_that_was_taken_over_is_passed_on_as_ones_own(pairs: tuple[str, ...], who: str) -> None:
    pack, since = three(), RotaChanges(passing(*pairs))
    assert on(pack, AT_NOON.isoformat(), since=since) == {who: "shift" if who == "a" else "swap"}
    for each in "abcd":
        turns = pack.posts.turns(pack.people[each], TUESDAY, TUESDAY, since)
        assert len(turns) == (each == who)
    if who != "a":
        assert pack.posts.turns(pack.people[who], TUESDAY, TUESDAY, since)[0].instead_of == "a"


def test_a_swap_of_the_pack_is_passed_on_by_one_that_comes_later_and_in_the_files_order() -> None:
    in_the_pack = three(swaps=[{"from": "a", "to": "b", "on": "2026-03-03"}])
    assert on(in_the_pack, AT_NOON.isoformat(), since=RotaChanges(passing("bc"))) == {"c": "swap"}
    both = three(swaps=[{"from": "a", "to": "b", "on": "2026-03-03"}, {"from": "b", "to": "c", "on": "2026-03-03"}])
    assert on(both, AT_NOON.isoformat()) == {"c": "swap"}


def test_before_a_swap_of_a_swap_holds_who_had_it_has_it() -> None:
    pack = three()
    later = RotaChange(kind="swap", person="b", by="c", on=TUESDAY, since=AT_NOON)
    since = RotaChanges([*passing("ab"), later])
    assert on(pack, (AT_NOON - timedelta(minutes=1)).isoformat(), since=since) == {"b": "swap"}
    assert on(pack, AT_NOON.isoformat(), since=since) == {"c": "swap"}


def test_two_swaps_of_one_moment_are_carried_out_alike_by_everybody() -> None:
    pack = three()
    two = [RotaChange(kind="swap", person=p[0], by=p[1], on=TUESDAY, since=START - 60 * DAY) for p in ("ab", "bc")]
    found = [on(pack, AT_NOON.isoformat(), since=RotaChanges(order)) for order in (two, two[::-1])]
    assert found[0] == found[1]


@pytest.mark.parametrize("leave_of", ["the pack", "the interface"])
def test_the_duty_of_somebody_on_leave_is_there_to_be_passed_on(leave_of: str) -> None:
    away = {"leave": [{"person": "a", "from": "2026-03-03", "until": "2026-03-04"}]}
    pack = three(**away if leave_of == "the pack" else {})
    gone = RotaChange(kind="leave", person="a", start=AT_NOON - DAY, until=AT_NOON + DAY)
    decided = [] if leave_of == "the pack" else [gone]
    assert pack.posts.turns(pack.people["a"], TUESDAY, TUESDAY, RotaChanges(decided)) == []
    assert len(pack.posts.duties(pack.people["a"], TUESDAY, TUESDAY, RotaChanges(decided))) == 1
    assert on(pack, AT_NOON.isoformat(), since=RotaChanges([*decided, *passing("ab", "bc")])) == {"c": "swap"}


def test_whoever_left_the_pack_has_nobodys_duty() -> None:
    """b took a's duty, or c's, and is gone: it is a's again; where the owner is gone, so is the duty."""
    pack = three()
    left = [msgspec.structs.replace(change, by="gone") for change in passing("ab")]
    assert on(pack, AT_NOON.isoformat(), since=RotaChanges(left)) == {"a": "shift"}
    assert len(pack.posts.turns(pack.people["a"], TUESDAY, TUESDAY, RotaChanges(left))) == 1
    owner = [msgspec.structs.replace(change, person="gone") for change in passing("ab")]
    assert pack.posts.turns(pack.people["b"], TUESDAY, TUESDAY, RotaChanges(owner)) == []


def test_a_swap_of_a_night_shift_lasts_until_the_morning() -> None:
    night = {"hours": "18:00-08:00"}
    pack = harbour_with_posts(
        people=[person("a", shifts=[night]), person("b", shifts=[{"hours": "08:00-18:00"}])],
        swaps=[{"from": "a", "to": "b", "on": "2026-03-03"}],
    )
    assert on(pack, "2026-03-03T07:00:00+01:00") == {"a": "shift"}
    assert on(pack, "2026-03-03T19:00:00+01:00") == {"b": "swap"}
    assert on(pack, "2026-03-04T07:59:00+01:00") == {"b": "swap"}
    assert on(pack, "2026-03-04T18:00:00+01:00") == {"a": "shift"}


def test_on_a_holiday_the_holiday_shift_holds_and_a_made_up_working_day_is_a_working_day() -> None:
    pack = harbour_with_posts(
        people=[
            person(
                "week", shifts=[{"days": ["mon", "tue", "wed", "thu", "fri"], "hours": "08:00-18:00", "calendar": "cn"}]
            ),
            person("off", shifts=[{"days": ["sat", "sun", "holiday"], "hours": "08:00-18:00", "calendar": "cn"}]),
        ],
        calendars=['{id: cn, hours: ["08:00-18:00"], country: CN, confirmed: [2026], working_days: [2026-10-02]}'],
    )
    assert on(pack, "2026-10-01T10:00:00+02:00") == {"off": "shift"}, "the national day"
    assert on(pack, "2026-10-10T10:00:00+02:00") == {"week": "shift"}, "a Saturday that is worked for it"
    assert on(pack, "2026-10-02T10:00:00+02:00") == {"week": "shift"}, "the pack says otherwise than the country"
    assert on(pack, "2026-10-17T10:00:00+02:00") == {"off": "shift"}


def test_sheyangs_calendar_says_what_the_country_says() -> None:
    office = pack_of(SHEYANG).calendar("office")
    off, worked = country_days("CN")
    for year in (2025, 2026):
        weekdays = {day for day in off if day.year == year and day.weekday() < 5}
        assert {day for day in office.holidays if day.year == year and day.weekday() < 5} == weekdays
        assert {day for day in office.working_days if day.year == year} == {day for day in worked if day.year == year}


def test_a_rider_stands_on_his_home_grid_as_long_as_the_letter_holds() -> None:
    files = read_folder(HARBOUR)
    files["units.yaml"] += "  - {id: pier, level: grid, parent: quayside, name: Pier}\n"
    rider = person("rider", role="parttime_grid_member", post="B", home="pier", valid_to="2026-03-05")
    files["posts.yaml"] = msgspec.json.encode([person("a"), rider]).decode()
    pack = read_pack(files)
    assert on(pack, "2026-03-04T23:59:00+01:00", "pier", "B") == {"rider": "home"}
    assert on(pack, "2026-03-05T00:00:00+01:00", "pier", "B") == {}
    assert pack.posts.staffed_posts() == [("quayside", "A"), ("quayside", "B")]


def test_cover_by_a_unit_is_by_those_who_are_on_there() -> None:
    desks = [
        person("early", unit="oosterhaven", shifts=[{"hours": "08:00-18:00"}]),
        person("late", unit="oosterhaven", shifts=[{"hours": "18:00-08:00"}]),
    ]
    pack = harbour_with_posts(
        people=[*desks, person("a", shifts=[{"days": ["mon"], "hours": "08:00-09:00"}])],
        cover=[{"unit": "quayside", "post": "A", "by": ["oosterhaven"]}],
    )
    assert on(pack, "2026-03-03T19:00:00+01:00") == {"late": "cover"}


def test_who_is_told_instead_hears_where_nobody_is_on() -> None:
    pack = harbour_with_posts(
        people=[
            person("a", shifts=[{"days": ["mon"], "hours": "08:00-18:00"}]),
            person("walk", post="B", shifts=[{"days": ["mon"], "hours": "08:00-18:00"}]),
            person("top", unit="oosterhaven"),
        ]
    )
    sunday = datetime(2026, 3, 8, 10, tzinfo=UTC)
    told = recipients_of([Notice("new", "quayside", "A"), Notice("new", "quayside", "B")], pack, sunday, NO_CHANGES)
    ((id_, (notice, lacks)),) = told.items()
    assert (id_, notice.kind) == ("top", "unstaffed")
    assert vacant_posts_text(lacks, pack) == "nobody is on post A at Quayside; nobody is on post B at Quayside"


def test_a_hole_in_the_coming_weeks_is_said_with_its_place_and_at_the_top_it_is_an_error() -> None:
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)
    errors, warnings = check_rota(pack_of(HARBOUR), now)
    assert errors == []
    (hole,) = [warning for warning in warnings if warning.file == "posts.yaml"]
    assert (hole.file, hole.place) == ("posts.yaml", "/people/2")
    assert "nobody is on post A at 'quayside': 2026-11-28 08:00 to 2026-11-28 18:00" in hole.message
    errors, _ = check_rota(
        harbour_with_posts(people=[person("top", unit="oosterhaven", shifts=[{"hours": "08:00-18:00"}])]), now
    )
    assert "post A at 'oosterhaven'" in errors[0].message


def test_a_promise_that_may_end_while_nobody_is_on_duty_is_a_warning() -> None:
    """On Sundays nobody is at the quayside; its desk promises by the hours of the week and of every day."""
    weekdays = [{"days": ["mon", "tue", "wed", "thu", "fri", "sat"], "hours": "00:00-24:00"}]
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)
    files = read_folder(HARBOUR)
    files["posts.yaml"] = json.dumps({"people": [person("top", unit="oosterhaven"), person("a", shifts=weekdays)]})
    files["commitments.yaml"] = """
- {class: default, acknowledge: PT1H, resolve: P1D, calendar: office}
- {class: danger, acknowledge: PT5M, resolve: P1D}
- {class: urgent, unit: quayside, acknowledge: PT5M, resolve: P1D, calendar: desk}
- {class: urgent, unit: millfield, acknowledge: PT5M, resolve: P1D}
- {class: low, acknowledge: none, resolve: none, forgotten_after: P9D}
"""
    _, warnings = check_rota(read_pack(files), now)
    late = [warning for warning in warnings if warning.file == "commitments.yaml"]
    assert [warning.place for warning in late] == ["/commitments/1/calendar", "/commitments/2/calendar"]
    assert "nobody is on post A at 'quayside': 2026-11-29 00:00 to 2026-11-30 00:00" in late[0].message


def test_a_year_that_nobody_confirmed_is_a_warning() -> None:
    pack = harbour_with_posts(people=[], calendars=['{id: cn, hours: ["08:00-18:00"], country: CN, confirmed: [2026]}'])
    _, warnings = check_rota(pack, datetime(2026, 11, 26, 12, tzinfo=UTC))
    (one,) = warnings
    assert (one.file, one.place) == ("calendars.yaml", "/calendars/2/confirmed")
    assert "2027" in one.message
    assert check_rota(pack, datetime(2026, 6, 1, tzinfo=UTC)) == ([], [])


@pytest.mark.parametrize(
    ("posts", "place"),
    [
        ({"people": [person("a")], "swaps": [{"from": "a", "to": "a", "on": "2026-03-03"}]}, "/swaps/0/to"),
        (
            {"people": [person("a")], "leave": [{"person": "x", "from": "2026-03-03", "until": "2026-03-04"}]},
            "/leave/0/person",
        ),
        (
            {"people": [person("a")], "leave": [{"person": "a", "from": "2026-03-03", "until": "2026-03-03"}]},
            "/leave/0/until",
        ),
        ({"people": [person("a", home="nowhere")]}, "/people/0/home"),
        ({"people": [person("a", shifts=[{"hours": "08:00-09:00", "calendar": "x"}])]}, "/people/0/shifts/0/calendar"),
        ({"people": [person("a")], "pairs": [{"unit": "quayside", "rider": "x"}]}, "/pairs/0/rider"),
        ({"people": [], "calendars": ['{id: q, hours: ["08:00-18:00"], country: QQ}']}, "/calendars/2/country"),
    ],
)
def test_what_does_not_fit_is_said_where_it_stands(posts: dict[str, Any], place: str) -> None:
    with pytest.raises(PackProblems) as found:
        harbour_with_posts(**posts)
    assert [problem.place.split(" ")[0] for problem in found.value.problems] == [place]


def test_a_swap_comes_after_those_of_the_same_people_and_waits_for_no_others() -> None:
    day = date(2026, 3, 3)
    first, last = (datetime(2026, 3, 1, 9, minute, tzinfo=UTC) for minute in (0, 20))
    changes = RotaChanges(
        [
            RotaChange(kind="swap", person="qs-desk", by="mf-desk", on=day, since=first),
            RotaChange(kind="swap", person="oh-desk", by="oh-chief", on=day, since=last),
        ]
    )
    assert changes.last_swap(day, ("mf-desk", "qs-night")) == first
    assert changes.last_swap(day, ("oh-chief", "qs-desk")) == last
    assert changes.last_swap(day, ("qs-night",)) < first
    assert changes.last_swap(date(2026, 3, 4), ("qs-desk",)) < first
