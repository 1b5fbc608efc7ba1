"""``outage-day``: everything is away at some time, and the grid as well."""

from dataclasses import replace
from datetime import timedelta

from custom_components.power_sync.sim.config import TeslaSite
from custom_components.power_sync.sim.faults import FaultKind

from .day import Day
from .outcome import Script
from .play import play
from .report import Options, Report

NAME = "outage-day"


def plan(day: Day) -> None:
    """Fill the agenda of one day."""
    draws = day.draws()

    def minute(most: int = 60) -> str:
        return f"{draws.randrange(most):02}"

    # Prices: no harm, and then the fallback.
    day.at(f"01:{minute(15)}", day.amber_away(40))
    day.at(f"03:{minute()}", day.amber_away(180, FaultKind.STATUS_500))
    # Tesla: in the middle of a force, and past its end.
    begin = day.moment(f"08:{minute(40)}")
    day.at(begin, day.force("discharge", 30))
    away = begin + timedelta(minutes=draws.randrange(5, 25))
    day.at(away, day.tesla_away(35, FaultKind.STATUS_503))
    begin = day.moment(f"10:{minute(10)}")
    day.at(begin, day.force("charge", 15))
    day.at(begin + timedelta(minutes=10), day.token_refused(20))
    day.at(
        f"11:{minute(40)}", day.tesla_away(12, FaultKind.STATUS_429_RETRY, seconds=90)
    )
    day.at(f"12:{minute(40)}", day.tesla_away(10, FaultKind.TIMEOUT))
    day.at(f"13:{minute(20)}", day.tesla_away(8, FaultKind.GARBAGE))
    # Commands that leave one wondering.
    begin = day.moment(f"14:{minute(15)}")
    day.at(begin, day.tesla_away(4, FaultKind.APPLIED_BUT_NO_ANSWER))
    day.at(begin + timedelta(minutes=1), day.force("discharge", 15))
    # Tesla and the utility have the battery.
    begin = day.moment(f"15:{minute(30)}")
    day.at(begin, day.situation(60, off_grid=True))
    begin = day.moment(f"17:{minute(20)}")
    day.at(begin, day.force("discharge", 60))
    day.at(begin + timedelta(minutes=15), day.situation(30, storm=True))
    begin = day.moment(f"19:{minute(20)}")
    day.at(begin, day.force("discharge", 30))
    day.at(begin + timedelta(minutes=10), day.situation(40, grid_services=True))


SCRIPT = Script(
    name=NAME,
    plan=plan,
    interval_minutes=30,
    site=replace(TeslaSite(), charge_percent=80.0, storm_watch=True),
    expected=("Error fetching", "Authentication failed"),
)


def scenario(options: Options) -> Report:
    """Run as the command line asks."""
    return play(SCRIPT, options)
