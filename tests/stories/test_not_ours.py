"""A rider asks what is not for this platform (信访, a judgment): he reads where to go, and no queue has it."""

import pytest

from services.router.cases.case_views import answer
from services.router.domain.apply import apply_all
from services.router.domain.commands.inspection import judged
from services.router.domain.events import Rated
from services.router.domain.values import replace
from shared.kernel.errors import Refusal
from tests.kit.duty import MORNING, Duty, gardens

PETITION = "我的信访一直没有回音"


def test_words_alone_open_a_case_and_its_desk_sends_the_rider_where_it_belongs_with_one_press() -> None:
    duty = Duty.reported(PETITION)
    assert duty.case.unit == "jingang", "it is taken: words decide nothing"
    shown = answer(duty.case, None, gardens()).not_ours
    assert shown is not None
    assert (shown.id, shown.name) == ("petition", "信访局")
    ended = duty.does("jingang.duty", "redirect")
    assert (ended["state"], ended["resolved_how"]) == ("closed", "elsewhere")
    assert duty.case.outcome is not None
    assert duty.case.outcome.text == "信访局：请到县信访局窗口或网上信访平台反映。"


def test_a_desk_names_another_place_and_none_that_the_city_does_not_have() -> None:
    duty = Duty.reported("路灯坏了，有人打劫过")
    assert duty.does("jingang.duty", "redirect", elsewhere="petition")["state"] == "closed"
    other = Duty.reported("路灯坏了")
    for body in ({}, {"elsewhere": "nobody"}):
        with pytest.raises(Refusal) as refused:
            other.does("jingang.duty", "redirect", **body)
        assert (refused.value.status, refused.value.errors[0].pointer) == (422, "/elsewhere")


def test_danger_is_never_turned_away() -> None:
    duty = Duty.reported(PETITION)
    duty.case = replace(duty.case, priority="danger")
    with pytest.raises(Refusal) as refused:
        duty.does("jingang.duty", "redirect")
    assert (refused.value.status, refused.value.extra["reason"]) == (409, "danger_stays")


def test_who_is_not_content_with_that_is_heard_one_level_up() -> None:
    duty = Duty.reported(PETITION)
    duty.does("jingang.duty", "redirect")
    again = apply_all(duty.case, judged(duty.case, Rated(at=MORNING, score=1), None))
    assert (again.state.value, again.unit) == ("reopened", "town")
