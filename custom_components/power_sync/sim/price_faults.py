"""Damage to price lists: what a careful client must survive."""

from collections.abc import Callable
import json
from random import Random
from typing import Any

from .faults import FaultKind

type _Row = dict[str, Any]


def damaged(text: str, kind: FaultKind) -> str:
    """Return a JSON list of price rows with one kind of damage done to it.

    A kind that damages something else than the list leaves it as it is.
    """
    repair = _DAMAGE.get(kind)
    return text if repair is None else json.dumps(repair(json.loads(text)))


def _nothing(_rows: list[_Row]) -> list[_Row]:
    return []


def _no_forecast(rows: list[_Row]) -> list[_Row]:
    return [row for row in rows if row["type"] != "ForecastInterval"]


def _hole(rows: list[_Row]) -> list[_Row]:
    """Leave out two hours, three hours ahead."""
    ends = sorted({row["endTime"] for row in rows if row["type"] == "ForecastInterval"})
    half_hours = [end for end in ends if end[14:16] in ("00", "30")]
    missing = set(half_hours[6:10])
    return [row for row in rows if row["endTime"] not in missing]


def _twice(rows: list[_Row]) -> list[_Row]:
    return [row for row in rows for _ in range(2)]


def _shuffled(rows: list[_Row]) -> list[_Row]:
    shuffled = list(rows)
    Random(7).shuffle(shuffled)
    return shuffled


def _with(value: Any) -> Callable[[list[_Row]], list[_Row]]:
    """Put something else in place of every tenth price."""

    def damage(rows: list[_Row]) -> list[_Row]:
        return [
            row | {"perKwh": value, "spotPerKwh": value} if index % 10 == 2 else row
            for index, row in enumerate(rows)
        ]

    return damage


def _as_text(rows: list[_Row]) -> list[_Row]:
    return [
        row | {key: str(row[key]) for key in ("perKwh", "spotPerKwh", "duration")}
        for row in rows
    ]


def _no_feed_in(rows: list[_Row]) -> list[_Row]:
    return [row for row in rows if row["channelType"] != "feedIn"]


_DAMAGE: dict[FaultKind, Callable[[list[_Row]], list[_Row]]] = {
    FaultKind.EMPTY_LIST: _nothing,
    FaultKind.EMPTY_FORECAST: _no_forecast,
    FaultKind.PARTIAL_FORECAST: _hole,
    FaultKind.DUPLICATED_ROWS: _twice,
    FaultKind.UNSORTED_ROWS: _shuffled,
    FaultKind.NAN_PRICES: _with(float("nan")),
    FaultKind.TEXT_PRICES: _as_text,
    FaultKind.WORD_PRICES: _with("n/a"),
    FaultKind.NO_FEED_IN: _no_feed_in,
}
