"""Whoever opens a page sees what the table of access lets him see of it: two roles each of the unit that has the case,
of one that was called in, of another unit and of another city; every page of the console, and its stream."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest

from services.console.page_list import PAGES
from shared.runtime.http_server.route import Route
from tests.attacks.access import table
from tests.kit.cases_on_stack import desk, done
from tests.kit.console_browser import Hearing, signed_in
from tests.kit.console_door import ConsoleDoor
from tests.kit.made_router import MadeRouter
from tests.kit.page_forms import filled
from tests.kit.photo_files import picture
from tests.kit.places import MILL, QUAY
from tests.kit.stack import HARBOUR, SHEYANG, RunningStack, running_stack, until

FOLLOWS = {
    "/queues/{unit}": "router GET /v1/queues/{unit}/cases",
    "/queues/{unit}/map": "router GET /v1/queues/{unit}/cases",
    "/queues/{unit}/find": "router GET /v1/cases/{id}",
    "/cases/{id}": "router GET /v1/cases/{id}",
    "/cases/{id}/photos/{photo}": "intake GET /v1/photos/{id}",
    "/cases/{id}/pictures/{photo}": "intake GET /v1/photos/{id}",
    "/enter/{report}": "intake GET /v1/reports/{id}",
}
"""Page → the route of docs/access.md whose answer it shows. A page with something in braces needs its line here."""
SIGN_IN = ("/signin", "/signin/pin", "/signin/link", "/signin/link/wait", "/signin/development", "/signin/sso/out")
CAME_BACK = "/signin/sso/back"
"""What began nowhere is over."""
LINKS = ("/i/{token}", "/l/{token}")
OPEN = ("/", "/feedback", "/wall/{unit}", *SIGN_IN, CAME_BACK, *LINKS)
"""Pages for anybody, beside those of riders (below ``/r``), which have sessions of their own."""
INCOMPLETE = ("/queues/{unit}/map/enter", "/cases/{id}/pdf")
"""Not found by anybody without a point, and without a font for PDF."""
OFFICES = ("/ops", "/audit", "/setup")
"""Below these the pack's administrators alone look."""
SUPERVISORS = ("/walls",)
"""Pages for supervisors, and for the pack's administrators."""
MORE_PEOPLE = """
  - {id: mf-walk, name: Millfield walker one, unit: millfield, role: grid_member, post: B}
"""
COLUMN = {
    "qs-desk": "desk",
    "qs-walk": "ground",
    "hw-desk": "called in",
    "hw-chief": "called in",
    "mf-desk": "outside",
    "mf-walk": "outside",
    "jiaotonglu.duty1": "other city",
    "jiaotonglu.walker": "other city",
}
"""Person → the column of docs/access.md."""
CHIEFS = ("hw-chief",)


@dataclass
class World:
    """A case at the quayside with a photo, in which the department of works is called in; browsers by person."""

    stack: RunningStack
    browsers: dict[str, httpx.Client]
    report: str = ""
    case: str = ""
    photo: str = ""

    def path(self, route: Route) -> str:
        return route.path.format(
            unit="quayside", id=self.case, photo=self.photo, report=self.report, token="none", service="router"
        )


def city_of(person: str) -> str:
    return "sheyang" if COLUMN[person] == "other city" else "harbour"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("rights")
    pack = folder / "harbour"
    shutil.copytree(HARBOUR, pack)
    posts = pack / "posts.yaml"
    posts.write_text(posts.read_text().replace("\n  - {id: hc-desk", MORE_PEOPLE.rstrip() + "\n  - {id: hc-desk", 1))
    with running_stack(folder / "data", [pack, SHEYANG]) as stack, ExitStack() as open_browsers:
        browsers = {
            id_: open_browsers.enter_context(signed_in(stack, stack.person(id_, city_of(id_)), city_of(id_)))
            for id_ in COLUMN
        }
        world = World(stack, browsers)
        rider = stack.rider()
        world.photo = rider.send_photo(picture("JPEG")).json()["id"]
        world.report = rider.report("the lamp on the quay is dark", QUAY, photos=[world.photo]).json()["id"]
        world.case = stack.case_of(world.report, rider)["case"]["id"]
        done(desk(stack).command(world.case, "call_in", {"units": ["works"], "reason": "needs a crane"}), "queued")
        until(lambda: desk(stack).get("intake", f"/v1/photos/{world.photo}").status_code == 200, what="the photo")
        yield world


def pages(method: str) -> list[Route]:
    """Every page or form for officers."""
    site = ConsoleDoor(MadeRouter()).app.site
    routes = [route for page in PAGES for route in page(site).routes() if route.method == method]
    return [one for one in routes if one.path != "/live" and one.path != "/r" and not one.path.startswith("/r/")]


def expected(route: Route, person: str) -> set[int]:
    """The statuses that are right for somebody who is signed in."""
    if route.path in SUPERVISORS:
        return {200} if person in CHIEFS else {403}
    if route.path.startswith(OFFICES):
        return {403, 404}
    if route.path in INCOMPLETE:
        return {404}
    if "{" in route.path and route.path not in OPEN:
        assert route.path in FOLLOWS, f"{route.path}: say in FOLLOWS which route of docs/access.md it shows"
        return table()[FOLLOWS[route.path]][COLUMN[person]]
    return {404, 410} if route.path in (*LINKS, CAME_BACK) else {200, 303}


@pytest.mark.timeout(400)
def test_every_page_answers_as_the_table_of_access_says(world: World) -> None:
    wrong = []
    for route in pages("GET"):
        for person, browser in world.browsers.items():
            seen = browser.get(world.path(route), follow_redirects=False).status_code
            if seen not in (right := expected(route, person)):
                wrong.append(f"{route.path} as {person}: {seen}, not {sorted(right)}")
    assert not wrong, "\n".join(wrong)


def test_every_page_leads_to_feedback(world: World) -> None:
    browser, found = world.browsers["qs-desk"], 0
    for route in pages("GET"):
        answer = browser.get(world.path(route), follow_redirects=False)
        if answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"):
            assert 'href="/feedback?of=' in answer.text, route.path
            found += 1
    assert found > 5


def test_who_is_not_signed_in_is_led_to_the_sign_in_page_from_every_page_but_the_open_ones(world: World) -> None:
    with httpx.Client(base_url=world.stack.urls["console"], timeout=30, headers={"accept": "text/html"}) as nobody:
        for route in pages("GET"):
            answer = nobody.get(world.path(route))
            if route.path in OPEN:
                assert answer.status_code in (200, 303, 404, 410), route.path
            else:
                at_sign_in = answer.headers.get("location", "").startswith("/signin")
                assert answer.status_code in (401, 404) or at_sign_in, (route.path, answer.status_code)
        assert nobody.get("/live").status_code == 401


def test_no_form_about_it_does_anything_for_who_may_not_see_it(world: World) -> None:
    before = desk(world.stack).get("router", f"/v1/cases/{world.case}").json()["version"]
    forms = [route for route in pages("POST") if "{" in route.path and route.path not in OPEN]
    assert forms
    for route in forms:
        for person in COLUMN:
            if expected(route, person) != {404}:
                continue
            browser = world.browsers[person]
            fields = filled(browser, do="claim", case=world.case, version=str(before), phone_last="0001")
            answer = browser.post(world.path(route), data=fields, follow_redirects=False)
            assert answer.status_code in (403, 404), f"{route.path} answers {person} {answer.status_code}"
    assert desk(world.stack).get("router", f"/v1/cases/{world.case}").json()["version"] == before


def test_a_stream_tells_each_person_of_the_cases_that_he_may_see_and_of_no_others(world: World) -> None:
    stack = world.stack
    hearing = {person: Hearing(browser) for person, browser in world.browsers.items()}
    done(desk(stack).command(world.case, "note", {"text": "a look at it"}), "queued")
    marks = {"harbour": stack.rider().report("a hole in the mill lane", MILL).json()["id"]}
    lane = {"lon": 120.2493, "lat": 33.7707, "crs": "wgs84"}  # nobody else reports there: a case of its own
    marks["sheyang"] = stack.rider("sheyang").report("水管爆裂", lane).json()["id"]
    own = {
        "desk": world.case,
        "ground": world.case,
        "called in": world.case,
        "outside": f"c{marks['harbour'][1:]}",
        "other city": f"c{marks['sheyang'][1:]}",
    }
    for person, column in COLUMN.items():
        until(lambda p=person, c=own[column]: c in hearing[p].heard, what=f"{own[column]} at {person}")  # type: ignore[misc]
    for person, column in COLUMN.items():
        others = {case for case in own.values() if case != own[column]}
        assert [case for case in others if case in hearing[person].heard] == [], person
