"""Cases that were merged into one that is shielded: they are shielded as it is, and no longer than it is.

A unit that is recused (回避) sees them no more either, and no word of a sensitive case (敏感件) is read there without a
line. Where that is taken back, it is taken back there; only a mark of their own stays. Nobody is alerted of it. What is
done already is not done again, so that it may be interrupted and repeated.
"""

from datetime import datetime

from services.router.cases.case_store import CaseStore
from services.router.cases.recusal import owner_instead
from services.router.cases.routing import path_of
from services.router.cases.unit_of_work import Changes
from services.router.dedup.attacher import Attachments, LostRaceError
from services.router.domain.case import Case
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.commands.recusal import RecusalLifted, Recused
from services.router.domain.commands.sensitivity import MarkedSensitive, UnmarkedSensitive
from services.router.domain.domain_event import DomainEvent
from services.router.domain.values import replace
from shared.city.pack import Pack
from shared.kernel.clock import Clock
from shared.runtime.pack_library import PackLibrary

ROUNDS_MAX = 5


class ShieldedFamily:
    """Shields merged cases, one after the other, and takes it back."""

    def __init__(
        self, store: CaseStore, attachments: Attachments, changes: Changes, packs: PackLibrary, clock: Clock
    ) -> None:
        self._store = store
        self._attachments = attachments
        self._changes = changes
        self._packs = packs
        self._clock = clock

    async def shield(self, case: Case) -> None:
        """All that were merged into ``case``, directly or not. Raises ``LostRaceError``, to be tried again."""
        for id_ in await self._attachments.family(case):
            if id_ != case.id:
                await self._shield(id_, case)

    async def _shield(self, id_: str, home: Case) -> None:
        for _ in range(ROUNDS_MAX):
            loaded = await self._store.load(id_)
            if loaded is None:
                return
            pack, now = self._packs.current(home.city), self._clock.now()
            happened = shielding(loaded[0], home, pack, now) + unshielding(loaded[0], home, pack, now)
            if not happened or await self._changes.save(self._changes.of(loaded[0], happened)):
                return
        raise LostRaceError(f"case {id_}")


def shielding(merged: Case, home: Case, pack: Pack, now: datetime) -> list[DomainEvent]:
    """What makes ``merged`` as shielded as ``home``; empty where it is."""
    happened: list[DomainEvent] = []
    recused = merged.recused
    for about in home.recused:
        if about in recused:
            continue
        recused = (*recused, about)
        unit = owner_instead(pack, merged.unit, recused) if merged.unit in pack.units else None
        path = path_of(pack, unit) if unit is not None else merged.path
        happened.append(Recused(at=now, about=about, path=path, quiet=True))
    if home.sensitive is not None and merged.sensitive is None:
        happened.append(MarkedSensitive(at=now, sensitive=home.sensitive, quiet=True))
    return happened


def unshielding(merged: Case, home: Case, pack: Pack, now: datetime) -> list[DomainEvent]:
    """What takes back that ``merged`` is shielded as ``home`` was; empty where ``home`` still is, or where ``merged``
    stands for itself by now."""
    happened: list[DomainEvent] = []
    if merged.merged_into is None:
        return happened
    if merged.recused and not home.recused:
        happened.append(RecusalLifted(at=now, path=_had_it(merged, pack), quiet=True))
    marked = next((line for line in reversed(merged.history) if line.what == "case.marked_sensitive"), None)
    if merged.sensitive is not None and home.sensitive is None and marked is not None and marked.by is None:
        happened.append(UnmarkedSensitive(at=now, quiet=True))
    return happened


def shielded_as(second: Case, home: Case, pack: Pack) -> Case:
    """A case of a second matter in a report of ``home``, before it is stored, with all of its shields: it has the same
    place and photos, and is about the same people."""
    recused = tuple(dict.fromkeys((*second.recused, *home.recused)))
    unit = owner_instead(pack, second.unit, recused) if recused and second.unit in pack.units else None
    path = path_of(pack, unit) if unit is not None else second.path
    return replace(second, recused=recused, path=path, sensitive=home.sensitive)


def _had_it(merged: Case, pack: Pack) -> tuple[UnitOnPath, ...]:
    """The path to the unit that had the case when it was merged; empty where the pack has it no more."""
    had = next((line.unit for line in reversed(merged.history) if line.what == "case.merged"), None)
    return path_of(pack, had) if had is not None and had in pack.units else ()
