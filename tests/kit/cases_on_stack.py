"""Cases on a running stack: opened by a rider's report, and worked on by the people of the harbour's quayside."""

from datetime import datetime
from typing import Any

from tests.kit.places import QUAY
from tests.kit.stack import Person, RunningStack, until


def opened(stack: RunningStack, words: str = "the lamp on the quay is dark") -> tuple[str, str]:
    """A fresh report and its case."""
    rider = stack.rider()
    report = rider.report(words, QUAY).json()["id"]
    return report, stack.case_of(report, rider)["case"]["id"]


def done(answer: Any, state: str) -> dict[str, Any]:
    """The case as a command's answer shows it, which was 200 and leaves it in ``state``."""
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["state"] == state
    return found


def clock(case: dict[str, Any], kind: str) -> dict[str, Any]:
    """The case's first clock of that kind."""
    found: dict[str, Any] = next(c for c in case["clocks"] if c["kind"] == kind)
    return found


def desk(stack: RunningStack) -> Person:
    """Who signs at the quayside by day."""
    return stack.person("qs-desk")


def walker(stack: RunningStack) -> Person:
    """Who goes to the places of the quayside."""
    return stack.person("qs-walk")


def history(stack: RunningStack, case: str) -> list[dict[str, Any]]:
    """The entries of a case's history, oldest first."""
    found: list[dict[str, Any]] = stack.ops.get("router", f"/v1/cases/{case}/history", city="harbour").json()["items"]
    return found


def alert_of(stack: RunningStack, person: Person, case: str) -> dict[str, object]:
    """The newest alert of ``person`` about the case, once there is one."""

    def look() -> dict[str, object] | None:
        items = person.get("notifier", "/v1/alerts", case=case).json()["items"]
        return items[0] if items else None

    return until(look, what=f"an alert of {person.id}")


def on_post_a(stack: RunningStack, case: str) -> Person:
    """Who got the alert of post A: whoever is on duty at this hour, or where nobody is, the town's desk."""

    def look() -> Person | None:
        items = stack.ops.get("notifier", "/v1/alerts", case=case, city="harbour").json()["items"]
        for item in items:
            person = stack.person(item["recipient"])
            if person.post == "A":
                return person
        return None

    found = until(look, what="an alert on post A")
    opened_at = stack.ops.get("router", f"/v1/cases/{case}", city="harbour").json()["opened_at"]
    on_duty = stack.on_duty("quayside", at=datetime.fromisoformat(opened_at)) or [stack.person("oh-desk")]
    assert found.id in [person.id for person in on_duty]
    return found
