"""How many requests an API key has left, whoever makes them."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.clients import request_budget
from custom_components.power_sync.clients.errors import RateLimitedError
from custom_components.power_sync.clients.request_budget import RequestBudget

type Clock = Callable[[float], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return a way to set the time; it begins far from zero, as a loop's may."""

    def set_time(second: float) -> None:
        monkeypatch.setattr(request_budget, "_now", lambda: 5000 + second)

    set_time(0)
    return set_time


def said(left: int | str, reset: float | str) -> dict[str, str]:
    return {
        "RateLimit-Limit": "50",
        "RateLimit-Remaining": str(left),
        "RateLimit-Reset": str(reset),
    }


def granted(budget: RequestBudget, most: int = 200, spare: int = 0) -> int:
    """Take what there is and return how much that was."""
    for number in range(most):
        try:
            budget.take(spare)
        except RateLimitedError:
            return number
    return most


def wait(budget: RequestBudget, spare: int = 0) -> float:
    """Return how long a request that is not granted has to wait."""
    with pytest.raises(RateLimitedError) as caught:
        budget.take(spare)
    assert caught.value.retry_after is not None
    return caught.value.retry_after.total_seconds()


def test_fifty_in_any_five_minutes(at: Clock) -> None:
    budget = RequestBudget()
    assert granted(budget, most=20) == 20
    at(100)
    assert granted(budget) == 30

    assert wait(budget) == pytest.approx(202)
    at(301)
    assert wait(budget) == pytest.approx(1)
    at(302)
    assert granted(budget) == 20
    assert wait(budget) == pytest.approx(100)


def test_limit_and_window_are_those_of_the_key(at: Clock) -> None:
    budget = RequestBudget(limit=3, window=timedelta(seconds=10))

    assert granted(budget) == 3
    assert wait(budget) == pytest.approx(12)
    at(12)
    assert granted(budget) == 3


def test_wait_that_is_told_is_long_enough(at: Clock) -> None:
    budget = RequestBudget(limit=5, window=timedelta(seconds=98))
    for second in range(5):
        at(second)
        budget.take()

    for spare, moment in ((0, 100), (1, 100), (2, 101), (5, 104)):
        at(50)
        assert wait(budget, spare) == pytest.approx(moment - 50)
    at(101)
    budget.take(2)


def test_spare_requests_are_kept(at: Clock) -> None:
    budget = RequestBudget()

    assert granted(budget, spare=20) == 31
    assert wait(budget, spare=20) == pytest.approx(302)
    assert granted(budget) == 19


def test_what_others_have_used_is_believed(at: Clock) -> None:
    budget = RequestBudget()
    budget.take()
    budget.answered(said(3, 100))

    assert granted(budget) == 3
    assert wait(budget) == pytest.approx(102)
    at(99)
    assert wait(budget) == pytest.approx(3)
    at(100)
    assert granted(budget) == 46


def test_what_others_have_left_bounds_what_is_spared(at: Clock) -> None:
    budget = RequestBudget()
    budget.answered(said(21, 100))

    assert granted(budget, spare=20) == 2
    assert wait(budget, spare=20) == pytest.approx(102)
    assert granted(budget) == 19


def test_nothing_left_until_the_reset(at: Clock) -> None:
    budget = RequestBudget()
    budget.answered(said(0, 7))

    assert wait(budget) == pytest.approx(9)
    at(7)
    budget.take()


def test_more_than_was_taken_here_is_not_believed(at: Clock) -> None:
    budget = RequestBudget()
    assert granted(budget) == 50
    budget.answered(said(40, 100))

    assert wait(budget) == pytest.approx(302)


@pytest.mark.parametrize("second_reset", [198, 200, 202])
def test_answers_that_overtake_each_other_give_nothing_back(
    at: Clock, second_reset: int
) -> None:
    budget = RequestBudget()
    budget.answered(said(2, 200))
    budget.take()
    budget.answered(said(2, second_reset))

    assert granted(budget) == 1


def test_what_others_use_within_the_window_is_believed(at: Clock) -> None:
    budget = RequestBudget()
    budget.answered(said(10, 200))
    at(1)
    budget.answered(said(3, 199))

    assert granted(budget) == 3


def test_refusal_also_says_what_is_left(at: Clock) -> None:
    budget = RequestBudget()
    budget.refused(said(2, 100))

    assert granted(budget) == 2


def test_next_window_counts_anew(at: Clock) -> None:
    budget = RequestBudget()
    budget.answered(said(1, 100))
    budget.take()
    at(50)
    budget.answered(said(5, 300))

    assert granted(budget) == 5


def test_window_that_is_over_does_not_bound_one_that_ends_with_it(at: Clock) -> None:
    budget = RequestBudget()
    budget.answered(said(0, 100))
    at(100)
    budget.answered(said(5, 1))

    assert granted(budget) == 5


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"RateLimit-Remaining": "0"},
        said("-1", 100),
        said("none", 100),
        said(0, "soon"),
        {"RateLimit-Limit": "50", "RateLimit-Reset": "100"},
    ],
)
def test_headers_that_say_nothing_change_nothing(
    at: Clock, headers: dict[str, str]
) -> None:
    budget = RequestBudget()
    budget.answered(said(3, 200))
    budget.answered(headers)

    assert granted(budget) == 3


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (said(0, 100), 102),
        ({"RateLimit-Reset": "100"}, 102),
        ({"Retry-After": "30"}, 30),
        ({**said(7, 100), "Retry-After": "30"}, 30),
        ({**said(0, 100), "Retry-After": "130"}, 130),
    ],
)
def test_wait_that_is_asked_for_holds_for_all(
    at: Clock, headers: dict[str, str], seconds: float
) -> None:
    budget = RequestBudget()

    assert budget.refused(headers) == timedelta(seconds=seconds)
    assert wait(budget) == pytest.approx(seconds)
    at(seconds)
    budget.take()


def test_longest_wait_counts(at: Clock) -> None:
    budget = RequestBudget()
    budget.refused({"Retry-After": "100"})
    budget.refused({"Retry-After": "30"})

    assert wait(budget) == pytest.approx(100)


@pytest.mark.parametrize("headers", [said(7, 100), {}, {"Retry-After": "later"}])
def test_lone_refusal_costs_the_others_nothing(
    at: Clock, headers: dict[str, str]
) -> None:
    budget = RequestBudget()

    assert budget.refused(headers) == timedelta(seconds=1)
    budget.take()


def test_refusals_in_a_row_back_off(at: Clock) -> None:
    budget = RequestBudget()
    pauses = [budget.refused({}).total_seconds() for _ in range(20)]

    assert pauses[:11] == [1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert set(pauses[11:]) == {300}
    assert wait(budget) == pytest.approx(300)


def test_back_off_is_obeyed_and_ends_with_an_answer(at: Clock) -> None:
    budget = RequestBudget()
    for _ in range(4):
        budget.refused({})
    assert wait(budget) == pytest.approx(4)
    at(4)
    budget.take()
    budget.answered({})

    assert budget.refused({}) == timedelta(seconds=1)
    budget.take()
    assert budget.refused({}) == timedelta(seconds=1)
    assert wait(budget) == pytest.approx(1)


@given(
    st.lists(st.floats(0, 60), min_size=1, max_size=80),
    st.integers(1, 6),
    st.integers(0, 1),
)
def test_never_more_than_the_limit_and_never_stuck(
    gaps: list[float], limit: int, spare: int
) -> None:
    clock, taken = 0.0, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(request_budget, "_now", lambda: clock)
        budget = RequestBudget(limit=limit, window=timedelta(seconds=100))
        for gap in gaps:
            clock += gap
            if granted(budget, most=1, spare=spare) == 0:
                pause = wait(budget, spare)
                assert 0 < pause <= 102.00001
                clock += pause
                budget.take(spare)
            taken.append(clock)
    for first, later in zip(taken, taken[limit:], strict=False):
        assert later - first >= 100


async def test_time_is_the_loops() -> None:
    budget = RequestBudget(limit=1)
    budget.take()

    assert 301 < wait(budget) <= 302
