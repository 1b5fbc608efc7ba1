"""Pushed prices and fetched ones, neither undoing what the other knows better."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.core.live_price import keep_settled, with_running
from custom_components.power_sync.core.model.prices import (
    Channel,
    PriceKind,
    PricePoint,
    PriceSeries,
)

from .support import (
    ACTUAL,
    CURRENT,
    EXPORT,
    IMPORT,
    MINUTE,
    point,
    row,
    series,
    utc,
)

T = utc("2026-06-15 02:05")
NOW = T + MINUTE


def running(
    price: float,
    *,
    estimate: bool = True,
    start: datetime = T,
    minutes: int = 5,
) -> PricePoint:
    return replace(
        point(start, price, minutes=minutes, kind=CURRENT), estimate=estimate
    )


def fetched(current: PricePoint | None = None) -> PriceSeries:
    """Return 5-minute prices around T, the same on both channels."""
    points = [
        point(T - 5 * MINUTE, 0.1, minutes=5, kind=ACTUAL),
        current or running(0.2),
        *row(T + 5 * MINUTE, [0.3, 0.4], minutes=5),
    ]
    return series(points, points)


def prices(points: tuple[PricePoint, ...] | None) -> list[tuple[float, float, float]]:
    """Return beginning and end in minutes from T, and price."""
    return [
        ((p.start - T) / MINUTE, (p.end - T) / MINUTE, p.price) for p in points or ()
    ]


# covers P-03
def test_pushed_price_replaces_the_one_of_its_interval() -> None:
    push = running(0.25, estimate=False)

    updated = with_running(fetched(), {IMPORT: push}, NOW)

    assert prices(updated.imports) == [
        (-5, 0, 0.1),
        (0, 5, 0.25),
        (5, 10, 0.3),
        (10, 15, 0.4),
    ]
    assert updated.running(IMPORT, NOW) is push
    assert updated.exports == fetched().exports
    assert updated.fetched_at == NOW


def test_all_channels_of_a_push_are_used() -> None:
    before = replace(fetched(), controlled_load=(running(0.7),))

    updated = with_running(before, {channel: running(0.9) for channel in Channel}, NOW)

    for channel in Channel:
        found = updated.running(channel, NOW)
        assert found is not None
        assert found.price == 0.9
        assert len(updated.channel(channel)) == len(before.channel(channel))


def test_pushed_price_replaces_the_forecast_of_its_interval() -> None:
    before = fetched()
    later = T + 6 * MINUTE

    updated = with_running(before, {IMPORT: running(0.35, start=T + 5 * MINUTE)}, later)

    assert prices(updated.imports) == [
        (-5, 0, 0.1),
        (0, 5, 0.2),
        (5, 10, 0.35),
        (10, 15, 0.4),
    ]
    assert updated.running(IMPORT, later) == running(0.35, start=T + 5 * MINUTE)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (
            5,
            [(-30, 0, 0.1), (0, 5, 0.2), (5, 10, 0.9), (10, 30, 0.2), (30, 60, 0.3)],
        ),
        (30, [(-30, 0, 0.1), (0, 5, 0.2), (5, 35, 0.9), (35, 60, 0.3)]),
    ],
)
def test_other_lengths_are_cut_back(
    minutes: int, expected: list[tuple[float, float, float]]
) -> None:
    before = series(
        [
            point(T - 30 * MINUTE, 0.1, kind=ACTUAL),
            running(0.2, minutes=30),
            point(T + 30 * MINUTE, 0.3),
        ]
    )
    now = T + 6 * MINUTE
    push = running(0.9, start=T + 5 * MINUTE, minutes=minutes)

    updated = with_running(before, {IMPORT: push}, now)

    assert prices(updated.imports) == expected
    assert updated.running(IMPORT, now) is push
    assert with_running(updated, {IMPORT: push}, now) is updated


def test_settled_parts_of_a_longer_interval_stay() -> None:
    before = series(
        [
            point(T, 0.1, minutes=5, kind=ACTUAL),
            running(0.2, start=T + 5 * MINUTE),
            *row(T + 10 * MINUTE, [0.3] * 4, minutes=5),
        ]
    )

    updated = with_running(before, {IMPORT: running(0.9, minutes=30)}, T + 6 * MINUTE)

    assert prices(updated.imports) == [(0, 5, 0.1), (0, 30, 0.9)]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("pushed", [True, False])
def test_estimate_never_replaces_a_settled_price(known: bool, pushed: bool) -> None:
    before = fetched(running(0.2, estimate=known))

    updated = with_running(before, {IMPORT: running(0.25, estimate=pushed)}, NOW)

    if pushed and not known:
        assert updated is before
    else:
        assert updated.running(IMPORT, NOW) == running(0.25, estimate=pushed)


def test_price_of_an_interval_that_is_over_is_not_touched() -> None:
    before = fetched(point(T, 0.2, minutes=5, kind=ACTUAL))

    assert with_running(before, {IMPORT: running(0.9, estimate=False)}, NOW) is before


def test_settling_without_a_change_of_price_is_news() -> None:
    updated = with_running(fetched(), {IMPORT: running(0.2, estimate=False)}, NOW)

    assert updated.running(IMPORT, NOW) == running(0.2, estimate=False)


@pytest.mark.parametrize(
    "update",
    [
        {},
        {IMPORT: running(0.2)},
        {IMPORT: running(0.2), EXPORT: running(0.2)},
        {IMPORT: running(0.9, start=T - 5 * MINUTE)},
        {IMPORT: running(0.9, start=T + 5 * MINUTE)},
        {IMPORT: running(0.9, start=T - 4 * MINUTE)},
        {Channel.CONTROLLED_LOAD: running(0.9)},
    ],
    ids=["empty", "same", "same twice", "over", "ahead", "ends now", "not billed"],
)
def test_nothing_new_is_the_same_object(update: dict[Channel, PricePoint]) -> None:
    before = fetched()

    assert with_running(before, update, NOW) is before


def test_interval_begins_with_its_first_moment() -> None:
    assert with_running(fetched(), {IMPORT: running(0.9)}, T) is not fetched()
    assert with_running(fetched(), {IMPORT: running(0.9)}, T).imports[1].price == 0.9


def test_channel_with_nothing_new_stays_while_another_changes() -> None:
    before = fetched(running(0.2, estimate=False))
    update = {IMPORT: running(0.9), EXPORT: running(0.9, estimate=False)}

    updated = with_running(before, update, NOW)

    assert updated.imports == before.imports
    assert updated.exports != before.exports


def test_home_without_feed_in_stays_without() -> None:
    before = series(fetched().imports)

    updated = with_running(before, {IMPORT: running(0.9), EXPORT: running(0.9)}, NOW)

    assert updated.exports is None
    assert updated.controlled_load is None


# covers P-03
def test_older_answer_does_not_undo_a_settled_push() -> None:
    settled = running(0.25, estimate=False)
    earlier = with_running(fetched(), {IMPORT: settled, EXPORT: settled}, NOW)

    kept = keep_settled(earlier, fetched(running(0.2)), NOW)

    assert prices(kept.imports) == prices(earlier.imports)
    assert kept.running(IMPORT, NOW) is settled
    assert kept.running(EXPORT, NOW) is settled
    assert kept.fetched_at == fetched().fetched_at


def test_answer_from_before_the_boundary_does_not_undo_a_settled_push() -> None:
    settled = running(0.35, start=T + 5 * MINUTE, estimate=False)
    earlier = with_running(fetched(), {IMPORT: settled}, T + 6 * MINUTE)

    kept = keep_settled(earlier, fetched(), T + 4 * MINUTE)

    assert kept.running(IMPORT, T + 6 * MINUTE) is settled
    assert [p.price for p in kept.imports] == [0.1, 0.2, 0.35, 0.4]


@pytest.mark.parametrize(
    ("known", "fresh"),
    [
        (running(0.25), running(0.2)),
        (running(0.25, estimate=False), running(0.2, estimate=False)),
        (running(0.25, estimate=False), point(T, 0.2, minutes=5, kind=ACTUAL)),
        (
            running(0.25, start=T - 5 * MINUTE, estimate=False),
            running(0.2, start=T - 5 * MINUTE),
        ),
        (point(T, 0.25, minutes=5, kind=ACTUAL), running(0.2)),
        (running(0.25, estimate=False), running(0.2, minutes=30)),
    ],
    ids=["estimate", "settled too", "over", "not running", "was over", "other length"],
)
def test_fresh_answer_counts_otherwise(known: PricePoint, fresh: PricePoint) -> None:
    answer = series([fresh])

    assert keep_settled(series([known]), answer, NOW) is answer


def test_channel_the_fresh_answer_has_not_is_not_brought_back() -> None:
    earlier = fetched(running(0.25, estimate=False))
    answer = series(fetched().imports)

    kept = keep_settled(earlier, answer, NOW)

    assert kept.exports is None
    assert kept.running(IMPORT, NOW) == running(0.25, estimate=False)


def covered(points: Iterable[PricePoint]) -> set[datetime]:
    """Return the beginnings of all five minutes that have a price."""
    return {
        p.start + n * 5 * MINUTE
        for p in points
        for n in range(p.duration // (5 * MINUTE))
    }


@st.composite
def some_points(draw: st.DrawFn) -> PricePoint:
    minutes = draw(st.sampled_from((5, 15, 30)))
    kind = draw(st.sampled_from(tuple(PriceKind)))
    found = point(
        T + draw(st.integers(-8, 8)) * 5 * MINUTE,
        draw(st.floats(-1, 20)),
        minutes=minutes,
        kind=kind,
    )
    return replace(found, estimate=kind is CURRENT and draw(st.booleans()))


@given(st.lists(some_points(), max_size=8), some_points(), st.integers(-40, 70))
def test_push_is_either_in_force_or_without_effect(
    known: list[PricePoint], push: PricePoint, minute: int
) -> None:
    now = T + minute * MINUTE
    before = series(sorted(known, key=lambda p: (p.start, p.end)))
    push = replace(push, kind=CURRENT)

    after = with_running(before, {IMPORT: push}, now)

    if after is before:
        return
    assert push in after.imports
    assert push.start <= now < push.end
    starts = [p.start for p in after.imports]
    assert starts == sorted(starts)
    for first, second in pairwise(after.imports):
        if push in (first, second):
            other = second if first == push else first
            assert other.kind is ACTUAL or (
                other.end <= push.start or push.end <= other.start
            )
    assert covered(known) <= covered(after.imports)
    assert with_running(after, {IMPORT: push}, now) is after


@given(st.lists(some_points(), max_size=6), st.lists(some_points(), max_size=6))
def test_keeping_twice_is_keeping_once(
    known: list[PricePoint], fresh: list[PricePoint]
) -> None:
    earlier, answer = (
        series(sorted(points, key=lambda p: (p.start, p.end)))
        for points in (known, fresh)
    )

    kept = keep_settled(earlier, answer, NOW)

    assert keep_settled(earlier, kept, NOW) is kept
    assert covered(fresh) <= covered(kept.imports)
