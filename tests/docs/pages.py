"""The pages of the project: those at its top, and those of `docs` and `deploy`."""

from tests.kit.stack import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")])
