"""The console's page of a case on the running stack: what is open in `/me` is done on the case's own page."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from urllib.parse import urlsplit

import httpx

from tests.kit.cases_on_stack import opened
from tests.kit.photo_files import picture
from tests.kit.stack import Person, RunningStack, until

PASSWORD = "seven lamps by the quay"
OWN = {"sec-fetch-site": "same-origin", "accept-language": "en"}


@contextmanager
def signed_in(stack: RunningStack, person: Person) -> Iterator[httpx.Client]:
    """A browser in which the person has just set a password."""
    asked = {"person": person.id, "city": "harbour", "printed": True}
    invited = stack.ops.post_to("router", "/v1/invitations", asked)
    assert invited.status_code == 201, invited.text
    with httpx.Client(base_url=stack.urls["console"], headers=OWN, timeout=30, follow_redirects=True) as browser:
        chosen = {"password": PASSWORD, "again": PASSWORD}
        accepted = browser.post(urlsplit(invited.json()["url"]).path, data=chosen)
        assert accepted.status_code == 200, accepted.text
        yield browser


def pressed(browser: httpx.Client, case: str, do: str, photo: bytes | None = None, **fields: str) -> str:
    """The step's form on the page of the case; the page that follows."""
    shown = unescape(browser.get(f"/cases/{case}").text)
    version = re.search(r'name="version" value="(\d+)"', shown)
    assert version is not None, shown
    assert f'name="do" value="{do}"' in shown
    files = {"photo": ("photo.jpg", photo, "image/jpeg")} if photo is not None else None
    answer = browser.post(f"/cases/{case}", data={"do": do, "version": version[1], **fields}, files=files)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


def test_what_is_open_is_done_on_the_page_of_the_case(stack: RunningStack) -> None:
    _, case = opened(stack)
    with signed_in(stack, stack.person("qs-walk")) as browser:
        until(lambda: 'href="/cases/' in browser.get("/me").text, what="cases in my work")
        until(lambda: browser.get(f"/cases/{case}").status_code == 200, what="the page of the case")
        assert "It is yours now." in pressed(browser, case, "claim")
        page = pressed(browser, case, "resolve", picture("JPEG"), how="repair", text="a new lamp")
        assert "somebody else inspects it" in page
        photo = re.search(rf"/cases/{case}/photos/\w+", page)
        assert photo is not None
        until(lambda: browser.get(photo[0]).status_code == 200, what="the cleaned photo")
    with signed_in(stack, stack.person("mf-desk")) as other:
        assert other.get(f"/cases/{case}").status_code == 404
