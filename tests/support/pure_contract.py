"""An import-linter contract for pure modules: they import the standard library and each other, nothing else.

The linter's own kinds of contract name what is forbidden; this one names what is allowed, so that a package
added next year is refused without anybody thinking of it.
"""

import sys

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class PureContract(Contract):
    """`modules` (with all below them) import only the standard library, each other and `allowed_packages`."""

    type_name = "pure"

    # The linter replaces each field by its parsed value.
    modules: set[str] = fields.SetField(fields.StringField())  # type: ignore[assignment]
    allowed_packages: set[str] = fields.SetField(  # type: ignore[assignment]
        fields.StringField(), required=False, default=set()
    )

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        pure = {module for name in self.modules for module in (name, *graph.find_descendants(name))}
        allowed = {*sys.stdlib_module_names, *self.allowed_packages}
        impure = sorted(
            (module, imported)
            for module in pure
            for imported in graph.find_modules_directly_imported_by(module) - pure
            if imported.split(".")[0] not in allowed
        )
        return ContractCheck(kept=not impure, metadata={"impure": impure})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for module, imported in check.metadata["impure"]:
            output.print_error(f"{module} is pure and may not import {imported}", bold=False)
