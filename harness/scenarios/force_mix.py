"""``force-mix``: forces of all lengths, one over the other, through restarts."""

from dataclasses import replace
from datetime import timedelta

from custom_components.power_sync.core.model.powerwall import ExportRule, OperationMode
from custom_components.power_sync.core.model.switches import Switch
from custom_components.power_sync.sim.config import TeslaSite

from .day import Day
from .outcome import Script
from .play import play
from .report import Options, Report

NAME = "force-mix"
_LENGTHS = (15, 30, 45, 60, 90, 120)


def plan(day: Day) -> None:
    """Fill the agenda of one day."""
    draws = day.draws()

    def minute() -> int:
        return draws.randrange(60)

    def either() -> str:
        return draws.choice(("charge", "discharge"))

    # One after the other, the first as short and the second as long as they can be.
    day.at(f"00:{20 + minute() // 3}", day.force(either(), 15))
    day.at("01:10", day.force("charge", 240, reserve=draws.randrange(30, 70)))
    day.at(f"03:{minute():02}", day.restore())
    # Extended, shortened, and left to end.
    begin = day.moment(f"06:{minute():02}", second=minute())
    day.at(begin, day.force("discharge", 30))
    day.at(begin + timedelta(minutes=draws.randrange(5, 20)), day.extend(30))
    day.at(begin + timedelta(minutes=draws.randrange(25, 30)), day.extend(-15))
    # A second one over the first.
    begin = day.moment(f"08:{minute():02}", second=minute())
    first = draws.choice(_LENGTHS[2:])
    day.at(begin, day.force("charge", first))
    over = begin + timedelta(minutes=draws.randrange(2, 30))
    day.at(over, day.force("discharge", 30))
    # Through a restart, and through one that it does not outlive.
    begin = day.moment(f"11:{minute():02}")
    day.at(begin, day.press_force("charge", 60))
    day.at(begin + timedelta(minutes=draws.randrange(5, 30)), day.restart(3))
    begin = day.moment(f"13:{minute():02}")
    day.at(begin, day.force(either(), 30))
    day.at(begin + timedelta(minutes=20), day.restart(draws.randrange(15, 25)))
    # A set-up anew, and the switch that makes the Powerwall look at each price.
    begin = day.moment(f"15:{minute() // 2:02}")
    day.at(begin, day.force(either(), draws.choice(_LENGTHS[:4])))
    day.at(begin + timedelta(minutes=10), day.reload())
    day.at("16:50", day.switch(Switch.REPLAN, on=True))
    # Buttons in the middle of a spike.
    spike = day.moment(f"17:{10 + minute() // 2}")
    day.at(spike, day.market(draws.uniform(2_000, 16_000), 75))
    day.at(spike + timedelta(minutes=25), day.press_force("charge", 15))
    day.at(spike + timedelta(minutes=50), day.press_force("discharge", 30))
    # Asked for by its entity in the middle of a force.
    begin = day.moment(f"20:{minute():02}", second=minute())
    day.at(begin, day.force("discharge", 45))
    day.at(begin + timedelta(minutes=20), day.set_reserve(draws.randrange(10, 30)))
    day.at(f"21:{50 + minute() // 8}", day.push())
    day.at("22:15", day.force(either(), draws.choice(_LENGTHS[:4])))


SCRIPT = Script(
    name=NAME,
    plan=plan,
    interval_minutes=30,
    switches=(Switch.SPIKE_RESPONSE,),
    options={
        "spike_response": {"region": "NSW1", "threshold": 300.0, "sell_price": 10.0}
    },
    site=replace(
        TeslaSite(),
        mode=OperationMode.SELF_CONSUMPTION,
        export_rule=ExportRule.PV_ONLY,
        charge_percent=60.0,
    ),
)


def scenario(options: Options) -> Report:
    """Run as the command line asks."""
    return play(SCRIPT, options)
