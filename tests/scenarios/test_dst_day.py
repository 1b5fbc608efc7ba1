"""Nights on which clocks change, with a force over the change."""

from datetime import timedelta

import pytest

from harness.scenarios.dst_day import AUTUMN, NAME, SPRING
from harness.scenarios.outcome import Script
from harness.scenarios.play import perform

from .whole_days import assert_as_written, assert_passed, figure

# covers B-03, B-09


@pytest.mark.timeout(600)
def test_the_default_nights() -> None:
    report = assert_as_written(NAME)

    missing = "most slots missing (daylight saving)"
    assert figure(report, f"Sydney in October: {missing}") == 2
    assert figure(report, f"Sydney in April: {missing}") == 0


@pytest.mark.timeout(600)
@pytest.mark.parametrize("night", [SPRING, AUTUMN], ids=lambda night: night.name)
def test_another_seed(night: Script) -> None:
    outcome = perform(night, seed=2, length=timedelta(hours=5))

    assert_passed(outcome.report())
