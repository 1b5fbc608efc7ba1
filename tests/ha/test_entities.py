"""Every entity: what it is, what it shows, and when it is there."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import pairwise
import json
from pathlib import Path
from typing import Any

from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from syrupy.assertion import SnapshotAssertion

from custom_components.power_sync import logbook
from custom_components.power_sync.sim.config import AmberSite, TeslaSite
from custom_components.power_sync.sim.faults import FaultKind, Service

from .house import House, Steady
from .kinds import DEMAND, HOMES, MARKET, use_simulated_market

type MakeHouse = Callable[..., Awaitable[House]]

INTEGRATION = Path(__file__).parents[2] / "custom_components" / "power_sync"


@pytest.fixture
async def full(
    make_house: MakeHouse, market: Steady, monkeypatch: pytest.MonkeyPatch
) -> House:
    """A home that has everything, and a past."""
    house = await make_house(
        prices=market,
        amber_sites=(AmberSite(controlled_load=True),),
        channels=("controlled_load", "export", "import"),
        lived_in=timedelta(hours=14),
        options={"spike_response": MARKET},
    )
    use_simulated_market(monkeypatch, house)
    await house.set_up()
    return house


def registered(house: House) -> list[er.RegistryEntry]:
    return sorted(
        er.async_entries_for_config_entry(
            er.async_get(house.hass), house.entry.entry_id
        ),
        key=lambda entity: entity.entity_id,
    )


async def test_what_there_is(full: House, snapshot: SnapshotAssertion) -> None:
    found = {}
    for entity in registered(full):
        state = full.hass.states.get(entity.entity_id)
        found[entity.entity_id] = {
            "key": entity.unique_id.partition("_")[2],
            "name": entity.original_name if state is None else state.name,
            "device_class": entity.original_device_class,
            "unit": entity.unit_of_measurement,
            "category": entity.entity_category,
            "capabilities": dict(entity.capabilities or {}),
            "attributes": None
            if state is None
            else sorted(
                state.attributes.keys()
                - {
                    "friendly_name",
                    "device_class",
                    "unit_of_measurement",
                    *(entity.capabilities or {}),
                }
            ),
        }
        assert (state is None) is (entity.disabled_by is not None)
    assert found == snapshot


ALWAYS = {
    "current_electricity_price",
    "feed_in_price",
    "high_price_alert",
    "low_price_alert",
    "price_alert",
    "price_count",
    "price_days",
    "price_deviation",
    "price_estimate",
    "price_maximum",
    "price_mean",
    "price_median",
    "price_minimum",
    "price_p10",
    "price_p25",
    "price_p75",
    "price_p90",
    "price_p95",
    "price_percentile",
}
ONLY_SOMETIMES: dict[str, set[str]] = {
    "amber": {
        "controlled_load_price",
        "demand_window",
        "high_price",
        "live_prices",
        "low_price",
        "predicted_price",
        "price_descriptor",
        "price_spike",
        "renewables",
        "wholesale_price",
    },
    "aemo": {"wholesale_price"},
    "comed": {"supply_price", "hour_average_price", "expected_hour_price"},
    "plan": {"active_plan"},
    "sensor": set(),
}


@pytest.mark.parametrize("kind", HOMES)
async def test_what_a_source_has(make_house: MakeHouse, kind: str) -> None:
    house = await HOMES[kind](make_house, parts=("price-source",))
    await house.set_up()
    keys = {entity.unique_id.partition("_")[2] for entity in registered(house)}
    # ComEd does not say what it pays for.
    always = ALWAYS - {"feed_in_price"} if kind == "comed" else ALWAYS
    assert keys == always | ONLY_SOMETIMES[kind]


# covers P-09
async def test_most_statistics_are_for_those_who_want_them(full: House) -> None:
    disabled = {
        entity.unique_id.partition("_")[2]
        for entity in registered(full)
        if entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    }
    assert disabled == {
        "price_count",
        "price_deviation",
        "price_maximum",
        "price_median",
        "price_minimum",
        "price_p10",
        "price_p75",
        "price_p95",
        "wholesale_price",
    }


# covers P-11
async def test_a_demand_charge_has_entities(make_house: MakeHouse) -> None:
    keys = {"peak_demand", "demand_cost", "demand_charged"}
    found = []
    for options in ({}, {"demand": DEMAND}, {"demand": DEMAND | {"enabled": False}}):
        house = await make_house(parts=("powerwall",), options=options)
        await house.set_up()
        found.append({e.unique_id.partition("_")[2] for e in registered(house)})
        await house.hass.config_entries.async_remove(house.entry.entry_id)
    without, charged, turned_off = found
    assert charged - without == keys
    assert without == turned_off


async def test_every_entity_is_translated(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over all kinds of homes there is a text for each entity, and no other."""
    texts = json.loads((INTEGRATION / "translations" / "en.json").read_text())
    icons = json.loads((INTEGRATION / "icons.json").read_text())
    used: dict[str, set[str]] = {}
    for home in HOMES.values():
        house = await home(
            make_house, options={"demand": DEMAND, "spike_response": MARKET}
        )
        use_simulated_market(monkeypatch, house)
        await house.set_up()
        for entity in registered(house):
            platform, key = entity.domain, entity.translation_key
            assert key is not None, entity.entity_id
            used.setdefault(platform, set()).add(key)
            text = texts["entity"][platform][key]
            assert text["name"]
            # The user's own plans have names of their own.
            options = () if key == "active_plan" else entity.capabilities or {}
            for option in dict(options).get("options", ()):
                assert option in text["state"], f"{entity.entity_id}: {option}"
            for kind in dict(entity.capabilities or {}).get("event_types", ()):
                states = text["state_attributes"]["event_type"]["state"]
                assert kind in states, f"{entity.entity_id}: {kind}"
            if entity.original_device_class is None:
                assert key in icons["entity"][platform], entity.entity_id
        await house.hass.config_entries.async_remove(house.entry.entry_id)
    assert used == {
        platform: set(entries) for platform, entries in texts["entity"].items()
    }, "texts without an entity, or the other way round"
    for platform, entries in icons["entity"].items():
        assert set(entries) <= used[platform]


def number(house: House, key: str) -> float:
    return float(house.state(key).state)


# covers P-02 and U-03
async def test_prices(full: House) -> None:
    assert number(full, "current_electricity_price") == pytest.approx(0.183)
    assert number(full, "feed_in_price") == pytest.approx(0.1048)
    assert number(full, "controlled_load_price") == pytest.approx(0.157)
    low, predicted, high = (
        number(full, f"{name}_price") for name in ("low", "predicted", "high")
    )
    assert low < predicted < high
    assert predicted == pytest.approx(0.183)
    assert full.state("price_spike").state == "none"
    assert full.state("price_descriptor").state == "very_low"
    assert 0 < number(full, "renewables") < 100
    assert full.state("price_estimate").state == "off"
    assert full.state("demand_window").state == "off"


async def test_forecast(full: House) -> None:
    attributes = full.state("current_electricity_price").attributes
    assert attributes["start"] == "2026-11-20T02:00:00+00:00"
    assert attributes["end"] == "2026-11-20T02:05:00+00:00"
    forecast = attributes["forecast"]
    assert forecast[0]["start"] == attributes["start"]
    for earlier, later in pairwise(forecast):
        assert earlier["end"] == later["start"]
    peak = next(
        item for item in forecast if item["start"] == "2026-11-20T08:00:00+00:00"
    )
    assert peak["price"] == pytest.approx(0.563)


async def test_large_attributes_are_not_recorded(full: House) -> None:
    for key, attribute in (
        ("current_electricity_price", "forecast"),
        ("last_sync_result", "slots"),
        ("tariff_schedule", "schedule"),
        ("decision", "slots"),
    ):
        state = full.state(key)
        assert attribute in state.attributes
        assert state.state_info is not None
        assert attribute in state.state_info["unrecorded_attributes"]
        recorded = {
            name: value
            for name, value in state.attributes.items()
            if name not in state.state_info["unrecorded_attributes"]
        }
        assert len(json.dumps(recorded, default=str)) < 2000


async def test_estimates_and_demand_window(full: House) -> None:
    # 15:00 and five seconds: the peak has begun, its first price is an estimate.
    await full.tick(2 * 3600 - 120 + 5)
    assert full.state("price_estimate").state == "on"
    assert full.state("demand_window").state == "on"
    await full.tick(45)
    assert full.state("price_estimate").state == "off"


# covers B-02 and U-03
async def test_flows(full: House) -> None:
    flow = full.home.powerwall.flow
    assert number(full, "solar_power") == pytest.approx(flow.solar_w, abs=1)
    assert number(full, "grid_power") == pytest.approx(flow.grid_w, abs=1)
    assert number(full, "battery_power") == pytest.approx(flow.battery_w, abs=1)
    assert number(full, "home_load") == pytest.approx(flow.load_w, abs=1)
    assert number(full, "battery_level") == pytest.approx(
        full.home.powerwall.charge_percent, abs=0.1
    )
    assert number(full, "energy_left") == pytest.approx(
        full.home.powerwall.stored_kwh, abs=0.01
    )
    assert full.state("grid_status").state == "on_grid"


async def test_settings(full: House) -> None:
    assert full.state("operation_mode").state == "autonomous"
    assert number(full, "backup_reserve") == 20
    assert full.state("export_rule").state == "battery_ok"
    assert number(full, "capacity") == 13.5
    assert full.state("firmware").state == "26.18.3 00000000"
    assert full.state("grid_charging").state == "on"
    assert full.state("storm_watch").state == "off"
    full.home.powerwall.settings.storm_watch = True
    full.home.powerwall.settings.grid_charging = False
    await full.tick(60)
    assert full.state("grid_charging").state == "off"
    assert full.state("storm_watch").state == "on"


# covers B-17
async def test_energy(full: House) -> None:
    parts = (
        "solar_energy",
        "home_energy",
        "grid_import_energy",
        "grid_export_energy",
        "battery_charge_energy",
        "battery_discharge_energy",
    )
    day = {part: number(full, f"daily_{part}") for part in parts}
    assert day["solar_energy"] > 5
    balance = (
        day["solar_energy"]
        + day["grid_import_energy"]
        + day["battery_discharge_energy"]
        - day["home_energy"]
        - day["grid_export_energy"]
        - day["battery_charge_energy"]
    )
    assert balance == pytest.approx(0, abs=0.05)
    for part in parts:
        assert number(full, f"lifetime_{part}") >= day[part] - 0.01


async def test_lifetime_is_asked_for_once_an_hour_and_may_be_missing(
    steady: House,
) -> None:
    # A home without a past has none.
    assert steady.state("lifetime_solar_energy").state == "unknown"
    assert steady.state("daily_solar_energy").state != "unknown"
    await steady.live(50, stride=300)
    assert steady.state("lifetime_solar_energy").state == "unknown"
    await steady.live(15, stride=300)
    assert number(steady, "lifetime_solar_energy") > 0


async def test_energy_alone_away(steady: House) -> None:
    steady.break_(Service.TESLA, FaultKind.STATUS_500, match="calendar_history")
    await steady.live(5, stride=300)
    assert steady.state("daily_solar_energy").state == "unavailable"
    assert steady.state("lifetime_solar_energy").state == "unavailable"
    assert steady.state("battery_level").state != "unavailable"


async def test_tariff_schedule(full: House) -> None:
    state = full.state("tariff_schedule")
    assert float(state.state) == pytest.approx(0.183)
    assert state.attributes["name"] == "PowerSync"
    assert state.attributes["utility"] == "Amber Electric"
    schedule = state.attributes["schedule"]
    assert [item["start"] for item in schedule[:3]] == ["00:00", "00:30", "01:00"]
    assert len(schedule) == 48
    assert schedule[36] == {
        "start": "18:00",
        "buy": pytest.approx(0.563),
        "sell": pytest.approx(0.1048),
    }


async def test_tariff_schedule_goes_on_by_itself(steady: House) -> None:
    """Although nothing about the tariff changes at 15:00."""
    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    assert number(steady, "tariff_schedule") == pytest.approx(0.08)
    await steady.tick(2 * 3600 - 120 - 1)
    assert number(steady, "tariff_schedule") == pytest.approx(0.08)
    await steady.tick(2)
    assert number(steady, "tariff_schedule") == pytest.approx(0.22)


async def test_no_tariff(make_house: MakeHouse) -> None:
    house = await make_house(
        parts=("powerwall",), tesla_sites=(TeslaSite(tariff=None),)
    )
    await house.set_up()
    state = house.state("tariff_schedule")
    assert state.state == "unknown"
    assert "schedule" not in state.attributes
    assert house.state("last_sync_result").state == "unknown"
    assert house.state("last_sync").state == "unknown"


# covers B-14
async def test_decision_event(full: House, market: Steady) -> None:
    state = full.state("decision")
    assert state.attributes["event_type"] == "sent"
    assert state.attributes["reason"] == "prices_changed"
    assert len(state.attributes["slots"]) == 48
    fired = state.state
    await full.tick(150)
    assert full.state("decision").state == fired, "no news is no event"
    market.price = 200.0
    await full.tick(60)
    assert full.state("decision").state > fired
    assert "largest_change" in full.state("decision").attributes


async def test_decisions_on_the_bus(steady: House, market: Steady) -> None:
    events: list[dict[str, Any]] = []
    steady.hass.bus.async_listen(
        "power_sync_decision", lambda event: events.append(dict(event.data))
    )
    market.price = 180.0
    await steady.tick(200)
    (event,) = events
    assert event["config_entry_id"] == steady.entry.entry_id
    assert (event["lever"], event["action"]) == ("tariff", "sent")
    assert "slots" not in event, "it is recorded"


# covers B-14
async def test_logbook(steady: House, hass: HomeAssistant) -> None:
    described: dict[str, Any] = {}
    logbook.async_describe_events(
        hass, lambda domain, event, describe: described.update({event: describe})
    )
    describe = described["power_sync_decision"]
    events: list[Event[Any]] = []
    hass.bus.async_listen("power_sync_decision", events.append)
    await steady.tick(180.2)
    await steady.call("sync_tou_schedule")
    steady.break_(Service.TESLA, FaultKind.STATUS_400, match="time_of_use")
    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    sent, failed = (describe(event) for event in events)
    assert sent == {
        "name": "PowerSync",
        "entity_id": steady.state("decision").entity_id,
        "message": "Tariff sent: PowerSync, requested, import 0.1830, export 0.1048"
        " per kWh, largest change 0.0000",
    }
    assert failed["message"] == (
        "Tariff failed: PowerSync → Example TOU, sync off, error rejected"
    )
