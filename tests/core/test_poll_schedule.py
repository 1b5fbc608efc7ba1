"""When to ask a price source again."""

from datetime import datetime, timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.core.poll_schedule import (
    AEMO_SCHEDULE,
    AMBER_SCHEDULE,
    COMED_SCHEDULE,
    INTERVAL,
    LOCAL_SCHEDULE,
    Schedule,
    next_poll,
)

from .support import MINUTE, utc

T = utc("2026-06-15 02:05")
SCHEDULES = (AMBER_SCHEDULE, AEMO_SCHEDULE, COMED_SCHEDULE, LOCAL_SCHEDULE)


def at_second(second: float) -> datetime:
    return T + timedelta(seconds=second)


def polls(
    schedule: Schedule, jitter: float, *, settled: bool, failing: bool
) -> list[float]:
    """Every moment of one round and the first of the next, in seconds."""
    now, found = at_second(jitter), []
    while now < at_second(jitter) + 5 * MINUTE:
        now = next_poll(
            now,
            schedule,
            settled=settled,
            failing=failing,
            jitter=timedelta(seconds=jitter),
        )
        found.append((now - T).total_seconds())
    return found


# covers P-03
@pytest.mark.parametrize(
    ("settled", "failing", "expected"),
    [
        (True, False, [1.5, 301.5]),
        (False, False, [1.5, 20.5, 30.5, 45.5, 301.5]),
        (True, True, [1.5, 20.5, 45.5, 90.5, 180.5, 301.5]),
        (False, True, [1.5, 20.5, 45.5, 90.5, 180.5, 301.5]),
    ],
)
def test_amber(settled: bool, failing: bool, expected: list[float]) -> None:
    assert polls(AMBER_SCHEDULE, 0.5, settled=settled, failing=failing) == expected


def test_aemo_is_asked_every_12_s_for_two_minutes_for_a_price_that_is_due() -> None:
    assert polls(AEMO_SCHEDULE, 0.5, settled=False, failing=False) == [
        20.5,
        *(32.5, 44.5, 56.5, 68.5, 80.5, 92.5, 104.5, 116.5, 128.5, 140.5),
        320.5,
    ]
    assert polls(AEMO_SCHEDULE, 0.5, settled=True, failing=False) == [20.5, 320.5]
    assert polls(AEMO_SCHEDULE, 0, settled=True, failing=True) == [20, 45, 90, 180, 320]


@pytest.mark.parametrize("jitter", [100, 240])
@pytest.mark.parametrize("settled", [True, False])
def test_comed_is_asked_once_at_the_second_of_the_home(
    jitter: int, settled: bool
) -> None:
    later = at_second(jitter - 1)

    assert polls(COMED_SCHEDULE, jitter, settled=settled, failing=False) == [
        jitter + 300
    ]
    assert next_poll(
        later,
        COMED_SCHEDULE,
        settled=settled,
        failing=False,
        jitter=timedelta(seconds=jitter),
    ) == at_second(jitter)


def test_retries_of_a_late_home_go_on_into_the_next_interval() -> None:
    assert polls(COMED_SCHEDULE, 240, settled=True, failing=True) == [285, 390, 540]
    # Also if it was asked out of turn meanwhile.
    assert next_poll(
        at_second(310),
        COMED_SCHEDULE,
        settled=True,
        failing=True,
        jitter=timedelta(seconds=240),
    ) == at_second(390)


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("failing", [True, False])
def test_what_is_at_hand_is_read_once_at_the_boundary(
    settled: bool, failing: bool
) -> None:
    assert polls(LOCAL_SCHEDULE, 0, settled=settled, failing=failing) == [0.5, 300.5]


@pytest.mark.parametrize(
    ("schedule", "jitter"),
    [
        (AMBER_SCHEDULE, 1),
        (AEMO_SCHEDULE, 1),
        (COMED_SCHEDULE, 240),
        (LOCAL_SCHEDULE, 0),
    ],
)
def test_homes_are_spread(schedule: Schedule, jitter: float) -> None:
    assert schedule.most_jitter == jitter


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_moments_rise_within_the_interval(schedule: Schedule) -> None:
    for retries in (schedule.while_waiting, schedule.while_failing):
        moments = [schedule.first, *retries]
        assert moments == sorted(set(moments))
        assert moments[-1] < INTERVAL.total_seconds()


def test_what_the_service_asks_for_is_respected() -> None:
    def moment(not_before: datetime) -> datetime:
        return next_poll(
            T,
            AMBER_SCHEDULE,
            settled=True,
            failing=False,
            jitter=timedelta(seconds=0.5),
            not_before=not_before,
        )

    assert moment(at_second(100)) == at_second(100)
    assert moment(at_second(-100)) == at_second(1.5)


@given(
    st.sampled_from(SCHEDULES),
    st.floats(0, 900),
    st.booleans(),
    st.booleans(),
    st.floats(0, 1),
    st.none() | st.floats(-900, 900),
)
def test_it_is_always_later_and_soon(
    schedule: Schedule,
    second: float,
    settled: bool,
    failing: bool,
    spread: float,
    wait: float | None,
) -> None:
    now = at_second(second)
    not_before = None if wait is None else now + timedelta(seconds=wait)

    moment = next_poll(
        now,
        schedule,
        settled=settled,
        failing=failing,
        jitter=timedelta(seconds=spread * schedule.most_jitter),
        not_before=not_before,
    )

    assert now < moment <= max(now + 5 * MINUTE, not_before or now)
    if not_before is not None:
        assert moment >= not_before
