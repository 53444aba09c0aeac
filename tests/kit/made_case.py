"""A case of the made router with something of everything that its page shows, and what the services say about it."""

import io
from datetime import datetime, timedelta
from typing import Any

from PIL import Image, ImageDraw

LON, LAT = 120.123, 33.782


def answers(now: datetime, commands: list[str]) -> dict[str, Any]:
    """Path → what is answered for the case ``c1``."""

    def at(**ahead: float) -> str:
        return (now + timedelta(**ahead)).isoformat()

    return {
        "GET /v1/cases/c1": _case(at, commands),
        "GET /v1/cases/c1/explain": _explained(at),
        "GET /v1/cases/c1/history": _history(at),
        "GET /v1/cases/c1/reports": _reports(at),
        "GET /v1/cases/c1/choices": CHOICES,
        "GET /v1/units/quayside/geometry": GEOMETRY,
        "GET /v1/cases:nearby": {"items": [_near(at)]},
        "GET /v1/reports/r1": {"message": "【交通路社区】已接单，11:40前到场。", "status_text": "处置中"},
        "POST /v1/cases:suggest": SUGGESTED,
    }


def _case(at: Any, commands: list[str]) -> dict[str, Any]:
    return {
        "id": "c1",
        "state": "in_progress",
        "priority": "danger",
        "unit": "quayside",
        "path": ["county", "quayside"],
        "category": "water_pipe",
        "within": "grid-1",
        "location": {"lon": LON, "lat": LAT, "place": "建华园2号楼"},
        "description": "水管破裂，楼道积水，已漫到一楼住户门口，请尽快派人关总阀。",
        "photos": ["f1", "f2"],
        "reports": [{"id": "r1", "answers": {"flow": "喷水", "cut": True}}],
        "channel": "window",
        "kind": "hazard",
        "opened_at": at(hours=-1),
        "clocks": _clocks(at),
        "parts": _parts(at),
        "asks": _asks(at),
        "report_count": 3,
        "claimed_by": "qs-walk",
        "commands": commands,
        "outcomes": ["repair", "agreement", "long_term"],
    }


def _clocks(at: Any) -> list[dict[str, Any]]:
    return [
        {
            "kind": "acknowledge",
            "started_at": at(hours=-1),
            "due_at": at(minutes=-50),
            "state": "met",
            "met_at": at(minutes=-55),
        },
        {"kind": "on_site", "started_at": at(hours=-1), "due_at": at(minutes=-40), "state": "breached"},
        {"kind": "resolve", "started_at": at(hours=-1), "due_at": at(hours=20), "state": "running"},
    ]


def _parts(at: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": "p1",
            "unit": "works",
            "caller": "quayside",
            "work": "关闭总阀并抢修",
            "state": "called",
            "clocks": [
                {
                    "kind": "report_in",
                    "started_at": at(minutes=-20),
                    "due_at": at(minutes=5),
                    "state": "running",
                    "part": "p1",
                }
            ],
        }
    ]


def _asks(at: Any) -> list[dict[str, Any]]:
    return [
        {
            "what": "pause",
            "clock": "resolve",
            "asked_by": "qs-walk",
            "reason": "weather",
            "until": at(days=1),
            "approver": "own",
        }
    ]


def _explained(at: Any) -> dict[str, Any]:
    town = {"id": "hede", "name": "合德镇", "name_en": "Hede town"}
    county = {"id": "county", "name": "射阳县", "name_en": "Sheyang county"}
    rungs = [
        {"at": at(hours=20), "act": "supervise", "to": "parent", "unit": town},
        {"at": at(hours=24), "act": "move_to", "to": "parent", "unit": county},
    ]
    resolve = {
        "kind": "resolve",
        "started_at": at(hours=-1),
        "due_at": at(hours=20),
        "warn_at": at(hours=15),
        "rungs": rungs,
    }
    tell = [{"at": at(minutes=5), "act": "tell", "to": "own", "unit": {"id": "works", "name": "住房和城乡建设局"}}]
    report_in = {
        "kind": "report_in",
        "started_at": at(minutes=-20),
        "due_at": at(minutes=5),
        "part": "p1",
        "rungs": tell,
    }
    return {"clocks": [resolve, report_in]}


def _history(at: Any) -> dict[str, Any]:
    lines = [
        (-60, "case.opened", None, None),
        (-58, "case.report_attached", None, None),
        (-55, "case.acknowledged", "qs-desk", None),
        (-52, "case.assigned", "qs-desk", None),
        (-50, "case.claimed", "qs-walk", None),
        (-40, "clock.breached", None, None),
        (-35, "case.on_site", "qs-walk", "总阀在地下室，已联系物业"),
        (-30, "case.noted", "qs-walk", "一楼两户进水，已协助搬家具。"),
        (-20, "case.called_in", "qs-desk", "关闭总阀并抢修"),
        (-10, "case.started", "qs-walk", None),
        (-5, "clock.pause_requested", "qs-walk", None),
    ]
    items = [
        {
            "at": at(minutes=ago),
            "version": n,
            "what": what,
            "by": by,
            "by_unit": "quayside" if by else None,
            "text": text,
        }
        for n, (ago, what, by, text) in enumerate(lines, 1)
    ]
    return {"items": items, "next": None}


def _reports(at: Any) -> dict[str, Any]:
    said = ["水管破裂，楼道积水", "二号楼漏水，水漫到门口了", "还在漏！"]
    items = [
        {
            "id": f"r{n}",
            "received_at": at(minutes=-60 + 10 * n),
            "description": text,
            "channel": ("window", "app", "group")[n - 1],
            "reporter": {"name": "王*", "phone": "138****0001"},
        }
        for n, text in enumerate(said, 1)
    ]
    return {"items": items, "next": None}


def _near(at: Any) -> dict[str, Any]:
    row = {
        "id": "c2",
        "state": "acknowledged",
        "priority": "normal",
        "category": "water_pipe",
        "place": "建华园3号楼",
        "summary": "水压低",
        "report_count": 2,
        "opened_at": at(hours=-5),
    }
    return {"row": row, "metres": 60, "lon": LON, "lat": LAT}


def decisions(now: datetime) -> list[dict[str, Any]]:
    """What waits for the officer to decide: of each kind that reads otherwise."""

    def waiting(number: int, what: str, minutes: int, **asked: Any) -> dict[str, Any]:
        due = (now + timedelta(minutes=minutes)).isoformat()
        row = {**_near(lambda **ahead: due)["row"], "id": f"c{number}", "due_at": due}
        return {"row": row, "what": what, "due_at": due, **asked}

    until = (now + timedelta(hours=30)).isoformat()
    return [
        waiting(31, "return", -20, unit="millfield", asked_by="qs-walk"),
        waiting(32, "extension", 45, unit="quayside", asked_by="qs-walk", clock="resolve", until=until),
        waiting(33, "inspection", 200, asked_by="qs-walk"),
        waiting(34, "offer", 300, unit="millfield"),
    ]


def _named(id_: str, name: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "name": name, "name_en": id_.capitalize(), **more}


CHOICES = {
    "people": [
        _named("qs-desk", "张三", unit="quayside", role="duty_officer"),
        _named("qs-walk", "李四", unit="quayside", role="grid_member"),
    ],
    "inside": [
        _named("quayside", "交通路社区", level="community", parent="hede"),
        _named("grid-1", "交通路第一网格", level="grid", parent="quayside"),
    ],
    "send_to": [_named("millfield", "人民路社区", level="community", parent="hede")],
    "call_in": [
        _named("works", "住房和城乡建设局", level="department", parent=None),
        _named("power", "供电公司", level="department", parent=None),
    ],
    "parties": [
        _named("works", "住房和城乡建设局", level="department", parent=None),
        _named("power", "供电公司", level="department", parent=None),
    ],
    "pauses": [_named("weather", "恶劣天气", clocks=["resolve"], longest="P1D")],
    "returns": [_named("not_our_area", "不属本辖区")],
    "rejections": [_named("not_covered", "不属受理范围")],
    "elsewhere": [_named("court", "人民法院")],
}
SUGGESTED = {
    "category": "water_pipe",
    "unit": "quayside",
    "within": "grid-1",
    "by": "place",
    "place": "建华园",
    "lon": LON,
    "lat": LAT,
    "flags": [],
}


def _area(id_: str, name: str, west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [
        [west, south],
        [east, south + 0.001],
        [east + 0.001, north],
        [(west + east) / 2, north + 0.0015],
        [west, north],
        [west, south],
    ]
    return {
        "type": "Feature",
        "id": id_,
        "properties": {"name": name, "name_en": id_, "level": "", "layer": None, "parent": None},
        "geometry": {"type": "MultiPolygon", "coordinates": [[ring]]},
    }


GEOMETRY = {
    "type": "FeatureCollection",
    "crs": "wgs84",
    "pack_version": "v1",
    "simplified": 5,
    "features": [
        _area("quayside", "交通路社区", 120.11, 33.772, 120.14, 33.79),
        _area("grid-1", "交通路第一网格", 120.118, 33.777, 120.128, 33.786),
        _area("grid-2", "交通路第二网格", 120.1285, 33.777, 120.139, 33.786),
        _area("grid-3", "交通路第三网格", 120.111, 33.773, 120.1175, 33.786),
    ],
    "places": [
        {"name": "建华园", "name_en": "Jianhua Garden", "kind": "estate", "lon": 120.1225, "lat": 33.7815},
        {"name": "交通路小学", "name_en": "Jiaotong Road School", "kind": "school", "lon": 120.126, "lat": 33.784},
        {"name": "菜市场", "name_en": "Market", "kind": "landmark", "lon": 120.119, "lat": 33.7785},
    ],
    "without": [],
    "cut": False,
}


def picture(number: int) -> bytes:
    """A photo that can be told from others."""
    made = Image.new("RGB", (960, 720), (90 + 30 * number, 120, 150))
    draw = ImageDraw.Draw(made)
    for n in range(12):
        draw.rectangle((n * 80, 420 - n * 14 * number, n * 80 + 60, 720), fill=(60 + n * 12, 90, 110 + n * 6))
    content = io.BytesIO()
    made.save(content, "JPEG", quality=70)
    return content.getvalue()
