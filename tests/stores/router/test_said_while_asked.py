"""A reporter who is asked may say something else than an answer: he takes it back, or says that it is fixed."""

from datetime import timedelta

import pytest

from services.router.cases.published_events import to_envelopes
from services.router.consumers import history_event
from services.router.domain.apply import apply_all
from services.router.domain.case import Case, Question, State
from services.router.domain.clock import SlaClock
from services.router.domain.commands.request_info import InfoRequested
from shared.contracts import reports as contract
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode
from shared.kernel.ids import case_id
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import NOW, TRACE, submission, submitted
from tests.kit.made_services import hearing, routed, routing

REPORT = submission("k1").id
UNTIL = NOW + timedelta(days=5)


def asked() -> Case:
    case, _, _ = routed("k1")
    question = Question(NOW, "which lamp?", "qs-desk", UNTIL, State.ACKNOWLEDGED, "back", None)
    clock = SlaClock("confirm", NOW, "P5D", "always", UNTIL, "harbour")
    return apply_all(case, [InfoRequested(at=NOW, by="qs-desk", by_unit="quayside", question=question, clock=clock)])


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (contract.ReportWithdrawn(report=REPORT, case=case_id(REPORT), reason="my mistake"), "withdrawn"),
        (contract.ReportAdded(report=REPORT, case=case_id(REPORT), text=None, photos=[], fixed=True), "fixed"),
    ],
)
async def test_the_desk_hears_what_a_reporter_says_who_was_asked_and_the_work_goes_on(
    database: Database, said: contract.ReportWithdrawn | contract.ReportAdded, word: str
) -> None:
    case = asked()
    heard = history_event(said, submitted("k1"))
    happened = await hearing(await routing(database))._follows(case, heard, None)
    after = apply_all(case, happened)
    assert after.state is State.ACKNOWLEDGED
    assert after.question is None
    events = [decode(one, CaseEvent) for one in to_envelopes(after, happened, TRACE, case)]
    assert [(one.reporter_word, one.tell) for one in events if one.tell] == [(word, ["quayside"])]
    assert after.withdrawn == ((REPORT,) if word == "withdrawn" else ()), "who took it back is not called"
