"""A sensor of the wholesale price that the response to spikes goes by."""

from typing import Any, override

from homeassistant.components.sensor import (
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import UnitOfEnergy

from ..coordinator.market import MarketCoordinator
from ..entity import PowerwallEntity
from ..runtime import Powerwall


def per_mwh(price: float) -> float:
    """Return a price per kWh in the market's own unit."""
    return round(price * 1000, 2)


class MarketPriceSensor(PowerwallEntity[MarketCoordinator], SensorEntity):
    """What the newest interval costs, in the unit that the threshold has."""

    def __init__(self, powerwall: Powerwall, market: MarketCoordinator) -> None:
        """Use the home's currency."""
        super().__init__(
            powerwall,
            market,
            SensorEntityDescription(
                # Not "wholesale_price": the price source may have one of its own.
                key="market_price",
                translation_key="market_price",
                native_unit_of_measurement=(
                    f"{market.hass.config.currency}/{UnitOfEnergy.MEGA_WATT_HOUR}"
                ),
                state_class=SensorStateClass.MEASUREMENT,
                suggested_display_precision=2,
            ),
        )

    @property
    @override
    def native_value(self) -> float:
        """Return the price."""
        return per_mwh(self.coordinator.data.price)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return which interval it is the price of."""
        market = self.coordinator.data
        return {"start": market.start.isoformat(), "end": market.end.isoformat()}
