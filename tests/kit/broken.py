"""Ways to break Whistle. Each loses or doubles something that a fault brings to light: the checkers must catch them.

The simulator breaks its own process with them, the fault tests the services' processes.
"""

import contextlib
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, Protocol

from faststream import AckPolicy
from pymongo import WriteConcern
from pymongo.read_concern import ReadConcern

from services.intake.reports.unrouted_watch import UnroutedWatch
from services.router.cases import case_store
from shared.contracts.envelope import LIVE, Envelope
from shared.runtime.kafka import broker, consumer
from shared.runtime.kafka.broker import Publisher
from shared.runtime.kafka.gap_recovery import GapRecovery
from shared.runtime.kafka.outbox_relay import OfferedDocument, Relay
from shared.runtime.storage import mongo


class Patch(Protocol):
    """What replaces an attribute; ``pytest.MonkeyPatch`` does and takes it back."""

    def setattr(self, target: object, name: str, value: object) -> None: ...


Break = Callable[[Patch], None]


def relay_clears_before_the_acknowledgement(patch: Patch) -> None:
    whole_round, clear = Relay._round, Relay._clear

    async def clears_first(self: Relay, batch: list[OfferedDocument]) -> None:
        with contextlib.suppress(mongo.MongoError):
            await clear(self, [document for document in batch if not document.first])
        await whole_round(self, batch)

    async def cleared_already(_: Relay, __: Sequence[OfferedDocument]) -> None:
        """Too early."""

    patch.setattr(Relay, "_round", clears_first)
    patch.setattr(Relay, "_clear", cleared_already)


def nobody_awaits_the_acknowledgements(patch: Patch) -> None:
    async def sends(self: Publisher, events: Sequence[Envelope]) -> None:
        for event in events:
            await self.send(event)

    patch.setattr(Publisher, "publish", sends)


def changes_without_a_version_guard(patch: Patch) -> None:
    guarded = case_store._guarded

    def unguarded(change: case_store.Change) -> tuple[dict[str, Any], dict[str, Any]]:
        where, update = guarded(change)
        return {"_id": where["_id"]}, update

    patch.setattr(case_store, "_guarded", unguarded)


def offsets_move_before_the_handler_ends(patch: Patch) -> None:
    eager = SimpleNamespace(NACK_ON_ERROR=AckPolicy.ACK_FIRST, MANUAL=AckPolicy.MANUAL)
    patch.setattr(broker, "AckPolicy", eager)


def a_write_concern_of_one(patch: Patch) -> None:
    patch.setattr(mongo, "WriteConcern", lambda **_: WriteConcern(w=1))


def reads_of_what_no_majority_has(patch: Patch) -> None:
    patch.setattr(mongo, "ReadConcern", lambda _: ReadConcern("local"))


def effects_that_see_only_the_newest(patch: Patch) -> None:
    from services.notifier import consumers as notifier  # here: the app of one service is not to be loaded into all

    def newest_only(topic: str, group: str, handle: Any, dead: Any, clock: Any, lane: int = LIVE) -> Any:
        return consumer.Consumer(topic, group, handle, dead, clock, newest=True, lane=lane)

    patch.setattr(notifier, "every_event_consumer", newest_only)


def nobody_sweeps_what_was_left_behind(patch: Patch) -> None:
    async def nothing(_: UnroutedWatch) -> int:
        return 0

    patch.setattr(UnroutedWatch, "publish_again", nothing)


def nobody_goes_back_to_a_mark(patch: Patch) -> None:
    async def passed_over(_: GapRecovery, check: Any, __: Any, new: Sequence[Any], ___: str, ____: Any) -> None:
        check.state.checked |= {place.partition for place in new}

    patch.setattr(GapRecovery, "_check_assigned", passed_over)


BREAKS: dict[str, Break] = {
    made.__name__: made
    for made in (
        relay_clears_before_the_acknowledgement,
        nobody_awaits_the_acknowledgements,
        changes_without_a_version_guard,
        offsets_move_before_the_handler_ends,
        a_write_concern_of_one,
        reads_of_what_no_majority_has,
        effects_that_see_only_the_newest,
        nobody_sweeps_what_was_left_behind,
    )
}
"""Each of them alone loses or doubles."""

SECOND_NETS: dict[str, Break] = {nobody_goes_back_to_a_mark.__name__: nobody_goes_back_to_a_mark}
"""What catches a loss that something else made: gone, the loss is one."""
