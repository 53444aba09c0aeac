"""What of a visit somebody reads: all of it, unless it is for a case whose words are not for everybody."""

from dataclasses import replace

import msgspec

from services.router.cases.readings import Readings
from services.router.cases.recusal import is_recused
from services.router.cases.sealed_words import SealedWords, bare
from services.router.command_handling.actors import actor_of
from services.router.domain.case import Case
from services.router.domain.visits.visit import Visit
from services.router.visits.views import VisitView, view
from shared.runtime.identity.directory import Principal
from shared.runtime.pack_library import PackLibrary


class VisitReading:
    """Visits as one person may read them."""

    def __init__(self, packs: PackLibrary, words: SealedWords, readings: Readings) -> None:
        self._packs = packs
        self._words = words
        self._readings = readings

    def plain(self, visit: Visit) -> Visit:
        """A visit with its purpose in clear."""
        return replace(visit, purpose=self._words.opened(visit.purpose))

    async def read(self, visit: Visit, case: Case | None, who: Principal) -> VisitView:
        """A visit whose words ``who`` reads: of one for a sensitive case that is on the case's record first. Raises
        ``Refusal`` 503 when it cannot be recorded."""
        if case is not None and not is_recused(case, who.unit or "", self._packs.current(case.city)):
            case = await self._readings.recorded(case, who)
        return self._shown(visit, case, who)

    def listed(self, visit: Visit, case: Case | None, who: Principal) -> VisitView:
        """A visit among others: no word of one for a sensitive case."""
        return bare(view(visit)) if case is not None and case.sensitive is not None else self._shown(visit, case, who)

    def _shown(self, visit: Visit, case: Case | None, who: Principal) -> VisitView:
        """A visit for ``who``: of one for a confidential case only its handlers read why it is and what came of it; who
        is recused from the case reads that there is a visit."""
        shown = view(visit)
        if case is not None and is_recused(case, who.unit or "", self._packs.current(case.city)):
            return bare(shown)
        if case is None or not case.confidential:
            return shown
        actor = actor_of(who, case, self._packs.current(case.city))
        return msgspec.structs.replace(self._words.shown(case, actor, shown), place=visit.place)
