"""What time-based control decides, and what comes of it."""

from itertools import product

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.power_sync.core.household import (
    Action,
    Battery,
    Rules,
    share_power,
)
from custom_components.power_sync.core.model.powerwall import ExportRule
from custom_components.power_sync.sim.time_based_control import Slot, decide

BATTERY = Battery(10, 5_000, 5_000, 0.81)


def day(buys, sells, solar=0.0, load=500.0):
    """48 half hours; prices by six 4-hour blocks, or one for all."""
    buys = buys if isinstance(buys, list) else [buys] * 6
    sells = sells if isinstance(sells, list) else [sells] * 6
    return [
        Slot(0.5, max(buys[i // 8], sells[i // 8]), sells[i // 8], solar, load)
        for i in range(48)
    ]


def run(slots, stored, rules=None, battery=BATTERY):
    """Follow the decisions slot by slot on a plan that comes true.

    Returns the actions, the battery power of each slot and the cost.
    """
    rules = rules or Rules()
    actions, powers, cost = [], [], 0.0
    for index, slot in enumerate(slots):
        action = decide(battery, rules, stored, slots[index:])
        flow = share_power(
            battery, rules, action, stored, slot.solar_w, slot.load_w, slot.hours
        )
        stored = flow.stored_kwh
        actions.append(action)
        powers.append(flow.battery_w)
        kwh = flow.grid_w * slot.hours / 1000
        cost += kwh * (slot.buy if kwh > 0 else slot.sell)
    return actions, powers, cost


def test_charges_cheap_and_discharges_dear():
    actions, _, _ = run(day([0.3, 0.05, 0.3, 0.3, 1.5, 0.3], [0, 0, 0, 0, 1.4, 0]), 0)

    assert Action.CHARGE in actions[8:16]
    assert Action.CHARGE not in actions[:8] + actions[16:]
    assert Action.DISCHARGE in actions[32:40]
    assert Action.DISCHARGE not in actions[:32] + actions[40:]


def test_a_small_spread_does_not_pay_for_the_losses():
    actions, powers, _ = run(day([0.30, 0.27, 0.30, 0.30, 0.30, 0.30], 0.05), 0)

    assert Action.CHARGE not in actions
    assert powers == [0.0] * 48


def test_a_flat_sell_window_idles_and_dumps_at_its_end():
    sells = [0.05, 0.05, 0.05, 0.9, 0.05, 0.05]

    actions, powers, _ = run(day([0.1] * 3 + [0.95] + [0.1] * 2, sells), 10)

    window = actions[24:32]
    assert window[-1] is Action.DISCHARGE
    assert Action.DISCHARGE not in window[:4]
    assert powers[31] == pytest.approx(5_000)


def test_a_sloped_sell_window_is_served_at_once():
    slots = day([0.1] * 3 + [0.95] + [0.1] * 2, [0.05] * 3 + [0.9] + [0.05] * 2)
    sloped = [
        Slot(s.hours, s.buy, s.sell - 0.001 * i, s.solar_w, s.load_w)
        if 24 <= i < 32
        else s
        for i, s in enumerate(slots)
    ]

    actions, _, _ = run(sloped, 10)

    assert actions[24] is Action.DISCHARGE


def test_a_flat_tariff_is_plain_self_use():
    actions, powers, _ = run(day(0.3, 0.05), 5)

    assert set(actions) == {Action.SELF_USE}
    assert powers[0] == 500


def test_solar_is_sold_in_the_dear_morning_and_stored_at_cheap_noon():
    slots = day([0.3, 0.3, 0.3, 0.3, 0.6, 0.3], [0.0, 0.25, 0.0, 0, 0.0, 0])
    sunny = [
        Slot(s.hours, s.buy, s.sell, 3_000.0 if 8 <= i < 24 else 0.0, s.load_w)
        for i, s in enumerate(slots)
    ]

    actions, powers, _ = run(sunny, 0)

    assert actions[8] is Action.HOLD
    assert actions[16] is Action.SELF_USE
    assert powers[16] < 0


def test_waits_for_the_peak_instead_of_serving_a_cheap_night():
    actions, _, _ = run(day([0.1, 0.1, 0.1, 0.1, 2.0, 2.0], 0.0, load=1_500.0), 10)

    assert actions[0] is Action.HOLD
    assert Action.HOLD not in actions[32:]


def test_rules_bind_the_plan():
    slots = day([0.05, 0.3, 0.3, 0.3, 1.5, 0.3], [0, 0, 0, 0, 1.4, 0])

    actions, _, _ = run(slots, 5, Rules(grid_charging=False))
    assert Action.CHARGE not in actions
    for rule in (ExportRule.NEVER, ExportRule.PV_ONLY):
        actions, powers, _ = run(slots, 5, Rules(export=rule))
        assert max(powers) <= 500
    _, powers, _ = run(slots, 5, Rules(reserve_kwh=10))
    assert max(powers) <= 0


def test_an_empty_plan_is_refused():
    with pytest.raises(ValueError, match="at least one slot"):
        decide(BATTERY, Rules(), 5, [])


prices = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 30)), min_size=1, max_size=6
)


@settings(max_examples=80, deadline=None)
@given(prices=prices, stored=st.integers(0, 3), reserve=st.integers(0, 1))
def test_no_other_sequence_is_cheaper(prices, stored, reserve):
    """Against every sequence of actions: whole kWh, no loss, so that none is partial."""
    battery = Battery(3, 1_000, 1_000, 1.0)
    rules = Rules(reserve_kwh=reserve)
    stored = max(stored, reserve)
    slots = [Slot(1, max(b, s), s, 0, 0) for b, s in prices]

    _, _, cost = run(slots, stored, rules, battery)

    best = min(
        _cost_of(actions, slots, stored, rules, battery)
        for actions in product(
            (Action.CHARGE, Action.HOLD, Action.DISCHARGE), repeat=len(slots)
        )
    )
    assert cost == pytest.approx(best)


def _cost_of(actions, slots, stored, rules, battery):
    cost = 0.0
    for action, slot in zip(actions, slots, strict=True):
        flow = share_power(battery, rules, action, stored, 0, 0, 1)
        stored = flow.stored_kwh
        kwh = flow.grid_w / 1000
        cost += kwh * (slot.buy if kwh > 0 else slot.sell)
    return cost
