"""What survives when a Home Assistant is killed: the time, its files, Tesla's cloud.

A life is a Home Assistant on the virtual clock that starts from these and leaves
nothing else behind. It always ends by a kill.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
import logging
from pathlib import Path
import random
from typing import override
from unittest.mock import patch
from urllib.parse import urlsplit

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import time_machine

from custom_components.power_sync import const
from custom_components.power_sync.coordinator.price_memory import PriceMemory
from custom_components.power_sync.sim.config import HomeConfig
from custom_components.power_sync.sim.home import SimulatedHome
from custom_components.power_sync.sim.powerwall import Powerwall
from harness.virtual.home_assistant import home_assistant
from harness.virtual.loop import StepLoop
from harness.virtual.network import MemoryNetwork

LATENCY = 0.025
"""Seconds one way, so that a request and its answer take a twentieth of a second."""
LONGEST_LIFE = timedelta(days=2)
"""Far more than any life takes; only one that never ends needs it."""
_REBOOT = timedelta(seconds=20)
"""How long it takes until a killed Home Assistant is started again."""

type Watcher = Callable[[asyncio.Handle], object]


class KilledError(BaseException):
    """The process is gone: nothing that ran in it is asked or told."""


class World:
    """One home and the disk of its Home Assistant, from one life to the next."""

    def __init__(
        self, config: HomeConfig, folder: Path, start: datetime, seed: int
    ) -> None:
        """Begin at ``start``, with what is in ``folder`` on the disk; see ``world``."""
        self.folder = folder
        self.seed = seed
        self.loop = StepLoop(start)
        self.home = SimulatedHome(config, self.now)
        self.blunders: list[str] = []
        """Mistakes in the code that showed in the log."""
        self.on_jump: Callable[[float], object] | None = None
        # Freeing what a dead loop ran would run the ends of its coroutines.
        self._remains: list[object] = [self.loop]
        self._lives = 0

    def now(self) -> datetime:
        """Return the present time, UTC."""
        return self.loop.now()

    def time(self) -> float:
        """Return the time of the loop that runs now."""
        return self.loop.time()

    @property
    def powerwall(self) -> Powerwall:
        """Return the site that is controlled, as Tesla's cloud knows it now."""
        self.home.advance()
        return self.home.powerwall

    def live(
        self,
        what: Callable[[HomeAssistant], Awaitable[None]],
        watcher: Watcher | None = None,
        *,
        reachable: bool = True,
        orderly: bool = False,
    ) -> None:
        """Start Home Assistant from what is there, and kill it when ``what`` is done.

        ``watcher`` sees every step and may raise KilledError, which is passed on.
        Without ``reachable`` no service is there; with ``orderly`` Home Assistant is
        stopped and not killed.
        """
        start = self.now() + (_REBOOT if self._lives else timedelta(0))
        self._lives += 1
        random.seed(f"{self.seed}/{self._lives}")
        self.loop = StepLoop(start, LONGEST_LIFE)
        self._remains.append(self.loop)
        self.loop.on_jump = self.on_jump
        if self.on_jump is not None:
            self.on_jump(self.loop.wall())
        self.loop.on_step = watcher
        self.loop.run_until_complete(self._life(what, reachable, orderly))

    async def _life(
        self,
        what: Callable[[HomeAssistant], Awaitable[None]],
        reachable: bool,
        orderly: bool,
    ) -> None:
        network = MemoryNetwork(LATENCY)
        if reachable:
            for host, app in (
                (const.AMBER_URL, self.home.amber_app()),
                (const.AMBER_STREAM_URL, self.home.amber_socket_app()),
                (const.TESLEMETRY_URL, self.home.tesla_app()),
                (const.AEMO_URL, self.home.aemo_app()),
            ):
                await network.serve(urlsplit(host).hostname or "", app)
        zone = self.home.config.time_zone.key
        life = home_assistant(self.folder, network, zone)
        hass = await life.__aenter__()
        # As at every start: whoever has an entry that is not disabled is set up.
        for domain in hass.config_entries.async_domains():
            await async_setup_component(hass, domain, {})
        await what(hass)
        if orderly:
            await life.__aexit__(None, None, None)
        else:
            self._remains.append(life)


@contextmanager
def world(
    config: HomeConfig, folder: Path, start: datetime, seed: int
) -> Iterator[World]:
    """Make a world whose clock all of Python follows; one at a time.

    Left out of every life is what costs time and moves no lever: the entities, and
    the prices of past weeks. What it leaves behind in this process (dead loops, what
    they had patched) is not cleaned up, so the process should end soon after it.
    """
    made = World(config, folder, start, seed)
    watch = _Blunders(made.blunders)
    logger = logging.getLogger()
    with (
        time_machine.travel(made.loop.wall(), tick=False) as traveller,
        # Or pooled connections would never reach the end of their keep-alive.
        patch("aiohttp.connector.monotonic", made.time),
        # No power is ever lost here, and a real disk takes its time.
        patch("atomicwrites._proper_fsync", lambda _file: None),
        patch("custom_components.power_sync.PLATFORMS", []),
        patch.object(PriceMemory, "look_for_holes", lambda *_: None),
    ):
        made.on_jump = traveller.move_to
        logger.addHandler(watch)
        try:
            yield made
        finally:
            logger.removeHandler(watch)


class _Blunders(logging.Handler):
    """Collects mistakes in the code of the integration from its log."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._lines = lines

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Keep what comes with a traceback."""
        if record.exc_info and "power_sync" in f"{record.name} {record.pathname}":
            self._lines.append(f"{record.getMessage()}: {record.exc_info[1]!r}")
