"""Traces are there where they are asked for, and nothing of them elsewhere."""

import os
import subprocess
import sys
from secrets import token_hex
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Answer, Call, get
from shared.runtime.http_server.server import Edge
from shared.runtime.observability.telemetry import OFF
from shared.runtime.observability.tracing import Tracing
from tests.kit.stack import ROOT

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-11111111111111111111111111111111-2222222222222222-01"
ASSEMBLED = """
import sys
from services.intake.app import assemble
from shared.runtime.settings import Settings
assemble(Settings(secret="-" * 32))
print(sorted(name for name in sys.modules if name.startswith("opentelemetry")))
"""


def assembled(**environment: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", ASSEMBLED],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ran.stdout + ran.stderr


def test_without_an_endpoint_nothing_of_opentelemetry_is_imported() -> None:
    """pymongo looks whether there are semantic conventions; those are names only."""
    off = assembled(OTEL_EXPORTER_OTLP_ENDPOINT="")
    assert off.startswith("[") and "opentelemetry.trace" not in off and "opentelemetry.sdk" not in off
    assert "opentelemetry.sdk.trace" in assembled(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")


def test_an_endpoint_without_the_extra_is_refused_with_the_reason(tmp_path: Any) -> None:
    (tmp_path / "opentelemetry.py").write_text("raise ModuleNotFoundError('No module named opentelemetry')")
    said = assembled(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1", PYTHONPATH=str(tmp_path))
    assert "OTEL_EXPORTER_OTLP_ENDPOINT is set; install whistle[otel]" in said


class Traced:
    """An application of three routes, with its spans."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracing = Tracing("tests", "intake", "0", self.exporter)

        async def told(call: Call) -> Answer:
            return Answer({"trace": call.trace})

        async def away(_: Call) -> Answer:
            raise Refusal(503, "unavailable", "away")

        routes = [get("/v1/told/{id}", told, ""), get("/v1/away", away, ""), get("/livez", told, "")]
        edge: Any = Edge("intake", None, None, token_hex, self.tracing)  # type: ignore[arg-type]
        self.application = edge.application(routes, None)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.application)
        async with httpx.AsyncClient(transport=transport, base_url="http://edge") as client:
            return await client.get(path, headers=headers)

    @property
    def spans(self) -> list[Any]:
        self.tracing._provider.force_flush()
        return list(self.exporter.get_finished_spans())


@pytest.fixture
def traced() -> Traced:
    return Traced()


async def test_a_request_is_a_span_of_its_callers_trace_and_so_is_what_follows(traced: Traced) -> None:
    answer = await traced.get("/v1/told/7", traceparent=CALLER)
    (span,) = traced.spans
    assert (span.name, span.kind.name) == ("GET /v1/told/{id}", "SERVER")
    assert span.attributes == {
        "http.request.method": "GET",
        "http.route": "/v1/told/{id}",
        "http.response.status_code": 200,
    }
    assert f"{span.context.trace_id:032x}" == CALLER.split("-")[1]
    assert f"{span.parent.span_id:016x}" == CALLER.split("-")[2]
    own = f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-01"
    assert answer.json()["trace"] == answer.headers["traceparent"] == own


async def test_a_failed_request_is_a_failed_span_and_probes_are_none(traced: Traced) -> None:
    assert (await traced.get("/v1/away", traceparent="nonsense")).status_code == 503
    assert (await traced.get("/livez")).status_code == 200
    (span,) = traced.spans
    assert span.status.status_code is StatusCode.ERROR
    assert span.parent is None


def test_what_is_sent_follows_the_trace_of_its_event_whatever_is_current(traced: Traced) -> None:
    with traced.tracing.following(CALLER):
        with traced.tracing.following(OTHER):
            assert traced.tracing.traceparent() == OTHER
        assert traced.tracing.traceparent() == CALLER
        with traced.tracing.following(""):
            assert traced.tracing.traceparent() == ""
    assert traced.tracing.traceparent() == ""


def test_off_changes_nothing() -> None:
    endpoint: Any = object()
    assert OFF.served("GET", "/", endpoint) is endpoint
    assert OFF.traceparent() == ""
    with OFF.following(CALLER):
        assert OFF.traceparent() == ""
    assert not OFF.middlewares
