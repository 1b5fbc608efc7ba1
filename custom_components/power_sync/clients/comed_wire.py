"""ComEd's two formats: the feed of five minutes, and pages of hours.

Wire: c/kWh, and texts for numbers. The feed is JSON, newest first, with a stamp in UTC
at the START of what a price holds for. The pages are JavaScript whose ``Date.UTC`` is
the clock on Chicago's walls. Inside: $/kWh by instants in UTC.

Rows without a usable price are left out, because the service has such rows every day;
an answer that is no list is refused.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
import re

from .errors import InvalidDataError
from .json_fields import decode_json, finite, json_list

STEP = timedelta(minutes=5)
LOWEST, HIGHEST = -100.0, 400.0
"""c/kWh; the market's cap equals about 370, and -24 to 360 have been seen."""

_CENTS_PER_DOLLAR = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_HOUR_ROW = re.compile(
    r"\[\s*Date\.UTC\(\s*(\d{4})\s*,\s*(\d{1,2})\s*,\s*(\d{1,2})\s*,\s*(\d{1,2})\s*"
    r",\s*0{1,2}\s*,\s*0{1,2}\s*\)\s*,([^\[\](),]*)\]",
    re.ASCII,
)
_BETWEEN = re.compile(r"\s*\[[\s,]*\]\s*;?\s*", re.ASCII)

type Prices = Mapping[datetime, float]
"""$/kWh by an instant in UTC."""


def parse_feed(body: bytes, first: datetime, last: datetime) -> Prices:
    """Return the prices of the feed with stamps from ``first`` to ``last`` inclusive.

    In time order. A stamp with two different prices is left out. Raises
    InvalidDataError for what is no list, and for one in which no row is readable.
    """
    rows = json_list(decode_json(body, "ComEd's feed"), "ComEd's feed")
    found: defaultdict[datetime, set[float]] = defaultdict(set)
    readable = not rows
    for row in rows:
        if not isinstance(row, dict):
            continue
        stamp, price = _stamp(row.get("millisUTC")), _dollars(row.get("price"))
        if stamp is None or price is None:
            continue
        readable = True
        if first <= stamp <= last:
            found[stamp].add(price)
    if not readable:
        raise InvalidDataError("ComEd's feed has no readable row")
    return _unambiguous(found)


def parse_hours(body: bytes, day: date, zone: tzinfo) -> Prices:
    """Return a page's hourly prices by the instant of their label, in time order.

    What an instant is to its hour, beginning or end, is not said here. Labels are left
    out that the clock does not show that day, that it shows twice (unless the page has
    two rows for this one only: the first pass comes first), or that have two prices.

    Raises InvalidDataError for what is not such a page, or one of another day.
    """
    page = body.decode("utf-8", "replace")
    if _BETWEEN.fullmatch(_HOUR_ROW.sub("", page)) is None:
        raise InvalidDataError("ComEd's page is not a list of hours")
    labels: defaultdict[int, list[float | None]] = defaultdict(list)
    for row in _HOUR_ROW.finditer(page):
        year, month, day_of_month, hour = (int(row[group]) for group in range(1, 5))
        # Months count from 0.
        if (year, month + 1, day_of_month) != (day.year, day.month, day.day):
            raise InvalidDataError("ComEd's page is about another day")
        if hour > 23:
            raise InvalidDataError("ComEd's page has an hour that no day has")
        labels[hour].append(_dollars(row[5].strip()))
    return _at_labels(labels, day, zone)


def _at_labels(
    labels: Mapping[int, list[float | None]], day: date, zone: tzinfo
) -> Prices:
    """Return prices by the instants at which the clock shows their labels."""
    instants = {hour: _instants(day, hour, zone) for hour in labels}
    repeats = any(
        len(prices) > 1 and len(instants[hour]) < 2 for hour, prices in labels.items()
    )
    found: defaultdict[datetime, set[float]] = defaultdict(set)
    for hour, prices in labels.items():
        at = instants[hour]
        if len(at) == 1:
            at *= len(prices)
        elif len(prices) != len(at) or repeats:
            continue
        for instant, price in zip(at, prices, strict=True):
            if price is not None:
                found[instant].add(price)
    return _unambiguous(found)


def _instants(day: date, hour: int, zone: tzinfo) -> list[datetime]:
    """Return when the clock on the wall shows a full hour: once, twice or never."""
    wall = datetime.combine(day, time(hour))
    instants = {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(
        instant
        for instant in instants
        # Times that are skipped come back as others.
        if instant.astimezone(zone).replace(tzinfo=None) == wall
    )


def _unambiguous(found: Mapping[datetime, set[float]]) -> Prices:
    """Return what has one price, in time order."""
    return {
        instant: min(found[instant])
        for instant in sorted(found)
        if len(found[instant]) == 1
    }


def _stamp(value: object) -> datetime | None:
    """Return the time of a stamp, None for what is none."""
    millis = _number(value)
    if millis is None or millis != int(millis):
        return None
    try:
        stamp = _EPOCH + timedelta(milliseconds=int(millis))
    except OverflowError:
        return None
    return None if (stamp - _EPOCH) % STEP else stamp


def _dollars(value: object) -> float | None:
    """Return $/kWh for c/kWh, None for what is no price."""
    cents = _number(value)
    if cents is None or not LOWEST <= cents <= HIGHEST:
        return None
    # The zero that is added turns -0.0 into 0.0.
    return cents / _CENTS_PER_DOLLAR + 0.0


def _number(value: object) -> float | None:
    """Return a number, in quotes as ComEd writes it or without, None for others."""
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else None
    return finite(value)
