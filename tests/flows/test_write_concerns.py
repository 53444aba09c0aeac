"""The server's own count of what writes ask for: a majority, but for the one whose loss only repeats work."""

from typing import Any

from pymongo import MongoClient

from tests.kit.places import QUAY
from tests.kit.stack import RunningStack, until

REPORTS = 20
Counts = dict[str, dict[str, int]]


def counted(stack: RunningStack) -> Counts:
    """Kind of write → what it asked for → how many there were since the server started."""
    with MongoClient[dict[str, Any]](stack.dev["mongo"]) as client:
        told = client.admin.command("serverStatus")["opWriteConcernCounters"]
    return {kind: _by_concern(counters) for kind, counters in told.items()}


def _by_concern(told: dict[str, Any]) -> dict[str, int]:
    numbers = {f"w:{number}": count for number, count in told.get("wnum", {}).items()}
    return {"majority": told["wmajority"], "nothing": told["none"], **numbers}


def more(before: Counts, after: Counts, kind: str) -> dict[str, int]:
    """What was asked for by writes of a kind in between; only what there was."""
    asked = {name: count - before[kind].get(name, 0) for name, count in after[kind].items()}
    return {name: count for name, count in asked.items() if count}


def test_every_write_asks_for_a_majority_but_the_clearing_of_what_left(stack: RunningStack) -> None:
    rider, desk = stack.rider(), stack.person("qs-desk")
    before = counted(stack)
    reports = [rider.report("a lamp is dark", QUAY).json()["id"] for _ in range(REPORTS)]
    cases = [stack.case_of(report, rider)["case"]["id"] for report in reports]
    assert desk.command(cases[0], "acknowledge").status_code == 200
    until(lambda: "w:1" in more(before, counted(stack), "update"), what="the relay's clearing of what the command told")
    after = counted(stack)
    assert more(before, after, "insert").keys() == {"majority"}
    assert more(before, after, "insert")["majority"] >= 2 * REPORTS, "reports and cases"
    assert more(before, after, "update").keys() == {"majority", "w:1"}
    assert more(before, after, "delete").keys() <= {"majority"}
