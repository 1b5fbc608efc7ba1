"""What every feature wants, moment by moment. Covers B-03 and B-04."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import override
from unittest.mock import patch

from hypothesis import settings as hypothesis_settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
import pytest

from custom_components.power_sync.core.arbiter import resolve
from custom_components.power_sync.core.day_tariff import (
    BlockReason,
    SlotSource,
    build,
)
from custom_components.power_sync.core.engine import (
    FALLBACK_AFTER,
    MANUAL_PUSH_HOLDS,
    PLAN_HOLDS,
    Decision,
    Fallback,
    Memory,
    Settings,
    Snapshot,
    decide,
)
from custom_components.power_sync.core.model.decisions import (
    KEEP,
    Feature,
    Keep,
    Lever,
    Reason,
    Want,
)
from custom_components.power_sync.core.model.powerwall import OperationMode
from custom_components.power_sync.core.model.prices import ForecastChoice, PriceSeries
from custom_components.power_sync.core.model.tesla_tariff import TeslaTariff
from custom_components.power_sync.core.price_history import PriceHistory
from custom_components.power_sync.core.tesla_tariff import OUR_CODE, day_prices

from .support import HOUR, MINUTE, SYDNEY, at, day_ahead, series

NOON = at("2026-06-15 12:00", SYDNEY)
SELF, AUTONOMOUS, BACKUP = (
    OperationMode.SELF_CONSUMPTION,
    OperationMode.AUTONOMOUS,
    OperationMode.BACKUP,
)
CHOICES = Settings(
    zone=SYDNEY,
    currency="AUD",
    utility="Amber",
    forecast=ForecastChoice.PREDICTED,
    fallback=Fallback.SELF_CONSUMPTION,
    sync_enabled=True,
    has_prices=True,
)


def good(now: datetime, price: float = 0.3) -> PriceSeries:
    half_hour = now - timedelta(minutes=now.minute % 30, seconds=now.second)
    return series(
        day_ahead(half_hour, [price] * 59, first=price),
        day_ahead(half_hour, [0.05] * 59, first=0.05),
        fetched_at=now,
    )


def late(now: datetime) -> PriceSeries:
    """A full series, whose running interval has just ended."""
    return series(day_ahead(now - 31 * MINUTE, [0.3] * 59), fetched_at=now)


def short(now: datetime) -> PriceSeries:
    return series(day_ahead(now, [0.3]), fetched_at=now)


def snapshot(
    prices: PriceSeries | None, mode: OperationMode | None = AUTONOMOUS
) -> Snapshot:
    return Snapshot(prices=prices, history=PriceHistory(), owner_mode=mode)


BUILD = "custom_components.power_sync.core.engine.build"
FRESH = Memory(last_good_at=NOON)


def by_lever(decision: Decision, now: datetime) -> dict[Lever, Want]:
    return dict(resolve(decision.wants, now))


# --- following the prices


def test_prices_become_a_tariff() -> None:
    decision = decide(snapshot(good(NOON)), CHOICES, FRESH, NOON)

    want = by_lever(decision, NOON)[Lever.TARIFF]
    assert (want.feature, want.reason) == (Feature.PRICE_SYNC, Reason.PRICES_CHANGED)
    assert want.expires is None
    assert isinstance(want.value, TeslaTariff)
    assert want.value.sell is not None
    assert day_prices(want.value.buy, NOON.date()) == (0.3,) * 48
    assert day_prices(want.value.sell, NOON.date()) == (0.05,) * 48
    assert (want.value.buy.name, want.value.buy.utility) == ("PowerSync", "Amber")
    assert (want.value.buy.currency, want.value.buy.code) == ("AUD", OUR_CODE)
    plan = decision.memory.plan
    assert plan is not None
    assert want.value is plan.tariff
    assert {slot.source for slot in plan.day.slots} == {SlotSource.PRICED}
    assert list(by_lever(decision, NOON)) == [Lever.TARIFF]


def test_the_tariff_is_the_mapping_of_the_days_prices() -> None:
    prices = good(NOON, -0.2)
    decision = decide(snapshot(prices), CHOICES, FRESH, NOON)

    plan = decision.memory.plan
    assert plan is not None
    assert {slot.import_price for slot in plan.day.slots} == {-0.2}
    assert plan.mapped.compressed == 48
    assert min(plan.mapped.buy) >= max(plan.mapped.sell[24:26])
    assert day_prices(plan.tariff.buy, NOON.date()) == plan.mapped.buy


def test_the_margin_that_counts_is_that_of_the_running_half_hour() -> None:
    # At noon none; 17:00 is cheaper and worth more, and would lift noon.
    buy = day_ahead(NOON, [0.5] * 59, first=0.2)
    sell = day_ahead(NOON, [0.1] * 59, first=0.2)
    buy[10], sell[10] = replace(buy[10], price=0.1), replace(sell[10], price=0.3)

    decision = decide(snapshot(series(buy, sell)), CHOICES, FRESH, NOON)

    plan = decision.memory.plan
    assert plan is not None
    assert plan.mapped.buy[24] == plan.mapped.sell[24]
    assert not plan.mapped.order_kept


def test_a_plan_is_made_once_per_series() -> None:
    """Covers B-04: the same prices are the same tariff, the very object."""
    with patch(BUILD, wraps=build) as building:
        memory = FRESH
        tariffs = []
        for minute in range(4):
            decision = decide(
                snapshot(good(NOON)), CHOICES, memory, NOON + minute * MINUTE
            )
            memory = decision.memory
            tariffs.append(by_lever(decision, NOON)[Lever.TARIFF].value)
        assert building.call_count == 1
        assert all(tariff is tariffs[0] for tariff in tariffs)

        later = NOON + 5 * MINUTE
        newer = decide(snapshot(good(later, 0.4)), CHOICES, memory, later)
        assert building.call_count == 2
        assert newer.memory.consumed_at == later
        assert by_lever(newer, later)[Lever.TARIFF].value is not tariffs[0]


def test_a_refusal_too_is_made_once_per_series() -> None:
    with patch(BUILD, wraps=build) as building:
        first = decide(snapshot(short(NOON)), CHOICES, FRESH, NOON)
        decide(snapshot(short(NOON)), CHOICES, first.memory, NOON + MINUTE)
        assert building.call_count == 1


def test_incomplete_prices_keep_the_last_good_tariff() -> None:
    """Covers B-03: blocked means nothing is changed, and says why."""
    memory = decide(snapshot(good(NOON)), CHOICES, FRESH, NOON).memory
    later = NOON + HOUR

    decision = decide(snapshot(short(later)), CHOICES, memory, later)

    want = by_lever(decision, later)[Lever.TARIFF]
    assert want.value is KEEP
    assert want.reason is Reason.HORIZON_TOO_SHORT
    assert decision.memory.plan is None
    assert decision.memory.blocked is not None
    assert decision.memory.last_good_at == NOON
    mended = decide(snapshot(good(later + MINUTE)), CHOICES, decision.memory, later)
    assert mended.memory.blocked is None
    assert mended.memory.last_good_at == later


@pytest.mark.parametrize("reason", BlockReason)
def test_every_refusal_has_words(reason: BlockReason) -> None:
    assert Reason(reason.value).value == reason.value


def test_before_the_first_prices_nothing_is_touched() -> None:
    decision = decide(snapshot(None), CHOICES, FRESH, NOON)

    want = by_lever(decision, NOON)[Lever.TARIFF]
    assert want.value is KEEP
    assert want.reason is Reason.NO_PRICES
    assert decision.memory == FRESH


@pytest.mark.parametrize("off", [{"sync_enabled": False}, {"has_prices": False}])
def test_without_sync_nothing_is_wanted_but_the_plan_is_there(
    off: dict[str, bool],
) -> None:
    settings = replace(CHOICES, **off)  # type: ignore[arg-type]
    memory = Memory(last_good_at=NOON - 9 * HOUR)

    assert decide(snapshot(None), settings, memory, NOON).wants == ()
    decision = decide(snapshot(good(NOON)), settings, memory, NOON)
    assert decision.wants == ()
    assert decision.memory.plan is not None


def test_a_plan_that_nothing_renews_is_not_sent_any_more() -> None:
    """Covers B-03: it says nothing about now, and the user may have chosen since."""
    prices = good(NOON)
    memory = decide(snapshot(prices), CHOICES, FRESH, NOON).memory
    almost = NOON + PLAN_HOLDS
    late = almost + timedelta(seconds=1)

    kept = decide(snapshot(prices), CHOICES, memory, almost)
    assert isinstance(by_lever(kept, almost)[Lever.TARIFF].value, TeslaTariff)

    for prices_then in (prices, None):
        decision = decide(snapshot(prices_then), CHOICES, kept.memory, late)
        want = by_lever(decision, late)[Lever.TARIFF]
        assert want.value is KEEP
        assert want.reason is Reason.STALE


def test_a_source_that_is_a_little_late_does_not_disturb_the_plan() -> None:
    now = NOON + 30 * MINUTE + timedelta(seconds=5)
    earlier = now - 5 * MINUTE
    memory = decide(snapshot(good(earlier)), CHOICES, FRESH, earlier).memory

    decision = decide(snapshot(late(now)), CHOICES, memory, now)

    assert decision.memory == replace(memory, consumed_at=now)
    want = by_lever(decision, now)[Lever.TARIFF]
    assert memory.plan is not None
    assert want.value is memory.plan.tariff

    first = decide(snapshot(late(now)), CHOICES, FRESH, now)
    want = by_lever(first, now)[Lever.TARIFF]
    assert want.value is KEEP
    assert want.reason is Reason.NO_PRICES


def test_a_late_answer_does_not_revive_a_plan_of_hours_ago() -> None:
    memory = decide(snapshot(good(NOON)), CHOICES, FRESH, NOON).memory
    now = NOON + 60 * MINUTE + timedelta(seconds=5)

    decision = decide(snapshot(late(now)), CHOICES, memory, now)

    want = by_lever(decision, now)[Lever.TARIFF]
    assert want.value is KEEP
    assert want.reason is Reason.STALE


# --- prices away


def away(
    hours: float,
    *,
    mode: OperationMode | None = AUTONOMOUS,
    settings: Settings = CHOICES,
    yielded: bool = False,
) -> Want | None:
    memory = replace(FRESH, mode_yielded=yielded)
    now = NOON + hours * HOUR
    decision = decide(snapshot(None, mode), settings, memory, now)
    return by_lever(decision, now).get(Lever.OPERATION_MODE)


def test_after_two_hours_without_prices_the_fallback_takes_over() -> None:
    """Covers B-03."""
    assert away(1.999) is None
    want = away(2)
    assert want is not None
    assert want.value is SELF
    assert (want.feature, want.reason) == (Feature.SAFETY, Reason.PRICES_MISSING)


@pytest.mark.parametrize("mode", [SELF, BACKUP, None])
def test_only_time_based_control_needs_it(mode: OperationMode | None) -> None:
    assert away(3, mode=mode) is None


def test_not_if_the_user_chose_to_keep_or_turned_sync_off() -> None:
    assert away(3, settings=replace(CHOICES, fallback=Fallback.KEEP)) is None
    assert away(3, settings=replace(CHOICES, sync_enabled=False)) is None
    assert away(3, settings=replace(CHOICES, has_prices=False)) is None
    assert away(3, yielded=True) is None


def test_refused_prices_count_as_none() -> None:
    memory = FRESH
    now = NOON
    for _ in range(25):
        now += 5 * MINUTE
        memory = decide(snapshot(short(now)), CHOICES, memory, now).memory

    decision = decide(snapshot(short(now)), CHOICES, memory, now)

    assert by_lever(decision, now)[Lever.OPERATION_MODE].value is SELF
    assert by_lever(decision, now)[Lever.TARIFF].reason is Reason.HORIZON_TOO_SHORT


def test_prices_that_return_end_it_and_a_yielding_too() -> None:
    now = NOON + 3 * HOUR
    memory = replace(FRESH, mode_yielded=True)

    decision = decide(snapshot(good(now)), CHOICES, memory, now)

    assert Lever.OPERATION_MODE not in by_lever(decision, now)
    assert not decision.memory.mode_yielded
    assert decision.memory.last_good_at == now
    refused = decide(snapshot(short(now)), CHOICES, memory, now)
    assert refused.memory.mode_yielded


# --- pushed by hand


def test_a_tariff_pushed_by_hand_stays_for_a_day() -> None:
    until = NOON + MANUAL_PUSH_HOLDS
    memory = replace(FRESH, manual_until=until)
    off = replace(CHOICES, sync_enabled=False)

    for settings in (CHOICES, off):
        before = decide(snapshot(good(NOON)), settings, memory, NOON)
        want = by_lever(before, NOON)[Lever.TARIFF]
        assert want.value is KEEP
        assert (want.feature, want.reason) == (Feature.MANUAL, Reason.REQUESTED)
        assert want.expires == until

    after = decide(snapshot(good(until)), off, memory, until)
    assert after.wants == ()
    after = decide(snapshot(good(until)), CHOICES, memory, until)
    assert by_lever(after, until)[Lever.TARIFF].feature is Feature.PRICE_SYNC


# --- a home that anything can happen to


class Home(RuleBasedStateMachine):
    """Decide at every event and compare with what plainly ought to be wanted."""

    @initialize(mode=st.sampled_from([None, *OperationMode]))
    def begin(self, mode: OperationMode | None) -> None:
        self.now = NOON
        self.prices: PriceSeries | None = None
        self.mode = mode
        self.settings = CHOICES
        self.memory = Memory(last_good_at=NOON)
        self.state = "nothing"
        """What the newest series was that was not just late."""
        self.good_at = NOON
        self.yielded = False
        self.manual_until: datetime | None = None
        self.look()

    def look(self) -> None:
        self.decision = decide(
            snapshot(self.prices, self.mode), self.settings, self.memory, self.now
        )
        self.memory = self.decision.memory

    @rule(price=st.floats(-1, 20))
    def good_prices(self, price: float) -> None:
        self.now += MINUTE
        self.prices = good(self.now, price)
        self.state, self.good_at, self.yielded = "good", self.now, False
        self.look()

    @rule()
    def bad_prices(self) -> None:
        self.now += MINUTE
        self.prices = short(self.now)
        self.state = "refused"
        self.look()

    @rule()
    def late_prices(self) -> None:
        self.now += MINUTE
        self.prices = late(self.now)
        self.look()

    @rule(minutes=st.integers(0, 100))
    def time_passes(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        self.look()

    @rule(mode=st.sampled_from([None, *OperationMode]))
    def owner_changes_the_mode(self, mode: OperationMode | None) -> None:
        self.mode = mode
        self.look()

    @rule()
    def owner_overrules_the_fallback(self) -> None:
        self.memory = replace(self.memory, mode_yielded=True)
        self.yielded = True
        self.look()

    @rule(enabled=st.booleans())
    def sync_is_switched(self, enabled: bool) -> None:
        self.settings = replace(self.settings, sync_enabled=enabled)
        self.memory = replace(self.memory, manual_until=None)
        self.manual_until = None
        self.look()

    @rule(fallback=st.sampled_from(Fallback))
    def fallback_is_chosen(self, fallback: Fallback) -> None:
        self.settings = replace(self.settings, fallback=fallback)
        self.look()

    @rule()
    def pushed_by_hand(self) -> None:
        self.manual_until = self.now + MANUAL_PUSH_HOLDS
        self.memory = replace(self.memory, manual_until=self.manual_until)
        self.look()

    @rule()
    def restart(self) -> None:
        """Only three things survive; the newest prices are fetched again."""
        self.memory = Memory(
            last_good_at=self.memory.last_good_at,
            manual_until=self.memory.manual_until,
            mode_yielded=self.memory.mode_yielded,
        )
        self.prices, self.state = None, "nothing"
        self.look()

    @property
    def outdated(self) -> bool:
        return self.now - self.good_at >= FALLBACK_AFTER

    @invariant()
    def the_mode_is_moved_only_for_want_of_prices(self) -> None:
        want = by_lever(self.decision, self.now).get(Lever.OPERATION_MODE)
        expected = (
            self.outdated
            and self.settings.sync_enabled
            and self.settings.fallback is Fallback.SELF_CONSUMPTION
            and self.mode is AUTONOMOUS
            and not self.yielded
        )
        assert (want is not None) == expected
        if want is not None:
            assert want.value is SELF
            assert want.feature is Feature.SAFETY

    @invariant()
    def the_tariff_follows_the_user_then_good_prices_and_else_stays(self) -> None:
        want = by_lever(self.decision, self.now).get(Lever.TARIFF)
        if self.manual_until is not None and self.now < self.manual_until:
            assert want is not None
            assert want.feature is Feature.MANUAL
            assert isinstance(want.value, Keep)
        elif not self.settings.sync_enabled:
            assert want is None
        else:
            assert want is not None
            assert want.feature is Feature.PRICE_SYNC
            speaks = self.now <= self.good_at + PLAN_HOLDS
            follows = self.state == "good" and speaks
            assert isinstance(want.value, TeslaTariff) == follows
            assert (
                want.reason
                is {
                    "good": Reason.PRICES_CHANGED if speaks else Reason.STALE,
                    "refused": Reason.HORIZON_TOO_SHORT,
                    "nothing": Reason.NO_PRICES,
                }[self.state]
            )

    @invariant()
    def deciding_again_changes_nothing(self) -> None:
        again = decide(
            snapshot(self.prices, self.mode), self.settings, self.memory, self.now
        )
        assert again == self.decision

    @override
    def teardown(self) -> None:
        assert self.memory.last_good_at == self.good_at


TestHome = Home.TestCase
TestHome.settings = hypothesis_settings(max_examples=40, stateful_step_count=20)
