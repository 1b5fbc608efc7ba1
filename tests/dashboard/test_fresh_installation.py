"""The YAML dashboard is for the entity ids that a fresh installation really has."""

from typing import Any

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest

# Before the first hass: the test plugin has a package of the same name.
import custom_components.power_sync  # noqa: F401
from custom_components.power_sync.const import DOMAIN
from harness.dashboard import (
    DISABLED_KEYS,
    OTHER_KEYS,
    PRICE_DEVICE,
    PRICE_KEYS,
    all_entity_ids,
    entity_ids,
)


@pytest.fixture(autouse=True)
def _custom_integrations(
    enable_custom_integrations: None, socket_enabled: None
) -> None:
    """Load this integration, and let it talk to services on this machine."""


async def test_entity_ids_of_a_fresh_installation(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    flows = hass.config_entries.flow
    form = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    form = await flows.async_configure(form["flow_id"], {"next_step_id": "simulated"})
    result = await flows.async_configure(form["flow_id"], {"seed": 1})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    entry = result["result"]
    try:
        entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        found = {entity.translation_key: entity.entity_id for entity in entities}
        disabled = {entity.translation_key for entity in entities if entity.disabled_by}
        assert disabled == DISABLED_KEYS
        assert {
            key: entity_id for key, entity_id in found.items() if key not in disabled
        } == entity_ids()
        assert found.keys() == all_entity_ids().keys() - OTHER_KEYS
        prices = {
            key
            for key, entity_id in found.items()
            if entity_id.partition(".")[2].startswith(
                PRICE_DEVICE.lower().replace(" ", "_")
            )
        }
        assert prices == PRICE_KEYS - OTHER_KEYS
    finally:
        await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_block_till_done()
