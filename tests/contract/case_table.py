"""The state table of ``docs/case-life.md``, made from the code: ``python -m tests.contract.case_table`` writes it."""

import re

from services.router.domain.case import State
from services.router.domain.commands.registry import RULES
from tests.kit.stack import ROOT

PAGE = ROOT / "docs" / "case-life.md"
_PLACE = re.compile(r"<!-- table -->\n(.*)<!-- /table -->", re.DOTALL)


def table() -> str:
    """Commands by states; a dot where a command is open."""
    lines = ["| command | " + " | ".join(State) + " |", "| --- |" + " :-: |" * len(State)]
    for command, rule in RULES.items():
        lines.append(f"| `{command}` | " + " | ".join("•" if state in rule.open_in else " " for state in State) + " |")
    return "\n".join(lines) + "\n"


def shown() -> str:
    """The table as the page has it."""
    found = _PLACE.search(PAGE.read_text())
    assert found is not None, "the page has lost its markers"
    return found[1]


if __name__ == "__main__":
    PAGE.write_text(_PLACE.sub(f"<!-- table -->\n{table()}<!-- /table -->", PAGE.read_text()))
