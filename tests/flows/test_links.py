"""A case worked off by links alone: each reader is offered what it needs from him, and each press is done once."""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.city.reading import read_folder
from tests.kit.cases_on_stack import alert_of, desk, done, history, on_post_a, opened
from tests.kit.link_pages import LinkPage, looked_at, sent
from tests.kit.photo_files import picture
from tests.kit.places import QUAY
from tests.kit.stack import HARBOUR, Person, RunningStack, running_stack, until


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[RunningStack]:
    with running_stack(tmp_path, [HARBOUR]) as running:
        yield running


def link_of(stack: RunningStack, person: Person, case: str) -> str:
    """Of the newest alert, once that is one which still asks for something."""
    return str(until(lambda: alert_of(stack, person, case).get("link"), what=f"a link of {person.id}"))


def state(stack: RunningStack, case: str) -> str:
    return str(stack.ops.get("router", f"/v1/cases/{case}", city="harbour").json()["state"])


def times(stack: RunningStack, case: str, what: str) -> int:
    """How often it happened to the case."""
    return sum(line["what"] == what for line in history(stack, case))


def test_a_case_is_done_from_claim_to_close_with_nothing_but_two_links(stack: RunningStack) -> None:
    _, case = opened(stack)
    member, officer = stack.person("qs-walk"), on_post_a(stack, case)
    mine, other = link_of(stack, member, case), link_of(stack, officer, case)
    page = looked_at(mine)
    assert page.steps[0] == "claim"
    page = page.press("claim")
    assert (page.status, page.said, state(stack, case)) == (200, "It is yours now.", "claimed")
    page = page.press("on_site")
    assert page.steps == ["resolve", "mark_sensitive"]
    page = page.press("resolve", picture("JPEG"), how="repair", text="a new lamp")
    assert page.status == 200, page.text
    assert state(stack, case) == "resolved"
    assert "inspect_ok" not in page.steps, "who resolved does not inspect"
    page = looked_at(other)
    assert page.steps[:2] == ["inspect_ok", "inspect_not_ok"]
    page = page.press("inspect_ok").press("close")
    assert (page.said, page.steps, state(stack, case)) == ("Closed.", [], "closed")


def test_pressing_twice_is_done_once_and_answered_alike(stack: RunningStack) -> None:
    _, case = opened(stack)
    page = looked_at(link_of(stack, stack.person("qs-walk"), case))
    answers = [page.press("claim"), page.press("claim")]
    assert [answer.said for answer in answers] == ["It is yours now."] * 2
    assert times(stack, case, "case.claimed") == 1


def test_a_late_press_says_who_has_it_and_what_is_open_now(stack: RunningStack) -> None:
    _, case = opened(stack)
    late = looked_at(link_of(stack, stack.person("qs-walk"), case))
    done(desk(stack).command(case, "claim"), "claimed")
    answer = late.press("claim")
    assert (answer.status, answer.said) == (409, "Quayside desk one has it now.")
    assert answer.steps == ["on_site", "resolve", "mark_sensitive"]


def test_a_judgement_on_what_has_changed_meanwhile_is_not_recorded(stack: RunningStack) -> None:
    _, case = opened(stack)
    officer = on_post_a(stack, case)
    link = link_of(stack, officer, case)
    member = stack.person("qs-walk")
    done(member.command(case, "claim"), "claimed")
    done(member.command(case, "resolve", {"how": "repair", "text": "x"}), "resolved")
    before = looked_at(link)
    done(member.command(case, "note", {"text": "one more thing"}), "resolved")
    answer = before.press("inspect_ok")
    assert answer.status == 412
    assert "nothing was recorded" in answer.said
    assert times(stack, case, "case.inspected") == 0
    assert answer.press("inspect_ok").status == 200


def test_a_called_unit_reports_in_and_says_what_it_did_by_its_link(stack: RunningStack) -> None:
    _, case = opened(stack)
    done(desk(stack).command(case, "call_in", {"units": ["works"], "reason": "needs a crane"}), "queued")
    page = looked_at(link_of(stack, stack.person("hw-desk"), case))
    assert page.steps == ["report_in.p1", "finish_part.p1", "mark_sensitive"]
    page = page.press("report_in.p1")
    assert (page.said, page.steps) == ("You have reported in.", ["finish_part.p1", "mark_sensitive"])
    page = page.press("finish_part.p1", picture("JPEG"), text="lifted")
    assert page.status == 200
    assert "finish_part.p1" not in page.steps
    (part,) = desk(stack).get("router", f"/v1/cases/{case}").json()["parts"]
    assert (part["state"], part["said"]) == ("finished", "lifted")


def test_what_is_offered_is_accepted_or_declined_by_link(stack: RunningStack) -> None:
    ways: tuple[tuple[str, dict[str, Any]], ...] = (("accept", {}), ("refuse", {"reason": "not our quay"}))
    for do, fields in ways:
        _, case = opened(stack)
        done(desk(stack).command(case, "transfer", {"to": "works", "reason": "theirs"}), "queued")
        page = looked_at(link_of(stack, stack.person("hw-desk"), case))
        assert page.steps == ["accept", "refuse", "mark_sensitive"]
        answers = [page.press(do, **fields) for _ in range(2)]
        assert [answer.status for answer in answers] == [200, 200], "a repeat is told the same"
        assert answers[0].said == answers[1].said or answers[0].said in answers[1].text
        shown = stack.ops.get("router", f"/v1/cases/{case}", city="harbour").json()
        assert (shown["offered_to"], shown["unit"]) == (None, "works" if do == "accept" else "quayside")


def test_an_extension_is_granted_above_by_link(stack: RunningStack) -> None:
    _, case = opened(stack)
    done(desk(stack).command(case, "claim"), "claimed")
    until_ = (stack.now() + timedelta(days=3)).isoformat()
    asked = {"clock": "resolve", "until": until_, "reason": "a part is on its way"}
    done(desk(stack).command(case, "request_extension", asked), "claimed")
    page = looked_at(link_of(stack, stack.person("oh-desk"), case))
    assert page.steps == ["approve_extension@resolve", "refuse_extension@resolve", "mark_sensitive"]
    assert "a part is on its way" in page.text
    assert page.press("approve_extension@resolve").said == "The extension is granted."
    assert times(stack, case, "clock.extended") == 1


def test_whoever_supervises_is_shown_the_case_and_takes_nothing_over(stack: RunningStack) -> None:
    _, case = opened(stack)
    done(desk(stack).command(case, "escalate", {"reason": "hard"}), "queued")
    above = stack.person("oh-desk")

    def told() -> str | None:
        items = above.get("notifier", "/v1/alerts", case=case).json()["items"]
        return next((str(item["link"]) for item in items if item["unit"] == "oosterhaven"), None)

    page = looked_at(until(told, what="the alert above"))
    assert page.status == 200
    assert "claim" not in page.steps
    assert sent(page.address, {}).status == 403
    assert state(stack, case) == "queued"


def test_the_photos_of_the_case_are_shown_small_through_the_link(stack: RunningStack) -> None:
    rider = stack.rider()
    photo = rider.send_photo(picture("JPEG", (640, 480))).json()["id"]
    report = rider.report("the lamp by the crane is dark", QUAY, photos=[photo]).json()["id"]
    case = stack.case_of(report, rider)["case"]["id"]
    page = looked_at(link_of(stack, stack.person("qs-walk"), case))
    address = f"{page.address}/photos/{photo}"
    assert f"/photos/{photo}" in page.text
    until(lambda: httpx.get(address).status_code == 200, what="the cleaned photo")
    answer = httpx.get(address)
    assert answer.headers["content-type"] == "image/jpeg"
    other = rider.send_photo(picture("PNG")).json()["id"]
    assert httpx.get(f"{page.address}/photos/{other}").status_code == 404


def test_a_required_photo_is_asked_for_in_words_and_goes_with_the_form(own_stack: RunningStack) -> None:
    stack, files = own_stack, read_folder(HARBOUR)
    lamp = "{code: street_light, "
    forced = f"{lamp}after_photo: required, note: by order of the harbour, "
    files["categories.yaml"] = files["categories.yaml"].replace(lamp, forced)
    version = stack.ops.post_to("router", "/v1/cities", {"files": files}).json()["version"]
    notifier = f"{stack.urls['notifier']}/readyz"
    until(lambda: stack.http.get(notifier).json()["cities"].get("harbour") == version, what="the pack")
    _, case = opened(stack)
    page = looked_at(link_of(stack, stack.person("qs-walk"), case)).press("claim")
    assert "Photo of what was done (required)" in page.text
    refused = page.press("resolve", how="repair", text="a new lamp")
    assert (refused.status, refused.said) == (422, "This category requires a photo of what was done.")
    assert "a new lamp</textarea>" in refused.text, "what was written is not lost"
    assert refused.press("resolve", picture("JPEG"), how="repair", text="a new lamp").status == 200
    assert state(stack, case) == "resolved"


def test_an_expired_link_leads_to_the_page_where_one_signs_in(own_stack: RunningStack) -> None:
    _, case = opened(own_stack)
    link = link_of(own_stack, own_stack.person("qs-walk"), case)
    own_stack.forward("PT25H")
    page = looked_at(link)
    assert page.status == 410
    address = page.text.partition('href="')[2].partition('"')[0]
    assert address.endswith("/signin")
    assert httpx.get(address).status_code == 200


def test_presses_while_notifier_and_router_are_killed_are_done_once_and_answered_truly(
    own_stack: RunningStack,
) -> None:
    stack = own_stack
    _, case = opened(stack)
    page = looked_at(link_of(stack, stack.person("qs-walk"), case))
    for part in ("router", "notifier"):
        _, other = opened(stack)
        _press_through_a_kill(stack, looked_at(link_of(stack, stack.person("qs-walk"), other)), part)
        assert times(stack, other, "case.claimed") == 1
        assert state(stack, other) == "claimed"
    assert page.press("claim").said == "It is yours now."


def _press_through_a_kill(stack: RunningStack, page: LinkPage, part: str) -> None:
    """Presses, kills, and presses on until the answer says that it is done; what failed never said so."""
    os.kill(stack.pid(part), signal.SIGKILL)

    def pressed() -> bool:
        try:
            answer = page.press("claim")
        except httpx.HTTPError:
            return False
        if answer.status == 503:
            assert answer.said in ("", "Not recorded, press again.")
            return False
        assert (answer.status, answer.said) == (200, "It is yours now.")
        return True

    until(pressed, within=60, what="the press")


HANDS, PAGES = 4, 8


class Hands:
    """Telephones whose readers press the same pages at the same time, each until it reads that it is done."""

    def __init__(self, pages: Sequence[LinkPage]) -> None:
        self._pages = pages
        self._lock = threading.Lock()
        self.on_the_way = 0
        self.done = 0

    def press_all(self, first: int) -> None:
        for page in (*self._pages[first:], *self._pages[:first]):
            until(lambda page=page: self._pressed(page), within=120, what="a true answer")  # type: ignore[misc]

    def _pressed(self, page: LinkPage) -> bool:
        self._count(1, 0)
        try:
            answer = page.press("claim")
        except httpx.HTTPError:
            self._count(-1, 0)
            return False
        self._count(-1, answer.status == 200)
        if answer.status == 200:
            assert answer.said == "It is yours now."
            return True
        assert (answer.status, answer.said) in ((503, ""), (503, "Not recorded, press again.")), answer.text
        return False

    def _count(self, on_the_way: int, done: int) -> None:
        with self._lock:
            self.on_the_way += on_the_way
            self.done += done


@pytest.mark.timeout(600)
def test_presses_on_their_way_when_a_service_is_killed_are_done_once_and_answered_truly(
    own_stack: RunningStack,
) -> None:
    """Several people press several links, each of them often; the service dies in the middle of it."""
    stack = own_stack
    for part in ("router", "notifier"):
        cases = [opened(stack, f"the lamp at bollard {number} is dark")[1] for number in range(PAGES)]
        hands = Hands([looked_at(link_of(stack, stack.person("qs-walk"), case)) for case in cases])
        killed = stack.pid(part)
        with ThreadPoolExecutor(HANDS) as pool:
            pressing = [pool.submit(hands.press_all, number * PAGES // HANDS) for number in range(HANDS)]
            until(lambda: hands.done > 0 and hands.on_the_way > 0, what="presses on their way")  # noqa: B023
            os.kill(killed, signal.SIGKILL)
            for press in pressing:
                press.result()
        assert [(state(stack, case), times(stack, case, "case.claimed")) for case in cases] == [("claimed", 1)] * PAGES
        until(lambda: stack.pid(part) not in (0, killed) and stack.ready(), within=60, what=f"{part} back")  # noqa: B023
