"""What a reporter reads of a report: the city's words where it has some, the built-in ones else, never more."""

import dataclasses
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.consumers import ProgressEvents
from services.intake.http.answer_page import AnswerLinks
from services.intake.http.report_view import ReportView, report_view
from services.intake.reports.progress_record import CaseProgress, ReportStatus, merged_at, with_earlier_steps
from services.intake.reports.report_record import OwnStep
from services.intake.reports.report_store import ReportStore
from services.router.cases.published_events import to_envelopes
from services.router.domain import events as e
from services.router.domain.case import Case
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.values import replace
from shared.city.pack import Pack
from shared.city.reading import read_folder, read_pack
from shared.contracts.cases import HistoryLine
from tests.kit.made_cases import COUNTY, T0, TOWN, clock, confirm, do, opened
from tests.kit.made_reports import TRACE, record
from tests.packs import HARBOUR, SHEYANG

JIAOTONGLU = (UnitOnPath(COUNTY, "county"), UnitOnPath(TOWN, "town"), UnitOnPath("jiaotonglu", "community"))
PLAIN = {name: text for name, text in read_folder(SHEYANG).items() if name != "texts.yaml"}
TEXTS = """
- {state: accepted, says: {zh: "收到 {report}", en: "Got {report}"}}
- {state: queued, says: {zh: "{unit}{minutes}分钟", en: "{unit} {minutes}"}}
- {state: claimed, says: {zh: "{unit}接了{category}，{resolve_by}前", en: "{unit} took {category} by {resolve_by}"}}
- {state: claimed, category: street_light, says: {zh: "灯", en: "lamp"}}
- {state: waiting_reporter, says: {zh: "请在{answer_by}前<答复>", en: "Answer by {answer_by}"}}
- {state: merged, says: {zh: "{reports}人都报了！", en: "{reports} said so!"}}
- {state: feedback, says: {zh: "多谢", en: "Thanks"}}
- {state: photo.unreadable, says: {zh: "照片坏了", en: "Bad photo"}}
"""


def pack(texts: str | None = TEXTS, languages: str = "[zh, en]") -> Pack:
    files = PLAIN if texts is None else {**PLAIN, "texts.yaml": texts}
    return read_pack({**files, "city.yaml": files["city.yaml"].replace("[zh, en]", languages)})


class Shown:
    """As much of the store as the projection writes."""

    def __init__(self) -> None:
        self.case: CaseProgress | None = None

    async def save_cases(self, cases: list[CaseProgress]) -> None:
        self.case = cases[-1]


async def report(case: Case | None, *, attached: bool = False, says: str | None = None, **fields: Any) -> ReportStatus:
    """A report as the store gives it, with the state of its case."""
    found = msgspec.structs.replace(record(), received_at=T0, **fields)
    store = Shown()
    if case is not None:
        happened = to_envelopes(case, [e.Noted(at=T0, text="note")], TRACE)
        await ProgressEvents(cast(ReportStore, store)).handle(happened)
    return ReportStatus(found, store.case, attached, says)


def shown(status: ReportStatus, of: Pack, now: datetime = T0) -> ReportView:
    """What its app is shown of a report at a time."""
    return report_view(status, of, now)


def texts(view: ReportView) -> dict[str, str | None]:
    return {step.what: step.text for step in view.steps}


MINE, BUILT_IN = pack(), pack(None)
QUEUED = opened(path=JIAOTONGLU)
CLAIMED = do(QUEUED, "claim")


async def test_a_report_reads_in_the_words_of_the_pack() -> None:
    view = shown(await report(CLAIMED), MINE)
    assert texts(view) == {
        "report.received": f"收到 {view.id}",
        "case.opened": "交通路社区10分钟",
        "case.claimed": "交通路社区接了井盖，3月2日20:00前",
    }
    assert (view.status_text, view.message) == ("已接单", "交通路社区接了井盖，今天20:00前")


async def test_without_texts_it_reads_as_the_glossary_says() -> None:
    view = shown(await report(QUEUED), BUILT_IN)
    assert texts(view) == {"report.received": "已收到", "case.opened": "已派单"}
    assert (view.status_text, view.message) == ("已派单", "收到！已派给【交通路社区】，10分钟内响应")
    later = shown(await report(CLAIMED), BUILT_IN)
    assert (later.steps[-1].text, later.message) == ("已接单", "已接单：交通路社区")
    waits = shown(await report(None), BUILT_IN)
    assert (waits.status_text, texts(waits)) == ("已收到", {"report.received": "已收到"})


async def test_the_citys_first_language_is_read() -> None:
    view = shown(await report(CLAIMED), pack(languages="[en, zh]"))
    assert texts(view)["case.claimed"] == "Jiaotonglu Community took Manhole cover by 20:00 on 2 March"
    assert view.status_text == "Taken on"
    assert view.unit.name if view.unit else None == "交通路社区"


async def test_a_category_has_words_of_its_own() -> None:
    view = shown(await report(replace(CLAIMED, category="street_light")), MINE)
    assert texts(view)["case.claimed"] == view.message == "灯"


async def test_who_joins_a_case_and_who_tells_nothing_new_read_it_first() -> None:
    case = replace(CLAIMED, report_count=4)
    view = shown(await report(case, attached=True), MINE)
    assert view.message == "4人都报了！交通路社区接了井盖，今天20:00前"
    assert texts(view)["report.merged"] == "4人都报了！"
    assert shown(await report(case, attached=True, says="thanks"), MINE).message == "多谢"
    plain = shown(await report(case, attached=True), BUILT_IN)
    assert plain.message == "已与同一问题合并（4人上报）。已接单：交通路社区"
    assert texts(plain)["report.merged"] == "已与同一问题合并"
    said = shown(await report(case, attached=True, says="thanks"), BUILT_IN)
    assert (said.message, said.feedback) == ("谢谢您的反馈，已记入【交通路社区】的工单", "thanks")
    harbour = shown(await report(case, attached=True), read_pack(read_folder(HARBOUR)))
    assert harbour.message == "Joined with reports of the same problem (4 by now). Taken on: jiaotonglu"


async def test_the_reports_own_steps_are_worded_when_they_are_read() -> None:
    own = [
        OwnStep(at=T0, what="photo.unreadable", text="照片无法读取，请重新上传", photo="f1"),
        OwnStep(at=T0, what="of.tomorrow", text="新的"),
    ]
    view = shown(await report(QUEUED, own_steps=own), MINE)
    assert {"photo.unreadable": "照片坏了", "of.tomorrow": "新的"}.items() <= texts(view).items()
    assert next(step for step in view.steps if step.what == "photo.unreadable").photo == "f1"


async def test_what_the_reporter_did_stands_before_what_it_led_to_in_the_same_instant() -> None:
    status = await report(CLAIMED)
    assert status.case is not None
    last = status.case.steps[-1]
    own = [OwnStep(at=last.at, what="report.added", text="您补充了情况")]
    told = [step.what for step in shown(await report(CLAIMED, own_steps=own), MINE).steps]
    assert told.index("report.added") < told.index(last.what)


async def test_a_step_names_the_deadline_that_counted_then() -> None:
    resolve = next(c for c in CLAIMED.clocks if c.kind == "resolve")
    others = tuple(c for c in CLAIMED.clocks if c.kind != "resolve")
    at = T0 + timedelta(hours=1)
    old, new = replace(resolve, superseded_at=at), clock("resolve", 600, started_at=at)
    view = shown(await report(replace(CLAIMED, clocks=(*others, old, new))), MINE)
    assert str(texts(view)["case.claimed"]).endswith("3月2日20:00前")
    assert str(view.message).endswith("明天3:00前")


async def test_a_deadline_that_counts_no_more_is_not_named() -> None:
    resolve = next(c for c in CLAIMED.clocks if c.kind == "resolve")
    others = tuple(c for c in CLAIMED.clocks if c.kind != "resolve")
    for at, step in ((T0 + timedelta(hours=1), "交通路社区接了井盖，3月2日20:00前"), (T0, "已接单")):
        gone = replace(CLAIMED, clocks=(*others, replace(resolve, superseded_at=at)))
        view = shown(await report(gone), MINE)
        assert (texts(view)["case.claimed"], view.message) == (step, "已接单：交通路社区")


async def test_a_confidential_clue_shows_nothing_more_than_the_built_in_words() -> None:
    for sealed in (await report(CLAIMED, confidential=True), await report(replace(CLAIMED, confidential=True))):
        assert shown(sealed, MINE) == shown(sealed, BUILT_IN)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60) | st.sampled_from(["{unit}", "{report}{case}", "{0}", "%(unit)s", "{unit.__class__}"]))
async def test_no_words_of_a_report_change_what_is_told(words: str) -> None:
    told = shown(await report(replace(CLAIMED, description=words), description=words), MINE)
    expected = shown(await report(CLAIMED), MINE)
    assert (told.description, told.steps, told.message) == (words, expected.steps, expected.message)


@pytest.mark.parametrize(("confidential", "heading"), [(False, "请在3月7日16:00前&lt;答复&gt;"), (True, "请补充信息")])
async def test_the_answer_page_is_headed_by_the_citys_words(confidential: bool, heading: str) -> None:
    asked = do(CLAIMED, "request_info", confirm_clock=confirm(T0))
    packs = SimpleNamespace(current=lambda _: MINE)
    links = AnswerLinks("s" * 32, "http://x", *cast(Any, (None, None, packs, SimpleNamespace(now=lambda: T0))))
    found = await report(asked, confidential=confidential)
    page = bytes(links._page(200, found, button="send").body).decode()
    assert f"<h1>{heading}</h1>" in page
    assert f"<h1>{heading}</h1>" not in bytes(links._page(200, found, said="thanks").body).decode() or confidential


async def test_a_merge_is_told_at_the_time_when_it_happened() -> None:
    at = T0 + timedelta(minutes=6)
    merged = do(opened(), "merge", now=at, into="c0", older=replace(opened(), id="c0"))
    own = (await report(merged)).case
    assert own is not None
    assert merged_at(with_earlier_steps(own, [])) == at
    status = dataclasses.replace(await report(opened(), attached=True), joined_at=at)
    told = [step.at for step in shown(status, pack()).steps if step.what == "report.merged"]
    assert told == [at]


@pytest.mark.parametrize(("minutes", "answered"), [(0, False), (1, True)])
async def test_who_was_asked_and_takes_it_back_has_not_answered(minutes: int, answered: bool) -> None:
    status = await report(opened())
    assert status.case is not None
    at = T0 + timedelta(minutes=5)
    line = HistoryLine(at=at + timedelta(minutes=minutes), what="case.info_given", unit="jiaotonglu")
    case = msgspec.structs.replace(status.case, steps=[*status.case.steps, line])
    back = msgspec.structs.replace(status.report, own_steps=[OwnStep(at=at, what="report.withdrawn", text="已撤回")])
    told = texts(shown(dataclasses.replace(status, case=case, report=back), pack()))
    assert "report.withdrawn" in told
    assert ("case.info_given" in told) == answered


@pytest.mark.parametrize(("kind", "told"), [("resolve", True), ("confirm", False), ("report_in", False)])
async def test_only_what_was_promised_to_the_reporter_is_told_as_overdue(kind: Any, told: bool) -> None:
    status = await report(opened())
    assert status.case is not None
    line = HistoryLine(at=T0, what="clock.breached", unit="jiaotonglu", detail=kind)
    late = dataclasses.replace(status, case=msgspec.structs.replace(status.case, steps=[*status.case.steps, line]))
    assert ("clock.breached" in texts(shown(late, pack()))) == told


async def test_whom_to_call_first_is_said_in_the_citys_language() -> None:
    fire = await report(replace(opened(), category="fire"))
    assert (shown(fire, pack()).emergency or "").startswith("有人受伤或着火")
    assert (shown(fire, pack(languages="[en, zh]")).emergency or "").startswith("Fire or somebody hurt?")
