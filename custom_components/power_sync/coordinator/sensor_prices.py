"""Prices from entities that other integrations keep."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import override

from homeassistant.core import HomeAssistant

from ..clients.errors import UnavailableError
from ..clients.forecast_attributes import parse_sensor
from ..clients.price_units import PriceUnit
from ..clients.protocols import PriceSource, Reach
from ..core.model.prices import Channel, PriceSeries


class SensorPrices(PriceSource):
    """The prices in the attributes of one entity per channel."""

    def __init__(
        self,
        hass: HomeAssistant,
        entities: Mapping[Channel, str],
        *,
        unit: PriceUnit | None,
        interval: timedelta | None,
        zone: tzinfo,
    ) -> None:
        """Keep which entities to read; import must be among them.

        ``unit`` and ``interval`` are the user's word where the entities say nothing,
        ``zone`` is where times without an offset belong.
        """
        self._hass = hass
        self._entities = entities
        self._unit = unit
        self._interval = interval
        self._zone = zone

    @property
    @override
    def reach(self) -> Reach | None:
        """Return None: an entity knows its own day."""
        return None

    @override
    async def fetch_prices(self, now: datetime) -> PriceSeries:
        """Return what the entities say at this moment."""
        series = self._read(Channel.IMPORT, now)
        if Channel.EXPORT in self._entities:
            series = replace(series, exports=self._read(Channel.EXPORT, now).exports)
        return series

    @override
    async def fetch_history(
        self, start: datetime, end: datetime, now: datetime
    ) -> PriceSeries:
        """Return nothing."""
        return PriceSeries(fetched_at=now, imports=())

    def _read(self, channel: Channel, now: datetime) -> PriceSeries:
        """Return one channel's prices; raises one of ``clients.errors``."""
        state = self._hass.states.get(self._entities[channel])
        if state is None:
            raise UnavailableError(f"there is no entity {self._entities[channel]}")
        return parse_sensor(
            state.state,
            state.attributes.get("unit_of_measurement"),
            state.attributes,
            unit_choice=self._unit,
            interval=self._interval,
            zone=self._zone,
            now=now,
            channel=channel,
        )
