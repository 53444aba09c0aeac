"""Every sort of caller of docs/access.md, with the cases that concern them, for walks over all routes."""

import itertools
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from services.router.command_handling.commands_from_bodies import BODIES
from shared.city import yaml_text
from shared.city.reading import read_folder
from shared.runtime.identity.tokens import service_token
from tests.attacks.command_bodies import command_bodies
from tests.kit.photo_files import picture
from tests.kit.places import QUAY
from tests.kit.stack import HARBOUR, ROOT, RunningStack, until

PAGE = ROOT / "docs" / "access.md"
CALLERS = (
    "nobody",
    "app",
    "other app",
    "importer",
    "rider",
    "wall",
    "desk",
    "ground",
    "outside",
    "offered",
    "called in",
    "consulted",
    "assigned",
    "moved up",
    "left",
    "other city",
    "ops",
    "other city's ops",
    "service",
)
"""The columns of docs/access.md."""
GUEST_IS = {
    "offered": "mf-desk",
    "called in": "hw-desk",
    "consulted": "ht-desk",
    "assigned": "mf-desk",
    "moved up": "qs-desk",
}
"""Officers whose unit does not own a case, each with cases that concern them in this way."""
GUESTS = tuple(GUEST_IS)
WALL = {"name": "walked-wall", "unit": "quayside", "city": "harbour"}
OUTSIDERS_FIRST = sorted(CALLERS, key=("desk", "ground", "service").__contains__)
"""Those who change the case come last."""


def table() -> dict[str, dict[str, set[int]]]:
    """Route (``intake POST /v1/reports``) → caller → the answers that are right, as docs/access.md has them."""
    rows = [line.strip("|").split("|") for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    return {
        row[0].strip().strip("`"): {
            caller: {int(status) for status in cell.split()} for caller, cell in zip(CALLERS, row[1:], strict=True)
        }
        for row in rows
    }


@dataclass(frozen=True)
class Target:
    """A report and its case."""

    report: str
    case: str


@dataclass
class Request:
    """What is sent: ``path`` filled in, a query, a JSON body or bytes."""

    path: str
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    content: bytes | None = None
    media: str = "application/json"


class World:
    """A harbour with cases at the quayside, some of which concern others too."""

    def __init__(self, stack: RunningStack) -> None:
        self.stack = stack
        rider = stack.rider()
        self.photos = {name: rider.send_photo(picture("PNG")).json()["id"] for name in ("plain", *GUESTS)}
        self.hook = rider.post_to(
            "notifier", "/v1/webhooks", {"url": "http://127.0.0.1:9/", "types": ["case.opened"]}
        ).json()["id"]
        self.left = self._who_left()
        self.plain, linked, *others = self._targets("plain", 2 + len(BODIES), QUAY)
        self.plain_of = dict(zip(BODIES, others, strict=True))
        self.guests = {guest: self._of_guest(guest) for guest in GUESTS}
        desk = stack.person("qs-desk")
        member = stack.person("qs-walk")
        self.alert, self.link = (
            until(lambda case=case: member.get("notifier", "/v1/alerts", case=case).json()["items"], what="an alert")[0]  # type: ignore[misc]
            for case in (self.plain.case, linked.case)
        )
        deliveries = f"/v1/webhooks/{self.hook}/deliveries"
        self.delivery = until(lambda: rider.get("notifier", deliveries).json()["items"], what="a delivery")[0]["id"]
        made = stack.person("qs-night").post_to("notifier", "/v1/me/calendar").json()
        self.calendar = str(made["url"]).rsplit("/", 1)[1]
        self.silence = desk.post_to("notifier", "/v1/silences", self.new_silence()).json()["id"]
        self._await_photos()

    def _who_left(self) -> str:
        """The token of somebody who was a quayside desk until the pack was loaded without him."""
        files, tokens = read_folder(HARBOUR), dict[str, str]()
        posts: Any = yaml_text.parse(files["posts.yaml"])
        posts["people"].append({"id": "qs-left", "name": "Who left", "unit": "quayside", "role": "duty_officer"})
        for held in ({**files, "posts.yaml": json.dumps(posts)}, files):
            assert self.stack.ops.post_to("router", "/v1/cities", {"files": held}).status_code == 200
            told = self.stack.ops.post_to("router", "/v1/dev/tokens", {"city": "harbour"}).json()["people"]
            tokens |= {person["id"]: person["token"] for person in told}
        return tokens["qs-left"]

    def _of_guest(self, guest: str) -> dict[str, Target]:
        """For every command a case that concerns the guest in his way, and one more (``""``) to look at."""
        names = ["", *BODIES]
        place = {"unit": "oosterhaven"} if guest == "assigned" else QUAY
        made = dict(zip(names, self._targets(guest, len(names), place), strict=True))
        bodies = command_bodies(self.now)
        done = {
            "offered": [("qs-desk", "transfer", bodies["transfer"])],
            "called in": [("qs-desk", "call_in", bodies["call_in"])],
            "consulted": [("oh-desk", "consult", {"parties": ["dockers"], "question": "a walk?"})],
            "assigned": [("oh-desk", "assign", {"to": "mf-desk"})],
            "moved up": [
                ("qs-desk", "transfer", {**bodies["transfer"], "to": "oosterhaven"}),
                ("oh-desk", "accept", {}),
            ],
        }[guest]
        for target, (by, command, body) in itertools.product(made.values(), done):
            answer = self.stack.person(by).command(target.case, command, body)
            assert answer.status_code == 200, answer.text
        return made

    def _targets(self, photo: str, count: int, place: dict[str, Any]) -> list[Target]:
        """Cases of reports; the first shows the photo of that name."""
        rider = self.stack.rider()
        items: list[dict[str, Any]] = [
            {"idempotency_key": uuid.uuid4().hex, "kind": "hazard", "description": f"lamp {n}", "location": place}
            for n in range(count)
        ]
        items[0]["photos"] = [self.photos[photo]]
        found = rider.post_to("intake", "/v1/reports:batch", items).json()["items"]
        ids = [item["id"] for item in found]
        with ThreadPoolExecutor(4) as pool:
            cases = list(pool.map(lambda id_: self.stack.case_of(id_, rider)["case"]["id"], ids))
        return [Target(*pair) for pair in zip(ids, cases, strict=True)]

    def _await_photos(self) -> None:
        """Clean, and their sight as far as intake has heard of it."""
        for officer, name in (("qs-desk", "plain"), *((GUEST_IS[guest], guest) for guest in GUESTS)):
            path = f"/v1/photos/{self.photos[name]}"
            until(
                lambda officer=officer, path=path: self.stack.person(officer).get("intake", path).status_code == 200,  # type: ignore[misc]
                what=f"photo seen by {officer}",
            )

    @cached_property
    def tokens(self) -> dict[str, str]:
        """Caller → token."""
        stack, sheyang = self.stack, self.stack.city("sheyang")
        key = {"name": "sheyang-ops", "role": "ops", "city": "sheyang"}
        return {
            "nobody": "",
            "app": stack.city("harbour")["app_key"],
            "other app": stack.city("harbour")["app_key_2"],
            "importer": stack.city("harbour")["importer_key"],
            "rider": self._rider(),
            "wall": stack.ops.post_to("router", "/v1/walls", WALL).json()["key"],
            "desk": stack.person("qs-desk").token,
            "ground": stack.person("qs-walk").token,
            "outside": stack.person("mf-desk").token,
            **{guest: stack.person(GUEST_IS[guest]).token for guest in GUESTS},
            "left": self.left,
            "other city": next(p["token"] for p in sheyang["people"] if p["role"] == "duty_officer"),
            "ops": stack.dev["ops"],
            "other city's ops": stack.ops.post_to("router", "/v1/keys", key).json()["key"],
            "service": service_token((stack.data / "secret").read_text().strip()),
        }

    def _rider(self) -> str:
        """The session of a reporter of the app."""
        asked = self.stack.rider().post_to("router", "/v1/rider-sessions", {"reporter": {"ref": "who-walks"}})
        assert asked.status_code == 201, asked.text
        opening = self.stack.urls["router"] + f"/v1/rider-sessions/{asked.json()['url'].rpartition('/')[2]}:open"
        return str(self.stack.http.post(opening, json={}).json()["token"])

    def declared(self) -> list[tuple[str, str, str, set[str]]]:
        """Service, method, path and query parameters of every route that is served."""
        found = []
        for service, url in self.stack.services.items():
            page = self.stack.http.get(f"{url}/openapi.json").json()
            for (path, methods), method in itertools.product(page["paths"].items(), ("get", "post", "put", "delete")):
                if operation := methods.get(method):
                    query = {p["name"] for p in operation["parameters"] if p["in"] == "query"}
                    found.append((service, method.upper(), path, query))
                assert set(methods) <= {"get", "post", "put", "delete"}
            found.append((service, "GET", "/openapi.json", set()))
        return found

    def status(self, service: str, method: str, request: Request, caller: str, query: set[str]) -> int:
        """What ``caller`` is answered."""
        headers = {"idempotency-key": uuid.uuid4().hex, "content-type": request.media}
        if self.tokens[caller]:
            headers["authorization"] = f"Bearer {self.tokens[caller]}"
        if caller == "service":
            headers |= {"whistle-city": "harbour", "whistle-person": "qs-desk"}
        params = request.query | ({"city": "harbour"} if caller == "ops" and "city" in query else {})
        sent: dict[str, Any] = {"json": request.body} if request.body is not None else {}
        if request.content is not None:
            sent = {"content": request.content}
        url = self.stack.urls[service] + request.path
        with self.stack.http.stream(method, url, params=params, headers=headers, **sent) as answer:
            return answer.status_code

    @cached_property
    def hook_to_end(self) -> str:
        """A webhook of the app's that is not looked at afterwards."""
        body = {"url": "http://127.0.0.1:9/", "types": ["case.rejected"]}
        return str(self.stack.rider().post_to("notifier", "/v1/webhooks", body).json()["id"])

    @cached_property
    def visit(self) -> str:
        """A visit that the quayside organises."""
        found = self.stack.person("qs-desk").post_to("router", "/v1/visits", self.new_visit())
        assert found.status_code == 201, found.text
        return str(found.json()["id"])

    def new_visit(self) -> dict[str, Any]:
        """A visit at a time of its own."""
        at = self.now + timedelta(days=30, minutes=next(self._minutes))
        words = {"kind": "patrol", "place": "fish-quay", "purpose": "a walk", "invited": ["works"]}
        return {**words, "at": at.isoformat()}

    _minutes = itertools.count()

    @cached_property
    def now(self) -> datetime:
        """The stack's time when the walk began."""
        return self.stack.now()

    @cached_property
    def pack_version(self) -> str:
        """Of the harbour's pack that holds."""
        cities = self.stack.ops.get("router", "/v1/cities").json()["items"]
        return str(next(city["version"] for city in cities if city["city"] == "harbour"))

    def later(self, days: int) -> str:
        """A day so far away that nothing that is tested hears of it."""
        return str((self.now + timedelta(days=days)).date())

    def a_day(self) -> str:
        """Another far day each time, so that each swap is of a duty that nobody has given away."""
        return self.later(next(self._days))

    _days = itertools.count(310)

    def new_silence(self) -> dict[str, Any]:
        """A silence in days to come."""
        days = {"from": f"{self.later(50)}T08:00:00Z", "until": f"{self.later(51)}T08:00:00Z"}
        return {"unit": "quayside", **days, "reason": "a walk over all routes"}
