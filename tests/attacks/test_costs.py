"""No request costs more than it weighs: the worst body of every route, while somebody else waits for an answer."""

import re
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import pytest

from shared.city.reading import read_folder
from shared.runtime.http_server.route import JSON_MAX, Route
from shared.runtime.identity.tokens import service_token
from tests.contract.documents import services
from tests.kit.places import QUAY
from tests.kit.stack import RunningStack
from tests.packs import HARBOUR

STILL_SECONDS = 5.0
"""The event loop may not stand still so long. What this found stood for 16 s; a busy machine takes a second."""
APART_SECONDS = 2.0
"""The same where the work is another process's: what is left is handing over the bytes."""
REFUSED = {400, 403, 404, 409, 413, 422, 429}
NAMES = sorted(services())
LEAP = b'"2016-12-31T23:59:60Z",'
PILED = "a" + "\u0345" * 1300 + "\u0301" * 1300 + "\u0323" * 1300
"""Marks that are put in order, which takes time that grows with their square."""


@dataclass
class Watch:
    """Somebody else, who asks whether the service lives."""

    url: str
    longest: float = 0.0
    asked: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        with httpx.Client(timeout=60) as client:
            while not self.over.wait(0.02):
                began = time.monotonic()
                assert client.get(f"{self.url}/livez").status_code == 200
                self.longest = max(self.longest, time.monotonic() - began)
                self.asked += 1

    def __enter__(self) -> "Watch":
        self._thread = threading.Thread(target=self.run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._thread.join(60)


def worst(route: Route) -> Iterator[bytes]:
    """Bodies as large as the route takes: every field wrong in as many ways as fit in, and names that are none."""
    size = min(route.json_max, 4 * JSON_MAX) - 1000
    fields = msgspec.structs.fields(route.body) if hasattr(route.body, "__struct_fields__") else ()
    names = [field.encode_name for field in fields]
    share, wrong = size // (len(names) + 1), (wrong_map, wrong_list)
    parts = [b'"%s":%s' % (name.encode(), wrong[n % 2](share)) for n, name in enumerate([*names, "unknown"])]
    yield b"{" + b",".join(parts) + b"}"
    yield b'{"twice":1,' + b",".join(b'"twice":1,"u%d":1' % n for n in range(size // 24)) + b"}"
    yield b'{"unknown":[' + LEAP * (min(size, 1_000_000) // len(LEAP)) + b"1]}"
    yield b'{"%s":' % (names[0] if names else "deep").encode() + b'{"a":' * (size // 10)


def wrong_map(size: int) -> bytes:
    return b"{" + b",".join(b'"%d":[]' % n for n in range(size // 12)) + b"}"


def wrong_list(size: int) -> bytes:
    return b"[" + b",".join([b"{}", b"[[[]]]", b"9" * 300, b"null"] * (size // 320)) + b"]"


def token(stack: RunningStack, route: Route) -> str:
    known = {
        "ops": stack.ops.token,
        "officer": stack.person("qs-walk").token,
        "importer": stack.city("harbour")["importer_key"],
        "rider_app": stack.rider().token,
        "service": service_token((stack.data / "secret").read_text().strip()),
    }
    role = next((role for role in known if role in route.roles), "officer")
    return str(known[role])


def send(stack: RunningStack, name: str, route: Route, content: bytes | None, query: str = "") -> httpx.Response:
    path = re.sub(r"{[^}]*}", "x1", route.path)
    headers = {"authorization": f"Bearer {token(stack, route)}", "idempotency-key": uuid.uuid4().hex}
    return stack.http.request(
        route.method, f"{stack.urls[name]}{path}{query}", content=content, headers=headers, timeout=60
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_worst_request_of_every_route_holds_up_nobody(stack: RunningStack, name: str) -> None:
    """B50: one report with 60,000 wrong answers held intake's loop for 16 s, one item of a batch ended the process."""
    before = stack.pid(name)
    with Watch(stack.urls[name]) as watch:
        seen: set[Any] = set()
        for route in services()[name].all_routes():
            if route.body is not None and route.body in seen:  # commands share some; one of each tells
                continue
            if route.body is not None:
                seen.add(route.body)
                for body in worst(route):
                    assert len(body) <= max(route.json_max, 4 * JSON_MAX)
                    answer = send(stack, name, route, body)
                    assert answer.status_code in REFUSED, (route.path, answer.status_code, answer.text[:300])
                    assert len(answer.content) < 100_000, route.path
            elif route.roles and "stream" not in route.path:
                for query in ("&".join(f"u{n}=1" for n in range(5000)), "a=&" * 20_000, "u=" + "%" * 15_000):
                    answer = send(stack, name, route, None, f"?{query}")
                    assert answer.status_code in REFUSED, (route.path, answer.status_code, answer.text[:300])
    assert watch.asked
    assert watch.longest < STILL_SECONDS
    assert stack.pid(name) == before


GOOD: dict[str, Any] = {"kind": "hazard", "description": "lamp", "location": QUAY}


@pytest.mark.parametrize(
    "items",
    [
        [{**GOOD, "idempotency_key": "k", "answers": {str(n): [] for n in range(330_000)}}],
        [{**GOOD, "idempotency_key": f"k{i}", "answers": {str(n): [] for n in range(400)}} for i in range(900)],
        [{f"u{n}": 1 for n in range(350)} for _ in range(1000)],
        [{**GOOD, "idempotency_key": f"k{i}", "description": "\0" * 600} for i in range(1000)],
        [[[[[]]]], 1, None, "x"] * 250,
        [{**GOOD, "idempotency_key": f"k{i}", "description": PILED, "location": {"lon": 4.3}} for i in range(400)],
        [{"idempotency_key": f"k{i}", "u": ["2016-12-31T23:59:60Z"] * 5000} for i in range(30)],
    ],
    ids=[
        "one large item",
        "wrong answers",
        "unknown names",
        "wrong words",
        "no reports",
        "piled marks",
        "leap seconds",
    ],
)
def test_the_worst_batch_holds_up_nobody(stack: RunningStack, items: list[Any]) -> None:
    """B50, B86, B87."""
    before = stack.pid("intake")
    content = msgspec.json.encode(items)
    headers = {"authorization": f"Bearer {stack.rider().token}"}
    with Watch(stack.urls["intake"]) as watch:
        answer = stack.http.post(
            f"{stack.urls['intake']}/v1/reports:batch", content=content, headers=headers, timeout=60
        )
    assert answer.status_code == 200, answer.text[:300]
    told = answer.json()["items"]
    assert [item["index"] for item in told] == list(range(len(items)))
    assert {item["status"] for item in told} == {422}
    assert all(len(item["problem"]["errors"]) <= 20 for item in told)
    assert len(answer.content) < 2 * len(content) + 1_000_000
    assert watch.longest < STILL_SECONDS
    assert stack.pid("intake") == before


def list_of_files() -> bytes:
    return b'{"files":[' + b'"a",' * 10_000_000 + b"1]}"


def many_names() -> bytes:
    return b'{"files":{' + b",".join(b'"%d":"a"' % n for n in range(3_000_000)) + b"}}"


def escapes() -> bytes:
    return b'{"files":{"a":"' + b'\\"' * 20_000_000 + b'"}}'


def wrong_units() -> bytes:
    return msgspec.json.encode({"files": {**harbour(), "units.yaml": "units: [" + "a," * 1_900_000 + "a]"}})


def areas_of_nothing() -> bytes:
    nothing = '{"type":"FeatureCollection","features":[' + "[]," * 7_000_000 + "[]]}"
    return msgspec.json.encode({"files": {**harbour(), "areas.geojson": nothing}})


def unknown_keys() -> bytes:
    calendars = "{" + ",".join(f"unit{n}: 1" for n in range(50_000)) + "}"
    return msgspec.json.encode({"files": {**harbour(), "calendars.yaml": calendars}})


def harbour() -> dict[str, str]:
    return read_folder(HARBOUR)


def test_a_citys_pack_of_any_shape_holds_up_nobody(stack: RunningStack) -> None:
    """B93, B98: 4 MB of wrong units held the router for two minutes, 40 MB of names for ten seconds."""
    before, url = stack.pid("router"), stack.urls["router"]
    made = stack.http.post(
        f"{url}/v1/keys",
        json={"name": "harbours-ops", "role": "ops", "city": "harbour"},
        headers={"authorization": f"Bearer {stack.ops.token}", "idempotency-key": uuid.uuid4().hex},
    )
    headers = {"authorization": f"Bearer {made.json()['key']}", "content-type": "application/json"}
    for body in (list_of_files, many_names, escapes, wrong_units, areas_of_nothing, unknown_keys):
        content = body()
        with Watch(url) as watch:
            own = {**headers, "idempotency-key": uuid.uuid4().hex}
            answer = stack.http.post(f"{url}/v1/cities", content=content, headers=own, timeout=120)
        assert answer.status_code == 422, (body.__name__, answer.text[:300])
        assert len(answer.content) < 1_000_000, body.__name__
        assert watch.longest < APART_SECONDS, body.__name__
    assert stack.pid("router") == before


def test_a_large_pack_that_is_right_is_loaded_and_its_warnings_are_told(stack: RunningStack) -> None:
    """B93: it is checked in another process and then holds as any other."""

    def loaded(files: dict[str, str]) -> object:
        answer = stack.http.post(
            f"{stack.urls['router']}/v1/cities",
            json={"files": files},
            headers={"authorization": f"Bearer {stack.ops.token}", "idempotency-key": uuid.uuid4().hex},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text[:300]
        return answer.json()

    small = harbour()
    remark = "# " + "a long remark " * 40_000 + "\n"
    assert loaded({**small, "units.yaml": small["units.yaml"] + remark}) == loaded(small)
