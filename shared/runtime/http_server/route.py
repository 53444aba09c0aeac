"""What a service declares of its HTTP routes, what a handler gets, and what it answers."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict, TypeVar, Unpack

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from shared.kernel.errors import Refusal
from shared.runtime.confined_process import ConfinedProcess
from shared.runtime.identity.directory import Principal
from shared.runtime.identity.security_log import EntryKind

T = TypeVar("T")
JSON_MAX = 1024 * 1024
"""Bytes of a body, where a route says nothing else."""
READ_ON_LOOP_MAX = 64 * 1024
"""Bytes of a body that are decoded on the event loop: some milliseconds at worst. Larger ones are decoded in
a thread, or in the route's ``large_body_process``."""


@dataclass(slots=True)
class Call:
    """A request that is authenticated and validated, as handlers get it."""

    request: Request
    principal: Principal
    path: Mapping[str, str]
    key: str
    trace: str
    raw: bytes
    body: Any = None
    query: Any = None
    token: str = ""
    """The bearer token, for streams that outlive the request and have to check whether it is still valid."""
    city: str = ""
    """The city that the act concerns, where a handler knows it and the key opens several."""
    on: str = ""
    """What the act was done to, for the security log; a handler may name it. Without it, the ``{id}`` of the path."""

    @property
    def address(self) -> str:
        """The client's address; behind one of ``WHISTLE_TRUSTED_PROXIES`` the one that the proxy names."""
        return self.request.client.host if self.request.client is not None else ""

    def body_as(self, shape: type[T]) -> T:
        assert isinstance(self.body, shape)  # noqa: S101 - the route declared it
        return self.body

    def query_as(self, shape: type[T]) -> T:
        assert isinstance(self.query, shape)  # noqa: S101 - the route declared it
        return self.query


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer. ``body``: of the type that the route declares for the status, or JSON of it that was kept."""

    body: object
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    stored_body: object = None
    """What is stored for repeats of the request (see ``Route.idempotent_as``) in place of the body, e.g. the body
    without a secret; None: the body."""


Handler = Callable[[Call], Awaitable[Answer | Response]]
ReplayAnswer = Callable[[Call, Any], Awaitable[Answer]]


@dataclass(frozen=True, kw_only=True)
class Route:
    """The declaration of an endpoint. ``roles``: kinds of principals that may call it; empty: anybody, without a
    token."""

    method: str
    path: str
    handler: Handler
    summary: str
    roles: frozenset[str] = frozenset()
    body: Any = None
    query: Any = None
    answers: Mapping[int, Any] = field(default_factory=lambda: {200: None})
    """Status → the ``Struct`` of the JSON that is answered with it; None where it has no JSON. The edge encodes exactly
    that type, and the page of the API is made of it."""
    keyed: bool = False
    """The request needs an Idempotency-Key. The handler makes it idempotent, unless ``idempotent_as`` is set."""
    idempotent_as: str = ""
    """Set for a keyed route whose handler is not idempotent itself: ``idempotent_requests`` makes it so. The text is
    the scope of the keys: per caller, per such text, and per ``{id}`` of the path."""
    replay_answer: ReplayAnswer | None = None
    """Makes the answer to a repeat from the stored body; None: the stored body is the answer."""
    raw_max: int = 0
    """Above 0: the body is not JSON but bytes, at most so many."""
    reads_body: Callable[[Request], bool] | None = None
    """For a route that needs no token: whether the body of a request is read at all; if not, the handler gets no bytes,
    and answers for itself. None: always."""
    json_max: int = JSON_MAX
    large_body_process: ConfinedProcess | None = None
    """The process that decodes bodies of more than ``READ_ON_LOOP_MAX`` bytes; None: a thread does. For routes with
    bodies so large that a thread, which shares the interpreter lock, would delay other requests."""
    media: tuple[str, ...] = ()
    """Media types that are not JSON: of the body where ``raw_max`` is set, else of the answer."""
    answer_media: tuple[str, ...] = ()
    """Media types of the answer, where ``media`` are those of the body."""
    shows: tuple[type[msgspec.Struct], ...] = ()
    """Shapes that are inside of an answer which is not JSON as a whole, e.g. the data of server-sent events."""
    refusal_page: Callable[[Request, Refusal], Response] | None = None
    """For a page that people open: what they read in place of a problem document, such as of a body that is too large.
    """
    logged: EntryKind | None = None
    """Each call that passed the edge is an entry of this kind in the security log."""

    @property
    def shown_media(self) -> tuple[str, ...]:
        """Media types of an answer that is not JSON."""
        return self.answer_media or (() if self.raw_max else self.media)


class RouteOptions(TypedDict, total=False):
    """The optional arguments of ``get`` and ``post``; see ``Route``."""

    roles: frozenset[str]
    body: Any
    query: Any
    answers: Mapping[int, Any]
    keyed: bool
    idempotent_as: str
    replay_answer: ReplayAnswer | None
    raw_max: int
    reads_body: Callable[[Request], bool] | None
    json_max: int
    large_body_process: ConfinedProcess | None
    media: tuple[str, ...]
    answer_media: tuple[str, ...]
    shows: tuple[type[msgspec.Struct], ...]
    refusal_page: Callable[[Request, Refusal], Response] | None
    logged: EntryKind | None


def get(path: str, handler: Handler, summary: str, **more: Unpack[RouteOptions]) -> Route:
    """Declare a GET route."""
    return Route(method="GET", path=path, handler=handler, summary=summary, **more)


def post(path: str, handler: Handler, summary: str, **more: Unpack[RouteOptions]) -> Route:
    """Declare a POST route."""
    return Route(method="POST", path=path, handler=handler, summary=summary, **more)


def delete(path: str, handler: Handler, summary: str, **more: Unpack[RouteOptions]) -> Route:
    """A DELETE, declared."""
    return Route(method="DELETE", path=path, handler=handler, summary=summary, **more)
