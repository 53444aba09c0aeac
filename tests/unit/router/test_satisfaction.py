"""The figures of satisfaction: 满意率 over those who rated or were reached, 回访成功率 beside it."""

from services.router.domain.case_parts.call_back import Verdict
from services.router.domain.values import replace
from services.router.follow_up_calls.figures import by_unit, counted
from tests.kit.made_cases import COMMUNITY, OTHER, T0

ONE = Verdict(unit=COMMUNITY, at=T0)


def test_the_rate_is_over_those_who_rated_or_were_reached_and_each_ending_counts_once() -> None:
    heard = [
        replace(ONE, rated=3),
        replace(ONE, answered=2, tried=1),
        replace(ONE, answered=1, tried=2),
        replace(ONE, tried=3),
        replace(ONE, rated=1, answered=3, tried=1),
    ]
    figures = counted(COMMUNITY, heard)
    assert (figures.heard, figures.satisfied, figures.mostly_satisfied, figures.dissatisfied) == (4, 1, 1, 2)
    assert (figures.satisfaction_rate, figures.tried, figures.reached, figures.reach_rate) == (0.5, 4, 3, 0.75)


def test_of_nothing_there_is_no_rate() -> None:
    figures = counted(COMMUNITY, [])
    assert (figures.heard, figures.satisfaction_rate, figures.reach_rate) == (0, None, None)


def test_every_unit_that_handled_something_has_its_own_figures() -> None:
    figures = by_unit([replace(ONE, rated=3), replace(ONE, unit=OTHER, rated=1)])
    assert [(one.unit, one.satisfaction_rate) for one in figures] == [(OTHER, 0.0), (COMMUNITY, 1.0)]
