"""The operations routes of every service: trace, replay, dead letters, and in development the clock."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Protocol

import msgspec
from aiokafka.errors import KafkaError
from msgspec import UNSET, UnsetType

from shared.contracts.catalogue import decode
from shared.contracts.envelope import Malformed, from_record
from shared.kernel.durations import parse_duration
from shared.kernel.errors import FieldError, forbidden, invalid, not_found, unavailable
from shared.runtime.http_server.route import Answer, Call, Route
from shared.runtime.identity.directory import EVERY_CITY, Principal
from shared.runtime.identity.security_log import EntryKind
from shared.runtime.kafka.broker import KafkaBroker, Publisher
from shared.runtime.kafka.connection import KafkaConnection
from shared.runtime.kafka.dead_letters import DeadLetters
from shared.runtime.kafka.first_events import FirstEvents
from shared.runtime.kafka.replay import ReplayBody, publish_again
from shared.runtime.kafka.traced_events import traced
from shared.runtime.movable_clock import MovableClock, SharedShift
from shared.runtime.ops_answers import (
    ClockAnswer,
    Outcome,
    ParkedMessage,
    ParkedMessages,
    ReplayAnswer,
    TraceAnswer,
    TracedEvent,
)
from shared.runtime.settings import Settings
from shared.runtime.storage.mongo import Collection, Document

OPS = frozenset({"ops"})
OPS_AND_SERVICES = frozenset({"ops", "service"})


class OperatedService(Protocol):
    """What these routes need of a service."""

    name: str
    settings: Settings
    clock: MovableClock
    shift: SharedShift
    broker: KafkaBroker
    publisher: Publisher
    dead_letters: DeadLetters
    events: Collection
    first_events: Sequence[FirstEvents]
    deliveries: Sequence[Collection]
    kafka: KafkaConnection

    @property
    def sources(self) -> Sequence[Collection]: ...


class DeadBody(msgspec.Struct, forbid_unknown_fields=True):
    dry_run: bool = False


class DeadQuery(msgspec.Struct, forbid_unknown_fields=True):
    state: Literal["parked", "replayed", "dropped"] = "parked"


class ClockBody(msgspec.Struct, forbid_unknown_fields=True):
    forward: Annotated[str, msgspec.Meta(max_length=40)]


def ops_routes(service: OperatedService) -> list[Route]:
    """The routes for ``service``."""
    return [*_Events(service).routes(), *_Parked(service).routes()]


class _Events:
    """Trace and replay of stored events; in development also moving the clock."""

    def __init__(self, service: OperatedService) -> None:
        self._service = service

    def routes(self) -> list[Route]:
        again = "Publish stored events again since a time, a stretch at once: go on after `next`"
        routes = [
            _route(
                "GET",
                "/v1/trace/{id}",
                self.trace,
                "Stored events of a report, case, alert or trace; one event; a delivery's case",
                TraceAnswer,
            ),
            _route("POST", "/v1/replay", self.replay, again, ReplayAnswer, ReplayBody, roles=OPS_AND_SERVICES),
        ]
        if self._service.settings.dev_tokens:
            clock = "Development: move the stack's clock"
            routes.append(_route("POST", "/v1/dev/clock", self.clock, clock, ClockAnswer, ClockBody))
        return routes

    async def trace(self, call: Call) -> Answer:
        found = await traced(self._service, call.path["id"])
        items = [TracedEvent.of(one.event, one.at) for one in found.events if call.principal.may_enter(one.event.city)]
        about = found.case if call.principal.may_enter(found.city) else None
        return Answer(TraceAnswer(self._service.name, items, about))

    async def replay(self, call: Call) -> Answer:
        _every_city(call.principal)
        body = call.body_as(ReplayBody)
        if body.cluster is not None and body.cluster != self._service.kafka.cluster:
            raise unavailable("This service is not connected to that Kafka cluster (yet).", retry_after=5)
        try:
            stretch = await publish_again(self._service, body)
        except (KafkaError, TimeoutError) as error:
            raise unavailable("Kafka took not all of it; ask again: what came twice is absorbed.") from error
        return Answer(ReplayAnswer(stretch.events, stretch.next, body.dry_run))

    async def clock(self, call: Call) -> Answer:
        _every_city(call.principal)
        try:
            by = parse_duration(call.body_as(ClockBody).forward)
        except ValueError as wrong:
            raise invalid(FieldError("/forward", str(wrong))) from wrong
        shift = await self._service.shift.forward(by.plain())
        return Answer(ClockAnswer(self._service.clock.now(), shift.total_seconds()))


class _Parked:
    """Dead letters: list, show, deliver again, drop."""

    def __init__(self, service: OperatedService) -> None:
        self._service = service

    def routes(self) -> list[Route]:
        one = "/v1/dead-letters/{id}"
        return [
            _route(
                "GET", "/v1/dead-letters", self.newest, "Parked messages, newest first", ParkedMessages, query=DeadQuery
            ),
            _route("GET", one, self.show, "One parked message, without words", ParkedMessage),
            _route(
                "POST",
                f"{one}/replay",
                self.replay,
                "Deliver a parked message again",
                ParkedMessage,
                DeadBody,
                logged="operations",
            ),
            _route(
                "POST",
                f"{one}/drop",
                self.drop,
                "Give a parked message up; it stays on record",
                ParkedMessage,
                DeadBody,
                logged="override",
            ),
        ]

    async def newest(self, call: Call) -> Answer:
        state = call.query_as(DeadQuery).state
        rows = await self._service.dead_letters.newest(city=_city_of(call.principal), state=state)
        return Answer(ParkedMessages([ParkedMessage.of(row) for row in rows]))

    async def show(self, call: Call) -> Answer:
        found = await self._found(call)
        return Answer(ParkedMessage.of(found, *await self._outcome(found)))

    async def _outcome(self, letter: Document) -> tuple[Outcome | UnsetType, str | UnsetType]:
        """What became of a replayed record: ``waiting``, ``handled``, or ``parked`` again and under which id."""
        if "replayed_as" not in letter:
            return UNSET, UNSET
        service, (partition, offset) = self._service, map(int, letter["replayed_as"].split(":"))
        topic = letter["topic"].removeprefix(f"{service.settings.namespace}.")
        try:  # first how far the group is, then what is parked: a record is parked before its offset is committed
            position = await service.kafka.group_position(letter["group"], topic)
        except (KafkaError, TimeoutError):
            position = None
        again = await service.dead_letters.parked_again(letter)
        if again is not None:
            return "parked", again
        handled = position is not None and position.offsets.get((topic, partition), 0) > offset
        return "handled" if handled else "waiting", UNSET

    async def replay(self, call: Call) -> Answer:
        """Answers once the record is in Kafka; what becomes of it is the letter's ``outcome``. A dry run tells whether
        it can be read at all; whether its handler takes it shows when it is delivered."""
        found = await self._found(call)
        if call.body_as(DeadBody).dry_run:
            return Answer(ParkedMessage.of(found, unreadable=_unreadable(found)))
        letters = self._service.dead_letters
        sent = await self._service.broker.publish(
            bytes(found["value"]), found["topic"], key=bytes(found["key"]), headers=letters.headers_again(found)
        )
        await letters.replayed(found["_id"], sent.partition, sent.offset, self._service.clock.now())
        return Answer(ParkedMessage.of(found))

    async def drop(self, call: Call) -> Answer:
        found = await self._found(call)
        if not call.body_as(DeadBody).dry_run:
            await self._service.dead_letters.mark(found["_id"], "dropped", self._service.clock.now())
        return Answer(ParkedMessage.of(found))

    async def _found(self, call: Call) -> Document:
        found = await self._service.dead_letters.get(call.path["id"], _city_of(call.principal))
        if found is None:
            raise not_found("parked message")
        return found


def _unreadable(letter: Document) -> str | UnsetType:
    """Why a consumer would park the record before it is handled."""
    headers: list[tuple[str, bytes]] = [(name, bytes(value)) for name, value in letter["headers"]]
    try:
        decode(from_record(letter["topic"], bytes(letter["key"]), bytes(letter["value"]), headers), msgspec.Struct)
    except Malformed as wrong:
        return str(wrong)
    return UNSET


def _route(
    method: str,
    path: str,
    handler: Any,
    summary: str,
    answer: type[msgspec.Struct],
    body: Any = None,
    roles: frozenset[str] = OPS,
    logged: EntryKind | None = None,
    query: Any = None,
) -> Route:
    return Route(
        method=method,
        path=path,
        handler=handler,
        summary=summary,
        roles=roles,
        body=body,
        answers={200: answer},
        logged=logged,
        query=query,
    )


def _city_of(principal: Principal) -> str | None:
    """The city whose messages ops may see; None: of all."""
    return None if principal.city == EVERY_CITY else principal.city


def _every_city(principal: Principal) -> None:
    """Raises ``Refusal`` 403 unless the principal is the installation's own ops, since this concerns every city."""
    if principal.city != EVERY_CITY:
        raise forbidden("This concerns every city; the key is for one.")
