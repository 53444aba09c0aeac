"""One seed from its first report to its last law: a day with faults, then calm until nothing is owed, then the laws."""

import asyncio
import random
from collections.abc import Callable, Sequence

from tests.simulation.laws import Laws, Outcome
from tests.simulation.people import Crowd
from tests.simulation.world import SERVICES, World

PHASES = (1, 2, 2, 3)
BUSY_SECONDS = 8.0
"""How long a phase with faults goes on before time leaps."""
DRAINED_SECONDS = 180.0
"""Once faults have stopped nothing may be left over after so long."""
ELECTION_SECONDS = 10.0
"""MongoDB's default ``electionTimeoutMillis``: so long a primary without a majority goes on taking writes."""
SLOW = (2.0, 8.0, 20.0)
"""Seconds for a record; longer without progress is a consumer that stands still."""
BEHIND_SECONDS = 150.0
"""Longer than any time-out of the services' consumers, relays and sweeps."""
LEAPS_MAX = 60
"""More moments than the clocks of all cases of a seed have."""


MISCHIEF = ("crash", "stop", "cut_off", "fail_over", "store_away", "broker_away", "forget", "backlog")
"""What may go wrong at large."""


class Broken(AssertionError):
    """A law of the system does not hold in a seed."""


class Day:
    """The course of a seed. ``mischief``: of which kinds only, where that matters."""

    def __init__(self, world: World, chance: random.Random, mischief: Sequence[str] = ()) -> None:
        self._mischief = mischief
        self._world = world
        self._chance = chance
        self._crowd = Crowd(world, random.Random(chance.random()))
        self.laws = Laws(world, self._crowd.ledger)
        self.kills = 0

    async def run(self) -> None:
        world = self._world
        for name in SERVICES:
            world.start(name)
        self._crowd.send(self._chance.choice((1, 2, 2, 3)))
        for _ in range(self._chance.choice(PHASES)):
            mishaps = world.loop.create_task(self._mishaps())
            await self._until_quiet(BUSY_SECONDS)
            mishaps.cancel()
            self._leap()
        self._calm()
        await self._drain()
        self.laws.at_the_end()

    async def _mishaps(self) -> None:
        """Now and then something large goes wrong: of all kinds, or of some only (swarm testing, Groce 2012)."""
        kinds = self._mischief or self._chance.sample(MISCHIEF, self._chance.choice((1, 2, 3, len(MISCHIEF))))
        while True:
            await asyncio.sleep(self._chance.random() * 6)
            getattr(self, f"_{self._chance.choice(kinds)}")()

    def _crash(self) -> None:
        name = self._chance.choice(list(SERVICES))
        self.kills += 1
        self._world.kill(name)
        self._world.loop.call_later(self._chance.random() * 10, self._world.start, name)

    def _stop(self) -> None:
        self._world.stop(self._chance.choice(list(SERVICES)))

    def _cut_off(self) -> None:
        lost, seconds = self._chance.random() < 0.7, self._chance.random() * ELECTION_SECONDS
        self._world.note(f"primary cut off, its writes will be {'lost' if lost else 'kept'}")
        self._world.store.cut_off(seconds, lost=lost)

    def _fail_over(self) -> None:
        lost, seconds = self._chance.random() < 0.7, self._chance.random() * 4
        self._world.note(f"failover, uncommitted writes {'lost' if lost else 'kept'}")
        self._world.store.fail_over(seconds, lost=lost)

    def _store_away(self) -> None:
        self._world.note("store away")
        self._world.store.away_for(self._chance.random() * 8)

    def _broker_away(self) -> None:
        self._world.note("broker away")
        self._world.cluster.away_for(self._chance.random() * 8)

    def _forget(self) -> None:
        self._world.note("offsets forgotten")
        self._world.cluster.forget_offsets()

    def _backlog(self) -> None:
        """Some group falls behind, for longer than anything in the services waits."""
        cluster = self._world.cluster
        group, _ = self._chance.choice(list(cluster.groups))
        seconds = self._chance.choice(SLOW)
        cluster.slow[group] = seconds, self._world.loop.time() + BEHIND_SECONDS
        self._world.note(f"{group} takes {seconds} s for each record")

    def _leap(self) -> None:
        """To where something is due, or past several such moments."""
        due = self.laws.next_due()
        if due is not None:
            late = self._chance.choice((-0.5, 0.0, 0.3, 700.0, 9000.0))
            self._leap_to(due.timestamp() + late)

    def _leap_to(self, to: float) -> None:
        self._world.store.settle()
        self._world.loop.leap(to)
        self._world.note("time leaps")

    def _calm(self) -> None:
        """Faults stop; whoever is down is started."""
        self._world.weather.calm = True
        self._world.note("calm")
        for name in SERVICES:
            self._world.start(name)

    async def _drain(self) -> None:
        """Until no clock has anything to say any more."""
        for _ in range(LEAPS_MAX):
            if not await self._until_quiet(self._world.cluster.slow_for + DRAINED_SECONDS):
                raise Broken(f"not drained: {self.laws.left_over()}")
            due = self.laws.next_due()
            if due is None:
                return
            self._leap_to(due.timestamp())
        raise Broken("clocks go on for ever")

    async def over(self) -> None:
        """Nothing runs any more."""
        self._world.over = True
        for name in SERVICES:
            self._world.kill(name)
        for task in self._crowd.busy:
            task.cancel()
        await asyncio.sleep(1.0)

    async def _until_quiet(self, within: float) -> bool:
        ends = self._world.loop.time() + within
        while self._world.loop.time() < ends:
            await asyncio.sleep(0.4)
            if all(task.done() for task in self._crowd.busy) and not self.laws.left_over():
                return True
        return False


def run_seed(seed: int, note: Callable[[str], None] | None = None, mischief: Sequence[str] = ()) -> Outcome:
    """Raises ``Broken``, saying which law and of what. ``note`` gets the trace, line by line.

    ``mischief``: of these kinds only (``MISCHIEF``).
    """
    world = World(seed, note)
    day = Day(world, random.Random(world.chance.random()), mischief)
    asyncio.set_event_loop(world.loop)
    world.loop.set_exception_handler(world.unhandled)
    try:
        with world.outside():
            try:
                world.loop.run_until_complete(day.run())
            except Exception as error:
                raise Broken(f"seed {seed}: {error}") from error
            finally:
                world.loop.run_until_complete(day.over())
        return day.laws.outcome()
    finally:
        asyncio.set_event_loop(None)
        world.loop.close()
