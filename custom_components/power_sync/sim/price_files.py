"""Recorded prices from files.

Three layouts are recognised by their header, plain or gzip:

* AEMO's own ``PRICE_AND_DEMAND``: ``REGION,SETTLEMENTDATE,TOTALDEMAND,RRP,PERIODTYPE``
  with the interval's END as ``YYYY/MM/DD HH:MM:SS`` in market time (5 or 30 minutes);
* ``settlement_end,rrp_aud_mwh`` (further columns ignored), END with a UTC offset;
* Amber snapshots: ``snapshot,interval_start_utc,interval_end_utc,...,
  spot_incl_gst_aud_kwh,...``, each snapshot standing for one day.

Reading is slow and blocks: do it outside an event loop.
"""

from collections.abc import Iterable, Iterator, Sequence
import csv
from datetime import date, datetime, timedelta
import gzip
from itertools import pairwise
import math
from pathlib import Path
from typing import override

from .prices import INTERVAL, INTERVALS_PER_DAY, NEM, SpotSource

GST = 1.1
_FEWEST = 276
"""A day with fewer intervals (less than 23 hours) is not used."""
_OFFSET = 36_000 // INTERVAL
_EPOCH = date(1970, 1, 1).toordinal()

type _Day = list[float | None]
type _Table = dict[int, _Day]


class PriceFileError(ValueError):
    """A price file that cannot be used; the text names file, line and remedy."""


class RecordedPrices(SpotSource):
    """Days of recorded prices, shown on their own dates or moved onto others.

    ``onto`` is the market day on which the first recorded day is shown. Without it
    recorded dates keep their place. Days beyond the record start it over. With
    ``whole_weeks`` a moved record keeps its weekdays if it is at least a week long:
    it then starts on the first day of ``onto``'s weekday.
    """

    def __init__(
        self,
        days: dict[int, list[float]],
        *,
        onto: date | None = None,
        whole_weeks: bool = True,
    ) -> None:
        """Lay recorded days (prices by days since 1970, market time) out in time.

        Raises:
            ValueError: there is no day.
        """
        if not days:
            raise ValueError("A record of prices needs at least one day")
        self.first_day = date.fromordinal(min(days) + _EPOCH)
        self.last_day = date.fromordinal(max(days) + _EPOCH)
        numbers = sorted(days)
        self._days = [days[number] for number in numbers]
        self._own_place = (
            {number: index for index, number in enumerate(numbers)}
            if onto is None
            else {}
        )
        self._length = len(numbers)
        if whole_weeks and self._length >= 7:
            self._length -= self._length % 7
        start = numbers[0] if onto is None else onto.toordinal() - _EPOCH
        self._shift = start
        if whole_weeks and onto is not None and self._length >= 7:
            self._shift -= (start - numbers[0]) % 7

    @override
    def at(self, interval: int) -> float:
        day, index = divmod(interval + _OFFSET, INTERVALS_PER_DAY)
        place = self._own_place.get(day)
        if place is None:
            place = (day - self._shift) % self._length
        return self._days[place][index]


def read_prices(
    paths: Iterable[Path], *, onto: date | None = None, whole_weeks: bool = True
) -> RecordedPrices:
    """Read price files, in any order, into one record.

    Raises:
        PriceFileError: a file cannot be read or understood, or holds no whole day.
    """
    table: _Table = {}
    names = []
    for path in paths:
        names.append(path.name)
        for day, prices in _read(path).items():
            known = table.setdefault(day, [None] * INTERVALS_PER_DAY)
            for index, price in enumerate(prices):
                if price is not None:
                    known[index] = price
    whole = {
        day: _filled(prices)
        for day, prices in table.items()
        if INTERVALS_PER_DAY - prices.count(None) >= _FEWEST
    }
    if not whole:
        raise PriceFileError(
            f"{', '.join(names) or 'No file'}: no day with at least 23 hours of "
            "prices; give a file that covers one"
        )
    return RecordedPrices(whole, onto=onto, whole_weeks=whole_weeks)


def _read(path: Path) -> _Table:
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        if packed:
            with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
                return _parse(path.name, csv.reader(file))
        with path.open("rt", encoding="utf-8-sig", newline="") as file:
            return _parse(path.name, csv.reader(file))
    except (OSError, EOFError, UnicodeDecodeError) as err:
        raise PriceFileError(
            f"{path}: cannot be read ({err}); give a CSV file, plain or gzip"
        ) from err


def _parse(name: str, rows: Iterator[list[str]]) -> _Table:
    header = [column.strip() for column in next(rows, [])]
    columns = {column: index for index, column in enumerate(header)}
    if {"SETTLEMENTDATE", "RRP"} <= columns.keys():
        ends = _ends(name, rows, columns["SETTLEMENTDATE"], columns["RRP"])
        return _by_day(name, ends)
    if {"settlement_end", "rrp_aud_mwh"} <= columns.keys():
        ends = _ends(name, rows, columns["settlement_end"], columns["rrp_aud_mwh"])
        return _by_day(name, ends)
    if {"snapshot", "interval_start_utc", "spot_incl_gst_aud_kwh"} <= columns.keys():
        return _snapshots(name, rows, columns)
    raise PriceFileError(
        f"{name}, line 1: unknown header {','.join(header)[:80]!r}; expected the "
        "columns SETTLEMENTDATE and RRP (AEMO), or settlement_end and rrp_aud_mwh, or "
        "an Amber snapshot file"
    )


def _ends(
    name: str, rows: Iterator[list[str]], stamp: int, price: int
) -> Iterator[tuple[int, datetime, float]]:
    """Yield (line, interval end, $/MWh)."""
    for line, row in enumerate(rows, 2):
        if not any(row):
            continue
        yield (
            line,
            _moment(name, line, _cell(name, line, row, stamp)),
            _price(name, line, _cell(name, line, row, price)),
        )


def _by_day(name: str, ends: Iterable[tuple[int, datetime, float]]) -> _Table:
    """Sort interval ends into days, spreading half hours over their six intervals."""
    found = list(ends)
    stamps = [end for _, end, _ in found]
    minutes = _step(name, stamps)
    table: _Table = {}
    for line, end, price in found:
        number = int(end.timestamp())
        if number % (minutes * 60):
            raise PriceFileError(
                f"{name}, line {line}: {end.isoformat()} is not the end of a "
                f"{minutes}-minute interval; correct or remove the line"
            )
        for interval in range(number // INTERVAL - minutes // 5, number // INTERVAL):
            _put(table, interval, price)
    return table


def _step(name: str, stamps: Sequence[datetime]) -> int:
    """Return the length of the intervals: 5 or 30 minutes."""
    if not stamps:
        raise PriceFileError(f"{name}, line 2: no price in the file; give another one")
    steps = {later - earlier for earlier, later in pairwise(stamps)} - {timedelta()}
    return 30 if steps and min(map(abs, steps)) >= timedelta(minutes=30) else 5


def _snapshots(name: str, rows: Iterator[list[str]], columns: dict[str, int]) -> _Table:
    """Read each snapshot's 24 hours as the prices of the day it begins on."""
    table: _Table = {}
    first: dict[str, int] = {}
    wanted = ("snapshot", "interval_start_utc", "interval_end_utc")
    for column in wanted:
        if column not in columns:
            raise PriceFileError(f"{name}, line 1: column {column} is missing; add it")
    for line, row in enumerate(rows, 2):
        if not any(row):
            continue
        snapshot, start, end = (
            _cell(name, line, row, columns[column]) for column in wanted
        )
        text = _cell(name, line, row, columns["spot_incl_gst_aud_kwh"])
        price = _price(name, line, text) * 1_000 / GST
        begin = int(_moment(name, line, start).timestamp()) // INTERVAL
        finish = int(_moment(name, line, end).timestamp()) // INTERVAL
        if not begin < finish <= begin + 6:
            raise PriceFileError(
                f"{name}, line {line}: {start} to {end} is no interval of 5 to 30 "
                "minutes; correct or remove the line"
            )
        day = first.setdefault(snapshot, (begin + _OFFSET) // INTERVALS_PER_DAY)
        for interval in range(begin, finish):
            # Around the clock: what is after midnight fills the day's early hours.
            index = (interval + _OFFSET) % INTERVALS_PER_DAY
            _put(table, day * INTERVALS_PER_DAY + index - _OFFSET, price)
    return table


def _put(table: _Table, interval: int, price: float) -> None:
    day, index = divmod(interval + _OFFSET, INTERVALS_PER_DAY)
    table.setdefault(day, [None] * INTERVALS_PER_DAY)[index] = price


def _filled(prices: _Day) -> list[float]:
    """Give every hole the price before it (the first ones: the price after)."""
    last = next(price for price in prices if price is not None)
    filled = []
    for price in prices:
        last = last if price is None else price
        filled.append(last)
    return filled


def _cell(name: str, line: int, row: list[str], column: int) -> str:
    try:
        return row[column].strip()
    except IndexError:
        raise PriceFileError(
            f"{name}, line {line}: {len(row)} columns, expected at least "
            f"{column + 1}; the file may be cut off"
        ) from None


def _moment(name: str, line: int, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise PriceFileError(
            f"{name}, line {line}: {text!r} is no time; write it as "
            "2026/01/31 17:05:00 (market time) or with a UTC offset"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=NEM)


def _price(name: str, line: int, text: str) -> float:
    try:
        price = float(text)
    except ValueError:
        price = math.nan
    if not math.isfinite(price):
        raise PriceFileError(
            f"{name}, line {line}: {text!r} is no price; write a plain number"
        )
    return price
