"""Hostile bodies and addresses against the running services: refused with the right number, and nothing stored."""

import gzip
import json
import unicodedata
import uuid
from typing import Any

import httpx
import pytest

from tests.flows.test_duty import desk, opened
from tests.flows.test_photos import jpeg
from tests.flows.test_reports import QUAY, pointers, problem
from tests.stack import RunningStack

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
        (b"x" * 11_000_000, {413}),
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
    answer = form(stack, part(b'name="file"; filename="' + name + b'"', jpeg()) + b"--b--\r\n")
    assert answer.status_code in (201, 400, 422), answer.text
    if answer.status_code == 201:
        assert answer.json()["id"].startswith("f")
        assert name not in answer.content or not name
