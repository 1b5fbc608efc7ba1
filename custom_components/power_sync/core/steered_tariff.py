"""A tariff that makes the Powerwall charge or discharge now.

There is no command for it. In time-based control the Powerwall does what pays best
over the next 24 hours, so a tariff is made on which that is what is wanted.

- Earlier is a little better than later within the window: at equal prices the
  Powerwall idles and discharges in the last half hour (owners' reports).
- The window's prices hold on its own date only. On every weekday, the half hours of
  the window that are over would be tomorrow's best ones, and the Powerwall would save
  its charge for them. A tariff left behind by mischance is also harmless for a week.
- There are 48 periods, the largest number that Tesla is known to store and use; what
  the window's half hours cost on other weekdays is said by the one before them.
- No price is negative and no buy price below its sell price, which Tesla would change.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo

from .model.force import Direction
from .model.moments import floor_to
from .model.tesla_tariff import DAYS_PER_WEEK, TeslaTariff, TouSeason, TouWindow
from .price_mapping import TICKS, MappedPrices
from .tesla_tariff import SLOT_MINUTES, SLOTS_PER_DAY, daily_tariff
from .timeline import QUARTER, label_of

DEAR = 2.0
"""$/kWh: the expensive part of a tariff unless told otherwise.

More than four times what electricity usually costs, so that usual prices outside of
the window can stay as they are.
"""
LEAST_DEAR = 0.1
"""$/kWh: below this, four decimals are too few for the differences that count."""
LONGEST = timedelta(hours=12)
"""A window must leave the other half of the day, which it is compared to."""
MARGIN = 1.0
"""$/kWh by which buying during a discharge costs more than is earned by selling."""

_SLOPE = 0.002
"""By how much each half hour is worse than the one before it, as a share of dear."""
_CHEAP = 0.5
"""Outside of a discharge nothing costs more than this share of dear."""
_WORTH = 0.1
"""Share of dear that makes energy charged worth storing, even where nothing is paid
for selling it. More than the dearest half hour of the longest window and all losses.
"""
_PLAIN = MappedPrices(buy=(0.3,) * SLOTS_PER_DAY, sell=(0.05,) * SLOTS_PER_DAY)
"""An ordinary day, where the real one is not known."""

type Window = tuple[datetime, datetime, tzinfo]
"""When it is to do so: ``[start, end)``, and the time zone of the site.

Every local half hour that the window touches belongs to it: shorter periods are not
known to work. Of a window longer than ``LONGEST`` only its end counts: it began so long
ago because it was extended again and again.
"""

type _Part = tuple[int, range]
"""A weekday and the half hours of it that belong to a window."""


def steered_tariff(
    base: MappedPrices | None,
    steer: Direction,
    window: Window,
    *,
    dear: float | None = None,
    name: str,
    utility: str,
    currency: str,
) -> TeslaTariff:
    """Return the tariff that steers through a window.

    ``base`` is what the 48 half hours cost otherwise (as mapped for Tesla); it shapes
    the rest of the day, and its order stays. ``dear`` in $/kWh is what a discharge
    earns, or what a charge avoids at least. The tariff holds for the whole window: it
    need not be made again as the window passes.
    Raises ValueError if ``dear`` is less than ``LEAST_DEAR`` or the window is empty.
    """
    start, end, zone = window
    if start >= end:
        raise ValueError("there is no time to steer through")
    dear = DEAR if dear is None else dear
    if not dear >= LEAST_DEAR:
        raise ValueError(f"{dear} $/kWh is too little to steer by")
    base = _PLAIN if base is None else base
    parts = _parts((max(start, end - LONGEST), end, zone))
    labels = [label for _, part in parts for label in part]
    step = round(_SLOPE * dear, 4)
    match steer:
        case Direction.DISCHARGE:
            buy, sell = _cheapened(base, labels, _CHEAP * dear)
            for rank, label in enumerate(labels):
                sell[label] = dear - rank * step
                buy[label] = dear + MARGIN
        case Direction.CHARGE:
            # Selling in the window earns what buying costs: were it less, sun to come
            # would be the cheaper charge and the grid would wait for it.
            buy = [price + dear for price in base.buy]
            sell = [price + _WORTH * dear for price in base.sell]
            for rank, label in enumerate(labels):
                buy[label] = sell[label] = rank * step
    tariff = daily_tariff(
        _four_decimals(buy),
        _four_decimals(sell),
        name=name,
        utility=utility,
        currency=currency,
    )
    seasons = tuple(_on_its_date(season, parts) for season in tariff.buy.seasons)
    sell_side = None if tariff.sell is None else replace(tariff.sell, seasons=seasons)
    return TeslaTariff(buy=replace(tariff.buy, seasons=seasons), sell=sell_side)


def _parts(window: Window) -> list[_Part]:
    """Return the half hours that a window touches, by date in order.

    Half hours that daylight saving skips within it belong to it like any other.
    """
    touched: dict[date, list[int]] = {}
    start, end, zone = window
    quarter = floor_to(start, QUARTER)
    while quarter < end:
        day = quarter.astimezone(zone).date()
        touched.setdefault(day, []).append(label_of(quarter, zone))
        quarter += QUARTER
    return [
        (day.weekday(), range(min(labels), max(labels) + 1))
        for day, labels in touched.items()
    ]


def _cheapened(
    base: MappedPrices, labels: Iterable[int], most: float
) -> tuple[list[float], list[float]]:
    """Return prices shrunk until none outside of a window costs more than ``most``."""
    inside = frozenset(labels)
    highest = max(price for label, price in enumerate(base.buy) if label not in inside)
    share = min(1.0, most / highest) if highest > 0 else 1.0
    return [price * share for price in base.buy], [price * share for price in base.sell]


def _four_decimals(prices: Iterable[float]) -> list[float]:
    """Return prices as they are sent."""
    return [round(price * TICKS) / TICKS for price in prices]


def _on_its_date(season: TouSeason, parts: list[_Part]) -> TouSeason:
    """Return a season whose periods in the window hold on their weekday only."""
    weekday_of = {label: weekday for weekday, labels in parts for label in labels}
    stand_in = (parts[0][1].start - 1) % SLOTS_PER_DAY
    elsewhere = tuple(
        TouWindow(
            from_day=first,
            to_day=last,
            start=labels.start * SLOT_MINUTES,
            end=labels.stop * SLOT_MINUTES,
        )
        for weekday, labels in parts
        for first, last in ((0, weekday - 1), (weekday + 1, DAYS_PER_WEEK - 1))
        if first <= last
    )
    periods = list(season.periods)
    for label, weekday in weekday_of.items():
        periods[label] = replace(
            periods[label],
            windows=tuple(
                replace(item, from_day=weekday, to_day=weekday)
                for item in periods[label].windows
            ),
        )
    periods[stand_in] = replace(
        periods[stand_in], windows=periods[stand_in].windows + elsewhere
    )
    return replace(season, periods=tuple(periods))
