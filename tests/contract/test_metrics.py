"""Metrics are named by Prometheus' conventions; boards and alarms ask only for what there is, and each has its page."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import promql_parser
import pytest
import yaml
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client import REGISTRY

from deploy.dashboards.boards import FOLDER, board
from deploy.dashboards.graphs import BOARDS
from deploy.local.parts import SERVICES
from deploy.local.ports import PORT_BASE
from tests.contract.documents import DOCS, services

UNITS = {"seconds", "info"}
COUNTED = {
    "alerts", "attempts", "answers", "breaches", "cases", "circuits", "documents", "events", "gaps", "heartbeats",
    "inspections", "messages", "photos", "records", "reports", "requests",
}  # fmt: skip
COUNTED_FIRST = {
    "whistle_duplicates_absorbed_total",
    "whistle_events_handled_total",
    "whistle_events_relayed_total",
    "whistle_cases_ended_total",
    "whistle_cases_opened_total",
    "whistle_patrol_cases_opened_total",
    "whistle_photos_cleaned_total",
    "whistle_records_parked_total",
    "whistle_reports_published_again_total",
    "whistle_requests_forwarded_total",
}
"""Counters of things to which something was done: the convention's ``<thing>_<done>_total``."""
OTHERS = {"up", "process_cpu_seconds_total", "process_resident_memory_bytes"}
"""What Prometheus and its client bring."""


@cache
def metrics() -> dict[str, Any]:
    """Every metric of Whistle that the built services would show, by name, a counter's with ``_total``."""
    services()
    found = {}
    for collector in list(REGISTRY._collector_to_names):
        for family in collector.describe() if hasattr(collector, "describe") else ():
            if family.name.startswith("whistle_"):
                found[family.name + ("_total" if family.type == "counter" else "")] = (family, collector)
    return found


def series() -> dict[str, frozenset[str]]:
    """What can be asked for: names of series with their labels."""
    found = {}
    for name, (family, collector) in metrics().items():
        labels = frozenset(collector._labelnames) | {"job", "instance"}
        found[name] = labels
        if family.type == "histogram":
            found |= {f"{name}_bucket": labels | {"le"}, f"{name}_sum": labels, f"{name}_count": labels}
    return found


def alarms() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def queries() -> Iterator[tuple[str, str]]:
    for alarm in alarms():
        yield alarm["alert"], alarm["expr"]
    for name in BOARDS:
        for panel in json.loads((FOLDER / f"{name}.json").read_text())["panels"]:
            for target in panel.get("targets", ()):
                yield f"{name}: {panel['title']}", target["expr"].replace("$__rate_interval", "5m")


def parts(expression: promql_parser.Expr) -> list[Any]:
    """Every node of a parsed query."""
    found: list[Any] = []
    promql_parser.walk(expression, lambda node: found.append(node))
    return [*found, *(node.vector_selector for node in found if isinstance(node, promql_parser.MatrixSelector))]


EVERY_QUERY = list(queries())
every_query = pytest.mark.parametrize("query", [q for _, q in EVERY_QUERY], ids=[title for title, _ in EVERY_QUERY])


def test_every_metric_says_what_it_is_and_is_named_by_the_conventions() -> None:
    for name, (family, _) in metrics().items():
        assert re.fullmatch(r"whistle(_[a-z]+)+", name), name
        assert len(family.documentation) > 8 and family.documentation.endswith((".", "runs.")), name
        assert (family.type == "counter") == name.endswith("_total"), name


def test_every_metric_has_a_unit() -> None:
    """Base units, or the plural of what is counted; a gauge of 0 and 1 says when it is 1."""
    for name, (family, _) in metrics().items():
        last = name.removesuffix("_total").rpartition("_")[2]
        boolean = family.type == "gauge" and family.documentation.startswith("1 while")
        assert last in UNITS | COUNTED or boolean or name in COUNTED_FIRST, name
        assert family.type != "histogram" or last in UNITS | COUNTED, name


def test_labels_are_few_and_name_no_report_case_or_person() -> None:
    known = {
        "service", "route", "status", "group", "outcome", "kind", "what", "clock", "commitment", "version"
    }  # fmt: skip
    for name, (_, collector) in metrics().items():
        assert set(collector._labelnames) <= known, name


@every_query
def test_every_query_parses_and_asks_for_metrics_and_labels_that_there_are(query: str) -> None:
    known = series()
    selectors = 0
    for part in parts(promql_parser.parse(query)):
        if isinstance(part, promql_parser.VectorSelector):
            selectors += 1
            assert part.name in known or part.name in OTHERS, part.name
            labels = known.get(part.name or "", frozenset({"job", "instance"}))
            assert {matcher.name for matcher in part.matchers.matchers} <= labels, query
        if isinstance(part, promql_parser.AggregateExpr) and part.modifier is not None:
            inner = next(p for p in parts(part.expr) if isinstance(p, promql_parser.VectorSelector))
            assert set(part.modifier.labels) <= known.get(inner.name or "", frozenset({"job", "instance"})), query
    assert selectors


def test_every_metric_is_asked_for_somewhere() -> None:
    asked = {
        re.sub(r"_(bucket|sum|count)$", "", part.name or "")
        for _, query in EVERY_QUERY
        for part in parts(promql_parser.parse(query))
        if isinstance(part, promql_parser.VectorSelector)
    }
    assert not set(metrics()) - asked


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_is_as_generated_and_as_grafana_reads_it(name: str) -> None:
    text = (FOLDER / f"{name}.json").read_text()
    assert text == board(name), "python -m deploy.dashboards.boards"
    read = Dashboard.from_json(json.loads(text))
    assert read.uid == f"whistle-{name}" and read.panels
    ids = [panel["id"] for panel in json.loads(text)["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in json.loads(text)["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24 and place["h"] > 0


def test_there_is_a_board_for_every_service() -> None:
    assert set(BOARDS) == {"overview", *(service.name for service in SERVICES)}


def test_every_alarm_has_its_page_a_severity_and_a_sentence() -> None:
    headings = {line.lstrip("#").strip().lower() for line in (DOCS / "operations.md").read_text().splitlines()}
    names = [alarm["alert"] for alarm in alarms()]
    assert len(set(names)) == len(names) > 12
    for alarm in alarms():
        assert alarm["labels"]["severity"] in ("page", "ticket")
        assert alarm["annotations"]["summary"]
        assert alarm["annotations"]["runbook_url"] == f"docs/operations.md#{alarm['alert'].lower()}"
        assert alarm["alert"].lower() in headings, alarm["alert"]


def test_prometheus_scrapes_every_service_of_the_local_stack() -> None:
    (job,) = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    wanted = [f"127.0.0.1:{PORT_BASE + service.offset}" for service in SERVICES]
    assert job["static_configs"] == [{"targets": wanted}]
    assert job["job_name"] == "whistle"
