"""What operators see of a running stack: traces, metrics, and heartbeats that an outside watcher hears."""

import contextlib
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from tests.kit.places import QUAY
from tests.kit.stack import HARBOUR, RunningStack, running_stack, until

SERVICES = {"intake", "router", "notifier"}
pytestmark = pytest.mark.timeout(240)


@dataclass(frozen=True)
class Span:
    service: str
    name: str
    trace: str
    id: str
    parent: str
    links: frozenset[str]


@dataclass
class Outside:
    """A collector of traces and a watcher of heartbeats, on this machine."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    beats: list[str] = field(default_factory=list)

    def take(self, path: str, body: bytes) -> None:
        if path.startswith("/beat/"):
            self.beats.append(path.removeprefix("/beat/"))
        elif path == "/v1/traces":
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                attributes = {a.key: a.value.string_value for a in resource.resource.attributes}
                for scope in resource.scope_spans:
                    self.spans += [_span(attributes["service.name"], span) for span in scope.spans]


def _span(service: str, span: Any) -> Span:
    links = frozenset(link.trace_id.hex() for link in span.links)
    return Span(service, span.name, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), links)


@contextlib.contextmanager
def listening() -> Iterator[Outside]:
    outside = Outside()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            outside.take(self.path, self.rfile.read(int(self.headers.get("content-length") or 0)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    outside.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield outside
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with listening() as listener:
        yield listener


@pytest.fixture(scope="module")
def watched(outside: Outside, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack that is asked for traces and heartbeats."""
    asked = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": outside.url,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "WHISTLE_HEARTBEAT_URL": f"{outside.url}/beat/{{service}}",
    }
    with running_stack(tmp_path_factory.mktemp("watched"), [HARBOUR], **asked) as running:
        yield running


def roots(spans: list[Span]) -> list[Span]:
    ids = {span.id for span in spans}
    return [span for span in spans if span.parent not in ids]


def test_a_report_is_one_trace_from_the_edge_to_its_alerts(watched: RunningStack, outside: Outside) -> None:
    trace = secrets.token_hex(16)
    body = {"kind": "hazard", "description": "the lamp on the quay is dark", "location": QUAY}
    answer = watched.rider().post_to("intake", "/v1/reports", body, traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    assert answer.status_code == 202
    assert answer.headers["traceparent"].split("-")[1] == trace

    def whole() -> list[Span] | None:
        """Each service exports in its own time: a later one's spans may come before those that they hang on."""
        found = [span for span in outside.spans if span.trace == trace]
        ended = "whistle.alerts publish" in {span.name for span in found}
        return found if ended and {span.service for span in found} == SERVICES and len(roots(found)) == 1 else None

    (edge,) = roots(until(whole, within=30, what="one trace through all services"))
    assert (edge.service, edge.name, edge.parent) == ("intake", "POST /v1/reports", "00f067aa0ba902b7")
    linked = until(
        lambda: {s.service for s in outside.spans if trace in s.links} == SERVICES or None,
        what="batches that link to the report's trace",
    )
    assert linked


def test_every_service_beats_at_an_address_of_its_own(watched: RunningStack, outside: Outside) -> None:
    until(lambda: set(outside.beats) == SERVICES, within=60, what="a heartbeat of every service")
    for service in SERVICES:
        sent = partial(sample, watched, service, "whistle_heartbeats_total", service=service, outcome="sent")
        until(lambda: sent() >= 1, what="a heartbeat that is counted")  # noqa: B023 - called at once


def sample(stack: RunningStack, service: str, name: str, /, **labels: str) -> float:
    text = stack.http.get(stack.urls[service] + "/metrics").text
    found = [
        s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
        if s.name == name and s.labels == labels
    ]
    return found[0] if found else 0.0


def test_a_report_is_counted_at_every_hop(watched: RunningStack) -> None:
    hops = {
        ("intake", "whistle_reports_total", ("outcome", "stored")): 2,
        ("intake", "whistle_reports_total", ("outcome", "repeated")): 1,
        ("intake", "whistle_reports_total", ("outcome", "refused")): 1,
        ("router", "whistle_cases_opened_total", None): 2,
        ("notifier", "whistle_alerts_total", ("kind", "new")): 2,
        ("notifier", "whistle_alert_delay_seconds_count", None): 2,
    }

    def count(hop: tuple[str, str, tuple[str, str] | None]) -> float:
        return sample(watched, hop[0], hop[1], **dict([hop[2]] if hop[2] else []))

    before = {hop: count(hop) for hop in hops}
    rider = watched.rider()
    assert [rider.report(text, QUAY, key=text[:3]).status_code for text in ("one lamp", "two lamps", "two lamps")] == [
        202,
        202,
        202,
    ]
    assert rider.report("three lamps", {"unit": "nowhere"}).status_code == 422
    until(
        lambda: all(count(hop) >= before[hop] + more for hop, more in hops.items()),
        what="counts of two reports, a repeat and a refusal",
    )
    assert (
        count(("intake", "whistle_reports_total", ("outcome", "stored")))
        == before["intake", "whistle_reports_total", ("outcome", "stored")] + 2
    )


def test_a_service_that_nobody_watches_says_nothing_of_heartbeats(stack: RunningStack) -> None:
    """Otherwise the alarm would ring for who wants none."""
    for service in SERVICES:
        text = stack.http.get(stack.urls[service] + "/metrics").text
        assert "whistle_event_loop_lag_seconds_count" in text
        assert "whistle_heartbeat_timestamp_seconds{" not in text
