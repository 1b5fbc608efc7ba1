"""The reports behind AEMO's public dashboard into prices of one region.

Rows of other regions are ignored, whatever is wrong with them. One broken row of the
region spoils the report: there is another source, and half an answer would be a hole
that looks like news.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from .errors import InvalidDataError
from .json_fields import JsonObject, json_list, json_object, number, text
from .nem_prices import DISPATCH, HALF_HOUR, Prices, add, dollars, interval_start

FIVE_MINUTES = "5MIN"
SUMMARY = "ELEC_NEM_SUMMARY"
"""Both the names of the reports and of the lists in them."""

_ACTUAL = "ACTUAL"
_FORECAST = "FORECAST"
_FIRM = "FIRM"


@dataclass(frozen=True, slots=True, kw_only=True)
class FiveMinutes:
    """Settled dispatch intervals of the past day, and half hours to the horizon."""

    settled: Prices
    half_hours: Prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The newest dispatch interval; ``open_`` holds its start unless it is firm."""

    prices: Prices
    open_: frozenset[datetime]


def parse_five_minutes(body: object, region: str) -> FiveMinutes:
    """Return what the report ``5MIN`` says of a region.

    Raises InvalidDataError naming the row and field, or if nothing is settled.
    """
    settled: dict[datetime, float] = {}
    half_hours: dict[datetime, float] = {}
    for row, where in _rows(body, FIVE_MINUTES, region):
        kind = text(row.get("PERIODTYPE"), f"{where} PERIODTYPE")
        if kind == _ACTUAL:
            add(settled, *_price(row, "RRP", DISPATCH, where))
        elif kind == _FORECAST:
            add(half_hours, *_price(row, "RRP", HALF_HOUR, where))
        else:
            raise InvalidDataError(f"{where} PERIODTYPE is unknown")
    if not settled:
        raise InvalidDataError(f"{FIVE_MINUTES} lacks the settled prices of {region}")
    return FiveMinutes(settled=settled, half_hours=half_hours)


def parse_summary(body: object, region: str) -> Summary:
    """Return what the report ``ELEC_NEM_SUMMARY`` says of a region.

    Raises InvalidDataError naming the row and field, or if the region is missing.
    """
    prices: dict[datetime, float] = {}
    open_: set[datetime] = set()
    for row, where in _rows(body, SUMMARY, region):
        start, price = _price(row, "PRICE", DISPATCH, where)
        add(prices, start, price)
        # Anything but a clear word leaves the price open.
        if row.get("PRICE_STATUS") != _FIRM:
            open_.add(start)
    if not prices:
        raise InvalidDataError(f"{SUMMARY} lacks {region}")
    return Summary(prices=prices, open_=frozenset(open_))


def _rows(body: object, report: str, region: str) -> Iterator[tuple[JsonObject, str]]:
    """Yield the rows of a region and how errors call them."""
    rows = json_object(body, f"the answer to {report}").get(report)
    for index, entry in enumerate(json_list(rows, f"the list in {report}")):
        where = f"{report} row {index}"
        row = json_object(entry, where)
        # A row that could be of any region could be the one that is needed.
        if text(row.get("REGIONID"), f"{where} REGIONID") == region:
            yield row, where


def _price(
    row: JsonObject, field: str, length: timedelta, where: str
) -> tuple[datetime, float]:
    """Read start and price of a row."""
    stamp = f"{where} SETTLEMENTDATE"
    return (
        interval_start(text(row.get("SETTLEMENTDATE"), stamp), length, stamp),
        dollars(number(row.get(field), f"{where} {field}"), f"{where} {field}"),
    )
