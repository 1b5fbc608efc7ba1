"""Retail prices: where points are split, and what a cap on export changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from custom_components.power_sync.clients.retail_rates import Exported
from custom_components.power_sync.core.flow_power import happy_hour
from custom_components.power_sync.core.model.moments import floor_to
from custom_components.power_sync.core.model.prices import (
    PriceBand,
    PriceKind,
)
from custom_components.power_sync.core.model.retail import (
    ManualRates,
    RetailTerms,
    SpotExport,
    SpotImport,
    WindowExport,
)

from .retail_support import (
    ADELAIDE,
    BRISBANE,
    CAPPED,
    ENERGEX,
    HALF_HOUR,
    NOW,
    PLAIN,
    SYDNEY,
    ZONES,
    local,
    retail,
    shape,
    wholesale_point,
    window,
)


def test_a_point_is_split_where_a_rate_changes() -> None:
    rates = ManualRates(otherwise=0.1, windows=(window("16:07", "16:41", 0.3),))
    terms = RetailTerms(imports=replace(PLAIN, network=rates), exports=None)
    start = local(BRISBANE, "2026-11-20T16:00")
    points = [wholesale_point(start + HALF_HOUR * index, 0.0) for index in range(3)]

    assert shape(retail(points, terms).imports, BRISBANE) == [
        ("16:00", 0.1),
        ("16:07", 0.3),
        ("16:30", 0.3),
        ("16:41", 0.1),
        ("17:00", 0.1),
    ]


def test_points_are_not_split_where_nothing_changes() -> None:
    terms = RetailTerms(
        imports=SpotImport(network=ENERGEX, fees=0, loss_factor=1, add_gst=True),
        exports=happy_hour("QLD1"),
    )
    start = local(BRISBANE, "2026-11-20T15:00")
    points = [
        wholesale_point(start, 0.1, timedelta(hours=2)),
        wholesale_point(start + timedelta(hours=2), 0.1, timedelta(hours=2)),
    ]

    series = retail(points, terms)

    assert [start for start, _ in shape(series.imports, BRISBANE)] == [
        "15:00",
        "16:00",
        "17:00",
    ]
    assert series.exports is not None
    assert shape(series.exports, BRISBANE) == [
        ("15:00", 0.0),
        ("17:00", 0.0),
        ("17:30", 0.45),
    ]


def test_a_point_keeps_what_it_says_of_itself() -> None:
    terms = RetailTerms(imports=PLAIN, exports=SpotExport(loss_factor=1.0))
    points = [
        replace(wholesale_point(NOW, 0.2), kind=PriceKind.CURRENT),
        replace(wholesale_point(NOW + HALF_HOUR, 0.3), estimate=False),
    ]
    # A wholesale point need not say twice what it is, and its band is not retail.
    band = PriceBand(low=0.1, predicted=0.2, high=0.3)
    given = [replace(point, spot=None, band=band) for point in points]

    series = retail(given, terms)

    assert series.exports is not None
    for channel, tax in ((series.imports, 1.1), (series.exports, 1.0)):
        assert channel == tuple(
            replace(point, price=point.price * tax) for point in points
        )


def test_a_point_that_begins_within_a_minute_is_split_at_the_full_one() -> None:
    terms = RetailTerms(imports=PLAIN, exports=happy_hour("QLD1"))
    start = local(BRISBANE, "2026-11-20T17:28:30")

    exports = retail([wholesale_point(start, 0.1)], terms).exports

    assert exports is not None
    assert [point.start for point in exports] == [
        start,
        local(BRISBANE, "2026-11-20T17:30"),
    ]


def test_happy_hour_in_a_zone_half_an_hour_off() -> None:
    terms = RetailTerms(imports=PLAIN, exports=happy_hour("SA1"))
    # Hours of UTC begin on the half hour in Adelaide.
    start = datetime(2026, 11, 20, 6, tzinfo=UTC)
    points = [
        wholesale_point(start + timedelta(hours=index), 0.1, timedelta(hours=1))
        for index in range(4)
    ]

    exports = retail(points, terms, ADELAIDE).exports

    assert exports is not None
    assert shape(exports, ADELAIDE) == [
        ("16:30", 0.0),
        ("17:30", 0.45),
        ("18:30", 0.45),
        ("19:30", 0.0),
    ]


# covers P-10
@pytest.mark.parametrize("region", ["NSW1", "QLD1", "SA1", "VIC1"])
@pytest.mark.parametrize(
    "day", ["2026-10-03", "2026-10-04", "2027-04-03", "2027-04-04"]
)
def test_happy_hour_is_local_before_and_after_clocks_change(
    region: str, day: str
) -> None:
    zone, terms = ZONES[region], happy_hour(region)
    assert terms is not None
    midnight = local(zone, f"{day}T00:00")
    points = [wholesale_point(midnight + HALF_HOUR * index, 0.1) for index in range(46)]

    exports = retail(points, RetailTerms(imports=PLAIN, exports=terms), zone).exports

    assert exports is not None
    happy = [point for point in exports if point.price > 0]
    assert happy[0].start == local(zone, f"{day}T17:30")
    assert happy[-1].end == local(zone, f"{day}T19:30")
    assert len(happy) == 4


def just_now(total: float | None, now: datetime) -> Exported:
    """Return a meter that has counted everything in the running five minutes."""
    running = floor_to(now, timedelta(minutes=5))
    return lambda _, end: total if total is None or end >= running else 0.0


def capped_prices(
    now: str, exported: float | None, terms: RetailTerms = CAPPED
) -> list[tuple[str, float]]:
    """Return when the price of export changes, from 17:00 on for two days."""
    start = local(SYDNEY, "2026-11-20T17:00")
    points = [wholesale_point(start + HALF_HOUR * index, 0.1) for index in range(96)]
    series = retail(
        points,
        terms,
        SYDNEY,
        now=local(SYDNEY, now),
        exported=just_now(exported, local(SYDNEY, now)),
    )
    assert series.exports is not None
    steps = shape(series.exports, SYDNEY)
    return [steps[0]] + [
        after for before, after in pairwise(steps) if before[1] != after[1]
    ]


NOT_USED_UP = [
    ("17:00", 0.0),
    ("17:30", 0.35),
    ("21:30", 0.0),
    ("17:30", 0.35),
    ("21:30", 0.0),
]


@pytest.mark.parametrize(
    ("now", "exported"),
    [
        ("2026-11-20T17:00", 99.0),  # the window has not begun
        ("2026-11-20T18:42", 14.99),
        ("2026-11-20T18:42", None),  # nobody knows
        ("2026-11-20T21:30", 99.0),  # the window is over
    ],
)
def test_a_cap_that_is_not_used_up(now: str, exported: float | None) -> None:
    assert capped_prices(now, exported) == NOT_USED_UP


@pytest.mark.parametrize("exported", [15.0, 20.0])
def test_a_cap_that_is_used_up_lowers_the_rest_of_its_window(exported: float) -> None:
    # Neither what was earned before nor the window of tomorrow changes.
    assert capped_prices("2026-11-20T18:42", exported) == [
        ("17:00", 0.0),
        ("17:30", 0.35),
        ("18:40", 0.1),
        *NOT_USED_UP[2:],
    ]


def test_without_a_meter_no_cap_is_applied() -> None:
    point = wholesale_point(local(SYDNEY, "2026-11-20T18:00"), 0.1)

    exports = retail([point], CAPPED, SYDNEY, now=point.start, exported=None).exports

    assert exports is not None
    assert [item.price for item in exports] == [0.35]


def test_without_a_cap_nobody_asks_for_the_meter() -> None:
    def exported(*_: datetime) -> float | None:
        raise AssertionError

    terms = RetailTerms(imports=PLAIN, exports=happy_hour("NSW1"))
    point = wholesale_point(local(SYDNEY, "2026-11-20T18:00"), 0.1)

    assert retail([point], terms, SYDNEY, now=point.start, exported=exported).exports


OVER_MIDNIGHT = WindowExport(
    rates=ManualRates(otherwise=0.02, windows=(window("22:00", "02:00", 0.4),)),
    cap_kwh=5.0,
)
ALL_DAY = WindowExport(
    rates=ManualRates(otherwise=0.02, windows=(window("06:00", "06:00", 0.4),)),
    cap_kwh=5.0,
)


@pytest.mark.parametrize(
    ("terms", "zone", "now", "start"),
    [
        (CAPPED.exports, SYDNEY, "2026-11-20T18:42", "2026-11-20T17:30"),
        (OVER_MIDNIGHT, SYDNEY, "2026-11-20T23:00", "2026-11-20T22:00"),
        (OVER_MIDNIGHT, SYDNEY, "2026-11-21T01:00", "2026-11-20T22:00"),
        (OVER_MIDNIGHT, ADELAIDE, "2026-10-04T01:59", "2026-10-03T22:00"),
        (ALL_DAY, SYDNEY, "2026-11-20T07:00", "2026-11-20T06:00"),
        (ALL_DAY, SYDNEY, "2026-11-20T05:00", "2026-11-19T06:00"),
        # Clocks go from two to three in that night, and back in the other.
        (ALL_DAY, SYDNEY, "2026-10-04T05:00", "2026-10-03T06:00"),
        (ALL_DAY, SYDNEY, "2027-04-04T05:00", "2027-04-03T06:00"),
    ],
)
def test_export_is_counted_from_the_start_of_the_running_window(
    terms: WindowExport, zone: ZoneInfo, now: str, start: str
) -> None:
    asked: list[tuple[datetime, ...]] = []

    def exported(*between: datetime) -> float:
        asked.append(between)
        return 0.0

    point = wholesale_point(local(zone, now), 0.1)
    retail(
        [point],
        RetailTerms(imports=PLAIN, exports=terms),
        zone,
        now=point.start,
        exported=exported,
    )

    assert asked == [(local(zone, start), local(zone, now))]


def test_a_window_whose_start_the_clocks_skip_is_asked_about_from_now() -> None:
    windows = (window("02:15", "04:00", 0.4),)
    terms = WindowExport(rates=ManualRates(otherwise=0, windows=windows), cap_kwh=5.0)
    now = local(SYDNEY, "2026-10-04T03:05")
    asked: list[tuple[datetime, ...]] = []

    def exported(*between: datetime) -> float:
        asked.append(between)
        return 0.0

    whole = RetailTerms(imports=PLAIN, exports=terms)
    retail([wholesale_point(now, 0.1)], whole, SYDNEY, now=now, exported=exported)

    assert asked == [(now, now)]


def test_what_was_beyond_the_cap_stays_so() -> None:
    """Later answers tell the past as the one did in which the cap was reached."""
    start = local(SYDNEY, "2026-11-20T17:30")

    def exported(begin: datetime, end: datetime) -> float:
        assert begin == start
        return 30 * ((end - start) / timedelta(hours=1))

    for minutes in (29, 31, 45, 90):
        series = retail(
            [wholesale_point(start + HALF_HOUR * n, 0.1) for n in range(4)],
            CAPPED,
            SYDNEY,
            now=start + timedelta(minutes=minutes),
            exported=exported,
        )
        assert series.exports is not None
        lowered = [p.start for p in series.exports if p.price == 0.1]
        # 15 kWh at 30 kW are reached at 18:00.
        assert lowered[:1] == ([] if minutes < 30 else [start + HALF_HOUR])


def test_a_used_up_window_over_midnight_stays_so_until_it_ends() -> None:
    terms = RetailTerms(imports=PLAIN, exports=OVER_MIDNIGHT)

    assert capped_prices("2026-11-21T00:10", 5.0, terms) == [
        ("17:00", 0.02),
        ("22:00", 0.4),
        ("00:10", 0.0),
        ("02:00", 0.02),
        ("22:00", 0.4),
        ("02:00", 0.02),
    ]
