"""What the services answer to somebody of ops and audit: a story with a slow router, a parked message, deliveries."""

from datetime import datetime, timedelta
from typing import Any

TAIL = "a" * 26
REPORT, CASE = f"r{TAIL}", f"c{TAIL}"
LETTER = "whistle.router.reports:whistle.reports:3:17:1772591400000"
INTAKE, ROUTER = 8801, 8802
"""The ports by which a service is known where several have the same route."""
METRICS = """# TYPE whistle_parked_records gauge
whistle_parked_records{service="x"} 1.0
whistle_kafka_up{service="x"} 1.0
whistle_store_up{service="x"} 1.0
whistle_relay_backlog_age_seconds{service="x"} 3.0
"""


def event(id_: str, type_: str, now: datetime, after: float, **data: object) -> dict[str, Any]:
    """Stored so many seconds after the report; like a case's first event it has the report's time."""
    return {
        "id": id_,
        "type": type_,
        "subject": id_.partition(".")[0],
        "city": "harbour",
        "sequence": 1,
        "time": now.isoformat(),
        "stored_at": (now + timedelta(seconds=after)).isoformat(),
        "trace": "",
        "data": data,
    }


def letter(now: datetime) -> dict[str, Any]:
    return {
        "id": LETTER,
        "group": "whistle.router.reports",
        "topic": "whistle.reports",
        "reason": "PackUnknownError: this router does not have the pack 3f2a",
        "state": "parked",
        "parked_at": now.isoformat(),
        "headers": {"ce_id": f"{REPORT}.1.0", "ce_type": "report.submitted.v1", "ce_subject": REPORT},
        "value": '{"report":"' + REPORT + '","description":""}',
        "withheld": "words",
    }


def answers(now: datetime) -> dict[str, Any]:
    """Route, and port where it is one service's alone → answer."""
    opened, alert = f"{CASE}.1.0", "a" + "b" * 26
    case = {"unit": "quayside", "state": "queued", "version": 1}
    ready = {"status": "ready", "cities": {"harbour": "3f2a" * 16}, "behind": {}}
    behind = {"whistle.router.reports": {"records": 1200, "seconds": 90.0}}
    undelivered = {
        "id": "d" + "c" * 26, "city": "harbour", "way": "webhook", "receiver": "w1", "what": "case.opened",
        "case": CASE, "state": "pending", "attempts": 4, "made_at": now.isoformat(), "next_at": now.isoformat(),
        "last_at": now.isoformat(), "last_outcome": "refused", "last_status": 500,
    }  # fmt: skip
    entry = {
        "id": "e1", "city": "harbour", "at": now.isoformat(), "kind": "personal_data",
        "what": "POST /v1/cases/{id}/unmask", "who": "qs-desk", "role": "officer", "on": CASE, "outcome": "200",
        "address": "192.0.2.7", "trace": "00-" + "1" * 32 + "-" + "2" * 16 + "-01",
    }  # fmt: skip
    return {
        "GET /readyz": {**ready, "behind": behind},
        "GET /v1/cities": {
            "items": [{"city": "harbour", "version": "3f2a" * 16, "name": "港城", "timezone": "Asia/Shanghai"}]
        },
        f"GET /v1/reports/{REPORT}": {"case": {"id": CASE}},
        f"GET /v1/trace/{REPORT} {INTAKE}": {"items": [event(f"{REPORT}.1.0", "report.submitted.v1", now, 0)]},
        f"GET /v1/trace/{CASE} {ROUTER}": {"items": [event(opened, "case.opened.v1", now, 4.2, case=case)]},
        "GET /v1/alerts": {
            "items": [
                {
                    "id": alert, "at": (now + timedelta(seconds=4.3)).isoformat(), "title": "新工单", "kind": "new",
                    "recipient": "qs-desk", "unit": "quayside", "channel": "inbox", "channels": [], "state": "sent",
                    "because": opened,
                }
            ]
        },
        "GET /v1/deliveries": {"items": []},
        "POST /v1/reporters:find": {
            "items": [{"report": REPORT, "city": "harbour", "app": "rider-app-1", "received_at": now.isoformat()}],
            "searched": 7,
        },
        "GET /v1/dead-letters": {"items": [letter(now)]},
        f"GET /v1/dead-letters/{LETTER}": letter(now),
        f"POST /v1/dead-letters/{LETTER}/drop": letter(now),
        "GET /v1/deliveries:undelivered": {"items": [undelivered], "more": False},
        "GET /v1/webhooks": {
            "items": [{"id": "w1", "url": "https://app.example/hook", "state": "active", "app": "rider-app-1"}]
        },
        "GET /v1/security-log": {"items": [entry], "next": "older"},
    }  # fmt: skip
