"""The import rules can be broken, and what imports cannot show is looked for in the source."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from grimp import ImportGraph
from importlinter import Contract

from tests.contract.import_rules import OnlyMayImport, ReachedThrough
from tests.kit.stack import ROOT

CLIENTS = {"AsyncClient", "Client", "get", "post", "put", "patch", "delete", "request", "stream"}
NOW = {"now", "utcnow", "today"}


def graph(*imports: tuple[str, str]) -> ImportGraph:
    made = ImportGraph()
    for name in ("services", "services.a", "services.a.domain", "services.a.domain.rules", "shared", "shared.kernel"):
        made.add_module(name)
    for name in ("httpx", "time", "datetime"):
        made.add_module(name, is_squashed=True)
    for importer, imported in imports:
        made.add_import(importer=importer, imported=imported, line_number=1, line_contents=f"import {imported}")
    return made


def kept(contract: type[Contract], options: dict[str, Any], *imports: tuple[str, str]) -> bool:
    made = contract("a rule", {"root_packages": ["services", "shared"]}, options)
    return made.check(graph(*imports), verbose=False).kept


DOMAIN = {"modules": ["services.*.domain"], "may_import": ["shared.kernel"], "not_even": ["time"]}


@pytest.mark.parametrize(
    ("imported", "holds"),
    [
        ("datetime", True),
        ("shared.kernel", True),
        ("services.a.domain", True),
        ("services.a", False),
        ("shared", False),
        ("httpx", False),
        ("time", False),
    ],
)
def test_a_domain_that_imports_too_much_is_found(imported: str, holds: bool) -> None:
    assert kept(OnlyMayImport, DOMAIN, ("services.a.domain.rules", imported)) == holds


def test_a_rule_for_modules_that_do_not_exist_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no module matches"):
        kept(OnlyMayImport, {**DOMAIN, "modules": ["services.*.core"]})


def test_a_package_reached_past_its_module_is_found() -> None:
    rule = {"packages": ["httpx"], "through": ["services.a"], "within": ["services"]}
    assert kept(ReachedThrough, rule, ("services.a", "httpx"))
    assert not kept(ReachedThrough, rule, ("services.a", "httpx"), ("services.a.domain", "httpx"))
    with pytest.raises(ValueError, match="no longer needed"):
        kept(ReachedThrough, rule)


def sources(*folders: str) -> Iterator[tuple[str, ast.AST]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def calls(tree: ast.AST, of: str, names: set[str]) -> list[int]:
    """Lines that call ``of.name(…)``."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == of
        and node.func.attr in names
    ]


def test_http_clients_are_made_in_one_module() -> None:
    found = {name for name, tree in sources("services", "shared") if calls(tree, "httpx", CLIENTS)}
    assert found == {"shared/runtime/http_client/client.py"}


def test_no_domain_and_no_kernel_asks_what_time_it_is() -> None:
    domains = [str(path.relative_to(ROOT)) for path in (ROOT / "services").glob("*/domain")]
    assert len(domains) >= 3
    asked = [name for name, tree in sources(*domains, "shared/kernel") if calls(tree, "datetime", NOW)]
    assert asked == []


def test_nothing_connects_at_import() -> None:
    """Clients are made inside functions; at the top of a module stand definitions."""
    makers = {"Mongo", "KafkaBroker", "AsyncMongoClient", "AsyncClient", "client", "build", "assemble", "Settings"}
    eager = []
    for name, tree in sources("services", "shared"):
        if Path(name).name == "__main__.py":
            continue
        for statement in getattr(tree, "body", []):
            if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr):
                eager += [
                    f"{name}:{node.lineno}"
                    for node in ast.walk(statement)
                    if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in makers
                ]
    assert eager == []
