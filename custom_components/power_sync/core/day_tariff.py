"""Build the 48 half-hour prices of the coming day from a price series.

The tariff on a Powerwall carries no dates: it says what each half hour of the
local day costs. A label that is over for today therefore carries tomorrow's
price, and every half hour takes the duration-weighted mean of what covers it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from enum import StrEnum

from .model.prices import (
    FRESH,
    Channel,
    ForecastChoice,
    PricePoint,
    PriceSeries,
    SpikeStatus,
)
from .price_history import PriceHistory
from .tesla_tariff import SLOTS_PER_DAY
from .timeline import QUARTER, StepFunction, label_of, rolling_day


class SlotSource(StrEnum):
    """Where the price of a half hour comes from."""

    PRICED = "priced"
    ASSUMED = "assumed"
    """Beyond the forecast: what this half hour last cost."""
    ABSENT = "absent"
    """Skipped by daylight saving: the price of the half hour before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One half hour; ``start`` is None where the local time does not exist.

    ``spike`` is True where the source flags an import price of what is still ahead
    of this half hour, on the date that it carries the prices of.
    """

    start: datetime | None
    import_price: float
    export_price: float
    source: SlotSource
    spike: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTariff:
    """Prices of the 48 local half hours, from midnight.

    ``running`` is the label of the half hour that was running when the tariff
    was built.
    """

    slots: tuple[Slot, ...]
    built_at: datetime
    horizon: datetime
    running: int


class BlockReason(StrEnum):
    """Why no tariff can be built from a series."""

    STALE = "stale"
    """The running interval has no price."""
    HORIZON_TOO_SHORT = "horizon_too_short"
    HOLE = "hole"
    """A stretch inside the forecast has no price."""
    NOTHING_KNOWN = "nothing_known"
    """A half hour beyond the forecast has never been seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """A refusal to build, and the stretch of time it is about."""

    reason: BlockReason
    channel: Channel
    start: datetime
    end: datetime


type _Spans = list[tuple[datetime, datetime]]


def build(
    series: PriceSeries,
    history: PriceHistory,
    choice: ForecastChoice,
    zone: tzinfo,
    now: datetime,
) -> DayTariff | Blocked:
    """Return the tariff of the rolling day, or why there can be none.

    A site without feed-in gets an export price of zero throughout.
    """
    spans = _label_spans(now, zone)
    imports = _channel_prices(Channel.IMPORT, series, history, choice, spans, zone, now)
    if isinstance(imports, Blocked):
        return imports
    exports = (
        _ChannelPrices(dict.fromkeys(spans, 0.0), frozenset(), imports.horizon)
        if series.exports is None
        else _channel_prices(Channel.EXPORT, series, history, choice, spans, zone, now)
    )
    if isinstance(exports, Blocked):
        return exports

    assumed = imports.assumed | exports.assumed
    spikes = _spikes(series.imports, spans, now)
    slots: list[Slot | None] = [
        Slot(
            start=spans[label][0][0],
            import_price=imports.prices[label],
            export_price=exports.prices[label],
            source=SlotSource.ASSUMED if label in assumed else SlotSource.PRICED,
            spike=label in spikes,
        )
        if label in spans
        else None
        for label in range(SLOTS_PER_DAY)
    ]
    return DayTariff(
        slots=_with_absent(slots),
        built_at=now,
        horizon=min(imports.horizon, exports.horizon),
        running=label_of(now, zone),
    )


@dataclass(frozen=True, slots=True)
class _ChannelPrices:
    """Mean prices by label, and which labels lie beyond the forecast."""

    prices: Mapping[int, float]
    assumed: frozenset[int]
    horizon: datetime


def _channel_prices(
    channel: Channel,
    series: PriceSeries,
    history: PriceHistory,
    choice: ForecastChoice,
    spans: Mapping[int, _Spans],
    zone: tzinfo,
    now: datetime,
) -> _ChannelPrices | Blocked:
    """Price every label of one channel."""
    steps = StepFunction(series.channel(channel), choice)
    horizon = steps.end or now
    if blocked := _unfit(channel, series, steps, horizon, now):
        return blocked

    prices: dict[int, float] = {}
    assumed = set()
    for label, intervals in spans.items():
        price: float | None
        if intervals[-1][1] <= horizon:
            # Only the part of the running half hour that is already over can
            # be uncovered here, so there is always a mean.
            mean = steps.mean(intervals)
            price = mean.price if mean else None
        else:
            assumed.add(label)
            price = history.usual_price(channel, label, zone, now)
        if price is None:
            return Blocked(
                reason=BlockReason.NOTHING_KNOWN,
                channel=channel,
                start=intervals[0][0],
                end=intervals[-1][1],
            )
        prices[label] = price
    return _ChannelPrices(prices, frozenset(assumed), horizon)


def _unfit(
    channel: Channel,
    series: PriceSeries,
    steps: StepFunction,
    horizon: datetime,
    now: datetime,
) -> Blocked | None:
    """Return why a channel's prices must not be used, None if they may."""
    if not series.is_fresh(channel, now):
        reason, start, end = BlockReason.STALE, now - FRESH, now
    elif horizon < now + series.least_horizon:
        reason, start, end = BlockReason.HORIZON_TOO_SHORT, now, horizon
    elif gap := steps.first_gap(now, horizon):
        reason, (start, end) = BlockReason.HOLE, gap
    else:
        return None
    return Blocked(reason=reason, channel=channel, start=start, end=end)


def _spikes(
    points: Sequence[PricePoint], spans: Mapping[int, _Spans], now: datetime
) -> frozenset[int]:
    """Return the labels that have a flagged price in what is left of them.

    A flag counts where its point does: not where a surer or finer one took over,
    nor in the part of the running half hour that is over.
    """
    if all(point.spike is SpikeStatus.NONE for point in points):
        return frozenset()
    flags = StepFunction(
        replace(point, price=float(point.spike is not SpikeStatus.NONE), band=None)
        for point in points
    )
    means = {
        label: flags.mean(
            (max(start, now), end) for start, end in intervals if end > now
        )
        for label, intervals in spans.items()
    }
    return frozenset(label for label, mean in means.items() if mean and mean.price > 0)


def _label_spans(now: datetime, zone: tzinfo) -> dict[int, _Spans]:
    """Return when each local half hour takes place in the rolling day.

    A label that daylight saving repeats has two stretches. Across a gap the
    window can reach a label on both its days; the first day counts.
    """
    quarters: defaultdict[int, list[datetime]] = defaultdict(list)
    first_day: dict[int, date] = {}
    for quarter in rolling_day(now, zone):
        label = label_of(quarter, zone)
        day = quarter.astimezone(zone).date()
        if first_day.setdefault(label, day) == day:
            quarters[label].append(quarter)
    return {
        label: [(start, start + QUARTER) for start in starts]
        for label, starts in quarters.items()
    }


def _with_absent(slots: list[Slot | None]) -> tuple[Slot, ...]:
    """Fill labels that do not exist today with the half hour before them."""
    filled: list[Slot] = []
    # Start from the last slot that exists, so that a gap at midnight also has
    # a neighbour before it.
    before = next(slot for slot in reversed(slots) if slot is not None)
    for slot in slots:
        before = slot or replace(before, start=None, source=SlotSource.ABSENT)
        filled.append(before)
    return tuple(filled)
