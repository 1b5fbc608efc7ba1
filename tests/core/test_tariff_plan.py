"""A plan holds at every minute exactly once, and says where it does not."""

from dataclasses import replace
from datetime import date
import math

from hypothesis import assume, given, settings, strategies as st
import pytest

from custom_components.power_sync.core.model.tariff_plan import PlanSeason, TariffPlan
from custom_components.power_sync.core.plan_templates import TEMPLATES
from custom_components.power_sync.core.tariff_plan import (
    PlanProblem,
    ProblemKind,
    find_problem,
    price_at,
    runs_of_year,
)

from .plans import (
    EVERY,
    LEAP_YEAR,
    SYDNEYS,
    WEEKDAYS,
    WEEKENDS,
    WHOLE_DAY,
    painted_week,
    painter,
    period,
    plan,
    plans,
    season,
)
from .support import ADELAIDE, CHICAGO, MINUTE, SYDNEY, at

SMALL = settings(max_examples=60, deadline=None)


def problem_of(*seasons: PlanSeason) -> PlanProblem:
    found = find_problem(plan(*seasons))
    assert found is not None
    return found


def is_sound(*seasons: PlanSeason) -> bool:
    return find_problem(plan(*seasons)) is None


@pytest.mark.parametrize("key", TEMPLATES)
def test_every_template_is_sound(key: str) -> None:
    """Covers P-07."""
    template = TEMPLATES[key]

    assert find_problem(template) is None
    assert template.name
    for part in template.seasons:
        for item in part.periods:
            assert 0 <= item.export_rate < item.import_rate < 1


def test_the_templates_are_of_different_shapes() -> None:
    """Covers P-07."""
    assert list(TEMPLATES) == [
        "flat",
        "two_rates",
        "three_rates",
        "solar_soak",
        "ev_night",
        "seasonal",
    ]
    rates = {
        key: len({item.import_rate for part in value.seasons for item in part.periods})
        for key, value in TEMPLATES.items()
    }
    assert rates == {
        "flat": 1,
        "two_rates": 2,
        "three_rates": 3,
        "solar_soak": 3,
        "ev_night": 2,
        "seasonal": 3,
    }
    saturday, monday = date(2026, 8, 1), date(2026, 8, 3)
    for key, day, minute, rate in (
        ("two_rates", saturday, 12 * 60, 0.22),
        ("two_rates", monday, 6 * 60, 0.22),
        ("two_rates", monday, 7 * 60, 0.38),
        ("three_rates", saturday, 16 * 60, 0.32),
        ("three_rates", monday, 16 * 60, 0.48),
        ("three_rates", monday, 2 * 60, 0.22),
        ("solar_soak", monday, 12 * 60, 0.12),
        ("ev_night", monday, 3 * 60, 0.08),
        ("seasonal", monday, 16 * 60, 0.25),
        ("seasonal", date(2026, 1, 5), 16 * 60, 0.5),
    ):
        (found,) = painter(TEMPLATES[key])(day, minute)
        assert found.import_rate == rate, key


# --- coverage -------------------------------------------------------------------


@SMALL
@given(plans())
def test_a_partition_of_the_year_is_sound(whole: TariffPlan) -> None:
    """Covers P-07: every minute of a leap year, exactly once."""
    assert find_problem(whole) is None
    lookup = painter(whole)
    for day in LEAP_YEAR[::5]:
        for minute in range(0, 1440, 7):
            assert len(lookup(day, minute)) == 1


def covered(part: PlanSeason, day: int, minute: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.name for item in painted_week(part)[day][minute]))


def assert_is_there(problem: PlanProblem, part: PlanSeason) -> None:
    """The stretch a problem names is exactly as bad, and no longer than, it says."""
    week = painted_week(part)

    def kind(day: int, minute: int) -> tuple[ProblemKind, set[str]] | None:
        items = week[day][minute]
        if len(items) == 1:
            return None
        bad = ProblemKind.OVERLAP if items else ProblemKind.HOLE
        return bad, {item.name for item in items}

    expected = (problem.kind, set(problem.names))
    assert problem.season == part.name
    assert problem.weekdays
    for day in problem.weekdays:
        for minute in range(problem.start, problem.end):
            assert kind(day, minute) == expected
    first = problem.weekdays[0]
    for day in range(first):
        assert all(kind(day, minute) is None for minute in range(1440))
    assert all(kind(first, minute) is None for minute in range(problem.start))
    if problem.kind is ProblemKind.HOLE and problem.end < 1440:
        assert kind(first, problem.end) != expected


@SMALL
@given(plans(), st.data())
def test_a_plan_without_one_window_has_a_hole(
    whole: TariffPlan, data: st.DataObject
) -> None:
    """Covers P-07."""
    broken = data.draw(st.sampled_from(whole.seasons))
    gone = data.draw(st.sampled_from(broken.periods))
    assume(len(broken.periods) > 1)
    rest = list(broken.periods)
    rest.remove(gone)
    part = replace(broken, periods=tuple(rest))

    found = find_problem(
        replace(
            whole,
            seasons=tuple(part if it is broken else it for it in whole.seasons),
        )
    )

    assert found is not None
    assert found.kind is ProblemKind.HOLE
    assert_is_there(found, part)


@SMALL
@given(plans(), st.data())
def test_a_window_too_many_overlaps(whole: TariffPlan, data: st.DataObject) -> None:
    """Covers P-07."""
    broken = data.draw(st.sampled_from(whole.seasons))
    start, end = data.draw(st.tuples(st.integers(0, 1439), st.integers(0, 1440)))
    days = data.draw(st.sampled_from([EVERY, WEEKDAYS, WEEKENDS]))
    more = replace(WHOLE_DAY, name="More", days=days, start=start, end=end)
    part = replace(broken, periods=(*broken.periods, more))

    found = find_problem(
        replace(
            whole,
            seasons=tuple(part if it is broken else it for it in whole.seasons),
        )
    )

    assert found is not None
    assert found.kind is ProblemKind.OVERLAP
    assert "More" in found.names
    assert_is_there(found, part)


@SMALL
@given(plans(), st.data())
def test_a_window_that_is_moved_is_noticed(
    whole: TariffPlan, data: st.DataObject
) -> None:
    """Covers P-07: a sound plan just if each minute of the week has one period."""
    broken = data.draw(st.sampled_from(whole.seasons))
    index = data.draw(st.integers(0, len(broken.periods) - 1))
    moved = replace(
        broken.periods[index],
        start=data.draw(st.integers(0, 1439)),
        end=data.draw(st.integers(0, 1440)),
        days=data.draw(st.sampled_from([EVERY, WEEKDAYS, WEEKENDS])),
    )
    part = replace(
        broken,
        periods=(*broken.periods[:index], moved, *broken.periods[index + 1 :]),
    )

    found = find_problem(
        replace(
            whole,
            seasons=tuple(part if it is broken else it for it in whole.seasons),
        )
    )

    if all(len(items) == 1 for day in painted_week(part) for items in day):
        assert found is None
    else:
        assert found is not None
        assert_is_there(found, part)


def test_a_problem_can_be_said_in_a_sentence() -> None:
    """Covers P-07: "Summer, weekends: 22:00 to 24:00 has no period"."""
    problem = problem_of(
        season(
            period("Peak", "00:00", "22:00"),
            period("Off-peak", "22:00", "00:00", WEEKDAYS),
        )
    )

    assert problem == PlanProblem(
        kind=ProblemKind.HOLE,
        season="Summer",
        weekdays=(5, 6),
        start=22 * 60,
        end=24 * 60,
    )
    assert problem.days is WEEKENDS


@pytest.mark.parametrize(
    ("weekdays", "days"),
    [
        ((0, 1, 2, 3, 4), WEEKDAYS),
        ((5, 6), WEEKENDS),
        ((0, 1, 2, 3, 4, 5, 6), EVERY),
        ((5,), None),
        ((1, 2, 3, 4, 5), None),
        ((), None),
    ],
)
def test_the_days_of_a_problem_have_a_name_or_not(
    weekdays: tuple[int, ...], days: object
) -> None:
    problem = PlanProblem(kind=ProblemKind.HOLE, weekdays=weekdays)

    assert problem.days is days


def test_a_night_window_of_weekdays_holds_on_saturday_morning() -> None:
    """Covers P-07: and so it does not hold on Monday morning."""
    night = period("Night", "22:00", "07:00", WEEKDAYS)
    day = period("Day", "07:00", "22:00", WEEKDAYS)

    whole_weekend = problem_of(season(night, day, replace(WHOLE_DAY, days=WEEKENDS)))
    assert whole_weekend.kind is ProblemKind.HOLE
    assert whole_weekend.weekdays == (0,)
    assert (whole_weekend.start, whole_weekend.end) == (0, 7 * 60)
    assert is_sound(season(night, day, period("Rest", "07:00", "07:00", WEEKENDS)))


def test_who_overlaps_is_named_once_each() -> None:
    problem = problem_of(
        season(
            WHOLE_DAY,
            period("Peak", "16:00", "18:00", rate=0.5),
            period("Peak", "16:00", "18:00", rate=0.5),
        )
    )

    assert problem.kind is ProblemKind.OVERLAP
    assert problem.names == ("Flat", "Peak")
    assert (problem.start, problem.end) == (16 * 60, 18 * 60)
    assert problem.days is EVERY


def test_a_window_may_end_at_24_00_as_well_as_at_0_00() -> None:
    for end in (0, 1440):
        assert is_sound(season(replace(WHOLE_DAY, end=end)))
        assert is_sound(
            season(
                replace(WHOLE_DAY, start=600, end=end),
                replace(WHOLE_DAY, end=600),
            )
        )


# --- dates ----------------------------------------------------------------------


def summer_and_winter(last: tuple[int, int], first: tuple[int, int]) -> TariffPlan:
    return plan(
        season(WHOLE_DAY, name="Summer", first=(10, 1), last=last),
        season(WHOLE_DAY, name="Winter", first=first, last=(9, 30)),
    )


def test_seasons_run_over_new_year_and_meet() -> None:
    """Covers P-07."""
    assert find_problem(summer_and_winter((3, 31), (4, 1))) is None


@pytest.mark.parametrize(
    ("last", "first", "kind", "dates", "names"),
    [
        ((3, 30), (4, 1), "date_hole", ((3, 31), (3, 31)), ()),
        (
            (4, 2),
            (4, 1),
            "date_overlap",
            ((4, 1), (4, 2)),
            ("Summer", "Winter"),
        ),
        # Between a 28 February and a 1 March there is a day every four years.
        ((2, 28), (3, 1), "date_hole", ((2, 29), (2, 29)), ()),
    ],
)
def test_dates_in_no_season_or_in_two(
    last: tuple[int, int],
    first: tuple[int, int],
    kind: str,
    dates: object,
    names: object,
) -> None:
    """Covers P-07."""
    problem = find_problem(summer_and_winter(last, first))

    assert problem is not None
    assert problem.kind == kind
    assert (problem.first, problem.last) == dates
    assert problem.names == names


def test_a_hole_over_new_year_is_one() -> None:
    problem = problem_of(season(WHOLE_DAY, first=(2, 1), last=(11, 30)))

    assert problem.kind is ProblemKind.DATE_HOLE
    assert (problem.first, problem.last) == ((12, 1), (1, 31))


def test_two_seasons_of_the_same_dates_overlap_all_year() -> None:
    problem = problem_of(season(WHOLE_DAY), season(WHOLE_DAY, name="Too"))

    assert problem.kind is ProblemKind.DATE_OVERLAP
    assert (problem.first, problem.last) == ((1, 1), (12, 31))
    assert problem.names == ("Summer", "Too")


def test_a_season_may_be_one_day_and_the_other_the_rest_of_the_year() -> None:
    assert is_sound(
        season(WHOLE_DAY, first=(2, 29), last=(2, 29)),
        season(WHOLE_DAY, first=(3, 1), last=(2, 28)),
    )


@given(st.sets(st.integers(0, 365), min_size=1, max_size=6))
def test_runs_of_the_year(cuts: set[int]) -> None:
    """Runs are in order, cover the year, and neighbours differ."""
    marks = sorted(cuts)
    index = {(day.month, day.day): place for place, day in enumerate(LEAP_YEAR)}

    def value(day: tuple[int, int]) -> int:
        return sum(mark <= index[day] for mark in marks) % len(marks)

    runs = runs_of_year(value)

    assert len(runs) == len(marks)
    if len(marks) > 1:
        assert [index[first] for first, _, _ in runs] == marks
    for (_, last, _), (first, _, _) in zip(runs, [*runs[1:], runs[0]], strict=True):
        assert (index[last] + 1) % 366 == index[first]
    for first, last, here in runs:
        assert value(first) == value(last) == here


# --- what means nothing ---------------------------------------------------------


@pytest.mark.parametrize(
    ("whole", "kind", "where", "names"),
    [
        (plan(), "no_season", "", ()),
        (plan(season()), "no_period", "Summer", ()),
        (plan(season(WHOLE_DAY, name=" ")), "no_name", " ", ()),
        (plan(season(replace(WHOLE_DAY, name=""))), "no_name", "Summer", ()),
        (plan(season(WHOLE_DAY, first=(2, 30))), "bad_date", "Summer", ()),
        (plan(season(WHOLE_DAY, last=(13, 1))), "bad_date", "Summer", ()),
        (plan(season(WHOLE_DAY, first=(0, 0))), "bad_date", "Summer", ()),
        (plan(season(replace(WHOLE_DAY, start=-1))), "bad_time", "Summer", ("Flat",)),
        (plan(season(replace(WHOLE_DAY, start=1440))), "bad_time", "Summer", ("Flat",)),
        (plan(season(replace(WHOLE_DAY, end=1441))), "bad_time", "Summer", ("Flat",)),
        (plan(season(replace(WHOLE_DAY, end=-1))), "bad_time", "Summer", ("Flat",)),
        (
            plan(season(replace(WHOLE_DAY, import_rate=math.nan))),
            "bad_rate",
            "Summer",
            ("Flat",),
        ),
        (
            plan(season(replace(WHOLE_DAY, export_rate=math.inf))),
            "bad_rate",
            "Summer",
            ("Flat",),
        ),
        (plan(season(WHOLE_DAY), daily_charge=math.inf), "bad_rate", "", ()),
        (
            plan(
                season(
                    period("Peak", "00:00", "12:00", rate=0.5),
                    period("Peak", "12:00", "00:00", rate=0.4),
                )
            ),
            "conflicting_rates",
            "Summer",
            ("Peak",),
        ),
        (
            plan(
                season(
                    period("Peak", "00:00", "12:00", export=0.1),
                    period("Peak", "12:00", "00:00", export=0.2),
                )
            ),
            "conflicting_rates",
            "Summer",
            ("Peak",),
        ),
    ],
)
def test_what_means_nothing(
    whole: TariffPlan, kind: str, where: str, names: tuple[str, ...]
) -> None:
    """Covers P-07."""
    problem = find_problem(whole)

    assert problem is not None
    assert (problem.kind, problem.season, problem.names) == (kind, where, names)


def test_a_name_may_have_other_rates_in_another_season() -> None:
    assert is_sound(
        season(WHOLE_DAY, first=(1, 1), last=(6, 30)),
        season(replace(WHOLE_DAY, import_rate=0.5), first=(7, 1), last=(12, 31)),
    )


# --- the price of a moment ------------------------------------------------------


def test_saturday_morning_and_the_border_of_a_season() -> None:
    """Covers P-07."""
    for text, name in (
        ("2026-01-23 23:00", "Off-peak"),  # a Friday
        ("2026-01-24 06:59", "Off-peak"),
        ("2026-01-24 07:00", "Weekend"),
        ("2026-01-26 06:59", "Weekend"),
        ("2026-01-26 07:00", "Shoulder"),
        ("2026-04-04 23:59", "Weekend"),  # a Saturday, the last of summer
        ("2026-04-05 00:00", "Evening"),  # winter's own Saturday evening
        ("2026-10-03 23:59", "Evening"),
        ("2026-10-04 00:00", "Weekend"),
    ):
        assert price_at(SYDNEYS, at(text, SYDNEY), SYDNEY).name == name, text


@pytest.mark.parametrize(
    ("zone", "day"), [(SYDNEY, "2026-04-05"), (CHICAGO, "2026-11-01")]
)
def test_an_hour_that_is_repeated_has_its_price_twice(zone: object, day: str) -> None:
    """Covers P-07, P-10."""
    whole = plan(
        season(
            period("Early", "00:00", "01:00", rate=0.1),
            period("Odd", "01:00", "02:00", rate=0.2),
            period("Even", "02:00", "03:00", rate=0.3),
            period("Late", "03:00", "00:00", rate=0.4),
        )
    )
    assert zone is SYDNEY or zone is CHICAGO
    midnight = at(f"{day} 00:00", zone)
    names = [
        price_at(whole, midnight + 60 * hour * MINUTE, zone).name for hour in range(5)
    ]

    repeated = "Even" if zone is SYDNEY else "Odd"
    others = [name for name in ("Early", "Odd", "Even", "Late") if name != repeated]
    assert names.count(repeated) == 2
    assert [name for name in names if name != repeated] == others


def test_a_plan_with_a_hole_has_no_price_there() -> None:
    half = plan(season(period("Day", "07:00", "22:00")))

    assert price_at(half, at("2026-06-01 07:00", ADELAIDE), ADELAIDE).name == "Day"
    with pytest.raises(LookupError, match="Mine says nothing"):
        price_at(half, at("2026-06-01 22:00", ADELAIDE), ADELAIDE)
