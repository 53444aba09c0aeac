"""Idempotency keys and app keys on the running stack: one key is one thing, shown once, and ends with what it made."""

import copy
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.attacks.access import Request, World, table
from tests.flows.test_reports import QUAY
from tests.flows.test_webhooks import receiver
from tests.stack import RunningStack, until

CALLERS = ("desk", "app", "ops", "offered")
OTHER_WORDS = {"text": "other", "reason": "other", "note": "other", "purpose": "other", "description": "other"}
ALONE = frozenset({"intake POST /v1/photos", "router POST /v1/cities", "router POST /v1/keys:rotate"})
"""A picture is compared by its bytes, and a pack by all its files: with tests of their own; the installation's tokens
change on a stack of their own, or the others' would end."""


@pytest.fixture(scope="module")
def world(stack: RunningStack) -> World:
    return World(stack)


class Walk:
    """Sends a request of a route, under a key."""

    def __init__(self, world: World) -> None:
        self._world = world

    def keyed(self) -> Iterator[tuple[str, str, str]]:
        """Service, path and caller of every route that takes a key."""
        for service, url in self._world.stack.urls.items():
            for path, methods in self._world.stack.http.get(f"{url}/openapi.json").json()["paths"].items():
                parameters = methods.get("post", {}).get("parameters", ())
                if "Idempotency-Key" not in {p["name"] for p in parameters} or f"{service} POST {path}" in ALONE:
                    continue
                if (caller := self._caller(service, path)) is not None:
                    yield service, path, caller

    def _caller(self, service: str, path: str) -> str | None:
        """Somebody who may; None where it takes somebody whom the pack names."""
        page = table()[f"{service} POST {path}"]
        return next((c for c in CALLERS if page[c] & {200, 201, 202, 409}), None)

    def send(self, service: str, request: Request, caller: str, key: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {self._world.tokens[caller]}", "idempotency-key": key}
        url = self._world.stack.urls[service] + request.path
        return httpx.post(url, json=request.body, headers=headers, timeout=30)


def other_than(request: Request) -> Request | None:
    """The same request with another body; None where there is no other."""
    body = copy.deepcopy(request.body)
    if not body:
        return None
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
    """B62: another body in parallel and later is 422; the same again is the first answer and says so."""
    walk, wrong, compared = Walk(world), [], 0
    for service, path, caller in list(walk.keyed()):
        route, key = f"{service} POST {path}", uuid.uuid4().hex
        request = world.request(service, "POST", path, caller)
        other = other_than(request)
        sent = [request, other] if other is not None else [request]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda one: walk.send(service, one, caller, key), sent))  # noqa: B023
        did = [n for n, answer in enumerate(answers) if answer.is_success]
        if len(did) > 1:
            wrong.append(f"{route}: both {[a.status_code for a in answers]}")
        if not did:
            continue  # not now: what is refused is not done
        first = answers[did[0]]
        again = walk.send(service, sent[did[0]], caller, key)
        if (again.status_code, again.headers.get("idempotent-replayed")) != (first.status_code, "true"):
            wrong.append(f"{route}: again {again.status_code} {again.text[:100]}")
        if other is not None:
            compared += 1
            late = walk.send(service, sent[1 - did[0]], caller, key)
            if {late.status_code, answers[1 - did[0]].status_code} != {422}:
                wrong.append(f"{route}: other {answers[1 - did[0]].status_code} and {late.status_code}")
    assert not wrong, "\n".join(wrong)
    assert compared >= 8


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
