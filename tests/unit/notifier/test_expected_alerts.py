"""The measure of the audits and the notifier's plan are two readings of the same rules: they agree on every event."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.alerts.alert_plan import plan_alerts, plan_unrouted_alerts
from shared.city.pack import Pack
from shared.city.people.on_duty import NO_CHANGES
from shared.city.reading import read_folder, read_pack
from shared.contracts.cases import CARRIES, CaseEvent, CaseState
from shared.contracts.catalogue import encode
from shared.contracts.envelope import Envelope
from shared.contracts.reports import ReportUnrouted
from tests.kit.expected_alerts import people_told
from tests.kit.expected_duty import Roster, roster_in, roster_of
from tests.kit.made_reports import NOW
from tests.kit.made_rota import person
from tests.packs import GARDENS, HARBOUR, SHEYANG, pack_of

MONDAY = datetime(2026, 3, 23, tzinfo=UTC)  # the clocks of Amsterdam go forward on the 29th
minute = st.integers(0, 14 * 24 * 60).map(lambda n: MONDAY + timedelta(minutes=n, seconds=17))
UNITS = ("oosterhaven", "quayside", "millfield")
IDS = ("a", "b", "c", "d")
day = st.integers(0, 13).map(lambda n: str((MONDAY + timedelta(days=n)).date()))
week = st.lists(st.sampled_from(["mon", "tue", "wed", "sat", "sun", "holiday"]), unique=True, max_size=6)
hours = st.sampled_from(["00:00-24:00", "08:00-18:00", "18:00-08:00", "01:30-02:30", "07:00-07:00"])
calendar = st.sampled_from([{}, {"calendar": "office"}, {"calendar": "cn"}])
shift = st.builds(lambda hours, days, calendar: {"hours": hours, "days": days, **calendar}, hours, week, calendar)


@st.composite
def rotas(draw: st.DrawFn) -> dict[str, str]:
    """The harbour's files with four people who swap, are away, live elsewhere, and are covered."""
    people = []
    for id_ in IDS:
        shifts, more = draw(st.lists(shift, max_size=2)), draw(st.sampled_from([{}, {"home": "millfield"}]))
        if draw(st.integers(0, 4)) == 0:
            more = {**more, "valid_from": draw(day)}
        post = draw(st.sampled_from(["A", "B", "AB"]))
        people.append(person(id_, unit=draw(st.sampled_from(UNITS)), post=post, shifts=shifts, **more))
    people.append(person("top", unit="oosterhaven"))
    swaps: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(0, 4))):
        one, other = draw(st.permutations(IDS))[:2]
        back = draw(st.none() | day)
        swaps.append({"from": one, "to": other, "on": draw(day), **({"in_return": back} if back else {})})
    away = draw(day)
    until = str((datetime.fromisoformat(away) + timedelta(days=2)).date())
    cover = {"unit": "quayside", "post": draw(st.sampled_from(["A", "B"])), "by": ["d", "oosterhaven"]}
    posts = {
        "people": people,
        "swaps": swaps,
        "leave": [{"person": draw(st.sampled_from(IDS)), "from": away, "until": until}],
        "cover": draw(st.sampled_from([[], [cover]])),
    }
    files = read_folder(HARBOUR)
    calendars = files["calendars.yaml"] + '  - {id: cn, hours: ["08:00-18:00"], country: CN, confirmed: [2026]}\n'
    return {**files, "calendars.yaml": calendars, "posts.yaml": json.dumps(posts)}


@given(rotas(), minute, st.sampled_from(UNITS), st.sampled_from(["A", "B", None]))
def test_both_name_the_same_people_on_duty(files: dict[str, str], at: datetime, unit: str, post: str | None) -> None:
    found = {one.id for one in read_pack(files, checked=True).on_duty(unit, at, post)}
    assert roster_in(files).on_duty(unit, at, post) == found


@st.composite
def changes(draw: st.DrawFn, pack: Pack) -> CaseEvent:
    """What an event may carry of a case of ``pack``: units, people and a category that are drawn."""
    unit, who = st.sampled_from(sorted(pack.units)), st.sampled_from(sorted(pack.people))
    of = pack.units[draw(unit)]
    special = [code for code, category in pack.categories.items() if category.effect_check or category.pages]
    confidential = draw(st.booleans())
    case = CaseState(
        id="c1",
        city=pack.city.id,
        version=2,
        state=draw(st.sampled_from(["queued", "closed"])),
        priority="normal",
        category=draw(st.sampled_from([*pack.categories, "gone"]) | st.sampled_from([*special, "gone"])),
        kind="hazard",
        unit=of.id,
        path=list(of.path),
        pack_version=pack.version,
        opened_at=MONDAY,
        clocks=[],
        cell="",
        within=draw(st.none() | unit),
        assignee=draw(st.none() | who | unit | st.just("who left")),
        historic=draw(st.integers(0, 9)) == 0,
        confidential=confidential,
        sample=None if confidential else draw(st.sampled_from([None, None, "drawn", "not_drawn"])),
        seen_by=draw(st.lists(unit | who.map("@{}".format), max_size=3)),
        parties=draw(st.lists(unit, max_size=1)),
    )
    tell, part = draw(st.lists(unit | st.just("gone"), min_size=1, max_size=3)), draw(st.none() | st.just("p1"))
    return CaseEvent(
        case=case,
        tell=tell,
        part=part,
        act="tell",
        due_at=draw(st.none() | minute),
        clock=draw(st.none() | st.just("resolve")),
        by=draw(st.none() | who),
        asked_by=draw(st.none() | who | st.just("who left")),
        quiet=draw(st.integers(0, 9)) == 0,
        reporter_word=draw(st.none() | st.sampled_from(["added", "fixed", "withdrawn"])),
    )


def event_of(type_: str, data: msgspec.Struct, at: datetime) -> Envelope:
    return Envelope(
        id="c1.2.0",
        type=type_,
        topic="cases",
        key="k",
        subject="c1",
        city="harbour",
        sequence=2,
        time=at,
        data=encode(data),
    )


def agree(data: CaseEvent, at: datetime, pack: Pack, roster: Roster) -> None:
    """Whatever happened to the case, both readings tell the same people."""
    for type_ in CARRIES:
        event = event_of(type_, data, at)
        planned = plan_alerts(event, data, pack, NO_CHANGES, (), NOW)
        assert (type_, people_told(event, roster)) == (type_, {alert.recipient for alert in planned})


@pytest.mark.parametrize("folder", [HARBOUR, GARDENS, SHEYANG], ids=lambda folder: folder.name)
@given(st.data(), minute)
def test_both_tell_the_same_people_of_whatever_happens_to_a_case(
    folder: Path, drawn: st.DataObject, at: datetime
) -> None:
    agree(drawn.draw(changes(pack_of(folder))), at, pack_of(folder), roster_of(folder))


@given(rotas(), st.data(), minute)
def test_both_tell_the_same_people_whoever_is_on_duty(
    files: dict[str, str], drawn: st.DataObject, at: datetime
) -> None:
    pack = read_pack(files, checked=True)
    agree(drawn.draw(changes(pack)), at, pack, roster_in(files))


@given(rotas(), minute)
def test_both_tell_the_same_people_of_a_report_without_a_case(files: dict[str, str], at: datetime) -> None:
    pack = read_pack(files, checked=True)
    late = ReportUnrouted(report="r1", received_at=at, route_by=at, pack_version=pack.version)
    event = event_of("report.unrouted.v2", late, at)
    alerts = plan_unrouted_alerts(event, late, pack, NO_CHANGES, NOW)
    assert people_told(event, roster_in(files)) == {alert.recipient for alert in alerts}
