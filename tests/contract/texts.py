"""What the contract tests read: the package's files and the syntax of its modules."""

import ast
from collections.abc import Iterator
from functools import cache
import json
from pathlib import Path
import subprocess
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "custom_components" / "power_sync"


def read_json(name: str) -> Any:
    """Return a JSON file of the package."""
    return json.loads((PACKAGE / name).read_text())


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(path.read_text(), str(path))


def shell_modules() -> list[Path]:
    """Return the modules that may know Home Assistant."""
    rooms = ("core", "clients", "sim")
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] not in rooms
    ]


def calls(path: Path, name: str) -> Iterator[ast.Call]:
    """Yield the calls of a function or method in a module."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            function = node.func
            called = (
                function.attr
                if isinstance(function, ast.Attribute)
                else getattr(function, "id", None)
            )
            if called == name:
                yield node


def argument(call: ast.Call, name: str) -> ast.expr | None:
    """Return a keyword argument of a call."""
    return next((item.value for item in call.keywords if item.arg == name), None)


def constant(node: ast.expr | None) -> str | None:
    """Return a text that is written out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def leaves(data: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Yield the dotted path and the text of every text."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, (*path, key))
    else:
        yield ".".join(path), data


def keys(data: Any) -> Iterator[str]:
    """Yield every key at any depth."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from keys(value)


def tracked_files() -> list[Path]:
    """Return what belongs to the repository: all that git does not ignore."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    paths = (ROOT / name for name in listing.split("\0") if name)
    return [path for path in paths if path.is_file()]
