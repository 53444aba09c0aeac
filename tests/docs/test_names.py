"""The names that the pages give are names that exist: files, modules, what is in them, settings, metrics, decisions."""

import re
from functools import cache
from pathlib import Path

import pytest

from shared.runtime.settings import Settings
from tests.docs.decisions import FOLDER, INDEX, index
from tests.docs.pages import PAGES
from tests.kit.stack import ROOT

_FENCED = re.compile(r"^( *)```.*?^\1```", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"(?<![\w./{}<*-])[\w.][\w.-]*(?:/[\w.-]+)+|(?<![\w./{}<*-])\w+\.py\b")
_MODULE = re.compile(r"(?<![\w./-])(?:services|shared|deploy|tests|bench)(?:\.\w+)+(?![\w.<*/])")
_INSIDE = re.compile(r"`(\w+)`(?: \([^)`]*\))? in\s+`([\w./-]+\.py)`")
_SETTING = re.compile(r"WHISTLE_[A-Z_]*[A-Z]|whistle_[a-z_]+[a-z]")
_TOP = frozenset(path.name for path in ROOT.iterdir() if path.is_dir())
_MADE = ("bench/results", ".data", "backups")
"""Folders that are there once something ran."""


def said(page: Path) -> list[str]:
    """What stands between backticks in running text."""
    return _CODE.findall(_FENCED.sub("", page.read_text()))


@cache
def code() -> str:
    """All source text."""
    found = [path for top in ("services", "shared", "deploy", "tests", "bench") for path in (ROOT / top).rglob("*.py")]
    more = [ROOT / "Makefile", ROOT / "compose.yaml"]
    return "\n".join(path.read_text() for path in [*found, *more] if path != Path(__file__))


def is_file(name: str, page: Path) -> bool:
    return (ROOT / name).exists() or (page.parent / name).exists()


def is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    if path.is_dir() or path.with_suffix(".py").exists():
        return True
    module, _, inside = name.rpartition(".")
    file = ROOT / (module.replace(".", "/") + ".py")
    return file.exists() and re.search(rf"\b{inside}\b", file.read_text()) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_and_module_that_a_page_names_exists(page: Path) -> None:
    files = [
        name.rstrip("./")
        for text in said(page)
        for name in _PATH.findall(text)
        if (name.partition("/")[0] in _TOP or name.endswith(".py")) and not name.startswith(_MADE)
    ]
    modules = [name for text in said(page) for name in _MODULE.findall(text) if not name.endswith(".yaml")]
    assert [name for name in files if not is_file(name, page)] == []
    assert [name for name in modules if not is_module(name)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_says_is_in_a_file_is_in_it(page: Path) -> None:
    missing = [
        (name, file)
        for name, file in _INSIDE.findall(page.read_text())
        if not re.search(rf"\b{name}\b", (ROOT / file).read_text())
    ]
    assert missing == []


def test_every_setting_and_metric_that_a_page_names_is_in_the_code() -> None:
    named = {name for page in PAGES for text in said(page) for name in _SETTING.findall(text)}
    settings = {f"WHISTLE_{name.upper()}" for name in Settings.model_fields}
    assert len(named) > 40
    assert sorted(name for name in named - settings if name not in code()) == []


def test_a_name_that_does_not_exist_is_found() -> None:
    page = ROOT / "docs" / "architecture.md"
    assert _PATH.findall("see shared/kernel/gone.py and officers.py") == ["shared/kernel/gone.py", "officers.py"]
    assert _PATH.findall("{name}/x.py https://example.com/a.py") == []
    assert not is_file("shared/kernel/gone.py", page)
    assert is_module("shared.kernel.ids") and is_module("shared.kernel.ids.plain_id")
    assert not is_module("shared.kernel.gone") and not is_module("shared.kernel.ids.gone")


def test_the_index_of_decisions_has_every_title() -> None:
    assert INDEX.read_text() == index(), "python -m tests.docs.decisions"
    assert [page.name[:4] for page in sorted(FOLDER.glob("0*.md"))] == [
        f"{n:04}" for n in range(1, index().count("\n- [") + 1)
    ]
