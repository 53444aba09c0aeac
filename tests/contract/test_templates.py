"""What no template and no script of ours contains: it would need a weaker policy, or be said in one language only."""

import re
from pathlib import Path

import pytest

from services.console.frame.site import TEMPLATES
from tests.kit.stack import ROOT

NAMES = sorted(path.name for path in TEMPLATES.glob("*.html"))
SCRIPTS = sorted((ROOT / "services" / "console" / "client").glob("*.js"))
FORBIDDEN = {
    "style in the page": r"\sstyle\s*=|<style",
    "script in the page": r'<script(?! type="application/json"| type="module" src=)',
    "handler in the page": r"\son[a-z]+=[\"']",
    "hx-on": r"hx-on",
    "evaluated values": r"\bjs:|javascript:",
    "trigger filter": r'hx-trigger="[^"]*\[',
    "hx-live, extensions": r"hx-live|hx-ext|hx-sse|hx-ws",
    "something from elsewhere": r'(src|href)="(https?:)?//',
    "words that are not translated": r">[^<>{}]*[一-鿿]",
}
OWN_LANGUAGE = {"中文"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_has(name: str, what: str) -> None:
    text = (TEMPLATES / name).read_text()
    for word in OWN_LANGUAGE:
        text = text.replace(word, "")
    assert re.findall(FORBIDDEN[what], text) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_form_that_is_sent_says_that_it_is_ours(name: str) -> None:
    """Those of who is signed in; the pages for anybody have no session to be of."""
    if name.startswith(("signin", "login_link")) or name in ("invitation.html", "wall_key.html"):
        return
    for form in re.findall(r'<form[^>]*method="post".*?</form>', (TEMPLATES / name).read_text(), re.DOTALL):
        assert "hidden()" in form or 'name="csrf"' in form, name


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_markup_or_code_of_text(path: Path) -> None:
    text = path.read_text()
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\.style\b", text)
        == []
    )
