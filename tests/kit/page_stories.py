"""Stories on a running stack by people who have nothing but the pages and links that they are given, in English.

What each of them reads is kept in ``tests/golden/pages``, without its times. ``python -m tests.kit.page_stories`` plays
the stories and writes the pages anew; read what changed before it is committed.
"""

import re
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from html import unescape
from pathlib import Path

import httpx

from tests.kit.console_browser import OWN, page_of, pressed, signed_in
from tests.kit.link_pages import LinkPage, looked_at
from tests.kit.places import QUAY
from tests.kit.stack import HARBOUR, RunningStack, running_stack, until

GOLDEN = Path(__file__).parents[1] / "golden" / "pages"
BEGINS = "2026-03-03T10:00:00+01:00"
"""A Tuesday morning: everybody is at work, and what is due today stays due today."""
_FOLDED = re.compile(
    r"<details(?![^>]* open)[^>]*>\s*<summary[^>]*>((?:(?!</summary>).)*)</summary>(?:(?!<details).)*?</details>",
    re.DOTALL,
)
_NOT_READ = re.compile(
    r"<(select|textarea|script|style|svg)\b.*?</\1>"
    r"|<h2[^>]*>(Also told|Answer for the reporter)</h2>.*?(?=</section|</article)",
    re.DOTALL,
)
"""Fields and drawings; and what other services tell of the case: they may hear of it while the page is made."""
_BUTTON = re.compile(r"<button[^>]*>(.*?)</button>", re.DOTALL)
_LINES = re.compile(r"</?(?:p|li|dt|dd|h[1-3]|section|article|div|form|legend|label|summary|ol|ul|dl)\b[^>]*>")
_PASSES = (
    (re.compile(r"(?:\d+ (?:d|h|min) ?)+(left|overdue)"), r"… \1"),
    (re.compile(r"\b\d{2}:\d{2}\b"), "hh:mm"),
    (re.compile(r"\b[cr][0-9a-z]{26}\b"), "…"),
)


def said(page: str) -> list[str]:
    """The lines of a page: no menus; of what is folded up its heading, in brackets as buttons are; no time."""
    text = page[page.index("<main") : page.index("</main>")]
    text = _NOT_READ.sub("", text)
    while (opened := _FOLDED.sub(r"<p>[\1]</p>", text)) != text:
        text = opened
    text = re.sub(
        r"<[^>]+>",
        "",
        _LINES.sub("\n", _BUTTON.sub(r"<p>[\1]</p>", text).replace("\n", " ").replace("<span", " <span")),
    )
    for what, shown in _PASSES:
        text = what.sub(shown, text)
    lines = (" ".join(line.split()) for line in unescape(text).splitlines())
    return [line for line in lines if line]


class Play:
    """A story while it is played: its people, each with a browser of his own, and what they have read so far."""

    def __init__(self, stack: RunningStack, title: str, browsers: ExitStack) -> None:
        self._stack, self._browsers, self._case = stack, browsers, ""
        self._lines = [f"# {title}"]
        self._officers: dict[str, httpx.Client] = {}
        self._rider = browsers.enter_context(
            httpx.Client(base_url=stack.urls["console"], headers=OWN, timeout=30, follow_redirects=True)
        )
        self._report = ""

    @property
    def text(self) -> str:
        return "\n".join(self._lines) + "\n"

    def _reads(self, who: str, page: str) -> None:
        self._lines += ["", f"## {who}", *said(page)]

    def reported(self, words: str, east: float) -> None:
        """A rider without an app sends it from the rider's page. ``east``: of the quay, in degrees: each story has a
        place of its own, so that none is taken for the hazard of another."""
        lon = f"{QUAY['lon'] + east:.6f}"
        where = {"lon": lon, "lat": str(QUAY["lat"]), "crs": "wgs84", "may_place": "yes"}
        body = {"key": uuid.uuid4().hex, "words": words, "category": "street_light", **where}
        answer = self._rider.post("/r", data=body)
        assert answer.status_code == 200, answer.text
        assert answer.url.path.startswith("/r/reports/r"), answer.url
        self._report = answer.url.path

    def rider_reads(self, awaited: str) -> str:
        page = until(
            lambda: found if awaited in (found := unescape(self._rider.get(self._report).text)) else None,
            what=f"the rider reads {awaited}",
        )
        self._reads("the rider, on his report's page", page)
        return page

    def rider_objects(self, why: str) -> None:
        assert 'name="do" value="object"' in self._rider.get(self._report).text
        sent = {"do": "object", "text": why, "key": uuid.uuid4().hex}
        answer = self._rider.post(self._report, data=sent)
        assert answer.status_code == 200, answer.text

    def officer(self, person: str) -> httpx.Client:
        if person not in self._officers:
            entered = signed_in(self._stack, self._stack.person(person))
            self._officers[person] = self._browsers.enter_context(entered)
        return self._officers[person]

    def finds(self, person: str, path: str, words: str) -> None:
        """The officer finds the case on a page that lists cases."""

        def look() -> str | None:
            rows = re.findall(r'<li[^>]* data-case="(\w+)".*?</li>', page := self.officer(person).get(path).text, re.S)
            shown = (row for row in rows if words in page.partition(f'data-case="{row}"')[2].partition("</li>")[0])
            return next(shown, None)

        self._case = until(look, what=f"the case on {path} of {person}")

    def officer_reads(self, person: str, awaited: str) -> None:
        browser = self.officer(person)
        path = f"/cases/{self._case}"
        until(lambda: awaited in unescape(browser.get(path).text), what=f"{person} reads {awaited}")
        self._reads(f"{person}, on the page of the case", page_of(browser, path))

    def officer_presses(self, person: str, do: str, **fields: str) -> None:
        page = pressed(self.officer(person), self._case, do, photos=(), status=200, **fields)
        self._reads(f"{person}, after {do}", page)

    def link(self, person: str, kind: str) -> LinkPage:
        """The page behind the link that an alert of that kind brought."""
        whose = self._stack.person(person)

        def look() -> str | None:
            alerts = whose.get("notifier", "/v1/alerts", case=self._case).json()["items"]
            return next((alert["link"] for alert in alerts if alert["kind"] == kind), None)

        page = looked_at(until(look, what=f"the link of {person}"))
        self._reads(f"{person}, behind the link of “{kind}”", page.text)
        return page

    def link_presses(self, person: str, page: LinkPage, do: str, **fields: str) -> None:
        """Again where the page says so: a service of a busy machine may not answer in time."""

        def press() -> LinkPage | None:
            after = page.press(do, None, **fields)
            assert after.status in (200, 503), after.text
            return after if after.status == 200 else None

        after = until(press, what=f"{do} by the link of {person}")
        self._reads(f"{person}, by the link, after {do}", after.text)


def _sent_to_another_unit(play: Play) -> None:
    words = "the lamp beyond the mill bridge is dark"
    play.reported(words, 0.0)
    play.finds("qs-desk", "/queues/quayside", words)
    body = {"reason": "not_our_area", "basis": "the bridge is Millfield ground", "suggest": "millfield"}
    play.officer_presses("qs-desk", "return", **body)
    asked = play.link("oh-desk", "asked")
    play.link_presses("oh-desk", asked, "approve_return", to="millfield")
    play.link_presses("mf-desk", play.link("mf-desk", "moved"), "claim")
    play.rider_reads("Taken on: Millfield")


def _must_be_handled(play: Play) -> None:
    words = "the lamp by the third crane is dark"
    play.reported(words, 0.01)
    play.finds("qs-desk", "/queues/quayside", words)
    play.officer_presses("qs-desk", "return", reason="not_our_duty", basis="the harbour company owns it", suggest="")
    play.link_presses("oh-desk", play.link("oh-desk", "asked"), "refuse_return", reason="it stands on your quay")
    play.link_presses("qs-desk", play.link("qs-desk", "refused"), "claim")


def _not_taken_on(play: Play) -> None:
    words = "the lamp in the yard of the sail loft is dark"
    play.reported(words, -0.01)
    play.finds("qs-desk", "/queues/quayside", words)
    play.officer_presses("qs-desk", "reject", reason="private_ground", text="the yard is the sailmaker's")
    play.link_presses("oh-desk", play.link("oh-desk", "asked"), "approve_reject")
    play.rider_reads("Please turn to its owner")
    play.rider_objects("the path through it is public")
    play.rider_reads("You objected")
    play.finds("oh-chief", "/me", words)
    play.officer_reads("oh-chief", "the path through it is public")
    play.officer_presses("oh-chief", "approve_objection", reason="the path is public")
    play.rider_reads("Opened again")
    play.link_presses("qs-desk", play.link("qs-desk", "reopened"), "claim")


STORIES: dict[str, Callable[[Play], None]] = {
    "sent-to-another-unit": _sent_to_another_unit,
    "must-be-handled": _must_be_handled,
    "not-taken-on": _not_taken_on,
}


def played(stack: RunningStack, story: str) -> str:
    """What everybody in the story read."""
    with ExitStack() as browsers:
        play = Play(stack, story, browsers)
        STORIES[story](play)
        return play.text


@contextmanager
def harbour() -> Iterator[RunningStack]:
    with tempfile.TemporaryDirectory() as data, running_stack(Path(data), [HARBOUR], at=BEGINS) as stack:
        yield stack


def main() -> None:
    GOLDEN.mkdir(parents=True, exist_ok=True)
    with harbour() as stack:
        for story in STORIES:
            (GOLDEN / f"{story}.en.txt").write_text(played(stack, story), encoding="utf-8")


if __name__ == "__main__":
    main()
