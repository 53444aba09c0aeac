"""In a Chinese city nobody reads English: not in a history, not in a reason, not in an alert, not as a reporter.

Every command, every clock and everything that reporters say is played on cases of the Sheyang pack by officers who
write Chinese. What is then read may hold ids; any other run of ASCII letters is a text that somebody forgot.
"""

import dataclasses
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import get_args

import msgspec
import pytest

from services.intake.http.report_view import report_view
from services.intake.reports.progress_record import ReportStatus, progress_of
from services.notifier.alerts.alert_plan import plan_alerts
from services.router.cases.case_views import history_view
from services.router.cases.published_events import to_envelopes
from services.router.cases.routing import assign
from services.router.consumers import history_event
from services.router.domain.apply import apply_all
from services.router.domain.attachment import ArrivedReport, AttachmentRules, PriorityRise, attach
from services.router.domain.case import Case, State
from services.router.domain.case_parts.call_back import CallPlan
from services.router.domain.case_parts.history_line import Entry
from services.router.domain.case_parts.marks import NotOurs
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.case_parts.remark import Remark
from services.router.domain.case_parts.report import Report
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import decide
from services.router.domain.commands.inspection import judged
from services.router.domain.commands.pause import Pausable
from services.router.domain.commands.registry import RULES
from services.router.domain.commands.request_info import InfoGiven, answered
from services.router.domain.domain_event import DomainEvent
from services.router.domain.events import Noted, Placed, Rated
from services.router.domain.timer_rules import due
from services.router.domain.values import replace
from services.router.domain.visits.visit import Visit
from services.router.visits.reminders import visit_line
from shared.city.pack import Pack
from shared.city.people.on_duty import NO_CHANGES
from shared.city.remarks import remark_words
from shared.contracts import cases
from shared.contracts import reports as contract
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode, encode
from shared.contracts.envelope import Envelope
from shared.contracts.reports import Place
from shared.kernel.errors import Refusal
from shared.kernel.vocabulary import FeedbackKind, RemarkCode
from tests.kit.made_cases import (
    PATH,
    T0,
    called,
    clock,
    confirm,
    do,
    fired,
    fresh,
    full,
    minutes,
    opened,
    review_by,
    rung,
    work,
)
from tests.kit.made_reports import TRACE, record
from tests.packs import HARBOUR, SHEYANG, pack_of

CITY = pack_of(SHEYANG)
COMMUNITY = (*PATH[:2], UnitOnPath("jiaotonglu", "community"))
OTHER = (*PATH[:2], UnitOnPath("tiaoxin", "community"))
TEAM = (*OTHER, UnitOnPath("tiaoxin-team", "team"))
WROTE = "因为下雨"
ACTORS = (
    Actor("jiaotonglu.duty1", "jiaotonglu", "duty_officer", "A"),
    Actor("jiaotonglu.duty2", "jiaotonglu", "duty_officer", "A"),
    Actor("hede.duty1", "hede", "duty_officer", "A", consults=True),
    Actor("tiaoxin.duty1", "tiaoxin", "duty_officer", "A"),
    Actor("sheyang.duty1", "sheyang", "duty_officer", "A"),
    Actor("tiaoxin.team1", "tiaoxin-team", "member", guest=True, path=tuple(unit.id for unit in TEAM)),
)
CLOCKS = (
    clock("acknowledge", 5, warn_in=3, rungs=(rung(5, "tell", "parent"), rung(7, "tell", "department"))),
    clock("resolve", 60, warn_in=30, rungs=(rung(70, "supervise", "parent"), rung(80, "move_to", "town"))),
)
IDS = re.compile(r"(?:r9|r1|v1|c0)\b")
LETTERS = re.compile(r"[A-Za-z]{2,}")
DEPTH, CASES = 3, 80


def english(text: str | None) -> list[str]:
    """The runs of ASCII letters in ``text`` that are no ids of ours."""
    return LETTERS.findall(IDS.sub("", text or ""))


def commands_on(case: Case) -> Iterator[list[DomainEvent]]:
    """What follows from each command by each officer who may give it now."""
    offered = {"tiaoxin": OTHER, "hede": PATH[:2]}.get(case.offered_to or "", OTHER)
    pausable = Pausable("part_ordered", frozenset({"on_site", "resolve", "finish_part"}), "P3D")
    for name in sorted(RULES):
        for actor in ACTORS:
            command = full(
                name,
                text=WROTE,
                reason=WROTE,
                question=WROTE,
                to="tiaoxin",
                path=offered,
                pausable=pausable,
                fresh_clock=fresh(T0),
                confirm_clock=confirm(T0),
                called=(called(TEAM, T0, rungs=(rung(40, "tell", "caller"),)),),
                works=(dataclasses.replace(work(TEAM), work=WROTE),),
                parties=("tiaoxin",),
                category="street_light",
                turn_clocks=(clock("finish_part", 60),),
                follow_up=T0 + minutes(90),
                older=replace(opened(path=COMMUNITY), id="c0", opened_at=T0 - timedelta(hours=1)),
                ok=len(case.history) % 2 == 0,
                how=("repair", "unfounded")[len(case.history) % 2],
                told="hede",
                said=WROTE,
                basis=WROTE,
                review_clock=review_by(T0),
                satisfied=(3, 1)[len(case.history) % 2],
                words=WROTE,
                not_ours=NotOurs("petition", "信访局", "请到县信访局窗口反映"),
            )
            try:
                happened = decide(case, command, actor, T0 + minutes(1))
            except Refusal:
                continue
            if happened:
                yield happened
                break


def reports_on(case: Case) -> Iterator[list[DomainEvent]]:
    """What reporters say: themselves, by the app; by an officer who enters it; with new reports of the same thing."""
    for by, unit in ((None, None), ("jiaotonglu.duty2", "jiaotonglu")):
        for type_, data in (
            ("report.rated.v1", contract.ReportRated(report="r1", case="c1", score=1, text="很差")),
            ("report.added.v1", contract.ReportAdded(report="r1", case="c1", text="还在漏水")),
            ("report.added.v1", contract.ReportAdded(report="r1", case="c1", fixed=True)),
            ("report.withdrawn.v1", contract.ReportWithdrawn(report="r1", case="c1", reason="弄错了")),
        ):
            data = msgspec.structs.replace(data, entered_by=by, entered_unit=unit)
            said = history_event(data, _event(type_, encode(data)))
            if isinstance(said, Rated):
                yield judged(case, said, fresh(T0), review_by(T0) if case.state is State.REJECTED else None)
            elif case.question is not None:
                yield answered(case, InfoGiven(at=said.at, text=said.text, remark=said.remark), {})
            else:
                yield [said]
    moved = len(case.path) != 2
    yield [Placed(at=T0, text="第二个", path=PATH[:2], within=None, place="幸福花苑3号楼", point=None, moved=moved)]
    came = [
        ArrivedReport(report=Report("r9", "app", T0), priority="danger"),
        *(ArrivedReport(report=Report("r9", "app", T0), priority="low", says=says, text="谢谢") for says in SAYS),
    ]
    rules = AttachmentRules(
        rising=(PriorityRise(reports=2, priority="urgent", tell="parent"),), reopens_up=True, clock=fresh(T0)
    )
    yield attach(case, came, 2, rules, T0 + minutes(1))


SAYS: tuple[FeedbackKind, ...] = ("fixed", "thanks")


def visits_on(case: Case) -> Iterator[list[DomainEvent]]:
    planned = Visit(
        id="v1",
        city="sheyang",
        version=1,
        kind="joint_enforcement",
        unit="hede",
        place="tiaoxin",
        at=T0,
        purpose=WROTE,
        invited=("tiaoxin",),
        pack_version="x",
        planned_by="hede.duty1",
        planned_at=T0,
        case=case.id,
    )
    ended = dataclasses.replace(planned, version=2, result=WROTE, ended_by="hede.duty1", ended_at=T0)
    yield [visit_line(planned, 1, T0)]
    yield [visit_line(dataclasses.replace(ended, state="held", came=("tiaoxin",)), 2, T0)]
    yield [visit_line(dataclasses.replace(ended, state="held"), 2, T0)]
    yield [visit_line(dataclasses.replace(ended, state="cancelled"), 2, T0)]


def clocks_on(case: Case) -> Iterator[list[DomainEvent]]:
    for at in (minutes(90), timedelta(days=9)):
        if fired := due(case, T0 + at):
            yield fired


def _event(type_: str, data: str) -> Envelope:
    return Envelope(
        id="r1.2.0", type=type_, topic="reports", key="c1", subject="r1", city="sheyang", sequence=2, time=T0,
        trace=TRACE, data=data,
    )  # fmt: skip


@cache
def played() -> tuple[tuple[Case, Case, tuple[DomainEvent, ...]], ...]:
    """(before, after, what happened) for every kind of change that cases of all shapes undergo."""
    first = opened(path=COMMUNITY, clocks=CLOCKS, forgotten_after=3600)
    at_the_top = opened(path=PATH[:1], clocks=CLOCKS, forgotten_after=3600)
    desk, second, town = ACTORS[:3]
    resolved = do(do(first, "claim", desk), "resolve", desk, text=WROTE)
    inspected = do(resolved, "inspect", second, text=WROTE)
    towns = opened(path=PATH[:2], clocks=CLOCKS)
    consulted = do(do(towns, "claim", town), "consult", town, parties=("tiaoxin",), question=WROTE)
    concluded = do(consulted, "conclude", town, text=WROTE)
    works = (dataclasses.replace(work(TEAM), work=WROTE), dataclasses.replace(work(OTHER), work=WROTE))
    planned = do(concluded, "plan", town, works=works, text=WROTE)
    rejected = do(first, "reject", desk, said=WROTE, review_clock=review_by(T0))
    rejected = do(rejected, "approve_reject", town)
    asked = do(do(first, "claim", desk), "resolve", desk, how="unfounded", text=WROTE, review_clock=review_by(T0))
    objected = apply_all(rejected, judged(rejected, Rated(at=T0, score=1), None, review_by(T0)))
    closed = do(inspected, "close", desk, text=WROTE, call_plan=CallPlan(days=2, tries=2))
    called_about = fired(closed, T0 + timedelta(days=2))
    wave = [
        first,
        closed,
        called_about,
        at_the_top,
        towns,
        inspected,
        consulted,
        concluded,
        planned,
        rejected,
        objected,
        asked,
    ]
    known = set[object]()
    found: dict[object, tuple[Case, Case, tuple[DomainEvent, ...]]] = {}
    for _ in range(DEPTH):
        later = []
        for case in wave[:CASES]:
            for happened in (*commands_on(case), *reports_on(case), *visits_on(case), *clocks_on(case)):
                after = apply_all(case, happened)
                kind = case.state, tuple((event.TYPE, event.remark, event.act_meant) for event in happened)
                found.setdefault(kind, (case, after, tuple(happened)))
                if (shape := _shape(after)) not in known:
                    known.add(shape)
                    later.append(after)
        wave = later
    return tuple(found.values())


def _shape(case: Case) -> object:
    parts = tuple(part.state for part in case.parts)
    asked = tuple(sorted({ask.what for ask in case.asks}))
    consults = None if case.consultation is None else case.consultation.conclusion
    paused = any(clock_.state == "paused" for clock_ in case.clocks)
    ruling = None if case.ruling is None else case.ruling.what
    shielded = bool(case.recused), case.sensitive is not None
    work = parts, asked, consults, paused, case.inspected_by
    return case.state, case.offered_to, case.refusals, work, ruling, shielded, len(case.path)


NOT_PLAYED = {"case.opened.v1", "case.read.v1", "case.unmasked.v1", "case.unsealed.v1"}
"""Events that say nothing, or an officer's reason alone."""


def test_the_play_has_every_event_of_a_case() -> None:
    seen = {event.TYPE for _, _, happened in played() for event in happened}
    assert set(cases.TYPES) - seen == NOT_PLAYED


def test_no_line_of_a_history_has_english() -> None:
    lines: set[Entry] = {entry for _, after, _ in played() for entry in after.history}
    wrong = {text for line in lines if english(text := history_view(line, CITY).text)}
    assert lines
    assert not wrong


def test_no_alert_has_english() -> None:
    wrong = set()
    told: set[str] = set()
    for before, after, happened in played():
        for event in to_envelopes(after, list(happened), TRACE, before):
            for alert in plan_alerts(event, decode(event, CaseEvent), CITY, NO_CHANGES, (), event.time):
                texts = (alert.title, alert.text, alert.group_text, alert.due_name)
                told.add(alert.kind)
                wrong |= {text for text in texts if english(text)}
    assert len(told) > 15
    assert not wrong


def test_nothing_that_a_reporter_reads_has_english() -> None:
    wrong = set()
    for before, after, happened in played():
        data = decode(to_envelopes(after, list(happened), TRACE, before)[-1], CaseEvent)
        view = report_view(ReportStatus(record(), progress_of(data)), CITY, T0 + minutes(2))
        steps = [step.text for step in view.steps]
        asked = view.question.text if view.question is not None else None
        wrong |= {text for text in (view.status_text, view.message, view.reason, asked, *steps) if english(text)}
    assert not wrong


@pytest.mark.parametrize("pack", [CITY, pack_of(HARBOUR)], ids=lambda pack: pack.city.languages[0])
def test_every_remark_has_words_in_both_languages(pack: Pack) -> None:
    values = tuple({"kind": "patrol", "visit": "v1", "place": "x1", "at": "2026-03-02T08:00:00Z", "report": "r1",
                    "level": "9", "reason": "9", "try": "2"}.items())  # fmt: skip
    for code in get_args(RemarkCode):
        said = remark_words(code, values, None, pack)
        assert said
        assert pack is not CITY or not english(said.replace("x1", "")), code


def test_a_line_that_was_stored_in_english_is_read_as_it_was_written() -> None:
    old = Entry(at=T0, version=2, what="case.noted", text="the reporter adds: 还在漏水")
    assert history_view(old, CITY).text == "the reporter adds: 还在漏水"
    newer = Entry(at=T0, version=2, what="case.noted", text="还在漏水", remark="of_a_newer_version")
    assert history_view(newer, CITY).text == "还在漏水"


def test_what_an_officer_enters_for_a_reporter_names_officer_and_report_and_is_no_work_on_the_case() -> None:
    data = contract.ReportAdded(
        report="r1", case="c1", text="还在漏水", entered_by="jiaotonglu.duty2", entered_unit="jiaotonglu"
    )
    said = history_event(data, _event("report.added.v1", encode(data)))
    assert isinstance(said, Noted)
    case = opened(path=COMMUNITY, forgotten_after=60)
    after = apply_all(case, [said])
    line = history_view(after.history[-1], CITY)
    assert (line.by, line.by_unit, line.text) == (
        "jiaotonglu.duty2", "jiaotonglu", "代上报人补充（上报r1）：还在漏水",
    )  # fmt: skip
    assert after.watch == case.watch, "the reminder of a forgotten case goes on"
    rated = apply_all(case, [Rated(at=T0, by="jiaotonglu.duty2", by_unit="jiaotonglu", score=3)])
    assert rated.watch == case.watch


def test_a_visit_is_told_with_the_citys_names_and_clock() -> None:
    line = next(visits_on(opened(path=COMMUNITY)))[0]
    assert line.remark == Remark(
        "visit_planned",
        (("kind", "joint_enforcement"), ("visit", "v1"), ("place", "tiaoxin"), ("at", "2026-03-02T08:00:00.000Z")),
    )
    entry = apply_all(opened(path=COMMUNITY), [line]).history[-1]
    assert history_view(entry, CITY).text == f"联合执法（v1），条心社区，2026-03-02 16:00：{WROTE}"
    assert history_view(entry, pack_of(HARBOUR)).text == f"joint enforcement (v1), tiaoxin, 2026-03-02 09:00: {WROTE}"


@pytest.mark.parametrize(
    ("place", "entered_by"),
    [
        (Place(lon=120.2637, lat=33.7789, crs="wgs84"), None),
        (Place(lon=4.3, lat=52.1, crs="wgs84"), None),
        (Place(lon=0.0, lat=0.0, crs="wgs84"), None),
        (Place(address="建华园2号楼"), None),
        (Place(unit="tiaoxin"), "jiaotonglu.duty1"),
        (Place(), None),
    ],
    ids=["a point", "abroad", "zero", "an address", "a unit", "nothing"],
)
def test_no_reason_for_the_unit_has_english(place: Place, entered_by: str | None) -> None:
    report = contract.ReportSubmitted(
        report="r1",
        app="app",
        kind="need",
        description="路灯不亮",
        place=place,
        received_at=T0,
        pack_version=CITY.version,
        cell="sheyang:1:1",
        entered_by=entered_by,
    )
    case, _ = assign(report, "sheyang", CITY)
    ids = re.compile(r"\((?:" + "|".join(map(re.escape, CITY.units)) + r")\)")
    assert case.routing.why
    assert not [why for why in case.routing.why if english(ids.sub("", why))]
