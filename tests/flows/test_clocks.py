"""Promises about time: clocks warn, breach once, climb; restarts and repeats change nothing. On a stack of its own."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.cases_on_stack import clock, done, history
from tests.kit.places import MILL, QUAY
from tests.kit.stack import HARBOUR, RunningStack, running_stack, until

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with running_stack(tmp_path_factory.mktemp("clocks"), [HARBOUR]) as running:
        yield running


def test_a_neglected_case_warns_breaches_and_climbs_and_the_breach_stays(own_stack: RunningStack) -> None:
    rider = own_stack.rider()
    report = rider.report("a burst pipe at the mill", MILL, category="flooding").json()["id"]
    case = own_stack.case_of(report, rider)["case"]["id"]
    own_stack.forward("PT4M10S")
    until(lambda: "clock.warned" in [e["what"] for e in history(own_stack, case)], what="the warning")
    own_stack.forward("PT1M")
    until(lambda: "clock.breached" in [e["what"] for e in history(own_stack, case)], what="the breach")
    own_stack.forward("PT5M")
    town = own_stack.person("oh-desk")
    until(
        lambda: case in [row["id"] for row in town.queue("oosterhaven")],
        what="the case in the town's queue",
    )
    told = [(e["what"], e.get("clock"), e.get("due_at")) for e in history(own_stack, case) if "clock" in e]
    assert len(told) == len(set(told)) or _rungs_only(told), told
    alerts = until(
        lambda: [a for a in town.get("notifier", "/v1/alerts", case=case).json()["items"] if a["kind"] == "moved"],
        what="the town's alert",
    )
    assert len(alerts) == 1
    claimed = done(town.command(case, "claim"), "claimed")
    late = clock(claimed, "acknowledge")
    assert late["state"] == "breached", "a breach is never erased"
    assert late["met_at"]


def _rungs_only(told: list[tuple[str, Any, Any]]) -> bool:
    """Only ladder steps may repeat a clock's moment: each is another rung."""
    others = [entry for entry in told if entry[0] != "case.escalated"]
    return len(others) == len(set(others))


def test_after_a_long_stillness_every_missed_moment_fires_once_and_in_order(own_stack: RunningStack) -> None:
    rider = own_stack.rider()
    report = rider.report("the lamp on the quay is dark", QUAY).json()["id"]
    case = own_stack.case_of(report, rider)["case"]["id"]
    own_stack.forward("PT10H")
    until(
        lambda: [e for e in history(own_stack, case) if e["what"] == "clock.breached" and e["clock"] == "resolve"],
        what="the last breach",
    )
    fired = [(e["what"], e["clock"]) for e in history(own_stack, case) if "clock" in e]
    assert fired[:2] == [("clock.warned", "acknowledge"), ("clock.breached", "acknowledge")]
    assert fired.count(("clock.breached", "acknowledge")) == 1
    assert fired.count(("clock.breached", "resolve")) == 1
    own_stack.forward("PT1S")
    assert [(e["what"], e["clock"]) for e in history(own_stack, case) if "clock" in e][: len(fired)] == fired


def test_a_moved_clock_and_all_data_outlive_a_restart_of_a_service(own_stack: RunningStack) -> None:
    before = own_stack.ops.get("router", "/v1/me").json()["now"]
    pid = own_stack.pid("router")
    os.kill(pid, signal.SIGKILL)
    until(lambda: own_stack.pid("router") not in (0, pid) and own_stack.ready(), within=60, what="the router back")
    assert own_stack.ops.get("router", "/v1/me").json()["now"] >= before


def test_a_dead_router_still_breaches_on_time_and_the_case_opens_late_with_the_breach(own_stack: RunningStack) -> None:
    rider, pid = own_stack.rider(), own_stack.pid("router")
    os.kill(pid, signal.SIGSTOP)
    try:
        report = rider.report("a burst pipe on the quay", QUAY).json()["id"]
        moved = own_stack.ops.post_to("intake", "/v1/dev/clock", {"forward": "PT2H"})
        assert moved.status_code == 200
        step = until(
            lambda: [
                s
                for s in rider.get("intake", f"/v1/reports/{report}").json()["steps"]
                if s["what"] == "report.unrouted"
            ],
            what="the breach on the report",
        )
        assert len(step) == 1
        alerts = until(
            lambda: own_stack.ops.get("notifier", "/v1/alerts", case="c" + report[1:]).json()["items"],
            what="the desk of the root told",
        )
        assert {a["kind"] for a in alerts} == {"unrouted"}
    finally:
        os.kill(pid, signal.SIGCONT)
    seen = own_stack.case_of(report, rider, within=60)
    until(
        lambda: (
            next(
                c
                for c in rider.get("intake", f"/v1/reports/{report}").json()["case"]["clocks"]
                if c["kind"] == "acknowledge"
            )["state"]
            == "breached"
        ),
        what="the acknowledge clock breached",
    )
    assert seen["case"]["clocks"][0]["started_at"] == seen["received_at"], "clocks run from arrival, not from routing"
