"""When alerts of a case ring: what is neither danger nor urgent waits for the hours of its promise. Pure."""

from datetime import datetime

from shared.city.pack import Pack
from shared.contracts.cases import CaseState
from shared.kernel.working_time import next_open

RINGS_AT_ONCE = frozenset({"danger", "urgent"})


def rings_at(case: CaseState, pack: Pack, at: datetime) -> datetime | None:
    """When the calendar of the case's promise opens next, for an alert of ``at``; None: at once."""
    if case.priority in RINGS_AT_ONCE or case.category not in pack.categories:
        return None
    promise = pack.commitment_for(case.category, tuple(case.path), case.priority, case.kind)
    opens = next_open(at, pack.calendar(promise.calendar))
    return opens if opens > at else None
