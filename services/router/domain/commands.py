"""What an officer can ask of a case, and who is asking."""

from dataclasses import dataclass
from datetime import datetime

from services.router.domain.case import Clock, UnitOnPath


@dataclass(frozen=True, slots=True)
class Actor:
    """A person with the pack's rights."""

    person: str
    unit: str
    role: str
    post: str | None = None
    guest: bool = False
    """The case is only offered to the actor's unit: it is still another's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """``name`` is the path's last segment. Only the fields that the command takes are set."""

    name: str
    text: str | None = None
    """Reason or words."""
    photos: tuple[str, ...] = ()
    to: str | None = None
    to_path: tuple[UnitOnPath, ...] = ()
    """For moves: the path of ``to``, looked up in the pack by the caller."""
    at: datetime | None = None
    how: str | None = None
    ok: bool = True
    fresh_clock: Clock | None = None
    """For ``reopen``: the resolve clock that starts now."""


_DESK = frozenset({"duty_officer", "grid_leader", "supervisor", "department_officer", "property"})
_GROUND = _DESK | {"grid_member", "parttime_grid_member", "member", "inspector"}
MAY: dict[str, frozenset[str]] = {
    "acknowledge": _GROUND,
    "claim": _GROUND - {"inspector"},
    "release": _GROUND - {"inspector"},
    "assign": _DESK,
    "transfer": _DESK,
    "return": _DESK,
    "accept": _DESK,
    "refuse": _DESK,
    "on_site": _GROUND,
    "start": _GROUND - {"inspector"},
    "note": _GROUND,
    "escalate": _DESK,
    "resolve": _GROUND - {"inspector"},
    "inspect": _GROUND - {"parttime_grid_member"},
    "close": _DESK | {"inspector"},
    "reopen": _DESK | {"inspector"},
    "reject": _DESK,
}
"""Command → roles. A desk signs, assigns and ends; the ground goes there, works and looks."""
GUESTS_MAY = frozenset({"accept", "refuse", "note"})
"""What a unit may do with a case that is offered to it, before it has accepted."""
