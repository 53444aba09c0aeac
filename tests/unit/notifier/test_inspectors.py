"""When it is time to look at the effect (效果检视) those hear of it who inspect, not the desk alone."""

from datetime import UTC, datetime, timedelta

import pytest

from services.notifier.alerts.recipient_resolution import people_reached
from services.notifier.domain.recipients import Notice
from services.router.cases.published_events import to_envelopes
from services.router.domain.apply import apply_all
from services.router.domain.case import Case
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.timer_rules import due
from services.router.domain.values import replace
from shared.city.people.on_duty import NO_CHANGES
from shared.city.people.rota import RotaChange, RotaChanges
from tests.kit.expected_alerts import people_told
from tests.kit.expected_duty import roster_of
from tests.kit.made_cases import PATH, SECOND, T0, do, opened
from tests.kit.made_reports import TRACE
from tests.packs import SHEYANG, pack_of

AT = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
COMMUNITY = (*PATH[:2], UnitOnPath("jiaotonglu", "community"))


def people(unit: str, decided: RotaChanges = NO_CHANGES) -> list[str]:
    """Who is told to look at ``unit``'s work."""
    return [p.id for p in people_reached(Notice("follow_up", unit, role="inspector"), pack_of(SHEYANG), AT, decided)]


@pytest.mark.parametrize(
    ("unit", "inspectors"),
    [("hede", ["hede.inspector"]), ("jiaotonglu", ["hede.inspector"]), ("sheyang", ["sheyang.inspector"])],
)
def test_inspectors_of_the_unit_look_or_of_the_nearest_above(unit: str, inspectors: list[str]) -> None:
    assert people(unit) == inspectors


def test_who_is_on_leave_does_not_look_and_the_next_one_above_does() -> None:
    day = timedelta(days=1)
    away = RotaChange(kind="leave", person="hede.inspector", start=AT - day, until=AT + day)
    assert people("jiaotonglu", RotaChanges((away,))) == ["sheyang.inspector"]


def resolved(category: str) -> Case:
    """A resolved case of that category in the pack's first community."""
    return replace(do(do(opened(path=COMMUNITY), "claim"), "resolve"), category=category)


@pytest.mark.parametrize(("category", "looked_at"), [("hallway_clutter", True), ("other", False)])
def test_when_its_day_comes_the_inspectors_and_the_desk_are_told(category: str, looked_at: bool) -> None:
    closed = do(do(resolved(category), "inspect", SECOND), "close", follow_up=T0 + timedelta(days=7))
    happened = due(closed, T0 + timedelta(days=7))
    (event,) = to_envelopes(apply_all(closed, happened), happened, TRACE, closed)
    told = people_told(event, roster_of(SHEYANG))
    assert ("hede.inspector" in told) is looked_at
    assert any(person.startswith("jiaotonglu.") for person in told), "the desk is reminded as before"
