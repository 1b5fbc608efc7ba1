"""What a retailer's terms make of the wholesale price at any one moment.

Whatever the terms, a retail price is a straight line over the wholesale price; only
which line it is depends on the time of day. Prices are in $/kWh and may be negative.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import assert_never

from ..core.model.moments import floor_to
from ..core.model.retail import (
    ExportTerms,
    FlowPowerImport,
    ImportTerms,
    ManualRates,
    NetworkTariff,
    RateWindow,
    SpotExport,
    SpotImport,
    WindowExport,
)
from .network_tariff import GST, SLOT, NetworkRate

EARLY_MEAN_SPOT = 0.08
"""What Flow Power's formula takes for the mean wholesale price before it is known."""

type LineAt = Callable[[datetime], Line]
type Exported = Callable[[datetime, datetime], float | None]


@dataclass(frozen=True, slots=True)
class Line:
    """A retail price as a straight line over the wholesale price."""

    slope: float
    offset: float

    def price(self, spot: float) -> float:
        """Return the price where a kWh costs ``spot`` at wholesale, without GST."""
        return self.slope * spot + self.offset


def import_lines(terms: ImportTerms, zone: tzinfo, mean_spot: float | None) -> LineAt:
    """Return what gives the line for imports at a moment.

    ``mean_spot`` is the mean wholesale price of the last 30 days, without GST. The
    lines of a network tariff raise what ``NetworkRate`` does.
    """
    match terms:
        case SpotImport():
            return _spot_import(terms, zone)
        case FlowPowerImport():
            mean = EARLY_MEAN_SPOT if mean_spot is None else mean_spot
            return _flow_power(terms, zone, mean)
        case _:
            assert_never(terms)


def export_lines(
    terms: ExportTerms, zone: tzinfo, now: datetime, exported: Exported | None
) -> LineAt:
    """Return what gives the line for exports at a moment.

    ``exported`` tells how many kWh left the home between two moments, None if that
    is not known. The lines of a network tariff raise what ``NetworkRate`` does.
    """
    match terms:
        case SpotExport():
            return _spot_export(terms, zone)
        case WindowExport():
            return _window_export(terms, zone, now, exported)
        case _:
            assert_never(terms)


def border_minutes(terms: ImportTerms | ExportTerms) -> frozenset[int]:
    """Return the minutes of a local day at which windows begin and end."""
    match terms:
        case SpotImport(network=ManualRates() as rates) | WindowExport(rates=rates):
            return frozenset(
                minute for item in rates.windows for minute in (item.start, item.end)
            )
        case _:
            return frozenset()


def local_minute(local: datetime) -> int:
    """Return the minute of its day that a local clock shows."""
    return local.hour * 60 + local.minute


def _spot_import(terms: SpotImport, zone: tzinfo) -> LineAt:
    """Return 1.1 x spot x losses + network + fees."""
    tax = GST if terms.add_gst else 1.0
    slope = GST * terms.loss_factor
    fees = tax * terms.fees
    match terms.network:
        case NetworkTariff() as tariff:
            network = NetworkRate(tariff, zone)
            return lambda moment: Line(slope, network.import_rate(moment) + fees)
        case ManualRates() as rates:
            return lambda moment: Line(slope, tax * _rate(rates, zone, moment) + fees)
        case _:
            assert_never(terms.network)


def _flow_power(terms: FlowPowerImport, zone: tzinfo, mean_spot: float) -> LineAt:
    """Return the base rate with the live estimate of the efficiency adjustment."""
    fixed = terms.base_rate - terms.benchmark
    if terms.network is None:
        line = Line(1.0, fixed - mean_spot)
        return lambda _: line
    network = NetworkRate(terms.network, zone)
    means: dict[date, float] = {}

    def line_at(moment: datetime) -> Line:
        day = moment.astimezone(zone).date()
        if day not in means:
            means[day] = _mean_rate(network, zone, day)
        running = network.import_rate(moment) - means[day]
        return Line(GST, fixed + running - GST * mean_spot)

    return line_at


def _spot_export(terms: SpotExport, zone: tzinfo) -> LineAt:
    """Return spot x losses + the network's reward - fee: no GST on any of it."""
    if terms.network is None:
        line = Line(terms.loss_factor, -terms.fee)
        return lambda _: line
    network = NetworkRate(terms.network, zone)
    return lambda moment: Line(
        terms.loss_factor, network.feed_in_rate(moment) - terms.fee
    )


def _window_export(
    terms: WindowExport, zone: tzinfo, now: datetime, exported: Exported | None
) -> LineAt:
    """Return the rate of the window that holds, or what is left once it is used up."""
    used_up = _used_up(terms, zone, now, exported)

    def line_at(moment: datetime) -> Line:
        # What was earned before the cap was reached stays what it was.
        if (
            used_up is not None
            and moment >= used_up.since
            and _occurrence(terms.rates, moment.astimezone(zone)) == used_up.occurrence
        ):
            return Line(0.0, terms.beyond_cap)
        return Line(0.0, _rate(terms.rates, zone, moment))

    return line_at


@dataclass(frozen=True, slots=True)
class _Occurrence:
    """A window on one day, the one that it starts on."""

    window: RateWindow
    day: date


def _occurrence(rates: ManualRates, local: datetime) -> _Occurrence | None:
    """Return which window of which day holds at a local time."""
    minute = local_minute(local)
    window = rates.window(local.weekday(), minute)
    if window is None:
        return None
    since_yesterday = minute < window.start
    return _Occurrence(window, local.date() - timedelta(days=since_yesterday))


@dataclass(frozen=True, slots=True)
class _UsedUp:
    """A running window whose cap has been reached, and from when that counts."""

    occurrence: _Occurrence
    since: datetime


def _used_up(
    terms: WindowExport, zone: tzinfo, now: datetime, exported: Exported | None
) -> _UsedUp | None:
    """Return the running window if the home has already exported what it pays for.

    It counts from the first dispatch interval that begins with the cap reached, the
    running one at the latest: what is past must be told the same way in every answer.

    Export that is not known has used up nothing.
    """
    running = _occurrence(terms.rates, now.astimezone(zone))
    if running is None or terms.cap_kwh is None or exported is None:
        return None
    midnight = datetime.combine(running.day, time(), zone)
    start = (midnight + timedelta(minutes=running.window.start)).astimezone(UTC)
    # A start that the clocks jump over lies after the window's first minutes.
    cap, begin = terms.cap_kwh, min(start, now)

    def reached(moment: datetime) -> bool:
        so_far = exported(begin, moment)
        return so_far is not None and so_far >= cap

    if not reached(now):
        return None
    first = floor_to(begin, SLOT)
    slots = [first + number * SLOT for number in range((now - first) // SLOT + 1)]
    since = slots[min(bisect_left(slots, True, key=reached), len(slots) - 1)]
    return _UsedUp(running, since)


def _rate(rates: ManualRates, zone: tzinfo, moment: datetime) -> float:
    local = moment.astimezone(zone)
    return rates.rate(local.weekday(), local_minute(local))


def _mean_rate(network: NetworkRate, zone: tzinfo, day: date) -> float:
    """Return the mean rate of a local day, which clock changes make 23 or 25 h."""
    moment = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    total, count = 0.0, 0
    while moment < end:
        total += network.import_rate(moment)
        count += 1
        moment += SLOT
    return total / count
