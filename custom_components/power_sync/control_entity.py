"""What the entities that show or change PowerSync's control have in common."""

from datetime import datetime
from typing import override

from homeassistant.core import callback
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.event import async_track_utc_time_change

from .actions.outcome import outcomes
from .coordinator.powerwall import SiteCoordinator
from .core.model.decisions import Lever, LeverValue
from .core.model.lever_values import lever_value
from .entity import PowerwallEntity
from .runtime import Powerwall


class ControlEntity(PowerwallEntity[SiteCoordinator]):
    """An entity about what the controller does, which is there even offline."""

    def __init__(self, powerwall: Powerwall, description: EntityDescription) -> None:
        """Follow the controller of ``powerwall``."""
        super().__init__(powerwall, powerwall.site, description)
        self.controller = powerwall.controller

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to decisions, and look again every minute.

        Much of it ends at a certain time, and an end need not be a decision.
        """
        await super().async_added_to_hass()
        self.async_on_remove(
            self.controller.log.async_add_listener(self.async_write_ha_state)
        )
        self.async_on_remove(
            async_track_utc_time_change(self.hass, self._on_minute, second=0)
        )

    @property
    @override
    def available(self) -> bool:
        """Return True: what we do is known whatever the service says."""
        return True

    @callback
    def _on_minute(self, _: datetime) -> None:
        """Show what is so now."""
        self.async_write_ha_state()


class LeverEntity(PowerwallEntity[SiteCoordinator]):
    """One of the owner's settings, as the Powerwall has it, and a way to change it."""

    lever: Lever

    def __init__(
        self, powerwall: Powerwall, lever: Lever, description: EntityDescription
    ) -> None:
        """Show and change ``lever``."""
        super().__init__(powerwall, powerwall.site, description)
        self.lever = lever

    @property
    def setting(self) -> LeverValue | None:
        """Return what the Powerwall shows; None where it has no such setting."""
        site = self.coordinator.known
        return lever_value(site, self.lever) if site else None

    @property
    @override
    def available(self) -> bool:
        """Return whether the Powerwall answers and has such a setting.

        Every one has a mode, if perhaps one that we have no name for.
        """
        return super().available and (
            self.setting is not None or self.lever is Lever.OPERATION_MODE
        )

    async def change(self, value: LeverValue) -> None:
        """Make ``value`` the owner's own; raises HomeAssistantError if it is not taken."""
        record = await self.powerwall.controller.set_lever(self.lever, value)
        outcomes({self.lever: record}, [self.lever])
        self.async_write_ha_state()
