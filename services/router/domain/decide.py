"""``decide``: a case, a command and the time make events, or a refusal that says what is open instead."""

from datetime import datetime

from services.router.domain.case import Case
from services.router.domain.commands import Actor, Command, Decision, Rule
from services.router.domain.rules import RULES, why_not
from shared.kernel.errors import conflict, forbidden


def decide(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    """What ``command`` makes of ``case``; an empty list when it is done already.

    Raises ``Refusal``: 403 when the role lacks it, 409 when it is not open now, 422 when a field is missing.
    """
    return checked(case, command, actor).decide(case, command, actor, now)


def checked(case: Case, command: Command, actor: Actor) -> Rule:
    """The rule of a command that is open to the actor now. Raises ``Refusal`` 403, 409."""
    rule = RULES[command.name]
    if actor.role not in rule.may:
        raise forbidden(f"The role {actor.role} may not {command.name}.")
    if actor.guest and not rule.guests:
        raise forbidden(f"It is {case.unit}'s: a guest may accept or refuse what is offered, and do its own part.")
    reason = why_not(command.name, case.state) or rule.blocked(case, actor) or rule.against(case, command, actor)
    if reason is not None:
        raise conflict("not-open", reason, state=case.state, commands=open_commands(case, actor))
    return rule


def open_commands(case: Case, actor: Actor | None) -> list[str]:
    """The commands that would not be refused now."""
    return [
        name
        for name, rule in RULES.items()
        if case.state in rule.open_in
        and (actor is None or (actor.role in rule.may and (not actor.guest or rule.guests)))
        and rule.blocked(case, actor) is None
    ]
