"""A report whose words name places of several units: who is asked, who is told, and where the answer puts the case."""

from datetime import timedelta

import pytest

from services.notifier.alerts.alert_plan import plan_alerts
from services.router.cases.placing import placed
from services.router.cases.published_events import to_envelopes
from services.router.cases.routing import assign
from services.router.cases.visibility import is_guest, seen_by
from services.router.domain.apply import apply_all
from services.router.domain.case import Case, State
from services.router.domain.case_parts.ruling import Rejection
from services.router.domain.commands.rulings.returns import Returned
from services.router.domain.events import Moved, Noted, Opened, Placed, Rejected
from services.router.domain.values import replace
from shared.city.people.on_duty import NO_CHANGES
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.contracts.reports import Place, ReportSubmitted
from tests.kit.duty import MORNING
from tests.kit.expected_alerts import people_told
from tests.kit.expected_duty import roster_of
from tests.kit.made_reports import TRACE
from tests.packs import SHEYANG, pack_of

PACK = pack_of(SHEYANG)
FIRE, LAMP = "幸福小区3号楼着火了", "幸福小区3号楼楼道灯不亮"
HERE, THERE = "qingnan", "hongya"
"""Where the pack has an estate that people call 幸福小区; 合德镇 (hede) is above both."""


def opened(words: str = FIRE, place: Place | None = None, **fields: object) -> tuple[Case, Opened]:
    report = ReportSubmitted(
        report="r1",
        app="rider-app",
        kind="hazard",
        description=words,
        place=place or Place(),
        cell="sheyang:1:1",
        received_at=MORNING,
        pack_version=PACK.version,
        **fields,  # type: ignore[arg-type]
    )
    return assign(report, "sheyang", PACK)


def answered(words: str, case: Case | None = None) -> Case:
    """The case after the reporter added ``words``."""
    case = case or opened()[0]
    said = Noted(at=MORNING + timedelta(minutes=2), text=words, word="added")
    return apply_all(case, [placed(case, said, words, PACK) or said])


def sent(case: Case, event: Opened | Placed, before: Case | None = None) -> CaseEvent:
    return decode(to_envelopes(case, [event], TRACE, before, seen_by=seen_by(case, PACK))[0], CaseEvent)


def test_the_reporter_is_asked_which_of_the_places_is_meant() -> None:
    case, event = opened()
    question = sent(case, event).case.question
    assert question is not None
    assert question.text is not None
    for named in ("1. 幸福家园3号楼（庆南社区）", "2. 幸福花苑3号楼（虹亚社区）"):
        assert named in question.text
    assert (question.at, question.until) == (MORNING, MORNING + timedelta(days=5))
    assert (case.state, case.unit) == (State.QUEUED, "hede"), "nobody waits for the answer"
    assert case.location.place == "幸福家园3号楼或幸福花苑3号楼"


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        ("建华园2号楼着火了", {}),
        ("虹亚社区幸福小区3号楼着火了", {}),
        ("合德镇虹亚社区着火了", {}),
        (FIRE, {"place": Place(unit=THERE)}),
        (FIRE, {"place": Place(lon=120.2588, lat=33.7506)}),
        (FIRE, {"historic": True}),
        (FIRE, {"imported_open_at": MORNING}),
        (FIRE, {"confidential": True}),
    ],
    ids=[
        "one place",
        "with its unit",
        "a unit and the one above",
        "a unit",
        "a point",
        "old",
        "imported",
        "confidential",
    ],
)
def test_nobody_is_asked_where_the_place_is_known_or_where_it_is_over(words: str, fields: dict[str, object]) -> None:
    case, event = opened(words, **fields)  # type: ignore[arg-type]
    assert sent(case, event).case.question is None


def test_two_places_of_different_units_in_one_text_are_asked_about_too() -> None:
    case, event = opened("建华园和幸福花苑之间着火了")
    question = sent(case, event).case.question
    assert question is not None
    assert "建华园" in (question.text or "")
    assert "幸福花苑" in (question.text or "")


def test_of_a_danger_the_desks_of_all_places_are_told_and_see_it() -> None:
    case, event = opened()
    data = sent(case, event)
    assert set(data.tell) == {HERE, THERE}
    assert {HERE, THERE, "hede"} <= set(data.case.seen_by)
    envelope = to_envelopes(case, [event], TRACE, seen_by=seen_by(case, PACK))[0]
    told = {alert.recipient for alert in plan_alerts(envelope, data, PACK, NO_CHANGES, (), MORNING)}
    for unit in (HERE, THERE, "hede"):
        assert {person.id for person in PACK.on_duty(unit, MORNING, "A")} & told, unit
    assert told == people_told(envelope, roster_of(SHEYANG))


def test_units_below_the_owner_may_go_there_and_units_beside_it_only_look() -> None:
    case, _ = opened()
    assert not is_guest(case, THERE, "somebody", PACK)
    beside, _ = opened("建华园和幸福花苑之间着火了")
    assert beside.unit == THERE
    assert "jiaotonglu" in seen_by(beside, PACK)
    assert is_guest(beside, "jiaotonglu", "somebody", PACK)


def test_of_anything_else_only_the_owner_is_told() -> None:
    case, event = opened(LAMP)
    data = sent(case, event)
    assert data.case.question is not None
    assert data.tell == []
    assert not {HERE, THERE} & set(data.case.seen_by)


@pytest.mark.parametrize("words", ["2", "第二个", "２。", "虹亚社区", "是虹亚社区的", "幸福花苑", "幸福花苑3号楼东边"])
def test_an_answer_puts_the_case_where_it_says(words: str) -> None:
    before = opened()[0]
    case = answered(words, before)
    assert (case.unit, case.state, case.place_question) == (THERE, State.QUEUED, None)
    assert [unit.id for unit in case.path] == ["sheyang", "hede", THERE]
    assert (case.location.place or "").startswith("幸福花苑") or words.endswith("虹亚社区")
    assert case.within is not None
    assert not {HERE} & set(seen_by(case, PACK)), "who was told in vain sees it no more"
    assert case.history[-1].what == "case.placed"
    assert case.history[-1].text == words


def test_an_answer_may_name_a_place_that_was_not_asked_about() -> None:
    assert answered("不是，是建华园2号楼").unit == "jiaotonglu"


@pytest.mark.parametrize("words", ["快点来", "3", "就是幸福小区", "合德镇", "0", "第"])
def test_words_that_do_not_say_which_are_a_note_and_the_question_stays(words: str) -> None:
    case = answered(words)
    assert (case.unit, case.place_question is not None) == ("hede", True)
    assert case.history[-1].what == "case.noted"


def test_the_new_owner_and_its_ground_are_told_that_the_case_came() -> None:
    before = opened()[0]
    case = answered("2", before)
    said = Noted(at=MORNING, text="2", word="added")
    event = placed(before, said, "2", PACK)
    assert event is not None
    envelope = to_envelopes(case, [event], TRACE, before, seen_by=seen_by(case, PACK))[0]
    alerts = plan_alerts(envelope, decode(envelope, CaseEvent), PACK, NO_CHANGES, (), MORNING)
    assert {alert.kind for alert in alerts} == {"moved"}
    assert {person.id for person in PACK.on_duty(THERE, MORNING, "A")} & {alert.recipient for alert in alerts}
    assert {alert.recipient for alert in alerts} == people_told(envelope, roster_of(SHEYANG))


def test_the_clocks_go_on_when_the_place_is_known() -> None:
    before = opened()[0]
    after = answered("2", before)
    due = {clock.kind: clock.due_at for clock in before.clocks}
    assert {clock.kind: clock.due_at for clock in after.clocks if clock.superseded_at is None} == due


def test_whoever_has_begun_keeps_the_case_and_reads_where_it_is() -> None:
    begun = replace(opened()[0], state=State.CLAIMED, claimed_by="hede.desk", assignee="hede.desk")
    case = answered("2", begun)
    assert (case.unit, case.claimed_by, case.location.place) == ("hede", "hede.desk", "幸福花苑3号楼")
    assert case.place_question is None
    event = placed(begun, Noted(at=MORNING, text="2", word="added"), "2", PACK)
    assert event is not None
    assert event.tells(case) == ["hede"]


@pytest.mark.parametrize(
    "event",
    [
        Moved(at=MORNING, by="x", path=opened("建华园2号楼着火了")[0].path),
        Rejected(at=MORNING, by="x", asker=HERE, rejection=Rejection("noise", "y", "x", "hede")),
        Returned(at=MORNING, by="x", path=opened("建华园2号楼着火了")[0].path, asker=HERE),
    ],
    ids=["moved by officers", "ended", "returned by its unit"],
)
def test_a_move_or_an_end_closes_the_question(event: Moved | Rejected | Returned) -> None:
    assert apply_all(opened()[0], [event]).place_question is None


@pytest.mark.parametrize(("words", "unit"), [("1", "hede"), ("2", THERE), ("虹亚社区", THERE), ("快点来", "hede")])
def test_an_answer_is_read_also_where_a_unit_of_the_question_is_not_there_any_more(words: str, unit: str) -> None:
    """B119: it went to the dead letters; a number stands for what was asked, and for nothing where that is gone."""
    case, _ = opened()
    question = case.place_question
    assert question is not None
    first, second = question.candidates
    gone = replace(case, place_question=replace(question, candidates=(replace(first, unit="merged-away"), second)))
    assert answered(words, gone).unit == unit
