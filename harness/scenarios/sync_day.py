"""``sync-day``: prices reach the Powerwall, all day long and nothing else does."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
import time
from zoneinfo import ZoneInfo

from homeassistant.core import Event, callback

from custom_components.power_sync.const import EVENT_DECISION
from custom_components.power_sync.core.model.decisions import Lever, Record
from custom_components.power_sync.sim.config import HomeConfig
from custom_components.power_sync.sim.price_files import read_prices
from custom_components.power_sync.sim.prices import NEM, Market
from custom_components.power_sync.sim.tesla_account import Upload
from harness.tariff_slots import read_slots
from harness.virtual.home_assistant import LogWatch
from harness.virtual.loop import VirtualLoop, run
from harness.virtual.network import Request

from .judge import Answer, Judge, Sent
from .report import Options, Report
from .stage import LATENCY, Stage, staged
from .sync_outcome import Outcome, Setup

FIRST_DAY = date(2026, 2, 2)
_READ_BACK = timedelta(seconds=60)
"""Longer than the integration takes to tell of a decision."""
_CLOSING = timedelta(days=1)
"""Far more than stopping takes; only a run that never ends needs it."""


def scenario(options: Options) -> Report:
    """Run as the command line asks.

    Raises PriceFileError for a file that cannot be used.
    """
    setup = Setup(seed=options.seed, length=timedelta(days=options.days))
    if options.prices is not None:
        setup = recorded(options.prices, setup)
    return sync_day(setup).report()


def recorded(path: Path, setup: Setup) -> Setup:
    """Return a run on recorded prices, from the first local day that is whole.

    Raises PriceFileError for a file that cannot be used.
    """
    record = read_prices([path])
    begin = datetime.combine(record.first_day, datetime.min.time(), tzinfo=NEM)
    start = start_of(record.first_day, setup.time_zone)
    if start < begin:
        start = start_of(record.first_day + timedelta(days=1), setup.time_zone)
    return replace(setup, start=start, prices=Market(record, setup.seed))


def sync_day(setup: Setup) -> Outcome:
    """Run the integration against the simulated home and judge every upload."""
    began = time.clock_gettime(time.CLOCK_MONOTONIC)  # the virtual clock spares it
    with TemporaryDirectory() as folder, LogWatch("power_sync") as log:

        async def main(loop: VirtualLoop) -> Watcher:
            config = HomeConfig(
                seed=setup.seed,
                time_zone=ZoneInfo(setup.time_zone),
                prices=setup.prices,
            )
            async with staged(loop, config, Path(folder)) as stage:
                watcher = Watcher(stage)
                await watcher.watch(setup.length)
            return watcher

        watcher = run(
            main,
            start=setup.start or start_of(FIRST_DAY, setup.time_zone),
            seed=setup.seed,
            longest=setup.length + _CLOSING,
            threads=False,
        )
    return Outcome(
        setup=setup,
        findings=watcher.judge.found,
        requests=watcher.requests,
        uploads=watcher.uploads,
        unexplained=watcher.uploads - watcher.judge.found.uploads,
        app_warnings=tuple(watcher.app_warnings),
        log=tuple(log.lines),
        wall_seconds=time.clock_gettime(time.CLOCK_MONOTONIC) - began,
    )


def start_of(day: date, time_zone: str) -> datetime:
    """Return local midnight of a date, in UTC."""
    midnight = datetime.combine(day, datetime.min.time(), tzinfo=ZoneInfo(time_zone))
    return midnight.astimezone(UTC)


class Watcher:
    """Tells the judge what happens on the stage."""

    def __init__(self, stage: Stage) -> None:
        """Begin to listen."""
        self.judge = Judge(stage.home.config.time_zone)
        self.requests: tuple[Request, ...] = ()
        self.uploads = 0
        self.app_warnings: list[str] = []
        self._stage = stage
        self._unclaimed: list[Upload] = []
        self._stop = stage.hass.bus.async_listen(EVENT_DECISION, self._on_decision)

    async def watch(self, length: timedelta) -> None:
        """Let time pass and judge what happens in it."""
        loop = self._stage.loop
        end = loop.time() + length.total_seconds()
        while loop.time() < end:
            await asyncio.sleep(min(300, end - loop.time()))
            self.look()
        self.finish()

    def look(self) -> None:
        """Judge what has happened so far, as far as everything about it is told."""
        self._collect()
        self.judge.catch_up(self._stage.loop.now() - _READ_BACK)

    def finish(self) -> None:
        """Judge the rest."""
        self._stop()
        self._collect()
        self.judge.catch_up()
        # What the end of the run causes is not part of it.
        self.requests = tuple(self._stage.network.requests)

    def _collect(self) -> None:
        """Fetch what the simulated services have noted; they keep only so much."""
        home = self._stage.home
        while home.amber.served:
            served = home.amber.served.popleft()
            rows = served.rows
            if served.path.endswith("/prices"):
                # History: the running and coming intervals in it are half hours,
                # coarser than what /prices/current has said.
                rows = [row for row in rows if row["type"] == "ActualInterval"]
            self.judge.note(
                Answer(
                    served_at=served.served_at,
                    arrived_at=served.served_at + timedelta(seconds=LATENCY),
                    rows=rows,
                )
            )
        while home.tesla.uploads:
            upload = home.tesla.uploads.popleft()
            self.uploads += 1
            self.app_warnings += upload.warnings
            self._unclaimed.append(upload)

    @callback
    def _on_decision(self, _event: Event) -> None:
        """Find the upload that belongs to a decision about the tariff."""
        powerwall = self._stage.entry.runtime_data.powerwall
        assert powerwall is not None
        record = powerwall.controller.log.records[-1]
        self._collect()
        if record.lever is not Lever.TARIFF or record.prices is None:
            return
        for upload in self._unclaimed:
            if upload.received_at >= record.at:
                self._unclaimed.remove(upload)
                self.judge.note(_sent(record, upload))
                return


def _sent(record: Record, upload: Upload) -> Sent:
    """Put a decision and the tariff it sent together."""
    assert record.prices is not None
    slots = read_slots(upload.tariff, record.at.date())
    return Sent(
        decided_at=record.at,
        received_at=upload.received_at,
        raw_buy=record.prices.import_prices,
        raw_sell=record.prices.export_prices,
        buy=[buy for buy, _ in slots],
        sell=[sell for _, sell in slots],
        assumed=frozenset(
            index
            for index, source in enumerate(record.prices.sources)
            if source == "assumed"
        ),
        running=record.prices.running,
    )
