"""Streams of server-sent events: a unit's queue as it changes, and for services every case."""

from typing import Annotated

import msgspec
from starlette.responses import Response

from services.router.cases.case_answers import LeftRow, QueueRow
from services.router.queues.queue_scope import in_subtree, queue_of
from services.router.stream.cursors import Cursor, read
from services.router.stream.live_events import Listener, ServiceListener
from services.router.stream.sessions import Streams
from services.router.stream.shapes import Beat, StreamedCase
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.route import Call, Route, get
from shared.runtime.pack_library import PackLibrary

From = Annotated[str, msgspec.Meta(max_length=4000)]
MEDIA = ("text/event-stream",)


class StreamQuery(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    from_: From | None = None
    subtree: bool = False
    city: Ident | None = None


class ServiceStreamQuery(msgspec.Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    from_: From | None = None


class StreamRoutes:
    """Opens streams. A cursor is sent as ``from``, or by browsers as Last-Event-ID."""

    def __init__(self, streams: Streams, packs: PackLibrary) -> None:
        self._streams = streams
        self._packs = packs

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/queues/{unit}/stream",
                self.queue,
                "The queue as it changes: server-sent events `case` (data: QueueRow), `left` (LeftRow), `reset`, and "
                "`beat` (Beat) every 15 seconds",
                roles=frozenset({"officer", "ops"}),
                query=StreamQuery,
                media=MEDIA,
                shows=(QueueRow, LeftRow, Beat),
            ),
            get(
                "/v1/stream",
                self.everything,
                "Every change of every case but history, for services: server-sent events `change` (data: "
                "StreamedCase), `reset`, and `beat` (Beat) every 15 seconds",
                roles=frozenset({"service"}),
                query=ServiceStreamQuery,
                media=MEDIA,
                shows=(StreamedCase, Beat),
            ),
        ]

    async def queue(self, call: Call) -> Response:
        query, who = call.query_as(StreamQuery), call.principal
        pack, unit = queue_of(call, self._packs, query.city)
        city = pack.city.id

        def may_follow() -> bool:
            return in_subtree(who, unit, self._packs.current(city))

        listener = Listener(city, unit, subtree=query.subtree, sight=who.sight)
        return self._streams.open(call.token, who, listener, _cursor(call, query.from_), may_follow)

    async def everything(self, call: Call) -> Response:
        cursor = _cursor(call, call.query_as(ServiceStreamQuery).from_)
        return self._streams.open(call.token, call.principal, ServiceListener(), cursor, lambda: True)


def _cursor(call: Call, given: str | None) -> Cursor | None:
    text = call.request.headers.get("last-event-id") or given
    return read(text) if text else None
