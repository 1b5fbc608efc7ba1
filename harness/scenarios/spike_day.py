"""``spike-day``: the wholesale price goes through the roof, and a rehearsal before.

Tesla's cloud loses commands and is late with others. Prices wait for the spike.
"""

from dataclasses import replace

from custom_components.power_sync.core.model.powerwall import ExportRule
from custom_components.power_sync.core.model.switches import Switch
from custom_components.power_sync.sim.config import TeslaSite

from .day import Day
from .outcome import Script
from .play import play
from .report import Options, Report

NAME = "spike-day"


def plan(day: Day) -> None:
    """Fill the agenda of one day."""
    draws = day.draws()
    day.at(f"06:{draws.randrange(60):02}", day.rehearse(900, draws.randrange(10, 40)))
    day.at(
        f"10:{draws.randrange(60):02}",
        day.market(draws.uniform(320, 900), draws.randrange(5, 20)),
    )
    evening = draws.randrange(17, 19)
    day.at(
        f"{evening}:{draws.randrange(60):02}",
        day.market(draws.uniform(2_000, 16_000), draws.randrange(20, 75)),
    )
    day.at(f"21:{draws.randrange(60):02}", day.market(288.0, 20))


SCRIPT = Script(
    name=NAME,
    plan=plan,
    interval_minutes=30,
    switches=(Switch.SPIKE_PROTECTION, Switch.SPIKE_RESPONSE),
    options={
        "spike_response": {"region": "NSW1", "threshold": 300.0, "sell_price": 10.0}
    },
    site=replace(
        TeslaSite(),
        export_rule=ExportRule.PV_ONLY,
        charge_percent=80.0,
        late_share=0.06,
        lost_share=0.04,
    ),
)


def scenario(options: Options) -> Report:
    """Run as the command line asks."""
    return play(SCRIPT, options)
