"""What a feature's script has to do with, and what it tells of its intentions.

The script says what may be where *before* it asks for it, so that at any moment it is
known what the owner would accept after a kill.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from custom_components.power_sync.const import DOMAIN
from custom_components.power_sync.control.controller import Controller
from custom_components.power_sync.core.model.decisions import Lever
from custom_components.power_sync.runtime import PowerSyncConfigEntry
from custom_components.power_sync.sim.home import SimulatedHome
from custom_components.power_sync.sim.powerwall import Settings

from .world import World

OUR_CODE = "POWERSYNC"
"""By which a tariff of ours is known."""
SETTLED = 45.0
"""Seconds that a start takes, the first tariff and its read-back included."""

type Document = Mapping[str, Any]
"""A tariff as Tesla's cloud stores it."""


def levers_of(settings: Settings) -> dict[Lever, Any]:
    """Return the levers of a site but for its tariff."""
    return {
        Lever.OPERATION_MODE: settings.mode,
        Lever.BACKUP_RESERVE: settings.reserve_percent,
        Lever.EXPORT_RULE: settings.export_rule,
        Lever.GRID_CHARGING: settings.grid_charging,
        Lever.STORM_WATCH: settings.storm_watch,
    }


@dataclass(slots=True, kw_only=True)
class Intent:
    """What may be after a kill at this very moment.

    ``values`` are the values that each lever may have in the end, ``tariffs`` what may
    be the owner's. Until ``wanted_until`` a feature may go on with what it does, and
    only ``may_move`` may ever be commanded; if ``speechless``, nothing at all.
    """

    values: dict[Lever, set[Any]]
    tariffs: list[Document]
    may_move: frozenset[Lever]
    wanted_until: datetime | None = None
    speechless: bool = False
    revive: Callable[[SimulatedHome], None] | None = None
    """What happens to the home while Home Assistant starts again."""
    doing: Mapping[Lever, Any] = field(default_factory=dict)
    """What has been promised until then: a kill must not make an order forgotten."""


@dataclass(slots=True)
class Scene:
    """A life in which something is done."""

    world: World
    hass: HomeAssistant
    intent: Intent
    on_begin: Callable[[], None] = field(default=lambda: None)
    unmet: list[str] = field(default_factory=list)
    """What the script is about and did not happen."""

    @property
    def home(self) -> SimulatedHome:
        """Return the simulated home."""
        return self.world.home

    @property
    def entry(self) -> PowerSyncConfigEntry | None:
        """Return the home's entry, None once it is removed."""
        entries = self.hass.config_entries.async_entries(DOMAIN)
        return entries[0] if entries else None

    @property
    def controller(self) -> Controller:
        """Return the controller. Raises RuntimeError if the home is not set up."""
        if (found := self.controller_if_loaded) is None:
            raise RuntimeError("the home is not set up")
        return found

    @property
    def controller_if_loaded(self) -> Controller | None:
        """Return the controller, None if the home is not set up."""
        entry = self.entry
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        powerwall = entry.runtime_data.powerwall
        return powerwall.controller if powerwall else None

    def begin(self) -> None:
        """Say that from here on a kill is of interest."""
        self.on_begin()

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    async def until(self, what: Callable[[], bool], seconds: float, name: str) -> None:
        """Wait until something is so; note that it never was when the time is up."""
        try:
            async with asyncio.timeout(seconds):
                while not what():
                    await asyncio.sleep(1)
        except TimeoutError:
            self.unmet.append(f"never: {name}")

    def wants_for(self, minutes: float) -> None:
        """Say that from now on a feature may do what it does for some minutes."""
        self.intent.wanted_until = self.world.now() + timedelta(minutes=minutes)

    def promised(self, levers: Mapping[Lever, Any]) -> None:
        """Say that the user was told that levers are so until then."""
        self.intent.doing = levers

    def promises_nothing(self) -> None:
        """Say that the order may be over: it is about to be called off, say."""
        self.intent.doing = {}

    def wants_no_more(self) -> None:
        """Say that everything was called off, and that the user was told so."""
        self.intent.wanted_until = None
