"""``decide``: the events that follow from a case, a command and the time, or a refusal with the open commands."""

from datetime import datetime

from services.router.domain.case import Case
from services.router.domain.commands.call_in import has_a_part
from services.router.domain.commands.command import DECIDING, Actor, AnyRule, Command, Decision, may_not
from services.router.domain.commands.registry import RULES, why_not
from shared.kernel.errors import conflict


def decide(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    """The events of ``command`` on ``case``; an empty list if it changes nothing.

    Raises ``Refusal``: 403 when the actor may not, 409 when the command is not open now, 422 when a field is wrong.
    """
    return open_rule(case, command, actor).decide(case, command, actor, now)


def open_rule(case: Case, command: Command, actor: Actor) -> AnyRule:
    """The rule of a command that is open to the actor now. Raises ``Refusal`` 403, 409."""
    rule = RULES[command.NAME]
    for_own_part = _for_own_part(rule, case, actor)
    if actor.role not in rule.roles and not for_own_part:
        raise may_not("role", f"The role {actor.role} may not {command.NAME}.")
    if rule.trusted_only and not actor.trusted:
        raise may_not("not_named", f"The city's pack does not name you for {command.NAME}.")
    if actor.guest and not rule.open_to_guests and not for_own_part:
        says = f"It is {case.unit}'s: a guest may accept or refuse what is offered, and do its own part."
        raise may_not("guest", says)
    if _is_above_him(rule, actor) and not for_own_part:
        says = f"It was moved up to {case.unit}, whose desk decides: yours may go there, work and take notes."
        raise may_not("moved_up", says)
    why = why_not(command.NAME, case.state) or rule.blocked(case, actor) or rule.refused(case, command, actor)
    if why is not None:
        now_open = open_commands(case, actor)
        raise conflict("not-open", why.detail, reason=why.reason, state=case.state, commands=now_open)
    return rule


def open_commands(case: Case, actor: Actor | None) -> list[str]:
    """The commands that are open to the actor now; without an actor, those that are open to anybody."""
    allowed = {name: rule for name, rule in RULES.items() if actor is None or _may(rule, case, actor)}
    return [name for name, rule in allowed.items() if case.state in rule.open_in and rule.blocked(case, actor) is None]


def _may(rule: AnyRule, case: Case, actor: Actor) -> bool:
    by_role = actor.role in rule.roles
    by_role = by_role and (not actor.guest or rule.open_to_guests) and (not rule.trusted_only or actor.trusted)
    by_role = by_role and not _is_above_him(rule, actor)
    return by_role or _for_own_part(rule, case, actor)


def _is_above_him(rule: AnyRule, actor: Actor) -> bool:
    """Whether the command is for the desk to which the case was moved up, not for the one from which it was."""
    return actor.below_owner and rule.roles <= DECIDING and not rule.open_to_guests


def _for_own_part(rule: AnyRule, case: Case, actor: Actor) -> bool:
    return actor.role in rule.roles_for_own_part and has_a_part(case, actor)
