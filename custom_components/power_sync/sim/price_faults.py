"""Damage to price lists: what a careful client must survive."""

from dataclasses import dataclass
from random import Random
from typing import Any

from .faults import FaultKind

type Row = dict[str, Any]
"""A row as it is known before it is written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowForm:
    """What the rows of a service have in common.

    ``prices`` and ``numbers`` name fields, ``end`` the field that says when a
    forecast ends, with the minutes at its places 14 and 15. ``kind`` names the field
    that tells forecasts from the rest by the value ``forecast``; without it all rows
    or none are forecasts.
    """

    prices: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    end: str = ""
    kind: str = ""
    forecast: str = ""

    def is_forecast(self, row: Row) -> bool:
        """Say whether a row tells of the future."""
        return not self.kind or row[self.kind] == self.forecast


def damaged(rows: list[Row], kind: FaultKind, form: RowForm) -> list[Row]:
    """Return price rows with one kind of damage done to them.

    A kind that damages something else than the rows leaves them as they are.
    """
    match kind:
        case FaultKind.EMPTY_LIST:
            return []
        case FaultKind.EMPTY_FORECAST:
            return [row for row in rows if not form.is_forecast(row)]
        case FaultKind.PARTIAL_FORECAST:
            return _holed(rows, form)
        case FaultKind.MISSING_ROWS:
            return [row for index, row in enumerate(rows) if not _is_hit(index, rows)]
        case FaultKind.DUPLICATED_ROWS:
            return [row for row in rows for _ in range(2)]
        case FaultKind.UNSORTED_ROWS:
            shuffled = list(rows)
            Random(7).shuffle(shuffled)
            return shuffled
        case FaultKind.TEXT_PRICES:
            names = form.prices + form.numbers
            return [row | {name: str(row[name]) for name in names} for row in rows]
        case FaultKind.NO_FEED_IN:
            return [row for row in rows if row["channelType"] != "feedIn"]
        case kind if kind in _ODD_VALUES:
            odd: Row = dict.fromkeys(form.prices, _ODD_VALUES[kind])
            return [
                row | odd if _is_hit(index, rows) else row
                for index, row in enumerate(rows)
            ]
        case _:
            return rows


def _is_hit(index: int, rows: list[Row]) -> bool:
    """Choose every tenth row, and all of a short list (which holds one region once)."""
    return index % 10 == 2 or len(rows) <= 10


def _holed(rows: list[Row], form: RowForm) -> list[Row]:
    """Leave out two hours, three hours ahead."""
    ends = sorted({row[form.end] for row in rows if form.is_forecast(row)})
    half_hours = [end for end in ends if end[14:16] in ("00", "30")]
    missing = set(half_hours[6:10])
    return [row for row in rows if row[form.end] not in missing]


_ODD_VALUES = {
    FaultKind.NAN_PRICES: float("nan"),
    FaultKind.WORD_PRICES: "n/a",
    FaultKind.NULL_PRICES: None,
}
