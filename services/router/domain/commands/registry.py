"""All commands of officers by name, and the reason why a command is not open in a state."""

from services.router.domain.case import ENDED, State
from services.router.domain.commands import (
    call_back,
    call_in,
    categorize,
    consultation,
    extension,
    field_work,
    inspection,
    merge,
    pause,
    recusal,
    redirect,
    request_info,
    sensitivity,
    supervise,
    transfer,
    unmask,
)
from services.router.domain.commands.command import AnyRule, WhyNot
from services.router.domain.commands.rulings import outcomes, rejection, returns

_ALL: tuple[AnyRule, ...] = (
    *field_work.RULES,
    *transfer.RULES,
    *returns.RULES,
    *categorize.RULES,
    *pause.RULES,
    *extension.RULES,
    *supervise.RULES,
    *recusal.RULES,
    *sensitivity.RULES,
    *request_info.RULES,
    *call_in.RULES,
    *consultation.RULES,
    *outcomes.RULES,
    *inspection.RULES,
    *call_back.RULES,
    *rejection.RULES,
    *redirect.RULES,
    *merge.RULES,
    *unmask.RULES,
)
RULES = {rule.command.NAME: rule for rule in _ALL}
"""In the order in which answers list the open commands."""


def why_not(command: str, state: State) -> WhyNot | None:
    """None if ``command`` is open in ``state``, else the reason, for people."""
    rule = RULES[command]
    if state in rule.open_in:
        return None
    if state in ENDED:
        return WhyNot("ended", f"The case has ended ({state}).")
    return rule.other_states._replace(detail=rule.other_states.detail.format(state=state))
