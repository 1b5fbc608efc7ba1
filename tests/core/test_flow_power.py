"""What Flow Power's products pay for export."""

import pytest

from custom_components.power_sync.core.flow_power import HappyHourPlan, happy_hour
from custom_components.power_sync.core.model.retail import WindowExport


def rate(terms: WindowExport, hour: int, minute: int) -> float:
    rates = {terms.rates.rate(day, hour * 60 + minute) for day in range(7)}
    assert len(rates) == 1, "the same every day"
    return rates.pop()


# covers P-06
@pytest.mark.parametrize(
    ("region", "paid"), [("NSW1", 0.45), ("QLD1", 0.45), ("SA1", 0.45), ("VIC1", 0.35)]
)
def test_happy_hour(region: str, paid: float) -> None:
    terms = happy_hour(region)

    assert terms is not None
    assert [rate(terms, 17, 29), rate(terms, 17, 30)] == [0, paid]
    assert [rate(terms, 19, 29), rate(terms, 19, 30)] == [paid, 0]
    assert terms.cap_kwh is None


@pytest.mark.parametrize(
    ("region", "paid"), [("NSW1", 0.35), ("QLD1", 0.35), ("SA1", 0.35), ("VIC1", 0.30)]
)
def test_happy_hour_with_a_cap(region: str, paid: float) -> None:
    terms = happy_hour(region, HappyHourPlan.CAPPED)

    assert terms is not None
    assert [rate(terms, 17, 29), rate(terms, 17, 30)] == [0, paid]
    assert [rate(terms, 21, 29), rate(terms, 21, 30)] == [paid, 0]
    assert (terms.cap_kwh, terms.beyond_cap) == (15.0, 0.10)


@pytest.mark.parametrize("plan", HappyHourPlan)
def test_tasmania_has_none(plan: HappyHourPlan) -> None:
    assert happy_hour("TAS1", plan) is None
