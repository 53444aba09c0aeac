"""``decide``: a case, a command and the time make events, or a refusal that says what is open instead."""

from collections.abc import Callable
from datetime import datetime, timedelta

from services.router.domain import events as e
from services.router.domain.case import Case, State
from services.router.domain.commands import GUESTS_MAY, MAY, Actor, Command
from services.router.domain.states import TABLE, why_not
from shared.kernel.errors import FieldError, Refusal, conflict, forbidden, invalid

UNDO = timedelta(seconds=10)
"""A claim may be taken back without a reason for this long."""
REFUSALS = 2
"""Refused this often, the level above rules."""

Decision = list[e.Event]


def decide(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    """What ``command`` makes of ``case``; an empty list when it is done already.

    Raises ``Refusal``: 403 when the role lacks it, 409 when it is not open now, 422 when a field is missing.
    """
    if actor.role not in MAY[command.name]:
        raise forbidden(f"The role {actor.role} may not {command.name}.")
    if actor.guest and command.name not in GUESTS_MAY:
        raise forbidden(f"It is still {case.unit}'s: accept it first.")
    reason = why_not(command.name, case.state) or _blocked(case, command, actor)
    if reason is not None:
        raise not_open(case, reason, actor, now)
    return _RULES[command.name](case, command, actor, now)


def open_commands(case: Case, actor: Actor | None, now: datetime) -> list[str]:
    """The commands that would not be refused now."""
    return [
        name
        for name in TABLE
        if why_not(name, case.state) is None
        and (actor is None or (actor.role in MAY[name] and (not actor.guest or name in GUESTS_MAY)))
        and _blocked(case, Command(name=name), actor) is None
    ]


def not_open(case: Case, reason: str, actor: Actor | None, now: datetime) -> Refusal:
    """The 409 that names the commands that are open."""
    return conflict("not-open", reason, state=case.state, commands=open_commands(case, actor, now))


def _blocked(case: Case, command: Command, actor: Actor | None) -> str | None:
    match command.name:
        case "accept" | "refuse":
            if case.offered_to is None:
                return "Nothing is offered."
            if actor is not None and actor.unit != case.offered_to:
                return f"It is offered to {case.offered_to}."
        case "transfer" | "return" if case.offered_to is not None:
            return f"It is offered to {case.offered_to} already."
        case "return" if len(case.path) < 2:
            return "There is no level above."
        case "inspect":
            if case.inspected_by is not None:
                return "It passed inspection already."
            if actor is not None and actor.person == case.resolved_by:
                return "Who inspects is not who resolved."
        case "close" if case.inspected_by is None:
            return "Another person inspects first."
        case "release" if actor is not None and actor.person != case.claimed_by and actor.role == "grid_member":
            return f"{case.claimed_by} has claimed it."
    return None


def _acknowledge(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    if case.state not in (State.QUEUED, State.REOPENED):
        return []
    return [e.Acknowledged(at=now, by=actor.person, by_unit=actor.unit)]


def _claim(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    return [e.Claimed(at=now, by=actor.person, by_unit=actor.unit)]


def _release(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    at_once = case.claimed_at is not None and now - case.claimed_at <= UNDO and actor.person == case.claimed_by
    if not at_once:
        _required(command.text, "/reason", "is required more than 10 seconds after the claim")
    return [e.Released(at=now, by=actor.person, by_unit=actor.unit, text=command.text)]


def _assign(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    to = _required(command.to, "/to", "names a person or unit")
    return [e.Assigned(at=now, by=actor.person, by_unit=actor.unit, to=to, text=command.text)]


def _transfer(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    to = _required(command.to, "/to", "names a unit")
    text = _required(command.text, "/reason", "is required")
    if to == case.unit:
        raise invalid(FieldError("/to", "has it already"))
    above = {unit.id for unit in case.path[:-1]}
    if case.refusals >= REFUSALS and actor.unit in above:
        return [e.Moved(at=now, by=actor.person, by_unit=actor.unit, path=command.to_path, text=text)]
    return [e.Offered(at=now, by=actor.person, by_unit=actor.unit, to=to, text=text)]


def _return(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    text = _required(command.text, "/reason", "is required")
    return [e.Offered(at=now, by=actor.person, by_unit=actor.unit, to=case.path[-2].id, text=text)]


def _accept(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    return [e.Moved(at=now, by=actor.person, by_unit=actor.unit, path=command.to_path, text=command.text)]


def _refuse(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    text = _required(command.text, "/reason", "is required")
    refused: Decision = [e.Refused(at=now, by=actor.person, by_unit=actor.unit, text=text)]
    if case.refusals + 1 >= REFUSALS:
        above = case.path[-2].id if len(case.path) > 1 else case.unit
        refused.append(e.Escalated(at=now, act="tell", to=above, text="refused twice: the level above rules"))
    return refused


def _on_site(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    at = max(case.opened_at, min(command.at or now, now))
    return [e.OnSite(at=at, by=actor.person, by_unit=actor.unit, text=command.text, photos=command.photos)]


def _start(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    return [e.Started(at=now, by=actor.person, by_unit=actor.unit, text=command.text, photos=command.photos)]


def _note(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    text = _required(command.text, "/text", "is required")
    return [e.Noted(at=now, by=actor.person, by_unit=actor.unit, text=text, photos=command.photos)]


def _escalate(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    text = _required(command.text, "/reason", "is required")
    above = case.path[-2].id if len(case.path) > 1 else case.unit
    return [e.Escalated(at=now, by=actor.person, by_unit=actor.unit, act="tell", to=above, text=text)]


def _resolve(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    how = _required(command.how, "/how", "is one of repair, agreement, enforcement, referral")
    text = _required(command.text, "/text", "says what was done")
    return [e.Resolved(at=now, by=actor.person, by_unit=actor.unit, how=how, text=text, photos=command.photos)]


def _inspect(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    looked = e.Inspected(
        at=now, by=actor.person, by_unit=actor.unit, ok=command.ok, text=command.text, photos=command.photos
    )
    if command.ok:
        return [looked]
    return [looked, e.Reopened(at=now, by=actor.person, by_unit=actor.unit, clock=command.fresh_clock)]


def _close(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    return [e.Closed(at=now, by=actor.person, by_unit=actor.unit, text=command.text)]


def _reopen(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    text = _required(command.text, "/reason", "is required")
    return [e.Reopened(at=now, by=actor.person, by_unit=actor.unit, text=text, clock=command.fresh_clock)]


def _reject(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    text = _required(command.text, "/reason", "is required: the reporter reads it")
    return [e.Rejected(at=now, by=actor.person, by_unit=actor.unit, text=text)]


def _required(value: str | None, pointer: str, detail: str) -> str:
    if value is None or not value.strip():
        raise invalid(FieldError(pointer, detail))
    return value


_RULES: dict[str, Callable[[Case, Command, Actor, datetime], Decision]] = {
    "acknowledge": _acknowledge,
    "claim": _claim,
    "release": _release,
    "assign": _assign,
    "transfer": _transfer,
    "return": _return,
    "accept": _accept,
    "refuse": _refuse,
    "on_site": _on_site,
    "start": _start,
    "note": _note,
    "escalate": _escalate,
    "resolve": _resolve,
    "inspect": _inspect,
    "close": _close,
    "reopen": _reopen,
    "reject": _reject,
}
