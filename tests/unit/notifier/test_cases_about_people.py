"""Of a case about people no point and no word leaves for groups, robots and the apps of others: each field has a word
of its own, which is looked for in what the receiver gets."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import cast, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.alerts.alert_plan import plan_alerts
from services.notifier.channels.texts import Item, Texts
from services.notifier.delivery.webhook_payload import payload
from shared.city.pack import Pack
from shared.city.people.on_duty import NO_CHANGES
from shared.city.reading import read_folder, read_pack
from shared.contracts.cases import CARRIES, CaseEvent, CaseState, OutcomeState, QuestionState, ReportRef
from shared.contracts.catalogue import encode
from shared.contracts.envelope import Envelope
from shared.kernel.vocabulary import ReportKind, StateName
from tests.packs import SHEYANG

AT = datetime(2026, 3, 4, 1, 30, tzinfo=UTC)
WORD = re.compile(r"zq\d+q")
LON, LAT = 120.24651, 33.76832
THINGS = ("street_light", "water_pipe", "hanging_cable")
PEOPLE = ("elder_help", "dispute", "rider_need", "fraud_clue", "public_security_clue")
KINDS = cast(tuple[ReportKind, ...], get_args(ReportKind))
STATES: tuple[StateName, ...] = ("queued", "claimed", "resolved", "closed", "rejected", "waiting_reporter")


@cache
def sheyang() -> Pack:
    return read_pack(read_folder(SHEYANG))


def event_of(category: str, kind: ReportKind, state: StateName) -> CaseEvent:
    """An event of a case whose every free text is a word of its own."""
    words = (f"zq{n}q" for n in count())
    case = CaseState(
        id="c1",
        city="sheyang",
        version=3,
        state=state,
        priority="normal",
        category=category,
        kind=kind,
        unit="jiaotonglu",
        path=["sheyang", "hede", "jiaotonglu"],
        within="jiaotonglu-g1",
        pack_version=sheyang().version,
        opened_at=AT,
        clocks=[],
        cell="x",
        place=next(words),
        lon=LON,
        lat=LAT,
        summary=next(words),
        assignee="jiaotonglu.duty1",
        reports=[ReportRef(id="r1", app="first"), ReportRef(id="r2", app="second")],
        report_count=2,
        question=QuestionState(at=AT, until=AT + timedelta(days=1), text=next(words)),
        outcome=OutcomeState(at=AT, how="rejected" if state == "rejected" else "repair", words=next(words)),
    )
    return CaseEvent(
        case=case, tell=["jiaotonglu"], told=next(words), reason=next(words), reporter_word="added", clock="resolve"
    )


@st.composite
def about_people(draw: st.DrawFn) -> tuple[str, CaseEvent]:
    """Any event of a case that is about people by its category, or as a need or a clue of any category."""
    kind = draw(st.sampled_from(KINDS))
    category = draw(st.sampled_from(PEOPLE if kind in ("hazard", "opinion") else (*PEOPLE, *THINGS)))
    return draw(st.sampled_from(sorted(CARRIES))), event_of(category, kind, draw(st.sampled_from(STATES)))


def leaves(text: str) -> list[str]:
    """Words and points of the case that stand in ``text``."""
    return [*WORD.findall(text), *(number for number in (f"{LON}", f"{LAT}", "120.24", "33.76") if number in text)]


def envelope(type_: str, data: CaseEvent) -> Envelope:
    return Envelope(
        id="c1.3.0",
        type=type_,
        topic="cases",
        key="c1",
        subject="c1",
        city="sheyang",
        sequence=3,
        time=AT,
        data=encode(data),
    )


def in_groups(type_: str, data: CaseEvent) -> str:
    """Everything that a group may read: one message alone, a list of all, a digest, and what a filter leaves."""
    alerts = plan_alerts(envelope(type_, data), data, sheyang(), NO_CHANGES, (), AT)
    items = [
        Item(
            title=alert.title,
            words=alert.group_text or alert.text,
            due_at=alert.due_at,
            state=alert.state,
            danger=alert.priority == "danger",
            recipients=("somebody",),
            due_name=alert.due_name,
        )
        for alert in alerts
    ]
    texts = Texts("zh-CN", "Asia/Shanghai", "https://city.example/me")
    if not items:
        return ""
    listed, _ = texts.several(items, lambda _: True)
    alone = [texts.one(item, lambda _: True) for item in items]
    return "\n".join([listed, texts.digest(items, len(items), lambda _: True), *alone, *map(texts.bare, items)])


def to_app(app: str, type_: str, data: CaseEvent) -> str:
    return payload(envelope(type_, data), data, app, sheyang())


@given(about_people())
def test_no_word_and_no_point_of_a_case_about_people_is_in_a_groups_message(event: tuple[str, CaseEvent]) -> None:
    assert leaves(in_groups(*event)) == []


@given(about_people(), st.sampled_from(["second", "a stranger"]))
def test_no_word_and_no_point_of_a_case_about_people_reaches_the_app_of_another(
    event: tuple[str, CaseEvent], app: str
) -> None:
    assert leaves(to_app(app, *event)) == []


@given(about_people())
def test_no_point_is_in_any_webhook(event: tuple[str, CaseEvent]) -> None:
    assert [found for found in leaves(to_app("first", *event)) if not WORD.fullmatch(found)] == []


@pytest.mark.parametrize("category", THINGS)
def test_of_a_thing_groups_read_where_it_is_and_each_app_what_was_done(category: str) -> None:
    """Else the tests above would hold of empty messages."""
    data = event_of(category, "hazard", "closed")
    place, outcome = data.case.place, data.case.outcome
    assert place in leaves(in_groups("case.opened.v1", data))
    assert outcome is not None
    for app in ("first", "second"):
        assert outcome.words in leaves(to_app(app, "case.closed.v1", data))


def test_the_app_whose_report_opened_it_reads_what_was_done() -> None:
    data = event_of("elder_help", "hazard", "closed")
    assert data.case.outcome is not None
    assert data.case.outcome.words in leaves(to_app("first", "case.closed.v1", data))
