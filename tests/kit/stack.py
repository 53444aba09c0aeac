"""The running stack as tests see it: processes, tokens, calls that await a condition instead of sleeping."""

import contextlib
import itertools
import json
import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, TypeVar

import httpx

from deploy.local.ports import taken
from tests.kit import declared_answers
from tests.moments import begins

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
HARBOUR = ROOT / "tests" / "packs" / "harbour"
SHEYANG = ROOT / "deploy" / "cities" / "sheyang"
WITHIN = 20.0
UP_WITHIN_S = 100
"""A machine that others use too is given more than the minute that is promised."""
_whistle = [sys.executable, "-m", "deploy.main"]


def until(
    check: Callable[[], T | None],
    *,
    within: float = WITHIN,
    what: str = "the condition",
    instead: Callable[[], object] | None = None,
) -> T:
    """What ``check`` answers as soon as it is something; AssertionError after ``within`` seconds, with what ``instead``
    then answers.

    A service that is just being started again is "not yet".
    """
    ends = time.monotonic() + within
    for pause in itertools.chain((0.01, 0.02, 0.05), itertools.repeat(0.1)):
        try:
            found = check()
        except httpx.TransportError:
            found = None
        if found:
            return found
        if time.monotonic() >= ends:
            found_instead = f", instead: {instead()}" if instead is not None else ""
            raise AssertionError(f"{what} did not come within {within} s{found_instead}")
        time.sleep(pause)
    raise AssertionError


def free_base() -> int:
    """A port base whose ports are free, below the range that the kernel hands out."""
    while True:
        base = random.randrange(20_000, 32_000, 20)
        if not any(taken(base + offset) for offset in range(14)):
            return base


@dataclass
class Person:
    """Somebody with a token, who can call."""

    stack: "RunningStack"
    token: str
    id: str = ""
    unit: str = ""
    role: str = ""
    post: str | None = None

    def get(self, service: str, path: str, **query: Any) -> httpx.Response:
        params = {name.rstrip("_"): value for name, value in query.items()}
        return self.stack.http.get(
            self.stack.urls[service] + path, params=params, headers={"authorization": f"Bearer {self.token}"}
        )

    def post_to(
        self, service: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> httpx.Response:
        sent = {"authorization": f"Bearer {self.token}", "idempotency-key": key or uuid.uuid4().hex}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.stack.http.post(
            self.stack.urls[service] + path, json=body if body is not None else {}, headers=sent
        )

    def command(self, case: str, name: str, body: Any = None, **more: Any) -> httpx.Response:
        return self.post_to("router", f"/v1/cases/{case}/{name}", body, **more)

    def queue(self, unit: str, **query: Any) -> list[dict[str, Any]]:
        """The cases of a unit's queue, page by page to its end: other tests have filled it before."""
        rows: list[dict[str, Any]] = []
        while True:
            answer = self.get("router", f"/v1/queues/{unit}/cases", **{"limit": 200, **query})
            assert answer.status_code == 200, answer.text
            page = answer.json()
            rows += page["items"]
            if page["next"] is None:
                return rows
            query["cursor"] = page["next"]

    def report(
        self, description: str, location: dict[str, Any], *, key: str | None = None, **more: Any
    ) -> httpx.Response:
        body = {"kind": "hazard", "description": description, "location": location, **more}
        return self.post_to("intake", "/v1/reports", body, key=key)

    def send_photo(self, content: bytes, *, key: str | None = None, media: str = "image/jpeg") -> httpx.Response:
        headers = {
            "authorization": f"Bearer {self.token}",
            "idempotency-key": key or uuid.uuid4().hex,
            "content-type": media,
        }
        return self.stack.http.post(self.stack.urls["intake"] + "/v1/photos", content=content, headers=headers)


@dataclass
class RunningStack:
    """A stack started by ``whistle up --detach``."""

    data: Path
    port_base: int
    http: httpx.Client = field(
        default_factory=lambda: httpx.Client(timeout=15.0, event_hooks={"response": [declared_answers.check]})
    )

    @property
    def dev(self) -> dict[str, Any]:
        """dev.json as it is now."""
        found: dict[str, Any] = json.loads((self.data / "dev.json").read_text())
        return found

    @property
    def urls(self) -> dict[str, str]:
        found: dict[str, str] = self.dev["urls"]
        return found

    @property
    def services(self) -> dict[str, str]:
        """Addresses of the services that keep something; the console, which asks them, is not among them."""
        return {name: url for name, url in self.urls.items() if name != "console"}

    def city(self, city: str) -> dict[str, Any]:
        found: dict[str, Any] = self.dev["cities"][city]
        return found

    def rider(self, city: str = "harbour", which: str = "app_key") -> Person:
        return Person(self, self.city(city)[which])

    @property
    def ops(self) -> Person:
        return Person(self, self.dev["ops"])

    def person(self, id_: str, city: str = "harbour") -> Person:
        found = next(p for p in self.city(city)["people"] if p["id"] == id_)
        return Person(self, found["token"], found["id"], found["unit"], found["role"], found["post"])

    def people(self, unit: str, city: str = "harbour") -> list[Person]:
        return [
            Person(self, p["token"], p["id"], p["unit"], p["role"], p["post"])
            for p in self.city(city)["people"]
            if p["unit"] == unit
        ]

    def status(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads((self.data / "state.json").read_text())
        return found

    def pid(self, part: str) -> int:
        """The part's process; 0 while it has none."""
        return int(next(row["pid"] for row in self.status() if row["part"] == part) or 0)

    def ready(self) -> bool:
        return all(row["state"] == "ready" for row in self.status())

    def case_of(self, report: str, rider: Person, *, within: float = WITHIN) -> dict[str, Any]:
        """The report's view once it has a case."""

        def look() -> dict[str, Any] | None:
            with contextlib.suppress(httpx.HTTPError):
                answer = rider.get("intake", f"/v1/reports/{report}")
                if answer.status_code == 200 and "case" in answer.json():
                    found: dict[str, Any] = answer.json()
                    return found
            return None

        return until(look, within=within, what=f"a case for {report}")

    def now(self, zone: tzinfo = UTC) -> datetime:
        """The stack's time, in ``zone``; the machine's has nothing to do with it."""
        answer = self.ops.get("router", "/v1/me")
        assert answer.status_code == 200, answer.text
        return datetime.fromisoformat(answer.json()["now"]).astimezone(zone)

    def shift(self) -> timedelta:
        """How far the stack's clock is ahead of this machine's."""
        return self.now() - datetime.now(UTC)

    def on_duty(self, unit: str, post: str = "A", city: str = "harbour", at: datetime | None = None) -> list[Person]:
        """Who is on that post of the unit now, or ``at``; nobody is an answer."""
        when = {"at": at.isoformat()} if at is not None else {}
        answer = self.ops.get("router", f"/v1/units/{unit}/on-duty", city=city, **when)
        assert answer.status_code == 200, answer.text
        found = next(p for p in answer.json()["posts"] if p["post"] == post)
        return [self.person(one["id"], city) for one in found["people"]]

    def forward(self, duration: str) -> None:
        """Move the stack's clock."""
        answer = self.ops.post_to("router", "/v1/dev/clock", {"forward": duration})
        assert answer.status_code == 200, answer.text

    def forward_to(self, at: datetime) -> None:
        """Move the stack's clock to a second after ``at``, which is to come."""
        seconds = (at.astimezone(UTC) - self.now()).total_seconds()
        assert seconds > 0, f"{at} is past"
        self.forward(f"PT{int(seconds) + 1}S")


@contextlib.contextmanager
def running_stack(
    data: Path, cities: list[Path], *, at: str | None = None, **environment: str
) -> Iterator[RunningStack]:
    """A stack of its own, stopped afterwards whatever happened.

    It begins ``at`` (ISO 8601 with a zone), else at ``WHISTLE_MOMENT``, else on a working morning of the first city.
    """
    base = free_base()
    environment = {"WHISTLE_TEST_AT": at or begins(cities[0]).isoformat(), **environment}
    command = [*_whistle, "up", "--detach", "--within", str(UP_WITHIN_S), "--data", str(data)]
    command += ["--port-base", str(base)]
    for city in cities:
        command += ["--city", str(city)]
    started = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=150, check=False
    )
    assert started.returncode == 0, started.stdout + started.stderr
    stack = RunningStack(data, base)
    try:
        yield stack
    finally:
        subprocess.run(
            [*_whistle, "down", "--data", str(data)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        stack.http.close()
