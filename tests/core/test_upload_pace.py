"""At most two uploads per 5-minute interval. Covers B-04."""

from datetime import datetime

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.core.upload_pace import may_upload

from .support import MINUTE, utc

T = utc("2026-06-15 02:05")
SECOND = MINUTE / 60


@pytest.mark.parametrize(
    ("earlier", "now", "allowed"),
    [
        ([], 0, True),
        ([0], 1, True),
        ([0, 1], 2, False),
        ([0, 1], 299.999, False),
        ([0, 1], 300, True),
        ([-1, 0], 1, True),
        ([-1, -2], 0, True),
        ([298, 299], 300, True),
        ([10, 20], 5, True),  # the clock was put back
    ],
)
def test_two_per_interval(earlier: list[int], now: float, allowed: bool) -> None:
    uploads = [T + second * SECOND for second in earlier]

    assert may_upload(uploads, T + now * SECOND) is allowed


@given(st.lists(st.integers(1, 200), max_size=80))
def test_whatever_is_tried_no_interval_sees_more(pauses: list[int]) -> None:
    now = T
    done: list[datetime] = []
    for pause in pauses:
        now += pause * SECOND
        if may_upload(done[-2:], now):  # the last two are all that need be known
            done.append(now)

    for first, third in zip(done, done[2:], strict=False):
        assert (third - T) // (5 * MINUTE) > (first - T) // (5 * MINUTE)
