"""Compare measured coverage with what `pyproject.toml` demands.

Reads the report that `coverage json` wrote and the table `[tool.power-sync.coverage]`:
`total` for everything together, `files` as pattern → per cent for each single file
that matches (patterns as in `fnmatch`, paths from the root of the checkout).

    python -m harness.coverage_gate REPORT.json

Ends with 1 and a line for each shortfall, with 0 otherwise.
"""

from fnmatch import fnmatch
import json
from pathlib import Path
import sys
import tomllib
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def shortfalls(report: dict[str, Any], demands: dict[str, Any]) -> list[str]:
    """Return one line for each demand of the table that the report does not meet."""
    found = []
    total = report["totals"]["percent_covered"]
    if total < demands["total"]:
        found.append(f"all files together: {total:.1f} %, not {demands['total']} %")
    for pattern, demanded in demands["files"].items():
        measured = {
            path: file["summary"]["percent_covered"]
            for path, file in report["files"].items()
            if fnmatch(path, pattern)
        }
        if not measured:
            found.append(f"{pattern}: no file matches")
        found.extend(
            f"{path}: {percent:.1f} %, not {demanded} %"
            for path, percent in sorted(measured.items())
            if percent < demanded
        )
    return found


def main(arguments: list[str]) -> int:
    """Print the shortfalls of the report named on the command line."""
    report = json.loads(Path(arguments[0]).read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found = shortfalls(report, project["tool"]["power-sync"]["coverage"])
    for line in found:
        print(f"too little coverage: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
