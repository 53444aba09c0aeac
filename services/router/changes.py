"""The one way a case changes: decided events become the next version, saved under a guard, handed to the relay."""

from collections.abc import Sequence
from dataclasses import replace

from services.router.domain.apply import apply_all
from services.router.domain.case import Case
from services.router.domain.happened import Happened
from services.router.public import to_envelopes
from services.router.store import CaseStore, Change
from services.router.visibility import seen_by
from shared.runtime.http_server import new_trace
from shared.runtime.packs import PackLibrary
from shared.runtime.relay import Handed, Relay


class Changes:
    """Makes and saves changes."""

    def __init__(self, store: CaseStore, packs: PackLibrary, relay: Relay) -> None:
        self._store = store
        self._packs = packs
        self._relay = relay

    def of(
        self,
        case: Case,
        happened: Sequence[Happened],
        *,
        key: str | None = None,
        fingerprint: str | None = None,
        trace: str = "",
    ) -> Change:
        """The change that ``happened`` makes of ``case``."""
        events = list(happened)
        after = apply_all(case, events)
        envelopes = to_envelopes(after, events, trace or new_trace(), before=case)
        after = replace(after, head=envelopes[-1].head)
        return Change(case, after, envelopes, self._seen_by(after), key, fingerprint)

    def _seen_by(self, case: Case) -> list[str]:
        return seen_by(case, self._packs.current(case.city))

    async def save(self, change: Change) -> bool:
        """Guarded; False when the case moved on meanwhile."""
        took = await self._store.save(change)
        if took:
            self._relay.offer([_handed(change)])
        return took

    async def save_all(self, changes: Sequence[Change]) -> int:
        """In bulk; how many took. Which missed is not known: unless all took, the relay finds them by its poll."""
        if not changes:
            return 0
        took = await self._store.save_all(changes)
        if took == len(changes):
            self._relay.offer([_handed(change) for change in changes])
        return took


def _handed(change: Change) -> Handed:
    return Handed(0, change.after.id, change.after.version, change.envelopes)
