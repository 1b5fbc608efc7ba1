"""The short change of mode that makes the Powerwall plan anew."""

# covers B-10

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.core.arbiter import resolve
from custom_components.power_sync.core.model.decisions import (
    KEEP,
    Feature,
    Keep,
    Lever,
    LeverValue,
    Reason,
    Want,
)
from custom_components.power_sync.core.model.powerwall import OperationMode
from custom_components.power_sync.core.replan import Replan, with_replan

from .support import HOUR, MINUTE, utc

NOW = utc("2026-06-15 02:03")
SECOND = timedelta(seconds=1)
REPLAN = Replan().begun(NOW)
SELF, AUTONOMOUS, BACKUP = (
    OperationMode.SELF_CONSUMPTION,
    OperationMode.AUTONOMOUS,
    OperationMode.BACKUP,
)


def mode(value: LeverValue | Keep, feature: Feature = Feature.FORCE) -> Want:
    return Want(
        lever=Lever.OPERATION_MODE,
        value=value,
        feature=feature,
        reason=Reason.FORCED,
        expires=NOW + HOUR,
    )


def test_it_takes_five_seconds() -> None:
    assert Replan(until=NOW + 5 * SECOND, interval=NOW - 3 * MINUTE) == REPLAN
    moment = mode(SELF, Feature.REPLAN)
    moment = replace(moment, reason=Reason.REPLAN, expires=NOW + 5 * SECOND)

    assert with_replan((), REPLAN, NOW) == (moment,)
    assert with_replan((), REPLAN, NOW + 4.999 * SECOND) == (moment,)
    assert with_replan((), REPLAN, NOW + 5 * SECOND) == ()
    assert with_replan((), Replan(), NOW) == ()


def test_once_per_price_interval() -> None:
    assert not Replan().done_for(NOW)
    for minutes, done in ((-4, False), (-3, True), (0, True), (1.99, True), (2, False)):
        assert REPLAN.done_for(NOW + minutes * MINUTE) is done


def test_whoever_wants_time_based_control_wants_it_too() -> None:
    wants = with_replan([mode(AUTONOMOUS)], REPLAN, NOW)

    winner = resolve(wants, NOW)[Lever.OPERATION_MODE].want
    assert winner.value is SELF
    assert (winner.feature, winner.reason) == (Feature.FORCE, Reason.REPLAN)
    assert winner.expires == REPLAN.until
    # Then it is as before.
    later = NOW + 5 * SECOND
    assert with_replan([mode(AUTONOMOUS)], REPLAN, later) == (mode(AUTONOMOUS),)


@pytest.mark.parametrize("value", [SELF, BACKUP, KEEP])
def test_another_mode_is_what_it_is(value: LeverValue | Keep) -> None:
    wants = with_replan([mode(value, Feature.SAFETY)], REPLAN, NOW)

    assert resolve(wants, NOW)[Lever.OPERATION_MODE].want == mode(value, Feature.SAFETY)


def test_the_foremost_wish_counts() -> None:
    wants = with_replan(
        [
            mode(BACKUP, Feature.SAFETY),
            mode(AUTONOMOUS),
            mode(AUTONOMOUS, Feature.SPIKE_RESPONSE),
        ],
        REPLAN,
        NOW,
    )

    assert resolve(wants, NOW)[Lever.OPERATION_MODE].want.value is BACKUP
    both = resolve(wants[1:], NOW)[Lever.OPERATION_MODE].want
    assert (both.value, both.feature) == (SELF, Feature.FORCE)
    last = resolve(wants[2:], NOW)[Lever.OPERATION_MODE].want
    assert (last.value, last.feature) == (SELF, Feature.SPIKE_RESPONSE)


@given(
    st.lists(
        st.builds(
            Want,
            lever=st.sampled_from(Lever),
            value=st.sampled_from([SELF, AUTONOMOUS, BACKUP, KEEP]),
            feature=st.sampled_from(Feature),
            reason=st.just(Reason.FORCED),
        ),
        max_size=8,
    )
)
def test_no_other_lever_and_no_other_wish_is_touched(wants: list[Want]) -> None:
    changed = with_replan(wants, REPLAN, NOW)

    assert len(changed) == len(wants) + 1
    for before, after in zip(wants, changed, strict=False):
        assert after.feature is before.feature
        assert after == before or (
            (before.lever, before.value) == (Lever.OPERATION_MODE, AUTONOMOUS)
            and after.value is SELF
        )
    modes = [want for want in changed if want.lever is Lever.OPERATION_MODE]
    assert all(want.value is not AUTONOMOUS for want in modes)
