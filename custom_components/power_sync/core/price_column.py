"""The prices of one kind over a month, in steps of 5 minutes.

Prices are held in whole hundred-thousandths of a dollar, under the number of their
stamp: 5 minutes counted since 1970.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import chain, groupby, repeat
from typing import Any

from .price_statistics import STAMP, STAMPS_PER_DAY

_SCALE = 100_000
_HIGHEST = 10_000 * _SCALE
_STAMP_SECONDS = int(STAMP.total_seconds())
_EPOCH = date(1970, 1, 1)


class PriceColumn:
    """Prices by stamp, and of how many minutes' price each was part."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._prices: dict[int, int] = {}
        self._minutes: dict[int, int] = {}

    def __len__(self) -> int:
        """Return how many stamps have a price."""
        return len(self._prices)

    def __contains__(self, stamp: object) -> bool:
        """Return whether a stamp has a price."""
        return stamp in self._prices

    def __iter__(self) -> Iterator[int]:
        """Iterate over the stamps that have a price, in no order."""
        return iter(self._prices)

    def __getitem__(self, stamp: int) -> float:
        """Return the price of a stamp; raises KeyError if it has none."""
        return self._prices[stamp] / _SCALE

    def get(self, stamp: int) -> float | None:
        """Return the price of a stamp, None if it has none."""
        return self[stamp] if stamp in self._prices else None

    def take(self, stamp: int, price: float, minutes: int) -> bool:
        """Hold a price unless a finer one is known; return whether it is held."""
        if minutes > self._minutes.get(stamp, minutes):
            return False
        self._prices[stamp] = round(price * _SCALE)
        self._minutes[stamp] = minutes
        return True

    def drop(self, stamp: int) -> None:
        """Hold nothing for a stamp any more."""
        self._prices.pop(stamp, None)
        self._minutes.pop(stamp, None)

    def forget(self, oldest: int) -> None:
        """Drop what is older than a stamp."""
        for stamp in [stamp for stamp in self._prices if stamp < oldest]:
            self.drop(stamp)

    def mean(self, oldest: int) -> float | None:
        """Return the mean since a stamp, each price weighing the same."""
        known = [price for stamp, price in self._prices.items() if stamp >= oldest]
        return sum(known) / len(known) / _SCALE if known else None

    def to_stored(self) -> dict[str, Any]:
        """Return the prices of each UTC day as JSON, the minutes in runs."""
        stored: dict[str, Any] = {}
        for day in sorted({stamp // STAMPS_PER_DAY for stamp in self._prices}):
            stamps = range(day * STAMPS_PER_DAY, (day + 1) * STAMPS_PER_DAY)
            runs = groupby(self._minutes.get(stamp, 0) for stamp in stamps)
            stored[(_EPOCH + timedelta(days=day)).isoformat()] = {
                "prices": [self._prices.get(stamp) for stamp in stamps],
                "minutes": [[minutes, len(list(run))] for minutes, run in runs],
            }
        return stored

    def fill(self, stored: object) -> None:
        """Hold what ``to_stored`` returned; raises ValueError for damage."""
        for name, content in _items(stored):
            day = date.fromisoformat(name)
            first = (day - _EPOCH).days * STAMPS_PER_DAY
            fields = dict(_items(content))
            prices = list(_prices(fields.get("prices"), name))
            minutes = list(_minutes(fields.get("minutes"), name))
            if not len(prices) == len(minutes) == STAMPS_PER_DAY:
                raise ValueError(f"{name} is not a day of prices")
            for offset, price in enumerate(prices):
                if price is not None:
                    self._prices[first + offset] = price
                    self._minutes[first + offset] = minutes[offset]


def stamp_of(instant: datetime) -> int:
    """Return the number of the stamp around an instant."""
    return int(instant.timestamp() // _STAMP_SECONDS)


def next_stamp(instant: datetime) -> int:
    """Return the number of the first stamp that starts at an instant or later."""
    return -int(-instant.timestamp() // _STAMP_SECONDS)


def stamp_start(stamp: int) -> datetime:
    """Return when a stamp starts."""
    return datetime.fromtimestamp(stamp * _STAMP_SECONDS, UTC)


def _items(value: object) -> Iterator[tuple[str, object]]:
    """Yield the content of an object whose keys are texts."""
    if not isinstance(value, Mapping):
        raise ValueError("stored prices are not an object")  # noqa: TRY004
    for name, content in value.items():
        if not isinstance(name, str):
            raise ValueError("stored prices have a name that is no text")  # noqa: TRY004
        yield name, content


def _prices(value: object, where: str) -> Iterator[int | None]:
    """Yield the prices of a day."""
    for price in _list(value, where):
        if price is not None and not abs(_whole(price, where)) <= _HIGHEST:
            raise ValueError(f"{where} has a price beyond all measure")
        yield price


def _minutes(value: object, where: str) -> Iterator[int]:
    """Yield the minutes of a day, one by one."""
    pairs = [
        (_whole(minutes, where), _whole(count, where))
        for minutes, count in (_list(run, where) for run in _list(value, where))
    ]
    # Asked before the runs are spread out, which may be beyond all measure.
    if sum(abs(count) for _, count in pairs) != STAMPS_PER_DAY:
        raise ValueError(f"{where} has minutes of another day than 24 hours")
    return chain.from_iterable(repeat(minutes, count) for minutes, count in pairs)


def _whole(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{where} has something that is no whole number")  # noqa: TRY004
    return value


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{where} lacks a list")  # noqa: TRY004
    return value
