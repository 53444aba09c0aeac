"""Hostile bodies and addresses against the running services: refused with the right number, and nothing stored."""

import base64
import gzip
import json
import unicodedata
import uuid
from typing import Any

import httpx
import pytest

from tests.kit.cases_on_stack import desk, opened
from tests.kit.photo_files import phone_photo
from tests.kit.places import QUAY
from tests.kit.refusals import pointers, problem
from tests.kit.stack import RunningStack

GOOD: dict[str, Any] = {"kind": "hazard", "description": "lamp", "location": QUAY}


def raw(stack: RunningStack, body: bytes, **headers: str) -> httpx.Response:
    sent = {"authorization": f"Bearer {stack.rider().token}", "idempotency-key": uuid.uuid4().hex, **headers}
    return stack.http.post(f"{stack.urls['intake']}/v1/reports", content=body, headers=sent)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 10_000,
        b'{"a":' * 10_000,
        b'{"kind": "hazard", "description": ' + b"[" * 10_000,
        b'{"kind": "hazard", "description": "x", "location": {"lon": ' + b"9" * 1_000_000,
        b'{"description": ' + b"9" * 100_000 + b"}",
        b'{"kind": "hazard", "kind": "need", "description": "lamp", "location": {"address": "quay"}}',
        b"\xef\xbb\xbf" + json.dumps(GOOD).encode(),
        json.dumps(GOOD).encode() + b"{}",
        json.dumps(GOOD)[:-1].encode(),
    ],
    ids=["deep", "deep objects", "deep field", "long number", "number of words", "name twice", "bom", "tail", "cut"],
)
def test_what_is_no_json_that_a_report_could_be_is_400(stack: RunningStack, body: bytes) -> None:
    """B6, B7."""
    problem(raw(stack, body), 400)


def test_a_packed_body_is_never_unpacked(stack: RunningStack) -> None:
    """B25: what says gzip is read as it is."""
    bomb = gzip.compress(b" " * 20_000_000)
    assert len(bomb) < 100_000
    problem(raw(stack, bomb, **{"content-encoding": "gzip"}), 400)


def test_words_of_every_script_come_back_as_they_were_sent(stack: RunningStack) -> None:
    """B8: RTL override, four-byte characters, piled marks; composed (NFC), never interpreted."""
    words = "\u202eabc\u202c 🚲👩‍🔧 井盖 Z̷͎̈a̴͠l̵̛g̶o e\u0301 <script>alert(1)</script>"
    rider = stack.rider()
    report = rider.report(words, QUAY).json()["id"]
    shown = rider.get("intake", f"/v1/reports/{report}").json()["description"]
    assert shown == unicodedata.normalize("NFC", words)
    assert pointers(rider.report("a\x00b", QUAY)) == {"/description"}
    assert pointers(rider.report("lamp", {"address": "quay\x1b[31m"})) == {"/location/address"}


def test_no_operator_reaches_the_store_from_a_body(stack: RunningStack) -> None:
    """B9."""
    rider = stack.rider()
    assert pointers(rider.report("lamp", {"lon": {"$gt": 0}, "lat": 52, "crs": "wgs84"})) == {"/location/lon"}
    assert pointers(rider.post_to("intake", "/v1/reports", {**GOOD, "$where": "sleep(9)"})) == {"/$where"}
    assert pointers(rider.post_to("intake", "/v1/reports", {**GOOD, "location.lon": 4})) == {"/location.lon"}
    assert pointers(rider.report("lamp", {"unit": {"$ne": None}})) == {"/location/unit"}
    assert pointers(rider.report("lamp", QUAY, photos=[{"$gt": ""}])) == {"/photos/0"}


def test_no_operator_reaches_the_store_from_an_address_or_a_query(stack: RunningStack) -> None:
    """B9, B28."""
    rider, officer = stack.rider(), desk(stack)
    for id_ in ("{'$gt': ''}", '{"$ne": null}', "%7B%22%24gt%22%3A%22%22%7D", "..%2F..%2Fetc", "a%00b"):
        problem(rider.get("intake", f"/v1/reports/{id_}"), 404)
        problem(officer.get("router", f"/v1/cases/{id_}"), 404)
    for query in (
        {"state[$ne]": "closed"},
        {"$where": "1"},
        {"limit": "-1"},
        {"limit": "9" * 5000},
        {"cursor": "e30="},
    ):
        problem(stack.http.get(
            f"{stack.urls['router']}/v1/queues/quayside/cases",
            params=query,
            headers={"authorization": f"Bearer {officer.token}"},
        ), 422)  # fmt: skip


def test_what_only_whistle_decides_cannot_be_sent_along(stack: RunningStack) -> None:
    """B15: mass assignment."""
    rider = stack.rider()
    mine = dict.fromkeys(("status", "level", "community_id", "sla_due", "id", "city", "app", "version", "case"), "mine")
    assert pointers(rider.post_to("intake", "/v1/reports", {**GOOD, **mine})) == {f"/{f}" for f in mine}
    report = rider.report("lamp", QUAY).json()["id"]
    addition = {"text": "more", **mine}
    assert pointers(rider.post_to("intake", f"/v1/reports/{report}/additions", addition)) == {f"/{f}" for f in mine}


def test_a_command_takes_its_own_fields_only(stack: RunningStack) -> None:
    """B15."""
    _, case = opened(stack)
    body = {"reason": "theirs", "to": "millfield", "version": 99, "by": "oh-chief"}
    assert pointers(desk(stack).command(case, "transfer", body)) == {"/version", "/by"}


@pytest.mark.parametrize(
    "location",
    [
        {"lon": -0.0, "lat": 0.0, "crs": "wgs84"},
        {"lon": 52.12, "lat": 4.32, "crs": "wgs84"},
        {"lon": 4.32, "lat": 52.12, "crs": "gcj02"},
        {"lon": 180, "lat": 90, "crs": "bd09"},
    ],
    ids=["null island", "swapped", "other system", "the pole"],
)
def test_a_place_that_is_nowhere_here_gets_a_case_all_the_same(stack: RunningStack, location: dict[str, Any]) -> None:
    """B11, B12: flagged for a person, never lost and never a fault."""
    rider = stack.rider()
    answer = rider.report("lamp", location)
    assert answer.status_code == 202, answer.text
    assert stack.case_of(answer.json()["id"], rider)["case"]["id"]


def test_what_does_not_exist_and_what_is_not_ones_own_look_alike(stack: RunningStack) -> None:
    """B28, B30: nobody learns an id by asking."""
    rider, stranger = stack.rider(), stack.rider(which="app_key_2")
    report = rider.report("lamp", QUAY).json()["id"]
    told = [problem(stranger.get("intake", f"/v1/reports/{id_}"), 404) for id_ in (report, report[:-1] + "x")]
    for one in told:
        one.pop("trace_id")
    assert told[0] == told[1]


@pytest.mark.parametrize("method", ["x-http-method-override", "x-method-override", "x-http-method"])
def test_no_header_makes_a_reader_an_actor(stack: RunningStack, method: str) -> None:
    """B29."""
    _, case = opened(stack)
    headers = {"authorization": f"Bearer {desk(stack).token}", method: "POST"}
    stack.http.get(f"{stack.urls['router']}/v1/cases/{case}", headers=headers)
    problem(stack.http.get(f"{stack.urls['router']}/v1/cases/{case}/claim", headers=headers), 405)
    assert desk(stack).get("router", f"/v1/cases/{case}").json()["state"] == "queued"


def form(stack: RunningStack, body: bytes) -> httpx.Response:
    headers = {
        "authorization": f"Bearer {stack.rider().token}",
        "idempotency-key": uuid.uuid4().hex,
        "content-type": "multipart/form-data; boundary=b",
    }
    return stack.http.post(f"{stack.urls['intake']}/v1/photos", content=body, headers=headers)


def part(header: bytes, content: bytes) -> bytes:
    return b"--b\r\ncontent-disposition: form-data; " + header + b"\r\n\r\n" + content + b"\r\n"


@pytest.mark.parametrize(
    ("body", "statuses"),
    [
        (part(b'name="a"', b"x") * 10_001 + b"--b--\r\n", {400}),
        (part(b'name="f"; filename="x"', b"x") * 50 + b"--b--\r\n", {400}),
        (part(b'name="a"; x="' + b"y" * 65_536 + b'"', b"x") + b"--b--\r\n", {400, 422}),
        (b"preamble " * 500_000 + part(b'name="file"; filename="x"', b"x") + b"--b--\r\n", {400, 415, 422}),
        (part(b'name="a"', b"z" * 3_000_000) + b"--b--\r\n", {400, 422}),
        (b"--b\r\n" * 10_000, {400, 422}),
        (b"x" * 17_000_000, {413}),
    ],
    ids=["parts", "files", "part header", "preamble", "field without a name of a file", "boundaries", "too large"],
)
def test_a_form_that_is_a_trap_is_refused(stack: RunningStack, body: bytes, statuses: set[int]) -> None:
    """B22."""
    answer = form(stack, body)
    assert answer.status_code in statuses, answer.text
    problem(answer, answer.status_code)


@pytest.mark.parametrize("name", [b"../../x", b"a\x00.jpg", b"n" * 5000, b"CON", b".htaccess", b"a\r\nx-evil: 1", b""])
def test_the_name_of_a_file_is_nobodys_business(stack: RunningStack, name: bytes) -> None:
    """B21: the photo's own id is the only name there is."""
    answer = form(stack, part(b'name="file"; filename="' + name + b'"', phone_photo()) + b"--b--\r\n")
    assert answer.status_code in (201, 400, 422), answer.text
    if answer.status_code == 201:
        assert answer.json()["id"].startswith("f")
        assert name not in answer.content or not name


EDGES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z")


@pytest.mark.parametrize("at", EDGES)
def test_the_edge_of_the_calendar_is_refused_by_the_running_services(stack: RunningStack, at: str) -> None:
    """B52: each of these was a fault of ours."""
    officer, rider = desk(stack), stack.rider()
    for path, name in (
        ("/v1/queues/quayside/cases", "due_before"),
        ("/v1/units/quayside/on-duty", "at"),
        ("/v1/visits", "from_"),
        ("/v1/visits", "to"),
    ):
        assert pointers(officer.get("router", path, **{name: at})) == {f"?{name.rstrip('_')}"}
    cursor = base64.urlsafe_b64encode(json.dumps([at.replace("Z", "+14:00"), "c1"]).encode()).decode()
    for path in ("/v1/queues/quayside/cases", "/v1/visits"):
        assert pointers(officer.get("router", path, cursor=cursor)) == {"?cursor"}
    assert pointers(officer.get("notifier", "/v1/alerts", cursor=cursor)) == {"?cursor"}
    assert pointers(rider.report("lamp", QUAY, observed_at=at)) == {"/observed_at"}
    _, case = opened(stack)
    resolved = officer.command(case, "resolve", {"how": "repair", "text": "done", "look_again": at})
    assert pointers(resolved) == {"/look_again"}
    assert pointers(officer.command(case, "on_site", {"at": at})) == {"/at"}


@pytest.mark.parametrize(
    ("service", "path", "query"),
    [
        ("router", "/v1/queues/quayside/cases", {"priority": "high"}),
        ("router", "/v1/queues/quayside/cases", {"category": "atlantis"}),
        ("router", "/v1/queues/quayside/cases", {"sort": "age"}),
        ("router", "/v1/queues/quayside/cases", {"city": "sheyang"}),
        ("router", "/v1/units", {"point": "4.3,52.1", "crs": "mars"}),
        ("router", "/v1/visits", {"state": "asleep"}),
        ("router", "/v1/me", {"colour": "red"}),
        ("notifier", "/v1/alerts", {"state": "asleep"}),
        ("notifier", "/v1/alerts", {"city": "sheyang"}),
        ("notifier", "/v1/alerts", {"limit": "0"}),
        ("notifier", "/v1/silences", {"limit": "5"}),
        ("intake", "/v1/categories", {"limit": "5"}),
    ],
)
def test_parameters_that_mean_nothing_are_refused_by_the_running_services(
    stack: RunningStack, service: str, path: str, query: dict[str, str]
) -> None:
    """B54."""
    assert pointers(desk(stack).get(service, path, **query)) == {f"?{list(query)[-1]}"}


def test_answers_are_shown_to_who_handles_the_case(stack: RunningStack) -> None:
    """Field: 202, and then nowhere."""
    rider = stack.rider()
    said = {"pole": "0513201", "flow": "喷水"}
    report = rider.report("lamp out", QUAY, category="street_light", answers=said).json()["id"]
    case = stack.case_of(report, rider)["case"]["id"]
    assert rider.get("intake", f"/v1/reports/{report}").json()["answers"] == said
    shown = desk(stack).get("router", f"/v1/cases/{case}/reports").json()["items"]
    assert [item["answers"] for item in shown if item["id"] == report] == [said]
