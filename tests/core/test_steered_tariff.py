"""Tariffs that make time-based control charge or discharge now.

Judged by the Powerwall of the simulated home: its own reading of what is uploaded,
and its own plan for 24 hours.
"""

# covers B-07
# covers B-09

from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings, strategies as st
import pytest

from custom_components.power_sync.core.household import (
    POWERWALL_2,
    POWERWALL_3,
    Action,
    Battery,
    Rules,
    share_power,
)
from custom_components.power_sync.core.model.force import Direction
from custom_components.power_sync.core.model.powerwall import ExportRule
from custom_components.power_sync.core.model.tariff_document import (
    read_tariff,
    write_tariff,
)
from custom_components.power_sync.core.model.tesla_tariff import TeslaTariff
from custom_components.power_sync.core.price_mapping import MappedPrices, map_prices
from custom_components.power_sync.core.steered_tariff import (
    DEAR,
    LEAST_DEAR,
    LONGEST,
    MARGIN,
    steered_tariff,
)
from custom_components.power_sync.core.tesla_tariff import (
    OUR_CODE,
    day_prices,
    largest_difference,
)
from custom_components.power_sync.core.timeline import half_hour_start, label_of
from custom_components.power_sync.sim.tesla_tariff import Tariff
from custom_components.power_sync.sim.time_based_control import Slot, decide

from .support import ADELAIDE, CHICAGO, DAY, HOUR, LORD_HOWE, MINUTE, SYDNEY, ZONES, at

CHARGE, DISCHARGE = Direction.CHARGE, Direction.DISCHARGE
HALF_HOUR = HOUR / 2
FIVE = at("2026-06-17 17:00", SYDNEY)  # a Wednesday
type Window = tuple[datetime, datetime, ZoneInfo]


def tariff(
    steer: Direction,
    window: Window,
    base: MappedPrices | None = None,
    dear: float | None = None,
) -> TeslaTariff:
    return steered_tariff(
        base, steer, window, dear=dear, name="force", utility="Amber", currency="AUD"
    )


def prices(made: TeslaTariff, moment: datetime, zone: ZoneInfo) -> list[list[float]]:
    """Return the buy and the sell prices of a local date."""
    assert made.sell is not None
    day = moment.astimezone(zone).date()
    sides = [day_prices(side, day) for side in (made.buy, made.sell)]
    return [[price for price in side if price is not None] for side in sides]


def ahead(
    made: TeslaTariff,
    now: datetime,
    zone: ZoneInfo,
    solar: list[float],
    load: list[float],
) -> list[Slot]:
    """Return what a Powerwall sees of the next 24 hours, powers by local half hour."""
    stored = Tariff(write_tariff(made))
    begin = half_hour_start(now, zone)
    edges = [now, *(begin + n * HALF_HOUR for n in range(1, 49))]
    if edges[-1] < now + DAY:
        edges.append(now + DAY)
    slots = []
    for start, end in pairwise(edges):
        label = label_of(start, zone)
        day = stored.day(start.astimezone(zone).date())
        slots.append(
            Slot(
                (end - start) / HOUR,
                day.buy[label],
                day.sell[label],
                solar[label],
                load[label],
            )
        )
    assert len(slots) == (48 if begin == now else 49)
    return slots


def sunny(peak_w: float) -> list[float]:
    """Return the solar power of a day: none at night, the peak at noon."""
    return [
        max(0.0, peak_w * (1 - abs(label - 24) / 12)) if 12 < label < 36 else 0.0
        for label in range(48)
    ]


# --- what the tariff says


def test_a_discharge_makes_its_window_the_best_time_to_sell() -> None:
    buy, sell = prices(tariff(DISCHARGE, (FIVE, FIVE + HOUR, SYDNEY)), FIVE, SYDNEY)

    assert sell[34:36] == [2.0, 1.996]
    assert buy[34:36] == [3.0, 3.0]
    assert {*buy[:34], *buy[36:]} == {0.3}
    assert {*sell[:34], *sell[36:]} == {0.05}


def test_a_charge_makes_its_window_the_best_time_to_buy() -> None:
    buy, sell = prices(tariff(CHARGE, (FIVE, FIVE + HOUR, SYDNEY)), FIVE, SYDNEY)

    assert buy[34:36] == sell[34:36] == [0.0, 0.004]
    assert {*buy[:34], *buy[36:]} == {2.3}
    assert {*sell[:34], *sell[36:]} == {0.25}


def test_the_spike_tariff() -> None:
    """Sells at the setting, and buys above that: never at nothing (control.md A5)."""
    made = tariff(DISCHARGE, (FIVE, FIVE + 3 * HOUR, SYDNEY), dear=10.0)

    buy, sell = prices(made, FIVE, SYDNEY)

    assert max(sell) == sell[34] == 10
    assert set(buy[34:40]) == {11.0}


def test_a_half_hour_that_the_window_touches_belongs_to_it() -> None:
    made = tariff(DISCHARGE, (FIVE - MINUTE, FIVE + HALF_HOUR + MINUTE, SYDNEY))

    assert [label for label, price in enumerate(prices(made, FIVE, SYDNEY)[1]) if price > 1] == [33, 34, 35]  # fmt: skip


def test_usual_prices_outside_of_a_discharge_stay_as_they_are() -> None:
    base = map_prices(
        [0.2 + n / 100 for n in range(48)], [n / 100 for n in range(48)], 0
    )

    buy, sell = prices(
        tariff(DISCHARGE, (FIVE, FIVE + HOUR, SYDNEY), base), FIVE, SYDNEY
    )

    for found, wanted in ((buy, base.buy), (sell, base.sell)):
        assert [*found[:34], *found[36:]] == [*wanted[:34], *wanted[36:]]


def test_extreme_prices_outside_of_a_discharge_are_shrunk() -> None:
    base = MappedPrices(buy=(0.4,) * 40 + (20.0,) * 8, sell=(0.1,) * 40 + (19.0,) * 8)

    buy, sell = prices(
        tariff(DISCHARGE, (FIVE, FIVE + HOUR, SYDNEY), base), FIVE, SYDNEY
    )

    assert (buy[0], buy[40], sell[40]) == (0.02, 1.0, 0.95)
    # What the window itself costs otherwise does not matter.
    late = FIVE + 3 * HOUR
    buy, _ = prices(
        tariff(DISCHARGE, (late, late + 4 * HOUR, SYDNEY), base), FIVE, SYDNEY
    )
    assert buy[:40] == [0.4] * 40


def test_the_rest_of_the_day_around_a_charge_keeps_its_shape() -> None:
    base = MappedPrices(
        buy=tuple(n / 100 for n in range(48)), sell=tuple(n / 200 for n in range(48))
    )

    buy, sell = prices(tariff(CHARGE, (FIVE, FIVE + HOUR, SYDNEY), base), FIVE, SYDNEY)

    assert buy[:34] == [pytest.approx(DEAR + n / 100) for n in range(34)]
    assert sell[:34] == [pytest.approx(0.2 + n / 200) for n in range(34)]


def test_the_window_is_on_its_own_date_only() -> None:
    made = tariff(DISCHARGE, (FIVE, FIVE + HOUR, SYDNEY))
    ordinary = [0.3] * 48

    for days in (-6, -3, -2, -1, 1, 2, 3, 6):
        assert prices(made, FIVE + days * DAY, SYDNEY)[0] == ordinary
    assert prices(made, FIVE + 7 * DAY, SYDNEY)[0][34] == 3


@pytest.mark.parametrize("steer", Direction)
@pytest.mark.parametrize("days", range(7))
def test_a_window_over_midnight_is_on_two_dates(steer: Direction, days: int) -> None:
    start = FIVE + 5.5 * HOUR + days * DAY
    made = tariff(steer, (start, start + 4 * HOUR, SYDNEY))

    tonight = prices(made, start, SYDNEY)
    tomorrow = prices(made, start + DAY, SYDNEY)

    side = 1 if steer is DISCHARGE else 0
    window = [*tonight[side][45:], *tomorrow[side][:5]]
    assert window == sorted(window, reverse=steer is DISCHARGE)
    assert len(set(window)) == 8
    rest = [*tonight[side][:45], *tomorrow[side][5:]]
    if steer is DISCHARGE:
        assert min(window) > max(rest)
    else:
        assert max(window) < min(rest)


@pytest.mark.parametrize(
    ("start", "labels"),
    [
        # 02:00 to 03:00 is skipped, and costs what its neighbours do.
        ("2026-10-04 01:10", [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        # 02:00 to 03:00 comes twice.
        ("2026-04-05 01:10", [2, 3, 4, 5, 6, 7, 8]),
    ],
)
def test_a_window_on_the_night_of_a_clock_change(start: str, labels: list[int]) -> None:
    begin = at(start, SYDNEY)
    made = tariff(DISCHARGE, (begin, begin + 4 * HOUR, SYDNEY))

    sell = prices(made, begin, SYDNEY)[1]

    assert [label for label, price in enumerate(sell) if price > 1] == labels


@pytest.mark.parametrize(
    ("end", "dear"),
    [
        (FIVE, None),
        (FIVE - MINUTE, None),
        (FIVE + HOUR, LEAST_DEAR - 0.001),
        (FIVE + HOUR, float("nan")),
    ],
)
def test_what_cannot_be_steered_by_is_refused(
    end: datetime, dear: float | None
) -> None:
    with pytest.raises(ValueError, match=r"no time|too little"):
        tariff(DISCHARGE, (FIVE, end, SYDNEY), dear=dear)


def test_of_a_window_that_was_extended_all_day_the_last_hours_count() -> None:
    """A force may go on for ever, four hours at a time."""
    end = FIVE + 30 * HOUR

    assert tariff(DISCHARGE, (FIVE, end, SYDNEY)) == tariff(DISCHARGE, (end - LONGEST, end, SYDNEY))  # fmt: skip


# --- any tariff, any time

block_prices = st.lists(
    st.tuples(st.floats(-0.3, 20) | st.floats(0, 0.6), st.floats(-1, 20) | st.just(0)),
    min_size=6,
    max_size=6,
)
bases = st.none() | block_prices.map(
    lambda blocks: map_prices(
        [blocks[n // 8][0] for n in range(48)],
        [blocks[n // 8][1] for n in range(48)],
        0,
    )
)
dears = st.sampled_from([None, LEAST_DEAR, 0.5, 10.0, 20.3])


@st.composite
def windows(draw: st.DrawFn, longest: int = 240) -> Window:
    """Draw windows on ordinary days and around the nights of a clock change."""
    zone = draw(st.sampled_from([SYDNEY, ADELAIDE, CHICAGO, LORD_HOWE, *ZONES]))
    day = draw(
        st.sampled_from(
            ["2026-03-07", "2026-04-04", "2026-06-15", "2026-10-03", "2026-10-31"]
        )
    )
    start = at(f"{day} 00:00", zone) + draw(st.integers(0, 2 * 24 * 60)) * MINUTE
    return start, start + draw(st.integers(15, longest)) * MINUTE, zone


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(Direction), bases, windows(longest=720), dears)
def test_tesla_takes_any_steered_tariff_as_it_is(
    steer: Direction, base: MappedPrices | None, window: Window, dear: float | None
) -> None:
    start, _, zone = window
    made = tariff(steer, window, base, dear)

    assert largest_difference(read_tariff(write_tariff(made)), made) == 0
    stored = Tariff(write_tariff(made))
    assert made.sell is not None
    for side in (made.buy, made.sell):
        assert side.code == OUR_CODE
        assert [len(season.periods) for season in side.seasons] == [48]
    for days in (-1, 0, 1, 3):
        moment = start + days * DAY
        assert stored.warnings(moment.astimezone(zone).date()) == []
        buy, sell = prices(made, moment, zone)
        assert len(buy) == len(sell) == 48
        assert map_prices(buy, sell, 0) == MappedPrices(buy=tuple(buy), sell=tuple(sell))  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(bases, windows(longest=720), dears)
def test_buying_during_a_discharge_costs_more_than_selling_ever_earns(
    base: MappedPrices | None, window: Window, dear: float | None
) -> None:
    start, end, zone = window
    made = tariff(DISCHARGE, window, base, dear)

    everything = [prices(made, start + days * DAY, zone)[1] for days in range(7)]
    highest = max(price for sell in everything for price in sell)
    moment = start
    while moment < end:
        buy, sell = prices(made, moment, zone)
        label = label_of(moment, zone)
        assert buy[label] >= highest + MARGIN - 1e-9
        assert sell[label] > 0.9 * highest
        moment += 15 * MINUTE


# --- what the Powerwall makes of it

batteries = st.sampled_from(
    [POWERWALL_2, POWERWALL_3, POWERWALL_2.times(2), POWERWALL_3.times(3)]
)
loads = st.lists(
    st.sampled_from([100.0, 300.0, 800.0, 2_500.0]), min_size=6, max_size=6
).map(lambda blocks: [blocks[n // 8] for n in range(48)])
suns = st.sampled_from([0.0, 1_000.0, 4_000.0, 8_000.0]).map(sunny)
reserves = st.sampled_from([0, 5, 20, 50, 80])


@st.composite
def moments(draw: st.DrawFn) -> tuple[Window, datetime]:
    """Draw a window and a moment in it: any, or when the Powerwall plans anew."""
    window = draw(windows())
    start, end, zone = window
    minutes = int((end - start) / MINUTE)
    now = start + draw(st.integers(0, minutes - 1)) * MINUTE
    return window, max(start, half_hour_start(now, zone)) if draw(st.booleans()) else now  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    case=moments(),
    base=bases,
    dear=dears,
    battery=batteries,
    reserve=reserves,
    charge=st.floats(0, 1),
    load=loads,
    solar=suns,
    grid_charging=st.booleans(),
)
def test_discharges_now(
    case: tuple[Window, datetime],
    base: MappedPrices | None,
    dear: float | None,
    battery: Battery,
    reserve: int,
    charge: float,
    load: list[float],
    solar: list[float],
    grid_charging: bool,
) -> None:
    """At any charge from the reserve + 5 % to 98 %, and without waiting.

    What the house itself needs in the window is kept for it, because buying then
    costs more than anything; all the rest goes out from the first minute.
    """
    window, now = case
    zone = window[2]
    share = reserve / 100 + 0.05 + charge * max(0.0, 0.93 - reserve / 100)
    stored = share * battery.capacity_kwh
    rules = Rules(
        reserve_kwh=reserve / 100 * battery.capacity_kwh, grid_charging=grid_charging
    )
    slots = ahead(tariff(DISCHARGE, window, base, dear), now, zone, solar, load)
    first, *later = slots

    best_later = max(slot.sell for slot in later)
    if best_later >= first.sell:
        # Only a half hour that the clocks repeat can be on both sides of another.
        offsets = {(now + n * HALF_HOUR).astimezone(zone).utcoffset() for n in (-9, 9)}
        assert len(offsets) == 2
    assume(best_later < first.sell)

    dearest = max(slot.buy for slot in slots)
    needed = [
        min(max(0.0, slot.load_w - slot.solar_w), battery.discharge_w) * slot.hours
        for slot in slots
        if slot.buy == dearest
    ]
    spare = stored - rules.reserve_kwh - sum(needed) / 1000 / battery.one_way_efficiency
    # Not enough to be worth starting, or no way out for it.
    full = battery.discharge_w * first.hours / 1000 / battery.one_way_efficiency
    assume(spare > 0.101 * full)
    way_out = rules.export_cap_w - max(0.0, first.solar_w - first.load_w)
    in_house = min(max(0.0, first.load_w - first.solar_w), battery.discharge_w)
    assume(min(way_out, battery.discharge_w - in_house) > 0.101 * battery.discharge_w)

    assert decide(battery, rules, stored, slots) is Action.DISCHARGE


@settings(max_examples=200, deadline=None)
@given(
    case=moments(),
    base=bases,
    dear=dears,
    battery=batteries,
    reserve=reserves,
    charge=st.floats(0, 1),
    load=loads,
    solar=suns,
    export=st.sampled_from(ExportRule),
)
def test_charges_now(
    case: tuple[Window, datetime],
    base: MappedPrices | None,
    dear: float | None,
    battery: Battery,
    reserve: int,
    charge: float,
    load: list[float],
    solar: list[float],
    export: ExportRule,
) -> None:
    """At any charge and without waiting, while there is room.

    In the first half hour whatever the battery may do with it, later where it may
    be sold or is needed.
    """
    window, now = case
    zone = window[2]
    share = reserve / 100 + 0.05 + charge * max(0.0, 0.93 - reserve / 100)
    stored = share * battery.capacity_kwh
    rules = Rules(reserve_kwh=reserve / 100 * battery.capacity_kwh, export=export)
    slots = ahead(tariff(CHARGE, window, base, dear), now, zone, solar, load)
    first, *later = slots

    if min(slot.buy for slot in later) <= first.buy:
        offsets = {(now + n * HALF_HOUR).astimezone(zone).utcoffset() for n in (-9, 9)}
        assert len(offsets) == 2
        assume(False)
    assume(export is ExportRule.BATTERY_OK or first.buy == 0)

    gain = first.hours / 1000 * battery.one_way_efficiency
    surplus = min(max(0.0, first.solar_w - first.load_w), battery.charge_w)
    room = battery.capacity_kwh - stored - surplus * gain
    from_grid = min((battery.charge_w - surplus) * gain, room)
    assume(from_grid > 0.101 * battery.charge_w * gain)

    assert decide(battery, rules, stored, slots) is Action.CHARGE


def follow(
    made: TeslaTariff,
    window: Window,
    battery: Battery,
    rules: Rules,
    stored: float,
    solar: list[float],
    load: list[float],
) -> tuple[list[Action], list[float], float]:
    """Live through a window, planning anew every half hour.

    Returns the actions, the powers of the battery and what is stored at the end.
    """
    start, end, zone = window
    now, actions, powers = start, [], []
    while now < end:
        slots = ahead(made, now, zone, solar, load)
        hours = min(slots[0].hours, (end - now) / HOUR)
        action = decide(battery, rules, stored, slots)
        flow = share_power(
            battery, rules, action, stored, slots[0].solar_w, slots[0].load_w, hours
        )
        stored = flow.stored_kwh
        actions.append(action)
        powers.append(flow.battery_w)
        now += hours * HOUR
    return actions, powers, stored


@pytest.mark.parametrize("battery", [POWERWALL_2, POWERWALL_3])
@pytest.mark.parametrize("start", ["17:00", "17:10", "22:50", "23:59"])
def test_a_discharge_goes_out_at_full_power_from_beginning_to_end(
    battery: Battery, start: str
) -> None:
    begin = at(f"2026-06-17 {start}", SYDNEY)
    window = begin, begin + HOUR, SYDNEY

    actions, powers, _ = follow(
        tariff(DISCHARGE, window),
        window,
        battery,
        Rules(reserve_kwh=2.7, grid_charging=False),
        13.3,
        [0.0] * 48,
        [500.0] * 48,
    )

    assert set(actions) == {Action.DISCHARGE}
    assert set(powers) == {battery.discharge_w}


@pytest.mark.parametrize("export", [ExportRule.BATTERY_OK, ExportRule.NEVER])
def test_four_hours_of_charging_fill_the_battery_at_full_power(
    export: ExportRule,
) -> None:
    window = FIVE + 10 * MINUTE, FIVE + 4 * HOUR + 10 * MINUTE, SYDNEY

    actions, powers, stored = follow(
        tariff(CHARGE, window),
        window,
        POWERWALL_2,
        Rules(export=export),
        1.0,
        [0.0] * 48,
        [700.0] * 48,
    )

    assert set(actions[:5]) == {Action.CHARGE}
    assert powers[:5] == [-5_000.0] * 5
    assert stored == pytest.approx(13.5, rel=0.02)


def test_four_hours_of_discharging_end_at_the_reserve_with_the_house_served() -> None:
    window = FIVE, FIVE + 4 * HOUR, SYDNEY
    rules = Rules(reserve_kwh=2.7, grid_charging=False)

    actions, powers, stored = follow(
        tariff(DISCHARGE, window),
        window,
        POWERWALL_2,
        rules,
        12.0,
        [0.0] * 48,
        [500.0] * 48,
    )

    assert powers[0] == 5_000
    assert min(powers) == pytest.approx(500)
    assert Action.HOLD not in actions
    # But for what is too little to begin with.
    assert 2.7 <= stored < 2.9


def test_a_window_of_every_day_would_be_saved_for_tomorrow() -> None:
    """Why the window holds on its date only: the half hours that are over return."""
    made = tariff(DISCHARGE, (FIVE, FIVE + 2 * HOUR, SYDNEY))
    assert made.sell is not None
    season = made.sell.seasons[0]
    every_day = replace(
        season,
        periods=tuple(
            replace(
                period,
                windows=(replace(period.windows[0], from_day=0, to_day=6),),
            )
            for period in season.periods
        ),
    )
    daily = TeslaTariff(
        buy=replace(made.buy, seasons=(every_day,)),
        sell=replace(made.sell, seasons=(every_day,)),
    )
    now = FIVE + HOUR
    rules = Rules(grid_charging=False)
    still = [0.0] * 48

    assert decide(POWERWALL_2, rules, 2.0, ahead(daily, now, SYDNEY, still, still)) is Action.SELF_USE  # fmt: skip
    assert decide(POWERWALL_2, rules, 2.0, ahead(made, now, SYDNEY, still, still)) is Action.DISCHARGE  # fmt: skip
