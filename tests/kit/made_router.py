"""What router and intake answer to the console's pages, for one officer with some open work."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.kit import made_case, made_city, made_duty, made_operations, made_sign_in, made_wall
from tests.kit.made_links import MadeLinks

SESSION = "whk_session_" + "a" * 64
NOW = datetime(2026, 3, 4, 2, 30, tzinfo=UTC)
WALL_KEY = "whk_wall_" + "b" * 64


def row(number: int, priority: str, state: str, minutes: int | None, assignee: str | None = None) -> dict[str, Any]:
    """A case of the queue, due in so many minutes."""
    return {
        "id": f"c{number}",
        "version": 3,
        "unit": "quayside",
        "state": state,
        "priority": priority,
        "category": "water_pipe",
        "place": "建华园2号楼",
        "summary": "水管破裂，楼道积水",
        "due_at": (NOW + timedelta(minutes=minutes)).isoformat() if minutes is not None else None,
        "assignee": assignee,
    }


def refused(status: int, pointer: str = "", kind: str = "x", **headers: str) -> httpx.Response:
    """A problem document."""
    errors = [{"pointer": pointer, "detail": "x"}] if pointer else []
    return httpx.Response(status, json={"type": f"urn:whistle:problem:{kind}", "errors": errors}, headers=headers)


COMMANDS = [
    "acknowledge",
    "resolve",
    "note",
    "approve_pause",
    "refuse_pause",
    "on_site",
    "assign",
    "transfer",
    "escalate",
    "call_in",
    "consult",
    "plan",
    "pause",
    "request_extension",
    "request_info",
    "excuse_part",
    "categorize",
    "mark_sensitive",
    "recuse",
    "merge",
    "split",
    "unmask",
]
"""Open on the case to a desk officer."""
CASE: dict[str, Any] = made_case.answers(NOW, COMMANDS)["GET /v1/cases/c1"]
"""A case with something of everything that its page shows."""


ACCEPTED_REPORT = {"id": "r1", "status": "accepted", "received_at": NOW.isoformat(), "links": {}}
POINTS = [
    {"id": "c1", "lon": 120.1225, "lat": 33.7815, "priority": "danger", "clock": "running"},
    {"id": "c2", "lon": 120.1225, "lat": 33.7815, "priority": "urgent", "clock": "breached"},
    {"id": "c3", "lon": 120.132, "lat": 33.78, "priority": "normal", "clock": None},
]
"""Where the cases of the queue lie; two of them at one place."""
WALL_ENTRY = {
    "id": "00000000000000aa",
    "city": "harbour",
    "unit": "quayside",
    "name": "hall-0",
    "made_by": "qs-desk",
    "created_at": NOW.isoformat(),
    "revoked_at": None,
    "stopped": False,
}
COUNTS = {"open": 3, "overdue": 1, "by_state": {"queued": 1, "claimed": 1, "on_site": 1}, "by_priority": {"danger": 1}}


class MadeRouter:
    """Answers as the services do. ``answers``: by method and path; ``refuses``: answers in their place. ``case``,
    ``version``: how the case c1 stands; ``sent``: commands and reports that came, ``keys``: of the reports. ``queue``:
    rows of the unit's queue, ``points``: where they lie, ``ground``: of the unit; ``wall``: its screen;
    ``refused_in_bulk``: case → the problem that a bulk has with it. ``offices``: of the officer; ``links``: a login
    link of his."""

    def __init__(self, *, demonstration: bool = False, offices: tuple[str, ...] = ("ops", "auditor")) -> None:
        self._demonstration = demonstration
        self.refuses: dict[str, httpx.Response] = {}
        self.case = {**CASE}
        self.version = 7
        self.sent: list[tuple[str, Any]] = []
        self.keys: list[str] = []
        self.asked: list[str] = []
        own = row(1, "danger", "on_site", 135, "qs-desk")
        self.queue = [row(2, "urgent", "queued", -40), own, row(3, "normal", "claimed", None, "qs-walk")]
        self.points = [{**one} for one in POINTS]
        self.ground: dict[str, Any] = copy.deepcopy(made_case.GEOMETRY)
        self.wall = made_wall.wall(NOW, self._points())
        self.offices = [*offices]
        self.links = MadeLinks({"token": SESSION, "city": "harbour", "computer": ""})
        self.refused_in_bulk: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, Any] = {
            **made_duty.answers(NOW),
            **made_case.answers(NOW, COMMANDS),
            **made_operations.answers(NOW),
            **made_city.answers(demonstration=demonstration),
            **made_sign_in.answers(NOW, demonstration=demonstration),
            **self._lists(own),
            "GET /v1/me": {
                "session": "0123456789abcdef",
                "city": "harbour",
                "person": "qs-desk",
                "unit": "quayside",
                "role": "duty_officer",
                "now": NOW.isoformat(),
            },
            "GET /v1/alerts:told": {"people": ["qs-walk"]},
            "GET /v1/wall": self.wall,
            "GET /v1/walls": {"items": [WALL_ENTRY]},
        }

    def _lists(self, own: dict[str, Any]) -> dict[str, Any]:
        """Cases in lists: those of the unit, ``own`` of the officer, and those that wait for a decision or a call."""
        called_back = {**row(4, "normal", "closed", None), "closed_at": (NOW - timedelta(days=3)).isoformat()}
        return {
            "GET /v1/cases:waiting": {"items": made_case.decisions(NOW), "cut": False},
            "GET /v1/follow-up-calls": {"items": [called_back]},
            "GET /v1/queues/quayside/cases?mine=true": {"items": [own]},
            "GET /v1/queues/quayside/cases?mine=false": {"items": self.queue},
            "GET /v1/queues/quayside/cases": {"items": self.queue},
            "GET /v1/queues/quayside/counts": COUNTS,
            "GET /v1/units/quayside/geometry": self.ground,
            "POST /v1/cases:find": {"items": self.queue[:1]},
        }

    def spoil(self, spoilt: Callable[[Any], Any]) -> None:
        """Every answer from now on as ``spoilt`` makes it."""
        self.answers, self.queue = spoilt(self.answers), spoilt(self.queue)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = f"{request.method} {request.url.path}"
        self.asked.append(asked)
        if asked in self.refuses:
            return self.refuses[asked]
        for about in (self.links.answer, self._opened, self._of_case, self._of_reporting, self._written):
            if (answer := about(asked, request)) is not None:
                return answer
        return self._looked_up(asked, request)

    def _opened(self, asked: str, _: httpx.Request) -> httpx.Response | None:
        return made_sign_in.opened(asked, SESSION, demonstration=self._demonstration)

    def _of_case(self, asked: str, request: httpx.Request) -> httpx.Response | None:
        """The case c1, and what officers do with cases."""
        if asked.startswith("POST /v1/cases/c1/"):
            self._note(request)
        if asked == "GET /v1/cases/c1" or asked.startswith("POST /v1/cases/c1/"):
            return httpx.Response(200, json=self.case, headers={"etag": f'"{self.version}"'})
        if asked == "POST /v1/cases:bulk":
            return httpx.Response(200, json=self._bulk(request))
        return None

    def _of_reporting(self, asked: str, request: httpx.Request) -> httpx.Response | None:
        """Intake's: photos, and reports that officers enter."""
        if asked == "POST /v1/photos":
            return httpx.Response(201, json={"id": "f9"})
        if asked.startswith("GET /v1/photos/"):
            return httpx.Response(200, content=made_case.picture(int(asked[-1])))
        if asked == "POST /v1/reports":
            self.sent.append(("report", json.loads(request.content)))
            self.keys.append(request.headers["idempotency-key"])
            return httpx.Response(202, json=ACCEPTED_REPORT)
        return None

    def _written(self, asked: str, request: httpx.Request) -> httpx.Response | None:
        """What is written beside cases. It is noted in ``sent``; a wall that is made is answered here."""
        told = ("POST /v1/silences", "POST /v1/rota/swaps", "POST /v1/rota/leave", "PUT /v1/me/alert-rules")
        if asked in told or asked.startswith("POST /v1/dead-letters/"):
            self._note(request)
        if asked == "POST /v1/walls:revoke":
            self.sent.append(("revoked", json.loads(request.content)))
        if asked == "POST /v1/walls":
            made = json.loads(request.content)
            return httpx.Response(201, json={**made, "city": "harbour", "key": WALL_KEY})
        return None

    def _looked_up(self, asked: str, request: httpx.Request) -> httpx.Response:
        """What ``answers`` has, by the parameters that matter there; an empty object for what it does not have."""
        if asked == "GET /metrics":
            return httpx.Response(200, text=made_operations.METRICS)
        if asked == "GET /v1/security-log:export":
            return httpx.Response(200, text="\ufeffid,city\r\n", headers={"content-type": "text/csv; charset=utf-8"})
        if asked == "GET /v1/me":
            return httpx.Response(200, json={**self.answers[asked], "offices": self.offices})
        if asked == "GET /v1/walls":
            return httpx.Response(200, json=self._walls(request))
        if asked == "GET /v1/names":
            return httpx.Response(200, json=self._names(request))
        if asked == "GET /v1/queues/quayside/points":
            return httpx.Response(200, json={"items": self._points(), "without": 1, "cut": False})
        if "mine" in request.url.params:
            asked += f"?mine={request.url.params['mine']}"
        if asked == "GET /v1/alerts" and request.url.params.get("state") == "test":
            asked += "?state=test"
        elif asked == "GET /v1/alerts" and request.url.params.get("case") != made_operations.CASE:
            return httpx.Response(200, json={"items": []})
        of_service = self.answers.get(f"{asked} {request.url.port}")
        return httpx.Response(200, json=self.answers.get(asked, {}) if of_service is None else of_service)

    def _note(self, request: httpx.Request) -> None:
        """The last part of the path, and the body."""
        self.sent.append((request.url.path.rpartition("/")[2], json.loads(request.content)))

    def _walls(self, request: httpx.Request) -> dict[str, Any]:
        """A page of the living keys of screens, or of the revoked ones; a cursor is a number."""
        asked, living = request.url.params, request.url.params["living"] == "true"
        found = [one for one in self.answers["GET /v1/walls"]["items"] if (one["revoked_at"] is None) == living]
        start, limit = int(asked.get("cursor", 0)), int(asked["limit"])
        more = start + limit < len(found)
        return {"items": found[start : start + limit], "next": str(start + limit) if more else None}

    def _names(self, request: httpx.Request) -> dict[str, Any]:
        """Of those that were asked for, and no others."""
        known: dict[str, Any] = dict(self.answers["GET /v1/names"])
        for kind in ("people", "units", "reasons"):
            asked = request.url.params.get(kind, "").split(",")
            known[kind] = {id_: name for id_, name in known[kind].items() if id_ in asked}
        return known

    def _points(self) -> list[dict[str, Any]]:
        rows = {row["id"]: row for row in self.queue}
        of_row = ("state", "category", "due_at", "version")
        return [{**point, **{name: rows[point["id"]][name] for name in of_row}} for point in self.points]

    def _bulk(self, request: httpx.Request) -> dict[str, Any]:
        cases = [one["id"] for one in json.loads(request.content)["cases"]]
        wrong = self.refused_in_bulk
        refused = [{"id": id_, "status": 409, "problem": wrong[id_]} for id_ in cases if id_ in wrong]
        return {"items": [*({"id": id_, "status": 200} for id_ in cases if id_ not in wrong), *refused]}
