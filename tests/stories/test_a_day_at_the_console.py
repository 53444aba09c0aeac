"""A day on the pages: a burst pipe from claim to closing, and what the group chat brings.

Everything is pressed on the page of the case, by people who are signed in; nobody calls the services directly.
"""

import re
import uuid

import pytest

from tests.kit.console_browser import commands_on, page_of, pressed, signed_in
from tests.kit.page_forms import filled
from tests.kit.photo_files import phone_photo
from tests.kit.places import QUAY
from tests.kit.stack import RunningStack, until

pytestmark = pytest.mark.timeout(240)


def test_a_burst_pipe_is_claimed_whistled_for_resolved_inspected_and_closed_on_its_page(
    stack_by_day: RunningStack,
) -> None:
    rider = stack_by_day.rider()
    photo = rider.send_photo(phone_photo()).json()["id"]
    report = rider.report(f"the lamp post leans over the quay {uuid.uuid4().hex}", QUAY, photos=[photo]).json()["id"]
    case = stack_by_day.case_of(report, rider)["case"]["id"]
    people = (stack_by_day.person("qs-desk"), stack_by_day.person("qs-walk"), stack_by_day.person("hw-desk"))
    with (
        signed_in(stack_by_day, people[0]) as desk,
        signed_in(stack_by_day, people[1]) as walker,
        signed_in(stack_by_day, people[2]) as works,
    ):
        until(lambda: desk.get(f"/cases/{case}").status_code == 200, what="the page of the case")
        page = page_of(desk, f"/cases/{case}")
        assert f"/cases/{case}/pictures/{photo}" in page
        assert 'class="situation"' in page, "the place is drawn"
        assert "Next: " in page, "who hears of a clock next"
        until(lambda: desk.get(f"/cases/{case}/pictures/{photo}").status_code == 200, what="the cleaned photo")

        page = pressed(desk, case, "claim")
        assert "It is yours now." in page
        assert "Take it back" in page
        pressed(desk, case, "release")
        assert "It is yours now." in pressed(walker, case, "claim")
        assert commands_on(desk, case) == set(people[0].get("router", f"/v1/cases/{case}").json()["commands"])
        assert "Say what was done or found" in pressed(desk, case, "note", status=422, text="")

        assert works.get(f"/cases/{case}").status_code == 404, "not its case"
        pressed(desk, case, "call_in", units=["works"], reason="secure the post")
        until(lambda: works.get(f"/cases/{case}").status_code == 200, what="the part of the works")
        assert "secure the post" in page_of(works, f"/cases/{case}")
        pressed(works, case, "report_in")
        pressed(works, case, "finish_part", text="secured with straps")

        page = pressed(walker, case, "resolve", photos=[phone_photo()], how="repair", text="a new post stands")
        assert "inspect_ok" not in page, "who resolved it does not inspect it"
        pressed(desk, case, "inspect_ok")
        pressed(desk, case, "close")
        page = page_of(desk, f"/cases/{case}")
        assert "Closed" in page
        assert "Nothing is needed from you now." in page
    told = f"/v1/reports/{report}"
    until(lambda: rider.get("intake", told).json()["status"] == "closed", what="the rider reads that it is closed")
    assert rider.post_to("intake", f"/v1/reports/{report}/rating", {"score": 3}).status_code == 200


def test_what_the_group_chat_brings_hangs_on_the_open_case_and_the_answer_is_there_to_paste(
    stack: RunningStack,
) -> None:
    rider, desk = stack.rider(), stack.person("qs-desk")
    words = f"oil on the steps {uuid.uuid4().hex}"
    first = stack.case_of(rider.report(words, QUAY).json()["id"], rider)["case"]["id"]
    with signed_in(stack, desk) as browser:
        where = {"lon": str(QUAY["lon"]), "lat": str(QUAY["lat"]), "channel": "group", "draft": uuid.uuid4().hex}
        entered = filled(browser, step="look", text=f"【群聊】{words}", **where)
        until(lambda: first in browser.post("/enter", data=entered).text, what="the open case around")
        sent = filled(browser, step="send", text=f"【群聊】{words}", same_as=first, **where)
        files = [("photos", ("chat.jpg", phone_photo(), "image/jpeg"))]
        answer = browser.post("/enter", data=sent, files=files)
        assert answer.status_code == 200, answer.text
        path = answer.url.path
        assert path.startswith("/enter/r")
        again = browser.post("/enter", data=sent, files=files)
        assert again.url.path == path, "a second press is the same report"
        until(lambda: 'id="reply"' in browser.get(path).text, what="the sentence to paste")
        assert f"/cases/{first}" in page_of(browser, path)
        until(lambda: "Group chat" in page_of(browser, f"/cases/{first}"), what="the report on the case")


def test_a_clutter_that_she_cleared_herself_is_one_form_and_one_press(stack: RunningStack) -> None:
    with signed_in(stack, stack.person("qs-walk")) as walker:
        page = page_of(walker, "/enter?as=patrol")
        category = re.search(r'<option value="(corridor_light|street_light|\w+)">', page.partition('id="category"')[2])
        assert category is not None
        find = {"channel": "patrol", "done": "handled", "how": "repair", "how_text": "cleared away", "step": "send"}
        place = {"lon": str(QUAY["lon"]), "lat": str(QUAY["lat"]), "category": category[1], "draft": uuid.uuid4().hex}
        sent = filled(walker, text="boxes in the passage", **find, **place)
        files = [("after_photos", ("after.jpg", phone_photo(), "image/jpeg"))]
        answer = walker.post("/enter", data=sent, files=files)
        assert answer.status_code == 200, answer.text
        assert answer.url.path.startswith("/enter/r"), answer.text
        until(lambda: 'id="reply"' in walker.get(answer.url.path).text, what="how it ended")
