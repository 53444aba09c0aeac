"""Folders import in one direction, none is too wide, and docs/architecture.md lists them in that order."""

import re

import pytest
from grimp import ImportGraph

from tests.contract.folders import PACKAGES, WIDEST, Children, children_of, folders, graph
from tests.kit.stack import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text()

ALLOWED = {"shared.runtime.observability": {frozenset({"telemetry", "tracing"})}}
"""``telemetry`` imports ``tracing`` inside a function, and only where traces are asked for."""


def listed(package: str) -> list[str]:
    """The children of a package as the page lists them, the top layer first."""
    table = re.search(rf"<!-- boxes: {re.escape(package)} -->\n(.*?)<!-- /boxes -->", PAGE, re.DOTALL)
    assert table is not None, f"the page has no table of {package}"
    rows = re.findall(r"^\| (`[^|]*) \|", table[1], re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


@pytest.mark.parametrize("folder", folders(graph(), "services", "shared", "deploy"))
def test_nothing_in_a_folder_imports_in_a_circle(folder: str) -> None:
    assert children_of(folder, graph()).circles == ALLOWED.get(folder, set())


@pytest.mark.parametrize("folder", folders(graph(), "services", "shared", "deploy"))
def test_no_folder_is_too_wide(folder: str) -> None:
    modules = [child for child in graph().find_children(folder) if not graph().find_children(child)]
    assert len(modules) <= WIDEST, f"{folder} has {len(modules)} modules: give a subject its own folder"


@pytest.mark.parametrize("package", PACKAGES)
def test_the_page_lists_every_folder_and_module(package: str) -> None:
    assert sorted(listed(package)) == sorted(set(children_of(package, graph()).imports) - {"__main__"})


@pytest.mark.parametrize("package", PACKAGES)
def test_a_folder_or_module_imports_only_what_the_page_lists_below_it(package: str) -> None:
    order = {name: place for place, name in enumerate(listed(package))}
    upwards = [
        f"{child} imports {other}"
        for child, imported in children_of(package, graph()).imports.items()
        for other in imported
        if child in order and order[child] > order[other]
    ]
    assert upwards == []


def test_a_circle_of_three_is_found_and_counts_as_one_layer() -> None:
    made = ImportGraph()
    for name in ("a", "a.top", "a.one", "a.two", "a.three", "a.three.inner", "a.low"):
        made.add_module(name)
    for importer, imported in (
        ("a.top", "a.one"),
        ("a.one", "a.two"),
        ("a.two", "a.three.inner"),
        ("a.three.inner", "a.one"),
        ("a.three", "a.low"),
    ):
        made.add_import(importer=importer, imported=imported, line_number=1, line_contents=f"import {imported}")
    counted = children_of("a", made)
    assert (len(counted.imports), counted.pairs, counted.layers) == (5, 5, 3)
    assert counted.circles == {frozenset({"one", "two", "three"})}
    assert Children("a", {"one": frozenset()}).circles == set()
