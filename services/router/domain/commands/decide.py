"""``decide``: a case, a command and the time make events, or a refusal that says what is open instead."""

from datetime import datetime

from services.router.domain.case import Case
from services.router.domain.commands.call_in import has_a_part
from services.router.domain.commands.command import Actor, Command, Decision, Rule
from services.router.domain.commands.table import RULES, why_not
from shared.kernel.errors import conflict, forbidden


def decide(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    """What ``command`` makes of ``case``; an empty list when it is done already.

    Raises ``Refusal``: 403 when the role lacks it, 409 when it is not open now, 422 when a field is missing.
    """
    return checked(case, command, actor).decide(case, command, actor, now)


def checked(case: Case, command: Command, actor: Actor) -> Rule:
    """The rule of a command that is open to the actor now. Raises ``Refusal`` 403, 409."""
    rule = RULES[command.name]
    for_its_part = _for_its_part(rule, case, actor)
    if actor.role not in rule.may and not for_its_part:
        raise forbidden(f"The role {actor.role} may not {command.name}.")
    if rule.trusted and not actor.trusted:
        raise forbidden(f"The city's pack does not name you for {command.name}.")
    if actor.guest and not rule.guests and not for_its_part:
        raise forbidden(f"It is {case.unit}'s: a guest may accept or refuse what is offered, and do its own part.")
    reason = why_not(command.name, case.state) or rule.blocked(case, actor) or rule.against(case, command, actor)
    if reason is not None:
        raise conflict("not-open", reason, state=case.state, commands=open_commands(case, actor))
    return rule


def _may(rule: Rule, case: Case, actor: Actor) -> bool:
    as_himself = actor.role in rule.may and (not actor.guest or rule.guests) and (not rule.trusted or actor.trusted)
    return as_himself or _for_its_part(rule, case, actor)


def _for_its_part(rule: Rule, case: Case, actor: Actor) -> bool:
    return actor.role in rule.for_their_part and has_a_part(case, actor)


def open_commands(case: Case, actor: Actor | None) -> list[str]:
    """The commands that would not be refused now."""
    allowed = {name: rule for name, rule in RULES.items() if actor is None or _may(rule, case, actor)}
    return [name for name, rule in allowed.items() if case.state in rule.open_in and rule.blocked(case, actor) is None]
