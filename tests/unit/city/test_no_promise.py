"""Promises that no calendar reaches are found at the check; that nothing is promised can be said."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.reports.unrouted_watch import route_by
from services.router.cases.routing import assign
from shared.city.pack import Pack
from shared.city.problems import PackProblems, Problem
from shared.city.reading import read_folder, read_pack
from shared.contracts.reports import Place, ReportSubmitted
from tests.packs import HARBOUR

AT = datetime(2026, 3, 4, 9, tzinfo=UTC)
SUNDAYS = '- {id: sundays, days: [sun], hours: ["10:00-11:00"]}\n'
DANGER = "- {class: danger, acknowledge: PT10M, resolve: P1D, ladder: [{at: +PT1H, tell: municipality}]}\n"


def pack(commitments: str, calendars: str = SUNDAYS) -> Pack:
    return read_pack({**read_folder(HARBOUR), "commitments.yaml": commitments, "calendars.yaml": calendars})


def problems(commitments: str, calendars: str = SUNDAYS) -> list[Problem]:
    with pytest.raises(PackProblems) as found:
        pack(commitments, calendars)
    return found.value.problems


def report(pack: Pack, category: str = "street_light", at: datetime = AT) -> ReportSubmitted:
    return ReportSubmitted(
        report="r1",
        app="app",
        kind="hazard",
        description="lamp out",
        place=Place(unit="quayside"),
        received_at=at,
        pack_version=pack.version,
        cell="c",
        category=category,
    )


@pytest.mark.parametrize("clock", ["acknowledge", "resolve", "on_site", "report_in", "finish_part", "confirm"])
def test_a_promise_that_its_calendar_never_reaches_is_found_at_the_check(clock: str) -> None:
    targets = {"acknowledge": "PT30M", "resolve": "PT1H", clock: "PT600H"}
    words = ", ".join(f"{name}: {target}" for name, target in targets.items())
    found = problems(f"{DANGER}- {{class: default, {words}, calendar: sundays, forgotten_after: P1D}}\n")
    assert any(p.place.startswith(f"/1/{clock}") and "within ten years" in p.message for p in found)


def test_days_that_its_calendar_never_reaches_are_found_too() -> None:
    found = problems(f"{DANGER}- {{class: default, acknowledge: P1D, resolve: P700D, calendar: sundays}}\n")
    assert any("within ten years" in p.message for p in found)


def test_a_pause_that_a_calendar_never_reaches_is_found() -> None:
    text = f"""
commitments:
{DANGER}- {{class: default, acknowledge: PT30M, resolve: PT1H, calendar: sundays}}
pauses:
- {{code: parts, name: parts, longest: PT600H}}
"""
    assert any("within ten years" in p.message for p in problems(text))


@given(
    hours=st.integers(1, 2000),
    days=st.lists(st.sampled_from(["mon", "wed", "sat", "sun"]), min_size=1, unique=True),
    long=st.integers(1, 12),
    at=st.datetimes(datetime(2015, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_what_the_check_lets_through_makes_a_case_of_every_report(
    hours: int, days: list[str], long: int, at: datetime
) -> None:
    calendars = f'- {{id: few, days: [{", ".join(days)}], hours: ["08:00-{8 + long:02}:00"]}}\n'
    commitments = f"{DANGER}- {{class: default, acknowledge: PT{hours}H, resolve: PT{hours}H, calendar: few}}\n"
    try:
        read = pack(commitments, calendars)
    except PackProblems:
        return
    case, _ = assign(report(read, at=at), "harbour", read)
    assert {clock.kind for clock in case.clocks} == {"acknowledge", "resolve"}


def test_that_nothing_is_promised_can_be_said() -> None:
    read = pack(f"{DANGER}- {{class: default, acknowledge: none, resolve: none, forgotten_after: P7D}}\n")
    assert read.warnings == ()
    case, _ = assign(report(read), "harbour", read)
    assert case.clocks == ()
    assert route_by(read, "street_light", AT) is None


def test_one_of_the_two_may_be_promised_alone() -> None:
    ladder = "ladder: [{at: +PT1H, tell: municipality}]"
    read = pack(f"{DANGER}- {{class: default, acknowledge: none, resolve: P2D, {ladder}}}\n")
    case, _ = assign(report(read), "harbour", read)
    assert [clock.kind for clock in case.clocks] == ["resolve"]


def test_neither_a_promise_nor_a_watch_is_warned_of() -> None:
    read = pack(f"{DANGER}- {{class: default, acknowledge: none, resolve: none}}\n")
    assert any("nothing ever climbs" in warning.message for warning in read.warnings)


@pytest.mark.parametrize("what", ["class: danger", "category: flooding"])
def test_danger_without_a_promise_is_refused(what: str) -> None:
    rest = "- {class: default, acknowledge: PT1H, resolve: P1D}\n"
    found = problems(f"- {{{what}, acknowledge: none, resolve: P1D}}\n{rest}")
    assert any("danger without a promise" in p.message for p in found)


def test_a_ladder_of_a_clock_that_is_not_promised_is_refused() -> None:
    found = problems(
        f"{DANGER}- {{class: default, acknowledge: none, resolve: P1D,"
        " ladder: [{at: 0.5, clock: acknowledge, tell: municipality}]}\n"
    )
    assert any("no acknowledge target" in p.message for p in found)
