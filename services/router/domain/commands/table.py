"""Every command of officers. The state table is total: what a rule does not open is refused with a reason."""

from services.router.domain.case import ENDED, State
from services.router.domain.commands import call_in as calling
from services.router.domain.commands import categorize as sorting
from services.router.domain.commands import consultation as consulting
from services.router.domain.commands import extension as extending
from services.router.domain.commands import field_work as duty
from services.router.domain.commands import inspection as checking
from services.router.domain.commands import merge as merging
from services.router.domain.commands import pause as pausing
from services.router.domain.commands import request_info as asking
from services.router.domain.commands import supervise as supervising
from services.router.domain.commands import transfer as moving
from services.router.domain.commands import unmask as privacy
from services.router.domain.commands.command import Rule

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
