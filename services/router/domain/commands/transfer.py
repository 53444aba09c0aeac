"""From one unit to another: who has a case keeps it until another has accepted it."""

from datetime import datetime

from services.router.domain import events as e
from services.router.domain.case import ACTIVE, Case
from services.router.domain.clock_events import Escalated
from services.router.domain.commands.command import DESK, Actor, Command, Decision, Rule, required
from shared.kernel.errors import FieldError, invalid

REFUSALS = 2
"""Refused this often, the level above rules."""


def _transfer(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    to = required(command.to, "/to", "names a unit")
    text = required(command.text, "/reason", "is required")
    if to == case.unit:
        raise invalid(FieldError("/to", "has it already"))
    above = {unit.id for unit in case.path[:-1]}
    if case.refusals >= REFUSALS and actor.unit in above:
        return [
            e.Moved(
                at=now,
                by=actor.person,
                by_unit=actor.unit,
                path=command.to_path,
                promise=command.promise,
                text=text,
            )
        ]
    return [e.Offered(at=now, by=actor.person, by_unit=actor.unit, to=to, text=text)]


def _return(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    text = required(command.text, "/reason", "is required")
    return [e.Offered(at=now, by=actor.person, by_unit=actor.unit, to=case.path[-2].id, text=text)]


def _accept(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    moved = e.Moved(
        at=now,
        by=actor.person,
        by_unit=actor.unit,
        path=command.to_path,
        promise=command.promise,
        text=command.text,
    )
    return [moved]


def _refuse(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    text = required(command.text, "/reason", "is required")
    refused: Decision = [e.Refused(at=now, by=actor.person, by_unit=actor.unit, text=text)]
    if case.refusals + 1 >= REFUSALS:
        above = case.path[-2].id if len(case.path) > 1 else case.unit
        refused.append(Escalated(at=now, act="tell", to=above, text="refused twice: the level above rules"))
    return refused


def _escalate(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    text = required(command.text, "/reason", "is required")
    above = case.path[-2].id if len(case.path) > 1 else case.unit
    return [Escalated(at=now, by=actor.person, by_unit=actor.unit, act="tell", to=above, text=text)]


def _offered_elsewhere(case: Case, actor: Actor | None) -> str | None:
    if case.offered_to is None:
        return "Nothing is offered."
    if actor is not None and actor.unit != case.offered_to:
        return f"It is offered to {case.offered_to}."
    return None


def _offered_already(case: Case, actor: Actor | None) -> str | None:
    return None if case.offered_to is None else f"It is offered to {case.offered_to} already."


def _no_way_back(case: Case, actor: Actor | None) -> str | None:
    return _offered_already(case, actor) or ("There is no level above." if len(case.path) < 2 else None)


RULES = {
    "transfer": Rule(decide=_transfer, open_in=ACTIVE, may=DESK, blocked=_offered_already),
    "return": Rule(decide=_return, open_in=ACTIVE, may=DESK, blocked=_no_way_back),
    "accept": Rule(decide=_accept, open_in=ACTIVE, may=DESK, blocked=_offered_elsewhere, guests=True),
    "refuse": Rule(decide=_refuse, open_in=ACTIVE, may=DESK, blocked=_offered_elsewhere, guests=True),
    "escalate": Rule(decide=_escalate, open_in=ACTIVE, may=DESK),
}
