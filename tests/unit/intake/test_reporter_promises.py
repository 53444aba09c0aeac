"""Deadlines as reporters read them, what was done in words that may be read, and the steps of long cases."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from services.intake.http.report_view import report_view
from services.intake.reports.progress_record import (
    FIRST_KEPT,
    STEPS_MAX,
    CaseProgress,
    ReportStatus,
    progress_of,
    with_earlier_steps,
)
from services.router.cases.published_events import to_envelopes, to_state
from services.router.domain import events as e
from services.router.domain.case import Case
from services.router.domain.values import replace
from shared.city.texts.times_in_words import promise_said, time_said
from shared.contracts.cases import STEPS_KEPT, CaseEvent, HistoryLine
from shared.contracts.catalogue import decode
from shared.kernel.persons_in_text import without_names
from shared.kernel.vocabulary import ReportKind
from tests.kit.made_cases import T0, TOWN_DESK, do, opened
from tests.kit.made_reports import TRACE, record
from tests.packs import SHEYANG, pack_of

CITY = ZoneInfo("Asia/Shanghai")
EVENING = datetime(2026, 3, 2, 12, 53, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "chinese", "english"),
    [
        (9.5, "10分钟内", "within 10 minutes"),
        (1, "1分钟内", "within 1 minute"),
        (120, "今天22:53前", "by 22:53 today"),
        (757, "明天9:30前", "by 9:30 tomorrow"),
        (2197, "3月4日9:30前", "by 9:30 on 4 March"),
    ],
)
def test_a_promise_is_said_as_people_say_it(minutes: float, chinese: str, english: str) -> None:
    due = EVENING + timedelta(minutes=minutes)
    assert (promise_said(due, EVENING, CITY, "zh"), promise_said(due, EVENING, CITY, "en")) == (chinese, english)


def test_another_year_is_named_and_a_step_names_the_date() -> None:
    assert time_said(EVENING + timedelta(days=400), EVENING, CITY, "zh") == "2027年4月6日20:53"
    assert time_said(EVENING, EVENING, CITY, "zh", relative=False) == "3月2日20:53"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("断管已更换，住户张三在场", "断管已更换，住户张*在场"),
        ("联系人：李小明。已修好", "联系人：李*。已修好"),
        ("王建国先生家的阀门已关", "王*先生家的阀门已关"),
        ("2号楼前的井盖已补", "2号楼前的井盖已补"),
        ("与居民协商，同意明天清理", "与居民协商，同意明天清理"),
    ],
)
def test_names_in_what_officers_write_are_masked(said: str, shown: str) -> None:
    assert without_names(said) == shown
    assert without_names("欧阳文已到", ["欧阳文"]) == "欧*已到"


def test_a_latin_name_is_masked_where_it_stands_alone() -> None:
    assert without_names("Lin Mei came, and the Lin Meister too", ["Lin Mei"]) == "L* came, and the Lin Meister too"


@pytest.mark.parametrize("hidden", ["\u200b", "\u2060", "\u00ad", "\ufeff"])
def test_no_name_is_hidden_by_what_nobody_sees_and_no_sentence_is_turned_round(hidden: str) -> None:
    """B117: officers' words went out as they were typed."""
    outcome = to_state(resolved(f"住户{hidden}张{hidden}三在场\u202e，\u2067已修好\x07")).outcome
    assert outcome is not None
    assert outcome.words == "住户张*在场，已修好"


def resolved(text: str) -> Case:
    return do(do(opened(), "claim"), "resolve", text=text, photos=("f7",))


def test_what_was_done_crosses_without_numbers_and_names_and_goes_when_it_is_opened_again() -> None:
    case = resolved("已修好，住户张三，电话13812345678")
    outcome = to_state(case).outcome
    assert outcome is not None
    assert (outcome.how, outcome.words, outcome.photos) == ("repair", "已修好，住户张*，电话[电话]", ["f7"])
    assert to_state(do(case, "reopen", fresh_clock=None)).outcome is None
    rejected = to_state(do(do(opened(), "reject", said="不属于受理范围"), "approve_reject", TOWN_DESK)).outcome
    assert rejected is not None and (rejected.how, rejected.words) == ("rejected", "不属于受理范围")


def test_of_a_confidential_case_no_word_of_what_was_done_crosses() -> None:
    outcome = to_state(replace(resolved("sealed:c1:AAAA;"), confidential=True)).outcome
    assert outcome is not None and (outcome.words, outcome.photos) == (None, [])


def progress(case: Case) -> CaseProgress:
    (event,) = to_envelopes(case, [e.Noted(at=T0, text="note")], TRACE)
    return progress_of(decode(event, CaseEvent))


def test_the_first_steps_of_a_long_case_stay() -> None:
    now = progress(opened())
    assert now.steps[0].what == "case.opened"
    every = [HistoryLine(at=T0 + timedelta(minutes=n), what="clock.breached", unit="u") for n in range(400)]
    kept = msgspec.structs.replace(now, steps=[HistoryLine(at=T0, what="case.opened", unit="u")])
    for n in range(0, 400, 10):
        told = msgspec.structs.replace(now, steps=every[max(0, n + 10 - STEPS_KEPT) : n + 10])
        kept = with_earlier_steps(told, kept.steps)
    assert (kept.steps[0].what, kept.steps[-1]) == ("case.opened", every[-1])
    assert len(kept.steps) == STEPS_MAX
    assert kept.steps[1:FIRST_KEPT] == every[: FIRST_KEPT - 1]
    assert with_earlier_steps(kept, kept.steps).steps == kept.steps


@pytest.mark.parametrize(("category", "kind"), [("dispute", "hazard"), ("manhole", "need"), ("manhole", "clue")])
def test_of_a_case_about_people_only_who_opened_it_reads_what_officers_write(category: str, kind: ReportKind) -> None:
    """A neighbour who reported it too reads that it is resolved, and no word of theirs."""
    case = replace(resolved("老人已送回家，门锁换了"), category=category, kind=kind)
    of_people, pack = progress(case), pack_of(SHEYANG)
    own = ReportStatus(msgspec.structs.replace(record(), id="r1"), of_people)
    others = ReportStatus(msgspec.structs.replace(record(), id="r2"), of_people, attached=True)
    of_a_thing = ReportStatus(others.report, progress(replace(case, category="manhole", kind="hazard")), attached=True)
    texts = [msgspec.json.encode(report_view(status, pack, T0)).decode() for status in (own, others, of_a_thing)]
    assert ["门锁" in text for text in texts] == [True, False, True]
    assert report_view(others, pack, T0).status == "resolved"
