"""What the services answer to the rider's page: a city, sessions, and reports that arrive and are counted."""

from typing import Any

import httpx
import msgspec

from shared.kernel.ids import plain_id
from tests.kit.made_router import NOW, MadeRouter

RIDER = "whk_rider_" + "b" * 64
APP_KEY = "whk_rider_app_" + "a" * 64
LINK = "whk_riderlink_" + "c" * 64
FIRE = {
    "code": "fire",
    "name": "火情",
    "name_en": "Fire",
    "priority": "danger",
    "advice": "不要回头取车取货，往上风方向撤离。",
    "advice_en": "Do not go back for anything.",
    "emergency": "有人受伤或着火，请先拨打119 / 120 / 110，再上报。",
    "emergency_en": "Fire or somebody hurt? Call 119, 120 or 110 first, then report.",
}
CATEGORIES: dict[str, Any] = {
    "items": [
        FIRE,
        {
            "code": "water_pipe",
            "name": "供水管网",
            "name_en": "Water pipe",
            "priority": "urgent",
            "questions": {
                "type": "object",
                "properties": {
                    "flow": {"title": "水有多大", "enum": ["滴水", "流水", "喷水"]},
                    "floors": {"title": "影响几层", "type": "integer", "minimum": 1},
                    "road": {"title": "是否影响通行", "type": "boolean"},
                },
                "required": ["flow"],
            },
        },
        {
            "code": "lawsuit",
            "name": "涉法涉诉",
            "name_en": "Lawsuits",
            "priority": "normal",
            "elsewhere": "court",
        },
        {"code": "street_light", "name": "路灯", "name_en": "Street light", "priority": "normal"},
        {"code": "hallway_clutter", "name": "楼道杂物", "name_en": "Clutter in a hallway", "priority": "normal"},
        {"code": "manhole", "name": "井盖", "name_en": "Manhole", "priority": "urgent"},
        {"code": "other", "name": "其他", "name_en": "Something else", "priority": "normal"},
    ],
    "pack_version": "v1",
    "city": {
        "name": "花园县",
        "name_en": "Gardens",
        "unit": "花园县社会治理指挥中心",
        "unit_en": "Gardens command centre",
        "contact": "花园县社会治理指挥中心，0500-1234567",
        "retention": {"reports": "P3Y", "photos": "P1Y", "personal": "P180D"},
        "timezone": "Asia/Shanghai",
        "now": NOW.isoformat(),
    },
    "elsewhere": [
        {
            "id": "court",
            "name": "人民法院",
            "text": "诉讼、判决和执行的事项请向人民法院反映，可拨打12368。",
            "text_en": "Lawsuits are for the court; call 12368.",
        }
    ],
    "notice": None,
}
AROUND: dict[str, Any] = {
    "near": "花园里以北约60米",
    "near_en": "about 60 m north of Garden Court",
    "places": [
        {"name": "花园里3号楼", "name_en": "Garden Court 3", "lon": 120.2501, "lat": 33.7599},
        {"name": "花园里", "name_en": "Garden Court", "lon": 120.25, "lat": 33.7595},
        {"name": "西门小学", "name_en": "West Gate School", "lon": 120.2489, "lat": 33.7604},
    ],
}
"""Around the made-up point 120.25, 33.76."""
REPORT: dict[str, Any] = {
    "id": "r1",
    "status": "claimed",
    "status_text": "已接单",
    "received_at": "2026-03-04T01:30:00Z",
    "kind": "hazard",
    "channel": "app",
    "description": "3号楼水管破裂，楼道积水",
    "photos": [],
    "steps": [
        {"at": "2026-03-04T01:30:00Z", "what": "report.received", "text": "已收到您的上报"},
        {"at": "2026-03-04T01:31:00Z", "what": "case.opened", "text": "已派给【交通路社区】"},
        {"at": "2026-03-04T01:40:00Z", "what": "case.claimed", "text": "【交通路社区】已接单"},
    ],
    "unit": {"id": "quayside", "name": "交通路社区"},
    "case": {
        "id": "c1",
        "state": "claimed",
        "category": "water_pipe",
        "clocks": [
            {
                "kind": "acknowledge",
                "due_at": "2026-03-04T01:40:00Z",
                "state": "met",
                "met_at": "2026-03-04T01:33:00Z",
            },
            {"kind": "resolve", "due_at": "2026-03-04T11:15:00Z", "state": "running"},
        ],
    },
    "message": "【交通路社区】已接单，今天19:15前处置完成。",
}


class MadeRiders:
    """Beside the officers' answers. ``reports``: bodies that arrived, by key; ``photos``: by key; ``drop_answers``: so
    many requests are carried out and their answers are lost."""

    def __init__(self, router: MadeRouter) -> None:
        self._router = router
        self.reports: dict[str, Any] = {}
        self.photos: dict[str, bytes] = {}
        self.refs: list[str] = []
        self.said: list[tuple[str, Any]] = []
        self.report: dict[str, Any] = REPORT
        self.categories: dict[str, Any] = CATEGORIES
        self.refuses: dict[str, httpx.Response] = {}
        self.drop_answers = 0
        self.elsewhere = ""
        self.over: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        asked = f"{request.method} {request.url.path}"
        if not token.startswith("whk_rider") and "rider-sessions" not in asked:
            return self._router(request)
        if token in self.over:
            return httpx.Response(401, json={"type": "urn:whistle:problem:unauthorized"})
        if asked in self.refuses:
            return self.refuses[asked]
        answer = self._answer(asked, request)
        if request.method == "POST" and self.drop_answers:
            self.drop_answers -= 1
            return httpx.Response(503, json={"type": "urn:whistle:problem:unavailable"})
        return answer

    def _answer(self, asked: str, request: httpx.Request) -> httpx.Response:
        key = request.headers.get("idempotency-key", "")
        match asked.split():
            case ["POST", "/v1/rider-sessions"]:
                self.refs.append(msgspec.json.decode(request.content)["reporter"]["ref"])
                return httpx.Response(201, json={"url": f"http://x/r/s/{LINK}", "expires_at": NOW.isoformat()})
            case ["POST", path] if path.endswith(":open"):
                return httpx.Response(201 if LINK in path else 404, json={"token": RIDER, "city": "x", "app": "y"})
            case ["GET", "/v1/categories"]:
                return httpx.Response(200, json=self.categories)
            case ["POST", "/v1/photos"]:
                self.photos[key] = request.content
                return httpx.Response(201, json={"id": plain_id("f", key), "width": 1, "height": 1})
            case ["POST", "/v1/reports"]:
                body = msgspec.json.decode(request.content)
                if self.reports.setdefault(key, body) != body:
                    return httpx.Response(422, json={"type": "urn:whistle:problem:idempotency-key-reused"})
                if body.get("category") == "lawsuit":
                    return httpx.Response(200, json={"status": "elsewhere", "elsewhere": CATEGORIES["elsewhere"][0]})
                sent = {"id": "r1", "status": "accepted", "received_at": NOW.isoformat()}
                other = {"elsewhere": CATEGORIES["elsewhere"][0]} if self.elsewhere else {}
                return httpx.Response(202, json={**sent, **other})
            case ["GET", "/v1/surroundings"]:
                given = request.url.params
                lon, lat = float(given.get("lon", 120.25)), float(given.get("lat", 33.76))
                return httpx.Response(200, json={**AROUND, "lon": lon, "lat": lat})
            case ["GET", "/v1/reports"]:
                return httpx.Response(200, json={"items": [self.report] if self.reports else []})
            case ["GET", "/v1/my-data"]:
                return httpx.Response(200, json={"app": "a", "reporter": "p", "person": {}, "items": [self.report]})
            case ["GET", "/v1/reports/r1"]:
                return httpx.Response(200, json=self.report)
            case ["POST", path]:
                self.said.append((path, msgspec.json.decode(request.content)))
                return httpx.Response(200, json={"id": "r1", "status": "recorded", "at": NOW.isoformat()})
            case _:
                return httpx.Response(404, json={"type": "urn:whistle:problem:not-found"})
