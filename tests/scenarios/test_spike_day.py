"""A wholesale spike, through a cloud that loses commands."""

from dataclasses import replace

import pytest

from harness.scenarios.spike_day import NAME, SCRIPT

from .whole_days import assert_as_written, assert_holds, figure

# covers B-05, B-07


@pytest.mark.timeout(600)
def test_the_default_day() -> None:
    report = assert_as_written(NAME)

    assert figure(report, "commands") > 50
    assert figure(report, "levers looked at") > 5_000


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [2, 3])
def test_another_seed(seed: int) -> None:
    assert_holds(replace(SCRIPT, begins="16:30"), seed=seed, hours=4)
