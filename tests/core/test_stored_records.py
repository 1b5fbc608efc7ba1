"""Decisions on disk. Covers B-14."""

from dataclasses import replace
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.core.model.decisions import (
    Action,
    Feature,
    Lever,
    Reason,
    Record,
    TariffPrices,
)
from custom_components.power_sync.stored.records import (
    records_from_stored,
    records_to_stored,
)

from .support import HOUR, utc

T = utc("2026-06-15 02:00")
PRICES = TariffPrices(
    import_prices=(0.1, 0.2),
    export_prices=(0.01, 0.02),
    buy=(0.1001, 0.2002),
    sell=(0.0101, 0.0202),
    sources=("priced", "assumed"),
    running=1,
    compressed=3,
    lifted=(0,),
    order_kept=False,
)
RECORD = Record(
    at=T,
    lever=Lever.TARIFF,
    action=Action.SENT,
    feature=Feature.FORCE,
    reason=Reason.FORCED,
    before="Example TOU",
    value="PowerSync",
    over=(Feature.PRICE_SYNC, Feature.PLAN),
    prices=PRICES,
    change=0.3,
    blocked=(T, T + HOUR),
    error="rejected",
)


def again(*records: Record) -> tuple[Record, ...]:
    return records_from_stored(json.loads(json.dumps(records_to_stored(records))))


@given(
    lever=st.sampled_from(Lever),
    action=st.sampled_from(Action),
    feature=st.none() | st.sampled_from(Feature),
    reason=st.sampled_from(Reason),
    over=st.lists(st.sampled_from(Feature)).map(tuple),
)
def test_what_is_kept_comes_back(
    lever: Lever,
    action: Action,
    feature: Feature | None,
    reason: Reason,
    over: tuple[Feature, ...],
) -> None:
    record = Record(
        at=T, lever=lever, action=action, feature=feature, reason=reason, over=over
    )
    assert again(record, record) == (record, record)


def test_of_the_day_the_running_half_hour_is_kept() -> None:
    (kept,) = again(RECORD)
    assert kept.prices is not None
    assert kept == replace(RECORD, prices=kept.prices)
    assert kept.prices == TariffPrices(
        import_prices=(0.2,),
        export_prices=(0.02,),
        buy=(0.2002,),
        sell=(0.0202,),
        sources=("assumed",),
        running=0,
        compressed=3,
        lifted=(),
        order_kept=False,
    )
    assert again(kept) == (kept,)


@pytest.mark.parametrize("field", list(records_to_stored([RECORD])["decisions"][0]))
@pytest.mark.parametrize("damage", [{}, [1], "text", 7])
def test_damage_is_told(field: str, damage: Any) -> None:
    stored = records_to_stored([RECORD])
    without = {**stored["decisions"][0]}
    del without[field]
    with pytest.raises(ValueError, match=r"."):
        records_from_stored({"decisions": [without]})
    if field in {"before", "value", "error"} and damage == "text":
        return
    if field == "change" and damage == 7:
        return
    with pytest.raises(ValueError, match=r"."):
        records_from_stored({"decisions": [{**stored["decisions"][0], field: damage}]})


@pytest.mark.parametrize("stored", [{}, {"decisions": {}}, {"decisions": [None]}])
def test_what_is_no_list_of_decisions(stored: Any) -> None:
    with pytest.raises(ValueError, match="no decision"):
        records_from_stored(stored)
