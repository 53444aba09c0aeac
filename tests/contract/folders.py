"""How the packages hang together, counted by ``grimp``; ``python -m tests.contract.folders`` prints the table.

A *child* of a package is a module or a folder directly in it. An *import* counts once for each pair of children of
which something in one imports something in the other. *Layers*: the number of children in the longest chain of imports;
children that import each other in a circle count as one. ``docs/architecture.md`` lists the children of each package in
``PACKAGES``, the top layer first.
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
    "shared.operations",
    "shared.runtime",
    "shared.city",
    "shared.contracts",
    "shared.kernel",
)
"""Packages whose children the page lists."""

WIDEST = 20
"""Modules in one folder, without ``__init__``."""


@dataclass(frozen=True)
class Children:
    """The children of one package by name, each with those that it imports."""

    package: str
    imports: dict[str, frozenset[str]]

    @property
    def pairs(self) -> int:
        """Pairs of children of which the first imports the second."""
        return sum(map(len, self.imports.values()))

    @property
    def circles(self) -> set[frozenset[str]]:
        """Children that reach each other, of which each set should not be there."""
        return {circle for child in self.imports if len(circle := self._circle(child)) > 1}

    @property
    def layers(self) -> int:
        """Children in the longest chain."""

        @cache
        def height(circle: frozenset[str]) -> int:
            below = {self._circle(other) for child in circle for other in self.imports[child]} - {circle}
            return 1 + max(map(height, below), default=0)

        return max((height(self._circle(child)) for child in self.imports), default=0)

    def _reached(self, child: str) -> set[str]:
        reached: set[str] = set()
        ahead = [child]
        while ahead:
            new = self.imports[ahead.pop()] - reached
            reached |= new
            ahead += new
        return reached

    def _circle(self, child: str) -> frozenset[str]:
        return frozenset({child} | {other for other in self._reached(child) if child in self._reached(other)})


@cache
def graph() -> ImportGraph:
    """The project's own modules."""
    return grimp.build_graph("services", "shared", "deploy")


def children_of(package: str, of: ImportGraph) -> Children:
    """The children of ``package``, which may have none."""
    children = sorted(of.find_children(package))
    owner = {module: child for child in children for module in (child, *of.find_descendants(child))}
    imports: dict[str, set[str]] = {child: set() for child in children}
    for module, child in owner.items():
        imports[child] |= {owner[other] for other in of.find_modules_directly_imported_by(module) if other in owner}
    return Children(package, {_last(child): frozenset(map(_last, imports[child] - {child})) for child in children})


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def folders(of: ImportGraph, *within: str) -> list[str]:
    """All packages below and including ``within``, that have children."""
    names = (name for root in within for name in (root, *of.find_descendants(root)))
    return sorted(name for name in names if of.find_children(name))


def main() -> None:
    """Print the counts of today."""
    made = graph()
    print("| package | children | imports | layers |\n| --- | ---: | ---: | ---: |")  # noqa: T201
    for package in (*PACKAGES, "deploy.local"):
        counted = children_of(package, made)
        print(f"| `{package}` | {len(counted.imports)} | {counted.pairs} | {counted.layers} |")  # noqa: T201
    print(f"\n{len(made.modules)} modules, {made.count_imports():,} imports")  # noqa: T201


if __name__ == "__main__":
    main()
