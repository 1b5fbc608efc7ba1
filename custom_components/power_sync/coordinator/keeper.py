"""Keep a value on disk that helps but is not owed to anybody."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from ..const import DOMAIN, LOGGER

VERSION = 1

PRICES = "prices"
ALERTS = "alerts"
DEMAND = "demand"
DECISIONS = "decisions"


class Keeper[ValueT]:
    """One value, in memory and in a file of its own.

    What is owed to the owner is not kept here but in the controller's journal.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        kind: str,
        subentry_id: str,
        *,
        empty: ValueT,
        encode: Callable[[ValueT], dict[str, Any]],
        decode: Callable[[dict[str, Any]], ValueT],
        save_every: timedelta,
    ) -> None:
        """Use a subentry's file of a kind; ``decode`` raises ValueError for damage."""
        self.value = empty
        self._kind = kind
        self._encode = encode
        self._decode = decode
        self._save_every = save_every
        self._store = _file(hass, kind, subentry_id)
        self._written_at: datetime | None = None

    async def load(self) -> None:
        """Read the value; a damaged one is dropped, and that is said."""
        if (stored := await self._store.async_load()) is None:
            return
        try:
            if not isinstance(stored, dict):
                raise ValueError("not an object")  # noqa: TRY004, TRY301
            self.value = self._decode(stored)
        except ValueError as error:
            LOGGER.warning(
                "Stored %s are damaged, starting afresh: %s", self._kind, error
            )

    async def save(self) -> None:
        """Write the value now."""
        await self._store.async_save(self._encode(self.value))

    async def save_sometimes(self, now: datetime) -> bool:
        """Write the value, unless that was done a while ago; return whether it was.

        There is no delayed write, because one that comes after an unload would
        undo what has been written since.
        """
        if self._written_at is None or now - self._written_at >= self._save_every:
            self._written_at = now
            await self.save()
            return True
        return False


async def remove_kept(hass: HomeAssistant, subentry_id: str) -> None:
    """Delete everything that was kept for a subentry that is gone."""
    for kind in (PRICES, ALERTS, DEMAND, DECISIONS):
        await _file(hass, kind, subentry_id).async_remove()


def _file(hass: HomeAssistant, kind: str, subentry_id: str) -> Store[dict[str, Any]]:
    """Return the file of a kind; ids of subentries are unique everywhere."""
    return Store(hass, VERSION, f"{DOMAIN}.{kind}.{subentry_id}", atomic_writes=True)
