"""Run a scenario's days, and see what is left when everything is switched off."""

from datetime import datetime, time as clock_time, timedelta
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
import time
from typing import override
from zoneinfo import ZoneInfo

from custom_components.power_sync import const
from custom_components.power_sync.core.model.switches import Switch
from custom_components.power_sync.sim.config import (
    AMBER_TOKEN,
    TESLEMETRY_TOKEN,
    AmberSite,
    HomeConfig,
)
from custom_components.power_sync.sim.price_files import PriceFileError
from harness.virtual.home_assistant import LogWatch
from harness.virtual.loop import VirtualLoop, run

from .cloud import is_same, stored, text
from .day import Day
from .house import House
from .invariants import AGAIN, BACK_WITHIN
from .judge import Findings
from .outcome import Outcome, Script
from .report import Options, Report
from .stage import Stage
from .sync_day import Watcher

_CLOSING = timedelta(days=1)
_SETTLING = timedelta(minutes=10)
"""After everything was switched off: giving back keeps to the pace of tariffs."""


def play(script: Script, options: Options) -> Report:
    """Run as the command line asks; raises PriceFileError if prices are given."""
    refuse_prices(script.name, options)
    return perform(
        script, seed=options.seed, length=timedelta(days=options.days)
    ).report()


def refuse_prices(name: str, options: Options) -> None:
    """Raise PriceFileError if there are recorded prices: a day that needs its own."""
    if options.prices is not None:
        raise PriceFileError(f"{name} makes its own prices")


def perform(
    script: Script, *, seed: int = 1, length: timedelta = timedelta(days=1)
) -> Outcome:
    """Run a scenario's days, switch everything off and see what is left."""
    began = time.clock_gettime(time.CLOCK_MONOTONIC)  # the virtual clock spares it
    zone = ZoneInfo(script.time_zone)
    config = HomeConfig(
        seed=seed,
        time_zone=zone,
        amber_sites=(AmberSite(interval_minutes=script.interval_minutes),),
        tesla_sites=(script.site,),
    )
    start = datetime.combine(
        script.first_day, clock_time.fromisoformat(script.begins), tzinfo=zone
    )
    secrets = _Secrets(
        AMBER_TOKEN,
        TESLEMETRY_TOKEN,
        str(script.site.site_id),
        config.amber_sites[0].site_id,
    )
    with (
        TemporaryDirectory() as folder,
        LogWatch("power_sync") as log,
        secrets,
    ):

        async def main(loop: VirtualLoop) -> tuple[Day, list[str], Findings | None]:
            house = House(
                loop=loop,
                config=config,
                folder=Path(folder),
                options=dict(script.options),
            )
            await house.open()
            try:
                return await _live(script, house, seed, length)
            finally:
                await house.close()

        day, left, prices = run(
            main, start=start, seed=seed, longest=length + _CLOSING, threads=False
        )
    return Outcome(
        script=script,
        seed=seed,
        length=length,
        day=day,
        left=tuple(left),
        log=tuple(
            line
            for line in log.lines
            if not any(part in line for part in script.expected)
        ),
        secrets=secrets.found,
        prices=prices,
        wall_seconds=time.clock_gettime(time.CLOCK_MONOTONIC) - began,
    )


async def _live(
    script: Script, house: House, seed: int, length: timedelta
) -> tuple[Day, list[str], Findings | None]:
    """Live through it; return what is not the owner's in the end."""
    watcher: Watcher | None = None
    day = Day(house, seed, script.first_day, script.name)
    end = day.now + length
    day.prices_flow()
    day.invariants.excuse(day.now + BACK_WITHIN)
    await house.start()
    day.listen()
    if script.oracle:
        watcher = day.prices = Watcher(
            Stage(
                loop=house.loop,
                network=house.network,
                home=house.home,
                hass=house.hass,
                entry=house.entry,
            )
        )
    for switch in script.switches:
        await day.switch(switch, on=True)()
    for number in range(-(-length // timedelta(days=1))):
        day.number = number
        script.plan(day)
    await day.run(end)
    await day.finish()
    if day.prices is not None:
        day.prices.finish()
        day.prices = None
    for switch in Switch:
        if (
            switch is not Switch.SPIKE_RESPONSE
            or const.CONF_SPIKE_RESPONSE in house.options
        ):
            await day.switch(switch, on=False)()
    await day.restore()()
    await day.run(day.now + _SETTLING)
    while house.home.powerwall.pending:
        await day.run(day.now + AGAIN)
    shown, today = stored(house.home.powerwall), day.today(day.now)
    left = [
        f"left behind: {lever} is {text(lever, shown[lever])}, the owner chose "
        f"{text(lever, chosen)}"
        for lever, chosen in day.claims.chosen.items()
        if not is_same(lever, shown[lever], chosen, today)
    ]
    return day, left, watcher.judge.found if watcher else None


class _Secrets(logging.Handler):
    """Counts the lines of the integration's log that give something away."""

    def __init__(self, *words: str) -> None:
        """Look for some words."""
        super().__init__(logging.DEBUG)
        self._words = words
        self._logger = logging.getLogger("custom_components.power_sync")
        self._level = self._logger.level
        self.found = 0

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Look at a line, and at the error that comes with it."""
        line = self.format(record)
        self.found += any(word in line for word in self._words)

    def __enter__(self) -> None:
        """Listen to everything, which is more than anybody else does."""
        self._logger.setLevel(logging.DEBUG)
        self._logger.addHandler(self)

    def __exit__(self, *_exc: object) -> None:
        """Listen no more."""
        self._logger.removeHandler(self)
        self._logger.setLevel(self._level)
