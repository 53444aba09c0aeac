"""How the packages hang together, counted by ``grimp``; ``python -m tests.contract.folders`` prints the table.

A *box* is a direct child of a package, a module or a folder. An *arrow*: something in one box imports something in
another one. *Floors*: the number of boxes in the longest chain of arrows; boxes that import each other in a circle
count as one. ``docs/architecture.md`` lists the boxes of each package in ``PACKAGES``, top floor first.
"""

from dataclasses import dataclass
from functools import cache

import grimp
from grimp import ImportGraph

PACKAGES = (
    "deploy",
    "services.router",
    "services.router.domain",
    "services.intake",
    "services.notifier",
    "services.console",
    "shared.case_page",
    "shared.runtime",
    "shared.city",
    "shared.contracts",
    "shared.kernel",
)
"""Packages whose boxes the page lists."""

WIDEST = 20
"""Modules in one folder, without ``__init__``."""


@dataclass(frozen=True)
class Boxes:
    """The boxes of one package by name, each with the boxes that it imports."""

    package: str
    imports: dict[str, frozenset[str]]

    @property
    def arrows(self) -> int:
        """Pairs of boxes of which the first imports the second."""
        return sum(map(len, self.imports.values()))

    @property
    def circles(self) -> set[frozenset[str]]:
        """Boxes that reach each other, of which each set should not be there."""
        return {circle for box in self.imports if len(circle := self._circle(box)) > 1}

    @property
    def floors(self) -> int:
        """Boxes in the longest chain."""

        @cache
        def height(circle: frozenset[str]) -> int:
            below = {self._circle(other) for box in circle for other in self.imports[box]} - {circle}
            return 1 + max(map(height, below), default=0)

        return max((height(self._circle(box)) for box in self.imports), default=0)

    def _reached(self, box: str) -> set[str]:
        reached: set[str] = set()
        ahead = [box]
        while ahead:
            new = self.imports[ahead.pop()] - reached
            reached |= new
            ahead += new
        return reached

    def _circle(self, box: str) -> frozenset[str]:
        return frozenset({box} | {other for other in self._reached(box) if box in self._reached(other)})


@cache
def graph() -> ImportGraph:
    """The project's own modules."""
    return grimp.build_graph("services", "shared", "deploy")


def boxes(package: str, of: ImportGraph) -> Boxes:
    """The boxes of ``package``; one without children has none."""
    children = sorted(of.find_children(package))
    owner = {module: child for child in children for module in (child, *of.find_descendants(child))}
    imports: dict[str, set[str]] = {child: set() for child in children}
    for module, child in owner.items():
        imports[child] |= {owner[other] for other in of.find_modules_directly_imported_by(module) if other in owner}
    return Boxes(package, {_last(child): frozenset(map(_last, imports[child] - {child})) for child in children})


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def folders(of: ImportGraph, *within: str) -> list[str]:
    """All packages below and including ``within``, that have children."""
    names = (name for root in within for name in (root, *of.find_descendants(root)))
    return sorted(name for name in names if of.find_children(name))


def main() -> None:
    """Print the counts of today."""
    made = graph()
    print("| package | boxes | arrows | floors |\n| --- | ---: | ---: | ---: |")  # noqa: T201
    for package in (*PACKAGES, "deploy.local"):
        counted = boxes(package, made)
        print(f"| `{package}` | {len(counted.imports)} | {counted.arrows} | {counted.floors} |")  # noqa: T201
    print(f"\n{len(made.modules)} modules, {made.count_imports():,} imports")  # noqa: T201


if __name__ == "__main__":
    main()
