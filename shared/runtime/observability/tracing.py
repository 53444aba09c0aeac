"""OpenTelemetry spans at the HTTP edge and (by FastStream's middleware) at the broker, exported by OTLP over HTTP.

A report is one trace: the span of its request, and below it a span for each event that follows from it, since an event
is published in the context of its own ``trace`` whatever batch it is in. A consumed batch has its own span with links
to the traces of its records. Sampler, headers and time-outs are OpenTelemetry's ``OTEL_*`` settings.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from faststream import BaseMiddleware
from faststream.kafka.opentelemetry import KafkaTelemetryMiddleware
from opentelemetry import context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.requests import Request
from starlette.responses import Response

from shared.runtime.observability.telemetry import Endpoint, Telemetry

UNTRACED = frozenset({"/livez", "/readyz", "/metrics"})
LINKS_MAX = 128
_propagator = TraceContextTextMapPropagator()


class RecordLinks(BaseMiddleware):
    """Decodes the headers of a batch's records for FastStream's telemetry, which links to them; our parser does not."""

    async def consume_scope(self, call_next: Any, msg: Any) -> Any:
        msg.batch_headers = [_text(record.headers) for record in msg.raw_message[:LINKS_MAX]]
        return await call_next(msg)


class Tracing(Telemetry):
    """Traces of one service. ``exporter``: for tests; None: OTLP as configured by the environment."""

    def __init__(self, namespace: str, service: str, version: str, exporter: SpanExporter | None = None) -> None:
        resource = {"service.name": service, "service.namespace": namespace, "service.version": version}
        self._provider = TracerProvider(resource=Resource.create(resource), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("whistle.http", version)
        self.middlewares = (RecordLinks, KafkaTelemetryMiddleware(tracer_provider=self._provider))

    def served(self, method: str, path: str, endpoint: Endpoint) -> Endpoint:
        """A server span, a child of the caller's ``traceparent``."""
        if path in UNTRACED:
            return endpoint
        attributes = {"http.request.method": method, "http.route": path}

        async def spanned(request: Request) -> Response:
            parent = _propagator.extract({"traceparent": request.headers.get("traceparent", "")}, context.Context())
            with self._tracer.start_as_current_span(
                f"{method} {path}", parent, SpanKind.SERVER, attributes=attributes
            ) as span:
                response = await endpoint(request)
                span.set_attribute("http.response.status_code", response.status_code)
                if response.status_code >= 500:
                    span.set_status(Status(StatusCode.ERROR))
                return response

        return spanned

    def traceparent(self) -> str:
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier.get("traceparent", "")

    @contextmanager
    def following(self, traceparent: str) -> Iterator[None]:
        """See ``Telemetry.following``; with an empty traceparent, new spans begin a trace of their own."""
        token = context.attach(_propagator.extract({"traceparent": traceparent}, context.Context()))
        try:
            yield
        finally:
            context.detach(token)

    def close(self) -> None:
        self._provider.shutdown()


def _text(headers: Any) -> Mapping[str, str]:
    return {name: (value or b"").decode(errors="replace") for name, value in headers}
