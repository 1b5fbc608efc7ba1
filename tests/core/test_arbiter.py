"""Who gets which lever. Covers B-12."""

from datetime import datetime, timedelta
from itertools import combinations, permutations

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.core.arbiter import Ruling, resolve
from custom_components.power_sync.core.model.decisions import (
    Feature,
    Lever,
    LeverValue,
    Reason,
    Want,
)
from custom_components.power_sync.core.model.powerwall import OperationMode

from .support import HOUR, utc

NOW = utc("2026-06-15 02:00")
SELF, AUTONOMOUS, BACKUP = (
    OperationMode.SELF_CONSUMPTION,
    OperationMode.AUTONOMOUS,
    OperationMode.BACKUP,
)
MANUAL, SAFETY, FORCE, SPIKE, CURTAILMENT, PLAN, PRICE_SYNC, REPLAN = PRECEDENCE = (
    Feature.MANUAL,
    Feature.SAFETY,
    Feature.FORCE,
    Feature.SPIKE_RESPONSE,
    Feature.CURTAILMENT,
    Feature.PLAN,
    Feature.PRICE_SYNC,
    Feature.REPLAN,
)


def want(
    feature: Feature,
    lever: Lever = Lever.TARIFF,
    *,
    expires: datetime | None = None,
    value: LeverValue = SELF,
) -> Want:
    return Want(
        lever=lever,
        value=value,
        feature=feature,
        reason=Reason.REQUESTED,
        expires=expires,
    )


def test_nobody_wants_anything() -> None:
    assert resolve([], NOW) == {}


def test_every_feature_has_its_place() -> None:
    assert set(PRECEDENCE) == set(Feature)
    assert len(PRECEDENCE) == len(Feature)


@pytest.mark.parametrize(("first", "second"), combinations(PRECEDENCE, 2))
def test_precedence(first: Feature, second: Feature) -> None:
    """Manual, safety, force, spike, curtailment, plan, prices, a moment's replan."""
    # No two want the same, as if it mattered who says so first.
    wants = [want(first, value=AUTONOMOUS), want(second, value=BACKUP)]

    for order in permutations(wants):
        assert resolve(order, NOW) == {Lever.TARIFF: Ruling(wants[0], (second,))}


@given(st.permutations(PRECEDENCE))
def test_all_at_once(order: list[Feature]) -> None:
    ruling = resolve(map(want, order), NOW)[Lever.TARIFF]

    assert ruling == Ruling(want(MANUAL), PRECEDENCE[1:])


def test_each_lever_is_decided_for_itself() -> None:
    tariff = want(PRICE_SYNC)
    mode = want(SAFETY, Lever.OPERATION_MODE)

    assert resolve([tariff, mode], NOW) == {
        Lever.TARIFF: Ruling(tariff),
        Lever.OPERATION_MODE: Ruling(mode),
    }


def test_the_loser_waits_until_the_winner_expires() -> None:
    waiting = want(PRICE_SYNC)
    manual = want(MANUAL, expires=NOW)

    before = resolve([manual, waiting], NOW - timedelta(microseconds=1))
    assert before == {Lever.TARIFF: Ruling(manual, (PRICE_SYNC,))}
    assert resolve([manual, waiting], NOW) == {Lever.TARIFF: Ruling(waiting)}
    assert resolve([manual], NOW) == {}


def test_a_loser_that_has_expired_has_lost_nothing() -> None:
    wants = [want(FORCE), want(SPIKE, expires=NOW), want(PRICE_SYNC)]

    assert resolve(wants, NOW)[Lever.TARIFF].over == (PRICE_SYNC,)


def test_of_two_wants_of_a_feature_the_first_counts() -> None:
    first, second = want(SAFETY, value=BACKUP), want(SAFETY, value=AUTONOMOUS)

    assert resolve([first, second], NOW) == {Lever.TARIFF: Ruling(first)}
    assert resolve([second, first], NOW) == {Lever.TARIFF: Ruling(second)}
    # Its own second want is not somebody it has won over, and nobody loses twice.
    loser = want(PRICE_SYNC)
    ruling = resolve([loser, first, loser, second], NOW)[Lever.TARIFF]
    assert ruling == Ruling(first, (PRICE_SYNC,))


def test_of_two_wants_of_a_feature_the_second_counts_when_the_first_is_over() -> None:
    first, second = want(SAFETY, value=BACKUP, expires=NOW), want(SAFETY)

    assert resolve([first, second], NOW) == {Lever.TARIFF: Ruling(second)}


wants = st.builds(
    lambda feature, lever, hours: want(
        feature, lever, expires=None if hours is None else NOW + hours * HOUR
    ),
    st.sampled_from(Feature),
    st.sampled_from(Lever),
    st.none() | st.integers(-2, 2),
)


@given(st.lists(wants, max_size=8))
def test_exactly_one_valid_want_wins_each_wanted_lever(stated: list[Want]) -> None:
    valid = [w for w in stated if w.expires is None or w.expires > NOW]

    rulings = resolve(stated, NOW)

    assert set(rulings) == {w.lever for w in valid}
    for lever, ruling in rulings.items():
        asked = {w.feature for w in valid if w.lever is lever}
        assert ruling.want in valid
        assert ruling.want.lever is lever
        assert ruling.want.feature == min(asked)
        assert ruling.over == tuple(sorted(asked - {ruling.want.feature}))
