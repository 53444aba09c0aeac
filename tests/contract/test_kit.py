"""What tests share is a kit: no test module is imported, neither by another nor by what judges with it."""

from functools import cache

import grimp
import pytest
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


JUDGES = {
    "tests.kit.expected_alerts": {
        "shared.city.model.promises",
        "shared.city.model.sorting",
        "shared.contracts.cases",
        "shared.contracts.catalogue",
        "shared.contracts.envelope",
        "tests.kit.expected_duty",
    },
    "tests.kit.expected_duty": {"shared.city.pack_files", "shared.city.model.people", "shared.city.model.promises"},
}
"""The measures of the audits, and all of the project that each may import: shapes, and how they are read."""


@pytest.mark.parametrize("judge", JUDGES)
def test_a_measure_of_the_audits_calls_no_code_that_it_judges(judge: str) -> None:
    assert graph().find_modules_directly_imported_by(judge) == JUDGES[judge]


@pytest.mark.parametrize("audit", ["tests.faults.audit", "tests.simulation.laws"])
def test_an_audit_asks_no_pack_who_is_told_or_on_duty(audit: str) -> None:
    """Stored cases are read with the router's own reader; who is told is worked out with the measure alone."""
    imported = graph().find_modules_directly_imported_by(audit)
    assert "tests.kit.expected_alerts" in imported
    assert [module for module in imported if module.startswith(("shared.city", "services.notifier"))] == []
    assert "tests.kit.made_reports" not in imported, "it hands out the pack"
