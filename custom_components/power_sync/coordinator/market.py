"""Fetch the wholesale price that the response to spikes goes by."""

from datetime import datetime, timedelta
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..clients.errors import UnavailableError
from ..clients.protocols import PriceSource
from ..core.model.market import MarketPrice
from ..core.model.prices import PriceKind, PriceSeries
from .base import ServiceCoordinator
from .errors import update_failed

SERVICE = "AEMO"
LOOK_EVERY = timedelta(minutes=1)
PUBLISHED_WITHIN = timedelta(seconds=40)
"""AEMO publishes the price of an interval 20 to 40 s after its beginning."""


class MarketCoordinator(ServiceCoordinator[MarketPrice]):
    """Keep the price of the running dispatch interval of one region.

    Asked once a minute until that price is there, then not before the next interval's
    can be. While it is not known, ``data`` is the newest one that is.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        source: PriceSource,
        *,
        subentry_id: str,
    ) -> None:
        """Poll ``source``, which gives wholesale prices and knows no accounts.

        ``subentry_id`` is the Powerwall that is to respond.
        """
        super().__init__(
            hass,
            entry,
            subentry_id=subentry_id,
            service=SERVICE,
            name=f"{SERVICE} market price",
            update_interval=LOOK_EVERY,
        )
        self._source = source

    @override
    async def _async_update_data(self) -> MarketPrice:
        """Fetch the prices and plan the next look."""
        self.update_interval = LOOK_EVERY
        now = dt_util.utcnow()
        series = await self.fetch(self._source.fetch_prices(now))
        market = _newest(series, now)
        if market is None:
            error = UnavailableError("there is no price of an interval that has begun")
            raise update_failed(error, self.service)
        now = dt_util.utcnow()
        if now < market.end:
            self.update_interval = market.end + PUBLISHED_WITHIN - now
        return market


def _newest(series: PriceSeries, now: datetime) -> MarketPrice | None:
    """Return the newest interval whose price is no forecast."""
    known = [
        point
        for point in series.imports
        if point.kind is not PriceKind.FORECAST and point.start <= now
    ]
    if not known:
        return None
    point = max(known, key=lambda point: point.start)
    price = point.price if point.spot is None else point.spot
    return MarketPrice(start=point.start, end=point.end, price=price)
