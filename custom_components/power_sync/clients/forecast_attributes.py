"""Prices from the attributes of any Home Assistant entity that lists them.

Recognised are the lists of Nord Pool (``raw_today``, ``raw_tomorrow``, or bare numbers
in ``today`` and ``tomorrow``), ENTSO-e (``prices_today``), Tibber (``today`` with
``startsAt`` and ``total``), Octopus Energy (``rates`` with ``value_inc_vat``), Amber
(``forecasts`` with ``per_kwh``), EPEX Spot (``data`` with ``price_ct_per_kwh`` and its
kin) and whatever has the same shape: a list of objects with a start and a value.
Sources: the documentation and the entities of these integrations.

Wire: any unit; times as datetimes or ISO 8601, without an offset they are local. A
row whose value is null has no price yet. Anything else that is not as it should be
spoils the whole list, because a price at the wrong hour is worse than none.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from ..core.model.prices import Channel, PriceKind, PricePoint, PriceSeries
from .errors import InvalidDataError, UnavailableError
from .json_fields import finite, json_object, number, optional
from .list_times import LocalTimes, Span, laid_out
from .price_units import PriceUnit, find_unit

_GROUPS: tuple[tuple[str, ...], ...] = (
    ("raw_today", "raw_tomorrow"),
    ("prices_today", "prices_tomorrow"),
    ("today", "tomorrow"),
    ("forecasts",),
    ("forecast",),
    ("rates",),
    ("prices",),
    ("data",),
)
"""Attributes that belong together; the first group with prices counts."""
_BARE = ("today", "tomorrow")
"""Attributes that may hold bare numbers, from local midnight to midnight."""
_STARTS = (
    "start",
    "start_time",
    "startsAt",
    "starts_at",
    "startTime",
    "valid_from",
    "from",
    "datetime",
    "timestamp",
    "time",
)
_ENDS = ("end", "end_time", "endsAt", "ends_at", "endTime", "valid_to", "to", "till")
_VALUES: Mapping[str, PriceUnit | None] = {
    "per_kwh": PriceUnit.PER_KWH,
    "value_inc_vat": PriceUnit.PER_KWH,
    "price_per_kwh": PriceUnit.PER_KWH,
    "price_ct_per_kwh": PriceUnit.CENTS_PER_KWH,
    "price_eur_per_mwh": PriceUnit.PER_MWH,
    "price_gbp_per_mwh": PriceUnit.PER_MWH,
    "total": None,
    "price": None,
    "value": None,
    "rate": None,
}
"""Names of values, and the unit where the name states it."""
_LONGEST_BARE = timedelta(hours=1)
_LONGEST_RUNNING = timedelta(hours=1)
"""An interval that only the state tells of is taken for no longer than this."""
_BARE_GRID = timedelta(minutes=5)


class NoForecastError(InvalidDataError):
    """An entity lists no prices; ``seen`` are the names of its attributes."""

    def __init__(self, seen: tuple[str, ...]) -> None:
        """Name the attributes, never what they hold."""
        super().__init__(
            f"no list of prices among the attributes {', '.join(seen) or '(none)'}"
        )
        self.seen = seen


class UnitUnknownError(InvalidDataError):
    """It is unclear what the numbers are in; the user has to say."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one list, and which of their fields to read."""

    name: str
    rows: Sequence[object]
    start: str
    end: str | None
    value: str


@dataclass(frozen=True, slots=True)
class _Bare:
    """The prices of a whole local day, one after another."""

    name: str
    prices: Sequence[object]


def parse_sensor(
    state: str,
    unit: str | None,
    attributes: Mapping[str, object],
    *,
    unit_choice: PriceUnit | None,
    interval: timedelta | None,
    zone: tzinfo,
    now: datetime,
    channel: Channel = Channel.IMPORT,
) -> PriceSeries:
    """Return what an entity says of a channel's prices; the other channels are empty.

    ``unit`` is the entity's unit of measurement. ``unit_choice`` and ``interval`` are
    the user's word: the one overrules every other unit, the other serves for lists
    that do not state how long a price holds. Export prices must be positive where
    the home is paid.

    Raises NoForecastError, UnitUnknownError, IntervalUnknownError, InvalidDataError
    (also for a list that does not cover this moment), UnavailableError for an entity
    that says nothing at all.
    """
    lists = _find_lists(attributes)
    if not lists:
        if state == "unavailable":
            raise UnavailableError("the entity is unavailable")
        raise NoForecastError(tuple(sorted(name for name in attributes)))
    spans: list[Span] = []
    units: set[PriceUnit | None] = set()
    for prices in lists:
        if isinstance(prices, _Bare):
            units.add(None)
            spans.extend(_read_bare(prices, zone, now))
        else:
            units.add(_VALUES[prices.value])
            spans.extend(_read_rows(prices, zone))
    factor = _factor(units, unit_choice, unit)
    points = tuple(
        _point(span.start, span.end, span.value * factor, now)
        for span in laid_out(spans, interval)
        if span.value is not None and span.end is not None
    )
    if not any(point.kind is PriceKind.CURRENT for point in points):
        points = (
            *_from_state(state, unit_choice or find_unit(unit), points, now),
            *points,
        )
    if not any(point.kind is PriceKind.CURRENT for point in points):
        names = " and ".join(prices.name for prices in lists)
        raise InvalidDataError(f"no price in {names} is for this moment")
    return PriceSeries(
        fetched_at=now,
        imports=points if channel is Channel.IMPORT else (),
        exports=points if channel is Channel.EXPORT else None,
        controlled_load=points if channel is Channel.CONTROLLED_LOAD else None,
        # Prices of a day are known from the afternoon before, until then to midnight.
        least_horizon=timedelta(0),
    )


def _from_state(
    state: str,
    unit: PriceUnit | None,
    points: Sequence[PricePoint],
    now: datetime,
) -> Iterator[PricePoint]:
    """Yield the running interval of a list that begins with the next one.

    Home Assistant's own Amber integration lists only what is to come, and its state
    is as near to the running price as the entity gets: an estimate.
    """
    price = finite(_number_in(state))
    if not points or price is None or unit is None:
        return
    following = min(points, key=lambda point: point.start)
    length = min(following.duration, _LONGEST_RUNNING)
    if now < following.start <= now + length:
        yield PricePoint(
            start=following.start - length,
            end=following.start,
            price=price * unit.factor + 0.0,
            kind=PriceKind.CURRENT,
            estimate=True,
        )


def _number_in(state: str) -> float | None:
    try:
        return float(state)
    except ValueError:
        return None


def _factor(
    units: set[PriceUnit | None], choice: PriceUnit | None, stated: str | None
) -> float:
    """Return what turns the numbers into currency per kWh."""
    if choice is not None:
        return choice.factor
    if len(units) > 1:
        raise UnitUnknownError("the lists are in different units")
    if (unit := units.pop() or find_unit(stated)) is None:
        raise UnitUnknownError("the unit of the prices is unknown")
    return unit.factor


def _find_lists(attributes: Mapping[str, object]) -> list[_Rows | _Bare]:
    """Return the first group of lists in which there are prices."""
    for names in _GROUPS:
        found = [
            prices
            for name in names
            if (prices := _find_prices(name, attributes.get(name))) is not None
        ]
        if found:
            return found
    return []


def _find_prices(name: str, value: object) -> _Rows | _Bare | None:
    """Return an attribute as a list of prices, None if it is none."""
    if not isinstance(value, list | tuple):
        return None
    if name in _BARE and any(finite(item) is not None for item in value):
        return _Bare(name, value)
    # All rows together say what their fields are called: a row that lacks one is
    # damaged and must not be read by another field.
    fields = {field for row in value if isinstance(row, Mapping) for field in row}
    start, price = _first(_STARTS, fields), _first(_VALUES, fields)
    if start is None or price is None:
        return None
    return _Rows(name, value, start, _first(_ENDS, fields), price)


def _first(names: Iterable[str], fields: Container[object]) -> str | None:
    return next((name for name in names if name in fields), None)


def _read_rows(prices: _Rows, zone: tzinfo) -> Iterator[Span]:
    """Yield the rows of a list; those that clocks skip do not take place."""
    times = LocalTimes(zone)
    for index, entry in enumerate(prices.rows):
        where = f"{prices.name} row {index}"
        row = json_object(entry, where)
        if prices.value not in row:
            raise InvalidDataError(f"{where} has no {prices.value}")
        value = optional(number, row[prices.value], f"{where} {prices.value}")
        read = times.start(row.get(prices.start), f"{where} {prices.start}")
        if read is None:
            continue
        start, local = read
        end = None
        if prices.end is not None:
            end = times.end(row.get(prices.end), start, f"{where} {prices.end}")
        yield Span(start=start, end=end, value=value, local=local, where=where)


def _read_bare(prices: _Bare, zone: tzinfo, now: datetime) -> Iterator[Span]:
    """Yield the prices of a day, which has 23 or 25 hours when clocks change."""
    today = now.astimezone(zone).date()
    day = today + timedelta(days=_BARE.index(prices.name))
    start, end = (
        datetime.combine(date, time(), tzinfo=zone).astimezone(UTC)
        for date in (day, day + timedelta(days=1))
    )
    length = (end - start) / len(prices.prices)
    if length % _BARE_GRID or length > _LONGEST_BARE:
        raise InvalidDataError(
            f"{prices.name} has {len(prices.prices)} prices, "
            f"which do not share {(end - start) / timedelta(hours=1):g} hours evenly"
        )
    for index, item in enumerate(prices.prices):
        where = f"{prices.name} {index}"
        yield Span(
            start=start + index * length,
            end=start + (index + 1) * length,
            value=optional(number, item, where),
            local=False,
            where=where,
        )


def _point(start: datetime, end: datetime, price: float, now: datetime) -> PricePoint:
    """Return one price, settled from the day before."""
    if end <= now:
        kind = PriceKind.ACTUAL
    else:
        kind = PriceKind.CURRENT if start <= now else PriceKind.FORECAST
    return PricePoint(start=start, end=end, price=price + 0.0, kind=kind)
