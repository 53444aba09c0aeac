"""The city of the pictures in README and docs: no place, unit or person of it is real, nor is any case."""

import io
import json
from typing import Any

import httpx
from PIL import Image, ImageDraw

from tests.kit.made_router import NOW, MadeRouter, row

INVENTED = {
    "交通路社区": "枫桥社区",
    "交通路": "枫桥",
    "人民路社区": "柳湖社区",
    "合德镇": "云溪镇",
    "射阳县": "花园县",
    "建华园": "金港花园",
}
"""Names that the tests' answers have from a real county, and what stands in their place."""
CASES = (
    ("燃气泄漏", "金港花园5号楼", "楼道里燃气味很重，住户已撤到楼下", "danger", "queued", 6, None, 1),
    ("供水管网", "金港花园2号楼", "水管破裂，楼道积水，已漫到一楼门口", "danger", "on_site", 18, "qs-walk", 3),
    ("井盖", "柳湖路12号", "井盖翘起，夜间看不清", "urgent", "queued", -12, None, 2),
    ("路灯", "云溪路枫桥路口", "路口两盏路灯不亮", "urgent", "acknowledged", 41, None, 1),
    ("楼道杂物", "金港花园3号楼", "二楼楼道堆放纸箱，堵住消防栓", "normal", "claimed", 135, "qs-desk", 1),
    ("飞线充电", "枫桥新村7号楼", "从三楼拉线给电动车充电", "normal", "in_progress", 190, "qs-walk", 1),
    ("道路破损", "柳湖路菜场门口", "路面塌了一块，已摆警示桩", "normal", "queued", 260, None, 1),
    ("乱停车", "枫桥小学东门", "放学时段停车堵住校门", "low", "resolved", 1500, "qs-desk", 1),
)


class PicturedCity(MadeRouter):
    """Answers as the made router does, in the words of the invented city."""

    def __init__(self) -> None:
        super().__init__()
        rows = [_row(number, *case) for number, case in enumerate(CASES, 1)]
        self.queue[:] = sorted(rows, key=lambda one: str(one["due_at"]))
        self.answers["GET /v1/queues/quayside/counts"] = _counts(self.queue)
        named = [{"code": one[0], "name": one[0], "name_en": one[0]} for one in CASES]
        self.answers["GET /v1/categories"]["items"] += named

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/v1/photos/"):
            return httpx.Response(200, content=_photo(int(request.url.path[-1])))
        answer = super().__call__(request)
        if not answer.headers.get("content-type", "").startswith("application/json"):
            return answer
        text = json.dumps(answer.json(), ensure_ascii=False)
        for real, invented in INVENTED.items():
            text = text.replace(real, invented)
        return httpx.Response(answer.status_code, headers=answer.headers, json=json.loads(text))


def _row(
    number: int,
    kind: str,
    place: str,
    words: str,
    priority: str,
    state: str,
    minutes: int,
    by: str | None,
    reports: int,
) -> dict[str, Any]:
    given = {"category": kind, "place": place, "summary": words, "report_count": reports}
    return {**row(number, priority, state, minutes, by), **given}


def _counts(rows: list[dict[str, Any]]) -> dict[str, Any]:
    overdue = sum(one["due_at"] < NOW.isoformat() for one in rows)
    states = [one["state"] for one in rows]
    danger = sum(one["priority"] == "danger" for one in rows)
    by_state = {state: states.count(state) for state in states}
    return {"open": len(rows), "overdue": overdue, "by_state": by_state, "by_priority": {"danger": danger}}


def _photo(number: int) -> bytes:
    """A drawing of a burst pipe (1), or of the water before a door."""
    image = Image.new("RGB", (640, 480), "#cfc8bb")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 340, 640, 480), fill="#8f8a80")
    if number == 1:
        draw.rectangle((290, 0, 330, 340), fill="#6f7a83")
        draw.rectangle((280, 170, 340, 200), fill="#56606a")
        draw.polygon([(335, 178), (560, 110), (600, 330), (520, 370), (335, 196)], fill="#a9cbe0")
        draw.ellipse((240, 330, 640, 440), fill="#86b1cc")
    else:
        draw.rectangle((180, 60, 380, 350), fill="#7a5a41")
        draw.ellipse((345, 200, 362, 217), fill="#e2c98f")
        draw.ellipse((60, 325, 620, 450), fill="#86b1cc")
        draw.ellipse((150, 350, 420, 410), fill="#a9cbe0")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92)
    return out.getvalue()
