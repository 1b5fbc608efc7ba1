"""What electricity cost at each time of the last days."""

from datetime import datetime, timedelta
import random

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.power_sync.core.model.prices import PriceKind, PriceSeries
from custom_components.power_sync.core.price_history import (
    CARRIED,
    KEPT,
    PriceHistory,
    carry_over,
)
from custom_components.power_sync.core.timeline import QUARTER

from .support import (
    ACTUAL,
    CURRENT,
    DAY,
    EXPORT,
    FORECAST,
    HOUR,
    IMPORT,
    LORD_HOWE,
    MINUTE,
    SYDNEY,
    at,
    history,
    point,
    row,
    series,
    utc,
)

T = utc("2026-06-15 02:00")  # noon in Sydney


def test_nothing_is_known_at_first() -> None:
    assert PriceHistory().usual_price(IMPORT, 24, SYDNEY, T) is None
    assert not PriceHistory().with_series(series([]), T).imports


def test_quarter_hours_are_duration_weighted_means() -> None:
    known = history(
        [
            *row(T, [0.1, 0.2, 0.6], minutes=5, kind=ACTUAL),
            point(T + QUARTER, 0.9, minutes=30, kind=ACTUAL),
        ],
        T + HOUR,
        [point(T, 0.05, minutes=15, kind=ACTUAL)],
    )

    assert list(known.imports) == [T, T + QUARTER, T + 2 * QUARTER]
    assert list(known.imports.values()) == pytest.approx([0.3, 0.9, 0.9])
    assert dict(known.exports) == pytest.approx({T: 0.05})


def test_partial_quarters_are_not_stored() -> None:
    rows = row(T, [0.1, 0.2], minutes=5, kind=ACTUAL)
    assert not history(rows, T + HOUR).imports

    complete = [*rows, point(T + 10 * MINUTE, 0.3, minutes=5, kind=CURRENT)]
    assert not history(complete, T + 14 * MINUTE).imports  # not over
    assert dict(history(complete, T + QUARTER).imports) == pytest.approx({T: 0.2})


def test_a_price_from_the_middle_of_a_quarter_does_not_count_for_it() -> None:
    rows = row(T + 5 * MINUTE, [1] * 5, minutes=5, kind=ACTUAL)

    assert list(history(rows, T + HOUR).imports) == [T + QUARTER]


def test_forecasts_are_no_history() -> None:
    assert not history(row(T, [1, 1], kind=FORECAST), T + HOUR).imports


def test_newer_knowledge_replaces_older() -> None:
    known = history([point(T, 1, kind=CURRENT)], T + HOUR)
    known = known.with_series(series([point(T, 2, kind=ACTUAL)]), T + HOUR)

    assert set(known.imports.values()) == {2}


@pytest.mark.parametrize("second", [0, 7])
def test_a_week_is_kept(second: int) -> None:
    """Also when the series reaches back further and now is any time."""
    now = T + timedelta(seconds=second)

    known = history(row(T - 9 * DAY, [1] * (9 * 48), kind=ACTUAL), now)

    first = T - KEPT if second == 0 else T - KEPT + QUARTER
    assert min(known.imports) == first
    assert max(known.imports) == T - QUARTER
    assert len(known.imports) == 7 * 96 - (second > 0)
    assert all(start.minute % 15 == start.second == 0 for start in known.imports)

    later = known.with_series(series([]), now + HOUR)
    assert min(later.imports) == first + HOUR


def test_the_last_time_is_yesterday_or_today_not_both() -> None:
    yesterday = point(T - DAY - HOUR / 2, 9, kind=ACTUAL)
    today = point(T - HOUR / 2, 0.2, kind=ACTUAL)

    assert history([yesterday, today], T).usual_price(IMPORT, 23, SYDNEY, T) == 0.2
    assert history([yesterday], T).usual_price(IMPORT, 23, SYDNEY, T) == 9


def test_each_channel_answers_for_itself() -> None:
    known = history([point(T, 1, kind=ACTUAL)], T + HOUR, [point(T, 2, kind=ACTUAL)])

    assert known.usual_price(IMPORT, 24, SYDNEY, T + HOUR) == 1
    assert known.usual_price(EXPORT, 24, SYDNEY, T + HOUR) == 2
    assert known.usual_price(IMPORT, 25, SYDNEY, T + HOUR) is None


def test_an_older_price_counts_by_the_median_of_the_days() -> None:
    days = {2: 1.0, 3: 100.0, 4: 2.0, 5: 3.0}
    known = history(
        [point(T - ago * DAY, price, kind=ACTUAL) for ago, price in days.items()], T
    )

    assert known.usual_price(IMPORT, 24, SYDNEY, T) == 2.5


def test_what_was_known_a_week_ago_is_forgotten() -> None:
    known = history([point(T - 7 * DAY, 1, kind=ACTUAL)], T)
    assert known.usual_price(IMPORT, 24, SYDNEY, T) == 1

    known = known.with_series(series([]), T + 20 * MINUTE)

    assert known.usual_price(IMPORT, 24, SYDNEY, T) is None


def test_the_25_hours_of_the_longest_day_still_count_as_the_last_time() -> None:
    # Half past one on the morning after: the last one is 25 hours ago.
    now = at("2026-04-06 01:30", SYDNEY)
    night = at("2026-04-05 01:30", SYDNEY)
    assert now - night == 25 * HOUR
    known = history(
        [point(night, 1, kind=ACTUAL), point(night - DAY, 9, kind=ACTUAL)], now
    )

    assert known.usual_price(IMPORT, 3, SYDNEY, now) == 1


def test_a_week_in_which_the_clocks_change_reaches_back_to_a_ninth_date() -> None:
    now = at("2026-10-11 00:30", SYDNEY)
    then = now - KEPT
    assert then == at("2026-10-03 23:30", SYDNEY)

    known = history([point(then, 1, kind=ACTUAL)], now)

    assert known.usual_price(IMPORT, 47, SYDNEY, now) == 1


def test_a_repeated_half_hour_counts_with_both_passes() -> None:
    first = at("2026-04-05 02:00", SYDNEY)
    second = at("2026-04-05 02:00", SYDNEY, fold=1)
    known = history(
        [point(first, 1, kind=ACTUAL), point(second, 3, kind=ACTUAL)], second + HOUR
    )

    assert known.usual_price(IMPORT, 4, SYDNEY, second + HOUR) == 2
    assert known.usual_price(IMPORT, 4, SYDNEY, second + 3 * DAY) == 2


def test_a_skipped_half_hour_is_remembered_from_the_days_before() -> None:
    saturday = at("2026-10-03 02:00", LORD_HOWE)
    now = at("2026-10-04 12:00", LORD_HOWE)
    known = history([point(saturday, 1, kind=ACTUAL)], now)

    assert known.usual_price(IMPORT, 4, LORD_HOWE, now) == 1


@given(st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_history_in_pieces_is_history_at_once(seed: int) -> None:
    """Five-minute rows that arrive little by little, each several times."""
    chance = random.Random(seed)
    rows = row(T, [chance.uniform(-1, 1) for _ in range(96)], minutes=5, kind=ACTUAL)
    end = rows[-1].end
    pieces = PriceHistory()
    for count in range(6, len(rows) + 1, chance.randint(1, 6)):
        said = rows[max(0, count - 12) : count]
        pieces = pieces.with_series(series(said), said[-1].end)
    pieces = pieces.with_series(series(rows[-12:]), end)

    assert dict(pieces.imports) == pytest.approx(dict(history(rows, end).imports))


# --- carrying over what one answer said to the next


def said(kind: PriceKind, price: float, start: datetime = T) -> PriceSeries:
    return series([point(start, price, minutes=5, kind=kind)])


def carried(earlier: PriceSeries, later: PriceSeries, now: datetime) -> list[float]:
    return [item.price for item in carry_over(earlier, later, now).imports]


NEXT = T + 5 * MINUTE


def test_what_is_just_over_is_carried_over() -> None:
    later = said(CURRENT, 2, NEXT)

    assert carried(said(CURRENT, 1), later, NEXT) == [1, 2]
    assert carried(said(ACTUAL, 1), later, NEXT) == [1, 2]


def test_a_forecast_a_running_or_an_old_price_is_not() -> None:
    later = said(CURRENT, 2, NEXT)

    assert carried(said(FORECAST, 1), later, NEXT) == [2]
    assert carried(said(CURRENT, 1), later, NEXT - MINUTE) == [2]
    assert carried(said(ACTUAL, 1), later, NEXT + CARRIED) == [2]
    assert carried(said(ACTUAL, 1), later, NEXT + CARRIED - MINUTE) == [1, 2]


def test_what_the_newer_answer_says_itself_is_not_repeated() -> None:
    assert carried(said(CURRENT, 1), said(ACTUAL, 2), NEXT) == [2]


def test_a_late_answer_does_not_turn_a_known_price_into_a_forecast() -> None:
    joined = carry_over(said(CURRENT, 1), said(FORECAST, 9), NEXT)

    assert {(item.kind, item.price) for item in joined.imports} == {
        (CURRENT, 1),
        (FORECAST, 9),
    }


def test_channels_stay_apart_and_none_appears() -> None:
    earlier = series(
        [point(T, 1, minutes=5, kind=ACTUAL)], [point(T, 2, minutes=5, kind=ACTUAL)]
    )
    later = series([point(NEXT, 3, kind=CURRENT)])

    joined = carry_over(earlier, later, NEXT)

    assert [item.price for item in joined.imports] == [1, 3]
    assert joined.exports is None
    assert joined.controlled_load is None
    both = carry_over(earlier, series([], [point(NEXT, 4)]), NEXT)
    assert both.exports is not None
    assert [item.price for item in both.exports] == [2, 4]
