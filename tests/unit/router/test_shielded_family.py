"""Promise: what was merged into a case is as hidden as the case: from whom it is about, and from readers unrecorded."""

from datetime import timedelta

import pytest

from services.router.cases.published_events import to_envelopes
from services.router.cases.visibility import seen_by
from services.router.dedup.shielded_family import shielded_as, shielding, unshielding
from services.router.domain.apply import apply_all
from services.router.domain.case import Case, State
from services.router.domain.case_parts.marks import Sensitive
from services.router.domain.commands.command import Actor
from services.router.domain.commands.decide import decide
from services.router.domain.commands.merge import Merge, Merged
from services.router.domain.commands.sensitivity import MarkedSensitive
from services.router.domain.timer_rules import due
from services.router.domain.values import replace
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.kernel.errors import Refusal
from tests.kit.duty import MORNING, Duty, gardens
from tests.kit.made_reports import TRACE

WORD = "zebra"


def merged() -> Case:
    case = replace(Duty.reported(f"路灯坏了 {WORD}").case, id="cmerged")
    return apply_all(case, [Merged(at=MORNING, by="jingang.duty", by_unit="jingang", into="chome")])


def test_a_unit_that_is_recused_later_sees_no_ended_case_that_was_merged_into_it() -> None:
    duty = Duty.reported("路灯坏了")
    before = merged()
    assert "jingang" in seen_by(before, gardens())
    duty.does("jingang.duty", "recuse", reason="说的是我")
    happened = shielding(before, duty.case, gardens(), MORNING)
    after = apply_all(before, happened)
    assert (after.state, after.merged_into, after.unit, after.recused) == (State.MERGED, "chome", "town", ("jingang",))
    seeing = seen_by(after, gardens())
    assert "jingang" not in seeing
    (event,) = to_envelopes(after, happened, TRACE, before, seen_by=seeing, was_seen_by=["jingang"])
    data = decode(event, CaseEvent)
    assert (data.tell, data.quiet, data.was_seen_by) == ([], True, ["jingang"])
    assert due(after, MORNING) == []


def test_it_is_sensitive_as_the_case_is_and_no_word_leaves_it() -> None:
    home = replace(Duty.reported("路灯坏了").case, sensitive=Sensitive("media", "county"))
    before = merged()
    happened = shielding(before, home, gardens(), MORNING)
    after = apply_all(before, happened)
    assert after.wordless
    (event,) = to_envelopes(after, happened, TRACE, before, seen_by=seen_by(after, gardens()))
    assert WORD not in event.data


def test_what_is_done_already_is_not_done_again() -> None:
    duty = Duty.reported("路灯坏了")
    assert shielding(merged(), duty.case, gardens(), MORNING) == []
    duty.does("jingang.duty", "recuse", reason="说的是我")
    after = apply_all(merged(), shielding(merged(), duty.case, gardens(), MORNING))
    assert shielding(after, duty.case, gardens(), MORNING) == []


def test_a_recusal_that_is_lifted_gives_merged_cases_back_to_who_had_them() -> None:
    duty = Duty.reported("路灯坏了")
    duty.does("jingang.duty", "recuse", reason="说的是我")
    hidden = apply_all(merged(), shielding(merged(), duty.case, gardens(), MORNING))
    assert unshielding(hidden, duty.case, gardens(), MORNING) == [], "as long as it holds"
    duty.does("town.duty", "lift_recusal", reason="与社区无关")
    back = apply_all(hidden, unshielding(hidden, duty.case, gardens(), MORNING))
    assert (back.state, back.unit, back.recused) == (State.MERGED, "jingang", ())
    assert seen_by(back, gardens()) == seen_by(merged(), gardens())
    assert unshielding(back, duty.case, gardens(), MORNING) == []
    own = replace(hidden, merged_into=None, state=State.REOPENED)
    assert unshielding(own, duty.case, gardens(), MORNING) == [], "what was split off decides for itself"


def test_what_is_sensitive_no_more_is_not_in_merged_cases_but_for_a_mark_of_their_own() -> None:
    plain = Duty.reported("路灯坏了").case
    home = replace(plain, sensitive=Sensitive("media", "county"))
    followed = apply_all(merged(), shielding(merged(), home, gardens(), MORNING))
    after = apply_all(followed, unshielding(followed, plain, gardens(), MORNING))
    assert (followed.wordless, after.wordless) == (True, False)
    mark = MarkedSensitive(at=MORNING, by="jingang.duty", by_unit="jingang", sensitive=Sensitive("media", "county"))
    marked = apply_all(merged(), [mark])
    assert unshielding(marked, plain, gardens(), MORNING) == []


def test_a_second_matter_of_a_shielded_case_is_shielded_as_the_first() -> None:
    """B126: its place and photos went out with the case of the second matter, and to whom the first is about."""
    duty = Duty.reported("路灯坏了")
    duty.does("jingang.duty", "recuse", reason="说的是物业", about="jingang-property")
    home = replace(duty.case, sensitive=Sensitive("media", "county"))
    second = shielded_as(replace(Duty.reported(f"井盖坏了 {WORD}").case, id="csecond"), home, gardens())
    assert (second.unit, second.recused, second.wordless) == ("jingang", ("jingang-property",), True)
    assert "jingang-property" not in seen_by(second, gardens())
    own = shielded_as(second, replace(home, recused=("jingang",)), gardens())
    assert own.unit == "town"
    plain = Duty.reported("路灯坏了").case
    assert shielded_as(plain, plain, gardens()) == plain


def test_a_case_that_is_not_decided_is_merged_into_no_other() -> None:
    """B125."""
    younger = Duty.reported("网格员天天不见人，路灯坏了").case
    older = replace(Duty.reported("路灯坏了").case, id="c0", opened_at=MORNING - timedelta(hours=1))
    actor = Actor("jingang.duty", "jingang", "duty_officer", "A")
    with pytest.raises(Refusal) as refused:
        decide(younger, Merge(older=older, into=older.id), actor, MORNING)
    assert (refused.value.status, refused.value.extra["reason"]) == (409, "undecided")
