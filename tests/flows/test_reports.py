"""Promises of intake: durable answers, repeats that change nothing, every wrong field named."""

import concurrent.futures
import uuid

import pytest

from tests.kit.places import QUAY
from tests.kit.refusals import pointers, problem
from tests.kit.stack import RunningStack, until


def test_a_report_becomes_one_case_in_the_responsible_queue_with_clocks_running(stack: RunningStack) -> None:
    rider, words = stack.rider(), f"the lamp on the quay is dark {uuid.uuid4().hex}"
    answer = rider.report(words, QUAY)
    assert answer.status_code == 202
    body = answer.json()
    assert body["status"] == "accepted"
    assert answer.headers["location"] == body["links"]["self"]
    seen = stack.case_of(body["id"], rider)
    assert seen["unit"] == {"id": "quayside", "name": "Quayside"}
    assert {clock["kind"] for clock in seen["case"]["clocks"]} >= {"acknowledge", "resolve"}
    assert all(clock["state"] == "running" for clock in seen["case"]["clocks"])
    assert all(clock["started_at"] == body["received_at"] for clock in seen["case"]["clocks"])
    desk = stack.person("qs-desk")
    rows = desk.get("router", "/v1/queues/quayside/cases", text=words).json()["items"]
    assert [row["id"] for row in rows] == [seen["case"]["id"]]


def test_fifty_parallel_equals_make_one_report_and_get_one_answer(stack: RunningStack) -> None:
    rider, key = stack.rider(), uuid.uuid4().hex
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: rider.report("one lamp", QUAY, key=key), range(50)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1


def test_the_same_body_spelled_otherwise_is_a_replay_and_another_body_is_422(stack: RunningStack) -> None:
    rider, key = stack.rider(), uuid.uuid4().hex
    first = rider.report("one lamp", QUAY, key=key)
    spelled = rider.report("one lamp", dict(reversed(QUAY.items())), key=key, channel="app", photos=[])
    assert spelled.status_code == 202
    assert spelled.headers["idempotent-replayed"] == "true"
    assert spelled.json() == first.json()
    assert problem(rider.report("another lamp", QUAY, key=key), 422)["type"].endswith("idempotency-key-reused")


def test_the_same_key_of_another_app_is_another_report(stack: RunningStack) -> None:
    key = uuid.uuid4().hex
    first = stack.rider().report("one lamp", QUAY, key=key)
    other = stack.rider(which="app_key_2").report("one lamp", QUAY, key=key)
    assert first.json()["id"] != other.json()["id"]
    assert stack.rider(which="app_key_2").get("intake", f"/v1/reports/{first.json()['id']}").status_code == 404


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "钥匙"])
def test_a_key_that_is_no_key_is_400(stack: RunningStack, key: str) -> None:
    headers: dict[bytes, bytes] = {b"authorization": f"Bearer {stack.rider().token}".encode()}
    if key:
        headers[b"idempotency-key"] = key.encode()
    answer = stack.http.post(stack.urls["intake"] + "/v1/reports", json={}, headers=headers)
    problem(answer, 400)


def test_each_wrong_field_is_named_by_json_pointer(stack: RunningStack) -> None:
    body = {
        "kind": "rumour",
        "description": 7,
        "location": {"lon": 181, "lat": "north", "crs": "mars", "altitude": 3},
        "photos": ["../x"],
        "state": "closed",
    }
    answer = stack.rider().post_to("intake", "/v1/reports", body)
    assert pointers(answer) == {
        "/kind", "/description", "/location/lon", "/location/lat", "/location/crs", "/location/altitude",
        "/photos/0", "/state",
    }  # fmt: skip


def test_what_shape_cannot_say_is_named_too(stack: RunningStack) -> None:
    answer = stack.rider().report(
        "dark", {"lon": 4.3, "unit": "nowhere"}, category="no-such", received_at="2020-01-01T00:00:00Z", historic=True
    )
    assert pointers(answer) == {
        "/location/lat", "/location/crs", "/location/unit", "/category", "/received_at", "/historic",
    }  # fmt: skip
    assert pointers(stack.rider().report("dark", {})) == {"/location"}
    assert pointers(stack.rider().report("a\u0000b", QUAY)) == {"/description"}


@pytest.mark.parametrize("raw", [b"", b"{", b'{"a":1} x', b"[1]", b"\xff\xfe", b"[" * 5000, b'{"kind": NaN}'])
def test_what_is_no_json_is_a_problem_and_no_fault(stack: RunningStack, raw: bytes) -> None:
    headers = {"authorization": f"Bearer {stack.rider().token}", "idempotency-key": uuid.uuid4().hex}
    answer = stack.http.post(stack.urls["intake"] + "/v1/reports", content=raw, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_batch_answers_each_report_by_itself(stack: RunningStack) -> None:
    rider = stack.rider()
    key = uuid.uuid4().hex
    good = {"kind": "hazard", "description": "lamp", "location": QUAY}
    items = [
        {**good, "idempotency_key": key},
        {**good, "idempotency_key": uuid.uuid4().hex, "kind": "rumour"},
        {**good, "idempotency_key": key},
        {**good, "idempotency_key": key, "description": "other"},
        7,
        {**good},
    ]
    answer = rider.post_to("intake", "/v1/reports:batch", items)
    assert answer.status_code == 200
    told = answer.json()["items"]
    assert [item["index"] for item in told] == list(range(6))
    assert [item["status"] for item in told] == [202, 422, 202, 422, 422, 422]
    assert told[0]["id"] == told[2]["id"]
    assert told[2].get("replayed") or told[0].get("replayed")
    assert told[1]["problem"]["errors"][0]["pointer"] == "/kind"
    assert told[5]["problem"]["errors"][0]["pointer"] == "/idempotency_key"
    too_many = rider.post_to("intake", "/v1/reports:batch", [items[0]] * 1001)
    problem(too_many, 413)


def test_importers_may_bring_the_past_and_nobody_is_told(stack: RunningStack) -> None:
    importer = stack.rider(which="importer_key")
    answer = importer.report("old lamp", QUAY, received_at="2026-01-05T10:00:00Z", historic=True)
    assert answer.status_code == 202
    assert answer.json()["received_at"].startswith("2026-01-05T10:00:00")
    seen = stack.case_of(answer.json()["id"], importer)
    assert all(clock["started_at"].startswith("2026-01-05T10:00:00") for clock in seen["case"]["clocks"])
    later = stack.rider().report("a lamp after it", QUAY)
    case = stack.case_of(later.json()["id"], stack.rider())["case"]["id"]
    until(lambda: stack.ops.get("notifier", "/v1/alerts", case=case).json()["items"], what="the later alert")
    assert stack.ops.get("notifier", "/v1/alerts", case=seen["case"]["id"]).json()["items"] == []


def test_phone_and_identity_numbers_are_taken_out_of_words(stack: RunningStack) -> None:
    rider = stack.rider()
    answer = rider.report("call 13812345678 or 11010519491231002X", QUAY)
    seen = rider.get("intake", f"/v1/reports/{answer.json()['id']}").json()
    assert "13812345678" not in seen["description"]
    assert "11010519491231002X" not in seen["description"]


def test_nearby_shows_open_cases_without_personal_data(stack: RunningStack) -> None:
    rider = stack.rider()
    where = {"lon": 4.3111, "lat": 52.1411, "crs": "wgs84"}
    answer = rider.report("lamp", where, reporter={"ref": "ana", "name": "Ana Example", "phone": "13812345678"})
    case = stack.case_of(answer.json()["id"], rider)["case"]["id"]
    near = stack.rider(which="app_key_2").get("intake", "/v1/nearby", lon=4.3112, lat=52.1411, crs="wgs84", radius=100)
    assert near.status_code == 200
    found = next(item for item in near.json()["items"] if item["case"] == case)
    assert found["metres"] < 20
    assert "Ana" not in near.text
    assert "138" not in near.text


def test_reports_need_a_living_key(stack: RunningStack) -> None:
    url = stack.urls["intake"] + "/v1/reports"
    for headers in ({}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic eDp5"}):
        problem(stack.http.post(url, json={}, headers=headers), 401)
    problem(stack.ops.report("lamp", QUAY), 403)


def test_categories_carry_names_advice_and_emergency_stop(stack: RunningStack) -> None:
    items = stack.rider("sheyang").get("intake", "/v1/categories").json()["items"]
    assert len(items) >= 30
    gas = next(item for item in items if item["code"] == "gas_leak")
    assert gas["name"]
    assert gas["name_en"]
    assert gas["emergency"]
