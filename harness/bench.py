"""Run one of the benchmarks in `benchmarks/` and publish its figures.

A benchmark is a module `benchmarks/NAME.py` with a docstring whose first line says what
it measures, and two functions::

    def add_arguments(parser: argparse.ArgumentParser) -> None: ...
    def measure(options: argparse.Namespace) -> Report: ...

One that needs no Home Assistant calls `harness.bare.install()` before it imports the
integration. `scripts/bench NAME` adds `--json FILE` to its arguments, prints the report as a
Markdown table and writes it as JSON.
"""

import argparse
import ast
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
import importlib
import json
from pathlib import Path
import sys

from .bare import ROOT

FOLDER = ROOT / "benchmarks"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of one controller on one data set."""

    dataset: str
    controller: str
    metric: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a benchmark found, and what somebody needs to find it again."""

    rows: Sequence[Row]
    settings: dict[str, object] = field(default_factory=dict)
    seed: int | None = None

    def to_markdown(self) -> str:
        """Return the rows as a Markdown table, figures aligned to the right."""
        lines = [
            "| dataset | controller | metric | value | unit |",
            "|---|---|---|---:|---|",
        ]
        lines.extend(
            f"| {row.dataset} | {row.controller} | {row.metric} "
            f"| {row.value:,.6g} | {row.unit} |"
            for row in self.rows
        )
        return "\n".join(lines)

    def to_json(self) -> str:
        """Return the report as JSON: rows, settings, seed."""
        return json.dumps(asdict(self), indent=2) + "\n"


def available() -> dict[str, str]:
    """Return each benchmark's name with the first line of its docstring."""
    found = {}
    for path in sorted(FOLDER.glob("[!_]*.py")):
        tree = ast.parse(path.read_text())
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        if {"add_arguments", "measure"} <= defined:
            found[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark named first in the arguments, or list what there is."""
    names = available()
    if not arguments or arguments[0] in {"-h", "--help"}:
        print("usage: scripts/bench NAME [--json FILE] [OPTION...]\n")
        for name, summary in names.items():
            print(f"  {name:10} {summary}")
        if not names:
            print("  (no benchmark yet)")
        return 0
    name, *rest = arguments
    if name not in names:
        known = ", ".join(names) or "none yet"
        print(f"no benchmark is called {name}; there is: {known}", file=sys.stderr)
        return 2

    module = importlib.import_module(f"benchmarks.{name}")
    parser = argparse.ArgumentParser(prog=f"scripts/bench {name}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write figures here")
    module.add_arguments(parser)
    options = parser.parse_args(rest)
    report: Report = module.measure(options)
    print(report.to_markdown())
    if options.json is not None:
        options.json.write_text(report.to_json())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
