"""Promise: at three in the morning the commands say what is wrong, and who delayed what; nothing but the faults is."""

import asyncio
import json
import os
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.local.running import read_metrics
from deploy.main import build
from shared.operations.undone import OUTBOX_LATE
from tests.kit.cases_on_stack import alert_of, desk, done, opened, walker
from tests.kit.command_line import CLI, whistle
from tests.kit.dead_letters import parked, publish
from tests.kit.stack import HARBOUR, RunningStack, running_stack, until
from tests.kit.webhook_receiver import receiver

STOOD_STILL = 10.0
"""Seconds; less than a consumer may be away from its group, so that the router goes on where it was."""

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with running_stack(tmp_path_factory.mktemp("operations"), [HARBOUR]) as running:
        yield running


@contextmanager
def frozen(process: int) -> Iterator[None]:
    """The process is there and does nothing until the block ends."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def wrong(stack: RunningStack) -> dict[str, str]:
    """What ``whistle doctor`` complains of, with what it has seen and what it says is to be done."""
    told = CLI.invoke(build(), ["doctor", "--json", "--data", str(stack.data), "--port-base", str(stack.port_base)])
    findings = json.loads(told.stdout)
    complaints = {one["check"]: f"{one['seen']} {one['do']}" for one in findings if not one["ok"]}
    assert told.exit_code == (1 if complaints else 0), told.output
    return complaints


def counted(stack: RunningStack, service: str, metric: str) -> float:
    return (read_metrics(stack.urls[service]) or {}).get(metric, 0.0)


def test_a_delay_of_a_router_that_stood_still_is_the_routers_in_the_trace(own_stack: RunningStack) -> None:
    stack, rider = own_stack, own_stack.rider()
    with frozen(stack.pid("router")):
        began = time.monotonic()
        report = rider.report("the lamp on the quay is dark", {"lon": 4.32, "lat": 52.12, "crs": "wgs84"}).json()["id"]
        until(lambda: time.monotonic() > began + STOOD_STILL, what="the standstill")
    case = stack.case_of(report, rider)["case"]["id"]
    alert_of(stack, walker(stack), case)
    items = json.loads(whistle(stack, "trace", case, "--json"))["items"]
    took = {service: [one["took"] or 0 for one in items if one["service"] == service] for service in stack.services}
    assert max(took["router"]) >= STOOD_STILL * 0.9
    assert max(took["notifier"]) < STOOD_STILL / 2, "the alerts waited for the router, not for the notifier"
    assert max(took["intake"]) < STOOD_STILL / 2
    opening = next(one for one in items if one["id"] == f"{case}.1.0")
    assert opening["took"] == max(took["router"])
    late = datetime.fromisoformat(opening["at"]) - datetime.fromisoformat(items[0]["at"])
    assert late >= timedelta(seconds=STOOD_STILL * 0.9), "it stands at the time at which it came about"


def test_the_doctor_finds_nothing_undone_where_nothing_is(own_stack: RunningStack) -> None:
    until(lambda: own_stack.ready(), within=60, what="the stack ready")
    ours = {"intake", "router", "notifier", "console"}
    assert not [check for check in wrong(own_stack) if check.split(" ")[0] in ours]


def test_the_doctor_names_a_parked_message_and_what_to_do(own_stack: RunningStack) -> None:
    mark = uuid.uuid4().hex
    asyncio.run(publish(own_stack, (b"no event", {"mark": mark})))
    id_ = until(lambda: parked(own_stack.ops, mark), what="a parked message")["id"]
    until(lambda: counted(own_stack, "router", "whistle_parked_records"), within=60, what="it is counted")
    complaint = wrong(own_stack)["router parked"]
    assert complaint.startswith("1 message could not be handled") and "whistle dead list" in complaint
    whistle(own_stack, "dead", "drop", id_)
    until(lambda: not counted(own_stack, "router", "whistle_parked_records"), within=60, what="it is dealt with")
    assert "router parked" not in wrong(own_stack)


def test_the_doctor_names_a_receiver_that_keeps_failing(own_stack: RunningStack) -> None:
    with receiver(*[500] * 1000) as hook:
        asked = {"url": hook.url, "types": ["case.opened"]}
        made = own_stack.rider().post_to("notifier", "/v1/webhooks", asked)
        assert made.status_code == 201, made.text
        for _ in range(6):
            opened(own_stack)
        # It is tried again every few seconds, and is not left alone at that moment.
        complaint = until(lambda: wrong(own_stack).get("notifier webhooks"), within=180, what="the complaint")
    assert complaint.startswith("1 webhook of an app keeps failing") and "webhook.failed" in complaint


def test_the_doctor_names_clocks_that_do_not_fire(own_stack: RunningStack) -> None:
    """MongoDB takes no writes: everything answers, and no clock fires."""
    stack = own_stack
    _, case = opened(stack)
    shown = stack.ops.get("router", f"/v1/cases/{case}", city="harbour").json()
    due = min(datetime.fromisoformat(clock["due_at"]) for clock in shown["clocks"])
    stack.forward_to(due - timedelta(minutes=1))
    with MongoClient[dict[str, Any]](stack.dev["mongo"]) as client:
        stack.forward_to(due - timedelta(seconds=5))
        client.admin.command({"fsync": 1, "lock": True})
        try:
            until(lambda: counted(stack, "router", "whistle_due_cases"), within=60, what="a due case")
            complaint = wrong(stack)["router clocks"]
        finally:
            client.admin.command("fsyncUnlock")
    assert "no clock fires" in complaint and "log of router" in complaint
    until(lambda: not counted(stack, "router", "whistle_due_cases"), within=90, what="every clock has fired")
    assert "router clocks" not in wrong(stack)


def test_the_doctor_names_events_that_wait_to_leave(own_stack: RunningStack) -> None:
    """Kafka does not answer: the claim is stored and answered, and its event waits."""
    stack = own_stack
    until(lambda: stack.ready(), within=60, what="the stack ready")
    _, case = opened(stack)
    with frozen(stack.pid("kafka")):
        done(desk(stack).command(case, "claim"), "claimed")
        age = "whistle_relay_backlog_age_seconds"
        until(lambda: counted(stack, "router", age) > OUTBOX_LATE, within=150, what="an old outbox")
        complaints = wrong(stack)
    assert "events" in complaints["router outbox"] and "log of router" in complaints["router outbox"]
    until(lambda: not counted(stack, "router", age), within=120, what="the events have left")
    assert "router outbox" not in wrong(stack)
