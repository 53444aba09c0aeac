"""Promises to officers: told once, both posts at once; one press is enough; a late press says who has it."""

import re
from urllib.parse import urlparse

import httpx

from tests.kit.cases_on_stack import alert_of, desk, on_post_a, opened
from tests.kit.refusals import problem
from tests.kit.stack import RunningStack, until


def test_posts_a_and_b_are_told_at_once_and_once_each(stack: RunningStack) -> None:
    _, case = opened(stack)
    officer = on_post_a(stack, case)
    alert_of(stack, stack.person("qs-walk"), case)
    items = stack.ops.get("notifier", "/v1/alerts", case=case, city="harbour").json()["items"]
    assert sorted(i["recipient"] for i in items) == sorted([officer.id, "qs-walk"])


def test_an_acknowledged_alert_turns_acked_by_the_cases_event(stack: RunningStack) -> None:
    _, case = opened(stack)
    member = stack.person("qs-walk")
    alert = alert_of(stack, member, case)
    answer = member.post_to("notifier", f"/v1/alerts/{alert['id']}/ack")
    assert answer.status_code == 200, answer.text
    assert desk(stack).get("router", f"/v1/cases/{case}").json()["state"] == "acknowledged"
    turned = until(
        lambda: next(
            (a for a in member.get("notifier", "/v1/alerts", case=case).json()["items"] if a["state"] == "acked"), None
        ),
        what="the alert acked",
    )
    assert turned["acked_by"] == "qs-walk"
    again = member.post_to("notifier", f"/v1/alerts/{alert['id']}/ack")
    assert again.status_code == 200, "pressing twice is pressing once"
    problem(desk(stack).post_to("notifier", f"/v1/alerts/{alert['id']}/ack"), 404)


def test_one_press_claims_and_a_late_press_says_who_has_it(stack: RunningStack) -> None:
    _, case = opened(stack)
    officer, member = on_post_a(stack, case), stack.person("qs-walk")
    link, late = str(alert_of(stack, officer, case)["link"]), str(alert_of(stack, member, case)["link"])
    assert urlparse(link).path.startswith("/a/")
    page = httpx.get(link)
    assert page.status_code == 200
    assert "<form" in page.text
    assert desk(stack).get("router", f"/v1/cases/{case}").json()["state"] == "queued", "looking presses nothing"
    assert httpx.post(link).status_code == 200
    assert desk(stack).get("router", f"/v1/cases/{case}").json()["state"] == "claimed"
    assert "has it now" in httpx.get(late).text
    overtaken = httpx.post(late)
    assert overtaken.status_code == 409
    assert "has it now" in overtaken.text
    names = {"qs-desk": "Quayside desk one", "qs-night": "Quayside night one", "oh-desk": "Town desk one"}
    name = names[officer.id]
    assert name in overtaken.text


def test_a_forged_link_opens_nothing(stack: RunningStack) -> None:
    _, case = opened(stack)
    link = str(alert_of(stack, stack.person("qs-walk"), case)["link"])
    forged = re.sub(r"/a/.", "/a/x" if "/a/x" not in link else "/a/y", link)
    assert httpx.get(forged).status_code == 404
    assert httpx.post(forged).status_code == 404


def test_alerts_are_read_by_those_who_got_them(stack: RunningStack) -> None:
    problem(stack.person("mf-desk").get("notifier", "/v1/alerts", recipient="qs-walk"), 403)
    problem(stack.rider().get("notifier", "/v1/alerts"), 403)
