"""The console's page of a case on the running stack: what is open in `/me` is done on the case's own page."""

import re
from datetime import datetime, timedelta

from tests.kit.cases_on_stack import clock, opened
from tests.kit.console_browser import pressed, signed_in
from tests.kit.photo_files import picture
from tests.kit.stack import RunningStack, until


def test_what_is_open_is_done_on_the_page_of_the_case(stack: RunningStack) -> None:
    _, case = opened(stack)
    with signed_in(stack, stack.person("qs-walk")) as browser:
        until(lambda: 'href="/cases/' in browser.get("/me").text, what="cases in my work")
        until(lambda: browser.get(f"/cases/{case}").status_code == 200, what="the page of the case")
        assert "It is yours now." in pressed(browser, case, "claim")
        page = pressed(browser, case, "resolve", photos=[picture("JPEG")], how="repair", text="a new lamp")
        assert "somebody else inspects it" in page
        photo = re.search(rf"/cases/{case}/pictures/\w+", page)
        assert photo is not None
        until(lambda: browser.get(photo[0]).status_code == 200, what="the cleaned photo")
    with signed_in(stack, stack.person("mf-desk")) as other:
        assert other.get(f"/cases/{case}").status_code == 404


def test_what_waits_for_an_approver_stands_first_in_his_open_work(stack: RunningStack) -> None:
    """An extension that a desk asks for is on the list of the level above, and of nobody else, until it is granted."""
    _, case = opened(stack)
    desk = stack.person("qs-desk")
    assert desk.command(case, "claim").status_code == 200
    due = datetime.fromisoformat(clock(desk.get("router", f"/v1/cases/{case}").json(), "resolve")["due_at"])
    until_then = {"clock": "resolve", "until": (due + timedelta(days=1)).isoformat(), "reason": "no lamp in stock"}
    asked = desk.command(case, "request_extension", until_then)
    assert asked.status_code == 200, asked.text

    def waiting(person: str) -> list[str]:
        answer = stack.person(person).get("router", "/v1/cases:waiting")
        assert answer.status_code == 200, answer.text
        return [one["what"] for one in answer.json()["items"] if one["row"]["id"] == case]

    assert [waiting(person) for person in ("oh-desk", "qs-desk", "mf-desk")] == [["extension"], [], []]
    with signed_in(stack, stack.person("oh-desk")) as browser:
        page = browser.get("/me").text
        assert page.index("Waiting for you") < page.index(f'data-case="{case}"')
        pressed(browser, case, "approve_extension@resolve")
    assert waiting("oh-desk") == []
