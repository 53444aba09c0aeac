"""Who calls what in the walk over all routes: every sort of caller, and one sensible request for every route."""

import itertools
import json
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from services.router.commands.from_body import BODIES
from shared.city import yaml_text
from shared.city.reading import read_folder
from shared.runtime.identity.tokens import service_token
from tests.kit.photo_files import picture
from tests.kit.places import QUAY
from tests.kit.stack import HARBOUR, ROOT, RunningStack, until

PAGE = ROOT / "docs" / "access.md"
CALLERS = (
    "nobody",
    "app",
    "other app",
    "importer",
    "desk",
    "ground",
    "outside",
    "offered",
    "called in",
    "consulted",
    "assigned",
    "left",
    "other city",
    "ops",
    "other city's ops",
    "service",
)
"""The columns of docs/access.md."""
GUESTS = ("offered", "called in", "consulted", "assigned")
"""Officers of elsewhere, each with cases that concern them in this way."""
GUEST_IS = {"offered": "mf-desk", "called in": "hw-desk", "consulted": "ht-desk", "assigned": "mf-desk"}
OUTSIDERS_FIRST = sorted(CALLERS, key=("desk", "ground", "service").__contains__)
"""Those who change the case come last."""

_REASON = {"reason": "a walk over all routes"}


def _words(now: datetime) -> Mapping[str, Any]:
    """Command → a body that is right, at the stack's time ``now``."""
    next_month = (now + timedelta(days=30)).isoformat()
    return {
        "release": _REASON,
        "assign": {"to": "quayside"},
        "transfer": {"to": "millfield", **_REASON},
        "return": _REASON,
        "refuse": _REASON,
        "note": {"text": "a walk"},
        "escalate": _REASON,
        "supervise": _REASON,
        "categorize": {"category": "flooding", **_REASON},
        "pause": {"clock": "resolve", "reason": "part_ordered"},
        "approve_pause": {"clock": "resolve"},
        "refuse_pause": {"clock": "resolve", **_REASON},
        "resume": {"clock": "resolve"},
        "request_extension": {
            "clock": "resolve",
            "until": next_month,
            **_REASON,
        },
        "approve_extension": {"clock": "resolve"},
        "refuse_extension": {"clock": "resolve", **_REASON},
        "request_info": {"text": "a walk?"},
        "answer_info": {"text": "a walk"},
        "call_in": {"units": ["works"], **_REASON},
        "report_in": {"part": "p1"},
        "finish_part": {"part": "p1", "text": "a walk"},
        "excuse_part": {"part": "p1", **_REASON},
        "consult": {"parties": ["works"], "question": "a walk?"},
        "conclude": {"text": "a walk"},
        "plan": {"parts": [{"body": "works", "work": "a walk", "due": next_month}]},
        "resolve": {"how": "repair", "text": "a walk"},
        "inspect": {"ok": True},
        "reopen": _REASON,
        "reject": _REASON,
        "merge": {"into": "c-of-nobody"},
        "split": {"reports": ["r-of-nobody"]},
    }


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
        self.silence = desk.post_to("notifier", "/v1/silences", self._silence()).json()["id"]
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
        command, by, words = {
            "offered": ("transfer", "qs-desk", _words(self._now)["transfer"]),
            "called in": ("call_in", "qs-desk", _words(self._now)["call_in"]),
            "consulted": ("consult", "oh-desk", {"parties": ["dockers"], "question": "a walk?"}),
            "assigned": ("assign", "oh-desk", {"to": "mf-desk"}),
        }[guest]
        for target in made.values():
            answer = self.stack.person(by).command(target.case, command, words)
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

    def declared(self) -> list[tuple[str, str, str, set[str]]]:
        """Service, method, path and query parameters of every route that is served."""
        found = []
        for service, url in self.stack.urls.items():
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

    def request(self, service: str, method: str, path: str, caller: str) -> Request:
        """A request that is right in everything but, maybe, its caller."""
        target = self.guests[caller][""] if caller in GUESTS else self.plain
        if service == "router" and method == "POST" and path.startswith("/v1/cases/{id}/"):
            name = path.rsplit("/", 1)[1]
            target = (self.guests[caller] if caller in GUESTS else self.plain_of)[name]
            words = {"report": target.report, **_REASON} if name == "unmask" else _words(self._now).get(name, {})
            return Request(path.replace("{id}", target.case), body=words)
        if path == "/v1/reporters:erase":
            return Request(
                path, body={"ref": "x", **({"app": "rider-app", "city": "harbour"} if "ops" in caller else {})}
            )
        if path in ("/v1/trace/{id}", "/v1/dead-letters/{id}", "/v1/cases/{id}/audit"):
            return Request(path.replace("{id}", target.case))
        if path.startswith("/v1/dead-letters/"):
            return Request(path.replace("{id}", "none"), body={"dry_run": True})
        if service == "router" and path.startswith("/v1/cases/{id}"):
            return Request(path.replace("{id}", target.case))
        return self._request(f"{service} {method} {path}", target, self.photos[caller if caller in GUESTS else "plain"])

    def _request(self, route: str, target: Target, photo: str) -> Request:
        path = route.split(" ")[2]
        report = {"kind": "hazard", "description": "lamp", "location": QUAY, "channel": "phone"}
        one = {"city": "harbour", "case": target.case, "report": target.report, "person": "qs-desk"}
        version = next(c["version"] for c in self._cities if c["city"] == "harbour")
        far, further = self._later(300), self._later(301)
        dev = {"name": "walked", "role": "rider_app", "city": "harbour"}
        hook = {"url": "http://127.0.0.1:9/", "types": ["case.closed"]}
        link = str(self.link["link"]).rsplit("/", 1)[1]
        press = Request(f"/a/{link}", content=b"", media="application/x-www-form-urlencoded")
        deliveries = f"/v1/webhooks/{self.hook}/deliveries"
        known = {
            "intake POST /v1/reports": Request(path, body=report),
            "intake POST /v1/reports:batch": Request(path, body=[{**report, "idempotency_key": uuid.uuid4().hex}]),
            "intake GET /v1/reports/{id}": Request(f"/v1/reports/{target.report}"),
            "intake POST /v1/reports/{id}/rating": Request(f"/v1/reports/{target.report}/rating", body={"score": 3}),
            "intake POST /v1/reports/{id}/additions": Request(
                f"/v1/reports/{target.report}/additions", body={"text": "more"}
            ),
            "intake POST /v1/reports/{id}/withdraw": Request(f"/v1/reports/{target.report}/withdraw", body=_REASON),
            "intake POST /v1/reporters:rewrap": Request(path, body={}),
            "intake POST /v1/photos": Request(path, content=picture("PNG"), media="image/png"),
            "intake GET /v1/photos/{id}": Request(f"/v1/photos/{photo}"),
            "intake POST /v1/photos:claim": Request(path, body={"city": "harbour", "photos": [], "case": target.case}),
            "intake POST /q/{token}": Request("/q/none", content=b"", media="application/x-www-form-urlencoded"),
            "intake GET /v1/nearby": Request(path, QUAY),
            "intake POST /v1/reporters:masked": Request(path, body={"city": "harbour", "reports": [target.report]}),
            "intake POST /v1/reporters:unmask": Request(path, body=one),
            "intake POST /v1/reports:unseal": Request(path, body=one),
            "router GET /v1/units": Request(path, {"point": "4.32,52.12"}),
            "router GET /v1/units/{id}": Request("/v1/units/quayside"),
            "router POST /v1/visits": Request(path, body=self._visit()),
            "router GET /v1/visits/{id}": Request(f"/v1/visits/{self.visit}"),
            "router POST /v1/visits/{id}/hold": Request(
                f"/v1/visits/{self.visit}/hold", body={"came": [], "result": "a walk"}
            ),
            "router POST /v1/visits/{id}/cancel": Request(f"/v1/visits/{self.visit}/cancel", body=_REASON),
            "router POST /v1/campaigns": Request(
                path,
                body={
                    "name": "a walk",
                    "purpose": "a walk",
                    "invited": ["works"],
                    "visits": [{"place": "fish-quay", "at": self._visit()["at"]}],
                },
            ),
            "router GET /v1/campaigns/{id}": Request("/v1/campaigns/none"),
            "router GET /v1/patrols": Request(path, {"month": "2026-03"}),
            "router GET /v1/units/{id}/on-duty": Request("/v1/units/quayside/on-duty"),
            "router POST /v1/rota/swaps": Request(path, body={"from": "qs-night", "to": "qs-desk", "on": far}),
            "router POST /v1/rota/leave": Request(
                path,
                body={
                    "person": "qs-walk",
                    "from": f"{far}T08:00:00Z",
                    "until": f"{further}T08:00:00Z",
                },
            ),
            "router GET /v1/queues/{unit}/cases": Request("/v1/queues/quayside/cases"),
            "router GET /v1/queues/{unit}/stream": Request("/v1/queues/quayside/stream"),
            "router POST /v1/cities": Request(path, body={"files": read_folder(HARBOUR)}),
            "router GET /v1/cities/{city}/packs/{version}": Request(f"/v1/cities/harbour/packs/{version}"),
            "router POST /v1/keys": Request(path, body=dev),
            "router POST /v1/keys:rotate": Request(path, body={}),
            "router POST /v1/keys:revoke": Request(path, body={"name": "walked", "city": "harbour"}),
            "router POST /v1/dev/tokens": Request(path, body={"city": "harbour"}),
            "notifier POST /v1/alerts/{id}/ack": Request(f"/v1/alerts/{self.alert['id']}/ack", body={}),
            "notifier GET /a/{token}": Request(f"/a/{link}"),
            "notifier POST /a/{token}": press,
            "notifier PUT /v1/me/alert-rules": Request(path, body={}),
            "notifier GET /v1/calendars/{token}.ics": Request(f"/v1/calendars/{self.calendar}"),
            "notifier POST /v1/me/test-alert": Request(path, body={}),
            "notifier POST /v1/me/calendar": Request(path, body={}),
            "notifier POST /v1/me/calendar:revoke": Request(path, body={}),
            "notifier POST /v1/silences": Request(path, body=self._silence()),
            "notifier POST /v1/silences/{id}/end": Request(f"/v1/silences/{self.silence}/end", body={}),
            "notifier POST /v1/webhooks": Request(path, body=hook),
            "notifier POST /v1/webhooks/{id}:rotate": Request(f"/v1/webhooks/{self.hook_to_end}:rotate", body={}),
            "notifier DELETE /v1/webhooks/{id}": Request(f"/v1/webhooks/{self.hook_to_end}"),
            "notifier GET /v1/webhooks/{id}/deliveries": Request(deliveries),
            "notifier POST /v1/deliveries/{id}/retry": Request(f"/v1/deliveries/{self.delivery}/retry", body={}),
            "notifier GET /v1/deliveries": Request(path, {"case": target.case}),
        }
        if path == "/v1/retention:run":
            return Request(path, body={"dry_run": True})
        if path == "/v1/replay":
            return Request(path, body={"since": "2026-01-01T00:00:00Z", "dry_run": True})
        if path == "/v1/dev/clock":
            return Request(path, body={"forward": "PT0S"})
        return known.get(route, Request(path))

    @cached_property
    def hook_to_end(self) -> str:
        """A webhook of the app's that is not looked at afterwards."""
        body = {"url": "http://127.0.0.1:9/", "types": ["case.rejected"]}
        return str(self.stack.rider().post_to("notifier", "/v1/webhooks", body).json()["id"])

    @cached_property
    def visit(self) -> str:
        """A visit that the quayside organises."""
        found = self.stack.person("qs-desk").post_to("router", "/v1/visits", self._visit())
        assert found.status_code == 201, found.text
        return str(found.json()["id"])

    def _visit(self) -> dict[str, Any]:
        """A visit at a time of its own."""
        at = self._now + timedelta(days=30, minutes=next(self._minutes))
        words = {"kind": "patrol", "place": "fish-quay", "purpose": "a walk", "invited": ["works"]}
        return {**words, "at": at.isoformat()}

    _minutes = itertools.count()

    @cached_property
    def _now(self) -> datetime:
        """The stack's time when the walk began."""
        return self.stack.now()

    def _later(self, days: int) -> str:
        """A day so far away that nothing that is tested hears of it."""
        return str((self._now + timedelta(days=days)).date())

    def _silence(self) -> dict[str, Any]:
        days = {"from": f"{self._later(50)}T08:00:00Z", "until": f"{self._later(51)}T08:00:00Z"}
        return {"unit": "quayside", **days, "reason": "a walk over all routes"}

    @cached_property
    def _cities(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.stack.ops.get("router", "/v1/cities").json()["items"]
        return found
