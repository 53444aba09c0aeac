"""Visits: held after they began, once, with those of the invited who came; called off they free their place."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec import UNSET

from services.router.domain.visits.visit import Visit, cancelled, held, reminder
from services.router.visits.store import event, from_doc
from services.router.visits.views import view
from shared.contracts.catalogue import decode
from shared.contracts.visits import VisitEvent
from tests.kit.made_reports import TRACE
from tests.kit.refusals import refused

AT = datetime(2026, 3, 5, 1, 0, tzinfo=UTC)
AFTER = AT + timedelta(hours=2)
VISIT = Visit(
    id="v1",
    city="gardens",
    version=1,
    kind="joint_enforcement",
    unit="jingang",
    place="jingang-huayuan",
    at=AT,
    purpose="飞线充电",
    invited=("urban-management", "power"),
    pack_version="v1",
    planned_by="jingang.duty",
    planned_at=AT - timedelta(days=2),
)


def done(visit: Visit = VISIT, came: tuple[str, ...] = ("power",), now: datetime = AFTER) -> Visit:
    return held(visit, came=came, result="拆除12处", photos=(), by="jingang.duty", now=now)


def test_who_was_invited_and_did_not_come_is_on_record() -> None:
    visit = done()
    assert (visit.state, visit.came, visit.stayed_away) == ("held", ("power",), ("urban-management",))
    assert (visit.version, visit.result, visit.ended_by, visit.ended_at) == (2, "拆除12处", "jingang.duty", AFTER)
    assert view(visit).stayed_away == ["urban-management"]


def test_before_it_was_held_nobody_stayed_away() -> None:
    assert VISIT.stayed_away == ()
    assert view(VISIT).stayed_away is UNSET


def test_nothing_is_held_before_it_begins_or_twice_or_after_it_was_called_off() -> None:
    with refused(409):
        done(now=AT - timedelta(minutes=1))
    off = cancelled(VISIT, reason="下雨", by="jingang.duty", now=AT)
    for visit in (done(), off):
        with refused(409):
            done(visit)
        with refused(409):
            cancelled(visit, reason="x", by="jingang.duty", now=AFTER)


def test_only_those_invited_come() -> None:
    with refused(422) as refusal:
        done(came=("power", "construction"))
    assert refusal.value.errors[0].pointer == "/came/1"


def test_a_visit_has_its_place_and_time_to_itself_until_it_is_called_off() -> None:
    assert VISIT.slot == "gardens/jingang-huayuan/2026-03-05T01:00Z"
    assert done().slot == VISIT.slot
    assert cancelled(VISIT, reason="下雨", by="jingang.duty", now=AT).slot is None


@pytest.mark.parametrize(
    ("visit", "type_", "tell"),
    [
        (VISIT, "visit.planned.v1", ["urban-management", "power"]),
        (done(), "visit.held.v1", []),
        (cancelled(VISIT, reason="下雨", by="x", now=AT), "visit.cancelled.v1", ["urban-management", "power"]),
    ],
)
def test_what_crosses_has_no_words_and_says_whom_to_tell(visit: Visit, type_: str, tell: list[str]) -> None:
    told = event(visit, TRACE)
    data = decode(told, VisitEvent)
    assert (told.type, told.sequence, data.tell) == (type_, visit.version, tell)
    assert not any(word in told.data for word in ("飞线", "拆除", "下雨"))


@pytest.mark.parametrize(
    ("begins", "planned", "reminded"),
    [
        ("2026-03-05T06:30Z", "2026-03-01T00:00Z", "2026-03-05T00:00Z"),
        ("2026-03-05T00:30Z", "2026-03-01T00:00Z", "2026-03-04T23:30Z"),
        ("2026-03-04T17:00Z", "2026-03-01T00:00Z", "2026-03-04T16:00Z"),
        ("2026-03-05T06:30Z", "2026-03-05T00:00Z", None),
        ("2026-03-05T06:30Z", "2026-03-04T23:59Z", "2026-03-05T00:00Z"),
    ],
    ids=["in the morning", "begins early", "begins in the night", "planned that day", "planned just before"],
)
def test_who_is_invited_is_reminded_on_its_day_by_the_citys_clock(
    begins: str, planned: str, reminded: str | None
) -> None:
    at, planned_at = datetime.fromisoformat(begins), datetime.fromisoformat(planned)
    due = reminder(at, planned_at, time(8), ZoneInfo("Asia/Shanghai"))
    assert due == (None if reminded is None else datetime.fromisoformat(reminded))


def test_a_reminder_is_an_event_of_its_own_and_nothing_is_owed_once_it_has_ended() -> None:
    visit = replace(VISIT, remind_at=AT - timedelta(hours=1))
    told = event(visit, TRACE, reminds_at=AT)
    data = decode(told, VisitEvent)
    assert (told.type, told.time, data.state, data.by) == ("visit.reminded.v1", AT, "planned", None)
    assert data.tell == list(visit.invited)
    assert told.id != event(visit, TRACE).id
    assert done(visit).remind_at is None
    assert cancelled(visit, reason="下雨", by="x", now=AT).remind_at is None


def test_fields_that_queries_need_are_no_part_of_a_visit() -> None:
    assert from_doc({"_id": "v1", "seen_by": [], "slot": "x", "key": "k", **_plain()}) == replace(VISIT)


def _plain() -> dict[str, object]:
    return {name: getattr(VISIT, name) for name in VISIT.__dataclass_fields__ if name != "id"}
