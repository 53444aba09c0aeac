"""However often a case is opened again, its document stays small, and no breach leaves the record."""

import bson
import pytest

from services.router.cases.published_events import to_envelopes
from services.router.cases.stored.case_document import to_doc
from services.router.domain.apply import apply_all
from services.router.domain.case import Case, State
from services.router.domain.clock_operations import RESOLVES_KEPT, opened_again
from services.router.domain.commands.decide import decide
from services.router.domain.domain_event import DomainEvent
from services.router.domain.timer_rules import due
from services.router.domain.values import replace
from tests.kit.made_cases import DESK, T0, clock, fresh, full, minutes, opened
from tests.kit.made_reports import TRACE

TIMES = 100


def once_more(case: Case, number: int, *, late: bool) -> tuple[Case, list[DomainEvent]]:
    """Resolved and opened again, with all that happened; ``late``: its resolve clock was breached first."""
    every, said = (1000 if late else 100), list[DomainEvent]()
    for command, after in (("claim", 1), ("resolve", 500 if late else 2), ("reopen", 510 if late else 60)):
        now = T0 + minutes(every * number + after)
        if fired := due(case, now):
            case = apply_all(case, fired)
        decided = decide(case, full(command, fresh_clock=fresh(now)), DESK, now)
        case = apply_all(case, decided)
        said += [*fired, *decided]
    return case, said


@pytest.mark.parametrize("late", [True, False])
def test_a_hundred_reopenings_leave_a_document_of_the_same_size(late: bool) -> None:
    case, sizes, breaches = opened(), list[int](), 0
    for number in range(TIMES):
        case, said = once_more(case, number, late=late)
        breaches += sum(event.TYPE == "clock.breached.v1" and event.clock_meant == "resolve" for event in said)
        sizes.append(len(bson.encode(to_doc(case, ["sheyang"]))))
        (event, *_) = to_envelopes(case, said[-1:], TRACE)
        assert len(event.data) < 32_000
    assert case.state is State.REOPENED
    assert len([c for c in case.clocks if c.kind == "resolve"]) == RESOLVES_KEPT + 1
    assert max(sizes[30:]) - min(sizes[30:]) < 2_000, "after the first few it does not grow any more"
    assert sizes[-1] < 40_000
    assert breaches == (TIMES if late else 0), "every one was told as an event, and stays there"
    assert [c.state for c in case.clocks if c.kind == "resolve"][:-1] == ["breached" if late else "met"] * RESOLVES_KEPT


def test_what_was_owed_is_owed_by_the_fresh_clock_and_clocks_of_parts_and_other_kinds_stay() -> None:
    owed = replace(clock("resolve", 10), state="breached")
    part = replace(clock("resolve", 30), state="met", met_at=T0, part="p1")
    other = replace(clock("on_site", 30), state="met", met_at=T0)
    met = [replace(clock("resolve", 40 + n), state="met", met_at=T0) for n in range(RESOLVES_KEPT + 5)]
    new = fresh(T0)
    assert opened_again(opened(clocks=(part, other, *met)), new) == (part, other, *met[5:], new)
    late, again = opened_again(opened(clocks=(owed,)), new)
    assert (late.state, late.superseded_at, late.waits, again) == ("breached", T0, False, new)
    assert opened_again(opened(clocks=(owed, part)), None) == (owed, part)
