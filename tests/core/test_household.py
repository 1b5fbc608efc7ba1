"""The battery and load model."""

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.core.household import (
    POWERWALL_2,
    POWERWALL_3,
    Action,
    Battery,
    Rules,
    routes,
    share_power,
    usual_day,
)
from custom_components.power_sync.core.model.powerwall import ExportRule

BATTERY = Battery(10, 5_000, 4_000, 0.81)
powers = st.floats(0, 15_000)
any_rules = st.builds(
    Rules,
    reserve_kwh=st.floats(0, 10),
    export=st.sampled_from(ExportRule),
    grid_charging=st.booleans(),
    export_cap_w=st.floats(0, 12_000),
)
situations = given(
    rules=any_rules,
    action=st.sampled_from(Action),
    stored=st.floats(0, 10),
    solar=powers,
    load=powers,
    hours=st.floats(1 / 3600, 1),
)


@situations
def test_power_balances_and_limits_hold(rules, action, stored, solar, load, hours):
    flow = share_power(BATTERY, rules, action, stored, solar, load, hours)

    assert flow.solar_w + flow.battery_w + flow.grid_w == pytest.approx(flow.load_w)
    assert flow.load_w == load
    assert flow.solar_w + flow.curtailed_w == pytest.approx(solar)
    assert flow.solar_w >= 0
    assert flow.curtailed_w >= 0
    assert -5_000 <= flow.battery_w <= 4_000
    assert 0 <= flow.stored_kwh <= 10
    allowed = 0 if rules.export is ExportRule.NEVER else rules.export_cap_w
    assert -flow.grid_w <= allowed + 1e-6


@situations
def test_stored_energy_is_accounted_for(rules, action, stored, solar, load, hours):
    flow = share_power(BATTERY, rules, action, stored, solar, load, hours)

    moved = -flow.battery_w * hours / 1000
    expected = moved * 0.9 if moved > 0 else moved / 0.9
    assert flow.stored_kwh - stored == pytest.approx(expected, abs=1e-9)


@situations
def test_rules_are_kept(rules, action, stored, solar, load, hours):
    flow = share_power(BATTERY, rules, action, stored, solar, load, hours)

    if flow.battery_w > 1e-9:
        assert flow.stored_kwh >= rules.reserve_kwh - 1e-9
    if not rules.grid_charging and flow.battery_w < 0:
        assert flow.grid_w <= 1e-6
    if rules.export is not ExportRule.BATTERY_OK:
        assert routes(flow).battery_to_grid <= 1e-6


@situations
def test_routes_add_up(rules, action, stored, solar, load, hours):
    flow = share_power(BATTERY, rules, action, stored, solar, load, hours)
    way = routes(flow)

    parts = [getattr(way, name) for name in way.__dataclass_fields__]
    assert min(parts) >= -1e-6
    assert way.solar_to_load + way.battery_to_load + way.grid_to_load == (
        pytest.approx(flow.load_w, abs=1e-6)
    )
    imported = way.grid_to_load + way.grid_to_battery
    exported = way.solar_to_grid + way.battery_to_grid
    assert imported - exported == pytest.approx(flow.grid_w, abs=1e-6)
    assert way.solar_to_load + way.solar_to_battery + way.solar_to_grid == (
        pytest.approx(flow.solar_w, abs=1e-6)
    )


@pytest.mark.parametrize(
    ("action", "solar", "load", "battery", "grid"),
    [
        (Action.SELF_USE, 3_000, 1_000, -2_000, 0),
        (Action.SELF_USE, 500, 1_500, 1_000, 0),
        (Action.SELF_USE, 0, 9_000, 4_000, 5_000),
        (Action.SELF_USE, 9_000, 1_000, -5_000, -3_000),
        (Action.HOLD, 3_000, 1_000, 0, -2_000),
        (Action.HOLD, 500, 1_500, 0, 1_000),
        (Action.CHARGE, 500, 1_500, -5_000, 6_000),
        (Action.CHARGE, 9_000, 1_500, -5_000, -2_500),
        (Action.DISCHARGE, 500, 1_500, 4_000, -3_000),
    ],
)
def test_actions(action, solar, load, battery, grid):
    flow = share_power(BATTERY, Rules(), action, 5, solar, load, 0.1)

    assert (flow.battery_w, flow.grid_w) == pytest.approx((battery, grid))


def test_export_cap_holds_the_battery_back_before_the_sun():
    flow = share_power(
        BATTERY, Rules(export_cap_w=5_000), Action.DISCHARGE, 5, 4_000, 1_000, 0.1
    )

    assert flow.battery_w == pytest.approx(2_000)
    assert flow.grid_w == pytest.approx(-5_000)
    assert flow.curtailed_w == 0


def test_sun_that_may_not_leave_is_stored_and_only_then_curtailed():
    never = Rules(export=ExportRule.NEVER)

    room = share_power(BATTERY, never, Action.HOLD, 5, 3_000, 1_000, 0.1)
    full = share_power(BATTERY, never, Action.HOLD, 10, 3_000, 1_000, 0.1)

    assert (room.battery_w, room.curtailed_w) == (-2_000, 0)
    assert (full.battery_w, full.curtailed_w, full.grid_w) == (0, 2_000, 0)


def test_with_solar_only_export_the_battery_carries_the_house_and_the_sun_is_sold():
    rules = Rules(export=ExportRule.PV_ONLY)

    flow = share_power(BATTERY, rules, Action.DISCHARGE, 5, 2_000, 1_500, 0.1)

    assert flow.battery_w == 1_500
    assert flow.grid_w == -2_000
    assert routes(flow).solar_to_grid == 2_000


def test_charging_can_be_slower_than_the_battery_could():
    flow = share_power(BATTERY, Rules(), Action.CHARGE, 5, 0, 500, 0.1, 1_700)

    assert flow.battery_w == -1_700


def test_full_cycle_returns_the_round_trip_efficiency():
    stored, put_in, got_out = 0.0, 0.0, 0.0
    for _ in range(200):
        flow = share_power(POWERWALL_2, Rules(), Action.CHARGE, stored, 0, 0, 1 / 12)
        stored, put_in = flow.stored_kwh, put_in - flow.battery_w / 12
    for _ in range(200):
        flow = share_power(POWERWALL_2, Rules(), Action.DISCHARGE, stored, 0, 0, 1 / 12)
        stored, got_out = flow.stored_kwh, got_out + flow.battery_w / 12

    assert stored == pytest.approx(0)
    assert got_out / put_in == pytest.approx(0.9)
    assert got_out == pytest.approx(13_500 * 0.9**0.5)


def test_standby_drains_the_store_whatever_happens():
    idle = Battery(10, 5_000, 5_000, 0.9, standby_w=24)

    assert share_power(idle, Rules(), Action.HOLD, 5, 0, 0, 1).stored_kwh == (
        pytest.approx(4.976)
    )


def test_units_add_up():
    three = POWERWALL_3.times(3)

    assert (three.capacity_kwh, three.charge_w, three.discharge_w) == (
        pytest.approx((40.5, 15_000, 30_000))
    )
    assert three.round_trip_efficiency == POWERWALL_3.round_trip_efficiency


@pytest.mark.parametrize("wrong", [(0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1.1)])
def test_impossible_batteries_are_refused(wrong):
    with pytest.raises(ValueError, match=r"positive|efficiency"):
        Battery(*wrong)


def test_usual_day_is_the_mean_of_days():
    assert usual_day([(1, 2, 3), (3, 2, 1)]) == (2, 2, 2)
    with pytest.raises(ValueError, match="at least one day"):
        usual_day([])
    with pytest.raises(ValueError, match="shorter"):
        usual_day([(1, 2), (1,)])
