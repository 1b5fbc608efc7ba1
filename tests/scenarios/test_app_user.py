"""The owner keeps changing things in the Tesla app."""

from dataclasses import replace

import pytest

from harness.scenarios.app_user import NAME, SCRIPT

from .whole_days import assert_as_written, assert_holds, figure

# covers B-12, B-14


@pytest.mark.timeout(600)
def test_the_default_day() -> None:
    report = assert_as_written(NAME)

    assert figure(report, "commands") > 50
    assert figure(report, "changes in Tesla's app") >= 14
    assert figure(report, "changes of what was held") >= 4


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [2, 3])
def test_another_seed(seed: int) -> None:
    assert_holds(replace(SCRIPT, begins="08:00"), seed=seed, hours=5)
