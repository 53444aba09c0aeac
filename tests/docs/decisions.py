"""The index of ``docs/decisions``, made from the pages' titles: ``python -m tests.docs.decisions`` writes it."""

import re

from tests.kit.stack import ROOT

FOLDER = ROOT / "docs" / "decisions"
INDEX = FOLDER / "README.md"
_TITLE = re.compile(r"# (\d{4}) (\S.*: \S.*)")
_HEAD = """# Decisions

What was hard to decide or had to be measured: what was decided, the figures, what was refused and why, and when to look
again. A new page takes the next number; its title begins with its subject. `python -m tests.docs.decisions` renews this
list.

"""


def index() -> str:
    """The page as it should be. Raises ``ValueError`` for a title that does not begin with its number and subject."""
    lines = []
    for page in sorted(FOLDER.glob("0*.md")):
        title = _TITLE.fullmatch(page.read_text().partition("\n")[0])
        if title is None or title[1] != page.name[:4]:
            raise ValueError(f"{page.name}: the title is to be `# {page.name[:4]} Subject: what was decided`")
        lines.append(f"- [{title[1]}]({page.name}) {title[2]}")
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    INDEX.write_text(index())
