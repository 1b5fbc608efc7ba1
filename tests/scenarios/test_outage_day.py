"""Services, grid and token away, one after the other."""

from dataclasses import replace

import pytest

from harness.scenarios.outage_day import NAME, SCRIPT

from .whole_days import assert_as_written, assert_holds, figure

# covers B-03, B-12


@pytest.mark.timeout(600)
def test_the_default_day() -> None:
    report = assert_as_written(NAME)

    assert figure(report, "commands") > 100
    assert figure(report, "forces") == 5


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [2])
def test_another_seed(seed: int) -> None:
    assert_holds(replace(SCRIPT, begins="07:45"), seed=seed, hours=5)
