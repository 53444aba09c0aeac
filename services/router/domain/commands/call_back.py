"""Calling the reporter of a closed case that nobody rated (回访): the desk one level above asks how it was.

Nobody who handled the case calls. Who is not satisfied opens it again, one level up, as a rating of 1 does.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.router.domain import events as e
from services.router.domain.call_backs.call_events import CalledBack
from services.router.domain.case import Case, State
from services.router.domain.case_parts.remark import Remark
from services.router.domain.clock import SlaClock
from services.router.domain.commands.command import DESK, Actor, Command, Decision, Rule, WhyNot, required
from services.router.domain.commands.inspection import DISSATISFIED
from shared.kernel.errors import FieldError, invalid
from shared.kernel.vocabulary import RemarkCode

_ANSWERS: dict[int, RemarkCode] = {3: "call_satisfied", 2: "call_mostly_satisfied", 1: "call_dissatisfied"}
_NOT_DUE = WhyNot("no_call_due", "Nobody has to be called about it now.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCall(Command):
    """What came of a call. ``satisfied``: 3 满意, 2 基本满意, 1 不满意; ``last``: not reached, not to be tried again.

    ``fresh_clock``: the resolve clock that starts when the reporter is not satisfied.
    """

    NAME: ClassVar[str] = "record_call"
    reached: bool
    satisfied: int | None = None
    words: str | None = None
    last: bool = False
    fresh_clock: SlaClock | None = None


def _record_call(case: Case, command: RecordCall, actor: Actor, now: datetime) -> Decision:
    _check(command)
    by, unit, answer = actor.person, actor.unit, command.satisfied
    waiting = case.call_back
    tried = 1 + (waiting.tried if waiting is not None else 0)
    last = answer is None and (command.last or waiting is None or tried >= waiting.tries)
    code: RemarkCode = "call_never_reached" if last else "call_not_reached"
    remark = Remark(_ANSWERS[answer]) if answer is not None else Remark(code, (("try", str(tried)),))
    heard = CalledBack(at=now, by=by, by_unit=unit, text=command.words, satisfied=answer, last=last, remark=remark)
    if answer != DISSATISFIED:
        return [heard]
    was, clock = case.unit if case.one_up != case.path else None, command.fresh_clock
    again = e.Reopened(at=now, by=by, by_unit=unit, text=command.words, clock=clock, path=case.one_up, was_unit=was)
    return [heard, again]


def _check(command: RecordCall) -> None:
    """Raises ``Refusal`` 422 for an answer of somebody who was not reached, and where one is missing."""
    if not command.reached and command.satisfied is not None:
        raise invalid(FieldError("/satisfied", "is what a reporter answers who was reached: leave it out"))
    if command.reached and command.satisfied is None:
        raise invalid(FieldError("/satisfied", "is required where the reporter was reached: 3, 2 or 1"))
    if command.reached and command.last:
        raise invalid(FieldError("/last", "is for a reporter who was not reached: leave it out"))
    if command.satisfied == DISSATISFIED:
        required(command.words, "/text", "say what is wrong: who handles it again reads it")
    if command.last:
        required(command.words, "/text", "say why nobody is to call again, as a wrong number")


def _not_to_call(case: Case, actor: Actor | None) -> WhyNot | None:
    waiting = case.call_back
    if waiting is None or waiting.since is None:
        return _NOT_DUE
    if actor is None:
        return None
    ids = [unit.id for unit in case.path]
    if waiting.by not in ids or actor.unit not in ids[: ids.index(waiting.by) + 1]:
        return WhyNot("called_above", f"{waiting.by}, or a level above it, calls, and not who handled it.")
    handled = {waiting.about, *(part.unit for part in case.parts)} - {waiting.by}
    if actor.person in case.handled_by or not handled.isdisjoint(actor.home):
        return WhyNot("handled_it", "Who handled it does not ask how it was: somebody else calls.")
    return None


RULES = (
    Rule(
        command=RecordCall,
        decide=_record_call,
        open_in=frozenset({State.CLOSED}),
        roles=DESK,
        blocked=_not_to_call,
        other_states=_NOT_DUE,
    ),
)
