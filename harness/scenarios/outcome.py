"""What a scenario is made of, and what is demanded of what came of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from custom_components.power_sync.core.model.switches import Switch
from custom_components.power_sync.sim.config import TeslaSite

from .day import Day
from .judge import Findings
from .report import Report, Row, at_most

RULES = (
    "levers not where a feature wants them",
    "levers not at the owner's choice",
    "commands that nobody may give",
    "commands against the owner's choice",
    "the owner's changes overwritten unseen",
    "changes of the owner that are not shown",
    "commands without a difference",
    "commands without an explanation",
    "commands while Tesla has the battery",
    "several commands at a time",
    "more than two tariffs in five minutes",
    "tariffs that invite to buy",
    "tariffs that Tesla would change",
    "decisions without a feature",
)
"""What the invariants count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A kind of day.

    ``plan`` fills a day's agenda. ``switches`` are on from the beginning, beside the
    sync; ``options`` are the entry's, and ``expected`` are parts of the warnings that
    such a day brings with it. ``interval_minutes`` are Amber's: a day of half hours
    takes a fraction of the time. It ``begins`` at a time of ``first_day``; ``oracle``
    asks for every tariff of prices to be compared with the reference (Home Assistant
    must not restart then), and ``rows`` adds figures of the scenario's own.
    """

    name: str
    plan: Callable[[Day], None]
    first_day: date = date(2026, 2, 2)
    time_zone: str = "Australia/Sydney"
    site: TeslaSite = field(default_factory=TeslaSite)
    interval_minutes: int = 5
    switches: tuple[Switch, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    expected: tuple[str, ...] = ()
    begins: str = "00:00"
    oracle: bool = False
    rows: Callable[[Day], Sequence[Row]] = lambda _day: ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything that a run found out."""

    script: Script
    seed: int
    length: timedelta
    day: Day
    left: tuple[str, ...]
    """What was not the owner's after everything was switched off."""
    log: tuple[str, ...]
    secrets: int
    prices: Findings | None
    """How the tariffs of prices compare with the reference, if that was asked for."""
    wall_seconds: float

    @property
    def diary(self) -> str:
        """The commands, and what led to them."""
        zone = self.script.time_zone
        return self.day.diary.text(
            f"{self.script.name}, seed {self.seed}: what Tesla's cloud accepted ({zone})"
        )

    def report(self) -> Report:
        """Return the figures and what is demanded of them."""
        day, watch = self.day, self.day.invariants
        failed = [effect for effect in day.effects.all if effect.failed]
        begun = [
            effect.minutes for effect in day.effects.all if effect.minutes is not None
        ]
        rows = (
            Row(metric="simulated", value=self.length / timedelta(days=1), unit="d"),
            Row(
                metric="commands",
                value=watch.commands,
                demanded="≥ 1",
                holds=watch.commands >= 1,
            ),
            Row(metric="decisions that were news", value=len(day.records)),
            Row(metric="levers looked at", value=watch.checks),
            *(at_most(rule, watch.broken[rule], 0) for rule in RULES),
            *_judged(self.prices),
            *self.script.rows(day),
            Row(metric="forces", value=len(day.effects.all)),
            at_most("forces that the battery did not follow", len(failed), 0),
            Row(
                metric="a force until the battery follows, longest",
                value=round(max(begun), 1) if begun else None,
                unit="min",
            ),
            at_most("levers left behind in the end", len(self.left), 0),
            at_most("actions that failed unexpectedly", len(day.unexpected), 0),
            Row(metric="services that could not do it all", value=len(day.answers)),
            at_most("unexpected log warnings", len(self.log), 0),
            at_most("secrets in the log", self.secrets, 0),
            Row(metric="wall time", value=round(self.wall_seconds, 1), unit="s"),
        )
        return Report(
            scenario=self.script.name,
            seed=self.seed,
            rows=rows,
            commands=self.diary,
            remarks=(
                *watch.remarks,
                *_remarks(self.prices),
                *(
                    f"{effect.claim.since:%H:%M} UTC: {effect.right} of "
                    f"{effect.possible} possible minutes"
                    for effect in failed
                ),
                *self.left,
                *day.unexpected,
                *self.log[:10],
            ),
        )


def _remarks(found: Findings | None) -> Sequence[str]:
    """Return what was found about tariffs, but for what forces bring with them.

    Prices wait for them, and are sent again when they are over.
    """
    waited = ("not uploaded in time", "nothing had changed")
    return [
        remark
        for remark in (found.remarks if found else ())
        if not remark.endswith(waited)
    ]


def _judged(found: Findings | None) -> Sequence[Row]:
    """Return what is demanded of tariffs of prices."""
    if found is None:
        return ()
    return (
        Row(
            metric="tariffs compared with the reference",
            value=found.uploads,
            demanded="≥ 1",
            holds=found.uploads >= 1,
        ),
        at_most("tariffs without a reference", found.without_reference, 0),
        at_most("largest slot error before mapping", found.slot_error, 5e-5, "$/kWh"),
        at_most("tariffs that break a rule of the mapping", found.rules_broken, 0),
        at_most("tariffs that call the wrong slots assumed", found.kinds_differ, 0),
        Row(
            metric="most slots missing (daylight saving)",
            value=max(found.missing, default=0),
        ),
    )
