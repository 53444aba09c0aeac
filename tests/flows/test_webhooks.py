"""Promises to rider apps: told by signed webhook at every step, whatever one receiver does to another."""

import time
import uuid
from functools import partial
from typing import Any

import msgspec
from standardwebhooks import Webhook

from tests.kit.cases_on_stack import desk, done, walker
from tests.kit.places import QUAY
from tests.kit.refusals import pointers, problem
from tests.kit.stack import RunningStack, until
from tests.kit.webhook_receiver import Hook, receiver


def subscribe(stack: RunningStack, url: str, which: str = "app_key", **more: Any) -> dict[str, Any]:
    answer = stack.rider(which=which).post_to("notifier", "/v1/webhooks", {"url": url, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def own_case(stack: RunningStack, which: str = "app_key") -> tuple[str, str]:
    rider = stack.rider(which=which)
    report = rider.report("the lamp on the quay is dark", QUAY).json()["id"]
    return report, stack.case_of(report, rider)["case"]["id"]


def told(hook: Hook, case: str) -> list[dict[str, Any]]:
    bodies = [msgspec.json.decode(body) for _, body in list(hook.got)]
    return [body for body in bodies if body["data"]["case"]["id"] == case]


def test_every_step_is_told_and_signed(stack: RunningStack) -> None:
    with receiver() as hook:
        secret = subscribe(stack, hook.url)["secret"]
        report, case = own_case(stack)
        done(desk(stack).command(case, "claim"), "claimed")
        done(walker(stack).command(case, "on_site"), "on_site")
        done(walker(stack).command(case, "resolve", {"how": "repair", "text": "bulb"}), "resolved")
        done(desk(stack).command(case, "inspect", {"ok": True}), "resolved")
        done(desk(stack).command(case, "close"), "closed")
        wanted = {"case.opened", "case.claimed", "case.on_site", "case.resolved", "case.inspected", "case.closed"}
        until(lambda: wanted <= {b["type"] for b in told(hook, case)}, what="a webhook for every step")
        for headers, body in hook.got:
            Webhook(secret).verify(body, headers)
        assert {tuple(b["data"]["reports"]) for b in told(hook, case)} == {(report,)}
        versions = [b["data"]["version"] for b in told(hook, case)]
        assert set(versions) == set(range(1, 7))
        ids = [headers["webhook-id"] for headers, _ in hook.got]
        assert len(ids) == len(set(ids))


def test_a_failed_delivery_is_tried_again_under_the_same_id(stack: RunningStack) -> None:
    with receiver(500, 503) as hook:
        webhook = subscribe(stack, hook.url, types=["case.opened"])
        _, case = own_case(stack)
        until(lambda: len(told(hook, case)) >= 3, within=30, what="the third attempt")
        ids = {h["webhook-id"] for h, b in hook.got if msgspec.json.decode(b)["data"]["case"]["id"] == case}
        assert len(ids) == 1

        def delivered() -> bool:
            page = stack.rider().get("notifier", f"/v1/webhooks/{webhook['id']}/deliveries").json()["items"]
            return any(d["case"] == case and d["state"] == "delivered" and d["attempts"] == 3 for d in page)

        until(delivered, what="the delivery on record")


def test_a_hanging_receiver_delays_no_other(stack: RunningStack) -> None:
    with receiver(hangs=True) as dead, receiver() as alive:
        subscribe(stack, dead.url, types=["case.opened"])
        subscribe(stack, alive.url, types=["case.opened"])
        for _ in range(3):
            _, case = own_case(stack)
            began = time.monotonic()
            until(partial(told, alive, case), what="the living receiver's webhook")
            assert time.monotonic() - began < 4.0, "the living receiver waited for the dead one"


def test_apps_hear_only_of_their_own_reports(stack: RunningStack) -> None:
    with receiver() as mine, receiver() as theirs:
        subscribe(stack, mine.url)
        webhook = subscribe(stack, theirs.url, which="app_key_2")
        _, case = own_case(stack)
        _, other = own_case(stack, which="app_key_2")
        until(lambda: told(mine, case) and told(theirs, other), what="both webhooks")
        assert not told(theirs, case)
        assert not told(mine, other)
        problem(stack.rider().get("notifier", f"/v1/webhooks/{webhook['id']}/deliveries"), 404)


def test_the_secret_is_shown_again_only_to_the_same_key(stack: RunningStack) -> None:
    rider, key = stack.rider(), uuid.uuid4().hex
    body = {"url": "http://127.0.0.1:9/in", "types": ["case.closed.v1"]}
    first = rider.post_to("notifier", "/v1/webhooks", body, key=key)
    again = rider.post_to("notifier", "/v1/webhooks", body, key=key)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    problem(rider.post_to("notifier", "/v1/webhooks", {**body, "types": []}, key=key), 422)
    listed = rider.get("notifier", "/v1/webhooks").text
    assert "whsec" not in listed


def test_internal_addresses_are_refused(stack: RunningStack) -> None:
    for url in ("http://10.0.0.1/x", "https://169.254.169.254/", "https://[::ffff:10.0.0.1]/", "ftp://127.0.0.1/"):
        assert pointers(stack.rider().post_to("notifier", "/v1/webhooks", {"url": url})) == {"/url"}
