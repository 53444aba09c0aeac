"""People at the console of a running stack, as browsers without script: pages, forms, what was read."""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.kit.page_forms import filled
from tests.kit.stack import Person, RunningStack

PASSWORD = "seven lamps by the quay"
OWN = {"sec-fetch-site": "same-origin", "accept-language": "en"}


@contextmanager
def signed_in(stack: RunningStack, person: Person, city: str = "harbour") -> Iterator[httpx.Client]:
    """A browser in which the person has just set a password."""
    asked = {"person": person.id, "city": city, "printed": True}
    invited = stack.ops.post_to("router", "/v1/invitations", asked)
    assert invited.status_code == 201, invited.text
    with httpx.Client(base_url=stack.urls["console"], headers=OWN, timeout=30, follow_redirects=True) as browser:
        chosen = {"password": PASSWORD, "again": PASSWORD}
        accepted = browser.post(urlsplit(invited.json()["url"]).path, data=chosen)
        assert accepted.status_code == 200, accepted.text
        yield browser


def page_of(browser: httpx.Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


def commands_on(browser: httpx.Client, case: str) -> set[str]:
    """The commands that the page of the case has buttons of."""
    return set(re.findall(r'data-command="(\w+)"', page_of(browser, f"/cases/{case}")))


def pressed(
    browser: httpx.Client, case: str, do: str, *, photos: Sequence[bytes] = (), status: int = 200, **fields: Any
) -> str:
    """The command's form on the page of the case, filled in; the page that follows. ``do``: its beginning is enough."""
    shown = page_of(browser, f"/cases/{case}")
    version = re.search(r'name="version" value="(\d+)"', shown)
    keys = [key for key in re.findall(r'name="do" value="([^"]+)"', shown) if key == do or key.startswith(f"{do}.")]
    assert version is not None, shown
    assert keys, f"{do} is not among the buttons"
    files = [("photos", (f"{n}.jpg", photo, "image/jpeg")) for n, photo in enumerate(photos)]
    sent = {**filled(browser, do=keys[0], version=version[1]), **fields}
    answer = browser.post(f"/cases/{case}", data=sent, files=files or None)
    assert answer.status_code == status, answer.text
    return unescape(answer.text)


class Hearing:
    """A person's stream of the console, read in a thread."""

    def __init__(self, browser: httpx.Client) -> None:
        self.heard = ""
        self.over = threading.Event()
        """Set once the stream has ended."""
        self._open = threading.Event()
        threading.Thread(target=self._read, args=(browser,), daemon=True).start()
        assert self._open.wait(20), "no stream"

    def _read(self, browser: httpx.Client) -> None:
        try:
            with browser.stream("GET", "/live", timeout=60) as answer:
                assert answer.status_code == 200
                self._open.set()
                for text in answer.iter_text():
                    self.heard += text
        except httpx.HTTPError:
            return
        finally:
            self.over.set()
