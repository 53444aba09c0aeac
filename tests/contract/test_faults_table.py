"""docs/faults.md speaks of every fault and names tests that exist; a test that says a number stands in its row."""

import re

from tests.kit.stack import ROOT

PAGE = ROOT / "docs" / "faults.md"
LAST = 42


def rows() -> dict[str, list[str]]:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.read_text().splitlines()]
    return {row[0]: row[1:] for row in cells if re.fullmatch(r"F\d+", row[0])}


def known() -> set[str]:
    code = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    return set(re.findall(r"def (test_\w+)", code))


def test_every_fault_is_shown_by_a_test_or_said_not_to_concern_us() -> None:
    table = rows()
    assert list(table) == [f"F{n}" for n in range(1, LAST + 1)]
    for number, (_, expected, shown) in table.items():
        assert re.findall(r"`(test_\w+)`", shown) or expected.startswith("does not concern us"), number


def test_every_test_that_the_page_names_exists() -> None:
    assert set(re.findall(r"`(test_\w+)`", PAGE.read_text())) <= known()


def test_a_test_that_says_a_number_is_named_in_its_row() -> None:
    table = rows()
    for test in known():
        for number in re.findall(r"(?<=_)f\d+(?=_)", test):
            assert f"`{test}`" in table[number.upper()][2], test
