"""The rider's page on the running stack: a rider reports, reads how it gets on, and takes his data with him."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from urllib.parse import urlsplit

import httpx

from tests.kit.photo_files import picture
from tests.kit.places import QUAY
from tests.kit.stack import RunningStack, until

OWN = {"sec-fetch-site": "same-origin", "accept-language": "en"}


@contextmanager
def browser_of(stack: RunningStack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.urls["console"], headers=OWN, timeout=30, follow_redirects=True) as browser:
        yield browser


def sent(browser: httpx.Client, key: str, words: str, **fields: str) -> str:
    """Photo, place, kind, send, as the page's script sends them; the report's id."""
    form = {"key": f"{key}-photo", "may_photo": "yes"}
    photo = browser.post("/r/photos", data=form, files={"photo": ("p.jpg", picture("JPEG"), "image/jpeg")})
    assert photo.status_code == 201, photo.text
    where = {"lon": str(QUAY["lon"]), "lat": str(QUAY["lat"]), "crs": "wgs84", "may_place": "yes"}
    body = {"key": key, "words": words, "photo_1_id": photo.json()["id"], "may_photo": "yes", **where, **fields}
    answer = browser.post("/r", data=body, headers={"accept": "application/json"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_a_rider_from_an_app_reports_with_a_photo_once_and_reads_each_step(stack: RunningStack) -> None:
    asked = stack.rider().post_to("router", "/v1/rider-sessions", {"reporter": {"ref": "rider-of-the-page"}})
    path = urlsplit(asked.json()["url"]).path
    with browser_of(stack) as browser:
        for _ in range(3):
            assert browser.get(path).status_code == 200, "looking does not spend the address"
        assert browser.post(path).url.path == "/r"
        assert "was opened before" in unescape(browser.post(path).text)
        report = sent(browser, "page-key-1", "the lamp on the quay is dark", category="street_light")
        assert sent(browser, "page-key-1", "the lamp on the quay is dark", category="street_light") == report
        case = until(lambda: stack.case_of(report, stack.rider())["case"]["id"], what="the case")
        photo = f"/r/photos/{stack.rider().get('intake', f'/v1/reports/{report}').json()['photos'][0]}"
        until(lambda: browser.get(photo).status_code == 200, what="the cleaned photo")
        stack.person("qs-desk").command(case, "claim")
        until(
            lambda: 'class="now" aria-current="step">Claimed' in browser.get(f"/r/reports/{report}").text, what="five"
        )
        shown = unescape(browser.get(f"/r/reports/{report}").text)
        assert "What was promised" in shown
        added = browser.post(f"/r/reports/{report}", data={"do": "add", "text": "and the next one", "key": "page-add"})
        assert "Received, thank you." in unescape(added.text)
        kept = browser.get("/r/data.json").json()
        assert [one["id"] for one in kept["items"]] == [report]
        assert browser.post("/r/data", data={"sure": "yes", "key": "page-erase"}).url.path == "/r/data"
        with browser_of(stack) as another:
            assert another.get(f"/r/reports/{report}").status_code == 404, "nobody else reads it"


def test_a_rider_without_an_app_is_known_by_his_browser(stack: RunningStack) -> None:
    with browser_of(stack) as browser:
        assert "Nothing was reported yet" in unescape(browser.get("/r/reports").text)
        assert not browser.cookies, "nobody is remembered who only looks"
        report = sent(browser, "page-key-2", "a bollard is loose")
        browser.cookies.delete("whistle-rider")
        until(lambda: report in browser.get("/r/reports").text, what="the session that is opened again")
        until(lambda: browser.get(f"/r/reports/{report}").status_code == 200, what="his report")
        browser.post(f"/r/reports/{report}", data={"do": "withdraw", "text": "it was nothing", "key": "page-back"})
    without = httpx.post(stack.urls["console"] + "/r", data={"words": "x"}, headers={"sec-fetch-site": "cross-site"})
    assert without.status_code == 403, "no other site presses for him"
