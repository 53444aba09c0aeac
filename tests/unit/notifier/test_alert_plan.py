"""The plan of alerts is pure: who is told of an event, what the alert says, and what is kept to the inbox."""

import json
from datetime import datetime, timedelta
from functools import cache
from secrets import token_hex
from typing import cast
from zoneinfo import ZoneInfo

import msgspec
import pytest

from services.notifier.alerts.alert_plan import covering_silence, plan_alerts, plan_unrouted_alerts
from services.notifier.delivery.alert_deliveries import AlertDeliveries
from services.notifier.documents.alert import Alert, from_doc, to_doc
from services.notifier.documents.silence import Around, Silence
from services.router.cases.published_events import to_envelopes
from services.router.cases.routing import assign
from shared.city.pack import Pack
from shared.city.people.on_duty import NO_CHANGES
from shared.city.people.rota import RotaChange, RotaChanges
from shared.city.reading import read_folder, read_pack
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode, encode
from shared.contracts.envelope import Envelope
from shared.contracts.reports import ReportSubmitted, ReportUnrouted
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import NOW, TRACE, harbour, submitted
from tests.kit.made_rota import person
from tests.packs import GARDENS, HARBOUR, harbour_with_channels, lamps_in_desk_hours

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DANGER = "burst pipe, the street is a flood"


@cache
def opened(words: str = "the street light is out") -> tuple[Envelope, CaseEvent]:
    """A new case of the quayside."""
    case, happened = assign(decode(submitted("k1", description=words), ReportSubmitted), "harbour", harbour())
    (event, *_) = to_envelopes(case, [happened], TRACE)
    return event, decode(event, CaseEvent)


def planned(
    event: Envelope, data: CaseEvent, rota: RotaChanges = NO_CHANGES, silences: tuple[Silence, ...] = ()
) -> list[Alert]:
    return plan_alerts(event, data, harbour(), rota, silences, NOW)


def silence(**fields: object) -> Silence:
    made = Silence(
        id="q1",
        city="harbour",
        unit="quayside",
        categories=[],
        from_=NOW,
        until=NOW + timedelta(hours=8),
        made_at=NOW - timedelta(minutes=1),
    )
    return msgspec.structs.replace(made, **fields)


def test_each_person_on_duty_gets_one_alert_and_the_same_event_plans_the_same_ones() -> None:
    event, data = opened()
    alerts = planned(event, data)
    assert [(a.recipient, a.kind, a.state) for a in alerts] == [("qs-desk", "new", "sent"), ("qs-walk", "new", "sent")]
    assert {(a.because, a.case, a.case_version, a.at) for a in alerts} == {(event.id, data.case.id, 1, NOW)}
    assert planned(event, data) == alerts


def test_one_person_on_both_posts_gets_one_alert_and_two_people_get_one_each_at_once() -> None:
    """Posts A and B may be two hats of one person: at the quayside's desk, and on another unit's ground."""
    event, data = opened()
    both = read_pack(
        {
            **read_folder(HARBOUR),
            "posts.yaml": json.dumps(
                {
                    "people": [
                        person("top", unit="oosterhaven"),
                        person("hats", unit="quayside", post="AB", home="millfield"),
                        person("walker", unit="millfield", post="B"),
                    ]
                }
            ),
        }
    )
    within = msgspec.structs.replace(data, case=msgspec.structs.replace(data.case, within="millfield"))
    for told, expected in ((data, ["hats"]), (within, ["hats", "walker"])):
        alerts = plan_alerts(event, told, both, NO_CHANGES, (), NOW)
        assert [alert.recipient for alert in alerts] == expected
        assert {alert.at for alert in alerts} == {NOW}
    assert alerts[0].unit == "quayside", "it is signed for at the desk"


NIGHT, MORNING = datetime(2026, 3, 3, 3, 0, tzinfo=AMSTERDAM), datetime(2026, 3, 3, 8, 0, tzinfo=AMSTERDAM)


@cache
def desk_hours() -> Pack:
    """The harbour, whose lamps count while the desk is open; the walker and the quayside's group have channels."""
    robot, phone = "${CHANNEL_HARBOUR_ROBOT}", "${CHANNEL_HARBOUR_PHONE}"
    files = harbour_with_channels(
        city={"sms": {"url": "https://sms.example.com/"}},
        units={"quayside": {"wecom": robot}},
        people={"qs-walk": {"sms": phone}, "qs-night": {"sms": phone}},
    )
    return read_pack({**files, **lamps_in_desk_hours()})


@cache
def at_night(words: str) -> tuple[Envelope, CaseEvent]:
    """A new case of the quayside at three in the morning."""
    record = submitted("k1", now=NIGHT, description=words)
    case, happened = assign(decode(record, ReportSubmitted), "harbour", desk_hours())
    (event, *_) = to_envelopes(case, [happened], TRACE)
    return event, decode(event, CaseEvent)


def told_at_night(event: Envelope, data: CaseEvent) -> list[Alert]:
    return plan_alerts(event, data, desk_hours(), NO_CHANGES, (), NIGHT)


def test_a_lamp_at_three_wakes_nobody_and_rings_for_whoever_is_at_the_desk_in_the_morning() -> None:
    alerts = told_at_night(*at_night("the street light is out"))
    assert [(a.recipient, a.at, a.rings_at) for a in alerts] == [
        ("qs-desk", NIGHT, MORNING),
        ("qs-walk", NIGHT, MORNING),
    ]


def test_a_danger_at_three_rings_at_once_for_whoever_is_on_duty() -> None:
    alerts = told_at_night(*at_night(DANGER))
    assert [(a.recipient, a.rings_at) for a in alerts] == [("qs-night", None), ("qs-walk", None)]


def test_a_lamp_that_many_reported_rings_at_once_when_it_has_become_urgent() -> None:
    event, data = at_night("the street light is out")
    urgent = msgspec.structs.replace(data, case=msgspec.structs.replace(data.case, priority="urgent"))
    assert {a.rings_at for a in told_at_night(event, urgent)} == {None}


def test_until_it_rings_it_is_held_from_the_person_and_from_the_group() -> None:
    deliveries = AlertDeliveries(cast(Database, NotAsked()), token_hex)

    def ways(words: str) -> set[tuple[str, str, datetime | None]]:
        planned = deliveries.plan(desk_hours(), told_at_night(*at_night(words)))
        return {(one.to, one.state, one.release_at) for one in planned.values()}

    assert ways("the street light is out") == {("person", "held", MORNING), ("unit", "held", MORNING)}
    assert ways(DANGER) == {("person", "pending", None), ("unit", "pending", None)}


class NotAsked:
    """A database that is not asked."""

    def collection(self, name: str) -> str:
        return name


def test_an_alert_is_due_with_the_tightest_running_clock_of_its_case() -> None:
    event, data = opened()
    assert {a.due_at for a in planned(event, data)} == {min(clock.due_at for clock in data.case.clocks)}
    met = [msgspec.structs.replace(clock, state="met") for clock in data.case.clocks]
    done = msgspec.structs.replace(data, case=msgspec.structs.replace(data.case, clocks=met))
    assert {a.due_at for a in planned(event, done)} == {None}


def test_where_nobody_is_on_a_post_the_desk_above_is_told_so() -> None:
    event, data = opened()
    leave = RotaChange(kind="leave", person="qs-desk", start=NOW, until=NOW + timedelta(hours=8))
    alerts = {alert.recipient: alert for alert in planned(event, data, RotaChanges((leave,)))}
    assert {person: alert.kind for person, alert in alerts.items()} == {"oh-desk": "unstaffed", "qs-walk": "new"}
    assert alerts["oh-desk"].text.startswith("nobody is on post A at Quayside · ")


def test_of_history_nobody_is_told() -> None:
    event, data = opened()
    assert planned(event, msgspec.structs.replace(data, case=msgspec.structs.replace(data.case, historic=True))) == []


def test_of_what_an_imported_open_item_caused_nobody_is_told() -> None:
    event, data = opened()
    assert planned(event, msgspec.structs.replace(data, quiet=True)) == []


def test_a_silenced_alert_names_its_silence_and_danger_breaks_it() -> None:
    assert {a.silenced for a in planned(*opened(), silences=(silence(),))} == {"q1"}
    assert {a.silenced for a in planned(*opened(DANGER), silences=(silence(),))} == {None}


@pytest.mark.parametrize(
    ("other", "covers"),
    [
        ({}, True),
        ({"unit": harbour().root.id}, True),
        ({"unit": "old_harbour"}, False),
        ({"categories": ["flooding"]}, False),
        ({"categories": ["street_light"]}, True),
        ({"from_": NOW + timedelta(minutes=1)}, False),
        ({"made_at": NOW + timedelta(minutes=1)}, False),
        ({"ended_at": NOW}, False),
        ({"until": NOW}, False),
    ],
)
def test_a_silence_covers_its_ground_its_categories_and_its_time(other: dict[str, object], covers: bool) -> None:
    _, data = opened()
    assert (covering_silence([silence(**other)], data.case, harbour(), NOW) is not None) is covers


SITE = Around(lon=4.32, lat=52.12, metres=200, place="the building site")


def at_the_site(data: CaseEvent, **state: object) -> CaseEvent:
    """The case, fifty metres from the middle of the site."""
    case = msgspec.structs.replace(data.case, **{"lon": SITE.lon, "lat": SITE.lat + 0.00045, **state})
    return msgspec.structs.replace(data, case=case)


@pytest.mark.parametrize(
    ("words", "state", "muted"),
    [
        ("the street light is out", {}, True),
        ("the street light is out", {"lat": SITE.lat + 0.0045}, False),
        ("the street light is out", {"lon": None, "lat": None, "place": None}, False),
        ("the street light is out", {"lon": None, "lat": None, "place": "Fish Quay"}, True),
        ("the street light is out", {"lon": None, "lat": None, "place": "Station Road"}, False),
        ("the street light is out", {"opened_at": NOW - timedelta(minutes=2)}, False),
        (DANGER, {}, False),
    ],
    ids=["there", "elsewhere", "nowhere", "by its words", "by words elsewhere", "from before", "danger"],
)
def test_a_muted_place_is_quiet_for_new_cases_there_and_danger_always_rings(
    words: str, state: dict[str, object], muted: bool
) -> None:
    event, data = opened(words)
    alerts = planned(event, at_the_site(data, **state), silences=(silence(around=SITE),))
    assert {alert.silenced for alert in alerts} == {"q1" if muted else None}


def test_who_is_above_the_desk_that_muted_a_place_hears_of_it_as_always() -> None:
    event, data = opened()
    raised = msgspec.structs.replace(event, type="case.escalated.v1")
    told = msgspec.structs.replace(at_the_site(data), tell=["oosterhaven"], act="tell")
    alerts = planned(raised, told, silences=(silence(around=SITE),))
    by_unit = {alert.unit: alert.silenced for alert in alerts}
    assert by_unit["oosterhaven"] is None
    assert by_unit.get("quayside", "q1") == "q1"


def test_a_report_without_a_case_is_told_to_the_desk_of_the_root() -> None:
    late = ReportUnrouted(report="r1", received_at=NOW, route_by=NOW, pack_version=harbour().version)
    event = msgspec.structs.replace(opened()[0], type="report.unrouted.v1", data=encode(late))
    alerts = plan_unrouted_alerts(event, late, harbour(), NO_CHANGES, NOW)
    assert alerts
    assert {(a.kind, a.unit, a.priority) for a in alerts} == {("unrouted", harbour().root.id, "urgent")}
    assert all("r1" in alert.text for alert in alerts)


def test_an_alert_is_read_as_it_was_stored_and_absent_fields_are_not_stored() -> None:
    for alert in planned(*opened()):
        document = to_doc(alert)
        assert document["_id"] == alert.id
        assert not {"part", "silenced", "at_once", "acked_at", "acked_by", "acted"} & document.keys()
        assert from_doc({**document, "of_tomorrow": {"deep": [1]}}) == alert


def of_today(**posts: object) -> Pack:
    """The harbour's pack of another day: with these entries of ``posts.yaml``."""
    files = read_folder(HARBOUR)
    return read_pack({**files, "posts.yaml": json.dumps({"people": [], **posts})}, checked=True)


def test_who_is_told_are_the_people_of_todays_pack_and_the_case_keeps_its_own() -> None:
    event, data = opened()
    today = of_today(people=[person("new-desk", unit="quayside"), person("top", unit="oosterhaven")])
    alerts = plan_alerts(event, data, harbour(), NO_CHANGES, (), NOW, today)
    assert [alert.recipient for alert in alerts] == ["new-desk"]
    assert [alert.text for alert in alerts] == [alert.text for alert in planned(event, data)][:1]


def test_of_a_unit_that_todays_pack_has_no_more_the_nearest_above_is_told() -> None:
    event, data = opened()
    files = read_folder(GARDENS)
    gone = read_pack(files, checked=True)  # another tree: none of the harbour's units is in it
    alerts = plan_alerts(event, data, harbour(), NO_CHANGES, (), NOW, gone)
    assert {alert.unit for alert in alerts} == {gone.root.id}
