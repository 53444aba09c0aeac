"""What happens to a call (回访) and to what was heard when a case ends, is rated, called about or opened again."""

from datetime import datetime, timedelta

from services.router.domain.case import Case, State
from services.router.domain.case_parts.call_back import CallBack, CallPlan, Verdict
from services.router.domain.values import replace

VERDICTS_KEPT = 10
"""Endings before the present one of which the case keeps what was heard."""


def expected(case: Case, plan: CallPlan | None, at: datetime) -> Case:
    """``case``, closed at ``at``, with the call that is to come: none where the reporter has rated it, where nobody is
    left to call, and of what is confidential or history."""
    nobody = case.confidential or case.historic or case.rating is not None or case.reporter_to_call is None
    if plan is None or nobody:
        return replace(case, call_back=None)
    due_at = at + timedelta(days=plan.days)
    return replace(case, call_back=CallBack(due_at=due_at, by=case.level_above, about=case.unit, tries=plan.tries))


def listed(case: Case) -> Case:
    """``case`` with its call on the list, since it was due."""
    waiting = case.call_back
    return case if waiting is None else replace(case, call_back=replace(waiting, since=waiting.due_at))


def rated(case: Case, score: int, at: datetime) -> Case:
    """``case`` with the reporter's own rating: nobody has to call any more. It judges only what was resolved."""
    if case.historic or case.state not in (State.RESOLVED, State.CLOSED):
        return replace(case, rating=score)
    return replace(case, rating=score, call_back=None, verdict=replace(_verdict(case, at), at=at, rated=score))


def called(case: Case, answered: int | None, at: datetime, *, last: bool) -> Case:
    """``case`` after a call. Who was not reached is tried again, up to the pack's limit or until a ``last`` try."""
    was, waiting = _verdict(case, at), case.call_back
    verdict = replace(was, at=at, answered=answered, tried=was.tried + 1)
    again = waiting is not None and answered is None and not last and verdict.tried < waiting.tries
    left = replace(waiting, tried=verdict.tried, since=at) if again and waiting is not None else None
    return replace(case, verdict=verdict, call_back=left)


def opened_again(case: Case) -> Case:
    """``case`` open again: what was heard of that ending stays for the figures."""
    before = case.verdicts_before if case.verdict is None else (*case.verdicts_before, case.verdict)[-VERDICTS_KEPT:]
    return replace(case, call_back=None, verdict=None, verdicts_before=before, rating=None)


def withdrawn(case: Case, report: str) -> Case:
    """``case`` with that report withdrawn: who withdrew it is not called."""
    left = replace(case, withdrawn=tuple(dict.fromkeys((*case.withdrawn, report))))
    return left if left.reporter_to_call is not None else replace(left, call_back=None)


def _verdict(case: Case, at: datetime) -> Verdict:
    return case.verdict or Verdict(unit=case.unit, at=at)
