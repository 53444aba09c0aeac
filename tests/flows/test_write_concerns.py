"""The server's own count of what writes ask for: a majority, but for the two whose loss only repeats work."""

from typing import Any

from pymongo import MongoClient

from tests.stack import RunningStack, until

QUAY = {"lon": 4.32, "lat": 52.12, "crs": "wgs84"}
REPORTS = 20


def counted(stack: RunningStack) -> dict[str, dict[str, int]]:
    """Kind of write → write concern → how many were asked for with it since the server started."""
    with MongoClient[dict[str, Any]](stack.dev["mongo"]) as client:
        told = client.admin.command("serverStatus")["opWriteConcernCounters"]
    return {kind: _by_concern(counters) for kind, counters in told.items()}


def _by_concern(counters: dict[str, Any]) -> dict[str, int]:
    tags = {f"w:{number}": count for number, count in counters.get("wnum", {}).items()}
    unsaid = counters.get("noneInfo", {}).get("implicitDefault", {})
    return {"w:majority": counters["wmajority"], "none": counters["none"], **tags, **{f"no {k}": v for k, v in unsaid.items()}}


def test_every_write_asks_for_a_majority_but_clearing_what_left_and_the_pieces_of_photos(stack: RunningStack) -> None:
    before = counted(stack)
    rider, desk = stack.rider(), stack.person("qs-desk")
    reports = [rider.report("a lamp is dark", QUAY).json()["id"] for _ in range(REPORTS)]
    cases = [stack.case_of(report, rider)["case"]["id"] for report in reports]
    assert desk.command(cases[0], "acknowledge").status_code == 200

    def cleared() -> int:
        return counted(stack)["update"].get("w:1", 0) - before["update"].get("w:1", 0)

    until(lambda: cleared() > 0, what="the relay's clearing of what the command told")
    after = counted(stack)
    print(before, after)
    assert after["insert"]["w:majority"] - before["insert"]["w:majority"] >= REPORTS
