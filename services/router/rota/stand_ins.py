"""For which other units each person is on duty in the next minutes, stored beside his rights: all services read it, so
that a person sees the cases about which he is alerted.

The next five minutes are written ahead. A change of the rota holds from the next full minute that is at least ten
seconds away (``rota``) and is looked for every four seconds, so it is written in time. Readers (``Directory``) ask for
the current minute: a duty begins and ends on time, and when this loop stops what it wrote ends after five minutes.
"""

import time
from datetime import datetime

from services.router.rota.rights import rights
from services.router.rota.rota_changes import Rota
from shared.city.pack import Pack
from shared.kernel.clock import Clock
from shared.runtime.identity.directory import MINUTE, Directory, Minutes, at_minute
from shared.runtime.pack_library import PackLibrary
from shared.runtime.periodic import every

LOOK_SECONDS = 1.0
"""At most this late a moved clock or a newly loaded pack is noticed."""
AGAIN_SECONDS = 4.0
MINUTES = 5
"""How many minutes are written ahead."""


class StandIns:
    """The loop that writes ``stands_in`` of the people of every city."""

    def __init__(self, rota: Rota, packs: PackLibrary, directory: Directory, clock: Clock) -> None:
        self._rota = rota
        self._packs = packs
        self._directory = directory
        self._clock = clock
        self._written: dict[str, dict[str, tuple[datetime, Minutes]]] = {}
        self._looked: dict[str, tuple[str, datetime, float]] = {}
        """City → pack version and minute of the last look, and its monotonic time in seconds."""

    async def run(self) -> None:
        """Every ``LOOK_SECONDS``, until it is cancelled."""
        await every(LOOK_SECONDS, self.write_due, "stand-ins")

    async def write_due(self) -> None:
        """Writes what is not written yet, for every city."""
        for city in list(self._packs.cities):
            pack, minute = self._packs.current(city), self._clock.now().replace(second=0, microsecond=0)
            version, looked, at = self._looked.get(city, ("", minute, 0.0))
            asked = time.monotonic()
            if (version, looked) == (pack.version, minute) and asked - at < AGAIN_SECONDS:
                continue
            if version != pack.version:
                await self._directory.renew_people(city, rights(pack), pack.version)
                self._written[city] = await self._directory.stand_ins(city)
            await self._write(pack, minute)
            self._looked[city] = pack.version, minute, asked

    async def _write(self, pack: Pack, minute: datetime) -> None:
        decided = await self._rota.decided(pack.city.id, minute, minute + MINUTES * MINUTE)
        coming = [pack.posts.stand_ins(minute + n * MINUTE, decided) for n in range(MINUTES)]
        written = self._written[pack.city.id]
        told = {person: [list(units.get(person, ())) for units in coming] for person in {*written, *_named(coming)}}
        changed = {person: units for person, units in told.items() if _differs(written.get(person), units, minute)}
        if not changed:
            return
        await self._directory.put_stand_ins(pack.city.id, minute, changed)
        for person, units in changed.items():
            written.pop(person, None)
            if any(units):
                written[person] = minute, units


def _named(coming: list[dict[str, tuple[str, ...]]]) -> set[str]:
    return {person for units in coming for person in units}


def _differs(written: tuple[datetime, Minutes] | None, units: list[list[str]], minute: datetime) -> bool:
    """Whether this minute or the next differs from what is written, or the written row is over and must be deleted."""
    now_and_next = [list(at_minute(written, minute + n * MINUTE)) for n in (0, 1)]
    return now_and_next != units[:2] or (written is not None and not any(units))
