"""When to ask a price source again."""

from datetime import datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.core.poll_schedule import next_poll

from .support import MINUTE, utc

T = utc("2026-06-15 02:05")
JITTER = timedelta(seconds=0.5)


def at_second(second: float) -> datetime:
    return T + timedelta(seconds=second)


def polls(*, settled: bool, failing: bool) -> list[float]:
    """Every moment within one interval, as seconds after its beginning."""
    now, found = T, []
    while now < T + 5 * MINUTE:
        now = next_poll(now, settled=settled, failing=failing, jitter=JITTER)
        found.append((now - T).total_seconds())
    return found


@pytest.mark.parametrize(
    ("settled", "failing", "expected"),
    [
        (True, False, [1.5, 301.5]),
        (False, False, [1.5, 20.5, 30.5, 45.5, 301.5]),
        (True, True, [1.5, 20.5, 45.5, 90.5, 180.5, 301.5]),
        (False, True, [1.5, 20.5, 45.5, 90.5, 180.5, 301.5]),
    ],
)
def test_the_moments_of_an_interval(
    settled: bool, failing: bool, expected: list[float]
) -> None:
    assert polls(settled=settled, failing=failing) == expected


def test_what_the_service_asks_for_is_respected() -> None:
    def moment(not_before: datetime) -> datetime:
        return next_poll(
            T, settled=True, failing=False, jitter=JITTER, not_before=not_before
        )

    assert moment(at_second(100)) == at_second(100)
    assert moment(at_second(-100)) == at_second(1.5)


@given(
    st.floats(0, 900),
    st.booleans(),
    st.booleans(),
    st.floats(0, 1),
    st.none() | st.floats(-900, 900),
)
def test_it_is_always_later_and_soon(
    second: float, settled: bool, failing: bool, jitter: float, wait: float | None
) -> None:
    now = at_second(second)
    not_before = None if wait is None else now + timedelta(seconds=wait)

    moment = next_poll(
        now,
        settled=settled,
        failing=failing,
        jitter=timedelta(seconds=jitter),
        not_before=not_before,
    )

    assert now < moment <= max(now + 5 * MINUTE, not_before or now)
    if not_before is not None:
        assert moment >= not_before
