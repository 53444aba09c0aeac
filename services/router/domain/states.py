"""The state table: which command is open in which state. Total: what is not here is refused with a reason."""

from services.router.domain.case import ENDED, OPEN, State

_S = State
ACTIVE = frozenset({_S.QUEUED, _S.ACKNOWLEDGED, _S.CLAIMED, _S.ON_SITE, _S.IN_PROGRESS, _S.REOPENED})
"""Somebody owes work."""

TABLE: dict[str, frozenset[State]] = {
    "acknowledge": OPEN,
    "claim": frozenset({_S.QUEUED, _S.ACKNOWLEDGED, _S.REOPENED}),
    "release": frozenset({_S.CLAIMED}),
    "assign": ACTIVE,
    "transfer": ACTIVE,
    "return": ACTIVE,
    "accept": ACTIVE,
    "refuse": ACTIVE,
    "on_site": frozenset({_S.ACKNOWLEDGED, _S.CLAIMED, _S.REOPENED}),
    "start": frozenset({_S.ACKNOWLEDGED, _S.CLAIMED, _S.ON_SITE, _S.REOPENED}),
    "note": frozenset(State),
    "escalate": ACTIVE,
    "resolve": frozenset({_S.CLAIMED, _S.ON_SITE, _S.IN_PROGRESS}),
    "inspect": frozenset({_S.RESOLVED}),
    "close": frozenset({_S.RESOLVED}),
    "reopen": frozenset({_S.RESOLVED, _S.CLOSED}),
    "reject": frozenset({_S.QUEUED, _S.ACKNOWLEDGED, _S.CLAIMED, _S.REOPENED}),
}


def why_not(command: str, state: State) -> str | None:
    """None when ``command`` is open in ``state``, else the reason in words."""
    if state in TABLE[command]:
        return None
    if state in ENDED:
        return f"The case has ended ({state})."
    if command == "claim":
        return f"Somebody has it already ({state})."
    if command in ("inspect", "close", "reopen"):
        return f"It is not resolved yet ({state})."
    if command == "resolve":
        return f"Claim it first ({state})."
    return f"Not in this state ({state})."
