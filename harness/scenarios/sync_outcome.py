"""What a run of ``sync-day`` begins with, and what is demanded of what it found."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean, median

from custom_components.power_sync.sim.prices import PriceTruth
from harness.virtual.network import Request

from .judge import Findings
from .report import Report, Row, at_most
from .stage import AMBER_HOST, STREAM_HOST, TESLA_HOST

NAME = "sync-day"
AMBER_BUDGET = 50
"""Requests that Amber allows in five minutes."""
_AMBER_WINDOW = timedelta(seconds=300)
_TARIFF_PATH = "time_of_use_settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What makes one run differ from another.

    ``start`` is aware; without it the run begins at local midnight of a fixed
    summer day. Without ``prices`` the synthetic market of ``seed`` is used.
    """

    seed: int = 1
    length: timedelta = timedelta(days=1)
    time_zone: str = "Australia/Sydney"
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
            _AMBER_WINDOW,
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
        """Requests that were not answered with success.

        The one for pushed prices is refused on purpose: this account has none.
        """
        return tuple(
            request
            for request in self.requests
            if (request.status is None or request.status >= 400)
            and request.host != STREAM_HOST
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
