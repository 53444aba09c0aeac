"""Traces by OpenTelemetry where ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set; without it only the no-op class here is used.

Off is the default and costs nothing: no package of OpenTelemetry is imported, no span is made.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from shared.runtime.settings import Settings

Endpoint = Callable[[Request], Awaitable[Response]]
_NOTHING = nullcontext()


class Telemetry:
    """No traces. ``Tracing`` says what each method is for."""

    middlewares: Sequence[Any] = ()
    """Of FastStream's broker."""

    def served(self, method: str, path: str, endpoint: Endpoint) -> Endpoint:
        """The endpoint, with a span of its own for each request."""
        return endpoint

    def traceparent(self) -> str:
        """The span's that is being served, or empty."""
        return ""

    def following(self, traceparent: str) -> AbstractContextManager[None]:
        """Spans begun in the block belong to this trace."""
        return _NOTHING

    def close(self) -> None:
        """What is left is exported; blocks for seconds at most."""


OFF = Telemetry()


def telemetry(settings: Settings, service: str, version: str) -> Telemetry:
    """As the environment asks. Raises ``RuntimeError`` when traces are wanted and the extra is not installed."""
    if not settings.otel_endpoint:
        return OFF
    try:
        from shared.runtime.observability.tracing import Tracing
    except ModuleNotFoundError as missing:
        raise RuntimeError(f"OTEL_EXPORTER_OTLP_ENDPOINT is set; install whistle[otel]: {missing}") from missing
    return Tracing(settings.namespace, service, version)
