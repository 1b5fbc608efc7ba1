"""Tariff documents as Tesla's cloud stores, reads back and uses them.

Written apart from the integration's own codec on purpose: a mistake there must not
be repeated here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
import math
from typing import Any

from .tariff_readback import omit_zeros

_DAY_MINUTES = 1440
_SLOTS = 48


class TariffRefusedError(ValueError):
    """A tariff with a structural mistake; the text says which."""


@dataclass(frozen=True, slots=True)
class _Season:
    name: str
    first: tuple[int, int]
    last: tuple[int, int]
    windows: Mapping[str, tuple[tuple[int, int, int, int], ...]]

    def has(self, day: date) -> bool:
        here = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


@dataclass(frozen=True, slots=True)
class _Side:
    """One price list: what is bought, or what is sold."""

    seasons: tuple[_Season, ...]
    rates: Mapping[str, Mapping[str, float]]

    def minutes(self, day: date) -> list[float | None]:
        """Return the price of each minute of a day, None where there is none."""
        prices: list[float | None] = [self.rates.get("ALL", {}).get("ALL")] * (
            _DAY_MINUTES
        )
        for season in self.seasons:
            if not season.has(day):
                continue
            for period, windows in season.windows.items():
                price = self.rates.get(season.name, {}).get(period)
                for first, last, begin, end in windows:
                    for start, stop in _spans(first, last, begin, end, day.weekday()):
                        prices[start:stop] = [price] * (stop - start)
        return prices


@dataclass(frozen=True, slots=True)
class DayPrices:
    """What a Powerwall reckons with on one day: $/kWh by local half hour.

    Negative prices are raised to 0, and the buy price to the sell price.
    """

    buy: tuple[float, ...]
    sell: tuple[float, ...]


class Tariff:
    """A stored tariff."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Check and read a ``tariff_content_v2``.

        Raises:
            TariffRefusedError: structural mistakes that Tesla answers with 400.
        """
        self._buy = _side(document, "tariff_content_v2")
        self.document = omit_zeros(document)
        sell = document.get("sell_tariff")
        self._sell = _side(sell, "sell_tariff") if sell else _Side((), {})
        self._days: dict[date, DayPrices] = {}

    def day(self, day: date) -> DayPrices:
        """Return the prices of a day as the Powerwall uses them."""
        if (known := self._days.get(day)) is None:
            sell = [max(0.0, price) for price in _half_hours(self._sell.minutes(day))]
            buy = _half_hours(self._buy.minutes(day))
            known = self._days[day] = DayPrices(
                tuple(map(max, buy, sell, strict=True)), tuple(sell)
            )
        return known

    def at(self, day: date, minute: int) -> tuple[float, float]:
        """Return the (buy, sell) price of a minute of a day as the Powerwall uses it."""
        sell = max(0.0, self._sell.minutes(day)[minute] or 0.0)
        return max(self._buy.minutes(day)[minute] or 0.0, sell), sell

    def warnings(self, day: date) -> list[str]:
        """Return what Tesla's app would complain about, although all was accepted."""
        found = []
        for name, side in (("buy", self._buy), ("sell", self._sell)):
            spans = sorted(
                span
                for season in side.seasons
                if season.has(day)
                for windows in season.windows.values()
                for window in windows
                for span in _spans(*window, day.weekday())
            )
            stops = [0, *(stop for _, stop in spans)]
            starts = [*(start for start, _ in spans), _DAY_MINUTES]
            if spans and stops != starts:
                found.append(f"{name}: schedule should cover exactly 24 hours")
            if any(
                price < 0 for rates in side.rates.values() for price in rates.values()
            ):
                found.append(f"{name}: negative prices count as 0")
        buys, sells = self._buy.minutes(day), self._sell.minutes(day)
        if any((b or 0) < (s or 0) for b, s in zip(buys, sells, strict=True)):
            found.append("buy: raised to the sell price where it was below")
        return found


@cache
def _spans(
    first: int, last: int, begin: int, end: int, weekday: int
) -> tuple[tuple[int, int], ...]:
    """Return the minutes of a weekday that a window covers.

    Windows may run over midnight and over the end of the week; begin = end = 0 is
    the whole day.
    """

    def on(day: int) -> bool:
        return first <= day <= last if first <= last else day >= first or day <= last

    spans = []
    if begin < end or end == 0:
        if on(weekday):
            spans.append((begin, end or _DAY_MINUTES))
    elif begin > end:
        if on(weekday):
            spans.append((begin, _DAY_MINUTES))
        if on((weekday - 1) % 7):
            spans.append((0, end))
    return tuple(spans)


def _half_hours(minutes: list[float | None]) -> list[float]:
    means = []
    for slot in range(_SLOTS):
        part = minutes[slot * 30 : slot * 30 + 30]
        if part.count(part[0]) == 30:  # exact, and nearly always so
            means.append(part[0] or 0.0)
        else:
            means.append(sum(price or 0.0 for price in part) / 30)
    return means


def _side(document: object, where: str) -> _Side:
    fields = _fields(document, where)
    seasons = tuple(
        _season(name, entry, f"{where}.seasons.{name}")
        for name, entry in _fields(fields.get("seasons"), f"{where}.seasons").items()
        if entry
    )
    if not seasons:
        raise TariffRefusedError(f"{where}.seasons: at least one season is needed")
    rates = {
        name: _rates(entry, f"{where}.energy_charges.{name}")
        for name, entry in _fields(
            fields.get("energy_charges"), f"{where}.energy_charges"
        ).items()
    }
    flat = "ALL" in rates.get("ALL", {}) and not any(s.windows for s in seasons)
    for season in () if flat else seasons:
        priced = rates.get(season.name, {}).keys()
        if odd := sorted(priced ^ season.windows.keys()):
            raise TariffRefusedError(
                f"{where}.{season.name}.{odd[0]}: needs both a price and times"
            )
    return _Side(seasons, rates)


def _season(name: str, document: object, where: str) -> _Season:
    fields = _fields(document, where)
    periods = _fields(fields.get("tou_periods"), f"{where}.tou_periods")
    windows = {
        period: tuple(
            _window(window, f"{where}.{period}")
            for window in _list(
                _fields(entry, f"{where}.{period}").get("periods"),
                f"{where}.{period}.periods",
            )
        )
        for period, entry in periods.items()
    }
    first = _whole(fields, "fromMonth", where, 12), _whole(fields, "fromDay", where, 31)
    last = _whole(fields, "toMonth", where, 12), _whole(fields, "toDay", where, 31)
    if 0 in first + last:
        raise TariffRefusedError(f"{where}: months and days begin at 1")
    return _Season(name, first, last, windows)


def _window(document: object, where: str) -> tuple[int, int, int, int]:
    """Return (first weekday, last weekday, begin minute, end minute)."""
    fields = _fields(document, where)
    begin = _whole(fields, "fromHour", where, 24) * 60
    begin += _whole(fields, "fromMinute", where, 59)
    end = _whole(fields, "toHour", where, 24) * 60
    end += _whole(fields, "toMinute", where, 59)
    if max(begin, end) > _DAY_MINUTES:
        raise TariffRefusedError(f"{where}: a time after 24:00")
    return (
        _whole(fields, "fromDayOfWeek", where, 6),
        _whole(fields, "toDayOfWeek", where, 6),
        begin,
        end,
    )


def _rates(document: object, where: str) -> dict[str, float]:
    rates: dict[str, float] = {}
    for name, price in _fields(
        _fields(document, where).get("rates", {}), f"{where}.rates"
    ).items():
        if (
            isinstance(price, bool)
            or not isinstance(price, int | float)
            or not math.isfinite(price)
        ):
            raise TariffRefusedError(f"{where}.{name}: {price!r} is no number")
        rates[name] = float(price)
    return rates


def _fields(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TariffRefusedError(f"{where}: an object is needed")
    return value


def _list(value: object, where: str) -> Iterable[object]:
    if not isinstance(value, list) or not value:
        raise TariffRefusedError(f"{where}: a list of times is needed")
    return value


def _whole(fields: Mapping[str, Any], name: str, where: str, most: int) -> int:
    value = fields.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise TariffRefusedError(f"{where}.{name}: {value!r} is not 0 to {most}")
    return value
