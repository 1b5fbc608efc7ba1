"""``dst-day``: nights on which clocks change, with a force over the change.

Sydney in October and April, and Lord Howe, whose clocks change by half an hour.
"""

from dataclasses import replace
from datetime import date, timedelta

from custom_components.power_sync.sim.config import TeslaSite

from .day import Day
from .outcome import Outcome, Script
from .play import perform, refuse_prices
from .report import Options, Report, Row

NAME = "dst-day"
LENGTH = timedelta(hours=8)


def plan(day: Day) -> None:
    """Fill the agenda of one night."""
    draws = day.draws()
    day.at(f"22:{draws.randrange(36, 60, 5)}", day.force("charge", 45))
    day.number += 1
    # Asked for before the change and over after it, in both seasons.
    # Never over with a price interval: one second later there is another price.
    begin = day.moment(f"01:{draws.randrange(26, 50, 5)}", second=draws.randrange(60))
    day.at(begin, day.force("discharge", draws.choice((60, 90, 120))))
    day.at(f"05:{draws.randrange(1, 20, 5):02}", day.force("charge", 15))
    day.number -= 1


def _night(name: str, evening: date, time_zone: str) -> Script:
    return Script(
        name=name,
        plan=plan,
        first_day=evening,
        begins="22:30",
        time_zone=time_zone,
        oracle=True,
        site=replace(TeslaSite(), charge_percent=75.0),
    )


SPRING = _night("Sydney in October", date(2026, 10, 3), "Australia/Sydney")
AUTUMN = _night("Sydney in April", date(2027, 4, 3), "Australia/Sydney")
LORD_HOWE = _night("Lord Howe in April", date(2027, 4, 3), "Australia/Lord_Howe")
NIGHTS = (SPRING, AUTUMN, LORD_HOWE)


def scenario(options: Options) -> Report:
    """Run as the command line asks; every night is one of its own.

    Raises PriceFileError if prices are given.
    """
    refuse_prices(NAME, options)
    return together(
        [perform(night, seed=options.seed, length=LENGTH) for night in NIGHTS]
    )


def together(outcomes: list[Outcome]) -> Report:
    """Return the reports of some nights as one."""
    reports = [outcome.report() for outcome in outcomes]
    return Report(
        scenario=NAME,
        seed=reports[0].seed,
        rows=tuple(
            _named(row, report.scenario) for report in reports for row in report.rows
        ),
        remarks=tuple(
            f"{report.scenario}: {remark}"
            for report in reports
            for remark in report.remarks
        ),
        commands="\n".join(report.commands for report in reports),
    )


def _named(row: Row, night: str) -> Row:
    return replace(row, metric=f"{night}: {row.metric}")
