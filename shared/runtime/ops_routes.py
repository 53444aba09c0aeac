"""Routes that every service has for operations: trace, replay, dead letters, and in development the clock."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from aiokafka.errors import KafkaError

from shared.contracts.envelope import Envelope
from shared.kernel.durations import parse_duration
from shared.kernel.errors import FieldError, forbidden, invalid, not_found, unavailable
from shared.runtime.births import Births
from shared.runtime.broker import KafkaBroker, Publisher
from shared.runtime.dead_letters import DeadLetters
from shared.runtime.dev_clock import SharedShift, SystemClock
from shared.runtime.http_server import Answer, Call, Route
from shared.runtime.identity.directory import EVERY_CITY, Principal
from shared.runtime.kafka_connection import KafkaConnection
from shared.runtime.mongo import Collection, Document
from shared.runtime.relay import from_stored
from shared.runtime.replay import ReplayBody, publish_again
from shared.runtime.settings import Settings

TRACE_MAX = 500
OPS = frozenset({"ops"})
OPS_AND_SERVICES = frozenset({"ops", "service"})


class Operated(Protocol):
    """What these routes need of a service."""

    name: str
    settings: Settings
    clock: SystemClock
    shift: SharedShift
    broker: KafkaBroker
    publisher: Publisher
    dead: DeadLetters
    events: Collection
    sources: Sequence[Collection]
    births: Sequence[Births]
    kafka: KafkaConnection


class DeadBody(msgspec.Struct, forbid_unknown_fields=True):
    dry_run: bool = False


class ClockBody(msgspec.Struct, forbid_unknown_fields=True):
    forward: str


def ops_routes(service: Operated) -> list[Route]:
    """Bound to ``service``."""

    async def trace(call: Call) -> Answer:
        items = await _trace(service, call.path["id"], call.principal)
        return Answer({"service": service.name, "items": items})

    async def replay(call: Call) -> Answer:
        _every_city(call.principal)
        body = call.body_as(ReplayBody)
        if body.cluster is not None and body.cluster != service.kafka.cluster:
            raise unavailable("This service is not connected to that Kafka cluster (yet).", retry_after=5)
        try:
            stretch = await publish_again(service, body)
        except (KafkaError, TimeoutError) as error:
            raise unavailable("Kafka took not all of it; ask again: what came twice is absorbed.") from error
        return Answer({"events": stretch.events, "next": stretch.next, "dry_run": body.dry_run})

    async def dead(call: Call) -> Answer:
        _every_city(call.principal)
        return Answer({"items": [_shown(d) for d in await service.dead.newest()]})

    async def parked(call: Call) -> Document:
        _every_city(call.principal)
        found = await service.dead.get(call.path["id"])
        if found is None:
            raise not_found("parked message")
        return found

    async def dead_one(call: Call) -> Answer:
        return Answer(_shown(await parked(call)))

    async def dead_replay(call: Call) -> Answer:
        found = await parked(call)
        if not call.body_as(DeadBody).dry_run:
            await service.broker.publish(
                bytes(found["value"]),
                found["topic"],
                key=bytes(found["key"]),
                headers={name: bytes(value).decode(errors="replace") for name, value in found["headers"]},
            )
            await service.dead.mark(found["_id"], "replayed", service.clock.now())
        return Answer(_shown(found))

    async def dead_drop(call: Call) -> Answer:
        found = await parked(call)
        if not call.body_as(DeadBody).dry_run:
            await service.dead.mark(found["_id"], "dropped", service.clock.now())
        return Answer(_shown(found))

    async def clock(call: Call) -> Answer:
        _every_city(call.principal)
        try:
            by = parse_duration(call.body_as(ClockBody).forward)
        except ValueError as wrong:
            raise invalid(FieldError("/forward", str(wrong))) from wrong
        shift = await service.shift.forward(by.plain())
        return Answer({"now": service.clock.now(), "shifted_seconds": shift.total_seconds()})

    routes = [
        _route("GET", "/v1/trace/{id}", trace, "Every stored event of a report or case, or one event"),
        _route(
            "POST",
            "/v1/replay",
            replay,
            "Publish stored events again since a time, a stretch at once: go on after `next`",
            ReplayBody,
            roles=OPS_AND_SERVICES,
        ),
        _route("GET", "/v1/dead-letters", dead, "Parked messages, newest first"),
        _route("GET", "/v1/dead-letters/{id}", dead_one, "One parked message, whole"),
        _route("POST", "/v1/dead-letters/{id}/replay", dead_replay, "Deliver a parked message again", DeadBody),
        _route(
            "POST", "/v1/dead-letters/{id}/drop", dead_drop, "Give a parked message up; it stays on record", DeadBody
        ),
    ]
    if service.settings.dev_tokens:
        routes.append(_route("POST", "/v1/dev/clock", clock, "Development: move the stack's clock", ClockBody))
    return routes


def _route(method: str, path: str, handler: Any, summary: str, body: Any = None, roles: frozenset[str] = OPS) -> Route:
    return Route(
        method=method, path=path, handler=handler, summary=summary, roles=roles, body=body, answers={200: None}
    )


def _every_city(principal: Principal) -> None:
    """What concerns every city is for the installation's own ops. Raises ``Refusal`` 403."""
    if principal.city != EVERY_CITY:
        raise forbidden("This concerns every city; the key is for one.")


async def _trace(service: Operated, id_: str, principal: Principal) -> list[dict[str, Any]]:
    where: Document = {"$or": [{"subject": id_}, {"_id": id_}]}
    stored = await service.events.find(where, sort=[("sequence", 1)], limit=TRACE_MAX)
    events = {d["_id"]: (from_stored(d), d["stored_at"]) for d in stored}
    for births in service.births:
        if (born := await births.of(id_.partition(".")[0])) and id_ in (born[0].id, born[0].subject):
            events[born[0].id] = (born[0], born[1]["stored_at"])
    for source in service.sources:
        document = await source.find_one({"_id": id_}, {"pending": 1})
        for pending in (document or {}).get("pending", ()):
            event = msgspec.convert(pending, Envelope)
            events.setdefault(event.id, (event, None))
    return [
        {
            "id": event.id,
            "type": event.type,
            "subject": event.subject,
            "sequence": event.sequence,
            "time": event.time,
            "stored_at": stored_at,
            "trace": event.trace,
            "data": msgspec.Raw(event.data.encode()),
        }
        for event, stored_at in sorted(events.values(), key=lambda pair: (pair[0].sequence, pair[0].id))
        if principal.may_enter(event.city)
    ]


def _shown(document: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": document["_id"],
        "group": document["group"],
        "topic": document["topic"],
        "reason": document["reason"],
        "state": document["state"],
        "parked_at": document["parked_at"],
        "headers": {name: bytes(value).decode(errors="replace") for name, value in document["headers"]},
        "value": bytes(document["value"]).decode(errors="replace"),
    }
