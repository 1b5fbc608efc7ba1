"""What a scenario is asked, and what it found: for people and for machines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

type Value = float | int | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line asks; ``prices`` is a file of recorded market prices."""

    seed: int = 1
    days: int = 1
    prices: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure; ``holds`` is None for figures that nothing is demanded of."""

    metric: str
    value: Value
    unit: str = ""
    demanded: str = ""
    holds: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A scenario's figures and whether everything it demands holds.

    ``remarks`` are what a reader needs to look into a broken demand, ``commands``
    what Tesla's cloud was sent and why, line by line.
    """

    scenario: str
    seed: int
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()
    commands: str = ""

    @property
    def passed(self) -> bool:
        """Whether no demand is broken."""
        return all(row.holds is not False for row in self.rows)

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON-able data."""
        return {
            "scenario": self.scenario,
            "seed": self.seed,
            "passed": self.passed,
            "rows": [
                {
                    "metric": row.metric,
                    "value": row.value,
                    "unit": row.unit,
                    "demanded": row.demanded,
                    "holds": row.holds,
                }
                for row in self.rows
            ],
            "remarks": list(self.remarks),
        }

    def as_markdown(self) -> str:
        """Return a table that can be read as it is."""
        verdicts = {True: "yes", False: "NO", None: ""}
        head = ("figure", "demanded", "found", "unit", "holds")
        cells = [
            (row.metric, row.demanded, _text(row.value), row.unit, verdicts[row.holds])
            for row in self.rows
        ]
        lines = [
            f"## {self.scenario}, seed {self.seed}: "
            + ("passed" if self.passed else "FAILED"),
            "",
            *_table([head, *cells]),
        ]
        if self.remarks:
            lines += ["", *(f"- {remark}" for remark in self.remarks)]
        return "\n".join(lines)


def at_most(metric: str, value: float | None, limit: float, unit: str = "") -> Row:
    """Return a row that demands a figure up to a limit (None: nothing to judge)."""
    return Row(
        metric=metric,
        value=value,
        unit=unit,
        demanded=f"≤ {_text(limit)}" if limit else "0",
        holds=value is None or value <= limit,
    )


def _text(value: Value) -> str:
    """Return a figure as short as it is clear."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return str(value)


def _table(cells: Sequence[tuple[str, ...]]) -> Iterable[str]:
    """Yield the lines of a Markdown table; the first row is its head."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for index, line in enumerate(cells):
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield f"| {' | '.join(padded)} |"
        if index == 0:
            yield f"|{'|'.join('-' * (width + 2) for width in widths)}|"
