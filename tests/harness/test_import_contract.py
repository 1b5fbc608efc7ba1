"""The allow-list contract: what is not listed breaks it."""

from typing import Any

from grimp import ImportGraph
from importlinter import ContractCheck
import pytest

from harness.import_contract import AllowedImportsContract

IMPORTS = [
    ("pkg.core.a", "pkg.core.b"),
    ("pkg.core.a", "json"),
    ("pkg.core.planner", "numpy"),
    ("pkg.clients", "aiohttp"),
    ("pkg.clients", "pkg.core.model"),
    ("pkg", "pkg.clients"),
]


def check(**options: Any) -> ContractCheck:
    graph = ImportGraph()
    for importer, imported in IMPORTS:
        graph.add_import(
            importer=importer, imported=imported, line_number=1, line_contents=""
        )
    contract = AllowedImportsContract("a contract", {}, options)
    return contract.check(graph, verbose=False)


@pytest.mark.parametrize(
    "options",
    [
        {"room": ["pkg.core"], "may_import": ["numpy"]},
        {"room": ["pkg.core"], "apart_from": ["pkg.core.planner"]},
        {"room": ["pkg.clients"], "may_import": ["aiohttp", "pkg.core"]},
        {"room": ["pkg.nothing_there_yet"]},
        # The package itself is not below the package, so it may import a room.
        {"room": ["pkg.*"], "apart_from": ["pkg.core", "pkg.clients"]},
    ],
)
def test_listed_imports_and_the_standard_library_are_allowed(
    options: dict[str, Any],
) -> None:
    assert check(**options).kept


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"room": ["pkg.core"]}, "pkg.core.planner imports numpy (line 1)"),
        (
            {"room": ["pkg.clients"], "may_import": ["aio", "pkg.core"]},
            "pkg.clients imports aiohttp (line 1)",
        ),
        (
            {"room": ["pkg.clients"], "may_import": ["aiohttp", "pkg.core.x"]},
            "pkg.clients imports pkg.core.model (line 1)",
        ),
        (
            {"room": ["pkg"], "apart_from": ["pkg.core", "pkg.clients"]},
            "pkg imports pkg.clients (line 1)",
        ),
    ],
)
def test_anything_else_breaks_it(options: dict[str, Any], named: str) -> None:
    found = check(**options)
    assert not found.kept
    assert found.metadata["broken"] == [named]
