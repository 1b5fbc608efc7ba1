"""A sensor that tells by which way the Powerwall is reached."""

from typing import Any, override

from homeassistant.components.sensor import SensorEntity, SensorEntityDescription
from homeassistant.const import EntityCategory

from ..control_entity import ControlEntity
from ..runtime import Powerwall
from ..stored.ways import names_of, ways_from_stored


class WayInSensor(ControlEntity, SensorEntity):
    """The way in use, and what is wrong with the others.

    A way is a service that has a name of its own, so that there is nothing to
    translate.
    """

    def __init__(self, powerwall: Powerwall) -> None:
        """Describe the sensor."""
        super().__init__(
            powerwall,
            SensorEntityDescription(
                key="way_in",
                translation_key="way_in",
                entity_category=EntityCategory.DIAGNOSTIC,
            ),
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Look again whenever the Powerwall was asked, by whichever way."""
        await super().async_added_to_hass()
        for coordinator in (self.powerwall.live, self.powerwall.energy):
            self.async_on_remove(
                coordinator.async_add_listener(self.async_write_ha_state)
            )

    @property
    @override
    def native_value(self) -> str:
        """Return the name of the way in use."""
        return self.powerwall.client.current

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return the ways, best first, and the failure of each that has not worked since."""
        client, data = self.powerwall.client, self.powerwall.subentry.data
        return {
            "ways": list(names_of(ways_from_stored(data))),
            "failures": {name: str(error) for name, error in client.failures.items()},
        }
