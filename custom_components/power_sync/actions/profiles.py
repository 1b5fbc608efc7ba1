"""Save the Powerwall's tariff, and put a saved one back."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..control.profiles import Profile
from ..core.model.switches import Switch
from ..runtime import Home
from ..stored.profile_text import (
    ProfileTextError,
    read_profile_text,
    write_profile_text,
)
from .outcome import outcome, powerwall_of


async def save_profile(home: Home, name: str, *, replace: bool) -> dict[str, Any]:
    """Save the tariff that the Powerwall has now; return what was saved.

    Raises ServiceValidationError for a name that cannot be and for a Powerwall without
    a tariff, and HomeAssistantError if it cannot be read.
    """
    powerwall = powerwall_of(home)
    profiles = powerwall.controller.profiles
    profiles.check_name(name, replace=replace)
    await powerwall.site.refresh_now()
    if not powerwall.site.last_update_success:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="refresh_failed",
            translation_placeholders={"services": powerwall.site.service},
        )
    if (tariff := powerwall.site.data.tariff) is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_tariff"
        )
    return _describe(
        await profiles.save(name, tariff, dt_util.utcnow(), replace=replace)
    )


async def list_profiles(home: Home) -> dict[str, Any]:
    """Return all saved tariffs, the oldest first."""
    profiles = powerwall_of(home).controller.profiles
    return {"profiles": [_describe(profile) for profile in profiles.all.values()]}


async def restore_profile(home: Home, name: str) -> dict[str, Any]:
    """Send a saved tariff as the owner's own; return what was done.

    Raises ServiceValidationError if there is none of that name or the next price would
    replace it, and HomeAssistantError if it could not be sent.
    """
    controller = powerwall_of(home).controller
    profile = controller.profiles.get(name)
    if home.prices is not None and controller.is_on(Switch.AUTO_SYNC):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="sync_replaces_profile",
            translation_placeholders={"name": profile.name},
        )
    record = await controller.send_tariff(profile.tariff)
    return {"profile": _describe(profile)} | outcome(record)


async def delete_profile(home: Home, name: str) -> dict[str, Any]:
    """Delete a saved tariff; return which one that was.

    Raises ServiceValidationError if there is none of that name.
    """
    return _describe(await powerwall_of(home).controller.profiles.delete(name))


async def export_profile(home: Home, name: str) -> dict[str, Any]:
    """Return a saved tariff with its text to keep elsewhere.

    Raises ServiceValidationError if there is none of that name.
    """
    profile = powerwall_of(home).controller.profiles.get(name)
    return _describe(profile) | {"yaml": write_profile_text(profile.tariff)}


async def import_profile(
    hass: HomeAssistant, home: Home, name: str, text: str, *, replace: bool
) -> dict[str, Any]:
    """Save the tariff of an exported text; return what was saved.

    Raises ServiceValidationError for a name that cannot be, and for a text that is no
    profile, with what is wrong with it.
    """
    profiles = powerwall_of(home).controller.profiles
    profiles.check_name(name, replace=replace)
    try:
        tariff = await hass.async_add_executor_job(read_profile_text, text)
    except ProfileTextError as error:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="bad_profile_text",
            translation_placeholders={"problem": str(error)},
        ) from None
    return _describe(
        await profiles.save(name, tariff, dt_util.utcnow(), replace=replace)
    )


def _describe(profile: Profile) -> dict[str, Any]:
    """Return a profile as people see it in a list."""
    return {
        "name": profile.name,
        "saved_at": profile.saved_at.isoformat(),
        "automatic": profile.automatic,
        "tariff": profile.tariff.buy.name,
        "utility": profile.tariff.buy.utility,
    }
