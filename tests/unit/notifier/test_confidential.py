"""A confidential case is told to those who may see it; where nobody is there, the level above hears that, no more."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.notifier.alerts.confidential_recipients import permitted_recipients
from services.notifier.alerts.new_alert import Subject, new_alert
from services.notifier.alerts.wording import title, unattended_text
from services.notifier.domain.recipients import Notice
from services.notifier.http.alert_views import command_of, view
from services.router.cases.published_events import to_envelopes, to_state
from services.router.cases.visibility import seen_by
from services.router.domain.apply import apply_all
from services.router.domain.case import Case, State
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.commands.inspection import judged
from services.router.domain.events import Rated
from services.router.domain.timer_rules import due
from services.router.domain.values import replace
from shared.city.people.on_duty import NO_CHANGES
from shared.city.people.rota import RotaChange, RotaChanges
from tests.kit.expected_alerts import people_told
from tests.kit.expected_duty import roster_of
from tests.kit.made_cases import T0, clock, do, fired, fresh, minutes, opened, rung
from tests.kit.made_reports import TRACE
from tests.packs import SHEYANG, pack_of

POLICE = (UnitOnPath("sheyang", "county"), UnitOnPath("police", "department"))
LADDER = (rung(20, "tell", "parent"), rung(30, "supervise", "county"), rung(40, "move_to", "parent"))
COUNTY = {"sheyang.duty1", "sheyang.duty2", "sheyang.supervisor"}


def clue(**fields: Any) -> Case:
    """A confidential clue at the police, whose ladder climbs to the county."""
    case = opened(path=POLICE, clocks=(clock("acknowledge", 10, rungs=LADDER),), forgotten_after=3600)
    return replace(case, category="fraud_clue", confidential=True, within=None, **fields)


def away(*people: str) -> RotaChanges:
    day = timedelta(days=1)
    return RotaChanges(RotaChange(kind="leave", person=person, start=T0 - day, until=T0 + day) for person in people)


def reached(notice: Notice, case: Case, since: RotaChanges = NO_CHANGES) -> dict[str, str]:
    """Who hears of it, and as what."""
    found = permitted_recipients([notice], to_state(case), pack_of(SHEYANG), T0, since)
    return {person: said.kind for person, (said, _) in found.items()}


def test_everybody_whom_its_clocks_and_watch_tell_may_see_it() -> None:
    case = clue()
    happened = due(case, T0 + timedelta(days=30))
    assert {"clock.breached.v1", "case.escalated.v1", "case.forgotten.v1"} <= {event.TYPE for event in happened}
    units = set(seen_by(case, pack_of(SHEYANG)))
    for event in to_envelopes(apply_all(case, happened), happened, TRACE, case):
        people = people_told(event, roster_of(SHEYANG))
        assert people, "the ladder is heard by somebody"
        assert {pack_of(SHEYANG).people[person].unit for person in people} <= units


@pytest.mark.parametrize("desk", ["sheyang", "hede"])
def test_what_a_ladder_tells_others_the_named_handlers_hear(desk: str) -> None:
    assert reached(Notice("breach", desk, "A"), clue()) == {"police.desk": "breach"}
    plain = replace(clue(), confidential=False)
    assert not set(reached(Notice("breach", desk, "A"), plain)) & {"police.desk"}


def test_where_no_handler_is_there_the_desk_above_hears_that_and_nothing_else() -> None:
    for notice in (Notice("breach", "sheyang", "A"), Notice("breach", "police", "A")):
        found = permitted_recipients([notice], to_state(clue()), pack_of(SHEYANG), T0, away("police.desk"))
        assert found
        assert set(found) <= COUNTY
        assert {(n.kind, n.unit, lacks) for n, lacks in found.values()} == {("unattended", "sheyang", ())}


def test_the_alarm_shows_no_case_and_asks_for_nothing() -> None:
    pack = pack_of(SHEYANG)
    subject = Subject("c1", 3, "urgent", unattended_text("police", pack), None)
    (event, *_) = to_envelopes(clue(), due(clue(), T0 + minutes(10)), TRACE, clue())
    alert = new_alert(event, subject, Notice("unattended", "sheyang"), "sheyang.duty1", "zh-CN", T0)
    assert "c1" not in str(msgspec.structs.replace(view(alert), id=""))
    assert command_of(alert) is None
    assert title("unattended", "urgent", "zh-CN")
    assert "fraud" not in unattended_text("police", pack)


def test_who_is_offered_it_or_called_in_sees_it_and_is_told() -> None:
    offered = clue(offered_to="hede")
    assert set(reached(Notice("offered", "hede", "A"), offered)) == {"hede.duty1", "hede.duty2"}


def test_a_person_who_may_not_see_it_is_passed_over_alone() -> None:
    assert reached(Notice("assigned", "hede", person="hede.duty1"), clue()) == {}


def test_its_ladder_moves_it_nowhere_and_who_is_not_satisfied_opens_it_where_it_was() -> None:
    case = clue()
    late = fired(case, T0 + minutes(41))
    assert late.unit == "police"
    assert [entry.act for entry in late.history if entry.what == "case.escalated"] == ["tell", "supervise", "supervise"]
    resolved = do(do(case, "claim"), "resolve")
    again = apply_all(resolved, judged(resolved, Rated(at=T0, score=1), fresh(T0)))
    assert (again.state, again.unit) == (State.REOPENED, "police")
