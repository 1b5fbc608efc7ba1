"""Amber's price rows into a :class:`PriceSeries`.

Wire: c/kWh including GST, times that label the END of an interval, start times one
second late, feed-in prices negative when the home is paid. Source: Amber's OpenAPI
2.0.0 and captured answers.

What a tariff is made of must be right, or the whole answer is refused: type of
interval, end, duration, price. What only explains a price is dropped when it is
broken: band, spot, range, renewables, descriptor, spike status, demand window.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from ..core.model.prices import (
    Channel,
    PriceBand,
    PriceKind,
    PricePoint,
    PriceSeries,
    SpikeStatus,
)
from .amber_sites import CHANNELS
from .errors import InvalidDataError
from .json_fields import (
    JsonObject,
    finite,
    instant,
    json_list,
    json_object,
    number,
    text,
)
from .protocols import PriceUpdate

_CURRENT = "CurrentInterval"
_KINDS = {
    "ActualInterval": PriceKind.ACTUAL,
    _CURRENT: PriceKind.CURRENT,
    "ForecastInterval": PriceKind.FORECAST,
}
_CERTAINTY = {PriceKind.FORECAST: 0, PriceKind.CURRENT: 1, PriceKind.ACTUAL: 2}
_DURATIONS = {float(n): timedelta(minutes=n) for n in (5, 15, 30)}
"""What Amber documents, by minutes."""
_CENTS = 100

type _Points = dict[Channel, list[PricePoint]]


def parse_prices(
    body: object, channels: frozenset[Channel], fetched_at: datetime
) -> PriceSeries:
    """Return the prices around now of the channels that a site is billed for.

    Rows of other channels are ignored. Raises InvalidDataError naming the row and
    field, or the channel that is missing or has no running interval.
    """
    points = _read_rows(body)
    for channel in channels:
        if not points[channel]:
            raise InvalidDataError(f"the answer lacks the {channel} channel")
        if not any(point.kind is PriceKind.CURRENT for point in points[channel]):
            raise InvalidDataError(f"the {channel} channel has no CurrentInterval")
    return _series(points, channels, fetched_at)


def parse_history(
    body: object, channels: frozenset[Channel], fetched_at: datetime
) -> PriceSeries:
    """Return the settled prices of an answer; none at all is an answer, too.

    So is a channel without any: solar panels may be younger than the contract. Raises
    InvalidDataError naming the row and field.
    """
    points = {
        channel: [point for point in row if point.kind is PriceKind.ACTUAL]
        for channel, row in _read_rows(body).items()
    }
    return _series(points, channels, fetched_at)


def parse_update(body: object, channels: frozenset[Channel]) -> PriceUpdate:
    """Return the running interval of each channel that pushed rows speak of.

    A row is taken for the running interval whatever it calls its type; the caller
    knows the time. Of several rows of a channel one that is called CurrentInterval
    counts, else the last. Rows of channels that a site is not billed for are ignored.
    Raises InvalidDataError naming the row and field.
    """
    update: dict[Channel, PricePoint] = {}
    sure: set[Channel] = set()
    for channel, row, where in _known_rows(body):
        named = row.get("type") == _CURRENT
        if channel in channels and (named or channel not in sure):
            update[channel] = _read_point(row, channel, PriceKind.CURRENT, where)
            sure |= {channel} if named else set()
    return update


def _series(
    points: _Points, channels: frozenset[Channel], fetched_at: datetime
) -> PriceSeries:
    """Put the channels in order."""

    def billed(channel: Channel) -> tuple[PricePoint, ...] | None:
        return _in_order(points[channel]) if channel in channels else None

    return PriceSeries(
        fetched_at=fetched_at,
        imports=_in_order(points[Channel.IMPORT]),
        exports=billed(Channel.EXPORT),
        controlled_load=billed(Channel.CONTROLLED_LOAD),
    )


def _in_order(points: Iterable[PricePoint]) -> tuple[PricePoint, ...]:
    """Sort by time; of rows about one interval the surest counts, else the last."""
    chosen: dict[tuple[datetime, datetime], PricePoint] = {}
    for point in points:
        key = (point.start, point.end)
        rival = chosen.get(key)
        if rival is None or _CERTAINTY[point.kind] >= _CERTAINTY[rival.kind]:
            chosen[key] = point
    return tuple(chosen[key] for key in sorted(chosen))


def _read_rows(body: object) -> _Points:
    """Read all rows of known channels, in the order they came."""
    points: _Points = {channel: [] for channel in Channel}
    for channel, row, where in _known_rows(body):
        kind = _KINDS.get(text(row.get("type"), f"{where} type"))
        if kind is None:
            raise InvalidDataError(f"{where} type is unknown")
        points[channel].append(_read_point(row, channel, kind, where))
    return points


def _known_rows(body: object) -> Iterator[tuple[Channel, JsonObject, str]]:
    """Yield the rows of known channels and how each is called in an error."""
    for index, entry in enumerate(json_list(body, "the list of prices")):
        where = f"row {index}"
        row = json_object(entry, where)
        channel = CHANNELS.get(text(row.get("channelType"), f"{where} channelType"))
        if channel is not None:
            yield channel, row, where


def _read_point(
    row: JsonObject, channel: Channel, kind: PriceKind, where: str
) -> PricePoint:
    """Read one row of a known channel and kind."""
    duration = _DURATIONS.get(number(row.get("duration"), f"{where} duration"))
    if duration is None:
        raise InvalidDataError(f"{where} duration is unknown")
    end = instant(row.get("endTime"), f"{where} endTime")
    try:
        start = end - duration
    except OverflowError:
        raise InvalidDataError(f"{where} endTime is not a time") from None
    # Feed-in is billed like consumption, so a negative price is income.
    sign = -1 if channel is Channel.EXPORT else 1
    spot_low, spot_high = _spot_range(row.get("range"))
    descriptor = row.get("descriptor")
    return PricePoint(
        start=start,
        end=end,
        price=_dollars(number(row.get("perKwh"), f"{where} perKwh"), sign),
        kind=kind,
        # Anything but a clear "no" leaves the price open.
        estimate=kind is PriceKind.CURRENT and row.get("estimate") is not False,
        band=_band(row.get("advancedPrice"), sign),
        # The wholesale price has the market's sign on every channel.
        spot=_optional_dollars(row.get("spotPerKwh")),
        spot_low=spot_low,
        spot_high=spot_high,
        spike=_spike(row.get("spikeStatus")),
        descriptor=descriptor if isinstance(descriptor, str) else None,
        renewables=finite(row.get("renewables")),
        demand_window=_demand_window(row.get("tariffInformation")),
    )


def _dollars(cents: float, sign: int = 1) -> float:
    """Return $ for c; the zero that is added turns -0.0 into 0.0."""
    return sign * cents / _CENTS + 0.0


def _optional_dollars(value: object) -> float | None:
    """Return $ for c, None if there is no number."""
    cents = finite(value)
    return None if cents is None else _dollars(cents)


def _band(value: object, sign: int) -> PriceBand | None:
    """Read Amber's own forecast; one broken member spoils it.

    On feed-in ``low`` is the numerically larger number, so that turning the sign
    leaves the three in order of income.
    """
    if not isinstance(value, dict):
        return None
    low, predicted, high = (
        finite(value.get(name)) for name in ("low", "predicted", "high")
    )
    if low is None or predicted is None or high is None:
        return None
    return PriceBand(
        low=_dollars(low, sign),
        predicted=_dollars(predicted, sign),
        high=_dollars(high, sign),
    )


def _spot_range(value: object) -> tuple[float | None, float | None]:
    """Read the range of the wholesale price, both ends or neither."""
    if not isinstance(value, dict):
        return None, None
    low = _optional_dollars(value.get("min"))
    high = _optional_dollars(value.get("max"))
    return (None, None) if low is None or high is None else (low, high)


def _spike(value: object) -> SpikeStatus:
    """Read the spike status; a new one is no reason to act."""
    return next((s for s in SpikeStatus if s.value == value), SpikeStatus.NONE)


def _demand_window(value: object) -> bool | None:
    """Read whether demand is charged, None if Amber does not say."""
    if not isinstance(value, dict):
        return None
    window = value.get("demandWindow")
    return window if isinstance(window, bool) else None
