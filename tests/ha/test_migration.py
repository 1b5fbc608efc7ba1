"""What an earlier version stored becomes what this one needs."""

from typing import Any

from homeassistant.config_entries import ConfigEntryState, ConfigSubentryDataWithId
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.power_sync.config_flow import PowerSyncConfigFlow
from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.migration import MINOR_VERSION

from .flow_walk import not_run, only

OLD = {"way": "teslemetry", "access_token": "secret", "energy_site_id": 42}
NEW = {
    "energy_site_id": 42,
    "ways": [{"way": "teslemetry", "access_token": "secret"}],
}


def home(powerwall: dict[str, Any], **version: int) -> MockConfigEntry:
    return MockConfigEntry(
        domain=DOMAIN,
        subentries_data=[
            ConfigSubentryDataWithId(
                data=powerwall,
                subentry_id="powerwall",
                subentry_type="powerwall",
                title="Home",
                unique_id="powerwall_42",
            ),
            ConfigSubentryDataWithId(
                data={"provider": "amber", "api_token": "other"},
                subentry_id="price-source",
                subentry_type="price_source",
                title="Amber Electric",
                unique_id="price_source_1",
            ),
        ],
        **version,
    )


async def migrated(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    entry.add_to_hass(hass)
    with not_run():
        await hass.config_entries.async_setup(entry.entry_id)
    return entry


def test_the_flow_creates_what_needs_no_migration() -> None:
    assert PowerSyncConfigFlow.VERSION == 1
    assert PowerSyncConfigFlow.MINOR_VERSION == MINOR_VERSION


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (OLD, NEW),
        (
            OLD | {"base_url": "http://proxy"},
            {
                "energy_site_id": 42,
                "ways": [NEW["ways"][0] | {"base_url": "http://proxy"}],  # type: ignore[index]
            },
        ),
        (NEW, NEW),
    ],
    ids=["its own address", "another address", "interrupted the last time"],
)
async def test_one_way_becomes_several(
    hass: HomeAssistant, old: dict[str, Any], new: dict[str, Any]
) -> None:
    entry = await migrated(hass, home(old, version=1, minor_version=1))
    assert entry.state is ConfigEntryState.LOADED
    assert (entry.version, entry.minor_version) == (1, 2)
    assert only(entry, "powerwall") == new
    assert only(entry, "price_source") == {"provider": "amber", "api_token": "other"}
    assert entry.subentries["powerwall"].unique_id == "powerwall_42"


async def test_replaced_entities_are_removed(hass: HomeAssistant) -> None:
    entry = home(OLD, version=1, minor_version=1)
    entry.add_to_hass(hass)
    registry = er.async_get(hass)
    replaced = {
        ("sensor", "powerwall_operation_mode"),
        ("sensor", "powerwall_backup_reserve"),
        ("sensor", "powerwall_export_rule"),
        ("binary_sensor", "powerwall_grid_charging"),
        ("binary_sensor", "powerwall_storm_watch"),
    }
    kept = {
        ("sensor", "powerwall_battery_level"),
        ("sensor", "elsewhere_operation_mode"),
        ("select", "powerwall_operation_mode"),
    }
    for platform, unique_id in replaced | kept:
        registry.async_get_or_create(platform, DOMAIN, unique_id, config_entry=entry)
    await migrated(hass, entry)
    assert {
        (entity.domain, entity.unique_id)
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id)
    } == kept


async def test_newer_minor_version_is_left_alone(hass: HomeAssistant) -> None:
    entry = await migrated(hass, home(OLD, version=1, minor_version=3))
    assert entry.state is ConfigEntryState.LOADED
    assert entry.minor_version == 3
    assert only(entry, "powerwall") == OLD


async def test_newer_major_version_is_refused(hass: HomeAssistant) -> None:
    entry = await migrated(hass, home(OLD, version=2, minor_version=1))
    assert entry.state is ConfigEntryState.MIGRATION_ERROR
    assert only(entry, "powerwall") == OLD
