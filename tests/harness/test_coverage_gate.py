"""The coverage gate: each demand of the table is compared."""

from typing import Any

import pytest

from harness.coverage_gate import shortfalls

REPORT = {
    "totals": {"percent_covered": 94.9},
    "files": {
        "pkg/flows/user.py": {"summary": {"percent_covered": 99.0}},
        "pkg/flows/site.py": {"summary": {"percent_covered": 100.0}},
        "pkg/core/engine.py": {"summary": {"percent_covered": 90.0}},
    },
}


@pytest.mark.parametrize(
    ("demands", "expected"),
    [
        ({"total": 94, "files": {}}, []),
        ({"total": 95, "files": {}}, ["all files together: 94.9 %, not 95 %"]),
        ({"total": 0, "files": {"pkg/flows/site*": 100}}, []),
        (
            {"total": 0, "files": {"pkg/flows/*": 100}},
            ["pkg/flows/user.py: 99.0 %, not 100 %"],
        ),
        ({"total": 0, "files": {"pkg/gone/*": 1}}, ["pkg/gone/*: no file matches"]),
    ],
)
def test_shortfalls(demands: dict[str, Any], expected: list[str]) -> None:
    assert shortfalls(REPORT, demands) == expected
