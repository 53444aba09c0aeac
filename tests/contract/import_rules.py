"""Two kinds of import contracts that import-linter does not have; ``.importlinter`` states the rules in them."""

import sys

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.domain.helpers import module_expressions_to_modules

Link = tuple[str, str, tuple[int, ...]]


class OnlyMayImport(Contract):
    """``modules`` and what is in them import themselves, ``may_import`` and the standard library, nothing else.

    ``modules`` may have wildcards; each package that matches counts as itself. ``not_even``: modules of the standard
    library that are out of bounds too.
    """

    type_name = "only"

    modules = fields.SetField(subfield=fields.ModuleExpressionField())
    may_import = fields.SetField(subfield=fields.StringField(), required=False, default=frozenset())
    not_even = fields.SetField(subfield=fields.StringField(), required=False, default=frozenset())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        wrong: list[Link] = []
        matched = sorted(module.name for module in module_expressions_to_modules(graph, self.modules))  # type: ignore[arg-type]
        if not matched:
            raise ValueError("no module matches: the contract would hold nothing")
        for package in matched:
            standard = sys.stdlib_module_names - self.not_even  # type: ignore[operator]
            allowed = {package, *self.may_import, *standard}  # type: ignore[misc]
            for importer in _inside(graph, package):
                wrong += [
                    _link(graph, importer, imported)
                    for imported in sorted(graph.find_modules_directly_imported_by(importer))
                    if not _within(imported, allowed)
                ]
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def render_broken_contract(self, check: ContractCheck) -> None:
        _render(check)


class ReachedThrough(Contract):
    """``packages`` from outside are imported by the modules in ``through`` and by no other of ``within``."""

    type_name = "through"

    packages = fields.SetField(subfield=fields.StringField())
    through = fields.SetField(subfield=fields.StringField())
    within = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        packages: set[str] = self.packages  # type: ignore[assignment]
        through: set[str] = self.through  # type: ignore[assignment]
        within: set[str] = self.within  # type: ignore[assignment]
        wrong: list[Link] = []
        used: set[str] = set()
        for package in sorted(packages & graph.modules):
            for importer in sorted(graph.find_modules_that_directly_import(package)):
                if importer in through:
                    used.add(importer)
                elif _within(importer, within):
                    wrong.append(_link(graph, importer, package))
        if idle := sorted(through - used):
            raise ValueError(f"no longer needed in `through`: {', '.join(idle)}")
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def render_broken_contract(self, check: ContractCheck) -> None:
        _render(check)


def _inside(graph: ImportGraph, package: str) -> list[str]:
    return sorted({package, *graph.find_descendants(package)})


def _within(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _link(graph: ImportGraph, importer: str, imported: str) -> Link:
    details = graph.get_import_details(importer=importer, imported=imported)
    return importer, imported, tuple(detail["line_number"] for detail in details)


def _render(check: ContractCheck) -> None:
    for importer, imported, lines in check.metadata["wrong"]:
        output.print_error(f"{importer} imports {imported} (l. {', '.join(map(str, lines))})")
