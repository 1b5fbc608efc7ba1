"""What every feature wants, moment by moment.

Covers B-03, B-04, B-05, B-06, B-07, B-08, B-09, B-10 and B-12.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, combinations
import json
from typing import cast, override
from unittest.mock import patch

from hypothesis import given, settings as hypothesis_settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
import pytest

from custom_components.power_sync.core import curtailment, spike_response
from custom_components.power_sync.core.arbiter import resolve
from custom_components.power_sync.core.day_plan import TariffTerms
from custom_components.power_sync.core.day_tariff import (
    BlockReason,
    SlotSource,
    build,
)
from custom_components.power_sync.core.engine import (
    FALLBACK_AFTER,
    MANUAL_PUSH_HOLDS,
    PLAN_HOLDS,
    STEERED,
    Decision,
    Fallback,
    Memory,
    Settings,
    Snapshot,
    decide,
    follows_prices,
    owner_value,
)
from custom_components.power_sync.core.export_boost import BoostTerms
from custom_components.power_sync.core.force import begin, extend
from custom_components.power_sync.core.hands_off import hands_off
from custom_components.power_sync.core.journal import Finding, Journal
from custom_components.power_sync.core.model.decisions import (
    KEEP,
    Feature,
    Keep,
    Lever,
    LeverValue,
    Reason,
    Want,
)
from custom_components.power_sync.core.model.force import Direction
from custom_components.power_sync.core.model.lever_values import lever_value
from custom_components.power_sync.core.model.market import MarketPrice
from custom_components.power_sync.core.model.powerwall import (
    ExportRule,
    GridStatus,
    LiveStatus,
    OperationMode,
    SiteInfo,
)
from custom_components.power_sync.core.model.prices import (
    ForecastChoice,
    PriceSeries,
    SpikeStatus,
)
from custom_components.power_sync.core.model.spikes import SpikeTerms
from custom_components.power_sync.core.model.switches import Switch
from custom_components.power_sync.core.model.tesla_tariff import TeslaTariff
from custom_components.power_sync.core.overruling import called_off, overruled
from custom_components.power_sync.core.price_history import PriceHistory
from custom_components.power_sync.core.replan import LASTS, Replan
from custom_components.power_sync.core.spike_response import SpikeMemory, rehearse
from custom_components.power_sync.core.standing import Pushed, Standing
from custom_components.power_sync.core.steering import steer
from custom_components.power_sync.core.tesla_tariff import (
    OUR_CODE,
    daily_tariff,
    day_prices,
)
from custom_components.power_sync.stored.standing import (
    standing_from_stored,
    standing_to_stored,
)

from .support import HOUR, MINUTE, SYDNEY, at, day_ahead, series

NOON = at("2026-06-15 12:00", SYDNEY)
SECOND = timedelta(seconds=1)
TARIFF, MODE, EXPORT_RULE, RESERVE, GRID_CHARGING = (
    Lever.TARIFF,
    Lever.OPERATION_MODE,
    Lever.EXPORT_RULE,
    Lever.BACKUP_RESERVE,
    Lever.GRID_CHARGING,
)
SELF, AUTONOMOUS, BACKUP = (
    OperationMode.SELF_CONSUMPTION,
    OperationMode.AUTONOMOUS,
    OperationMode.BACKUP,
)
NEVER, PV_ONLY, BATTERY_OK = (
    ExportRule.NEVER,
    ExportRule.PV_ONLY,
    ExportRule.BATTERY_OK,
)
CHARGE, DISCHARGE = Direction.CHARGE, Direction.DISCHARGE
CHOICES = Settings(
    zone=SYDNEY,
    forecast=ForecastChoice.PREDICTED,
    fallback=Fallback.SELF_CONSUMPTION,
    has_prices=True,
    tariff=TariffTerms(utility="Amber", currency="AUD"),
    watches_market=True,
)


def owners(price: float) -> TeslaTariff:
    tariff = daily_tariff(
        [price] * 48, [0.1] * 48, name="Mine", utility="x", currency="AUD"
    )
    return replace(tariff, buy=replace(tariff.buy, code="X"))


SITE = SiteInfo(
    name="Home",
    firmware=None,
    operation_mode=AUTONOMOUS,
    backup_reserve=20.0,
    export_rule=PV_ONLY,
    grid_charging=True,
    storm_watch=False,
    time_zone=None,
    battery_count=1,
    nameplate_energy=None,
    nameplate_power=None,
    has_solar=True,
    has_battery=True,
    tariff=owners(0.2),
)
FINE = LiveStatus(
    measured_at=NOON,
    solar_power=0.0,
    grid_power=0.0,
    battery_power=0.0,
    load_power=0.0,
    state_of_charge=50.0,
    energy_left=7.0,
    grid_status=GridStatus.ON_GRID,
    storm_mode_active=False,
    grid_services_active=False,
)
ISLAND = replace(FINE, grid_status=GridStatus.OFF_GRID)


def good(now: datetime, price: float = 0.3, feed_in: float = 0.05) -> PriceSeries:
    half_hour = now - timedelta(minutes=now.minute % 30, seconds=now.second)
    return series(
        day_ahead(half_hour, [price] * 59, first=price),
        day_ahead(half_hour, [feed_in] * 59, first=feed_in),
        fetched_at=now,
    )


def late(now: datetime) -> PriceSeries:
    """A full series, whose running interval has just ended."""
    return series(day_ahead(now - 31 * MINUTE, [0.3] * 59), fetched_at=now)


def short(now: datetime) -> PriceSeries:
    return series(day_ahead(now, [0.3]), fetched_at=now)


def market(price: float, now: datetime = NOON) -> MarketPrice:
    """Return the wholesale price of the 5 minutes around a moment."""
    start = now - timedelta(minutes=now.minute % 5, seconds=now.second)
    return MarketPrice(start=start, end=start + 5 * MINUTE, price=price)


BUILD = "custom_components.power_sync.core.engine.build"
FRESH = Standing(last_good_at=NOON)
ALL_ON = replace(FRESH, switches=frozenset(Switch))
ALL_OFF = replace(FRESH, switches=frozenset())


def only(*switches: Switch) -> Standing:
    return replace(FRESH, switches=frozenset(switches))


def decided(
    prices: PriceSeries | None = None,
    standing: Standing = FRESH,
    memory: Memory | None = None,
    now: datetime = NOON,
    *,
    settings: Settings = CHOICES,
    site: SiteInfo | None = SITE,
    live: LiveStatus | None = None,
    wholesale: MarketPrice | None = None,
) -> Decision:
    return decide(
        Snapshot(
            prices=prices,
            history=PriceHistory(),
            site=site,
            live=live,
            market=wholesale,
        ),
        settings,
        standing,
        memory or Memory(),
        now,
    )


def winners(decision: Decision, now: datetime = NOON) -> dict[Lever, Want]:
    return {
        lever: ruling.want for lever, ruling in resolve(decision.wants, now).items()
    }


def values(decision: Decision, now: datetime = NOON) -> dict[Lever, LeverValue | Keep]:
    return {lever: want.value for lever, want in winners(decision, now).items()}


def features(decision: Decision, now: datetime = NOON) -> dict[Lever, Feature]:
    return {lever: want.feature for lever, want in winners(decision, now).items()}


def named(value: object) -> str:
    assert isinstance(value, TeslaTariff)
    return value.buy.name


def held(
    feature: Feature, lever: Lever, owner: LeverValue, sent: LeverValue
) -> Journal:
    return Journal().begun(lever, owner, sent, feature, NOON).confirmed(lever)


# --- following the prices


def test_prices_become_a_tariff() -> None:
    decision = decided(good(NOON))

    want = winners(decision)[TARIFF]
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
    assert list(winners(decision)) == [TARIFF]


def test_a_plan_is_made_once_per_series() -> None:
    """Covers B-04: the same prices are the same tariff, the very object."""
    with patch(BUILD, wraps=build) as building:
        memory = Memory()
        tariffs = []
        for minute in range(4):
            decision = decided(good(NOON), FRESH, memory, NOON + minute * MINUTE)
            memory = decision.memory
            tariffs.append(winners(decision)[TARIFF].value)
        assert building.call_count == 1
        assert all(tariff is tariffs[0] for tariff in tariffs)

        later = NOON + 5 * MINUTE
        newer = decided(good(later, 0.4), FRESH, memory, later)
        assert building.call_count == 2
        assert newer.memory.consumed_at == later
        assert winners(newer, later)[TARIFF].value is not tariffs[0]


def test_a_refusal_too_is_made_once_per_series() -> None:
    with patch(BUILD, wraps=build) as building:
        first = decided(short(NOON))
        decided(short(NOON), FRESH, first.memory, NOON + MINUTE)
        assert building.call_count == 1


def test_incomplete_prices_keep_the_last_good_tariff() -> None:
    """Covers B-03: blocked means nothing is changed, and says why."""
    memory = decided(good(NOON)).memory
    later = NOON + HOUR

    decision = decided(short(later), FRESH, memory, later)

    want = winners(decision, later)[TARIFF]
    assert want.value is KEEP
    assert want.reason is Reason.HORIZON_TOO_SHORT
    assert decision.memory.plan is None
    assert decision.memory.blocked is not None
    assert decision.standing.last_good_at == NOON
    mended = decided(good(later + MINUTE), FRESH, decision.memory, later)
    assert mended.memory.blocked is None
    assert mended.standing.last_good_at == later


@pytest.mark.parametrize("reason", BlockReason)
def test_every_refusal_has_words(reason: BlockReason) -> None:
    assert Reason(reason.value).value == reason.value


def test_before_the_first_prices_nothing_is_touched() -> None:
    decision = decided()

    want = winners(decision)[TARIFF]
    assert want.value is KEEP
    assert want.reason is Reason.NO_PRICES
    assert decision == Decision(wants=decision.wants, standing=FRESH, memory=Memory())


def test_the_first_look_of_all_is_when_waiting_begins() -> None:
    assert decided(None, Standing()).standing.last_good_at == NOON
    assert decided(None, FRESH, now=NOON + HOUR).standing.last_good_at == NOON


@pytest.mark.parametrize(
    ("settings", "standing"),
    [(CHOICES, ALL_OFF), (replace(CHOICES, has_prices=False), FRESH)],
)
def test_without_sync_nothing_is_wanted_but_the_plan_is_there(
    settings: Settings, standing: Standing
) -> None:
    long_ago = replace(standing, last_good_at=NOON - 9 * HOUR)

    assert not follows_prices(settings, standing)
    assert decided(None, long_ago, settings=settings).wants == ()
    decision = decided(good(NOON), long_ago, settings=settings)
    assert decision.wants == ()
    assert decision.memory.plan is not None


def test_with_everything_switched_off_nothing_is_wanted_whatever_happens() -> None:
    decision = decided(
        good(NOON, feed_in=-0.5), ALL_OFF, wholesale=market(15.0), live=FINE
    )

    assert decision.wants == ()


def test_a_plan_that_nothing_renews_is_not_sent_any_more() -> None:
    """Covers B-03: it says nothing about now, and the user may have chosen since."""
    prices = good(NOON)
    memory = decided(prices).memory
    almost = NOON + PLAN_HOLDS
    late = almost + SECOND

    kept = decided(prices, FRESH, memory, almost)
    assert isinstance(winners(kept, almost)[TARIFF].value, TeslaTariff)

    for prices_then in (prices, None):
        decision = decided(prices_then, FRESH, kept.memory, late)
        want = winners(decision, late)[TARIFF]
        assert want.value is KEEP
        assert want.reason is Reason.STALE


def test_a_source_that_is_a_little_late_does_not_disturb_the_plan() -> None:
    now = NOON + 30 * MINUTE + timedelta(seconds=5)
    earlier = now - 5 * MINUTE
    before = decided(good(earlier), FRESH, None, earlier)

    decision = decided(late(now), before.standing, before.memory, now)

    assert decision.memory == replace(before.memory, consumed_at=now)
    want = winners(decision, now)[TARIFF]
    assert before.memory.plan is not None
    assert want.value is before.memory.plan.tariff

    first = decided(late(now), FRESH, None, now)
    want = winners(first, now)[TARIFF]
    assert want.value is KEEP
    assert want.reason is Reason.NO_PRICES


def test_a_late_answer_does_not_revive_a_plan_of_hours_ago() -> None:
    memory = decided(good(NOON)).memory
    now = NOON + 60 * MINUTE + timedelta(seconds=5)

    decision = decided(late(now), FRESH, memory, now)

    want = winners(decision, now)[TARIFF]
    assert want.value is KEEP
    assert want.reason is Reason.STALE


# --- shaping


@pytest.mark.parametrize(
    "on",
    chain.from_iterable(
        combinations(
            (Switch.AUTO_SYNC, Switch.SPIKE_PROTECTION, Switch.EXPORT_BOOST), number
        )
        for number in range(4)
    ),
    ids=lambda on: "+".join(on) or "none",
)
def test_what_is_switched_on_shapes_the_tariff(on: tuple[Switch, ...]) -> None:
    """Covers B-05 and B-06."""
    prices = good(NOON)
    flagged = [
        replace(point, spike=SpikeStatus.SPIKE) if index == 4 else point
        for index, point in enumerate(prices.imports)
    ]
    prices = replace(prices, imports=tuple(flagged))
    settings = replace(CHOICES, boost=BoostTerms(offset=0.1))

    decision = decided(prices, only(*on), settings=settings)

    plan = decision.memory.plan
    assert plan is not None
    boosted = 0.1 if Switch.EXPORT_BOOST in on else 0.0
    assert plan.mapped.sell[34] == pytest.approx(0.05 + boosted)
    protected = Switch.SPIKE_PROTECTION in on
    assert plan.mapped.buy[28] == pytest.approx(1.05 + boosted if protected else 0.3)
    assert plan.mapped.sell[24] == 0.05
    assert plan.mapped.buy[24] == 0.3
    assert (TARIFF in winners(decision)) is (Switch.AUTO_SYNC in on)


# --- prices away


def away(
    hours: float,
    standing: Standing = FRESH,
    *,
    mode: OperationMode | None = AUTONOMOUS,
    settings: Settings = CHOICES,
    live: LiveStatus | None = None,
) -> Want | None:
    now = NOON + hours * HOUR
    site = replace(SITE, operation_mode=mode)
    decision = decided(
        None, standing, None, now, settings=settings, site=site, live=live
    )
    return winners(decision, now).get(MODE)


def test_after_two_hours_without_prices_the_fallback_takes_over() -> None:
    """Covers B-03."""
    assert timedelta(hours=2) == FALLBACK_AFTER
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
    assert away(3, settings=replace(CHOICES, has_prices=False)) is None
    assert away(3, ALL_OFF) is None
    assert away(3, replace(FRESH, mode_yielded=True)) is None


def test_it_goes_by_the_owners_mode_and_not_by_what_we_made_of_it() -> None:
    ours = replace(FRESH, journal=held(Feature.SAFETY, MODE, AUTONOMOUS, SELF))
    theirs = replace(FRESH, journal=held(Feature.FORCE, MODE, BACKUP, AUTONOMOUS))

    want = away(3, ours, mode=SELF)
    assert want is not None
    assert want.value is SELF
    assert away(3, theirs, mode=AUTONOMOUS) is None


def test_without_any_word_of_the_site_nothing_is_known_of_its_mode() -> None:
    now = NOON + 3 * HOUR

    assert MODE not in winners(decided(None, FRESH, None, now, site=None), now)


def test_it_comes_before_a_force() -> None:
    forced = replace(FRESH, force=begin(CHARGE, 240, NOON))
    want = away(3, forced)

    assert want is not None
    assert (want.feature, want.value) == (Feature.SAFETY, SELF)


def test_refused_prices_count_as_none() -> None:
    memory = Memory()
    now = NOON
    for _ in range(25):
        now += 5 * MINUTE
        memory = decided(short(now), FRESH, memory, now).memory

    decision = decided(short(now), FRESH, memory, now)

    assert winners(decision, now)[MODE].value is SELF
    assert winners(decision, now)[TARIFF].reason is Reason.HORIZON_TOO_SHORT


def test_prices_that_return_end_it_and_a_yielding_too() -> None:
    now = NOON + 3 * HOUR
    yielded = replace(FRESH, mode_yielded=True)

    decision = decided(good(now), yielded, None, now)

    assert MODE not in winners(decision, now)
    assert not decision.standing.mode_yielded
    assert decision.standing.last_good_at == now
    refused = decided(short(now), yielded, None, now)
    assert refused.standing.mode_yielded


# --- hands off


def test_nothing_is_touched_while_tesla_decides() -> None:
    """Covers B-12: without a grid, before a storm, for the utility."""
    busy = replace(ALL_ON, force=begin(DISCHARGE, 60, NOON))
    for live, reason in (
        (ISLAND, Reason.OFF_GRID),
        (replace(FINE, storm_mode_active=True), Reason.STORM),
        (replace(FINE, grid_services_active=True), Reason.GRID_SERVICES),
    ):
        decision = decided(
            good(NOON, feed_in=-0.1), busy, live=live, wholesale=market(9.0)
        )
        assert set(winners(decision)) == set(Lever)
        for want in winners(decision).values():
            assert want.value is KEEP
            assert (want.feature, want.reason) == (Feature.SAFETY, reason)
        # What was going on goes on when it is over.
        assert decision.standing.force == busy.force
    fine = decided(good(NOON), busy, live=FINE)
    assert features(fine)[MODE] is Feature.FORCE


def test_it_comes_before_the_fallback() -> None:
    now = NOON + 3 * HOUR
    want = away(3, live=replace(ISLAND, measured_at=now))

    assert want is not None
    assert want.value is KEEP
    assert want.reason is Reason.OFF_GRID


# --- a tariff that the owner chose elsewhere


def test_a_tariff_that_the_owner_chose_is_left_alone_for_a_while() -> None:
    standing = overruled(FRESH, TARIFF, Feature.PRICE_SYNC, NOON)
    until = NOON + timedelta(hours=4)

    want = winners(decided(good(NOON), standing))[TARIFF]
    assert want.value is KEEP
    assert (want.feature, want.reason) == (Feature.MANUAL, Reason.CHANGED_ELSEWHERE)
    assert want.expires == until
    almost = until - SECOND
    decision = decided(good(almost), standing, None, almost)
    assert winners(decision, almost)[TARIFF].feature is Feature.MANUAL
    decision = decided(good(until), standing, None, until)
    assert [want.feature for want in decision.wants] == [Feature.PRICE_SYNC]


def test_nobody_else_gets_it_but_they_get_the_other_levers() -> None:
    standing = replace(
        overruled(ALL_ON, TARIFF, Feature.PRICE_SYNC, NOON),
        force=begin(DISCHARGE, 60, NOON),
    )

    assert features(decided(good(NOON), standing, live=FINE)) == {
        TARIFF: Feature.MANUAL,
        MODE: Feature.FORCE,
        EXPORT_RULE: Feature.FORCE,
        GRID_CHARGING: Feature.FORCE,
    }


# --- pushed by hand


def test_a_tariff_pushed_by_hand_stays_for_a_day() -> None:
    until = NOON + MANUAL_PUSH_HOLDS
    pushed = Pushed(tariff=owners(0.7), until=until)
    standing = replace(ALL_OFF, pushed=pushed)

    before = decided(good(NOON), standing)
    want = winners(before)[TARIFF]
    assert want.value is pushed.tariff
    assert (want.feature, want.reason) == (Feature.PLAN, Reason.REQUESTED)
    assert want.expires == until
    assert before.standing.pushed is pushed

    after = decided(good(until), standing, None, until)
    assert after.wants == ()
    assert after.standing.pushed is None


def test_prices_that_are_followed_replace_what_was_pushed() -> None:
    pushed = Pushed(tariff=owners(0.7), until=NOON + HOUR)

    decision = decided(good(NOON), replace(FRESH, pushed=pushed))
    assert features(decision) == {TARIFF: Feature.PRICE_SYNC}
    assert decision.standing.pushed is None
    without = replace(CHOICES, has_prices=False)
    decision = decided(None, replace(FRESH, pushed=pushed), settings=without)
    assert features(decision) == {TARIFF: Feature.PLAN}


def test_a_force_comes_before_a_pushed_tariff_and_leaves_it_for_later() -> None:
    pushed = Pushed(tariff=owners(0.7), until=NOON + MANUAL_PUSH_HOLDS)
    standing = replace(ALL_OFF, pushed=pushed, force=begin(CHARGE, 60, NOON))

    during = decided(good(NOON), standing)
    assert features(during)[TARIFF] is Feature.FORCE
    after = decided(good(NOON), during.standing, None, NOON + HOUR)
    assert winners(after, NOON + HOUR)[TARIFF].value is pushed.tariff


# --- force


def test_a_discharge() -> None:
    """Covers B-09."""
    decision = decided(good(NOON), replace(FRESH, force=begin(DISCHARGE, 60, NOON)))

    wants = winners(decision)
    assert set(features(decision).values()) == {Feature.FORCE}
    assert named(wants.pop(TARIFF).value) == "PowerSync force discharge"
    assert {lever: want.value for lever, want in wants.items()} == {
        MODE: AUTONOMOUS,
        EXPORT_RULE: BATTERY_OK,
        GRID_CHARGING: False,
    }
    assert all(want.expires == NOON + HOUR for want in wants.values())
    assert decision.memory.steering is not None


def test_a_charge() -> None:
    """Covers B-09."""
    force = begin(CHARGE, 60, NOON, 80.0)
    decision = decided(None, replace(ALL_OFF, force=force))

    wants = values(decision)
    assert named(wants.pop(TARIFF)) == "PowerSync force charge"
    assert wants == {MODE: AUTONOMOUS, GRID_CHARGING: True, RESERVE: 80.0}


def test_a_force_keeps_its_tariff_until_it_is_over() -> None:
    standing, memory, now = (
        replace(FRESH, force=begin(CHARGE, 60, NOON)),
        Memory(),
        NOON,
    )
    tariffs = []
    while now < NOON + HOUR:
        decision = decided(good(now, 0.3 + now.minute / 100), standing, memory, now)
        standing, memory = decision.standing, decision.memory
        tariffs.append(winners(decision, now)[TARIFF].value)
        now += 7 * MINUTE
    assert all(tariff is tariffs[0] for tariff in tariffs)

    now = NOON + HOUR
    over = decided(good(now), standing, memory, now)
    assert features(over, now) == {TARIFF: Feature.PRICE_SYNC}
    assert over.standing.force is None
    assert over.memory.steering is None


# --- what stays when prices are missing


@pytest.mark.parametrize("feature", [*STEERED, Feature.REPLAN])
@pytest.mark.parametrize("state", ["none", "refused", "stale"])
def test_a_steering_tariff_does_not_stay_for_want_of_prices(
    feature: Feature, state: str
) -> None:
    """Covers B-07 and B-09: then the owner's own is better."""
    now = NOON + 20 * MINUTE
    memory = decided(good(NOON)).memory if state == "stale" else Memory()
    prices = {"none": None, "refused": short(now), "stale": None}[state]
    sent = owners(0.9)
    standing = replace(FRESH, journal=held(feature, TARIFF, owners(0.2), sent))

    assert winners(decided(prices, standing, memory, now), now) == {}
    # With prices it is replaced by theirs at once, and by itself one of prices stays.
    assert features(decided(good(now), standing, memory, now), now) == {
        TARIFF: Feature.PRICE_SYNC
    }
    synced = replace(FRESH, journal=held(Feature.PRICE_SYNC, TARIFF, owners(0.2), sent))
    assert winners(decided(prices, synced, memory, now), now)[TARIFF].value is KEEP


def test_a_late_steering_tariff_does_not_stay_for_want_of_prices() -> None:
    late = replace(owners(0.9).buy, name="PowerSync price spike", code=OUR_CODE)
    site = replace(SITE, tariff=replace(owners(0.9), buy=late))
    journal = held(Feature.PRICE_SYNC, TARIFF, owners(0.2), owners(0.3))
    standing = replace(FRESH, journal=journal)

    assert winners(decided(None, standing, site=site)) == {}
    assert winners(decided(None, standing))[TARIFF].value is KEEP


# --- wholesale prices


def test_a_spike_waits_where_the_owner_has_just_chosen_a_tariff() -> None:
    """Half a response would only sell at the owner's price."""
    chosen = overruled(only(Switch.SPIKE_RESPONSE), TARIFF, Feature.PRICE_SYNC, NOON)
    assert features(spiked(market(9.0), standing=chosen)) == {TARIFF: Feature.MANUAL}


def spiked(
    wholesale: MarketPrice | None,
    *,
    settings: Settings = CHOICES,
    standing: Standing | None = None,
    now: datetime = NOON,
) -> Decision:
    return decided(
        None,
        standing or only(Switch.SPIKE_RESPONSE),
        None,
        now,
        settings=settings,
        wholesale=wholesale,
    )


def test_an_extreme_wholesale_price() -> None:
    """Covers B-07: with or without a price source."""
    for settings in (CHOICES, replace(CHOICES, has_prices=False)):
        decision = spiked(market(0.3), settings=settings)

        wants = values(decision)
        assert set(features(decision).values()) == {Feature.SPIKE_RESPONSE}
        assert named(wants.pop(TARIFF)) == "PowerSync price spike"
        assert wants == {
            MODE: AUTONOMOUS,
            EXPORT_RULE: BATTERY_OK,
            GRID_CHARGING: False,
        }
        assert spike_response.is_active(decision.standing.spike, NOON)


def test_no_spike() -> None:
    high = replace(CHOICES, spike=SpikeTerms(threshold=0.5))
    for decision in (
        spiked(None),
        spiked(market(0.299)),
        spiked(market(0.4), settings=high),
        spiked(market(9.0), settings=replace(CHOICES, watches_market=False)),
        spiked(market(9.0), standing=ALL_OFF),
        spiked(market(9.0, NOON - 15 * MINUTE)),
    ):
        assert decision.wants == ()
    assert spiked(market(0.5), settings=high).wants


def test_a_spike_goes_on_without_prices_for_half_an_hour() -> None:
    standing = spiked(market(9.0)).standing
    last = NOON + 35 * MINUTE

    for now, lasts in ((last - SECOND, True), (last, False)):
        for wholesale in (None, market(9.0)):
            decision = spiked(wholesale, standing=standing, now=now)
            assert bool(decision.wants) is lasts


def test_a_spike_ends_when_it_is_switched_off() -> None:
    standing = spiked(market(9.0)).standing
    off = replace(standing, switches=frozenset())

    after = spiked(market(9.0), standing=off)

    assert after.wants == ()
    assert after.standing.spike.ended is Reason.CANCELLED


def test_a_rehearsal_works_with_everything_off() -> None:
    spike = rehearse(
        SpikeMemory(), price=2.0, minutes=10, terms=CHOICES.spike, now=NOON
    )
    settings = replace(CHOICES, watches_market=False, has_prices=False)

    decision = spiked(None, settings=settings, standing=replace(ALL_OFF, spike=spike))

    assert winners(decision)[TARIFF].reason is Reason.REHEARSAL
    assert winners(decision)[MODE].expires == NOON + 10 * MINUTE


# --- curtailment


CURTAILS = only(Switch.CURTAILMENT)


def curtailed(
    prices: PriceSeries | None,
    standing: Standing = CURTAILS,
    now: datetime = NOON,
    *,
    settings: Settings = CHOICES,
    live: LiveStatus | None = None,
    site: SiteInfo = SITE,
) -> Want | None:
    decision = decided(
        prices, standing, None, now, settings=settings, live=live, site=site
    )
    return winners(decision, now).get(EXPORT_RULE)


def test_export_that_earns_nothing_is_not_wanted() -> None:
    """Covers B-08."""
    want = curtailed(good(NOON, feed_in=0.0))

    assert want is not None
    assert (want.value, want.feature) == (NEVER, Feature.CURTAILMENT)
    assert want.reason is Reason.NEGATIVE_FEED_IN
    assert curtailed(good(NOON, feed_in=0.001)) is None
    assert curtailed(good(NOON, feed_in=-0.1), ALL_OFF) is None
    without = replace(CHOICES, has_prices=False)
    assert curtailed(good(NOON, feed_in=-0.1), settings=without) is None
    assert curtailed(series(good(NOON).imports, fetched_at=NOON)) is None


def test_only_fresh_prices_curtail() -> None:
    """Covers B-08: an answer of long ago does not speak for its half hour."""
    prices = good(NOON, feed_in=-0.1)

    assert curtailed(prices, now=NOON + PLAN_HOLDS) is not None
    assert curtailed(prices, now=NOON + PLAN_HOLDS + SECOND) is None
    assert curtailed(None) is None
    # Only the known price of the running interval counts, no forecast.
    assert (
        curtailed(
            replace(prices, fetched_at=NOON + 30 * MINUTE), now=(NOON + 30 * MINUTE)
        )
        is None
    )


def test_the_margin_is_a_setting() -> None:
    begun = decided(good(NOON, feed_in=-0.1), CURTAILS).standing

    def after(margin: float) -> bool:
        standing = begun
        for half_hours in (1, 2):
            now = NOON + half_hours * 30 * MINUTE
            standing = decided(
                good(now, feed_in=0.01),
                standing,
                None,
                now,
                settings=replace(CHOICES, curtailment_margin=margin),
            ).standing
        return curtailment.is_active(standing.curtailment, NOON + HOUR)

    assert not after(0.002)
    assert after(0.02)


@pytest.mark.parametrize("again", [True, False])
def test_a_rule_that_is_not_obeyed_is_set_again_if_wanted(again: bool) -> None:
    """Covers B-08."""
    switches = {Switch.CURTAILMENT} | ({Switch.REAPPLY_EXPORT_RULE} if again else set())
    standing = only(*switches)
    site = replace(SITE, export_rule=NEVER)
    for minute in range(4):
        now = NOON + minute * MINUTE
        decision = decided(
            good(now, feed_in=-0.1),
            replace(
                standing, journal=held(Feature.CURTAILMENT, EXPORT_RULE, PV_ONLY, NEVER)
            ),
            None,
            now,
            live=replace(FINE, measured_at=now, grid_power=-3000.0),
            site=site,
        )
        standing = decision.standing
        assert winners(decision, now)[EXPORT_RULE].value is (
            PV_ONLY if again and minute >= 2 else NEVER
        )


def test_an_owners_own_never_is_not_lifted() -> None:
    standing = only(Switch.CURTAILMENT, Switch.REAPPLY_EXPORT_RULE)
    for minute in range(4):
        now = NOON + minute * MINUTE
        decision = decided(
            good(now, feed_in=-0.1),
            standing,
            None,
            now,
            live=replace(FINE, measured_at=now, grid_power=-3000.0),
            site=replace(SITE, export_rule=NEVER),
        )
        standing = decision.standing
        assert winners(decision, now)[EXPORT_RULE].value is NEVER


def test_a_force_and_a_spike_come_before_curtailment() -> None:
    prices = good(NOON, feed_in=-0.1)
    forced = replace(CURTAILS, force=begin(DISCHARGE, 60, NOON))
    charged = replace(CURTAILS, force=begin(CHARGE, 60, NOON))

    want = curtailed(prices, forced)
    assert want is not None
    assert (want.feature, want.value) == (Feature.FORCE, BATTERY_OK)
    want = curtailed(prices, charged)
    assert want is not None
    assert want.feature is Feature.CURTAILMENT, "a charge does not care"
    decision = decided(
        prices, only(Switch.CURTAILMENT, Switch.SPIKE_RESPONSE), wholesale=market(9.0)
    )
    assert features(decision)[EXPORT_RULE] is Feature.SPIKE_RESPONSE


# --- replan


def replanned(
    standing: Standing, now: datetime = NOON, *, live: LiveStatus | None = None
) -> Decision:
    memory = Memory(replan=Replan().begun(NOON))
    return decided(good(NOON), standing, memory, now, live=live)


def test_a_moment_of_another_mode_by_itself() -> None:
    """Covers B-10."""
    want = winners(replanned(FRESH))[MODE]

    assert (want.feature, want.reason) == (Feature.REPLAN, Reason.REPLAN)
    assert (want.value, want.expires) == (SELF, NOON + LASTS)
    assert MODE not in winners(replanned(FRESH, NOON + LASTS), NOON + LASTS)
    assert features(replanned(FRESH))[TARIFF] is Feature.PRICE_SYNC


def test_a_moment_of_another_mode_within_a_force() -> None:
    forced = replace(FRESH, force=begin(DISCHARGE, 60, NOON))

    want = winners(replanned(forced))[MODE]
    assert (want.feature, want.reason, want.value) == (
        Feature.FORCE,
        Reason.REPLAN,
        SELF,
    )
    want = winners(replanned(forced, NOON + LASTS), NOON + LASTS)[MODE]
    assert (want.value, want.expires) == (AUTONOMOUS, NOON + HOUR)


def test_a_moment_of_another_mode_is_no_reason_to_touch_what_is_left_alone() -> None:
    assert winners(replanned(FRESH, live=ISLAND))[MODE].value is KEEP


# --- what the owner has


def test_what_the_owner_has_is_in_the_journal_or_on_the_wall() -> None:
    snapshot = Snapshot(prices=None, history=PriceHistory(), site=SITE)
    standing = replace(FRESH, journal=held(Feature.FORCE, MODE, BACKUP, AUTONOMOUS))

    assert owner_value(snapshot, standing, MODE) is BACKUP
    assert owner_value(snapshot, FRESH, MODE) is AUTONOMOUS
    assert owner_value(snapshot, standing, EXPORT_RULE) is PV_ONLY
    assert owner_value(replace(snapshot, site=None), FRESH, MODE) is None
    assert owner_value(replace(snapshot, site=None), standing, MODE) is BACKUP


def test_what_the_owner_chooses_while_a_command_may_still_come() -> None:
    """Covers B-12: it is what goes back after that command."""
    journal = Journal().begun(MODE, AUTONOMOUS, BACKUP, Feature.FORCE, NOON)
    standing = replace(FRESH, journal=journal.restored(MODE, NOON))
    chosen = replace(SITE, operation_mode=SELF)

    assert decided(None, standing).standing.journal is standing.journal
    assert decided(None, standing, site=None).standing.journal is standing.journal
    after = decided(None, standing, site=chosen).standing.journal

    assert after.finding(MODE, BACKUP, NOON) is Finding.ECHO
    entry = after.echoed(MODE, BACKUP, Feature.REPLAN, NOON).entry(MODE)
    assert entry is not None
    assert entry.owner is SELF
    assert (
        owner_value(
            Snapshot(prices=None, history=PriceHistory(), site=chosen),
            replace(FRESH, journal=after),
            MODE,
        )
        is SELF
    )


# --- everything at once


@pytest.mark.parametrize(
    ("ended", "tariff", "mode", "export_rule", "grid_charging"),
    [
        (0, Feature.MANUAL, Feature.SAFETY, Feature.FORCE, Feature.FORCE),
        (1, Feature.FORCE, Feature.SAFETY, Feature.FORCE, Feature.FORCE),
        (2, Feature.FORCE, Feature.FORCE, Feature.FORCE, Feature.FORCE),
        (3, *(Feature.SPIKE_RESPONSE,) * 4),
        (4, Feature.PLAN, None, Feature.CURTAILMENT, None),
        (5, None, None, Feature.CURTAILMENT, None),
        (6, None, None, None, None),
    ],
)
def test_one_after_the_other(
    ended: int,
    tariff: Feature | None,
    mode: Feature | None,
    export_rule: Feature | None,
    grid_charging: Feature | None,
) -> None:
    """Manual, safety, force, spike, curtailment, plan: as each ends, the next has it."""
    now = NOON + 3 * HOUR
    standing = Standing(
        switches=frozenset(Switch),
        last_good_at=NOON if ended < 2 else now,
        owner_tariff_until=now + HOUR if ended < 1 else None,
        force=begin(DISCHARGE, 60, now) if ended < 3 else None,
        curtailment=decided(
            good(now, feed_in=-0.1), ALL_ON, None, now
        ).standing.curtailment
        if ended < 6
        else curtailment.CurtailmentMemory(),
        pushed=Pushed(tariff=owners(0.7), until=now + HOUR) if ended < 5 else None,
    )
    # What is pushed is for homes without prices, which fall back on nothing.
    wholesale = market(9.0, now) if ended < 4 else None
    decision = decided(None, standing, None, now, wholesale=wholesale)
    if ended >= 2:
        standing = replace(standing, switches=standing.switches - {Switch.AUTO_SYNC})
        decision = decided(None, standing, None, now, wholesale=wholesale)

    found = features(decision, now)
    assert [
        found.get(lever) for lever in (TARIFF, MODE, EXPORT_RULE, GRID_CHARGING)
    ] == [
        tariff,
        mode,
        export_rule,
        grid_charging,
    ]


# --- a home that anything can happen to


class Home(RuleBasedStateMachine):
    """Decide at every event, do what was decided, and look for what is forgotten.

    Commands do what they say here; what becomes of those that do not is the
    journal's, and tested there.
    """

    @initialize(
        mode=st.sampled_from(OperationMode),
        rule=st.sampled_from(ExportRule),
        grid_charging=st.booleans(),
        prices=st.booleans(),
        watches=st.booleans(),
    )
    def begin(
        self,
        mode: OperationMode,
        rule: ExportRule,
        grid_charging: bool,
        prices: bool,
        watches: bool,
    ) -> None:
        self.now = NOON
        self.prices: PriceSeries | None = None
        self.wholesale: MarketPrice | None = None
        self.live: LiveStatus | None = None
        self.site = replace(
            SITE, operation_mode=mode, export_rule=rule, grid_charging=grid_charging
        )
        self.settings = replace(CHOICES, has_prices=prices, watches_market=watches)
        self.standing, self.memory = FRESH, Memory()
        self.owners = {lever: lever_value(self.site, lever) for lever in Lever}
        self.state = "nothing"
        """What the newest series was that was not just late."""
        self.good_at = NOON
        self.look()

    def snapshot(self) -> Snapshot:
        return Snapshot(
            prices=self.prices if self.settings.has_prices else None,
            history=PriceHistory(),
            site=self.site,
            live=self.live,
            market=self.wholesale,
        )

    def look(self) -> None:
        """Decide, and do it."""
        self.decision = decide(
            self.snapshot(), self.settings, self.standing, self.memory, self.now
        )
        self.seen = self.snapshot()
        self.standing, self.memory = self.decision.standing, self.decision.memory
        self.wants: Mapping[Lever, Want] = winners(self.decision, self.now)
        for lever in Lever:
            self.settle(lever)

    def settle(self, lever: Lever) -> None:
        """Do what was decided for one lever."""
        journal, want = self.standing.journal, self.wants.get(lever)
        if want is None:
            entry = journal.entry(lever)
            if entry is not None:
                assert entry.owner is not None
                self.put(lever, entry.owner)
                journal = journal.restored(lever, self.now)
        elif not isinstance(want.value, Keep):
            current = lever_value(self.site, lever)
            if want.value != current:
                journal = journal.begun(
                    lever, current, want.value, want.feature, self.now
                ).confirmed(lever)
                self.put(lever, want.value)
            elif journal.entry(lever) is not None:
                journal = journal.passed_on(lever, want.feature)
        self.standing = replace(self.standing, journal=journal)

    def put(self, lever: Lever, value: LeverValue) -> None:
        """Set a lever of the Powerwall."""
        field = "tariff" if lever is TARIFF else lever.value
        self.site = replace(self.site, **{field: value})  # type: ignore[arg-type]

    @rule(
        price=st.sampled_from([-0.2, 0.1, 0.3, 9.0]), feed=st.sampled_from([-0.1, 0.05])
    )
    def good_prices(self, price: float, feed: float) -> None:
        self.now += MINUTE
        self.prices = good(self.now, price, feed)
        if self.settings.has_prices:
            self.state, self.good_at = "good", self.now
        self.look()

    @rule()
    def bad_prices(self) -> None:
        self.now += MINUTE
        self.prices = short(self.now)
        if self.settings.has_prices:
            self.state = "refused"
        self.look()

    @rule()
    def late_prices(self) -> None:
        self.now += MINUTE
        self.prices = late(self.now)
        self.look()

    @rule(price=st.none() | st.sampled_from([0.1, 0.29, 5.0]))
    def wholesale_price(self, price: float | None) -> None:
        self.now += MINUTE
        self.wholesale = None if price is None else market(price, self.now)
        self.look()

    @rule(minutes=st.sampled_from([0, 1, 5, 8, 30, 125, 250]))
    def time_passes(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        self.look()

    @rule(
        status=st.sampled_from(GridStatus),
        storm=st.booleans(),
        power=st.sampled_from([-3000.0, 0.0]),
    )
    def the_grid(self, status: GridStatus, storm: bool, power: float) -> None:
        self.live = replace(
            FINE,
            measured_at=self.now,
            grid_status=status,
            storm_mode_active=storm,
            grid_power=power,
        )
        self.look()

    @rule(lever=st.sampled_from([TARIFF, MODE, EXPORT_RULE]), pick=st.integers(0, 2))
    def the_owner_changes_a_lever(self, lever: Lever, pick: int) -> None:
        choices: dict[Lever, list[LeverValue]] = {
            TARIFF: [owners(0.6), owners(0.7), owners(0.8)],
            MODE: list(OperationMode),
            EXPORT_RULE: list(ExportRule),
        }
        value = choices[lever][pick]
        entry = self.standing.journal.entry(lever)
        if lever_value(self.site, lever) == value:
            return
        self.put(lever, value)
        if entry is not None:
            if value in (entry.owner, entry.previous) and lever is TARIFF:
                # Taken for a read-back that lags.
                return
            found = self.standing.journal.finding(lever, value, self.now)
            assert found is Finding.FOREIGN
            journal = self.standing.journal.taken_back(lever, value)
            self.standing = overruled(
                replace(self.standing, journal=journal), lever, entry.feature, self.now
            )
        self.owners[lever] = value
        self.look()

    @rule(switch=st.sampled_from(Switch))
    def a_switch_is_turned(self, switch: Switch) -> None:
        self.standing = replace(
            self.standing, switches=self.standing.switches ^ {switch}
        )
        self.look()

    @rule(fallback=st.sampled_from(Fallback))
    def fallback_is_chosen(self, fallback: Fallback) -> None:
        self.settings = replace(self.settings, fallback=fallback)
        self.look()

    @rule(
        direction=st.sampled_from(Direction),
        minutes=st.sampled_from([15, 60, 240]),
        reserve=st.booleans(),
    )
    def force(self, direction: Direction, minutes: int, reserve: bool) -> None:
        level = 80.0 if reserve and direction is CHARGE else None
        force = begin(direction, minutes, self.now, level)
        self.standing = replace(self.standing, force=force, owner_tariff_until=None)
        self.look()

    @rule()
    def extend(self) -> None:
        if self.standing.force is not None and self.now < self.standing.force.until:
            force = extend(self.standing.force, 0, self.now)
            assert force == self.standing.force
            self.standing = replace(self.standing, force=None)
            self.look()

    @rule(price=st.sampled_from([0.1, 2.0]))
    def rehearse(self, price: float) -> None:
        spike = rehearse(
            self.standing.spike,
            price=price,
            minutes=10,
            terms=self.settings.spike,
            now=self.now,
        )
        self.standing = replace(self.standing, spike=spike)
        self.look()

    @rule()
    def pushed_by_hand(self) -> None:
        pushed = Pushed(tariff=owners(0.9), until=self.now + MANUAL_PUSH_HOLDS)
        self.standing = replace(self.standing, pushed=pushed)
        self.look()

    @rule()
    def replan(self) -> None:
        self.memory = replace(self.memory, replan=self.memory.replan.begun(self.now))
        self.look()

    @rule()
    def call_off(self) -> None:
        self.standing = called_off(self.standing, self.now)
        self.look()

    @rule()
    def restart(self) -> None:
        """Only what is stored survives; the newest prices are fetched again."""
        stored = json.loads(json.dumps(standing_to_stored(self.standing)))
        read = standing_from_stored(stored)
        assert replace(read, journal=Journal(), pushed=None) == replace(
            self.standing, journal=Journal(), pushed=None
        )
        self.memory = Memory()
        self.prices, self.state = None, "nothing"
        self.live = self.wholesale = None
        self.look()

    def value(self, lever: Lever) -> LeverValue | Keep | None:
        want = self.wants.get(lever)
        return None if want is None else want.value

    @property
    def hands_off(self) -> bool:
        return hands_off(self.live, self.now) is not None

    @property
    def direction(self) -> Direction | None:
        force = self.decision.standing.force
        if force is None:
            return None
        assert self.now < force.until, "it is over"
        return force.direction

    @property
    def spiking(self) -> bool:
        standing = self.decision.standing
        until = standing.owner_tariff_until
        held_back = until is not None and self.now < until
        return not held_back and spike_response.is_active(standing.spike, self.now)

    @property
    def replans(self) -> bool:
        until = self.memory.replan.until
        return until is not None and self.now < until

    @invariant()
    def the_tariff(self) -> None:
        want = self.wants.get(TARIFF)
        feature = None if want is None else want.feature
        standing = self.decision.standing
        held_until = standing.owner_tariff_until
        follows = follows_prices(self.settings, standing)
        if held_until is not None and self.now < held_until:
            assert feature is Feature.MANUAL
            assert self.value(TARIFF) is KEEP
        elif self.hands_off:
            assert feature is Feature.SAFETY
            assert self.value(TARIFF) is KEEP
        elif self.direction is not None:
            assert feature is Feature.FORCE
            assert named(self.value(TARIFF)).endswith(self.direction)
        elif self.spiking:
            assert feature is Feature.SPIKE_RESPONSE
            assert named(self.value(TARIFF)) == "PowerSync price spike"
        elif not follows:
            assert feature is (Feature.PLAN if standing.pushed else None)
        elif self.state == "good" and self.now <= self.good_at + PLAN_HOLDS:
            assert feature is Feature.PRICE_SYNC
            assert want is not None
            assert want.reason is Reason.PRICES_CHANGED
            assert named(want.value) == "PowerSync"
        elif want is not None:
            assert want.feature is Feature.PRICE_SYNC
            assert want.value is KEEP
            assert (
                want.reason
                is {
                    "good": Reason.STALE,
                    "refused": Reason.HORIZON_TOO_SHORT,
                    "nothing": Reason.NO_PRICES,
                }[self.state]
            )
            assert self.site.tariff is not None
            assert "force" not in self.site.tariff.buy.name
            assert "spike" not in self.site.tariff.buy.name
        else:
            assert self.decision.standing.journal.entry(TARIFF) is not None

    @invariant()
    def the_mode(self) -> None:
        standing = self.decision.standing
        owner = owner_value(self.seen, standing, MODE)
        falls_back = (
            self.now - self.good_at >= FALLBACK_AFTER
            and follows_prices(self.settings, standing)
            and self.settings.fallback is Fallback.SELF_CONSUMPTION
            and owner is AUTONOMOUS
            and not standing.mode_yielded
        )
        if self.hands_off:
            assert self.value(MODE) is KEEP
        elif falls_back:
            assert self.wants[MODE].reason is Reason.PRICES_MISSING
            assert self.value(MODE) is SELF
        elif self.direction is not None or self.spiking:
            assert self.wants[MODE].feature in STEERED
            assert self.value(MODE) is (SELF if self.replans else AUTONOMOUS)
        elif self.replans:
            assert self.wants[MODE].feature is Feature.REPLAN
            assert self.value(MODE) is SELF
        else:
            assert self.value(MODE) is None

    @invariant()
    def the_other_levers(self) -> None:
        if self.hands_off:
            assert {lever: self.value(lever) for lever in Lever} == dict.fromkeys(
                Lever, KEEP
            )
            return
        curtails = curtailment.is_active(self.decision.standing.curtailment, self.now)
        assert self.value(Lever.STORM_WATCH) is None
        force = self.decision.standing.force
        assert self.value(RESERVE) == (None if force is None else force.reserve)
        if self.direction is not None or self.spiking:
            assert self.value(GRID_CHARGING) is (self.direction is CHARGE)
        else:
            assert self.value(GRID_CHARGING) is None
        if self.direction is DISCHARGE or self.spiking:
            assert self.value(EXPORT_RULE) is BATTERY_OK
        elif curtails:
            assert Switch.CURTAILMENT in self.decision.standing.switches
            assert self.value(EXPORT_RULE) in {NEVER, PV_ONLY}
            assert self.wants[EXPORT_RULE].feature is Feature.CURTAILMENT
        else:
            assert self.value(EXPORT_RULE) is None

    @invariant()
    def deciding_again_changes_nothing(self) -> None:
        again = decide(
            self.seen,
            self.settings,
            self.decision.standing,
            self.decision.memory,
            self.now,
        )
        assert again == self.decision

    @invariant()
    def nothing_is_wanted_that_is_over(self) -> None:
        for want in self.decision.wants:
            assert want.expires is None or want.expires > self.now

    @invariant()
    def what_the_owner_has_is_owed_or_there(self) -> None:
        for lever, owner in self.owners.items():
            entry = self.standing.journal.entry(lever)
            there = lever_value(self.site, lever)
            assert (there if entry is None else entry.owner) == owner

    @override
    def teardown(self) -> None:
        """Everything off, and all is as its owner had it."""
        self.now += 5 * MINUTE + SECOND
        self.standing = replace(
            called_off(self.standing, self.now), switches=frozenset()
        )
        self.memory = Memory()
        self.look()
        assert {lever: lever_value(self.site, lever) for lever in Lever} == self.owners
        assert not self.standing.journal.entries


TestHome = Home.TestCase
TestHome.settings = hypothesis_settings(
    max_examples=80, stateful_step_count=25, deadline=None
)


@given(
    price=st.floats(-1, 20),
    feed=st.floats(-1, 20),
    spot=st.floats(-1, 20),
    switches=st.frozensets(st.sampled_from(Switch)),
    minutes=st.integers(0, 400),
)
@hypothesis_settings(max_examples=40, deadline=None)
def test_deciding_again_changes_nothing(
    price: float, feed: float, spot: float, switches: frozenset[Switch], minutes: int
) -> None:
    first = decided(
        good(NOON, price, feed), only(*switches), wholesale=market(spot), live=FINE
    )
    now = NOON + minutes * MINUTE
    for _ in range(2):
        second = decided(
            good(NOON, price, feed),
            first.standing,
            first.memory,
            now,
            wholesale=market(spot),
        )
        if now == NOON:
            assert second == decided(
                good(NOON, price, feed),
                second.standing,
                second.memory,
                now,
                wholesale=market(spot),
            )
        first = second
    again = decided(
        good(NOON, price, feed),
        first.standing,
        first.memory,
        now,
        wholesale=market(spot),
    )
    assert again == first


def test_the_steering_is_that_of_the_moment() -> None:
    forced = replace(FRESH, force=begin(CHARGE, 60, NOON))
    decision = decided(good(NOON), forced)

    assert decision.memory.steering == steer(
        None,
        forced,
        decision.memory.plan,
        CHOICES.tariff,
        CHOICES.spike,
        SYDNEY,
        NOON,
    )
    sells = decision.memory.steering
    assert sells is not None
    buy = cast("tuple[float, ...]", day_prices(sells.tariff.buy, NOON.date()))
    assert max(buy[24:26]) < min(buy[26:])
