"""Promise: every clock fires once although the router is killed -9 while it fires them."""

import os
import signal
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.stack import HARBOUR, RunningStack, running_stack, until

CASES = 1500
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with running_stack(tmp_path_factory.mktemp("clock-faults"), [HARBOUR]) as running:
        yield running


def pages(stack: RunningStack, service: str, path: str, **query: Any) -> list[dict[str, Any]]:
    """Every item of a paged answer; what there is so far when the service goes away."""
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        answer = stack.ops.get(service, path, city="harbour", limit=200, **query, **more)
        if answer.status_code != 200:
            return items
        items += answer.json()["items"]
        cursor = answer.json()["next"]
        if cursor is None:
            return items


def fired(stack: RunningStack) -> float:
    """How many clock events the running router says that it fired."""
    text = stack.http.get(stack.urls["router"] + "/metrics").text
    return next(float(li.rpartition(" ")[2]) for li in text.splitlines() if li.startswith("whistle_clock_events_total"))


def test_each_breach_happens_once_although_the_router_is_killed_while_it_fires(own_stack: RunningStack) -> None:
    rider = own_stack.rider()
    where = {"lon": 4.32, "lat": 52.12, "crs": "wgs84"}
    for _ in range(CASES // 500):
        items = [
            {"kind": "hazard", "description": "a lamp is dark", "location": where, "idempotency_key": uuid.uuid4().hex}
            for _ in range(500)
        ]
        answer = rider.post_to("intake", "/v1/reports:batch", items)
        assert {item["status"] for item in answer.json()["items"]} == {202}
    queue = "/v1/queues/quayside/cases"
    until(lambda: len(pages(own_stack, "router", queue)) == CASES, within=60, what="all cases")
    own_stack.ops.post_to("notifier", "/v1/dev/clock", {"forward": "PT2H"})
    until(lambda: fired(own_stack) > 0, what="the first clocks fired")
    killed = own_stack.pid("router")
    os.kill(killed, signal.SIGKILL)
    until(lambda: own_stack.pid("router") not in (0, killed) and own_stack.ready(), within=60, what="the router back")

    def all_breached() -> list[dict[str, Any]] | None:
        rows = pages(own_stack, "router", queue)
        late = [r for r in rows if any(c["kind"] == "acknowledge" and c["state"] == "breached" for c in r["clocks"])]
        return rows if len(late) == CASES else None

    rows = until(all_breached, within=60, what="every acknowledge clock breached")
    assert {row["version"] for row in rows} == {2}, "all that was due fired in one change, and that change once"

    def told() -> Counter[tuple[str, str, str]] | None:
        alerts = [a for a in pages(own_stack, "notifier", "/v1/alerts") if a["kind"] == "breach"]
        counted = Counter((a["case"], a["because"], a["recipient"]) for a in alerts)
        return counted if len({case for case, _, _ in counted}) == CASES else None

    counted = until(told, within=60, what="an alert of each breach")
    assert max(counted.values()) == 1
    assert len({because for _, because, _ in counted}) == CASES, "one breach event a case"
