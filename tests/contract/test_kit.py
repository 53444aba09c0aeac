"""What tests share is a kit: no test module is imported, neither by another nor by what judges with it."""

from functools import cache

import grimp
from grimp import ImportGraph


@cache
def graph() -> ImportGraph:
    """The project with its tests and measurements."""
    return grimp.build_graph("services", "shared", "deploy", "tests", "bench")


def imported_tests(of: ImportGraph) -> list[str]:
    """Who imports which test module or ``conftest``."""
    tests = [module for module in of.modules if module.rpartition(".")[2].startswith(("test_", "conftest"))]
    return sorted(
        f"{importer} imports {test}" for test in tests for importer in of.find_modules_that_directly_import(test)
    )


def test_no_test_module_is_imported() -> None:
    assert imported_tests(graph()) == []


def test_a_test_module_that_is_imported_is_found() -> None:
    made = ImportGraph()
    for name in ("tests", "tests.test_one", "tests.test_two"):
        made.add_module(name)
    made.add_import(importer="tests.test_two", imported="tests.test_one", line_number=1, line_contents="")
    assert imported_tests(made) == ["tests.test_two imports tests.test_one"]
