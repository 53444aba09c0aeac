"""Every command of officers. The state table is total: what a rule does not open is refused with a reason."""

from services.router.domain.case import ENDED, State
from services.router.domain.commands import (
    call_in,
    categorize,
    consultation,
    extension,
    field_work,
    inspection,
    merge,
    pause,
    request_info,
    supervise,
    transfer,
    unmask,
)
from services.router.domain.commands.command import Rule

RULES: dict[str, Rule] = {
    **field_work.RULES,
    **transfer.RULES,
    **categorize.RULES,
    **pause.RULES,
    **extension.RULES,
    **supervise.RULES,
    **request_info.RULES,
    **call_in.RULES,
    **consultation.RULES,
    **inspection.RULES,
    **merge.RULES,
    **unmask.RULES,
}


def why_not(command: str, state: State) -> str | None:
    """None when ``command`` is open in ``state``, else the reason in words."""
    rule = RULES[command]
    if state in rule.open_in:
        return None
    if state in ENDED:
        return f"The case has ended ({state})."
    return rule.otherwise.format(state=state)
