"""Event entities: decisions with their reasons, and prices worth a notice."""

from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .control.log import REPEATS, describe
from .coordinator.alerts import PriceAlerts
from .coordinator.powerwall import SiteCoordinator
from .core.model.alerts import AlertEvent, AlertKind
from .core.model.decisions import Action, Record
from .entity import PowerwallEntity, PriceSourceEntity
from .runtime import PowerSyncConfigEntry, Powerwall

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: PowerSyncConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the event entities of the home's price source and Powerwall."""
    if (alerts := entry.runtime_data.alerts) is not None:
        async_add_entities(
            [PriceAlertEvent(alerts)], config_subentry_id=alerts.prices.subentry_id
        )
    if (powerwall := entry.runtime_data.powerwall) is not None:
        async_add_entities(
            [DecisionEvent(powerwall)], config_subentry_id=powerwall.subentry_id
        )


class DecisionEvent(PowerwallEntity[SiteCoordinator], EventEntity):
    """The last decision: what was done, why, and with which prices."""

    _unrecorded_attributes = frozenset({"slots"})

    def __init__(self, powerwall: Powerwall) -> None:
        """Describe the entity."""
        self._attr_event_types = [
            action.value for action in Action if action not in REPEATS
        ]
        super().__init__(
            powerwall,
            powerwall.site,
            EventEntityDescription(key="decision", translation_key="decision"),
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to decisions; those from before are not repeated."""
        await super().async_added_to_hass()
        self.powerwall.controller.log.entity_id = self.entity_id
        self.async_on_remove(
            self.powerwall.controller.log.async_add_news_listener(self._on_news)
        )

    @property
    @override
    def available(self) -> bool:
        """Return True: a decision is a fact whatever the service says."""
        return True

    @callback
    def _on_news(self, record: Record) -> None:
        """Tell a decision."""
        self._trigger_event(record.action.value, describe(record))
        self.async_write_ha_state()


class PriceAlertEvent(PriceSourceEntity, EventEntity):
    """The last piece of news about the price."""

    def __init__(self, alerts: PriceAlerts) -> None:
        """Describe the entity."""
        self._attr_event_types = [kind.value for kind in AlertKind]
        super().__init__(
            alerts.prices,
            EventEntityDescription(key="price_alert", translation_key="price_alert"),
        )
        self._alerts = alerts

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to alerts; those from before are not repeated."""
        await super().async_added_to_hass()
        self.async_on_remove(self._alerts.async_add_listener(self._on_alert))

    @property
    @override
    def available(self) -> bool:
        """Return True: what happened is a fact whatever the service says."""
        return True

    @callback
    def _on_alert(self, alert: AlertEvent) -> None:
        """Tell an alert."""
        self._trigger_event(
            alert.kind.value, {"price": alert.price, "limit": alert.limit}
        )
        self.async_write_ha_state()
