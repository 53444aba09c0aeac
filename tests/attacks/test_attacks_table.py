"""docs/attacks.md speaks of every attack and names tests that exist and say its number."""

import re

from tests.kit.stack import ROOT

PAGE = ROOT / "docs" / "attacks.md"
LAST = 143


def test_every_attack_is_answered_by_a_test_or_said_not_to_concern_us() -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.read_text().splitlines()]
    table = {row[0]: row[1:] for row in rows if re.fullmatch(r"B\d+", row[0])}
    assert list(table) == [f"B{n}" for n in range(1, LAST + 1)]
    code = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"def (test_\w+)", code))
    for number, (_, answer, tests) in table.items():
        named = re.findall(r"`(test_\w+)`", tests)
        assert set(named) <= known, number
        assert named or answer.startswith("does not concern us: not built"), number


def test_a_test_that_says_a_number_is_named_in_its_row() -> None:
    rows = {line.split("|")[1].strip(): line for line in PAGE.read_text().splitlines() if line.startswith("| B")}
    for path in (ROOT / "tests" / "attacks").glob("test_*.py"):
        for name, said in re.findall(r'def (test_\w+)\([^)]*\)[^:]*:\n    """(B\d+[^\n]*)', path.read_text()):
            for number in re.findall(r"B\d+", said.split(":")[0]):
                assert f"`{name}`" in rows[number], f"{name}: {number}"
