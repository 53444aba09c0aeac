"""Promises of "same hazard, many couriers": one case, each reporter told, each thing apart that only looks alike."""

import itertools
import random
import uuid
from typing import Any

from shared.kernel.cells import metres_between
from shared.kernel.ids import case_id
from tests.kit.refusals import problem
from tests.kit.stack import Person, RunningStack, until
from tests.packs import SHEYANG, pack_of

_GROUND = (
    (120.2457, 33.7662),
    (120.2403, 33.7672),
    (120.2477, 33.7674),
    (120.2422, 33.7685),
    (120.2467, 33.7690),
    (120.2411, 33.7701),
)
"""Points of Jiaotonglu, one for each test: other reports of the stack lie at named places or at the points of their
tests, and would be the same hazard."""
_SPOTS = itertools.count()
FAR_M = 170.0
"""Further apart than any category of the pack groups reports."""


def spot(east_m: float = 0, at: int = 0) -> dict[str, Any]:
    """A point of Jiaotonglu's ground, another one for each ``at``; so many metres east of it, 70 at most."""
    lon, lat = _GROUND[at]
    return {"lon": lon + east_m / 92_600, "lat": lat, "crs": "wgs84"}


def test_what_these_tests_report_lies_far_from_every_named_place_and_from_each_other() -> None:
    pack = pack_of(SHEYANG)
    assert all(category.same is None or category.same.radius_m < FAR_M for category in pack.categories.values())
    named = [at for place in pack.places for at in (place.point, *place.buildings.values()) if at is not None]
    for n, (lon, lat) in enumerate(_GROUND):
        for reported in (lon, lon + 70 / 92_600):
            others = [*named, *(_GROUND[:n]), *(_GROUND[n + 1 :])]
            assert min(metres_between(reported, lat, *other) for other in others) > FAR_M


def send(rider: Person, words: str, where: dict[str, Any], **more: Any) -> str:
    key = uuid.uuid4().hex

    def sent() -> str | None:
        answer = rider.report(words, where, key=key, **more)
        assert answer.status_code in (202, 503), answer.text
        return answer.json()["id"] if answer.status_code == 202 else None

    return until(sent, what="a receipt")


def view(stack: RunningStack, rider: Person, report: str) -> dict[str, Any]:
    return stack.case_of(report, rider)


def desk(stack: RunningStack, which: int = 0) -> Person:
    return [p for p in stack.people("jiaotonglu", "sheyang") if p.post == "A"][which]


def case_seen(officer: Person, case: str) -> dict[str, Any]:
    answer = officer.get("router", f"/v1/cases/{case}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def counted(officer: Person, case: str, reports: int) -> None:
    """Waits until the case counts so many reports; where it does not, the failure says what it has instead."""
    until(
        lambda: case_seen(officer, case)["report_count"] == reports,
        what=f"{reports} reports on the case",
        instead=lambda: (case_seen(officer, case), officer.get("router", f"/v1/cases/{case}/reports").json()),
    )


def shows(stack: RunningStack, rider: Person, report: str, state: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        seen: dict[str, Any] = rider.get("intake", f"/v1/reports/{report}").json()
        return seen if seen["status"] == state else None

    return until(look, what=f"{state} at the reporter's")


def test_several_couriers_report_one_hazard_and_each_follows_the_one_case(stack: RunningStack) -> None:
    one, other, at = stack.rider("sheyang"), stack.rider("sheyang", "app_key_2"), next(_SPOTS)
    first = send(one, "井盖翻了 差点掉进去", spot(at=at))
    case = view(stack, one, first)["case"]["id"]
    second = send(other, "这里窨井没盖子 小心", spot(40, at))
    third = send(one, "井盖不见了!!", spot(70, at), reporter={"ref": "rider-9"})
    for rider, report in ((other, second), (one, third)):
        seen = view(stack, rider, report)
        assert seen["case"]["id"] == case
        assert seen["merged"] is True
        assert "已与同一问题合并" in seen["message"]
        assert "已与同一问题合并" in [step["text"] for step in seen["steps"]]
    officer = desk(stack)
    counted(officer, case, 3)
    listed = officer.get("router", f"/v1/cases/{case}/reports").json()["items"]
    assert {item["id"] for item in listed} == {first, second, third}
    assert {item.get("description") for item in listed} >= {"这里窨井没盖子 小心", "井盖不见了!!"}
    assert officer.command(case, "claim").status_code == 200
    for rider, report in ((one, first), (other, second), (one, third)):
        shows(stack, rider, report, "claimed")
    alerts = stack.ops.get("notifier", "/v1/alerts", city="sheyang", limit=200).json()["items"]
    told = [alert["recipient"] for alert in alerts if alert["case"] == case]
    assert len(told) == len(set(told)), "nobody is told twice"


def test_what_only_looks_alike_stays_apart(stack: RunningStack) -> None:
    rider, at = stack.rider("sheyang"), next(_SPOTS)
    words = ("福满里2幢楼下路灯不亮", "福满里12幢楼下路灯不亮", "福满里12幢楼道灯不亮", "福满里2幢的水管爆了")
    cases = {view(stack, rider, send(rider, text, spot(n, at)))["case"]["id"] for n, text in enumerate(words)}
    assert len(cases) == len(words)
    hidden = {"ref": "r", "confidential": True}
    sealed = send(rider, words[0], spot(at=at), reporter=hidden)
    assert view(stack, rider, sealed)["case"]["id"] not in cases


def test_officers_merge_into_the_older_case_and_take_apart_again(stack: RunningStack) -> None:
    rider, officer, at = stack.rider("sheyang"), desk(stack), next(_SPOTS)
    first = send(rider, "福满里3幢楼下路灯不亮", spot(at=at))
    older = view(stack, rider, first)["case"]["id"]
    second = send(rider, "福满里5幢楼下路灯不亮", spot(20, at))
    younger = view(stack, rider, second)["case"]["id"]
    assert older != younger
    problem(officer.command(older, "merge", {"into": younger}), 409)
    problem(officer.command(younger, "merge", {"into": "c-of-nobody"}), 422)
    member = next(p for p in stack.people("jiaotonglu", "sheyang") if p.role == "parttime_grid_member")
    problem(member.command(younger, "merge", {"into": older}), 403)
    merged = officer.command(younger, "merge", {"into": older, "reason": "同一根灯杆"})
    assert merged.status_code == 200, merged.text
    assert (merged.json()["state"], merged.json()["merged_into"]) == ("merged", older)
    assert case_seen(officer, older)["report_count"] == 2
    officer.command(older, "claim")
    seen = shows(stack, rider, second, "claimed")
    assert seen["case"]["id"] == older
    assert seen["merged"] is True
    problem(officer.command(older, "split", {"reports": [first]}), 422)
    problem(officer.command(older, "split", {"reports": ["r-of-nobody"]}), 422)
    parted = officer.command(older, "split", {"reports": [second], "reason": "两根灯杆"})
    assert parted.status_code == 200, parted.text
    assert parted.json()["report_count"] == 1
    assert shows(stack, rider, second, "reopened")["case"]["id"] == younger
    third = send(rider, "福满里3幢这边路灯又黑了", spot(10, at))
    assert view(stack, rider, third)["case"]["id"] == older
    counted(officer, older, 2)
    assert officer.command(older, "split", {"reports": [third]}).status_code == 200
    own = until(
        lambda: (lambda seen: seen if seen["case"]["id"] == case_id(third) else None)(view(stack, rider, third)),
        what="a case of its own",
    )
    assert case_seen(officer, own["case"]["id"])["linked_to"] == older


def test_one_report_with_two_matters_is_split_in_the_officers_words(stack: RunningStack) -> None:
    rider, officer, at = stack.rider("sheyang"), desk(stack), next(_SPOTS)
    report = send(rider, "路灯不亮 旁边楼道里还堆了一堆纸箱", spot(at=at), category="street_light")
    case = view(stack, rider, report)["case"]["id"]
    body = {"reports": [report], "matter": {"description": "楼道里堆了一堆纸箱", "category": "hallway_clutter"}}
    assert officer.command(case, "split", body).status_code == 200
    seen = until(
        lambda: (lambda v: v if v.get("also") else None)(rider.get("intake", f"/v1/reports/{report}").json()),
        what="the second case at the reporter's",
    )
    assert seen["case"]["id"] == case
    second = case_seen(officer, seen["also"][0]["id"])
    assert (second["category"], second["linked_to"]) == ("hallway_clutter", case)


def closed(stack: RunningStack, case: str) -> None:
    """Mended, inspected by another and closed."""
    first, second = desk(stack), desk(stack, 1)
    for officer, name, body in (
        (first, "claim", {}),
        (first, "resolve", {"how": "repair", "text": "换好了"}),
        (second, "inspect", {"ok": True}),
        (second, "close", {}),
    ):
        answer = officer.command(case, name, body)
        assert answer.status_code == 200, answer.text


def test_thanks_open_no_case_and_the_same_trouble_soon_after_opens_the_old_one_again(stack: RunningStack) -> None:
    rider, at = stack.rider("sheyang"), next(_SPOTS)
    case = view(stack, rider, send(rider, "自来水管裂了 水往外冒", spot(at=at)))["case"]["id"]
    closed(stack, case)
    thanks = send(rider, "水管修好了 谢谢师傅", spot(30, at), kind="opinion")
    seen = view(stack, rider, thanks)
    assert seen["case"]["id"] == case
    assert seen["message"].startswith("谢谢您的反馈")
    town = next(p for p in stack.people("hede", "sheyang") if p.post == "A")
    assert case_seen(town, case)["report_count"] == 1, "thanks are not counted"
    again = send(rider, "水管又爆了 喷水", spot(20, at))
    reopened = until(
        lambda: (lambda c: c if c["state"] == "reopened" else None)(case_seen(town, case)), what="opened again"
    )
    assert (reopened["unit"], reopened["report_count"]) == ("hede", 2), "one level up, as the pack says"
    assert shows(stack, rider, again, "reopened")["case"]["id"] == case


def test_hundreds_report_one_hazard_within_moments(stack: RunningStack) -> None:
    rider, at, many = stack.rider("sheyang"), next(_SPOTS), 300
    items = [
        {
            "kind": "hazard",
            "description": f"下水道堵了 污水往外冒 {'!' * (n % 3)}",
            "location": spot(n % 60, at),
            "idempotency_key": f"many-{at}-{random.random()}-{n}",
        }
        for n in range(many)
    ]
    answer = rider.post_to("intake", "/v1/reports:batch", items)
    assert {item["status"] for item in answer.json()["items"]} == {202}
    reports = [item["id"] for item in answer.json()["items"]]
    cases = {view(stack, rider, report)["case"]["id"] for report in reports}
    assert len(cases) == 1
    (case,) = cases
    officer = stack.people("hede", "sheyang")[0]
    counted(officer, case, many)
    assert len(case_seen(officer, case)["reports"]) == 20
    assert case_seen(officer, case)["priority"] == "danger", "so many raise it"
    seen, cursor = set(), None
    while True:
        page = officer.get("router", f"/v1/cases/{case}/reports", limit=200, **({"cursor": cursor} if cursor else {}))
        seen |= {item["id"] for item in page.json()["items"]}
        cursor = page.json()["next"]
        if cursor is None:
            break
    assert seen == set(reports)
    alerts = stack.ops.get("notifier", "/v1/alerts", city="sheyang", limit=200).json()["items"]
    told = [alert["recipient"] for alert in alerts if alert["case"] == case]
    assert len(told) == len(set(told)), "at most one alert for each person"
