"""Tesla's ``tariff_content_v2`` document to and from :class:`TeslaTariff`.

One codec serves the wire, the disk and exported profiles. What Tesla leaves
out of a read-back (every zero) is filled in while reading, and everything is
written out in full: a tariff that was read is the same after writing and
reading it again. Fields of no meaning to us are carried along.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
import math
from typing import Any

from .tariff_extra import add_extra, read_extra
from .tesla_tariff import (
    ALL,
    MINUTES_PER_DAY,
    DailyCharge,
    SeasonRates,
    TariffSide,
    TeslaTariff,
    TouPeriod,
    TouSeason,
    TouWindow,
)

type Document = Mapping[str, Any]


class TariffDocumentError(ValueError):
    """A tariff document that cannot be understood; the text names the field."""


def read_tariff(document: Document) -> TeslaTariff:
    """Return the tariff that a document describes.

    Raises TariffDocumentError naming the field that is not as documented.
    """
    sell = _mapping(document.get("sell_tariff"), "sell_tariff")
    return TeslaTariff(
        buy=_read_side(document, "tariff"),
        sell=_read_side(sell, "sell_tariff") if sell else None,
    )


def write_tariff(tariff: TeslaTariff) -> dict[str, Any]:
    """Return the document of a tariff, with every field spelled out."""
    document = _write_side(tariff.buy)
    document["version"] = 1
    if tariff.sell is not None:
        document["sell_tariff"] = _write_side(tariff.sell)
    return document


def _read_side(document: Document, where: str) -> TariffSide:
    """Read the buy or sell half of a document."""
    return TariffSide(
        name=_text(document.get("name"), f"{where}.name"),
        utility=_text(document.get("utility"), f"{where}.utility"),
        code=_text(document.get("code"), f"{where}.code"),
        currency=_text(document.get("currency"), f"{where}.currency"),
        seasons=tuple(
            _read_season(name, season, f"{where}.seasons.{name}")
            for name, season in _items(document.get("seasons"), f"{where}.seasons")
            if _is_in_use(season, f"{where}.seasons.{name}")
        ),
        energy_rates=_read_rates(document, "energy_charges", where),
        demand_rates=_read_rates(document, "demand_charges", where),
        daily_charges=tuple(
            DailyCharge(
                name=_text(charge.get("name"), f"{where}.daily_charges.name"),
                amount=_number(charge.get("amount"), f"{where}.daily_charges.amount"),
            )
            for charge in _mappings(
                document.get("daily_charges"), f"{where}.daily_charges"
            )
        ),
        extra=read_extra(document),
        **{
            field: _number(document.get(field), f"{where}.{field}")
            for field in (
                "monthly_charges",
                "monthly_minimum_bill",
                "min_applicable_demand",
                "max_applicable_demand",
            )
        },
    )


def _is_in_use(value: object, where: str) -> bool:
    """Return whether a season has dates or times; Tesla lists others, too."""
    season = _mapping(value, where)
    return any(
        season.get(key) for key in ("fromMonth", "fromDay", "toMonth", "toDay")
    ) or any(
        _windows(period, f"{where}.{label}")
        for label, period in _items(season.get("tou_periods"), f"{where}.tou_periods")
    )


def _read_season(name: str, value: object, where: str) -> TouSeason:
    """Read one season with its periods."""
    season = _mapping(value, where)
    return TouSeason(
        name=name,
        from_month=_whole(season.get("fromMonth"), f"{where}.fromMonth", 1, 12),
        from_day=_whole(season.get("fromDay"), f"{where}.fromDay", 1, 31),
        to_month=_whole(season.get("toMonth"), f"{where}.toMonth", 1, 12),
        to_day=_whole(season.get("toDay"), f"{where}.toDay", 1, 31),
        periods=tuple(
            TouPeriod(
                label=label,
                windows=tuple(
                    _read_window(window, f"{where}.{label}")
                    for window in _windows(period, f"{where}.{label}")
                ),
            )
            for label, period in _items(
                season.get("tou_periods"), f"{where}.tou_periods"
            )
        ),
    )


def _windows(period: object, where: str) -> Sequence[Document]:
    """Return a period's windows: v2 nests them in ``periods``, v1 does not."""
    if isinstance(period, Mapping):
        period = period.get("periods")
    return _mappings(period, where)


def _read_window(window: Document, where: str) -> TouWindow:
    """Read one weekly window; an end at 00:00 is the end of the day."""
    start = 60 * _whole(window.get("fromHour"), f"{where}.fromHour", 0, 23) + _whole(
        window.get("fromMinute"), f"{where}.fromMinute", 0, 59
    )
    end = 60 * _whole(window.get("toHour"), f"{where}.toHour", 0, 24) + _whole(
        window.get("toMinute"), f"{where}.toMinute", 0, 59
    )
    if end > MINUTES_PER_DAY:
        raise TariffDocumentError(f"{where}.toMinute is past the end of the day")
    return TouWindow(
        from_day=_whole(window.get("fromDayOfWeek"), f"{where}.fromDayOfWeek", 0, 6),
        to_day=_whole(window.get("toDayOfWeek"), f"{where}.toDayOfWeek", 0, 6),
        start=start,
        end=end or MINUTES_PER_DAY,
    )


def _read_rates(document: Document, key: str, where: str) -> tuple[SeasonRates, ...]:
    """Read prices by season and period, in the v2 or the v1 shape.

    The price for "every season, every period" is always among them, so that a
    price of zero that was left out is still a price.
    """
    tables: dict[str, dict[str, float]] = {}
    for season, entry in _items(document.get(key), f"{where}.{key}"):
        path = f"{where}.{key}.{season}"
        table = _mapping(entry, path)
        tables[season] = {
            label: _number(rate, f"{path}.{label}")
            for label, rate in _items(table.get("rates", table), path)
        }
    return tuple(
        SeasonRates(season=season, rates=tuple(rates.items()))
        for season, rates in _with_fallback(tables).items()
    )


def _with_fallback(tables: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Add the entry of zero that Tesla expects for every season and period."""
    others = {season: rates for season, rates in tables.items() if season != ALL}
    return {ALL: {ALL: 0, **tables.get(ALL, {})}, **others}


def _write_side(side: TariffSide) -> dict[str, Any]:
    """Write the buy or sell half of a document."""
    document: dict[str, Any] = {
        "code": side.code,
        "utility": side.utility,
        "name": side.name,
        "currency": side.currency,
        "monthly_charges": side.monthly_charges,
        "monthly_minimum_bill": side.monthly_minimum_bill,
        "min_applicable_demand": side.min_applicable_demand,
        "max_applicable_demand": side.max_applicable_demand,
        "daily_charges": [
            {"name": charge.name, "amount": charge.amount}
            for charge in side.daily_charges
        ],
        "daily_demand_charges": {},
        "demand_charges": _write_rates(side.demand_rates),
        "energy_charges": _write_rates(side.energy_rates),
        "seasons": {
            season.name: {
                "fromMonth": season.from_month,
                "fromDay": season.from_day,
                "toMonth": season.to_month,
                "toDay": season.to_day,
                "tou_periods": {
                    period.label: {
                        "periods": [_write_window(window) for window in period.windows]
                    }
                    for period in season.periods
                },
            }
            for season in side.seasons
        },
    }
    return add_extra(document, side.extra)


def _write_window(window: TouWindow) -> dict[str, int]:
    """Write a window with all six fields, midnight as Tesla's example does."""
    end = window.end % MINUTES_PER_DAY
    return {
        "fromDayOfWeek": window.from_day,
        "toDayOfWeek": window.to_day,
        "fromHour": window.start // 60,
        "fromMinute": window.start % 60,
        "toHour": end // 60,
        "toMinute": end % 60,
    }


def _write_rates(seasons: Iterable[SeasonRates]) -> dict[str, Any]:
    """Write prices by season; Tesla expects an ALL entry beside the others."""
    tables = {entry.season: dict(entry.rates) for entry in seasons}
    return {
        season: {"rates": rates} for season, rates in _with_fallback(tables).items()
    }


def _mapping(value: object, where: str) -> Document:
    """Return a JSON object; absent or null counts as empty."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TariffDocumentError(f"{where} is not an object")
    return value


def _items(value: object, where: str) -> Iterable[tuple[str, Any]]:
    """Return the entries of a JSON object."""
    return _mapping(value, where).items()


def _mappings(value: object, where: str) -> Sequence[Document]:
    """Return a JSON list of objects; absent or null counts as empty."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise TariffDocumentError(f"{where} is not a list")
    if any(item is None for item in value):
        raise TariffDocumentError(f"{where} has an entry that is null")
    return [_mapping(item, where) for item in value]


def _text(value: object, where: str) -> str:
    """Return a string; absent or null counts as empty."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TariffDocumentError(f"{where} is not a text")
    return value


def _number(value: object, where: str) -> float:
    """Return a finite number; absent or null counts as zero."""
    if value is None:
        return 0
    if not isinstance(value, bool) and isinstance(value, int | float):
        # Whole numbers beyond any float are not finite either.
        with suppress(OverflowError):
            if math.isfinite(value):
                return value
    raise TariffDocumentError(f"{where} is not a number")


def _whole(value: object, where: str, low: int, high: int) -> int:
    """Return a whole number within bounds; absent or null counts as zero."""
    number = _number(value, where)
    if number != int(number) or not low <= number <= high:
        raise TariffDocumentError(f"{where} is not between {low} and {high}")
    return int(number)
