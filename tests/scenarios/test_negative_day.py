"""Prices below zero, and a feed-in that is made to look better."""

from dataclasses import replace

import pytest

from harness.scenarios.negative_day import NAME, SCRIPT

from .whole_days import assert_as_written, assert_holds, figure

# covers B-06, B-08


@pytest.mark.timeout(600)
def test_the_default_day() -> None:
    report = assert_as_written(NAME)

    assert figure(report, "commands") > 200
    assert figure(report, "curtailments") >= 2


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [2])
def test_another_seed(seed: int) -> None:
    assert_holds(replace(SCRIPT, begins="10:30"), seed=seed, hours=4)
