"""Buttons: fetch everything, send the tariff now, take the battery in hand or let go."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .actions import push_tariff, refresh, restore, start_force
from .coordinator.powerwall import SiteCoordinator
from .core.model.force import Direction
from .entity import PowerwallEntity
from .runtime import Home, PowerSyncConfigEntry, Powerwall
from .select import chosen_minutes

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class ActionDescription(ButtonEntityDescription):
    """A button and what it does, for the minutes that are chosen if that matters."""

    press_fn: Callable[[Home, int], Awaitable[dict[str, Any]]]


BUTTONS = (
    ActionDescription(
        key="sync_now",
        translation_key="sync_now",
        press_fn=lambda home, _: refresh(home),
    ),
    ActionDescription(
        key="push_tariff",
        translation_key="push_tariff",
        press_fn=lambda home, _: push_tariff(home),
    ),
    ActionDescription(
        key="force_charge",
        translation_key="force_charge",
        press_fn=lambda home, minutes: start_force(home, Direction.CHARGE, minutes),
    ),
    ActionDescription(
        key="force_discharge",
        translation_key="force_discharge",
        press_fn=lambda home, minutes: start_force(home, Direction.DISCHARGE, minutes),
    ),
    ActionDescription(
        key="restore",
        translation_key="restore",
        press_fn=lambda home, _: restore(home),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PowerSyncConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the buttons of the home's Powerwall."""
    home = entry.runtime_data
    if (powerwall := home.powerwall) is not None:
        async_add_entities(
            [ActionButton(home, powerwall, description) for description in BUTTONS],
            config_subentry_id=powerwall.subentry_id,
        )


class ActionButton(PowerwallEntity[SiteCoordinator], ButtonEntity):
    """Do one thing now."""

    entity_description: ActionDescription

    def __init__(
        self, home: Home, powerwall: Powerwall, description: ActionDescription
    ) -> None:
        """Act on the whole home."""
        super().__init__(powerwall, powerwall.site, description)
        self._home = home

    @property
    @override
    def available(self) -> bool:
        """Return True: pressing it is how one tries again."""
        return True

    @override
    async def async_press(self) -> None:
        """Do it; raises what went wrong, so that the user sees it."""
        minutes = chosen_minutes(self.hass, self.powerwall)
        await self.entity_description.press_fn(self._home, minutes)
