"""A Home Assistant for the virtual clock: the real core, no test plugin, no port.

It has its registries, its storage on disk, its loader and its config entries, and
thereby everything an integration sees of it; what listens, starts processes or asks
other hosts is left out. It is ready in a few hundredths of a second.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
import logging
from pathlib import Path
import sys
from types import MappingProxyType
from typing import Any, Self, override
from unittest.mock import patch
from zoneinfo import ZoneInfo

from homeassistant import auth, bootstrap, loader
from homeassistant.config_entries import (
    ConfigEntries,
    ConfigEntry,
    ConfigSubentryData,
)
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.util import dt as dt_util

from .network import MemoryNetwork

_CUSTOM = "which has not been tested by Home Assistant"


@asynccontextmanager
async def home_assistant(
    config: Path, network: MemoryNetwork, time_zone: str
) -> AsyncIterator[HomeAssistant]:
    """Start a Home Assistant and stop it properly in the end.

    ``config`` is its configuration directory (storage survives there from one
    life to the next), ``network`` all it can reach. Integrations come from the
    ``custom_components`` that Python finds.
    """
    # Both are global to the process, and Home Assistant changes them.
    search_path, default_zone = list(sys.path), dt_util.get_default_time_zone()
    hass = HomeAssistant(str(config))
    connector = network.connector()
    try:
        with (
            patch(
                "homeassistant.helpers.aiohttp_client._async_get_connector",
                lambda *_args, **_kwargs: connector,
            ),
            # Asked for all the time. A thread costs real time, and when it is done is
            # not the same at every run.
            patch("homeassistant.util.dt._async_get_time_zone", _time_zone),
            # No power is ever lost here, and a real disk takes its time.
            patch("os.fsync", lambda _file: None),
        ):
            await _prepare(hass, time_zone)
            try:
                yield hass
            finally:
                await hass.async_stop(force=True)
    finally:
        await connector.close()
        dt_util.set_default_time_zone(default_zone)
        sys.path[:] = search_path


async def _time_zone(name: str) -> ZoneInfo:
    """Return a time zone without a thread; raises ZoneInfoNotFoundError."""
    return ZoneInfo(name)


async def _prepare(hass: HomeAssistant, time_zone: str) -> None:
    """Do what start-up does, short of starting anything."""
    loader.async_setup(hass)
    hass.config.skip_pip = True
    hass.config_entries = ConfigEntries(hass, {})
    await hass.config.async_update(
        time_zone=time_zone, country="AU", currency="AUD", language="en"
    )
    await loader.async_get_custom_components(hass)
    await bootstrap.async_load_base_functionality(hass)
    # Needs the registries.
    hass.auth = await auth.auth_manager_from_config(hass, [], [])
    # The web server would bind its port. Whoever depends on it finds it set up, and
    # async_start(), which would start it after all, is left out.
    hass.config.components.add("http")
    hass.set_state(CoreState.running)


async def add_entry(
    hass: HomeAssistant,
    domain: str,
    *,
    title: str,
    data: Mapping[str, Any],
    subentries: Sequence[ConfigSubentryData],
    unique_id: str | None = None,
    version: int = 1,
    minor_version: int = 1,
    options: Mapping[str, Any] | None = None,
) -> ConfigEntry[Any]:
    """Add a config entry as a finished config flow does, and set it up."""
    entry: ConfigEntry[Any] = ConfigEntry(
        version=version,
        minor_version=minor_version,
        domain=domain,
        title=title,
        data=data,
        options=options or {},
        source="user",
        unique_id=unique_id,
        discovery_keys=MappingProxyType({}),
        subentries_data=subentries,
    )
    await hass.config_entries.async_add(entry)
    return entry


class LogWatch(logging.Handler):
    """Collects warnings and errors that mention a word, in any logger.

    Home Assistant's own remark that an integration is a custom one is left out.
    """

    def __init__(self, word: str) -> None:
        """Watch for one word, whatever its case."""
        super().__init__(logging.WARNING)
        self._word = word.lower()
        self.lines: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line if it is one of ours."""
        line = f"{record.levelname} {record.name}: {record.getMessage()}"
        if self._word in line.lower() and _CUSTOM not in line:
            self.lines.append(line)

    def __enter__(self) -> Self:
        """Start watching."""
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_exc: object) -> None:
        """Stop watching."""
        logging.getLogger().removeHandler(self)
