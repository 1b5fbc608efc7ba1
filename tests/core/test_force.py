"""Orders to charge or discharge for a while."""

# covers B-09

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.core.force import begin, extend, force_wants
from custom_components.power_sync.core.model.decisions import (
    Feature,
    Lever,
    LeverValue,
    Reason,
    Want,
)
from custom_components.power_sync.core.model.force import (
    DURATIONS,
    Direction,
    Force,
    ForceError,
    ForceOverError,
    MinutesError,
    ReserveError,
    remaining,
    running,
)
from custom_components.power_sync.core.model.powerwall import ExportRule, OperationMode
from custom_components.power_sync.core.tesla_tariff import daily_tariff

from .support import HOUR, MINUTE, SYDNEY, ZONES, at, utc

NOW = utc("2026-06-17 07:03") + timedelta(seconds=25)
SECOND = timedelta(seconds=1)
TARIFF = daily_tariff([0.3] * 48, [0.1] * 48, name="n", utility="u", currency="AUD")
CHARGE, DISCHARGE = Direction.CHARGE, Direction.DISCHARGE


def asked(force: Force | None, now: datetime) -> dict[Lever, LeverValue]:
    return {want.lever: want.value for want in force_wants(force, TARIFF, now)}  # type: ignore[misc]


# --- beginning


def test_it_starts_now_and_ends_at_the_minute() -> None:
    force = begin(DISCHARGE, 30, NOW)

    assert force == Force(
        direction=DISCHARGE, started_at=NOW, until=utc("2026-06-17 07:33")
    )


@pytest.mark.parametrize("minutes", [15, 16, 37, *DURATIONS])
def test_from_fifteen_minutes_to_four_hours(minutes: int) -> None:
    whole = utc("2026-06-17 07:03")

    assert begin(CHARGE, minutes, whole).until == whole + minutes * MINUTE


@pytest.mark.parametrize("minutes", [14, 241, 0, -30])
def test_other_durations_are_refused(minutes: int) -> None:
    with pytest.raises(MinutesError, match=r"minutes must be 15 to 240") as caught:
        begin(CHARGE, minutes, NOW)

    assert caught.value.field == "minutes"
    assert (caught.value.least, caught.value.most) == (15, 240)


@pytest.mark.parametrize("reserve", [None, 0, 20, 80, 80.0, 100])
def test_a_reserve_that_lasts(reserve: float | None) -> None:
    assert begin(CHARGE, 30, NOW, reserve).reserve == reserve


@pytest.mark.parametrize("reserve", [-1, 80.5, 81, 99, 99.9, 101, float("nan")])
def test_a_reserve_that_would_not_last_is_refused(reserve: float) -> None:
    with pytest.raises(ReserveError) as caught:
        begin(CHARGE, 30, NOW, reserve)

    assert caught.value.field == "reserve"


def test_a_discharge_has_no_reserve_of_its_own() -> None:
    with pytest.raises(ForceError, match="not changed by a discharge"):
        begin(DISCHARGE, 30, NOW, 20)


# --- extending


def test_longer_and_shorter() -> None:
    force = begin(CHARGE, 30, NOW, 50)

    longer = extend(force, 45, NOW + 10 * MINUTE)
    assert longer.until == utc("2026-06-17 08:18")
    assert (longer.direction, longer.started_at, longer.reserve) == (CHARGE, NOW, 50)
    assert extend(longer, -45, NOW + 20 * MINUTE) == force


def test_it_can_be_extended_again_and_again_but_never_beyond_four_hours() -> None:
    force = begin(DISCHARGE, 240, NOW)
    with pytest.raises(MinutesError, match="0"):
        extend(force, 1, NOW)

    for hours in range(1, 9):
        force = extend(force, 60, NOW + hours * HOUR)

    assert force.until - force.started_at > 11 * HOUR


@pytest.mark.parametrize(
    ("minutes", "seconds"), [(-20, 0), (-19, 0), (-10, 540), (-9, 600), (220, 0)]
)
def test_the_limits_are_those_of_what_is_left(minutes: int, seconds: int) -> None:
    # 20 minutes and 35 seconds are left, less the seconds that pass.
    force = Force(direction=CHARGE, started_at=NOW, until=NOW + 20 * MINUTE + 35 * SECOND)  # fmt: skip
    now = NOW + seconds * SECOND
    possible = -(remaining(force, now) // MINUTE)

    if minutes >= possible and minutes < 220:
        assert extend(force, minutes, now).until == force.until + minutes * MINUTE
    else:
        with pytest.raises(MinutesError) as caught:
            extend(force, minutes, now)
        assert (caught.value.least, caught.value.most) == (possible, 219)


def test_what_is_over_is_not_extended() -> None:
    force = begin(CHARGE, 15, NOW)

    with pytest.raises(ForceOverError) as caught:
        extend(force, 30, force.until)

    assert caught.value.field == "force"
    assert isinstance(caught.value, ValueError)


# --- running


def test_it_runs_until_its_end_and_not_a_moment_longer() -> None:
    force = begin(CHARGE, 15, NOW)

    assert running(force, NOW)
    assert running(force, force.until - SECOND)
    assert remaining(force, force.until - SECOND) == SECOND
    for over in (force.until, force.until + HOUR):
        assert not running(force, over)
        assert remaining(force, over) == timedelta(0)
        assert force_wants(force, TARIFF, over) == ()


def test_where_there_is_none_nothing_is_wanted() -> None:
    assert not running(None, NOW)
    assert remaining(None, NOW) == timedelta(0)
    assert force_wants(None, TARIFF, NOW) == ()


def test_across_a_clock_change_it_takes_as_long_as_asked_for() -> None:
    for night in ("2026-10-04 01:30", "2026-04-05 01:30"):
        start = at(night, SYDNEY)
        assert remaining(begin(CHARGE, 120, start), start) == 2 * HOUR


def test_a_discharge_needs_export_and_no_charging_from_the_grid() -> None:
    assert asked(begin(DISCHARGE, 30, NOW), NOW) == {
        Lever.EXPORT_RULE: ExportRule.BATTERY_OK,
        Lever.GRID_CHARGING: False,
        Lever.TARIFF: TARIFF,
        Lever.OPERATION_MODE: OperationMode.AUTONOMOUS,
    }


def test_a_charge_needs_the_grid_and_touches_the_reserve_only_if_asked() -> None:
    plain = {
        Lever.GRID_CHARGING: True,
        Lever.TARIFF: TARIFF,
        Lever.OPERATION_MODE: OperationMode.AUTONOMOUS,
    }

    assert asked(begin(CHARGE, 30, NOW), NOW) == plain
    for reserve in (0.0, 60.0):
        assert asked(begin(CHARGE, 30, NOW, reserve), NOW) == {
            **plain,
            Lever.BACKUP_RESERVE: reserve,
        }


@pytest.mark.parametrize("direction", Direction)
def test_every_want_says_who_why_and_until_when(direction: Direction) -> None:
    force = begin(direction, 30, NOW)

    for want in force_wants(force, TARIFF, NOW):
        assert want == Want(
            lever=want.lever,
            value=want.value,
            feature=Feature.FORCE,
            reason=Reason.FORCED,
            expires=force.until,
        )


# --- at any time

instants = st.builds(
    lambda zone, day, seconds: (
        zone,
        at(f"{day} 00:00", zone) + timedelta(seconds=seconds),
    ),
    st.sampled_from(ZONES),
    st.sampled_from(
        ["2026-03-07", "2026-04-04", "2026-06-15", "2026-10-03", "2026-10-31"]
    ),
    st.floats(0, 2 * 86_400),
)


@given(st.sampled_from(Direction), instants, st.integers(15, 240))
def test_never_longer_than_asked_and_less_than_a_minute_shorter(
    direction: Direction, instant: tuple[ZoneInfo, datetime], minutes: int
) -> None:
    zone, now = instant
    force = begin(direction, minutes, now)

    assert (minutes - 1) * MINUTE < remaining(force, now) <= minutes * MINUTE
    local = force.until.astimezone(zone)
    assert (local.second, local.microsecond) == (0, 0)


@given(
    instants,
    st.integers(15, 240),
    st.lists(
        st.tuples(st.integers(-250, 250), st.floats(0, 7_200)), min_size=1, max_size=8
    ),
)
def test_whatever_is_asked_at_most_four_hours_are_left_and_it_ends(
    instant: tuple[ZoneInfo, datetime],
    minutes: int,
    steps: list[tuple[int, float]],
) -> None:
    _, now = instant
    force = begin(DISCHARGE, minutes, now)
    for more, seconds in steps:
        now += timedelta(seconds=seconds)
        left = remaining(force, now)
        wanted = left + more * MINUTE
        if left == timedelta(0):
            with pytest.raises(ForceOverError):
                extend(force, more, now)
        elif not timedelta(0) <= wanted <= 4 * HOUR:
            with pytest.raises(MinutesError) as caught:
                extend(force, more, now)
            least, most = caught.value.least, caught.value.most
            assert not least <= more <= most
            # The limits it names are real ones.
            assert extend(force, least, now).until >= now
            assert remaining(extend(force, most, now), now) <= 4 * HOUR
        else:
            force = extend(force, more, now)
            assert remaining(force, now) == wanted
            assert force.until.second == force.until.microsecond == 0
        assert remaining(force, now) <= 4 * HOUR
        assert running(force, now) == bool(force_wants(force, TARIFF, now))
    assert not running(force, now + 4 * HOUR)
