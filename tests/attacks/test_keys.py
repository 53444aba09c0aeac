"""Idempotency keys and app keys on the running stack: one key is one thing, shown once, and ends with what it made."""

import copy
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.attacks.access import Request, World, table
from tests.attacks.route_requests import request_for
from tests.kit.photo_files import picture
from tests.kit.places import QUAY
from tests.kit.stack import RunningStack, until
from tests.kit.webhook_receiver import receiver

CALLERS = ("desk", "app", "ops", "offered", "rider")
OTHER_WORDS = {
    "basis": "other",
    "text": "other",
    "reason": "other",
    "note": "other",
    "purpose": "other",
    "description": "other",
}
COMPARED = frozenset(
    {
        "intake POST /v1/photos",
        "intake POST /v1/reporters:erase",
        "intake POST /v1/reports",
        "intake POST /v1/reports/{id}/additions",
        "intake POST /v1/reports/{id}/withdraw",
        "intake POST /v1/retention:run",
        "notifier POST /v1/retention:run",
        "notifier POST /v1/silences",
        "notifier POST /v1/webhooks",
        "router POST /v1/campaigns",
        "router POST /v1/cases/{id}/call_in",
        "router POST /v1/cases/{id}/categorize",
        "router POST /v1/cases/{id}/escalate",
        "router POST /v1/cases/{id}/note",
        "router POST /v1/cases/{id}/pause",
        "router POST /v1/cases/{id}/recuse",
        "router POST /v1/cases/{id}/reject",
        "router POST /v1/cases/{id}/request_extension",
        "router POST /v1/cases/{id}/request_info",
        "router POST /v1/cases/{id}/return",
        "router POST /v1/cases/{id}/transfer",
        "router POST /v1/cases/{id}/unmask",
        "router POST /v1/cities",
        "router POST /v1/keys",
        "router POST /v1/keys:revoke",
        "router POST /v1/retention:run",
        "router POST /v1/visits",
        "router POST /v1/visits/{id}/cancel",
    }
)
"""Keyed routes on which another body is sent under the key, in parallel and later."""
REPEATED = {
    "intake POST /v1/my-data:erase": "its body is empty",
    "intake POST /v1/reporters:rewrap": "its body is empty",
    "notifier POST /v1/deliveries/{id}/retry": "its body is empty",
    "notifier POST /v1/me/calendar": "its body is empty",
    "notifier POST /v1/me/calendar:revoke": "its body is empty",
    "notifier POST /v1/me/test-alert": "its body is empty",
    "notifier POST /v1/silences/{id}/end": "its body is empty",
    "notifier POST /v1/webhooks/{id}:rotate": "its body is empty",
    "router POST /v1/cases/{id}/acknowledge": "its body is empty",
    "router POST /v1/cases/{id}/assign": "its body names units, and any other would be refused",
    "router POST /v1/cases/{id}/claim": "its body is empty",
    "router POST /v1/cases/{id}/consult": "its body names units, and any other would be refused",
    "router POST /v1/cases/{id}/mark_sensitive": "its body names one of three kinds",
    "router POST /v1/cases/{id}/redirect": "its body names an entry of the pack",
    "router POST /v1/dev/tokens": "its body names a city",
    "router POST /v1/rota/leave": "its body names people and days",
    "router POST /v1/rota/swaps": "its body names people and days",
}
"""Keyed routes on which the same is sent again, but nothing else under the key: why."""
REFUSED = {
    "intake POST /v1/reports/{id}/objection": "nothing is rejected in the walk",
    "intake POST /v1/reports/{id}/rating": "nothing is resolved in the walk",
    "notifier POST /v1/alerts/{id}/ack": "only who was alerted may",
    "router POST /v1/bridges/{id}/sheet": "takes a supervisor",
    "router POST /v1/cases/{id}/accept": "the walk's case is in another state",
    "router POST /v1/cases/{id}/answer_info": "the walk's case is in another state",
    "router POST /v1/cases/{id}/approve_extension": "the walk's case is in another state",
    "router POST /v1/cases/{id}/approve_objection": "the walk's case is in another state",
    "router POST /v1/cases/{id}/approve_outcome": "the walk's case is in another state",
    "router POST /v1/cases/{id}/approve_pause": "the walk's case is in another state",
    "router POST /v1/cases/{id}/approve_reject": "the walk's case is in another state",
    "router POST /v1/cases/{id}/approve_return": "the walk's case is in another state",
    "router POST /v1/cases/{id}/close": "the walk's case is in another state",
    "router POST /v1/cases/{id}/conclude": "the walk's case is in another state",
    "router POST /v1/cases/{id}/excuse_part": "the walk's case is in another state",
    "router POST /v1/cases/{id}/finish_part": "the walk's case is in another state",
    "router POST /v1/cases/{id}/inspect": "the walk's case is in another state",
    "router POST /v1/cases/{id}/lift_recusal": "the walk's case is in another state",
    "router POST /v1/cases/{id}/merge": "takes a second case",
    "router POST /v1/cases/{id}/on_site": "the walk's case is in another state",
    "router POST /v1/cases/{id}/plan": "the walk's case is in another state",
    "router POST /v1/cases/{id}/record_call": "the walk's case is in another state",
    "router POST /v1/cases/{id}/refuse": "the walk's case is in another state",
    "router POST /v1/cases/{id}/refuse_extension": "the walk's case is in another state",
    "router POST /v1/cases/{id}/refuse_objection": "the walk's case is in another state",
    "router POST /v1/cases/{id}/refuse_outcome": "the walk's case is in another state",
    "router POST /v1/cases/{id}/refuse_pause": "the walk's case is in another state",
    "router POST /v1/cases/{id}/refuse_reject": "the walk's case is in another state",
    "router POST /v1/cases/{id}/refuse_return": "the walk's case is in another state",
    "router POST /v1/cases/{id}/release": "the walk's case is in another state",
    "router POST /v1/cases/{id}/reopen": "the walk's case is in another state",
    "router POST /v1/cases/{id}/report_in": "the walk's case is in another state",
    "router POST /v1/cases/{id}/resolve": "the walk's case is in another state",
    "router POST /v1/cases/{id}/resume": "the walk's case is in another state",
    "router POST /v1/cases/{id}/split": "takes a second report",
    "router POST /v1/cases/{id}/start": "the walk's case is in another state",
    "router POST /v1/cases/{id}/supervise": "takes somebody above",
    "router POST /v1/cases/{id}/unmark_sensitive": "only the level above may",
    "router POST /v1/cases/{id}/unseal": "the walk's case is not confidential",
    "router POST /v1/follow-up-calls/{id}:record": "the walk's case is in another state",
    "router POST /v1/visits/{id}/hold": "the walk's visit has not begun",
}
"""Keyed routes on which the walk gets nothing done, so that it shows nothing: why. Commands of cases share one way to
their keys, which tests/stores/router/test_commands.py and tests/stores/runtime/test_idempotency_keys.py show."""
EXEMPT = {
    "router POST /v1/cases:bulk": "each of its cases answers for itself, as the command's own route does",
    "router POST /v1/keys:rotate": "ends the token that sends it; with a test of its own (B70)",
}
"""Keyed routes that the walk does not send: why."""


@pytest.fixture(scope="module")
def world(stack: RunningStack) -> World:
    return World(stack)


class Walk:
    """Sends a request of a route, under a key."""

    def __init__(self, world: World) -> None:
        self._world = world

    def keyed(self) -> Iterator[tuple[str, str, str]]:
        """Service, path and caller of every route that takes a key."""
        for service, url in self._world.stack.services.items():
            for path, methods in self._world.stack.http.get(f"{url}/openapi.json").json()["paths"].items():
                parameters = methods.get("post", {}).get("parameters", ())
                if "Idempotency-Key" in {p["name"] for p in parameters} and f"{service} POST {path}" not in EXEMPT:
                    yield service, path, self._caller(service, path)

    def _caller(self, service: str, path: str) -> str:
        """Somebody who may; the desk where it takes somebody whom the pack names."""
        page = table()[f"{service} POST {path}"]
        return next((c for c in CALLERS if page[c] & {200, 201, 202, 409}), CALLERS[0])

    def send(self, service: str, request: Request, caller: str, key: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {self._world.tokens[caller]}", "idempotency-key": key}
        url = self._world.stack.urls[service] + request.path
        if request.content is None:
            return httpx.post(url, json=request.body, headers=headers, timeout=30)
        return httpx.post(url, content=request.content, headers=headers | {"content-type": request.media}, timeout=30)


def other_than(request: Request) -> Request | None:
    """The same request with another body; None where there is no other."""
    if request.content is not None:
        return replace(request, content=picture("PNG", (9, 7)))
    body = copy.deepcopy(request.body)
    if not body:
        return None
    if "files" in body:
        body["files"]["city.yaml"] += "\n# another pack\n"
        return replace(request, body=body)
    if (name := next((name for name in OTHER_WORDS if name in body), None)) is not None:
        body[name] = OTHER_WORDS[name]
    elif "dry_run" in body:
        body["dry_run"] = True
        body["city"] = "harbour"
    elif "score" in body:
        body["score"] = 1
    elif "name" in body:
        body["name"] = "another"
    elif "ref" in body:
        body["ref"] = "another"
    elif "types" in body:
        body["types"] = ["case.opened"]
    else:
        return None
    return Request(request.path, body=body)


def test_on_every_route_a_key_stands_for_one_thing(world: World) -> None:
    """B62: another body in parallel and later is 422; the same again is the first answer and says so.

    Every keyed route is walked so, or stands in one of the lists above.
    """
    walk, wrong = Walk(world), []
    shown: dict[str, set[str]] = {"compared": set(), "repeated": set(), "refused": set()}
    for service, path, caller in sorted(walk.keyed(), key=lambda route: route[1] == "/v1/cities"):
        route, key = f"{service} POST {path}", uuid.uuid4().hex
        request = request_for(world, service, "POST", path, caller)
        other = other_than(request)
        sent = [request, other] if other is not None else [request]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda one: walk.send(service, one, caller, key), sent))  # noqa: B023
        did = [n for n, answer in enumerate(answers) if answer.is_success]
        shown["refused" if not did else "repeated" if other is None else "compared"].add(route)
        if len(did) > 1:
            wrong.append(f"{route}: both {[a.status_code for a in answers]}")
        if not did:
            continue
        first = answers[did[0]]
        again = walk.send(service, sent[did[0]], caller, key)
        if (again.status_code, again.headers.get("idempotent-replayed")) != (first.status_code, "true"):
            wrong.append(f"{route}: again {again.status_code} {again.text[:100]}")
        if other is not None:
            late = walk.send(service, sent[1 - did[0]], caller, key)
            if {late.status_code, answers[1 - did[0]].status_code} != {422}:
                wrong.append(f"{route}: other {answers[1 - did[0]].status_code} and {late.status_code}")
    assert not wrong, "\n".join(wrong)
    expected: dict[str, set[str]] = {"compared": set(COMPARED), "repeated": set(REPEATED), "refused": set(REFUSED)}
    moved = {
        where: (sorted(shown[where] - routes), sorted(routes - shown[where])) for where, routes in expected.items()
    }
    assert not any(map(any, moved.values())), f"more and fewer than listed: {moved}"


def new_key(stack: RunningStack, name: str, key: str | None = None) -> httpx.Response:
    body = {"name": name, "role": "rider_app", "city": "harbour"}
    return stack.ops.post_to("router", "/v1/keys", body, key=key)


def as_app(stack: RunningStack, name: str) -> Any:
    rider = stack.rider()
    rider.token = new_key(stack, name).json()["key"]
    return rider


def revoke(stack: RunningStack, name: str) -> None:
    answer = stack.ops.post_to("router", "/v1/keys:revoke", {"name": name, "city": "harbour"})
    assert answer.json()["revoked"] >= 1


def test_a_key_is_shown_once_and_a_new_one_works_after_a_revocation(stack: RunningStack) -> None:
    """B59: nobody who knows the idempotency key reads the app's key again, nor gets a revoked one as new."""
    name = f"app-{uuid.uuid4().hex[:8]}"
    first, again = new_key(stack, name, "made-" + name), new_key(stack, name, "made-" + name)
    assert again.status_code == 201
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == {word: value for word, value in first.json().items() if word != "key"}
    revoke(stack, name)
    assert "key" not in new_key(stack, name, "made-" + name).json()
    rider = as_app(stack, name)
    assert rider.get("intake", "/v1/me").json()["app"] == name


def told(stack: RunningStack, rider: Any) -> None:
    """A report of the app's becomes a case, which its webhooks hear of."""
    stack.case_of(rider.report("a lamp", QUAY).json()["id"], rider)


def test_a_webhook_ends_with_the_key_that_made_it(stack: RunningStack) -> None:
    """B61: with what was owed to it, and a key that the app gets later does not revive it."""
    name = f"app-{uuid.uuid4().hex[:8]}"
    rider = as_app(stack, name)
    with receiver(*[500] * 1000) as hook:
        made = rider.post_to("notifier", "/v1/webhooks", {"url": hook.url}).json()
        told(stack, rider)
        until(lambda: hook.got, what="an attempt")
        revoke(stack, name)
        fresh = as_app(stack, name)
        path = f"/v1/webhooks/{made['id']}/deliveries"
        until(
            lambda: {d["state"] for d in stack.ops.get("notifier", path).json()["items"]} == {"ended"},
            within=5,
            what="the end of what was owed",
        )
        assert {d["last_outcome"] for d in stack.ops.get("notifier", path).json()["items"]} <= {"revoked", "ended"}
        assert [w["state"] for w in fresh.get("notifier", "/v1/webhooks").json()["items"]] == ["revoked"]
        got = len(hook.got)
        told(stack, fresh)
        assert len(hook.got) == got


def test_a_webhook_is_deleted_and_its_secret_replaced(stack: RunningStack) -> None:
    """B61: twenty are not for ever; two secrets sign for a day."""
    rider = as_app(stack, f"app-{uuid.uuid4().hex[:8]}")
    body = {"url": "http://127.0.0.1:9/"}
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: rider.post_to("notifier", "/v1/webhooks", body), range(20)))
    assert [answer.status_code for answer in made] == [201] * 20 or 429 in {a.status_code for a in made}
    ids = [answer.json()["id"] for answer in made if answer.status_code == 201]
    while len(ids) < 20:
        ids.append(rider.post_to("notifier", "/v1/webhooks", body).json()["id"])
    assert rider.post_to("notifier", "/v1/webhooks", body).status_code == 409
    url = f"{stack.urls['notifier']}/v1/webhooks/{ids[0]}"
    headers = {"authorization": f"Bearer {rider.token}"}
    assert [stack.http.delete(url, headers=headers).status_code for _ in range(2)] == [204, 204]
    with receiver() as hook:
        added = rider.post_to("notifier", "/v1/webhooks", {"url": hook.url}).json()
        path = f"/v1/webhooks/{added['id']}:rotate"
        turned, again = (rider.post_to("notifier", path, key="turn") for _ in range(2))
        assert turned.json()["secret"] != added["secret"]
        assert "secret" not in again.json()
        assert again.headers["idempotent-replayed"] == "true"
        told(stack, rider)
        until(lambda: hook.got, what="a delivery")
        signed = hook.got[0][0]["webhook-signature"].split(" ")
        assert len(signed) == 2
    ended = rider.post_to("notifier", f"/v1/webhooks/{ids[0]}:rotate")
    assert ended.status_code == 409
