"""What every coordinator of this integration does the same way."""

from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from ..clients.errors import AuthError, ClientError, RateLimitedError
from ..const import CONF_SUBENTRY_ID, LOGGER
from .errors import update_failed


class ServiceCoordinator[DataT](DataUpdateCoordinator[DataT]):
    """Fetch from one service with the credentials of one subentry.

    A refused login starts the re-authentication of that subentry and leaves
    the others working.
    """

    config_entry: ConfigEntry[Any]

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry[Any],
        *,
        subentry_id: str,
        service: str,
        name: str,
        update_interval: timedelta | None,
    ) -> None:
        """Remember which service and which subentry this is about."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=name,
            update_interval=update_interval,
            always_update=False,
        )
        self.service = service
        self.subentry_id = subentry_id
        self.last_success_at: datetime | None = None
        self.not_before: datetime | None = None

    @property
    def known(self) -> DataT | None:
        """Return the newest data, None if there never were any."""
        return self.data

    async def fetch[ResultT](self, request: Awaitable[ResultT]) -> ResultT:
        """Return a client's answer; raises UpdateFailed for any of its errors."""
        try:
            result = await request
        except ClientError as error:
            if isinstance(error, AuthError):
                self.start_reauth()
            if isinstance(error, RateLimitedError) and error.retry_after:
                self.not_before = dt_util.utcnow() + error.retry_after
            raise update_failed(error, self.service) from error
        self.last_success_at = dt_util.utcnow()
        self.not_before = None
        return result

    async def refresh_now(self) -> None:
        """Fetch out of turn, unless the service has asked to wait."""
        if self.not_before is None or self.not_before <= dt_util.utcnow():
            await self.async_refresh()

    @callback
    def start_reauth(self) -> None:
        """Ask the user for new credentials, once; for a removed home there are none."""
        if self.hass.config_entries.async_get_entry(self.config_entry.entry_id) is None:
            return
        self.config_entry.async_start_reauth(
            self.hass, data={CONF_SUBENTRY_ID: self.subentry_id}
        )
