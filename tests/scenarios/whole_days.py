"""What the tests of whole days have in common."""

from datetime import timedelta
from pathlib import Path

from harness.scenarios import SCENARIOS
from harness.scenarios.outcome import Script
from harness.scenarios.play import perform
from harness.scenarios.report import Options, Report

EXPECTED = Path(__file__).parent / "expected"


def assert_as_written(name: str) -> Report:
    """Run a scenario with the default seed and compare every command.

    Whoever changes when or what the integration commands will find another file here,
    and should be able to say why: scripts/scenario NAME --commands FILE writes it.
    """
    report = SCENARIOS[name](Options())
    assert_passed(report)
    written = (EXPECTED / f"{name}.txt").read_text(encoding="utf-8")
    assert report.commands.splitlines() == written.splitlines()
    return report


def assert_holds(script: Script, *, seed: int, hours: float) -> None:
    """Run a part of a scenario with another seed."""
    outcome = perform(script, seed=seed, length=timedelta(hours=hours))
    assert_passed(outcome.report())


def assert_passed(report: Report) -> None:
    """Show everything where something does not hold."""
    assert report.passed, f"\n{report.as_markdown()}\n\n{report.commands}"


def figure(report: Report, metric: str) -> float:
    """Return one figure of a report."""
    value = next(row.value for row in report.rows if row.metric == metric)
    assert isinstance(value, int | float)
    return value
