"""What the services really send fits the catalogue."""

import dataclasses
from datetime import datetime, timedelta
from itertools import product
from typing import Any, get_args

import msgspec
import pytest

from services.intake.domain.submission import Submission
from services.router.cases.published_events import TOLD_MAX, to_envelopes
from services.router.domain import events as e
from services.router.domain.apply import apply_all
from services.router.domain.attachment import ArrivedReport
from services.router.domain.case import PARTS_MAX, REPORTS_KEPT, Case, Question, State
from services.router.domain.case_parts.call_back import CallPlan
from services.router.domain.case_parts.marks import Found, NotOurs, Sensitive
from services.router.domain.case_parts.place_question import Candidate, PlaceQuestion
from services.router.domain.case_parts.remark import Remark
from services.router.domain.case_parts.report import Report
from services.router.domain.case_parts.ruling import Rejection, Ruling
from services.router.domain.case_parts.work import Consultation, Part, Supervision
from services.router.domain.clock import Ask, Extension, LookAgain, Moments, Pause
from services.router.domain.clock_renewal import Promise
from services.router.domain.commands.consultation import Consulted
from services.router.domain.commands.request_info import InfoRequested
from services.router.domain.commands.rulings.rejection import ObjectionRefused
from services.router.domain.commands.rulings.requests import RulingRequested
from services.router.domain.domain_event import DomainEvent
from services.router.domain.timer_rules import due
from services.router.domain.values import replace
from services.router.domain.visits.visit_events import VisitHeld
from shared.contracts import alerts, cases, cities, reports
from shared.contracts.catalogue import CATALOGUE, decode
from shared.contracts.envelope import HISTORY, MAX_DATA_BYTES, Envelope, Malformed
from shared.kernel.vocabulary import Priority, StateName
from shared.kernel.working_time import ALWAYS
from shared.runtime.identity.directory import Principal
from tests.kit.made_cases import OTHER, OTHER_PATH, T0, fresh, minutes, opened
from tests.kit.made_reports import IMPORTER, TRACE, submission, submitted


def every_kind(base: type[DomainEvent]) -> list[type[DomainEvent]]:
    """Every event of the domain, wherever it is told."""
    kinds = [kind for below in base.__subclasses__() for kind in (below, *every_kind(below))]
    return sorted({kind.TYPE: kind for kind in kinds if kind.TYPE}.values(), key=lambda kind: kind.TYPE)


HAPPENED = every_kind(DomainEvent)
assert VisitHeld in HAPPENED, "told beside the store of visits"
PART = Part(id="p1", unit=OTHER, path=OTHER_PATH, work="wires", caller="xingfu", called_by="desk", called_at=T0)
WHICH = PlaceQuestion(T0, "which?", T0 + minutes(90), (Candidate("here", "xingfu"), Candidate("there", OTHER)))
FIELDS: dict[str, Any] = {
    "at": T0,
    "by": "desk",
    "by_unit": "xingfu",
    "text": "because",
    "remark": Remark("reported_again"),
    "said_at": T0,
    "where": (120.26, 33.77),
    "photos": ("f1",),
    "to": OTHER,
    "path": OTHER_PATH,
    "act": "tell",
    "clock": "acknowledge",
    "due_at": T0 + minutes(10),
    "rung": None,
    "how": "repair",
    "ok": True,
    "score": 2,
    "satisfied": 2,
    "last": False,
    "call_plan": CallPlan(days=3, tries=3),
    "report": "r1",
    "arrived": (ArrivedReport(report=Report("r2", "app", T0), priority="urgent", says="fixed"),),
    "count": 2,
    "quiet": False,
    "from_case": "c2",
    "word": "added",
    "asked_by": "desk",
    "asker": "xingfu",
    "rejection": Rejection("police", "desk", "chief", "hede"),
    "ruling": Ruling("return", T0, "not_our_area", "属地不符", "desk", "xingfu", "hede"),
    "came": (),
    "into": "c0",
    "says": "fixed",
    "priority": "danger",
    "threshold": 5,
    "reports": ("r1",),
    "linked_to": "c2",
    "follow_up": None,
    "resolver": "desk",
    "look_again": LookAgain(86_400),
    "called": PART,
    "clocks": (),
    "part": None,
    "parts": (PART,),
    "promise": Promise("lamps/*@v1", (), ALWAYS),
    "was_unit": None,
    "supervision": Supervision(T0, "chief", "hede", "why"),
    "category": "lamp",
    "question": Question(T0, "which gate?", "desk", T0 + minutes(90), State.CLAIMED),
    "ask": Ask("pause", "resolve", T0, "part_ordered", "desk", until=T0 + minutes(90)),
    "tell": OTHER,
    "about": "xingfu",
    "to_judge": ("hede",),
    "found": Found(T0, "desk", "xingfu", "drawn"),
    "not_ours": NotOurs("petition", "petitions", "County hall, window 3"),
    "sensitive": Sensitive("media", "sheyang"),
    "pause": Pause(T0, T0 + minutes(90), "part_ordered", asked_by="desk"),
    "extension": Extension(T0, T0, T0 + minutes(90), "why", asked_by="desk"),
    "within": None,
    "said": "because; still so",
    "place": "第三小学",
    "point": (120.26, 33.77),
    "moved": True,
    "then": Moments(T0 + minutes(20), None, (T0 + minutes(20),) * 3),
    "organiser": "xingfu",
    "why": "still dark",
    "consultation": Consultation(unit="xingfu", parties=(OTHER,), question="who pays?", by="desk", at=T0),
}


def happened(kind: type[Any]) -> Any:
    """An event of a kind with every field set."""
    started = {"clock": fresh(T0)} if kind in (e.Reopened, InfoRequested) or issubclass(kind, RulingRequested) else {}
    return kind(**{f.name: FIELDS[f.name] for f in dataclasses.fields(kind) if f.name not in started}, **started)


@pytest.mark.parametrize("kind", HAPPENED, ids=lambda kind: kind.__name__)
def test_every_event_of_the_domain_is_in_the_catalogue_and_parses(kind: type[Any]) -> None:
    before = opened()
    after = apply_all(before, [happened(kind)])
    (event,) = to_envelopes(after, [happened(kind)], TRACE, before)
    data = decode(event, cases.CaseEvent)
    assert (data.case.id, data.case.version, event.sequence, event.key) == ("c1", 2, 2, "c1")
    assert event.id == "c1.2.0"


def told_by(kind: type[Any], before: Case) -> list[Envelope]:
    """Events of a kind as they happen to ``before``: as ``happened`` makes it, and with what it leaves out there."""
    event = happened(kind)
    names = {f.name for f in dataclasses.fields(kind)}
    changes: list[dict[str, Any]] = [{}]
    changes += [
        {name: other} for name, other in {"part": "p1", "was_unit": OTHER, "moved": False}.items() if name in names
    ]
    if "pause" in names:
        changes.append({"pause": replace(event.pause, approved_by="chief")})
    events = [dataclasses.replace(event, **change) for change in changes]
    return [to_envelopes(apply_all(before, [e]), [e], TRACE, before)[0] for e in events]


@pytest.mark.parametrize("kind", HAPPENED, ids=lambda kind: kind.__name__)
def test_a_type_carries_the_fields_that_it_declares_and_no_other(kind: type[Any]) -> None:
    """Over the states of a case that make a difference: with and without a part, a consultation, a place asked for."""
    carried: set[str] = set()
    for parts, consultation, asked in product([(), (PART,)], [None, FIELDS["consultation"]], [None, WHICH]):
        before = replace(opened(), parts=parts, consultation=consultation, place_question=asked, priority="danger")
        for event in told_by(kind, before):
            carried |= set(msgspec.json.decode(event.data))
    assert carried - set(cases.COMMON_FIELDS) == set(cases.CARRIES[kind.TYPE])


def test_every_field_of_a_case_event_is_declared() -> None:
    declared = {*cases.COMMON_FIELDS, *get_args(cases.OwnField)}
    assert {field.encode_name for field in msgspec.structs.fields(cases.CaseEvent)} == declared
    assert {name for carried in cases.CARRIES.values() for name in carried} == set(get_args(cases.OwnField))


def test_the_states_of_the_domain_are_those_of_the_vocabulary() -> None:
    assert tuple(state.value for state in State) == get_args(StateName)


def test_every_type_of_a_case_is_sent_and_no_other() -> None:
    sent = {kind.TYPE for kind in HAPPENED}
    assert set(cases.TYPES) == sent


def test_all_events_of_a_change_carry_the_state_after_it_and_ids_of_their_own() -> None:
    happened_ = due(opened(), T0 + minutes(400))
    after = apply_all(opened(), happened_)
    events = to_envelopes(after, happened_, TRACE, opened())
    assert len({event.id for event in events}) == len(events) == len(happened_)
    states = [decode(event, cases.CaseEvent).case for event in events]
    assert all(state == states[0] for state in states)


def test_a_breach_says_whom_to_tell_when_it_was_due_and_when_it_fired() -> None:
    happened_ = due(opened(), T0 + minutes(16))
    after = apply_all(opened(), happened_)
    told = {event.type: decode(event, cases.CaseEvent) for event in to_envelopes(after, happened_, TRACE, opened())}
    breach, climb = told["clock.breached.v1"], told["case.escalated.v1"]
    assert (breach.tell, breach.clock, breach.due_at) == (["xingfu"], "acknowledge", T0 + minutes(10))
    assert breach.fired_at == T0 + minutes(16)
    assert (climb.tell, climb.act) == (["hede"], "tell")


def test_an_event_about_a_clock_names_one_of_its_cases_clocks() -> None:
    """So a kind that a reader does not know parks the event whether ``clock`` is read strictly or not."""
    happened_ = due(opened(), T0 + minutes(4000))
    events = to_envelopes(apply_all(opened(), happened_), happened_, TRACE, opened())
    told = [decode(event, cases.CaseEvent) for event in events if '"clock":' in event.data]
    assert len(told) > 3
    assert all(data.clock in {clock.kind for clock in data.case.clocks} for data in told)
    unknown = msgspec.structs.replace(events[0], data=events[0].data.replace('"kind":"acknowledge"', '"kind":"new"'))
    with pytest.raises(Malformed, match="new"):
        decode(unknown, cases.CaseEvent)


def test_a_queue_that_was_left_is_named() -> None:
    moved = happened(e.Moved)
    (event,) = to_envelopes(apply_all(opened(), [moved]), [moved], TRACE, opened())
    data = decode(event, cases.CaseEvent)
    assert (data.was_path[-1], data.case.unit) == ("xingfu", OTHER)


READ_BY_REPORTERS = (e.Opened, e.Rejected, e.Resolved, ObjectionRefused)
"""Events whose words are the outcome of the case."""


def test_reasons_cross_to_those_whom_they_are_told_and_notes_stay_inside() -> None:
    for kind in HAPPENED:
        (event,) = to_envelopes(apply_all(opened(), [happened(kind)]), [happened(kind)], TRACE, opened())
        assert ("because" in event.data) == (kind in READ_BY_REPORTERS or kind.SAYS_WHY), kind
        if kind not in READ_BY_REPORTERS:
            assert (decode(event, cases.CaseEvent).told == "because") == kind.SAYS_WHY, kind


def test_words_that_are_told_are_without_personal_numbers_cut_and_never_of_a_confidential_case() -> None:
    asked = dataclasses.replace(happened(Consulted), text="call 13812345678 " + "x" * 500)
    (event,) = to_envelopes(opened(), [asked], TRACE)
    told = decode(event, cases.CaseEvent).told
    assert told is not None
    assert len(told) == TOLD_MAX
    assert "[电话]" in told
    (event,) = to_envelopes(replace(opened(), confidential=True), [asked], TRACE)
    assert decode(event, cases.CaseEvent).told is None


def test_the_public_state_is_bounded() -> None:
    case: Case = replace(
        opened(description="长" * 4000),
        reports=tuple(Report(f"r{n}", "app", T0, "p" * 27) for n in range(500)),
        parts=tuple(replace(PART, id=f"p{n}") for n in range(PARTS_MAX)),
        clocks=tuple(replace(fresh(T0), part=f"p{n // 2}") for n in range(2 * PARTS_MAX)),
    )
    for n in range(60):
        case = apply_all(case, [e.Noted(at=T0, text="x" * 2000)] * (1 + n % 2))
    (event,) = to_envelopes(case, [e.Noted(at=T0, text="x" * 2000)], TRACE)
    state = decode(event, cases.CaseEvent).case
    assert (len(state.reports), len(state.steps), len(state.summary or "")) == (REPORTS_KEPT, cases.STEPS_KEPT, 120)
    assert len(event.data.encode()) < MAX_DATA_BYTES // 8


def test_a_confidential_case_crosses_without_its_words() -> None:
    case = replace(opened(description="the neighbour says"), confidential=True)
    (event,) = to_envelopes(case, [e.Noted(at=T0, text="x")], TRACE)
    assert "neighbour" not in event.data


def test_danger_takes_the_fast_lane() -> None:
    lanes: dict[Priority, int] = {"danger": 0, "urgent": 1, "normal": 1, "low": 1}
    for priority, lane in lanes.items():
        case = replace(opened(), priority=priority)
        assert to_envelopes(case, [e.Noted(at=T0)], TRACE)[0].lane == lane


def crossed(report: Submission, event: Envelope) -> reports.ReportSubmitted:
    data = decode(event, reports.ReportSubmitted)
    assert (event.subject, event.key, event.city, event.sequence) == (report.id, report.cell, report.city, 1)
    assert event.time == report.received_at
    return data


def test_a_submission_crosses_whole_and_without_its_reporter() -> None:
    fields: dict[str, Any] = {
        "location": {"lon": 4.32, "lat": 52.12, "crs": "gcj02", "address": "Fish Quay 2", "unit": "quayside"},
        "category": "street_light",
        "photos": ["f1", "f2"],
        "channel": "phone",
        "reporter": {"ref": "rider-77", "name": "Jan", "phone": "0612345678"},
        "observed_at": "2026-03-02T08:55:00+01:00",
        "historic": True,
        "received_at": "2026-03-01T08:00:00Z",
        "about_us": True,
    }
    report = submission("k1", IMPORTER, **fields)
    event = submitted("k1", IMPORTER, **fields)
    data = crossed(report, event)
    assert (data.place.crs, data.place.address, data.place.unit) == ("gcj02", "Fish Quay 2", "quayside")
    assert (data.category, data.photos, data.channel, data.historic) == ("street_light", ["f1", "f2"], "phone", True)
    assert data.about_us
    assert data.reporter is not None
    assert not any(word in event.data for word in ("rider-77", "Jan", "0612345678"))


def test_an_open_item_of_an_importer_crosses_on_the_lane_of_history() -> None:
    fields: dict[str, Any] = {"open": True, "received_at": "2025-03-01T08:00:00Z"}
    report, event = submission("k1", IMPORTER, **fields), submitted("k1", IMPORTER, **fields)
    data = crossed(report, event)
    assert data.imported_open_at == report.imported_open_at is not None
    assert (data.historic, event.lane) == (False, HISTORY)


def test_the_case_on_which_an_officer_hangs_a_report_crosses() -> None:
    officer = Principal(kind="officer", city="harbour", person="qs-desk", unit="quayside", role="duty_officer")
    fields: dict[str, Any] = {"channel": "window", "same_as": "c1"}
    assert crossed(submission("k1", officer, **fields), submitted("k1", officer, **fields)).same_as == "c1"


def test_a_bare_submission_crosses_too() -> None:
    data = crossed(submission(), submitted())
    assert (data.kind, data.channel, data.photos, data.reporter) == ("hazard", "app", [], None)


@pytest.mark.parametrize("type_", sorted(CATALOGUE))
def test_data_of_another_type_is_not_taken_for_it(type_: str) -> None:
    _, shape = CATALOGUE[type_]
    shapes: list[type[msgspec.Struct]] = [reports.ReportSubmitted, cases.CaseEvent, alerts.AlertSent, cities.CityLoaded]
    event = msgspec.structs.replace(submitted(), type=type_, data="{}")
    for other in (other for other in shapes if other is not shape):
        with pytest.raises(Exception, match="does not"):
            decode(event, other)


def test_times_cross_to_the_millisecond() -> None:
    at = datetime.fromisoformat("2026-03-02T08:00:00.123+00:00")
    (event,) = to_envelopes(opened(), [e.Noted(at=at + timedelta(0))], TRACE)
    assert event.time == at
