"""Sensors about what PowerSync does: the tariff, and what became of it."""

from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.core import callback
from homeassistant.helpers.event import async_track_utc_time_change
from homeassistant.util import dt as dt_util

from ..control.log import describe, slot_start
from ..control.tariff_view import TodaysTariff, todays_tariff
from ..control_entity import ControlEntity
from ..coordinator.powerwall import SiteCoordinator
from ..core.model.decisions import Action, Lever
from ..entity import PowerwallEntity, price_unit
from ..runtime import Powerwall


class LastSyncSensor(ControlEntity, SensorEntity):
    """When the Powerwall was last seen to have taken a tariff."""

    def __init__(self, powerwall: Powerwall) -> None:
        """Describe the sensor."""
        super().__init__(
            powerwall,
            SensorEntityDescription(
                key="last_sync",
                translation_key="last_sync",
                device_class=SensorDeviceClass.TIMESTAMP,
            ),
        )

    @property
    @override
    def native_value(self) -> datetime | None:
        """Return the moment."""
        return self.controller.last_sync_at


class SyncResultSensor(ControlEntity, SensorEntity):
    """What became of the last attempt to keep the tariff right, and why."""

    _unrecorded_attributes = frozenset({"slots"})

    def __init__(self, powerwall: Powerwall) -> None:
        """Describe the sensor."""
        super().__init__(
            powerwall,
            SensorEntityDescription(
                key="last_sync_result",
                translation_key="last_sync_result",
                device_class=SensorDeviceClass.ENUM,
                options=[action.value for action in Action],
            ),
        )

    @property
    @override
    def native_value(self) -> str | None:
        """Return the outcome."""
        record = self.controller.log.latest.get(Lever.TARIFF)
        return record.action.value if record else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return everything that explains the outcome."""
        record = self.controller.log.latest.get(Lever.TARIFF)
        return describe(record) if record else None


class TariffSensor(PowerwallEntity[SiteCoordinator], SensorEntity):
    """The tariff on the Powerwall: the running buy price and the whole day."""

    _unrecorded_attributes = frozenset({"schedule"})

    def __init__(self, powerwall: Powerwall) -> None:
        """Describe the sensor; its unit is the home's currency."""
        super().__init__(
            powerwall,
            powerwall.site,
            SensorEntityDescription(
                key="tariff_schedule",
                translation_key="tariff_schedule",
                native_unit_of_measurement=price_unit(powerwall.site.hass),
                suggested_display_precision=4,
            ),
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Go on to the next half hour, although the tariff stays as it is."""
        await super().async_added_to_hass()
        self.async_on_remove(
            async_track_utc_time_change(
                # Some places are a quarter of an hour off.
                self.hass,
                self._on_quarter_hour,
                minute=(0, 15, 30, 45),
                second=0,
            )
        )

    @callback
    def _on_quarter_hour(self, _: datetime) -> None:
        """Show what is running now."""
        self.async_write_ha_state()

    @property
    @override
    def native_value(self) -> float | None:
        """Return the buy price of the running half hour."""
        today = self._today
        return None if today is None else today.buy[today.running]

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return today's half hours as the Powerwall has them."""
        tariff, today = self.coordinator.data.tariff, self._today
        if tariff is None or today is None:
            return None
        return {
            "name": tariff.buy.name,
            "utility": tariff.buy.utility,
            "running": today.running,
            "schedule": [
                {"start": slot_start(slot), "buy": buy, "sell": sell}
                for slot, (buy, sell) in enumerate(
                    zip(today.buy, today.sell, strict=True)
                )
            ],
        }

    @property
    def _today(self) -> TodaysTariff | None:
        """Return what the stored tariff says about today, if there is one."""
        tariff = self.coordinator.data.tariff
        if tariff is None:
            return None
        return todays_tariff(tariff, self.powerwall.controller.zone, dt_util.utcnow())
