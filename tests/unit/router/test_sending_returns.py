"""Promise: who grants a return sends it to the suggested unit or to another of his own subtree, by link too."""

from datetime import UTC

import msgspec
import pytest

from services.router.cases.case_views import answer
from services.router.command_handling.actors import actor_of
from services.router.domain.values import replace
from shared.case_page.case_answer import CaseAnswer, seen
from shared.case_page.next_steps import Step
from shared.case_page.press import Press, body_of, press_of
from shared.case_page.rendering import case_page
from shared.case_page.view import case_view
from shared.runtime.identity.directory import Principal
from tests.kit.duty import Duty, gardens
from tests.kit.made_case_answers import look


def returned(**suggest: str) -> Duty:
    duty = Duty.reported("路灯坏了")
    duty.does("jingang.duty", "return", reason="not_our_area", basis="在街对面", **suggest)
    return duty


def shown(duty: Duty, person: str) -> CaseAnswer:
    who = gardens().people[person]
    principal = Principal(kind="officer", city="gardens", person=who.id, unit=who.unit, role=who.role)
    told = answer(duty.case, actor_of(principal, duty.case, gardens()), gardens())
    return seen(msgspec.json.encode(told), '"3"').case


def targets(duty: Duty, person: str) -> list[str]:
    ruling = shown(duty, person).ruling
    assert ruling is not None
    return [unit.id for unit in ruling.may_go_to]


def test_the_granter_is_offered_the_queues_of_his_own_subtree_and_not_the_owner() -> None:
    pack, offered = gardens(), targets(returned(), "town.duty")
    assert offered
    for unit in offered:
        assert "town" in pack.units[unit].path
        assert pack.tree.owns_queue(unit)
        assert unit != "jingang"


def test_who_may_not_grant_it_is_offered_none() -> None:
    assert targets(returned(), "jingang.duty") == []


def test_no_unit_is_offered_that_the_case_is_about() -> None:
    duty = returned()
    offered = targets(duty, "county.duty")
    about = next(unit for unit in offered if unit != "town" and "town" in gardens().units[unit].path)
    duty.case = replace(duty.case, recused=(about,))
    assert about not in targets(duty, "county.duty")


@pytest.mark.parametrize("suggested", [True, False])
def test_the_page_has_a_plain_select_and_the_press_names_the_unit(suggested: bool) -> None:
    another = targets(returned(), "town.duty")[-1]
    duty = returned(**({"suggest": another} if suggested else {}))
    page = case_page(case_view(look(shown(duty, "town.duty"))))
    assert '<select id="' in page
    assert f'<option value="{another}"{" selected" if suggested else ""}>' in page
    assert ('<option value="" selected>' in page) is not suggested
    press = press_of({"do": "approve_return", "version": "3", "to": another}, {})
    assert press is not None
    assert body_of(press, UTC) == {"to": another}
    after = duty.does("town.duty", "approve_return", **body_of(press, UTC))
    assert (after["unit"], after["state"]) == (another, "queued")


def test_a_press_without_a_unit_is_for_the_suggested_one() -> None:
    assert body_of(Press(Step("approve_return"), "3", {"to": ""}), UTC) == {}
