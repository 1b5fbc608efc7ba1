"""Who gets which lever."""

from datetime import datetime, timedelta

from hypothesis import given, strategies as st

from custom_components.power_sync.core.arbiter import resolve
from custom_components.power_sync.core.model.decisions import (
    KEEP,
    Feature,
    Lever,
    Reason,
    Want,
)
from custom_components.power_sync.core.model.powerwall import OperationMode

from .support import HOUR, utc

NOW = utc("2026-06-15 02:00")


def want(
    feature: Feature,
    lever: Lever = Lever.TARIFF,
    *,
    expires: datetime | None = None,
) -> Want:
    return Want(
        lever=lever,
        value=KEEP if lever is Lever.TARIFF else OperationMode.SELF_CONSUMPTION,
        feature=feature,
        reason=Reason.REQUESTED,
        expires=expires,
    )


def test_nobody_wants_anything() -> None:
    assert resolve([], NOW) == {}


def test_the_user_comes_before_safety_before_price_sync() -> None:
    wants = [
        want(feature)
        for feature in (Feature.PRICE_SYNC, Feature.MANUAL, Feature.SAFETY)
    ]

    assert resolve(wants, NOW) == {Lever.TARIFF: wants[1]}
    assert resolve([wants[0], wants[2]], NOW) == {Lever.TARIFF: wants[2]}


def test_each_lever_is_decided_for_itself() -> None:
    tariff = want(Feature.PRICE_SYNC)
    mode = want(Feature.SAFETY, Lever.OPERATION_MODE)

    assert resolve([tariff, mode], NOW) == {
        Lever.TARIFF: tariff,
        Lever.OPERATION_MODE: mode,
    }


def test_the_loser_waits_until_the_winner_expires() -> None:
    waiting = want(Feature.PRICE_SYNC)
    manual = want(Feature.MANUAL, expires=NOW)

    before = resolve([manual, waiting], NOW - timedelta(microseconds=1))
    assert before == {Lever.TARIFF: manual}
    assert resolve([manual, waiting], NOW) == {Lever.TARIFF: waiting}
    assert resolve([manual], NOW) == {}


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

    winners = resolve(stated, NOW)

    assert set(winners) == {w.lever for w in valid}
    for lever, winner in winners.items():
        assert winner in valid
        assert winner.lever is lever
        assert winner.feature == min(w.feature for w in valid if w.lever is lever)
