"""One sensible request for every route: right in everything but, maybe, its caller."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.city.reading import read_folder
from tests.attacks.access import GUESTS, Request, Target, World
from tests.attacks.command_bodies import REASON, command_bodies
from tests.kit.photo_files import picture
from tests.kit.places import QUAY
from tests.kit.stack import HARBOUR

FORM = "application/x-www-form-urlencoded"
REPORT = {"kind": "hazard", "description": "lamp", "location": QUAY, "channel": "phone"}
CAMPAIGN = {"name": "a walk", "purpose": "a walk", "invited": ["works"]}
NOWHERE = "http://127.0.0.1:9/"
COMMAND = "/v1/cases/{id}/"
SHEET = b"Ticket,State\r\n20260302-000123,open\r\n"


@dataclass(frozen=True)
class Asked:
    """What a request is made for: a route's ``path``, as ``caller``, about ``target`` and a ``photo`` of his."""

    world: World
    path: str
    caller: str
    target: Target
    photo: str

    def sent(self, body: Any = None, query: Mapping[str, Any] = {}, **names: str) -> Request:
        """The request; ``names`` fill the braces of the path."""
        return Request(_filled(self.path, names), dict(query), body)

    def sent_bytes(self, content: bytes, media: str, **names: str) -> Request:
        return Request(_filled(self.path, names), content=content, media=media)

    def about_the_case(self) -> dict[str, Any]:
        return {"city": "harbour", "case": self.target.case, "report": self.target.report, "person": "qs-desk"}

    def link(self) -> str:
        """The token of an alert's one-press link."""
        return str(self.world.link["link"]).rsplit("/", 1)[1]

    def leave(self) -> dict[str, Any]:
        """A day's leave, long after the walk."""
        days = self.world.later(300), self.world.later(301)
        return {"person": "qs-walk", "from": f"{days[0]}T08:00:00Z", "until": f"{days[1]}T08:00:00Z"}


def _filled(path: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def _erasure(a: Asked) -> Request:
    return a.sent({"ref": "x", **({"app": "rider-app", "city": "harbour"} if "ops" in a.caller else {})})


def _campaign(a: Asked) -> Request:
    return a.sent({**CAMPAIGN, "visits": [{"place": "fish-quay", "at": a.world.new_visit()["at"]}]})


Build = Callable[[Asked], Request]

EVERYWHERE: dict[str, Build] = {
    "POST /v1/retention:run": lambda a: a.sent({"dry_run": True}),
    "POST /v1/replay": lambda a: a.sent({"since": "2026-01-01T00:00:00Z", "dry_run": True}),
    "POST /v1/dev/clock": lambda a: a.sent({"forward": "PT0S"}),
    "GET /v1/trace/{id}": lambda a: a.sent(id=a.target.case),
    "GET /v1/dead-letters/{id}": lambda a: a.sent(id=a.target.case),
    "POST /v1/dead-letters/{id}/replay": lambda a: a.sent({"dry_run": True}, id="none"),
    "POST /v1/dead-letters/{id}/drop": lambda a: a.sent({"dry_run": True}, id="none"),
}
"""Routes that all services have."""

INTAKE: dict[str, Build] = {
    "POST /v1/reports": lambda a: a.sent(REPORT),
    "GET /v1/reports": lambda a: a.sent(query={"outside_number": "20260302-000123"}),
    "POST /v1/reports:batch": lambda a: a.sent([{**REPORT, "idempotency_key": uuid.uuid4().hex}]),
    "GET /v1/reports/{id}": lambda a: a.sent(id=a.target.report),
    "POST /v1/reports/{id}/rating": lambda a: a.sent({"score": 3}, id=a.target.report),
    "POST /v1/reports/{id}/objection": lambda a: a.sent(REASON, id=a.target.report),
    "POST /v1/reports/{id}/additions": lambda a: a.sent({"text": "more"}, id=a.target.report),
    "POST /v1/reports/{id}/withdraw": lambda a: a.sent(REASON, id=a.target.report),
    "POST /v1/reports:with-phone": lambda a: a.sent({"phone_last": "0000", "city": "harbour"}),
    "POST /v1/reports:of-tickets": lambda a: a.sent({"city": "harbour", "numbers": ["20260302-000123"]}),
    "POST /v1/reports:bridged": lambda a: a.sent({"city": "harbour", "bridge": "town_desk", "reports": []}),
    "POST /v1/reports:unseal": lambda a: a.sent(a.about_the_case()),
    "POST /v1/reporters:erase": _erasure,
    "POST /v1/my-data:erase": lambda a: a.sent({}),
    "POST /v1/reporters:find": lambda a: a.sent({"phone_last": "0000", "city": "harbour"}),
    "POST /v1/reporters:masked": lambda a: a.sent({"city": "harbour", "reports": [a.target.report]}),
    "POST /v1/reporters:rewrap": lambda a: a.sent({}),
    "POST /v1/reporters:unmask": lambda a: a.sent(a.about_the_case()),
    "POST /v1/photos": lambda a: a.sent_bytes(picture("PNG"), "image/png"),
    "GET /v1/photos/{id}": lambda a: a.sent(id=a.photo),
    "POST /v1/photos:claim": lambda a: a.sent({"city": "harbour", "photos": [], "case": a.target.case}),
    "GET /p/{token}": lambda a: a.sent(token="none"),
    "POST /q/{token}": lambda a: a.sent_bytes(b"", FORM, token="none"),
    "GET /v1/nearby": lambda a: a.sent(query=QUAY),
    "GET /v1/surroundings": lambda a: a.sent(query=QUAY),
}

ROUTER: dict[str, Build] = {
    "POST /v1/cases:of-number": lambda a: a.sent({"city": "harbour", "number": "20260302-000123"}),
    "GET /v1/units": lambda a: a.sent(query={"point": "4.32,52.12"}),
    "GET /v1/units/{id}": lambda a: a.sent(id="quayside"),
    "GET /v1/names": lambda a: a.sent(query={"people": "qs-walk", "units": "quayside"}),
    "POST /v1/follow-up-calls/{id}:record": lambda a: a.sent({"reached": False}, id=a.target.case),
    "GET /v1/bridges/{id}/sheet": lambda a: a.sent(id="town_desk"),
    "POST /v1/bridges/{id}/sheet": lambda a: a.sent_bytes(SHEET, "text/csv", id="town_desk"),
    "GET /v1/units/{id}/on-duty": lambda a: a.sent(id="quayside"),
    "GET /v1/units/{id}/roster": lambda a: a.sent(id="quayside"),
    "GET /v1/queues/{unit}/cases": lambda a: a.sent(unit="quayside"),
    "GET /v1/cases": lambda a: a.sent(query={"text": "lamp"}),
    "GET /v1/cases:nearby": lambda a: a.sent(query=QUAY),
    "POST /v1/cases:bulk": lambda a: a.sent(
        {"command": "note", "body": {"text": "x"}, "cases": [{"id": a.target.case}]}
    ),
    "POST /v1/cases:suggest": lambda a: a.sent({"text": "lamp"}),
    "POST /v1/cases:find": lambda a: a.sent({"phone_last": "0000"}),
    "GET /v1/queues/{unit}/points": lambda a: a.sent(unit="quayside"),
    "GET /v1/units/{id}/geometry": lambda a: a.sent(id="quayside"),
    "GET /v1/queues/{unit}/counts": lambda a: a.sent(unit="quayside"),
    "GET /v1/queues/{unit}/stream": lambda a: a.sent(unit="quayside"),
    "POST /v1/visits": lambda a: a.sent(a.world.new_visit()),
    "GET /v1/visits/{id}": lambda a: a.sent(id=a.world.visit),
    "POST /v1/visits/{id}/hold": lambda a: a.sent({"came": [], "result": "a walk"}, id=a.world.visit),
    "POST /v1/visits/{id}/cancel": lambda a: a.sent(REASON, id=a.world.visit),
    "POST /v1/campaigns": _campaign,
    "GET /v1/campaigns/{id}": lambda a: a.sent(id="none"),
    "GET /v1/satisfaction": lambda a: a.sent(query={"month": "2026-03"}),
    "GET /v1/patrols": lambda a: a.sent(query={"month": "2026-03"}),
    "POST /v1/rota/swaps": lambda a: a.sent({"from": "qs-night", "to": "qs-desk", "on": a.world.a_day()}),
    "POST /v1/rota/leave": lambda a: a.sent(a.leave()),
    "POST /v1/cities": lambda a: a.sent({"files": read_folder(HARBOUR)}),
    "GET /v1/cities/{city}/packs/{version}": lambda a: a.sent(city="harbour", version=a.world.pack_version),
    "POST /v1/invitations": lambda a: a.sent({"person": "qs-walk", "city": "harbour"}),
    "GET /v1/invitations/{token}": lambda a: a.sent(token="none"),
    "POST /v1/invitations/{token}:accept": lambda a: a.sent({"password": "x"}, token="none"),
    "POST /v1/walls": lambda a: a.sent({"name": "another-wall", "unit": "quayside", "city": "harbour"}),
    "GET /v1/walls": lambda a: a.sent(query={"city": "harbour"}),
    "POST /v1/walls:revoke": lambda a: a.sent({"id": "0" * 16, "city": "harbour"}),
    "POST /v1/rider-sessions": lambda a: a.sent({"reporter": {"ref": "walked"}}),
    "POST /v1/rider-sessions/{token}:open": lambda a: a.sent(token="none"),
    "DELETE /v1/rider-sessions": lambda a: a.sent(),
    "POST /v1/sessions": lambda a: a.sent({"person": uuid.uuid4().hex, "password": "x", "city": "harbour"}),
    "POST /v1/sessions:pin": lambda a: a.sent(
        {"person": uuid.uuid4().hex, "pin": "274913", "computer": "whk_computer_" + "0" * 64, "city": "harbour"}
    ),
    "POST /v1/sessions:set-pin": lambda a: a.sent({"password": "x", "pin": "274913"}),
    "POST /v1/sessions:holders": lambda a: a.sent({"hashes": ["0" * 64]}),
    "POST /v1/login-links": lambda a: a.sent({"person": uuid.uuid4().hex, "city": "harbour"}),
    "GET /v1/login-links/{token}": lambda a: a.sent(token="none"),
    "POST /v1/login-links/{token}:press": lambda a: a.sent({"number": 10}, token="none"),
    "POST /v1/sessions:link": lambda a: a.sent({"asked": "whk_link_" + "0" * 64}),
    "POST /v1/sessions:set-password": lambda a: a.sent({"password": "x", "new": "x"}),
    "POST /v1/sessions:here": lambda a: a.sent(),
    "POST /v1/sessions:people-here": lambda a: a.sent({"computer": "whk_computer_" + "0" * 64}),
    "GET /v1/sign-in": lambda a: a.sent(),
    "GET /v1/sign-in/sso": lambda a: a.sent(),
    "POST /v1/sign-in/sso": lambda a: a.sent({}),
    "POST /v1/sessions:sso": lambda a: a.sent({"asked": "whk_sso_" + "0" * 64, "state": "0" * 32, "code": "x"}),
    "GET /v1/dev/people": lambda a: a.sent(),
    "POST /v1/dev/sessions": lambda a: a.sent({"city": "harbour", "person": "nobody"}),
    "POST /v1/sessions:confirm": lambda a: a.sent({"totp": "000000"}),
    "GET /v1/sessions": lambda a: a.sent(query={"person": "qs-walk", "city": "harbour"}),
    "DELETE /v1/sessions/{id}": lambda a: a.sent(query={"person": "qs-walk", "city": "harbour"}, id="none"),
    "POST /v1/keys": lambda a: a.sent({"name": "walked", "role": "rider_app", "city": "harbour"}),
    "POST /v1/keys:rotate": lambda a: a.sent({}),
    "POST /v1/keys:revoke": lambda a: a.sent({"name": "walked", "city": "harbour"}),
    "POST /v1/dev/tokens": lambda a: a.sent({"city": "harbour"}),
}

NOTIFIER: dict[str, Build] = {
    "GET /v1/alerts:told": lambda a: a.sent(query={"case": "none"}),
    "POST /v1/alerts/{id}/ack": lambda a: a.sent({}, id=str(a.world.alert["id"])),
    "GET /a/{token}": lambda a: a.sent(token=a.link()),
    "POST /a/{token}": lambda a: a.sent_bytes(b"", FORM, token=a.link()),
    "GET /a/{token}/photos/{id}": lambda a: a.sent(
        token=str(a.world.alert["link"]).rsplit("/", 1)[1], id=a.world.photos["plain"]
    ),
    "PUT /v1/me/alert-rules": lambda a: a.sent({}),
    "POST /v1/me/test-alert": lambda a: a.sent({}),
    "POST /v1/me/calendar": lambda a: a.sent({}),
    "POST /v1/me/calendar:revoke": lambda a: a.sent({}),
    "GET /v1/calendars/{token}.ics": lambda a: a.sent(token=a.world.calendar.removesuffix(".ics")),
    "POST /v1/silences": lambda a: a.sent(a.world.new_silence()),
    "POST /v1/silences/{id}/end": lambda a: a.sent({}, id=a.world.silence),
    "POST /v1/webhooks": lambda a: a.sent({"url": NOWHERE, "types": ["case.closed"]}),
    "POST /v1/webhooks/{id}:rotate": lambda a: a.sent({}, id=a.world.hook_to_end),
    "DELETE /v1/webhooks/{id}": lambda a: a.sent(id=a.world.hook_to_end),
    "GET /v1/webhooks/{id}/deliveries": lambda a: a.sent(id=a.world.hook),
    "POST /v1/deliveries/{id}/retry": lambda a: a.sent({}, id=a.world.delivery),
    "GET /v1/deliveries:undelivered": lambda a: a.sent(),
    "GET /v1/deliveries": lambda a: a.sent(query={"case": a.target.case}),
    "GET /s/{code}": lambda a: a.sent(code="none"),
    "POST /k/{word}": lambda a: a.sent_bytes(b"[]", "application/json", word="none"),
}

ROUTES: dict[str, dict[str, Build]] = {
    "intake": {**EVERYWHERE, **INTAKE},
    "router": {**EVERYWHERE, **ROUTER},
    "notifier": {**EVERYWHERE, **NOTIFIER},
}
"""By service and route what is sent. Routes that are not here need nothing, but for the case that they are about."""


def request_for(world: World, service: str, method: str, path: str, caller: str) -> Request:
    """A request of ``caller``, about a case that concerns him in his way."""
    if service == "router" and method == "POST" and path.startswith(COMMAND):
        return _command(world, path, caller)
    guest = caller in GUESTS
    target = world.guests[caller][""] if guest else world.plain
    asked = Asked(world, path, caller, target, world.photos[caller if guest else "plain"])
    build = ROUTES[service].get(f"{method} {path}")
    return build(asked) if build is not None else asked.sent(id=target.case)


def _command(world: World, path: str, caller: str) -> Request:
    """Each command is about a case of its own, so that none finds what another has done."""
    name = path.removeprefix(COMMAND)
    target = (world.guests[caller] if caller in GUESTS else world.plain_of)[name]
    body = {"report": target.report, **REASON} if name == "unmask" else command_bodies(world.now).get(name, {})
    return Request(_filled(path, {"id": target.case}), body=body)
