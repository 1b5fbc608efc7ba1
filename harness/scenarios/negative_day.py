"""``negative-day``: feed-in and import cost less than nothing at noon.

Export is curtailed then, and made to look better than it is in the evening.
"""

from collections.abc import Sequence
from dataclasses import replace

from custom_components.power_sync.core.model.powerwall import ExportRule
from custom_components.power_sync.core.model.switches import Switch
from custom_components.power_sync.sim.config import TeslaSite
from harness.tariff_slots import read_slots

from .claims import PRICES
from .day import Day
from .outcome import Script
from .play import play
from .report import Options, Report, Row, at_most

NAME = "negative-day"
_FLOOR = 0.25
_WINDOW = range(34, 42)
"""Half hours of the boost: 17:00 to 21:00."""


def plan(day: Day) -> None:
    """Fill the agenda of one day."""
    draws = day.draws()
    day.at(
        f"09:{draws.randrange(60):02}",
        day.market(draws.uniform(-60, -20), draws.randrange(10, 30)),
    )
    # So far below zero that import is paid for, too.
    day.at(
        f"11:{draws.randrange(60):02}",
        day.market(draws.uniform(-800, -200), draws.randrange(60, 120)),
    )
    noon = day.moment(f"12:{draws.randrange(30):02}")
    day.at(noon, day.force("discharge", 15))
    day.at(f"14:{draws.randrange(20, 60)}", day.market(-35.0, 40))


def rows(day: Day) -> Sequence[Row]:
    """Return what came of the boost."""
    boosted = [
        [sell for _, sell in read_slots(upload.tariff, day.today(upload.received_at))]
        for upload in day.house.home.tesla.uploads
        # The first was sent before anything was switched on.
        if upload.tariff.get("name") == PRICES and day.is_settled(upload.received_at)
    ]
    below = sum(min(sell[slot] for slot in _WINDOW) < _FLOOR for sell in boosted)
    curtailed = [
        record
        for _, record in day.records
        if record.lever.value == "export_rule" and record.value == "never"
    ]
    return (
        at_most("tariffs that pay less than the floor in the window", below, 0),
        Row(
            metric="curtailments",
            value=len(curtailed),
            demanded="≥ 1",
            holds=bool(curtailed),
        ),
    )


SCRIPT = Script(
    name=NAME,
    plan=plan,
    rows=rows,
    switches=(Switch.CURTAILMENT, Switch.REAPPLY_EXPORT_RULE, Switch.EXPORT_BOOST),
    options={
        "export_boost": {
            "offset": 0.05,
            "floor": _FLOOR,
            "threshold": 0.0,
            "start": "17:00",
            "end": "21:00",
        },
        "curtailment": {"margin": 0.002},
    },
    site=replace(TeslaSite(), export_rule=ExportRule.PV_ONLY, charge_percent=70.0),
)


def scenario(options: Options) -> Report:
    """Run as the command line asks."""
    return play(SCRIPT, options)
