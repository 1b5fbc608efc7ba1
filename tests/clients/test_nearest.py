"""What somebody may have meant to type."""

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.clients.nearest import edit_distance, nearest

WORDS = st.text("EA0129X", max_size=6)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("EA025", "EA025", 0),
        ("EA25", "EA025", 1),
        ("EA0255", "EA025", 1),
        ("EA026", "EA025", 1),
        ("kitten", "sitting", 3),
        ("", "N71", 3),
        ("N71", "", 3),
    ],
)
def test_edit_distance(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other) == distance


@given(WORDS, WORDS, WORDS)
def test_edit_distance_is_a_distance(one: str, other: str, third: str) -> None:
    there = edit_distance(one, other)

    assert there == edit_distance(other, one)
    assert (there == 0) == (one == other)
    assert there <= edit_distance(one, third) + edit_distance(third, other)


def test_best_comes_first_and_equals_keep_their_order() -> None:
    choices = ["N90", "N70", "N61", "N71"]

    assert nearest("N71", choices, 3) == ("N71", "N70", "N61")
    assert nearest("N71", choices, 9) == ("N71", "N70", "N61", "N90")
