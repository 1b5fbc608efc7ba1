"""Keep on disk what must survive a crash: what is owed to the owner, and why."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, override

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store

from ..const import DOMAIN, LOGGER
from ..core.standing import Standing
from ..stored.standing import (
    VERSION,
    migrate_standing,
    standing_from_stored,
    standing_to_stored,
)
from .issues import report_state_lost

SAVE_EVERY = timedelta(minutes=5)
"""How often that is written which a crash may lose."""
DAMAGED = (AttributeError, KeyError, TypeError, ValueError)
"""What reading a damaged file raises."""


class StandingStore(Store[dict[str, Any]]):
    """The file of one home.

    Home Assistant's own only logs that it could not write, and returns.
    """

    failed = False
    """Whether the last write came to nothing."""

    @override
    async def _async_write_data(self, data: dict[str, Any]) -> None:
        """Write, and remember whether it could be done."""
        self.failed = True
        await super()._async_write_data(data)
        self.failed = False

    @override
    async def _async_migrate_func(
        self,
        old_major_version: int,
        old_minor_version: int,
        old_data: dict[str, Any],
    ) -> dict[str, Any]:
        """Return what an older version has written in today's form."""
        return migrate_standing(old_major_version, old_data)


class StateStore:
    """The state of one home, in memory and on disk."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Use the entry's own file."""
        self._hass = hass
        self._entry_id = entry_id
        self._store = StandingStore(
            hass,
            VERSION,
            f"{DOMAIN}.{entry_id}",
            private=True,
            atomic_writes=True,
        )
        self.standing = Standing()
        self._written = self.standing
        self._written_at: datetime | None = None

    async def load(self) -> None:
        """Read the state; a home that never had one starts afresh.

        So does one whose file is damaged: to control the Powerwall without knowing
        what its owner had is better than to leave it on a tariff of old prices. The
        user is told.
        """
        try:
            if (stored := await self._store.async_load()) is not None:
                self.standing = self._written = standing_from_stored(stored)
        except DAMAGED as error:
            LOGGER.error("The stored state is damaged: %r", error)
            report_state_lost(self._hass, self._entry_id)

    async def put(self, standing: Standing) -> None:
        """Change the state; when this returns it is on disk.

        Raises HomeAssistantError if it could not be written: then nothing must be done
        about it, because nobody would know what to put back.
        """
        before, self.standing = self.standing, standing
        try:
            await self.flush()
        except HomeAssistantError:
            if self.standing is standing:
                self.standing = before
            raise

    async def put_sometimes(self, standing: Standing, now: datetime) -> None:
        """Change the state, and write it unless that was done a moment ago.

        Only for what a crash may lose. There is no delayed write, because one that
        comes after an unload would undo what has been written since.
        """
        self.standing = standing
        if self._written_at is None or now - self._written_at >= SAVE_EVERY:
            self._written_at = now
            # Home Assistant has told why, and the next one may be.
            with suppress(HomeAssistantError):
                await self.flush()

    async def flush(self) -> None:
        """Write what has only been changed in memory so far."""
        if self.standing != self._written:
            # Taken down first: what is changed during the write is not in it.
            standing = self.standing
            await self._store.async_save(standing_to_stored(standing))
            if self._store.failed:
                raise HomeAssistantError(
                    translation_domain=DOMAIN, translation_key="state_not_written"
                )
            self._written = standing

    async def remove(self) -> None:
        """Delete the file."""
        await self._store.async_remove()
