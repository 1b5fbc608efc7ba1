"""Plans as subentries store them."""

from copy import deepcopy
from dataclasses import replace
import json
import math
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.power_sync.core.model.tariff_plan import TariffPlan
from custom_components.power_sync.core.plan_templates import TEMPLATES
from custom_components.power_sync.core.tariff_plan import find_problem
from custom_components.power_sync.stored.plan import (
    StoredPlanError,
    plan_from_stored,
    plan_to_stored,
)

from .plans import SYDNEYS, WEEKENDS, WHOLE_DAY, period, plan, plans, season

STORED = {
    "daily_charge": 1.1,
    "seasons": [
        {
            "name": "Summer",
            "from": "01-01",
            "to": "12-31",
            "periods": [
                {
                    "name": "Night",
                    "days": "every",
                    "start": 1330,
                    "end": 420,
                    "import_rate": 0.3,
                    "export_rate": 0.05,
                },
                {
                    "name": "Day",
                    "days": "every",
                    "start": 420,
                    "end": 1330,
                    "import_rate": 0.4,
                    "export_rate": 0.05,
                },
            ],
        }
    ],
}
PLAN = plan(
    season(
        period("Night", "22:10", "07:00"),
        period("Day", "07:00", "22:10", rate=0.4),
    )
)


def test_what_is_stored() -> None:
    """Covers P-07."""
    assert plan_to_stored(PLAN) == STORED
    assert plan_from_stored("Mine", STORED) == PLAN


@settings(max_examples=50, deadline=None)
@given(plans())
def test_a_plan_is_stored_and_read(whole: TariffPlan) -> None:
    """Covers P-07."""
    stored = json.loads(json.dumps(plan_to_stored(whole)))

    assert plan_from_stored(whole.name, stored) == whole


@pytest.mark.parametrize("key", TEMPLATES)
def test_templates_are_stored_and_read(key: str) -> None:
    template = TEMPLATES[key]

    assert plan_from_stored(template.name, plan_to_stored(template)) == template


def test_a_plan_that_is_not_sound_is_no_plan() -> None:
    """Covers P-07: nobody has to ask again."""
    broken = plan(season(replace(WHOLE_DAY, days=WEEKENDS)))

    with pytest.raises(StoredPlanError, match=r"not sound.*hole.*Summer"):
        plan_from_stored("Mine", plan_to_stored(broken))


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value inside a document."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += paths(item, (*path, index))
    return found


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, "", "x", "02-30", "1", "-", 0, -1, 1.5, 10**400, math.nan, math.inf]
) | st.sampled_from([{}, [], [None], [[]], {"a": 1}])


@settings(max_examples=300, deadline=None)
@given(st.data(), ODD, st.booleans())
def test_what_is_broken_is_refused_in_words(
    data: st.DataObject, odd: Any, removed: bool
) -> None:
    """Covers P-07: never an exception of another kind, never a plan with holes."""
    stored = deepcopy(plan_to_stored(SYDNEYS))
    path = data.draw(st.sampled_from(paths(stored)))
    inside: Any = stored
    for step in path[:-1]:
        inside = inside[step]
    if removed:
        del inside[path[-1]]
    else:
        inside[path[-1]] = odd

    try:
        read = plan_from_stored("Mine", stored)
    except StoredPlanError:
        return
    assert find_problem(read) is None


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        (("seasons",), None, "seasons is not a list"),
        (("seasons", 0), 1, r"seasons\[0\] is not an object"),
        (("daily_charge",), "1", "daily_charge is not a number"),
        (("daily_charge",), True, "daily_charge is not a number"),
        (("daily_charge",), 10**400, "daily_charge is too large"),
        (("daily_charge",), math.nan, "the stored plan is not sound.*bad_rate"),
        (("seasons", 0, "from"), "soon", r"seasons\[0\].from is not a date"),
        (("seasons", 0, "to"), "02-30", "the stored plan is not sound.*bad_date"),
        (("seasons", 0, "name"), 5, r"seasons\[0\].name is not a text"),
        (("seasons", 0, "periods"), {}, r"seasons\[0\].periods is not a list"),
        (
            ("seasons", 0, "periods", 1, "days"),
            "sundays",
            r"seasons\[0\].periods\[1\].days names no days",
        ),
        (
            ("seasons", 0, "periods", 1, "start"),
            420.0,
            r"seasons\[0\].periods\[1\].start is not a whole number",
        ),
        (
            ("seasons", 0, "periods", 1, "end"),
            True,
            r"seasons\[0\].periods\[1\].end is not a whole number",
        ),
        (
            ("seasons", 0, "periods", 0, "import_rate"),
            None,
            r"seasons\[0\].periods\[0\].import_rate is not a number",
        ),
    ],
)
def test_the_field_is_named(path: tuple[Any, ...], value: Any, text: str) -> None:
    stored = deepcopy(STORED)
    inside: Any = stored
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value

    with pytest.raises(StoredPlanError, match=f"^{text}"):
        plan_from_stored("Mine", stored)
