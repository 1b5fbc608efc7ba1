"""Reload a home when what it is made of changes, and only then."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from .runtime import PowerSyncConfigEntry


@callback
def reload_on_change(entry: PowerSyncConfigEntry) -> None:
    """Schedule a reload whenever subentries or options have changed.

    Adding or removing a subentry does not reload by itself, and every update of
    an entry calls its listeners, so what matters is compared with what was.
    """
    seen = _shape(entry)

    async def changed(hass: HomeAssistant, entry: ConfigEntry) -> None:
        nonlocal seen
        if (shape := _shape(entry)) != seen:
            seen = shape
            hass.config_entries.async_schedule_reload(entry.entry_id)

    entry.async_on_unload(entry.add_update_listener(changed))


def _shape(entry: PowerSyncConfigEntry) -> tuple[object, ...]:
    """Return the parts of an entry that its set-up depends on."""
    return (
        dict(entry.options),
        {
            # A plan goes by its title.
            subentry_id: (subentry.subentry_type, subentry.title, dict(subentry.data))
            for subentry_id, subentry in entry.subentries.items()
        },
    )
