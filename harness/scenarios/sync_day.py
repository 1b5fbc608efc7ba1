"""``sync-day``: prices reach the Powerwall, all day long and nothing else does."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import fmean, median
from tempfile import TemporaryDirectory
import time
from zoneinfo import ZoneInfo

from homeassistant.core import Event, callback

from custom_components.power_sync.const import EVENT_DECISION
from custom_components.power_sync.core.model.decisions import Lever, Record
from custom_components.power_sync.sim.config import HomeConfig
from custom_components.power_sync.sim.price_files import read_prices
from custom_components.power_sync.sim.prices import NEM, Market, PriceTruth
from custom_components.power_sync.sim.tesla_service import Upload
from harness.tariff_slots import read_slots
from harness.virtual.home_assistant import LogWatch
from harness.virtual.loop import VirtualLoop, run
from harness.virtual.network import Request

from .judge import Answer, Findings, Judge, Sent
from .report import Options, Report, Row, at_most
from .stage import AMBER_HOST, LATENCY, TESLA_HOST, Stage, staged

NAME = "sync-day"
TIME_ZONE = "Australia/Sydney"
FIRST_DAY = date(2026, 2, 2)
AMBER_BUDGET = 50
"""Requests that Amber allows in five minutes."""
_TARIFF_PATH = "time_of_use_settings"
_READ_BACK = timedelta(seconds=60)
"""Longer than the integration takes to tell of a decision."""
_CLOSING = timedelta(days=1)
"""Far more than stopping takes; only a run that never ends needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What makes one run differ from another.

    ``start`` is aware; without it the run begins at local midnight of a fixed
    summer day. Without ``prices`` the synthetic market of ``seed`` is used.
    """

    seed: int = 1
    length: timedelta = timedelta(days=1)
    time_zone: str = TIME_ZONE
    start: datetime | None = None
    prices: PriceTruth | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything that a run found out."""

    setup: Setup
    findings: Findings
    requests: tuple[Request, ...]
    uploads: int
    """Tariffs that the cloud accepted."""
    unexplained: int
    """Of these, the ones that no decision was published for."""
    app_warnings: tuple[str, ...]
    log: tuple[str, ...]
    wall_seconds: float

    @property
    def amber_calls(self) -> int:
        """The most calls of Amber in any 300 seconds."""
        return most_within(
            [request.at for request in self.requests if request.host == AMBER_HOST],
            timedelta(seconds=300),
        )

    @property
    def other_commands(self) -> tuple[Request, ...]:
        """Commands to Tesla other than tariffs."""
        return tuple(
            request
            for request in self.requests
            if request.host == TESLA_HOST
            and request.method != "GET"
            and not request.path.endswith(_TARIFF_PATH)
        )

    @property
    def refused(self) -> tuple[Request, ...]:
        """Requests that were not answered with success."""
        return tuple(
            request
            for request in self.requests
            if request.status is None or request.status >= 400
        )

    def report(self) -> Report:
        """Return the figures and what is demanded of them."""
        found, days = self.findings, self.setup.length / timedelta(days=1)
        seconds = found.seconds[1:]  # the first one waits for Home Assistant's start
        most_assumed = max(found.assumed, default=0)
        rows = (
            Row(metric="simulated", value=days, unit="d"),
            Row(
                metric="lowest price in a tariff",
                value=found.lowest,
                unit="$/kWh",
            ),
            Row(
                metric="highest price in a tariff",
                value=found.highest,
                unit="$/kWh",
            ),
            Row(
                metric="uploads",
                value=self.uploads,
                demanded="≥ 1",
                holds=self.uploads >= 1,
            ),
            Row(metric="uploads per day", value=round(self.uploads / days, 1)),
            at_most("most uploads in 5 minutes", found.most_per_interval, 2),
            at_most("uploads without any change", found.without_change, 0),
            at_most("uploads without a decision", self.unexplained, 0),
            at_most("uploads without a reference", found.without_reference, 0),
            at_most(
                "largest slot error before mapping", found.slot_error, 5e-5, "$/kWh"
            ),
            Row(
                metric="largest slot difference as sent",
                value=found.slot_move,
                unit="$/kWh",
            ),
            at_most("tariffs that break a rule of the mapping", found.rules_broken, 0),
            Row(
                metric="slots assumed per tariff",
                value=round(fmean(found.assumed or [0]), 1),
            ),
            Row(metric="most slots assumed in a tariff", value=most_assumed),
            at_most("tariffs that call the wrong slots assumed", found.kinds_differ, 0),
            Row(
                metric="most slots missing (daylight saving)",
                value=max(found.missing, default=0),
            ),
            at_most(
                "price to upload, median", median(seconds) if seconds else None, 2, "s"
            ),
            at_most("price to upload, largest", max(seconds, default=None), 2, "s"),
            at_most("changed prices not uploaded in time", found.late, 0),
            at_most("most Amber calls in 5 minutes", self.amber_calls, AMBER_BUDGET),
            Row(
                metric="headroom below Amber's limit",
                value=AMBER_BUDGET - self.amber_calls,
            ),
            at_most("requests without success", len(self.refused), 0),
            at_most("commands besides tariffs", len(self.other_commands), 0),
            at_most("warnings in Tesla's app", len(self.app_warnings), 0),
            at_most("log warnings naming power_sync", len(self.log), 0),
            Row(metric="wall time", value=round(self.wall_seconds, 1), unit="s"),
        )
        return Report(
            scenario=NAME,
            seed=self.setup.seed,
            rows=rows,
            remarks=(*found.remarks, *self.app_warnings[:5], *self.log[:5]),
        )


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

        async def main(loop: VirtualLoop) -> _Watcher:
            config = HomeConfig(
                seed=setup.seed,
                time_zone=ZoneInfo(setup.time_zone),
                prices=setup.prices,
            )
            async with staged(loop, config, Path(folder)) as stage:
                watcher = _Watcher(stage)
                await watcher.watch(setup.length)
            return watcher

        watcher = run(
            main,
            start=setup.start or start_of(FIRST_DAY, setup.time_zone),
            seed=setup.seed,
            longest=setup.length + _CLOSING,
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


def most_within(moments: list[datetime], span: timedelta) -> int:
    """Return the largest number of moments in any span."""
    return max(
        (
            sum(
                first <= moment < first + span for moment in moments[index : index + 99]
            )
            for index, first in enumerate(moments)
        ),
        default=0,
    )


class _Watcher:
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
            self._collect()
            self.judge.catch_up(loop.now() - _READ_BACK)
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
