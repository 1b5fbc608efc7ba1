"""Forces of all lengths, over each other and through restarts."""

from dataclasses import replace

import pytest

from harness.scenarios.force_mix import NAME, SCRIPT

from .whole_days import assert_as_written, assert_holds, figure

# covers B-09, B-10


@pytest.mark.timeout(600)
def test_the_default_day() -> None:
    report = assert_as_written(NAME)

    assert figure(report, "commands") > 100
    assert figure(report, "forces") >= 11


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [2])
def test_another_seed(seed: int) -> None:
    assert_holds(replace(SCRIPT, begins="10:45"), seed=seed, hours=5)
