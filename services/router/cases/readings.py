"""The record of who read a sensitive case (敏感件)."""

from datetime import timedelta

from services.router.cases.case_store import CaseStore
from services.router.cases.unit_of_work import Changes
from services.router.domain.case import Case
from services.router.domain.commands.sensitivity import SensitiveRead
from shared.kernel.clock import Clock
from shared.kernel.errors import unavailable
from shared.runtime.identity.directory import Principal

ROUNDS_MAX = 5
AGAIN_AFTER = timedelta(hours=1)
"""Within this time, one line says that the same person reads."""


class Readings:
    """Records who reads sensitive cases: a line of the case's history, before anything is shown."""

    def __init__(self, store: CaseStore, changes: Changes, clock: Clock) -> None:
        self._store = store
        self._changes = changes
        self._clock = clock

    async def recorded(self, case: Case, who: Principal) -> Case:
        """``case`` with the line, where it is sensitive. Raises ``Refusal`` 503 when it cannot be recorded."""
        for _ in range(ROUNDS_MAX):
            if case.sensitive is None or self._is_recorded(case, who):
                return case
            read = SensitiveRead(at=self._clock.now(), by=who.who, by_unit=who.unit)
            change = self._changes.of(case, [read])
            if await self._changes.save(change):
                return change.after
            loaded = await self._store.load(case.id)
            case = loaded[0] if loaded is not None else case
        raise unavailable("Others are changing this case. Read it again.", retry_after=1)

    def _is_recorded(self, case: Case, who: Principal) -> bool:
        since = self._clock.now() - AGAIN_AFTER
        return any(line.what == "case.read" and line.by == who.who and line.at > since for line in case.history)
