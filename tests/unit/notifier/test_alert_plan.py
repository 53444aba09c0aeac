"""The plan of alerts is pure: who is told of an event, what the alert says, and what is kept to the inbox."""

import json
from datetime import timedelta
from functools import cache

import msgspec
import pytest

from services.notifier.alerts.alert_plan import covering_silence, plan_alerts, plan_unrouted_alerts
from services.notifier.documents.alert import Alert, from_doc, to_doc
from services.notifier.documents.silence import Silence
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
from tests.kit.made_reports import NOW, TRACE, harbour, submitted
from tests.kit.made_rota import person
from tests.packs import GARDENS, HARBOUR

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
