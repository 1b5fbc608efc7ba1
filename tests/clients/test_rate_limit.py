"""What services say about waiting."""

from datetime import timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.clients.rate_limit import budget, wait_time


@pytest.mark.parametrize(
    ("retry_after", "reset", "expected"),
    [
        ("37", "100", 37),
        (" 37 ", None, 37),
        ("1.5", None, 1.5),
        ("0", "100", 0),
        (None, "37", 39),
        ("soon", "37", 39),
        ("-1", "37", 39),
        ("nan", "37", 39),
        ("inf", "37", 39),
        ("1e308", "37", 39),
        ("86401", "37", 39),
        ("Fri, 20 Nov 2026 10:00:00 GMT", "37", 39),
        ("", "", None),
        ("soon", "later", None),
        (None, None, None),
    ],
)
def test_wait_time(
    retry_after: str | None, reset: str | None, expected: float | None
) -> None:
    wait = wait_time(retry_after, reset)

    assert wait == (None if expected is None else timedelta(seconds=expected))


@given(st.none() | st.text(), st.none() | st.text(), st.none() | st.text())
def test_any_header_is_survived(
    first: str | None, second: str | None, third: str | None
) -> None:
    wait = wait_time(first, second)
    assert wait is None or timedelta(0) <= wait <= timedelta(days=1, seconds=2)
    left = budget(first, second, third)
    assert left is None or left.limit >= 0 <= left.remaining


@pytest.mark.parametrize(
    "headers",
    [
        (None, "49", "100"),
        ("50", None, "100"),
        ("50", "49", None),
        ("50;w=300", "49", "100"),
        ("50", "-1", "100"),
        ("50", "1" * 5000, "100"),
        ("50", "49", "soon"),
    ],
)
def test_half_a_budget_is_none(headers: tuple[str | None, ...]) -> None:
    assert budget(*headers) is None


def test_budget() -> None:
    left = budget("50", "49", "100")

    assert left is not None
    assert (left.limit, left.remaining) == (50, 49)
    assert left.resets_in == timedelta(seconds=100)
