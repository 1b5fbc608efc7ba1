"""The import-linter contract behind the table of rooms: an allow-list.

import-linter's own contracts forbid; a new dependency would be allowed until somebody
thought of forbidding it. This one lists what a room may import. Everything else, the
standard library excepted, breaks it. Only direct imports are looked at, because each
room has a contract of its own.

In `pyproject.toml`::

    type = "allowed_imports"
    room = ["package.core"]          # these modules and everything below them
    apart_from = ["package.core.x"]  # which has a contract of its own
    may_import = ["aiohttp"]         # these and everything below them

`package.*` means everything below `package` but not `package` itself. Modules of a room
may import each other. A room that does not exist yet keeps its contract.
"""

from collections.abc import Iterable
import sys
from typing import cast, override

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


def _is_within(module: str, names: Iterable[str]) -> bool:
    for name in names:
        below = name.removesuffix(".*")
        if module.startswith(f"{below}.") or module == name:
            return True
    return False


class AllowedImportsContract(Contract):
    """Modules of a room import nothing but what is listed."""

    # import-linter replaces each field by the list it parsed.
    room = cast("list[str]", fields.ListField(fields.StringField()))
    apart_from = cast("list[str]", fields.ListField(fields.StringField(), default=[]))
    may_import = cast("list[str]", fields.ListField(fields.StringField(), default=[]))

    @override
    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Compare every direct import of the room with the list."""
        room = {
            module
            for module in graph.modules
            if _is_within(module, self.room) and not _is_within(module, self.apart_from)
        }
        broken = [
            f"{importer} imports {imported} (line {detail['line_number']})"
            for importer in sorted(room)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if imported not in room
            and imported not in sys.stdlib_module_names
            and not _is_within(imported, self.may_import)
            for detail in graph.get_import_details(importer=importer, imported=imported)
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    @override
    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line for each import that is not allowed."""
        for line in check.metadata["broken"]:
            output.print_error(f"- {line}", bold=False)
        output.new_line()
