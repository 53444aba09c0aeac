"""Every command of officers. The state table is total: what a rule does not open is refused with a reason."""

from services.router.domain import (
    asking,
    calling,
    checking,
    consulting,
    duty,
    extending,
    merging,
    moving,
    pausing,
    privacy,
    sorting,
    supervising,
)
from services.router.domain.case import ENDED, State
from services.router.domain.commands import Rule

RULES: dict[str, Rule] = {
    **duty.RULES,
    **moving.RULES,
    **sorting.RULES,
    **pausing.RULES,
    **extending.RULES,
    **supervising.RULES,
    **asking.RULES,
    **calling.RULES,
    **consulting.RULES,
    **checking.RULES,
    **merging.RULES,
    **privacy.RULES,
}


def why_not(command: str, state: State) -> str | None:
    """None when ``command`` is open in ``state``, else the reason in words."""
    rule = RULES[command]
    if state in rule.open_in:
        return None
    if state in ENDED:
        return f"The case has ended ({state})."
    return rule.otherwise.format(state=state)
