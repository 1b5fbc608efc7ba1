"""The entities with which a Powerwall is controlled, and those that explain it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from homeassistant.components.logbook.const import LOGBOOK_ENTRY_MESSAGE
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Event
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.power_sync import logbook
from custom_components.power_sync.core.model.powerwall import (
    ExportRule,
    OperationMode,
)
from custom_components.power_sync.core.model.switches import Switch
from custom_components.power_sync.sim.config import (
    TESLEMETRY_TOKEN,
    TESSIE_TOKEN,
    TeslaSite,
)
from custom_components.power_sync.sim.faults import FaultKind, Service
from custom_components.power_sync.sim.powerwall import Settings

from .conftest import NOW
from .house import POWERWALL, House, Steady
from .kinds import MARKET, use_simulated_market

type MakeHouse = Callable[..., Awaitable[House]]

FEATURES = {
    "auto_sync_tou_schedule": Switch.AUTO_SYNC,
    "spike_protection": Switch.SPIKE_PROTECTION,
    "export_boost": Switch.EXPORT_BOOST,
    "spike_response": Switch.SPIKE_RESPONSE,
    "solar_curtailment": Switch.CURTAILMENT,
    "reapply_export_rule": Switch.REAPPLY_EXPORT_RULE,
    "force_mode_toggle": Switch.REPLAN,
}
LEVERS = (
    "operation_mode",
    "export_rule",
    "grid_charging",
    "storm_watch",
    "backup_reserve",
)
DEAR, WORTHLESS = 450.0, -80.0
"""$/MWh: a spike by the usual threshold, and a price at which export costs money."""


@pytest.fixture
async def watching(
    make_house: MakeHouse, market: Steady, monkeypatch: pytest.MonkeyPatch
) -> House:
    """A home that watches the wholesale market."""
    house = await make_house(prices=market, options={"spike_response": MARKET})
    use_simulated_market(monkeypatch, house)
    await house.set_up()
    return house


def settings(house: House) -> Settings:
    """Return what is stored in Tesla's cloud."""
    return house.home.powerwall.settings


def keys(house: House) -> set[str]:
    registry = er.async_get(house.hass)
    return {
        entity.unique_id.partition("_")[2]
        for entity in er.async_entries_for_config_entry(registry, house.entry.entry_id)
    }


def shown(house: House, key: str) -> tuple[str, dict[str, Any]]:
    """Return the state and the attributes of an entity."""
    state = house.state(key)
    return state.state, dict(state.attributes)


async def choose(house: House, key: str, option: str) -> None:
    await house.hass.services.async_call(
        "select",
        "select_option",
        {"entity_id": house.state(key).entity_id, "option": option},
        blocking=True,
    )
    await house.settle()


async def set_reserve(house: House, percent: float) -> None:
    await house.hass.services.async_call(
        "number",
        "set_value",
        {"entity_id": house.state("backup_reserve").entity_id, "value": percent},
        blocking=True,
    )
    await house.settle()


def sentences(house: House) -> list[str]:
    """Return a list that gets the logbook's sentence of every decision to come."""
    told: list[str] = []
    described: dict[str, Callable[[Event[Any]], dict[str, str | None]]] = {}
    logbook.async_describe_events(
        house.hass,
        lambda domain, event, describe: described.update({event: describe}),
    )
    house.hass.bus.async_listen(
        "power_sync_decision",
        lambda event: told.append(
            described["power_sync_decision"](event)[LOGBOOK_ENTRY_MESSAGE] or ""
        ),
    )
    return told


# covers U-03
async def test_entity_ids(watching: House) -> None:
    for entity_id in (
        "sensor.powerwall_solar_power",
        "sensor.powerwall_grid_power",
        "sensor.powerwall_battery_power",
        "sensor.powerwall_home_load",
        "sensor.powerwall_battery_level",
        "sensor.powerwall_controlled_by",
        "sensor.powerwall_force_remaining",
        "sensor.powerwall_force_until",
        "sensor.powerwall_way_in",
        "sensor.powerwall_wholesale_price",
        "binary_sensor.powerwall_curtailed",
        "binary_sensor.powerwall_spike_active",
        "switch.powerwall_auto_sync_tou_schedule",
        "switch.powerwall_spike_protection",
        "switch.powerwall_export_boost",
        "switch.powerwall_spike_response",
        "switch.powerwall_solar_curtailment",
        "switch.powerwall_reapply_export_rule",
        "switch.powerwall_force_mode_toggle",
        "switch.powerwall_grid_charging",
        "switch.powerwall_storm_watch",
        "select.powerwall_operation_mode",
        "select.powerwall_export_rule",
        "select.powerwall_force_duration",
        "number.powerwall_backup_reserve",
        "button.powerwall_force_charge",
        "button.powerwall_force_discharge",
        "button.powerwall_restore",
    ):
        assert watching.hass.states.get(entity_id) is not None, entity_id


# covers B-05 B-06 B-07 B-08 B-10
@pytest.mark.parametrize("key", FEATURES)
async def test_a_feature_is_the_users_choice(watching: House, key: str) -> None:
    usual = "on" if key == "auto_sync_tou_schedule" else "off"
    assert watching.state(key).state == usual
    name = FEATURES[key].value

    await watching.act("switch", "turn_on", key)
    assert watching.state(key).state == "on"
    assert name in watching.stored["switches"]

    await watching.hass.config_entries.async_reload(watching.entry.entry_id)
    await watching.settle()
    assert watching.state(key).state == "on"

    await watching.act("switch", "turn_off", key)
    assert watching.state(key).state == "off"
    assert name not in watching.stored["switches"]


# covers B-07
async def test_without_a_market(steady: House) -> None:
    assert keys(steady).isdisjoint({"spike_response", "spike_active", "market_price"})


async def test_choices_can_be_made_while_tesla_is_away(steady: House) -> None:
    steady.break_(Service.TESLA, FaultKind.STATUS_503)
    await steady.live(5)
    for key in FEATURES.keys() - {"spike_response"}:
        assert steady.state(key).state != "unavailable", key
    for key in ("force_duration", "force_remaining", "controlled_by", "way_in"):
        assert steady.state(key).state != "unavailable", key
    for key in LEVERS:
        assert steady.state(key).state == "unavailable", key
    await steady.act("switch", "turn_on", "export_boost")
    assert steady.state("export_boost").state == "on"


# covers B-16
async def test_settings_are_changed_in_the_cloud(steady: House) -> None:
    told = sentences(steady)
    await steady.act("switch", "turn_off", "grid_charging")
    await steady.act("switch", "turn_on", "storm_watch")
    await choose(steady, "operation_mode", "self_consumption")
    await choose(steady, "export_rule", "pv_only")
    await set_reserve(steady, 35)

    cloud = settings(steady)
    assert not cloud.grid_charging
    assert cloud.storm_watch
    assert cloud.mode is OperationMode.SELF_CONSUMPTION
    assert cloud.export_rule is ExportRule.PV_ONLY
    assert cloud.reserve_percent == 35
    assert {key: steady.state(key).state for key in LEVERS} == {
        "operation_mode": "self_consumption",
        "export_rule": "pv_only",
        "grid_charging": "off",
        "storm_watch": "on",
        "backup_reserve": "35.0",
    }
    assert [line for line in told if not line.startswith("Tariff")] == [
        "Grid charging sent: on → off, requested",
        "Storm watch sent: off → on, requested",
        "Operation mode sent: autonomous → self consumption, requested",
        "Export rule sent: battery ok → pv only, requested",
        "Backup reserve sent: 20 % → 35 %, requested",
    ]
    # They are the owner's own now: nobody changes them back.
    await steady.live(10)
    assert settings(steady).export_rule is ExportRule.PV_ONLY
    assert steady.state("operation_mode").state == "self_consumption"


# covers B-16
async def test_settings_as_somebody_changed_them_in_the_app(steady: House) -> None:
    cloud = settings(steady)
    cloud.grid_charging = False
    cloud.storm_watch = True
    cloud.mode = OperationMode.BACKUP
    cloud.export_rule = ExportRule.NEVER
    cloud.reserve_percent = 0
    await steady.tick(60)
    assert [steady.state(key).state for key in LEVERS] == [
        "backup",
        "never",
        "off",
        "on",
        "0.0",
    ]


# covers B-16
@pytest.mark.parametrize("percent", [81, 90, 99, 80.6])
async def test_a_reserve_that_tesla_does_not_keep(
    steady: House, percent: float
) -> None:
    with pytest.raises(ServiceValidationError) as refused:
        await set_reserve(steady, percent)
    assert refused.value.translation_key == "bad_reserve"
    assert refused.value.translation_placeholders == {
        "problem": f"value must be 0 to 80 or 100, not {round(percent)}"
    }
    assert settings(steady).reserve_percent == 20
    assert "backup" not in steady.sent


# covers B-16
@pytest.mark.parametrize("percent", [0, 80, 100])
async def test_a_reserve_that_tesla_keeps(steady: House, percent: float) -> None:
    await set_reserve(steady, percent)
    await steady.live(25, stride=60)
    assert settings(steady).reserve_percent == percent
    assert float(steady.state("backup_reserve").state) == percent


async def test_a_setting_that_cannot_be_sent(steady: House) -> None:
    steady.break_(Service.TESLA, FaultKind.STATUS_400, match="grid_import_export")
    with pytest.raises(HomeAssistantError) as failed:
        await choose(steady, "export_rule", "never")
    assert failed.value.translation_key == "nothing_done"
    placeholders = failed.value.translation_placeholders or {}
    assert placeholders["problems"] == "export rule could not be sent (rejected)"
    await steady.settle()
    assert steady.state("export_rule").state == "battery_ok"
    assert settings(steady).export_rule is ExportRule.BATTERY_OK
    assert steady.decisions[-1] == ("export_rule", "failed", "requested")


async def test_a_setting_that_the_site_does_not_have(make_house: MakeHouse) -> None:
    """A site of a virtual power plant never says what its export rule is."""
    house = await make_house(tesla_sites=(TeslaSite(export_rule=None),))
    await house.set_up()
    assert house.state("export_rule").state == "unavailable"
    assert house.state("grid_charging").state == "on"


# covers B-15
async def test_in_a_dry_run_a_setting_stays(make_house: MakeHouse) -> None:
    house = await make_house(options={"dry_run": True})
    await house.set_up()
    told = sentences(house)
    await choose(house, "export_rule", "never")
    assert house.sent == []
    assert house.state("export_rule").state == "battery_ok"
    assert told == ["Export rule dry run: battery ok → never, requested"]


# covers B-09
@pytest.mark.parametrize(
    ("button", "direction", "charging", "rule"),
    [
        ("force_charge", "charge", True, ExportRule.PV_ONLY),
        ("force_discharge", "discharge", False, ExportRule.BATTERY_OK),
    ],
)
async def test_force(
    make_house: MakeHouse,
    button: str,
    direction: str,
    charging: bool,
    rule: ExportRule,
) -> None:
    house = await make_house(
        tesla_sites=(
            TeslaSite(
                mode=OperationMode.SELF_CONSUMPTION,
                export_rule=ExportRule.PV_ONLY,
                grid_charging=not charging,
            ),
        ),
    )
    await house.set_up()
    assert shown(house, "force_remaining")[0] == "0"
    assert house.state("force_until").state == "unknown"
    await choose(house, "force_duration", "30")

    await house.act("button", "press", button)

    assert settings(house).grid_charging is charging
    assert settings(house).export_rule is rule
    assert settings(house).mode is OperationMode.AUTONOMOUS
    until = NOW + timedelta(minutes=30)
    remaining, attributes = shown(house, "force_remaining")
    assert remaining == "30"
    assert attributes["direction"] == direction
    assert attributes["until"] == until.isoformat()
    assert datetime.fromisoformat(house.state("force_until").state) == until
    controlled, explained = shown(house, "controlled_by")
    assert controlled == "force"
    assert explained["operation_mode"] == {
        "feature": "force",
        "reason": "forced",
        "until": until.isoformat(),
        "value": "autonomous",
        "owner": "self_consumption",
    }
    assert explained["grid_charging"]["owner"] is not charging
    assert explained["tariff"]["owner"] == "Example TOU"

    for left in (29, 28):
        await house.tick(60)
        assert shown(house, "force_remaining")[0] == str(left)

    await house.act("button", "press", "restore")

    assert settings(house).grid_charging is not charging
    assert settings(house).export_rule is ExportRule.PV_ONLY
    assert settings(house).mode is OperationMode.SELF_CONSUMPTION
    assert house.tariff_name == "PowerSync"
    remaining, attributes = shown(house, "force_remaining")
    assert remaining == "0"
    assert attributes["direction"] is None
    assert house.state("force_until").state == "unknown"
    assert shown(house, "controlled_by")[0] == "price_sync"


# covers B-09
async def test_a_force_is_over_by_itself(steady: House) -> None:
    told = sentences(steady)
    await choose(steady, "force_duration", "15")
    await steady.act("button", "press", "force_discharge")
    assert not settings(steady).grid_charging
    await steady.live(16)
    assert settings(steady).grid_charging
    assert steady.state("force_remaining").state == "0"
    assert steady.state("controlled_by").state == "price_sync"
    grid = [line for line in told if line.startswith("Grid charging")]
    assert grid == [
        "Grid charging sent: on → off, forced",
        "Grid charging restored: off → on, force over",
    ]
    tariffs = [line for line in told if line.startswith("Tariff sent")]
    assert "force over price sync" in tariffs[0]


# covers B-09
async def test_the_duration_is_kept_over_restarts(steady: House) -> None:
    assert steady.state("force_duration").state == "60"
    assert steady.state("force_duration").attributes["options"] == [
        *("15", "30", "45", "60", "90", "120", "180", "240")
    ]
    await choose(steady, "force_duration", "240")
    await steady.hass.config_entries.async_reload(steady.entry.entry_id)
    await steady.settle()
    assert steady.state("force_duration").state == "240"
    await steady.act("button", "press", "force_charge")
    assert steady.state("force_remaining").state == "240"


async def test_without_a_duration_it_is_the_usual_one(steady: House) -> None:
    entity_id = steady.state("force_duration").entity_id
    er.async_get(steady.hass).async_update_entity(
        entity_id, disabled_by=er.RegistryEntryDisabler.USER
    )
    await steady.hass.config_entries.async_reload(steady.entry.entry_id)
    await steady.settle()
    await steady.act("button", "press", "force_charge")
    assert steady.state("force_remaining").state == "60"


async def test_a_force_that_cannot_begin(steady: House) -> None:
    steady.break_(Service.TESLA, FaultKind.STATUS_503)
    with pytest.raises(HomeAssistantError):
        await steady.act("button", "press", "force_charge")
    await steady.settle()


async def test_the_user_ends_a_force_with_any_of_its_settings(steady: House) -> None:
    told = sentences(steady)
    await steady.act("button", "press", "force_discharge")
    # The Powerwall has been made to look at its new tariff.
    await steady.tick(10)
    await choose(steady, "operation_mode", "backup")
    assert steady.state("force_remaining").state == "0"
    assert settings(steady).mode is OperationMode.BACKUP
    assert settings(steady).grid_charging
    assert (
        "Operation mode sent: autonomous → backup, requested, manual over force" in told
    )


# covers B-12
async def test_controlled_by(steady: House) -> None:
    state, attributes = shown(steady, "controlled_by")
    assert state == "price_sync"
    assert attributes["tariff"]["reason"] == "prices_changed"
    assert attributes["tariff"]["until"] is None
    assert attributes["tariff"]["value"] == "PowerSync"
    assert attributes["tariff"]["owner"] == "Example TOU"
    assert attributes.keys().isdisjoint(LEVERS)
    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    state, attributes = shown(steady, "controlled_by")
    assert state == "owner"
    assert "tariff" not in attributes


# covers B-12
async def test_what_is_still_owed_is_told(steady: House) -> None:
    steady.break_(Service.TESLA, FaultKind.STATUS_503)
    await steady.act("switch", "turn_off", "auto_sync_tou_schedule")
    state, attributes = shown(steady, "controlled_by")
    assert state == "owner"
    assert attributes["tariff"] == {
        "feature": "price_sync",
        "reason": None,
        "until": None,
        "owner": "Example TOU",
    }


# covers B-01
async def test_way_in(make_house: MakeHouse) -> None:
    """It is shown although there is nothing to decide that would be told."""
    house = await make_house(parts=("powerwall",))
    house.entry.add_to_hass(house.hass)
    house.hass.config_entries.async_update_subentry(
        house.entry,
        house.entry.subentries[POWERWALL],
        data={
            "energy_site_id": house.home.config.tesla_sites[0].site_id,
            "ways": [
                {
                    "way": "teslemetry",
                    "access_token": TESLEMETRY_TOKEN,
                    "base_url": house.server.teslemetry_url,
                },
                {
                    "way": "tessie",
                    "access_token": TESSIE_TOKEN,
                    "base_url": house.server.tessie_url,
                },
            ],
        },
    )
    await house.set_up()
    # A home without a past has no lifetime energy, which is a failure until now.
    await house.live(1)
    state, attributes = shown(house, "way_in")
    assert state == "Teslemetry"
    assert attributes["ways"] == ["Teslemetry", "Tessie"]
    assert attributes["failures"] == {}

    house.break_(Service.TESLA, FaultKind.STATUS_503)
    await house.live(3)
    state, attributes = shown(house, "way_in")
    assert state == "Tessie"
    assert attributes["ways"] == ["Teslemetry", "Tessie"]
    assert "503" in attributes["failures"]["Teslemetry"]
    assert house.state("solar_power").state != "unavailable"

    house.repair()
    await house.live(8)
    state, attributes = shown(house, "way_in")
    assert (state, attributes["failures"]) == ("Teslemetry", {})


# covers B-07
async def test_wholesale_price(watching: House, market: Steady) -> None:
    state = watching.state("market_price")
    assert float(state.state) == 100
    assert state.attributes["unit_of_measurement"] == "AUD/MWh"
    assert state.attributes["start"] == "2026-11-20T02:00:00+00:00"
    assert state.attributes["end"] == "2026-11-20T02:05:00+00:00"
    market.price = 312.34
    await watching.live(5)
    assert float(watching.state("market_price").state) == 312.34
    for service in (Service.AEMO, Service.NEMWEB):
        watching.break_(service, FaultKind.STATUS_503)
    await watching.live(6)
    assert watching.state("market_price").state == "unavailable"


# covers B-07
async def test_spike(watching: House, market: Steady) -> None:
    told = sentences(watching)
    await watching.act("switch", "turn_on", "spike_response")
    idle = {"rehearsal": False, "since": None, "threshold": 300.0}
    state, attributes = shown(watching, "spike_active")
    assert state == "off"
    assert attributes | idle == attributes

    market.price = DEAR
    await watching.live(5)
    state, attributes = shown(watching, "spike_active")
    assert state == "on"
    assert attributes["rehearsal"] is False
    assert datetime.fromisoformat(attributes["since"]) > NOW
    assert shown(watching, "controlled_by")[0] == "spike_response"
    assert not settings(watching).grid_charging
    assert "Grid charging sent: on → off, market spike" in told

    market.price = 100.0
    await watching.live(15)
    state, attributes = shown(watching, "spike_active")
    assert state == "off"
    assert attributes | idle == attributes
    assert settings(watching).grid_charging
    assert "Grid charging restored: off → on, spike over" in told


# covers B-07
async def test_rehearsal(watching: House) -> None:
    await watching.call("simulate_spike", price=DEAR, duration=5)
    state, attributes = shown(watching, "spike_active")
    assert state == "on"
    assert attributes["rehearsal"] is True
    assert not settings(watching).grid_charging
    await watching.live(6)
    state, attributes = shown(watching, "spike_active")
    assert state == "off"
    assert attributes["rehearsal"] is False
    assert settings(watching).grid_charging


# covers B-08
async def test_curtailed(steady: House, market: Steady) -> None:
    told = sentences(steady)
    await steady.act("switch", "turn_on", "solar_curtailment")
    state, attributes = shown(steady, "curtailed")
    assert (state, attributes["since"]) == ("off", None)

    market.price = WORTHLESS
    await steady.live(5)
    state, attributes = shown(steady, "curtailed")
    assert state == "on"
    assert datetime.fromisoformat(attributes["since"]) > NOW
    assert settings(steady).export_rule is ExportRule.NEVER
    assert steady.state("export_rule").state == "never"
    controlled, explained = shown(steady, "controlled_by")
    assert controlled == "curtailment"
    assert explained["export_rule"]["reason"] == "negative_feed_in"
    assert explained["export_rule"]["owner"] == "battery_ok"

    await steady.act("button", "press", "force_discharge")
    assert steady.state("curtailed").state == "off", "what is forced comes first"
    assert settings(steady).export_rule is ExportRule.BATTERY_OK
    assert (
        "Export rule sent: never → battery ok, forced, force over curtailment" in told
    )
    decision = steady.state("decision").attributes
    assert decision["feature"] == "force"


# covers B-14
async def test_decisions_say_from_what_to_what_and_over_whom(
    steady: House, market: Steady
) -> None:
    await steady.act("switch", "turn_on", "solar_curtailment")
    market.price = WORTHLESS
    await steady.live(5)
    events: list[dict[str, Any]] = []
    steady.hass.bus.async_listen(
        "power_sync_decision", lambda event: events.append(dict(event.data))
    )
    settings(steady).export_rule = ExportRule.PV_ONLY
    await steady.tick(60)
    await steady.settle()
    changed = next(event for event in events if event["lever"] == "export_rule")
    assert (changed["from"], changed["to"]) == ("never", "pv_only")
    assert changed["over"] == ["curtailment"]
    assert changed["feature"] is None
    assert steady.state("curtailed").state == "off"


async def test_entities_go_with_the_home(steady: House) -> None:
    await steady.unload()
    assert steady.entry.state is ConfigEntryState.NOT_LOADED
    for key in (*LEVERS, "controlled_by", "curtailed", "force_duration"):
        assert steady.state(key).state == "unavailable", key
