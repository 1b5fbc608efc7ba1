"""Switches: what PowerSync may do on its own, and what the Powerwall may do."""

from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .control_entity import ControlEntity, LeverEntity
from .core.model.decisions import Lever
from .core.model.switches import Switch
from .runtime import PowerSyncConfigEntry

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class FeatureDescription(SwitchEntityDescription):
    """A switch and the feature that it lets PowerSync use."""

    feature: Switch


def _feature(
    feature: Switch, key: str, category: EntityCategory | None = None
) -> FeatureDescription:
    """Describe the switch of a feature."""
    return FeatureDescription(
        key=key, translation_key=key, feature=feature, entity_category=category
    )


FEATURES = (
    _feature(Switch.AUTO_SYNC, "auto_sync_tou_schedule"),
    _feature(Switch.SPIKE_PROTECTION, "spike_protection"),
    _feature(Switch.EXPORT_BOOST, "export_boost"),
    _feature(Switch.SPIKE_RESPONSE, "spike_response"),
    _feature(Switch.CURTAILMENT, "solar_curtailment"),
    _feature(Switch.REAPPLY_EXPORT_RULE, "reapply_export_rule", EntityCategory.CONFIG),
    _feature(Switch.REPLAN, "force_mode_toggle", EntityCategory.CONFIG),
)
NEED_THE_MARKET = frozenset({Switch.SPIKE_RESPONSE})
"""Features that have nothing to go by where no region of the market is chosen."""
LEVERS = (Lever.GRID_CHARGING, Lever.STORM_WATCH)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PowerSyncConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches of the home's Powerwall."""
    if (powerwall := entry.runtime_data.powerwall) is not None:
        async_add_entities(
            [
                *(
                    FeatureSwitch(powerwall, description)
                    for description in FEATURES
                    if powerwall.market is not None
                    or description.feature not in NEED_THE_MARKET
                ),
                *(
                    LeverSwitch(
                        powerwall,
                        lever,
                        SwitchEntityDescription(
                            key=lever.value, translation_key=lever.value
                        ),
                    )
                    for lever in LEVERS
                ),
            ],
            config_subentry_id=powerwall.subentry_id,
        )


class FeatureSwitch(ControlEntity, SwitchEntity):
    """Whether PowerSync may use a feature; turned off, it takes back what it did."""

    entity_description: FeatureDescription

    @property
    @override
    def is_on(self) -> bool:
        """Return whether it may."""
        return self.controller.is_on(self.entity_description.feature)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Use the feature from now on."""
        await self._turn(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Do without the feature from now on."""
        await self._turn(False)

    async def _turn(self, on: bool) -> None:
        """Keep the user's choice."""
        await self.controller.turn(self.entity_description.feature, on)
        self.async_write_ha_state()


class LeverSwitch(LeverEntity, SwitchEntity):
    """A setting of the Powerwall that is on or off."""

    @property
    @override
    def is_on(self) -> bool:
        """Return how it is set."""
        return self.setting is True

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Set it to on."""
        await self.change(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Set it to off."""
        await self.change(False)
