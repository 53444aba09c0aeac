"""Promise: of what was handled on patrol a share is inspected, drawn so that the draw repeats; of dangers all."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.apply import apply_all
from services.router.domain.attachment import ArrivedReport, AttachmentRules, attach
from services.router.domain.case import ENDED, State
from services.router.domain.case_parts.history_line import Entry
from services.router.domain.case_parts.report import Report
from services.router.domain.matching import KnownCase, Match, belongs
from services.router.domain.patrol import found, is_drawn
from services.router.domain.same_hazard.similarity import SameRule, Traits
from shared.kernel.ids import report_id
from shared.kernel.vocabulary import FeedbackKind
from tests.kit.made_cases import CLOCKS, T0, TOWN, opened

IDS = [f"c{report_id(b'a secret', 'city', 'app', str(n))[1:]}" for n in range(4000)]


def test_about_the_share_of_the_pack_is_drawn() -> None:
    for share in (0.1, 0.5):
        drawn = sum(is_drawn(id_, share) for id_ in IDS) / len(IDS)
        assert abs(drawn - share) < 0.03


@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_a_draw_repeats_and_a_larger_share_draws_the_same_and_more(case: str, one: float, other: float) -> None:
    assert is_drawn(case, one) == is_drawn(case, one)
    less, more = sorted((one, other))
    assert is_drawn(case, more) or not is_drawn(case, less)


def test_none_is_drawn_of_no_share_and_each_of_all() -> None:
    assert not any(is_drawn(id_, 0) for id_ in IDS)
    assert all(is_drawn(id_, 1) for id_ in IDS)


def test_every_danger_is_inspected() -> None:
    assert found("c1", "danger", 0, "somebody", "somewhere", T0).sample == "drawn"
    assert found("c1", "normal", 0, "somebody", "somewhere", T0).sample == "not_drawn"


LAMP = Traits("city", "street_light", 4.32, 52.12)
WEEK = timedelta(days=7)
SAME = SameRule(radius_m=50, window=WEEK, words=0.0, reopens=WEEK, reopens_up=False, linked=WEEK)


def known(state: State, *, handled: bool = False) -> KnownCase:
    ended = T0 if state in ENDED else None
    return KnownCase("c1", state, LAMP, T0, T0, ended, handled=handled)


def at_the_lamp(case: KnownCase, says: FeedbackKind | None = None, *, handled: bool = False) -> Match:
    return belongs(LAMP, T0 + timedelta(minutes=5), "c2", [case], SAME, says, handled=handled)


def test_what_is_found_where_residents_wait_is_written_on_their_case() -> None:
    assert at_the_lamp(known(State.QUEUED), "fixed", handled=True).case == "c1"
    assert at_the_lamp(known(State.CLOSED), "fixed", handled=True) == Match(None, "c1"), (
        "that one ended: a find of its own"
    )


def test_who_reports_what_patrol_says_it_handled_has_a_case_of_his_own() -> None:
    for state in (State.CLOSED, State.RESOLVED):
        assert at_the_lamp(known(state, handled=True)) == Match(None, "c1")
    assert at_the_lamp(known(State.REOPENED)).case == "c1", "refused by the inspection it is a case like others"


FINDER = Entry(T0, 1, "case.opened", by="walker", by_unit=TOWN, text="new bulb", photos=("after",), said_at=T0)


def test_a_find_on_an_open_case_leaves_it_open_tells_its_desk_and_is_not_counted() -> None:
    case = opened(clocks=CLOCKS)
    find = ArrivedReport(
        report=Report("r2", "@desks", T0, entered_by="walker", channel="patrol"),
        priority="normal",
        says="fixed",
        handled=FINDER,
    )
    happened = attach(case, [find], 1, AttachmentRules(), T0)
    after = apply_all(case, happened)
    (event,) = happened
    assert (after.state, after.clocks, after.report_count) == (case.state, case.clocks, 1)
    assert (event.tells(after), event.told(after), event.reporter_word_meant) == ([case.unit], "new bulb", "fixed")
    line = after.history[-1]
    assert (line.what, line.by, line.photos, line.said_at, line.remark) == (
        "case.confirmed", "walker", ("after",), T0, "found_again",
    )  # fmt: skip
