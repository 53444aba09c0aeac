"""What router and intake answer to the console's pages, for one officer with some open work."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.kit import made_case, made_duty, made_operations, made_wall
from tests.kit.made_links import MadeLinks

SESSION = "whk_session_" + "a" * 64
NOW = datetime(2026, 3, 4, 2, 30, tzinfo=UTC)
WALL_KEY = "whk_wall_" + "b" * 64
OFFER = {
    "city": "harbour",
    "person": "qs-desk",
    "name": "Desk <one>",
    "unit_name": "Quayside",
}
SECRET = "JBSWY3DPEHPK3PXP"
ACCEPTED = {
    "city": "harbour",
    "person": "qs-desk",
    "totp_uri": f"otpauth://totp/Whistle:harbour%2Fqs-desk?secret={SECRET}&issuer=Whistle",
}
COMPUTER = "whk_computer_" + "c" * 64
SSO = {
    "asked": "whk_sso_" + "d" * 64,
    "state": "0123456789abcdef" * 2,
    "url": "https://idp.example/auth?client_id=whistle&state=" + "0123456789abcdef" * 2,
}
"""What beginning to sign in at the organisation answers."""


QUAYSIDE = {"name": "交通路社区", "name_en": "Quayside"}

PEOPLE_HERE = [
    {"city": "harbour", "person": "qs-desk", "name": "张三", "name_en": "Zhang San", "unit_name": "交通路社区"},
    {"city": "harbour", "person": "qs-walk", "name": "李四", "name_en": "Li Si", "unit_name": "交通路社区"},
]
"""Whose PINs are taken at the computer."""
PEOPLE_OF_PACKS = [{**one, "role": "duty_officer", "offices": []} for one in PEOPLE_HERE]
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0 Safari/537.36"
MY_SESSIONS = [
    {
        "id": id_,
        "device": device,
        "opened_at": (NOW - timedelta(hours=hours)).isoformat(),
        "seen_at": (NOW - timedelta(minutes=hours)).isoformat(),
        "current": hours == 1,
        "by": by,
    }
    for id_, device, hours, by in (
        ("0123456789abcdef", WINDOWS, 1, "password"),
        ("fedcba9876543210", "Mozilla/5.0 (Linux; Android 10) AppleWebKit MicroMessenger/8.0", 20, "pin"),
        ("00112233445566aa", "x" * 200, 50, "link"),
    )
]


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


QUESTIONS = {"type": "object", "properties": {"flow": {"title": "水有多大"}, "cut": {"title": "总阀已关"}}}
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
            "GET /v1/me": {
                "session": "0123456789abcdef",
                "city": "harbour",
                "person": "qs-desk",
                "unit": "quayside",
                "role": "duty_officer",
                "now": NOW.isoformat(),
            },
            "GET /v1/names": {
                "timezone": "Asia/Shanghai",
                "people": {
                    "qs-desk": {"name": "张三", "name_en": "Zhang San", "unit": QUAYSIDE, "role": "duty_officer"},
                    "qs-night": {"name": "王五", "name_en": "Wang Wu", "unit": QUAYSIDE, "role": "duty_officer"},
                    "qs-walk": {"name": "李四", "name_en": "Li Si", "unit": QUAYSIDE, "role": "grid_member"},
                },
                "units": {
                    "quayside": QUAYSIDE,
                    "county": {"name": "射阳县", "name_en": "Sheyang county"},
                    "grid-1": {"name": "交通路第一网格", "name_en": "Quayside grid one"},
                    "works": {"name": "住房和城乡建设局", "name_en": "Department of works"},
                },
                "reasons": {"weather": {"name": "恶劣天气", "name_en": "Bad weather"}},
            },
            "GET /v1/units/quayside": {"id": "quayside", "path": ["county", "quayside"], **QUAYSIDE},
            "GET /v1/alerts:told": {"people": ["qs-walk"]},
            "GET /v1/categories": {
                "items": [
                    {
                        "code": "water_pipe",
                        "name": "供水管网",
                        "name_en": "Water pipe",
                        "after_photo": "required",
                        "questions": QUESTIONS,
                    },
                    {"code": "street_light", "name": "路灯", "name_en": "Street light"},
                ],
                "notice": "演示系统" if demonstration else None,
            },
            "GET /v1/cases:waiting": {"items": made_case.decisions(NOW), "cut": False},
            "GET /v1/follow-up-calls": {
                "items": [{**row(4, "normal", "closed", None), "closed_at": (NOW - timedelta(days=3)).isoformat()}]
            },
            "GET /v1/queues/quayside/cases?mine=true": {"items": [own]},
            "GET /v1/queues/quayside/cases?mine=false": {"items": self.queue},
            "GET /v1/queues/quayside/cases": {"items": self.queue},
            "GET /v1/queues/quayside/counts": COUNTS,
            "GET /v1/units/quayside/geometry": self.ground,
            "GET /v1/wall": self.wall,
            "GET /v1/walls": {"items": [WALL_ENTRY]},
            "POST /v1/cases:find": {"items": self.queue[:1]},
            "GET /v1/sign-in": {"demonstration": demonstration, "sso": False},
            "GET /v1/sign-in/sso": {"url": "https://idp.example/end?client_id=whistle"},
            "POST /v1/sessions:here": {"locks_after": 1800},
            "POST /v1/sessions:people-here": {"items": PEOPLE_HERE},
            "GET /v1/sessions": {"items": MY_SESSIONS},
            "GET /v1/dev/people": {"items": PEOPLE_OF_PACKS},
        }

    def spoil(self, spoilt: Callable[[Any], Any]) -> None:
        """Every answer from now on as ``spoilt`` makes it."""
        self.answers, self.queue = spoilt(self.answers), spoilt(self.queue)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = f"{request.method} {request.url.path}"
        self.asked.append(asked)
        if asked in self.refuses:
            return self.refuses[asked]
        if (of_link := self.links.answer(asked, request)) is not None:
            return of_link
        if asked in ("POST /v1/sessions", "POST /v1/sessions:pin", "POST /v1/sessions:sso", "POST /v1/dev/sessions"):
            return httpx.Response(201, json={"token": SESSION, "city": "harbour", "computer": COMPUTER})
        if asked == "POST /v1/sign-in/sso":
            return httpx.Response(201, json=SSO)
        if asked in ("POST /v1/sessions:set-pin", "POST /v1/sessions:set-password"):
            return httpx.Response(204)
        if asked.endswith(":accept"):
            return httpx.Response(200, json=ACCEPTED)
        if asked.startswith("GET /v1/invitations/"):
            return httpx.Response(200, json={**OFFER, "demonstration": self._demonstration})
        if asked.startswith("POST /v1/cases/c1/"):
            self.sent.append((request.url.path.rpartition("/")[2], json.loads(request.content)))
        if asked == "GET /v1/cases/c1" or asked.startswith("POST /v1/cases/c1/"):
            return httpx.Response(200, json=self.case, headers={"etag": f'"{self.version}"'})
        if asked == "POST /v1/photos":
            return httpx.Response(201, json={"id": "f9"})
        if asked.startswith("GET /v1/photos/"):
            return httpx.Response(200, content=made_case.picture(int(asked[-1])))
        if asked == "POST /v1/reports":
            self.sent.append(("report", json.loads(request.content)))
            self.keys.append(request.headers["idempotency-key"])
            return httpx.Response(202, json=ACCEPTED_REPORT)
        if asked == "GET /metrics":
            return httpx.Response(200, text=made_operations.METRICS)
        if asked == "GET /v1/security-log:export":
            return httpx.Response(200, text="\ufeffid,city\r\n", headers={"content-type": "text/csv; charset=utf-8"})
        told = ("POST /v1/silences", "POST /v1/rota/swaps", "POST /v1/rota/leave", "PUT /v1/me/alert-rules")
        if asked in told or asked.startswith("POST /v1/dead-letters/"):
            self.sent.append((request.url.path.rpartition("/")[2], json.loads(request.content)))
        if asked == "POST /v1/cases:bulk":
            return httpx.Response(200, json=self._bulk(request))
        if asked == "GET /v1/me":
            return httpx.Response(200, json={**self.answers[asked], "offices": self.offices})
        if asked == "POST /v1/walls":
            made = json.loads(request.content)
            return httpx.Response(201, json={**made, "city": "harbour", "key": WALL_KEY})
        if asked == "GET /v1/walls":
            return httpx.Response(200, json=self._walls(request))
        if asked == "POST /v1/walls:revoke":
            self.sent.append(("revoked", json.loads(request.content)))
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

    def _walls(self, request: httpx.Request) -> dict[str, Any]:
        """A page of the living keys of screens, or of the revoked ones; a cursor is a number."""
        asked, living = request.url.params, request.url.params["living"] == "true"
        found = [one for one in self.answers["GET /v1/walls"]["items"] if (one["revoked_at"] is None) == living]
        start, limit = int(asked.get("cursor", 0)), int(asked["limit"])
        more = start + limit < len(found)
        return {"items": found[start : start + limit], "next": str(start + limit) if more else None}

    def _points(self) -> list[dict[str, Any]]:
        rows = {row["id"]: row for row in self.queue}
        of_row = ("state", "category", "due_at", "version")
        return [{**point, **{name: rows[point["id"]][name] for name in of_row}} for point in self.points]

    def _bulk(self, request: httpx.Request) -> dict[str, Any]:
        cases = [one["id"] for one in json.loads(request.content)["cases"]]
        wrong = self.refused_in_bulk
        refused = [{"id": id_, "status": 409, "problem": wrong[id_]} for id_ in cases if id_ in wrong]
        return {"items": [*({"id": id_, "status": 200} for id_ in cases if id_ not in wrong), *refused]}
