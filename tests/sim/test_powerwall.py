"""A Powerwall site in time: modes, tariffs noticed late, reserves."""

import copy
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.power_sync.core.household import Action
from custom_components.power_sync.core.model.powerwall import ExportRule, OperationMode
from custom_components.power_sync.sim.config import TeslaSite
from custom_components.power_sync.sim.owners_tariff import OWNERS_TARIFF
from custom_components.power_sync.sim.powerwall import Powerwall
from custom_components.power_sync.sim.premises import Premises
from custom_components.power_sync.sim.tesla_tariff import Tariff

SYDNEY = ZoneInfo("Australia/Sydney")
MONDAY = date(2026, 11, 23)


def side(prices):
    """One side of a tariff with a price by half hour."""
    names = [f"PERIOD_{slot:02}" for slot in range(48)]
    return {
        "energy_charges": {"Year": {"rates": dict(zip(names, prices, strict=True))}},
        "seasons": {
            "Year": {
                "fromMonth": 1,
                "fromDay": 1,
                "toMonth": 12,
                "toDay": 31,
                "tou_periods": {
                    name: {
                        "periods": [
                            {
                                "fromDayOfWeek": 0,
                                "toDayOfWeek": 6,
                                "fromHour": slot // 2,
                                "fromMinute": slot % 2 * 30,
                                "toHour": (slot + 1) // 2 % 24,
                                "toMinute": (slot + 1) % 2 * 30,
                            }
                        ]
                    }
                    for slot, name in enumerate(names)
                },
            }
        },
    }


def tariff(buy, sell):
    return Tariff(side(buy) | {"sell_tariff": side(sell)})


def flat_but(slots, price, rest):
    return [price if slot in slots else rest for slot in range(48)]


@pytest.fixture
def powerwall():
    site = TeslaSite(charge_percent=60, tariff=None)
    return Powerwall(site, Premises(1, SYDNEY, 8, -33.9), SYDNEY, 1)


def test_an_upload_is_noticed_mostly_soon_and_sometimes_late(powerwall):
    delays = []
    cheap = tariff([0.3] * 48, [0.1] * 48)
    at = 1_800.0 * 980_000
    for _ in range(400):
        at += 4_000
        powerwall.settle(at)
        before = powerwall.noticed_tariff
        powerwall.set_tariff(copy.copy(cheap), at)
        assert powerwall.noticed_tariff is before
        while powerwall.noticed_tariff is before:
            event = powerwall.next_event()
            assert event > at
            powerwall.settle(event)
        delays.append((event - at) / 60)

    soon = [delay for delay in delays if delay <= 5]
    late = [delay for delay in delays if delay > 5]
    assert min(soon) >= 1
    assert min(late) >= 15
    assert max(late) <= 45
    assert 0.14 < len(late) / len(delays) < 0.26


def test_a_second_upload_does_not_put_off_noticing_the_first(powerwall):
    powerwall.settle(1.0e9)
    powerwall.set_tariff(tariff([0.3] * 48, [0.1] * 48), 1.0e9)
    noticed_at = powerwall._notice_at
    newest = tariff([0.4] * 48, [0.1] * 48)
    powerwall.set_tariff(newest, 1.0e9 + 30)

    assert powerwall._notice_at <= noticed_at
    powerwall.settle(noticed_at)
    assert powerwall.noticed_tariff is newest


def test_changing_the_mode_makes_it_look_at_once(powerwall):
    powerwall.settle(1.0e9)
    new = tariff([0.3] * 48, [0.1] * 48)
    powerwall.set_tariff(new, 1.0e9)
    plans = powerwall.plans
    powerwall.set_mode(OperationMode.AUTONOMOUS, 1.0e9 + 1)
    powerwall.settle(1.0e9 + 1)

    assert powerwall.noticed_tariff is new
    assert powerwall.plans == plans + 1


def test_plans_every_half_hour_and_keeps_to_it_in_between(powerwall):
    powerwall.set_tariff(tariff([0.3] * 48, [0.1] * 48), 1.0e9)
    powerwall.set_mode(OperationMode.AUTONOMOUS, 1.0e9)
    powerwall.settle(1.0e9)
    events = []
    for _ in range(4):
        events.append(powerwall.next_event())
        powerwall.settle(events[-1])

    assert all(event % 1_800 == 0 for event in events)
    assert len(set(events)) == 4
    assert powerwall.plans == 5


def test_without_a_tariff_it_covers_the_house(powerwall):
    powerwall.settle(1.0e9)

    assert powerwall.action is Action.SELF_USE
    assert powerwall.plans == 0


@pytest.mark.parametrize("zone", ["Australia/Sydney", "Australia/Adelaide"])
def test_charges_when_cheap_and_sells_when_dear_on_the_wall_clock(
    make_home, clock, zone
):
    clock.set("2026-11-20T00:00:00")
    home = make_home(
        time_zone=ZoneInfo(zone), tesla_sites=(TeslaSite(charge_percent=20),)
    )
    night, evening = range(4, 8), range(38, 42)
    document = tariff(
        flat_but(night, 0.02, 1.15), flat_but(evening, 1.2, 0.01)
    ).document
    home.powerwall.set_tariff(Tariff(document), home.advance())
    home.powerwall.set_mode(OperationMode.AUTONOMOUS, home.advance())
    seen = {}
    for _ in range(288 * 2):
        clock.tick(minutes=5)
        home.advance()
        local = (clock.now - timedelta(minutes=1)).astimezone(ZoneInfo(zone))
        label = local.hour * 2 + local.minute // 30
        seen.setdefault(label, []).append(home.powerwall.flow)

    for label, flows in seen.items():
        # More than refilling the reserve takes.
        from_grid = [f for f in flows if f.battery_w < -2_000 and f.grid_w > 2_000]
        assert bool(from_grid) <= (label in night), label
    charged = [flow.battery_w for label in night for flow in seen[label]]
    sold = [flow.grid_w for label in evening for flow in seen[label]]
    assert min(charged) == -5_000
    assert min(sold) < -3_000


def test_prices_as_the_powerwall_uses_them():
    stored = tariff([-0.1] + [0.2] * 47, [-0.2, 0.5] + [0.1] * 46)

    used = stored.day(MONDAY)

    assert used.buy[:3] == (0, 0.5, 0.2)
    assert used.sell[:3] == (0, 0.5, 0.1)
    assert stored.document["energy_charges"]["Year"]["rates"]["PERIOD_00"] == -0.1
    assert stored.at(MONDAY, 45) == (0.5, 0.5)


def test_windows_over_midnight_and_over_the_weekend():
    document = copy.deepcopy(OWNERS_TARIFF)
    window = {"fromDayOfWeek": 5, "toDayOfWeek": 0}
    document["seasons"]["AllYear"]["tou_periods"] = {
        "ON_PEAK": {"periods": [window | {"fromHour": 22, "toHour": 6}]},
        "OFF_PEAK": {"periods": [window | {"fromHour": 6, "toHour": 22}]},
        "SUPER_OFF_PEAK": {"periods": [{"fromDayOfWeek": 1, "toDayOfWeek": 4}]},
    }
    del document["sell_tariff"]
    stored = Tariff(document)
    buys = [stored.day(MONDAY + timedelta(days=day)).buy for day in range(7)]

    assert buys[0] == (0.48,) * 12 + (0.22,) * 32 + (0.48,) * 4
    assert buys[2] == (0.08,) * 48
    assert buys[6][44:] == (0.48,) * 4
    # Friday is not among the days, so nothing runs into Saturday's morning.
    assert buys[5] == (0.0,) * 12 + (0.22,) * 32 + (0.48,) * 4
    assert buys[1][:12] == (0.08,) * 12


def test_seasons_over_new_year():
    document = copy.deepcopy(OWNERS_TARIFF)
    winter = copy.deepcopy(document["seasons"]["AllYear"])
    for_seasons = document["energy_charges"]
    document["seasons"]["AllYear"] |= {"fromMonth": 4, "toMonth": 10, "toDay": 31}
    document["seasons"]["Summer"] = winter | {"fromMonth": 11, "toMonth": 3}
    for_seasons["Summer"] = {
        "rates": dict.fromkeys(for_seasons["AllYear"]["rates"], 0.7)
    }
    stored = Tariff(document)

    assert stored.day(date(2026, 7, 1)).buy[0] == 0.22
    assert stored.day(date(2026, 12, 31)).buy[0] == 0.7
    assert stored.day(date(2027, 1, 1)).buy[0] == 0.7


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        # Covers the house, or stores the sun.
        (TeslaSite(mode=OperationMode.SELF_CONSUMPTION), None),
        (TeslaSite(mode=OperationMode.BACKUP), -3_300),
        (TeslaSite(mode=OperationMode.BACKUP, powerwalls=2), -6_600),
        (TeslaSite(mode=OperationMode.BACKUP, grid_charging=False), 0),
        (TeslaSite(mode=OperationMode.SELF_CONSUMPTION, reserve_percent=70), -1_700),
        (TeslaSite(mode=OperationMode.AUTONOMOUS, reserve_percent=70), -1_700),
    ],
)
def test_power_by_mode_at_night(make_home, clock, site, expected):
    clock.set("2026-11-20T01:00:00")
    home = make_home(tesla_sites=(site,))
    clock.tick(minutes=10)
    home.advance()
    flow = home.powerwall.flow

    assert flow.battery_w == pytest.approx(
        flow.load_w if expected is None else expected
    )


def test_never_exporting_curtails_only_when_full(make_home, clock):
    clock.set("2026-11-20T12:00:00")
    home = make_home(
        tesla_sites=(
            TeslaSite(
                mode=OperationMode.SELF_CONSUMPTION,
                export_rule=ExportRule.NEVER,
                charge_percent=90,
            ),
        )
    )
    flows = []
    for _ in range(180):
        clock.tick(60)
        home.advance()
        flows.append((home.powerwall.charge_percent, home.powerwall.flow))

    assert min(flow.grid_w for _, flow in flows) >= -1e-6
    curtailed = [percent for percent, flow in flows if flow.curtailed_w > 1_000]
    assert curtailed
    assert min(curtailed) > 99
