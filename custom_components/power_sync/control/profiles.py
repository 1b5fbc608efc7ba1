"""Tariffs that the user has saved under names, and two that save themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.storage import Store

from ..const import DOMAIN, LOGGER
from ..core.model.tariff_document import read_tariff, write_tariff
from ..core.model.tesla_tariff import TeslaTariff

VERSION = 1
BEFORE_POWERSYNC = "before PowerSync"
"""What the owner had when PowerSync first sent a tariff of its own."""
BEFORE_SPIKE = "before spike"
"""What the Powerwall had when the wholesale price became extreme."""
AUTOMATIC = (BEFORE_POWERSYNC, BEFORE_SPIKE)
LONGEST_NAME = 50
MOST = 50
"""Profiles that a user may have; each of them is a few dozen kilobytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A saved tariff; ``automatic`` ones replace themselves."""

    name: str
    tariff: TeslaTariff
    saved_at: datetime
    automatic: bool = False


class Profiles:
    """The saved tariffs of one home, in memory and in a file of their own."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Use the entry's own file."""
        self._store = Store[dict[str, Any]](
            hass,
            VERSION,
            f"{DOMAIN}.profiles.{entry_id}",
            private=True,
            atomic_writes=True,
        )
        self._profiles: dict[str, Profile] = {}
        self._damaged: dict[str, Any] = {}

    async def load(self) -> None:
        """Read the file; a damaged profile is left out, named, and kept on disk."""
        stored = await self._store.async_load()
        profiles = stored.get("profiles") if isinstance(stored, dict) else None
        if stored is not None and not isinstance(profiles, dict):
            LOGGER.error("The saved tariff profiles are damaged, starting without")
        if not isinstance(profiles, dict):
            return
        for name, data in profiles.items():
            try:
                self._profiles[name] = _from_stored(name, data)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                LOGGER.error("The tariff profile %s is damaged: %r", name, error)
                self._damaged[name] = data

    @property
    def all(self) -> Mapping[str, Profile]:
        """Return the profiles by name, the oldest first."""
        return MappingProxyType(self._profiles)

    def get(self, name: str) -> Profile:
        """Return a profile; raises ServiceValidationError if there is none."""
        try:
            return self._profiles[name.strip()]
        except KeyError:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="unknown_profile",
                translation_placeholders={
                    "name": name,
                    "names": ", ".join(self._profiles) or "-",
                },
            ) from None

    async def save(
        self, name: str, tariff: TeslaTariff, now: datetime, *, replace: bool = False
    ) -> Profile:
        """Save a tariff under a name that the user has chosen; return the profile.

        Raises ServiceValidationError for a name that cannot be, for one that is taken
        unless it is to be replaced, and for one profile too many.
        """
        name = self.check_name(name, replace=replace)
        profile = Profile(name=name, tariff=tariff, saved_at=now)
        await self._put(profile)
        return profile

    async def keep(self, name: str, tariff: TeslaTariff, now: datetime) -> None:
        """Save a tariff under one of the automatic names, in place of the last one."""
        await self._put(Profile(name=name, tariff=tariff, saved_at=now, automatic=True))

    async def delete(self, name: str) -> Profile:
        """Delete a profile and return it.

        Raises ServiceValidationError if there is none.
        """
        profile = self.get(name)
        del self._profiles[profile.name]
        await self._write()
        return profile

    async def remove(self) -> None:
        """Delete the file."""
        await self._store.async_remove()

    def check_name(self, name: str, *, replace: bool) -> str:
        """Return a name as it is kept, without spaces around it.

        Names that differ only in capitals would be mistaken for each other. Raises
        ServiceValidationError as ``save`` does.
        """
        name = name.strip()
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="bad_profile_name",
                translation_placeholders={"most": str(LONGEST_NAME)},
            )
        known = {taken.casefold(): taken for taken in (*self._profiles, *self._damaged)}
        if name.casefold() in {automatic.casefold() for automatic in AUTOMATIC}:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="automatic_profile_name",
                translation_placeholders={"name": name},
            )
        taken = known.get(name.casefold())
        if taken is not None and not (replace and taken == name):
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="profile_exists",
                translation_placeholders={"name": taken},
            )
        if taken is None and len(known) >= MOST + len(AUTOMATIC):
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="too_many_profiles",
                translation_placeholders={"most": str(MOST)},
            )
        return name

    async def _put(self, profile: Profile) -> None:
        """Keep a profile as the newest."""
        self._profiles.pop(profile.name, None)
        self._damaged.pop(profile.name, None)
        self._profiles[profile.name] = profile
        await self._write()

    async def _write(self) -> None:
        """Write the file; when this returns it is on disk."""
        await self._store.async_save(
            {
                "profiles": {
                    **self._damaged,
                    **{
                        name: _to_stored(profile)
                        for name, profile in self._profiles.items()
                    },
                }
            }
        )


def _to_stored(profile: Profile) -> dict[str, Any]:
    """Return a profile as JSON."""
    return {
        "tariff": write_tariff(profile.tariff),
        "saved_at": profile.saved_at.isoformat(),
        "automatic": profile.automatic,
    }


def _from_stored(name: str, data: dict[str, Any]) -> Profile:
    """Return the profile that JSON of our own version describes."""
    automatic = data["automatic"]
    if not isinstance(automatic, bool):
        raise TypeError("automatic is neither true nor false")
    return Profile(
        name=name,
        tariff=read_tariff(data["tariff"]),
        saved_at=datetime.fromisoformat(data["saved_at"]).astimezone(UTC),
        automatic=automatic,
    )
