"""Reads one case for an officer who may see it: by the list stored with it (``seen_by``), or as a former stand-in.

Somebody who stood in for a unit while something happened to a case was alerted of it, with a link. After his duty he
still sees that case and may act on it, as long as it is open and nobody has claimed it or has it assigned; queues and
streams end with the duty.
"""

from datetime import datetime

import msgspec

from services.router.cases.case_store import CaseStore
from services.router.domain.case import ENDED, Case
from services.router.rota.rota_changes import Rota
from shared.city.pack import Pack
from shared.city.people.rota import RotaChanges
from shared.runtime.identity.directory import MINUTE, Principal
from shared.runtime.pack_library import PackLibrary
from shared.runtime.storage.mongo import Document


class CaseAccess:
    """Reads cases for officers, each only if the officer may see it."""

    def __init__(self, store: CaseStore, rota: Rota, packs: PackLibrary) -> None:
        self._store = store
        self._rota = rota
        self._packs = packs

    async def load(self, who: Principal, city: str, id_: str) -> tuple[Principal, Case, Document] | None:
        """The case and its document, and ``who`` with the unit through which he may see it; None if he may not."""
        found = await self._store.get(city, id_, who.sight)
        if found is not None:
            return who, *found
        return await self._told_before(who, city, id_) if who.kind == "officer" else None

    async def _told_before(self, who: Principal, city: str, id_: str) -> tuple[Principal, Case, Document] | None:
        loaded = await self._store.load(id_)
        if loaded is None or loaded[0].city != city:
            return None
        case, document = loaded
        if case.closed_to_stand_ins or case.state in ENDED or case.assignee is not None:
            return None
        minutes = sorted({entry.at.replace(second=0, microsecond=0) for entry in case.history})
        if not minutes:
            return None
        decided = await self._rota.decided(city, minutes[0], minutes[-1] + MINUTE)
        stood = _stood_in(who.person or "", minutes, self._packs.current(city), decided)
        units = stood & set(document["seen_by"])
        if not units:
            return None
        return msgspec.structs.replace(who, on_duty_for=tuple(sorted({*who.on_duty_for, *units}))), case, document


def _stood_in(person: str, minutes: list[datetime], pack: Pack, decided: RotaChanges) -> set[str]:
    """The units for which ``person`` stood in at any of these moments; a case keeps fifty of them at most."""
    return {unit for at in minutes for unit in pack.posts.stand_ins(at, decided).get(person, ())}
