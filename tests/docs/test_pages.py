"""The pages say what is so: their links resolve, the tests that they name exist, their examples run as written."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import PAGES
from tests.kit.stack import ROOT, RunningStack

_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(#[^)]*)?\)")
_EXAMPLE = re.compile(r"<!-- run -->\n```sh\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = [link for link, _ in _LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert not broken, f"{page.name}: {broken}"


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_into_a_page_leads_to_a_heading(page: Path) -> None:
    links = [(page.parent / link, anchor[1:]) for link, anchor in _LINK.findall(page.read_text()) if anchor]
    assert [(other.name, anchor) for other, anchor in links if anchor not in anchors(other)] == []


def test_every_test_that_a_page_names_exists() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"def (test_\w+)", code))
    named = {name for page in PAGES for name in re.findall(r"`(test_\w+)`", page.read_text())}
    assert named, "the pages name no test at all"
    assert not named - known


def test_the_readmes_examples_run_as_written(stack: RunningStack) -> None:
    script = "\n".join(_EXAMPLE.findall((ROOT / "README.md").read_text()))
    assert script.count("curl ") > 8
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env={**os.environ, "WHISTLE_DATA": str(stack.data), "WHISTLE_CITY": "sheyang"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert '"message":"收到！已派给【交通路社区】，10分钟内响应"' in ran.stdout
    assert re.findall(r'^"state":"(\w+)"$', ran.stdout, re.MULTILINE) == ["claimed", "resolved", "closed"]
    for said in ('"inspected_by":"jiaotonglu.duty2"', '"status":"recorded"', '"secret":"whsec_'):
        assert said in ran.stdout


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_a_readme_has_a_useful_curl_within_ten_lines_of_make_up(name: str) -> None:
    text = (ROOT / name).read_text()
    begun = text[text.index("\nmake up") :].splitlines()[2:12]
    assert any(line.startswith("curl ") for line in begun)
    english = _EXAMPLE.findall((ROOT / "README.md").read_text())
    assert _EXAMPLE.findall(text)[0] == english[0]
