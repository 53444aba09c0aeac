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
    """Makes no traces. ``tracing.Tracing`` is the implementation that does."""

    middlewares: Sequence[Any] = ()
    """For FastStream's broker."""

    def served(self, method: str, path: str, endpoint: Endpoint) -> Endpoint:
        """The endpoint, wrapped so that each request has a span."""
        return endpoint

    def traceparent(self) -> str:
        """The traceparent of the current request's span, or empty."""
        return ""

    def following(self, traceparent: str) -> AbstractContextManager[None]:
        """A context in which new spans belong to this trace."""
        return _NOTHING

    def close(self) -> None:
        """Export the spans that are left; blocks for seconds at most."""


OFF = Telemetry()


def telemetry(settings: Settings, service: str, version: str) -> Telemetry:
    """``Tracing`` where an OTLP endpoint is set, else ``OFF``. Raises ``RuntimeError`` if its extra is missing."""
    if not settings.otel_endpoint:
        return OFF
    try:
        from shared.runtime.observability.tracing import Tracing
    except ModuleNotFoundError as missing:
        raise RuntimeError(f"OTEL_EXPORTER_OTLP_ENDPOINT is set; install whistle[otel]: {missing}") from missing
    return Tracing(settings.namespace, service, version)
