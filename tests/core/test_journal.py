"""What is owed to the owner: the rules, and a machine that tries to lose it.

Covers B-12.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
import json
import math
from typing import override

from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)
import pytest

from custom_components.power_sync.core.journal import (
    ECHO_LASTS,
    WORTH_SENDING,
    Entry,
    Finding,
    Journal,
    difference,
    is_ours,
    same,
    settled_reserve,
)
from custom_components.power_sync.core.model.decisions import (
    Feature,
    Lever,
    LeverValue,
)
from custom_components.power_sync.core.model.lever_values import lever_value
from custom_components.power_sync.core.model.powerwall import (
    ExportRule,
    OperationMode,
    SiteInfo,
)
from custom_components.power_sync.core.model.prices import StandingCharges
from custom_components.power_sync.core.model.tariff_document import (
    read_tariff,
    write_tariff,
)
from custom_components.power_sync.core.model.tesla_tariff import (
    ALL,
    SeasonRates,
    TeslaTariff,
)
from custom_components.power_sync.core.tesla_tariff import (
    OUR_CODE,
    daily_tariff,
    same_conditions,
)
from custom_components.power_sync.stored.standing import (
    journal_from_stored,
    journal_to_stored,
)

from .support import HOUR, MINUTE, utc

T = utc("2026-06-15 02:00")
SECOND = timedelta(seconds=1)
TARIFF, MODE, EXPORT_RULE, RESERVE, GRID_CHARGING, STORM_WATCH = (
    Lever.TARIFF,
    Lever.OPERATION_MODE,
    Lever.EXPORT_RULE,
    Lever.BACKUP_RESERVE,
    Lever.GRID_CHARGING,
    Lever.STORM_WATCH,
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
NOTHING, ARRIVED, FOREIGN, ECHO = (
    Finding.NOTHING,
    Finding.ARRIVED,
    Finding.FOREIGN,
    Finding.ECHO,
)


def ours(price: float) -> TeslaTariff:
    return daily_tariff(
        [price] * 48, [0.1] * 48, name="PowerSync", utility="Amber", currency="AUD"
    )


def owners(price: float) -> TeslaTariff:
    tariff = ours(price)
    return replace(tariff, buy=replace(tariff.buy, name="Mine", code="X"))


@dataclass(frozen=True)
class Sample:
    """What a lever is, what we make of it, and what somebody else chooses.

    Of a lever that is on or off, the other choice is what it was.
    """

    lever: Lever
    owner: LeverValue
    sent: LeverValue
    other: LeverValue
    other_sent: LeverValue


SAMPLES = [
    Sample(TARIFF, owners(0.2), ours(0.3), owners(0.5), ours(0.4)),
    Sample(MODE, AUTONOMOUS, SELF, BACKUP, BACKUP),
    Sample(EXPORT_RULE, PV_ONLY, NEVER, BATTERY_OK, BATTERY_OK),
    Sample(RESERVE, 20.0, 50.0, 35.0, 60.0),
    Sample(GRID_CHARGING, True, False, True, True),
    Sample(STORM_WATCH, False, True, False, False),
]
MANY = [sample for sample in SAMPLES if not isinstance(sample.owner, bool)]
every_lever = pytest.mark.parametrize("s", SAMPLES, ids=lambda s: s.lever.value)
levers_of_many = pytest.mark.parametrize("s", MANY, ids=lambda s: s.lever.value)


def begun(
    owner: LeverValue | None, value: LeverValue, lever: Lever = TARIFF
) -> Journal:
    return Journal().begun(lever, owner, value, Feature.FORCE, T)


def lost(s: Sample) -> Journal:
    """Return the journal after a command that never showed and was given up."""
    return begun(s.owner, s.sent, s.lever).restored(s.lever, T + MINUTE)


def known(entry: Entry | None) -> Entry:
    assert entry is not None
    return entry


# --- what counts as the same


@pytest.mark.parametrize(
    ("first", "second", "equal"),
    [
        (0.3, 0.3, True),
        (0.3, 0.3004, True),
        (0.3, 0.3005, False),
        (0.3, 0.2995, False),
        (0.0001, 0.0006, False),  # as floats, a little less than 0.0005 apart
        (0.3, 0.31, False),
    ],
)
def test_tariffs_that_differ_by_a_twentieth_of_a_cent(
    first: float, second: float, equal: bool
) -> None:
    """Covers B-04."""
    assert WORTH_SENDING == 0.0005
    assert same(ours(first), ours(second)) is equal
    assert same(ours(second), owners(first)) is equal


def test_every_step_of_five_ticks_is_worth_sending() -> None:
    assert not [
        tick
        for tick in range(100)
        if same(ours(tick / 10_000), ours((tick + 5) / 10_000))
        or not same(ours(tick / 10_000), ours((tick + 4) / 10_000))
    ][:3]


@pytest.mark.parametrize(
    ("first", "second", "equal"),
    [
        (20.0, 20.0, True),
        (20.0, 21.0, False),
        (20.0, 20.4, True),  # whole percents are stored
        (20.0, 19.6, True),
        (20.0, 20.6, False),
        (81.0, 80.0, True),  # becomes it within half an hour
        (99.0, 80.0, True),
        (80.5, 80.0, True),
        (99.5, 81.0, True),
        (80.0, 79.0, False),
        (100.0, 80.0, False),
        (100.0, 99.0, False),
        (0.0, 0.0, True),
    ],
)
def test_reserves(first: float, second: float, equal: bool) -> None:
    assert same(first, second) is equal
    assert same(second, first) is equal


def test_what_becomes_of_a_reserve() -> None:
    assert [settled_reserve(at) for at in (0.0, 80.0, 81.0, 99.0, 100.0, 33.4)] == [
        0.0,
        80.0,
        80.0,
        80.0,
        100.0,
        33.0,
    ]


def test_other_values() -> None:
    assert difference(AUTONOMOUS, AUTONOMOUS) == 0
    assert difference(AUTONOMOUS, BACKUP) == math.inf
    assert difference(None, None) == 0
    assert difference(None, ours(0.3)) == math.inf
    assert difference(ours(0.3), AUTONOMOUS) == math.inf
    assert difference(ours(0.3), ours(0.4)) == pytest.approx(0.1)
    assert difference(20.0, 35.0) == 15
    assert difference(True, True) == 0
    assert difference(True, False) == math.inf
    assert difference(1.0, True) == math.inf
    assert not same(ours(0.3), replace(ours(0.3), sell=None))


def test_only_a_tariff_can_be_told_to_be_ours() -> None:
    assert is_ours(ours(0.3))
    for value in (owners(0.3), None, SELF, NEVER, 20.0, True):
        assert not is_ours(value)


def test_levers_are_read_from_the_site() -> None:
    site = SiteInfo(
        name="Home",
        firmware=None,
        operation_mode=BACKUP,
        backup_reserve=20,
        export_rule=None,
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

    assert {lever: lever_value(site, lever) for lever in Lever} == {
        TARIFF: owners(0.2),
        MODE: BACKUP,
        RESERVE: 20,
        EXPORT_RULE: None,
        GRID_CHARGING: True,
        STORM_WATCH: False,
    }


# --- begun, confirmed, passed on


@every_lever
def test_the_first_command_remembers_the_owners_value(s: Sample) -> None:
    journal = begun(s.owner, s.sent, s.lever)

    assert journal.entries == {
        s.lever: Entry(
            owner=s.owner,
            previous=s.owner,
            sent=s.sent,
            confirmed=False,
            feature=Feature.FORCE,
            since=T,
            sent_at=T,
        )
    }
    assert not journal.echoes


@every_lever
def test_later_commands_keep_it(s: Sample) -> None:
    journal = begun(s.owner, s.sent, s.lever).confirmed(s.lever)

    journal = journal.begun(
        s.lever, s.sent, s.other_sent, Feature.SPIKE_RESPONSE, T + HOUR
    )

    assert journal.entry(s.lever) == Entry(
        owner=s.owner,
        previous=s.sent,
        sent=s.other_sent,
        confirmed=False,
        feature=Feature.SPIKE_RESPONSE,
        since=T,
        sent_at=T + HOUR,
    )
    assert not journal.echoes, "the first one has arrived"


@pytest.mark.parametrize("current", [None, ours(0.9)])
def test_there_is_nothing_to_put_back_where_nothing_or_ours_was(
    current: LeverValue | None,
) -> None:
    entry = known(begun(current, ours(0.3)).entry(TARIFF))

    assert entry.owner is None
    assert entry.previous == current


def test_levers_are_apart() -> None:
    journal = begun(AUTONOMOUS, SELF, MODE)

    assert journal.entry(TARIFF) is None
    both = journal.begun(TARIFF, None, ours(0.3), Feature.PRICE_SYNC, T)
    assert both.entry(MODE) == journal.entry(MODE)
    assert set(both.entries) == {MODE, TARIFF}
    assert both.taken_back(TARIFF, ours(0.3)) == journal
    assert known(both.confirmed(TARIFF).entry(TARIFF)).confirmed
    assert not known(both.confirmed(TARIFF).entry(MODE)).confirmed


@every_lever
def test_what_nobody_holds_is_not_confirmed_or_passed_on_or_owed(s: Sample) -> None:
    journal = Journal()

    assert journal.confirmed(s.lever) is journal
    assert journal.passed_on(s.lever, Feature.FORCE) is journal
    assert journal.restored(s.lever, T) is journal
    assert journal.echoed(s.lever, s.sent, Feature.REPLAN, T) is journal
    assert journal.seen(s.lever, s.owner, T) is journal
    assert journal.finding(s.lever, s.other, T) is NOTHING


@every_lever
def test_another_feature_may_want_what_is_there(s: Sample) -> None:
    journal = begun(s.owner, s.sent, s.lever).confirmed(s.lever)

    passed = journal.passed_on(s.lever, Feature.SAFETY)

    assert known(passed.entry(s.lever)) == replace(
        known(journal.entry(s.lever)), feature=Feature.SAFETY
    )
    assert journal.passed_on(s.lever, Feature.FORCE) is journal


@every_lever
def test_what_is_as_it_is_wanted_is_held_without_a_debt(s: Sample) -> None:
    journal = Journal().held(s.lever, s.sent, Feature.FORCE, T)

    entry = known(journal.entry(s.lever))
    assert entry.owner == entry.previous == entry.sent == s.sent
    assert entry.confirmed
    assert (entry.feature, entry.since) == (Feature.FORCE, T)
    assert journal.finding(s.lever, s.sent, T) is NOTHING
    # From then on another value is somebody's doing.
    assert journal.finding(s.lever, s.owner, T) is FOREIGN
    assert journal.restored(s.lever, T + HOUR) == Journal()


@every_lever
def test_what_is_held_is_what_goes_back_after_all(s: Sample) -> None:
    journal = Journal().held(s.lever, s.owner, Feature.FORCE, T)

    journal = journal.begun(s.lever, s.owner, s.sent, Feature.SPIKE_RESPONSE, T + HOUR)

    assert known(journal.entry(s.lever)).owner == s.owner
    assert not journal.echoes


# --- the owner's own choices


@every_lever
def test_a_choice_of_the_owners_here_is_what_goes_back(s: Sample) -> None:
    """Covers B-16."""
    journal = Journal().commissioned(s.lever, s.owner, s.sent, T)

    assert journal.entry(s.lever) == Entry(
        owner=s.sent,
        previous=s.owner,
        sent=s.sent,
        confirmed=False,
        feature=Feature.MANUAL,
        since=T,
        sent_at=T,
    )
    assert journal.finding(s.lever, s.owner, T) is NOTHING, "it takes a moment"
    assert journal.finding(s.lever, s.sent, T) is ARRIVED
    assert journal.restored(s.lever, T) == Journal()


@levers_of_many
def test_a_choice_here_replaces_what_a_feature_wanted(s: Sample) -> None:
    held = begun(s.owner, s.sent, s.lever)

    journal = held.commissioned(s.lever, s.owner, s.other, T + MINUTE)

    assert known(journal.entry(s.lever)).owner == s.other
    # What had not shown yet may still come, and does not stay.
    done = journal.restored(s.lever, T + 2 * MINUTE)
    assert done.finding(s.lever, s.sent, T + 3 * MINUTE) is ECHO
    assert done.finding(s.lever, s.other, T + 3 * MINUTE) is NOTHING
    back = done.echoed(s.lever, s.sent, Feature.REPLAN, T + 3 * MINUTE)
    assert known(back.entry(s.lever)).owner == s.other
    # What had shown does not come again.
    calm = held.confirmed(s.lever).commissioned(s.lever, s.sent, s.other, T + MINUTE)
    assert not calm.echoes


@levers_of_many
def test_a_choice_here_is_what_goes_back_after_an_older_echo_too(s: Sample) -> None:
    journal = lost(s).commissioned(s.lever, s.owner, s.other, T + 2 * MINUTE)

    journal = journal.restored(s.lever, T + 3 * MINUTE)

    echoed = journal.echoed(s.lever, s.sent, Feature.REPLAN, T + 4 * MINUTE)
    assert known(echoed.entry(s.lever)).owner == s.other


@levers_of_many
def test_a_confirmed_value_that_is_replaced_is_somebodys_choice(s: Sample) -> None:
    journal = begun(s.owner, s.sent, s.lever).confirmed(s.lever)

    assert journal.finding(s.lever, s.other, T) is FOREIGN
    assert journal.taken_back(s.lever, s.other) == Journal()


@pytest.mark.parametrize("s", SAMPLES[1:], ids=lambda s: s.lever.value)
def test_what_was_confirmed_does_not_lag(s: Sample) -> None:
    journal = begun(s.owner, s.sent, s.lever)

    assert journal.finding(s.lever, s.owner, T) is NOTHING
    assert journal.finding(s.lever, s.sent, T) is ARRIVED
    confirmed = journal.confirmed(s.lever)
    assert confirmed.finding(s.lever, s.sent, T) is NOTHING
    assert confirmed.finding(s.lever, s.owner, T) is FOREIGN
    assert confirmed.finding(s.lever, None, T) is NOTHING


@pytest.mark.parametrize("s", MANY[1:], ids=lambda s: s.lever.value)
def test_a_lever_may_lag_behind_the_last_command_but_one(s: Sample) -> None:
    journal = begun(s.owner, s.sent, s.lever).confirmed(s.lever)
    journal = journal.begun(s.lever, s.sent, s.other_sent, Feature.SAFETY, T + HOUR)

    assert journal.finding(s.lever, s.owner, T + HOUR) is NOTHING
    assert journal.finding(s.lever, s.sent, T + HOUR) is NOTHING
    assert journal.finding(s.lever, s.other_sent, T + HOUR) is ARRIVED


def test_a_reserve_that_snaps_is_no_change() -> None:
    journal = begun(20.0, 90.0, RESERVE)

    assert journal.finding(RESERVE, 80.0, T) is ARRIVED
    assert journal.confirmed(RESERVE).finding(RESERVE, 80.0, T) is NOTHING
    assert journal.confirmed(RESERVE).finding(RESERVE, 79.0, T) is FOREIGN


def test_a_tariff_that_lags_is_no_change() -> None:
    journal = begun(owners(0.2), ours(0.3)).confirmed(TARIFF)
    journal = journal.begun(TARIFF, ours(0.3), ours(0.4), Feature.PRICE_SYNC, T)

    for moment in (journal, journal.confirmed(TARIFF)):
        for current in (None, ours(0.3), owners(0.2), ours(0.35)):
            assert moment.finding(TARIFF, current, T) is NOTHING
        assert moment.finding(TARIFF, owners(0.5), T) is FOREIGN
    assert journal.finding(TARIFF, ours(0.4), T) is ARRIVED
    assert journal.confirmed(TARIFF).finding(TARIFF, ours(0.4), T) is NOTHING


def test_a_tariff_that_means_the_same_as_ours_is_no_change() -> None:
    journal = begun(owners(0.2), ours(0.3)).confirmed(TARIFF)

    assert journal.finding(TARIFF, owners(0.3), T) is NOTHING


# --- commands that come late


@every_lever
@pytest.mark.parametrize("after", [MINUTE, 45 * MINUTE, ECHO_LASTS - SECOND], ids=str)
def test_a_late_command_after_its_restoring_is_owed_again(
    s: Sample, after: timedelta
) -> None:
    journal = lost(s)
    now = T + after

    assert not journal.entries
    assert journal.finding(s.lever, s.owner, now) is NOTHING
    assert journal.finding(s.lever, None, now) is NOTHING
    assert journal.finding(s.lever, s.sent, now) is ECHO
    back = journal.echoed(s.lever, s.sent, Feature.REPLAN, now)
    assert back.entry(s.lever) == Entry(
        owner=s.owner,
        previous=s.sent,
        sent=s.sent,
        confirmed=True,
        feature=Feature.REPLAN,
        since=now,
        sent_at=now,
    )
    assert back.finding(s.lever, s.sent, now) is NOTHING
    assert not back.restored(s.lever, now).entries


@every_lever
def test_after_an_hour_it_is_somebodys_choice(s: Sample) -> None:
    assert lost(s).finding(s.lever, s.sent, T + ECHO_LASTS) is NOTHING


@every_lever
def test_a_command_that_has_shown_does_not_come_again(s: Sample) -> None:
    journal = begun(s.owner, s.sent, s.lever).confirmed(s.lever)

    assert journal.restored(s.lever, T) == Journal()


@levers_of_many
def test_a_late_command_while_another_is_held_is_nobodys_choice(s: Sample) -> None:
    journal = begun(s.owner, s.sent, s.lever)
    journal = journal.begun(
        s.lever, s.owner, s.other_sent, Feature.FORCE, T + MINUTE
    ).confirmed(s.lever)

    assert journal.finding(s.lever, s.sent, T + 2 * MINUTE) is NOTHING
    assert known(journal.entry(s.lever)).owner == s.owner
    # Restored, it is known still.
    restored = journal.restored(s.lever, T + 3 * MINUTE)
    assert restored.finding(s.lever, s.sent, T + 4 * MINUTE) is ECHO


@levers_of_many
def test_a_late_command_after_the_owner_took_the_lever_back(s: Sample) -> None:
    """Covers B-12: what was given up for the owner's choice does not replace it."""
    journal = begun(s.owner, s.sent, s.lever)
    other = owners(0.6) if s.lever is TARIFF else s.other
    assert journal.finding(s.lever, other, T + MINUTE) is FOREIGN

    journal = journal.taken_back(s.lever, other)

    assert not journal.entries
    assert journal.finding(s.lever, other, T + 2 * MINUTE) is NOTHING
    assert journal.finding(s.lever, s.sent, T + 2 * MINUTE) is ECHO
    back = journal.echoed(s.lever, s.sent, Feature.REPLAN, T + 2 * MINUTE)
    assert known(back.entry(s.lever)).owner == other
    assert journal.finding(s.lever, s.sent, T + ECHO_LASTS) is NOTHING


@levers_of_many
def test_what_the_owner_chose_meanwhile_is_what_goes_back(s: Sample) -> None:
    journal = lost(s)

    journal = journal.seen(s.lever, s.other, T + 2 * MINUTE)

    back = journal.echoed(s.lever, s.sent, Feature.REPLAN, T + 3 * MINUTE)
    assert known(back.entry(s.lever)).owner == s.other
    # Looking again is no news, and neither is what comes of us.
    assert journal.seen(s.lever, s.other, T + 3 * MINUTE) is journal
    assert journal.seen(s.lever, s.sent, T + 3 * MINUTE) is journal
    assert journal.seen(s.lever, None, T + 3 * MINUTE) is journal
    assert back.seen(s.lever, s.sent, T + 4 * MINUTE) is back


def test_a_tariff_of_ours_is_never_what_the_owner_chose_meanwhile() -> None:
    journal = lost(SAMPLES[0])
    late = T + ECHO_LASTS

    assert journal.finding(TARIFF, ours(0.9), late) is NOTHING
    assert journal.seen(TARIFF, ours(0.9), late) is journal


@every_lever
def test_a_late_command_that_comes_just_before_the_next_one(s: Sample) -> None:
    """Between the last look and the command the site is read once more."""
    journal = lost(s).begun(
        s.lever, s.sent, s.sent, Feature.SPIKE_RESPONSE, T + 2 * MINUTE
    )

    assert known(journal.entry(s.lever)).owner == s.owner


def test_any_tariff_of_ours_is_an_echo_of_any() -> None:
    journal = begun(owners(0.2), ours(0.3))
    for minute in range(1, 5):
        journal = journal.begun(
            TARIFF, owners(0.2), ours(0.3 + minute / 100), Feature.FORCE, T
        )
    assert len(journal.echoes[TARIFF]) == 1
    journal = journal.restored(TARIFF, T)

    assert journal.finding(TARIFF, ours(0.9), T + MINUTE) is ECHO
    assert journal.finding(TARIFF, owners(0.9), T + MINUTE) is NOTHING


def test_echoes_of_other_levers_are_kept_apart() -> None:
    journal = begun(20.0, 50.0, RESERVE)
    journal = journal.begun(RESERVE, 20.0, 60.0, Feature.FORCE, T + MINUTE)
    journal = journal.restored(RESERVE, T + 2 * MINUTE)

    assert {echo.value for echo in journal.echoes[RESERVE]} == {50.0, 60.0}
    for late in (50.0, 60.0):
        assert journal.finding(RESERVE, late, T + 3 * MINUTE) is ECHO
        back = journal.echoed(RESERVE, late, Feature.REPLAN, T + 3 * MINUTE)
        assert known(back.entry(RESERVE)).owner == 20.0
        assert known(back.entry(RESERVE)).sent == late
    assert journal.finding(RESERVE, 55.0, T + 3 * MINUTE) is NOTHING
    assert journal.finding(STORM_WATCH, True, T + 3 * MINUTE) is NOTHING
    # Each lasts for its own hour, and the same command counts once.
    assert journal.finding(RESERVE, 50.0, T + ECHO_LASTS) is NOTHING
    assert journal.finding(RESERVE, 60.0, T + ECHO_LASTS) is ECHO
    again = journal.begun(RESERVE, 20.0, 50.0, Feature.FORCE, T + 3 * MINUTE)
    again = again.restored(RESERVE, T + 4 * MINUTE)
    assert sorted(echo.until - T for echo in again.echoes[RESERVE]) == [
        ECHO_LASTS + MINUTE,
        ECHO_LASTS + 3 * MINUTE,
    ]


def test_echoes_that_cannot_come_any_more_are_forgotten() -> None:
    journal = begun(20.0, 50.0, RESERVE).restored(RESERVE, T)

    journal = journal.begun(RESERVE, 20.0, 60.0, Feature.FORCE, T + 2 * HOUR)
    journal = journal.restored(RESERVE, T + 2 * HOUR)

    assert [echo.value for echo in journal.echoes[RESERVE]] == [60.0]


@every_lever
def test_of_a_command_sent_twice_the_second_may_still_come(s: Sample) -> None:
    journal = begun(s.owner, s.sent, s.lever)
    journal = journal.begun(s.lever, s.owner, s.sent, Feature.FORCE, T + 50 * MINUTE)
    # One of the two arrives, nobody knows which.
    journal = journal.confirmed(s.lever).restored(s.lever, T + 55 * MINUTE)

    assert not journal.entries
    late = T + 50 * MINUTE + ECHO_LASTS
    assert journal.finding(s.lever, s.sent, late - SECOND) is ECHO
    assert journal.finding(s.lever, s.sent, late) is NOTHING


@every_lever
def test_a_command_of_long_ago_does_not_make_a_newer_one_doubtful(s: Sample) -> None:
    later = T + ECHO_LASTS
    journal = lost(s).begun(s.lever, s.owner, s.sent, Feature.FORCE, later)

    journal = journal.confirmed(s.lever).restored(s.lever, later)

    assert journal.finding(s.lever, s.sent, later + MINUTE) is NOTHING


def test_an_echo_of_what_the_owner_has_is_nothing_to_mend() -> None:
    journal = lost(SAMPLES[4]).taken_back(GRID_CHARGING, False)

    assert journal.finding(GRID_CHARGING, False, T + 2 * MINUTE) is NOTHING


def test_an_owner_without_a_tariff_is_left_in_peace() -> None:
    """There is none to put back, and no end to putting it back either."""
    journal = begun(None, ours(0.3))
    assert journal.finding(TARIFF, owners(0.5), T) is FOREIGN
    journal = journal.restored(TARIFF, T)
    assert journal.finding(TARIFF, ours(0.3), T + MINUTE) is ECHO
    journal = journal.echoed(TARIFF, ours(0.3), Feature.REPLAN, T + MINUTE)
    assert known(journal.entry(TARIFF)).owner is None

    journal = journal.taken_back(TARIFF, ours(0.3))

    assert journal.finding(TARIFF, ours(0.3), T + 2 * MINUTE) is NOTHING


# --- a Powerwall that loses commands and lags, an owner who interferes, crashes


def flat(price: float, code: str) -> TeslaTariff:
    """Return a tariff that is quick to write and to compare, as it reads back."""
    side = replace(
        ours(0.3).buy,
        code=code,
        seasons=(),
        energy_rates=(SeasonRates(season=ALL, rates=((ALL, price),)),),
    )
    return read_tariff(write_tariff(TeslaTariff(buy=side, sell=None)))


PRICES = [flat(tick / 100, OUR_CODE) for tick in range(20, 24)]
CHOICES: dict[Lever, list[LeverValue]] = {
    TARIFF: [flat(tick / 100, "X") for tick in range(50, 54)],
    MODE: list(OperationMode),
    EXPORT_RULE: list(ExportRule),
    RESERVE: [0.0, 20.0, 80.0, 100.0],
    GRID_CHARGING: [False, True],
    STORM_WATCH: [False, True],
}
WISHES: dict[Lever, list[LeverValue]] = {**CHOICES, TARIFF: [*PRICES]}
FEATURES = st.sampled_from([Feature.FORCE, Feature.SPIKE_RESPONSE, Feature.SAFETY])
levers = st.sampled_from(Lever)
picks = st.integers(0, 11)


@dataclass
class Wall:
    """What one lever really is, and what is on its way to it.

    ``owner`` is what its owner chose last and we could know of, ``is_owners`` who
    made the lever what it is. ``unseen`` is True after a change of the owner's that
    nobody has looked at.
    """

    value: LeverValue
    owner: LeverValue
    is_owners: bool = True
    unseen: bool = False
    in_flight: tuple[tuple[LeverValue, datetime], ...] = ()
    doubtful: tuple[tuple[LeverValue, datetime], ...] = ()
    """What we sent within the hour without seeing it at once."""


class Bookkeeping(RuleBasedStateMachine):
    """Follow the protocol of the controller against a model of what is true.

    After every step the process dies, and goes on from what is on disk.
    """

    @initialize(chosen=st.fixed_dictionaries(dict.fromkeys(Lever, picks)))
    def begin(self, chosen: dict[Lever, int]) -> None:
        self.now = T
        self.journal = Journal()
        self.walls = {
            lever: Wall(value=value, owner=value)
            for lever, choices in CHOICES.items()
            for value in [choices[chosen[lever] % len(choices)]]
        }

    def keep(self, journal: Journal) -> None:
        """Write the journal down, die, and read it again."""
        if journal is self.journal:
            return
        self.journal = journal_from_stored(
            json.loads(json.dumps(journal_to_stored(journal)))
        )
        assert self.journal == journal

    def look(self, lever: Lever) -> None:
        """Look at the site, as before every decision."""
        wall = self.walls[lever]
        entry = self.journal.entry(lever)
        match self.journal.finding(lever, wall.value, self.now):
            case Finding.ARRIVED:
                self.keep(self.journal.confirmed(lever))
            case Finding.FOREIGN:
                assert wall.is_owners, "our own value taken for the owner's"
                self.keep(self.journal.taken_back(lever, wall.value))
            case Finding.ECHO:
                assert not wall.is_owners, "the owner's value taken for ours"
                self.keep(
                    self.journal.echoed(lever, wall.value, Feature.REPLAN, self.now)
                )
            case Finding.NOTHING if wall.unseen and entry is not None:
                # Not to be told from a read-back that lags, so what the owner had
                # before is still what goes back.
                assert wall.value in (entry.owner, entry.previous, entry.sent)
                assert (
                    not entry.confirmed
                    or lever is TARIFF
                    or same(wall.value, entry.sent)
                )
                assert entry.owner is not None
                wall.owner, wall.is_owners = entry.owner, wall.value == entry.owner
        self.keep(self.journal.seen(lever, wall.value, self.now))
        wall.unseen = False

    def is_doubtful(self, lever: Lever, value: LeverValue) -> bool:
        """Return whether a value might as well be a late command of ours."""
        entry = self.journal.entry(lever)
        waits_for = [] if entry is None or entry.confirmed else [entry.sent]
        sent = [sent for sent, _ in self.walls[lever].doubtful]
        return any(same(value, command) for command in sent + waits_for)

    @rule(
        lever=levers,
        pick=picks,
        feature=FEATURES,
        fate=st.sampled_from(["shows", "applied", "late", "lost", "late, again"]),
    )
    def send(self, lever: Lever, pick: int, feature: Feature, fate: str) -> None:
        """Journal first, then send; the Powerwall may or may not apply it."""
        value = WISHES[lever][pick % len(WISHES[lever])]
        self.look(lever)
        wall = self.walls[lever]
        if same(wall.value, value):
            if self.journal.entry(lever) is not None:
                self.keep(self.journal.passed_on(lever, feature))
            elif lever is not TARIFF:
                self.keep(self.journal.held(lever, value, feature, self.now))
            return
        for _ in range(2 if "again" in fate else 1):
            before = self.journal.entry(lever)
            self.keep(self.journal.begun(lever, wall.value, value, feature, self.now))
            entry = known(self.journal.entry(lever))
            assert entry.since == (before.since if before else self.now)
            if fate == "shows":
                wall.value, wall.is_owners = value, False
                self.keep(self.journal.confirmed(lever))
                continue
            wall.doubtful += ((value, self.now),)
            if fate == "applied":
                wall.value, wall.is_owners = value, False
            elif fate != "lost":
                wall.in_flight += ((value, self.now),)
            self.pass_time(1)

    @rule(lever=levers, pick=picks)
    def arrive(self, lever: Lever, pick: int) -> None:
        """A command that seemed lost is applied after all, whatever came since."""
        wall = self.walls[lever]
        self.look(lever)
        if not wall.in_flight:
            return
        value, sent_at = wall.in_flight[pick % len(wall.in_flight)]
        wall.in_flight = tuple(
            command for command in wall.in_flight if command != (value, sent_at)
        )
        wall.value, wall.is_owners = value, same(value, wall.owner)

    @rule(lever=levers, pick=picks)
    def interfere(self, lever: Lever, pick: int) -> None:
        """The owner picks another value in the app."""
        wall = self.walls[lever]
        value = CHOICES[lever][pick % len(CHOICES[lever])]
        # What we may have sent a moment ago cannot be told from a late command.
        if same(value, wall.value) or self.is_doubtful(lever, value):
            return
        self.look(lever)
        wall.value = wall.owner = value
        wall.is_owners = wall.unseen = True
        entry = self.journal.entry(lever)
        if entry is not None and not same(value, entry.sent):
            was = (entry.owner, entry.previous)
            lags = value in was and (lever is TARIFF or not entry.confirmed)
            assert self.journal.finding(lever, value, self.now) is (
                NOTHING if lags else FOREIGN
            )

    @rule(lever=levers, pick=picks, fate=st.sampled_from(["shows", "lost", "late"]))
    def commission(self, lever: Lever, pick: int, fate: str) -> None:
        """The owner picks another value here."""
        wall = self.walls[lever]
        value = CHOICES[lever][pick % len(CHOICES[lever])]
        if self.is_doubtful(lever, value):
            return
        self.look(lever)
        if self.journal.entry(lever) is None and same(wall.value, value):
            return
        self.keep(self.journal.commissioned(lever, wall.value, value, self.now))
        wall.owner = value
        wall.is_owners = is_there = same(value, wall.value)
        # What is there already is read back at once, whatever becomes of the command.
        if fate == "shows" or is_there:
            wall.value, wall.is_owners = value, True
            self.keep(self.journal.restored(lever, self.now))
        else:
            wall.doubtful += ((value, self.now),)
            if fate == "late":
                wall.in_flight += ((value, self.now),)

    @rule(lever=levers, shows=st.booleans())
    def give_back(self, lever: Lever, shows: bool) -> None:
        """Restore; the entry goes only after the owner's value is read back."""
        self.look(lever)
        wall, entry = self.walls[lever], self.journal.entry(lever)
        if entry is None:
            return
        assert entry.owner == wall.owner
        if shows:
            wall.value, wall.is_owners = wall.owner, True
            # What came of the owner is on its way no more: it is there.
            wall.in_flight = tuple(
                command for command in wall.in_flight if command[0] != wall.owner
            )
        elif not (entry.confirmed and same(wall.value, wall.owner)):
            return
        self.keep(self.journal.restored(lever, self.now))

    @rule(minutes=st.sampled_from([1, 10, 30, 59, 60, 61]))
    def pass_time(self, minutes: int) -> None:
        """What has not come within an hour does not come any more.

        What has come is looked at before the hour is over, and mended.
        """
        for lever, wall in self.walls.items():
            self.look(lever)
            entry = self.journal.entry(lever)
            if entry is not None and not same(wall.value, entry.sent):
                again = (lever, wall.value, entry.sent, entry.feature, self.now)
                self.keep(self.journal.begun(*again))
                self.keep(self.journal.confirmed(lever))
                wall.value, wall.is_owners = entry.sent, same(entry.sent, wall.owner)
        self.now += minutes * MINUTE
        for wall in self.walls.values():
            wall.in_flight, wall.doubtful = (
                tuple(
                    (value, sent_at)
                    for value, sent_at in commands
                    if self.now < sent_at + ECHO_LASTS
                )
                for commands in (wall.in_flight, wall.doubtful)
            )

    @rule(lever=levers)
    def observe(self, lever: Lever) -> None:
        """Look at a lever for no other reason."""
        self.look(lever)

    def known_walls(self) -> list[tuple[Lever, Wall]]:
        return [item for item in self.walls.items() if not item[1].unseen]

    @invariant()
    def the_owner_is_never_lost(self) -> None:
        """The owner's value is on the wall, in the journal or behind an echo."""
        for lever, wall in self.known_walls():
            entry = self.journal.entry(lever)
            if entry is not None:
                assert entry.owner == wall.owner
            elif not same(wall.value, wall.owner):
                assert self.journal.finding(lever, wall.value, self.now) is ECHO
            for echo in self.journal.echoes.get(lever, ()):
                if self.now < echo.until:
                    assert echo.owner == wall.owner

    @invariant()
    def our_own_value_is_never_taken_for_the_owners(self) -> None:
        owners_of_tariffs = [
            *(entry.owner for entry in self.journal.entries.values()),
            *(echo.owner for echoes in self.journal.echoes.values() for echo in echoes),
        ]
        assert not any(map(is_ours, owners_of_tariffs))

    @override
    def teardown(self) -> None:
        """Whatever is on its way arrives; then everything goes back."""
        for lever, wall in self.walls.items():
            while wall.in_flight:
                self.look(lever)
                (value, _), *rest = wall.in_flight
                wall.in_flight = tuple(rest)
                wall.value, wall.is_owners = value, same(value, wall.owner)
            self.give_back(lever, True)
            assert same(wall.value, wall.owner)
            assert self.journal.finding(lever, wall.value, self.now) is NOTHING
        assert not self.journal.entries


TestBookkeeping = Bookkeeping.TestCase
TestBookkeeping.settings = settings(
    max_examples=100, stateful_step_count=30, deadline=None
)


# --- conditions beside the prices


def test_conditions_beside_the_prices() -> None:
    """Covers P-11: what is charged for demand or by the day is worth sending, too."""

    def tariff(*, demand: float = 0.0, daily: float = 0.0) -> TeslaTariff:
        return daily_tariff(
            [0.3] * 48,
            [0.1] * 48,
            name="PowerSync",
            utility="x",
            currency="AUD",
            charges=StandingCharges(daily=daily),
            demand=[demand] * 48,
        )

    journal = Journal()
    assert journal.sent_like(TARIFF, tariff())
    journal = journal.begun(TARIFF, None, tariff(), Feature.PRICE_SYNC, T)
    assert journal.sent_like(TARIFF, tariff())
    stored = read_tariff(write_tariff(tariff(daily=2.0, demand=3.0)))
    assert same_conditions(stored, tariff(daily=2.0, demand=3.0)), "after a restart"
    assert not journal.sent_like(TARIFF, tariff(demand=10.0))
    assert not journal.sent_like(TARIFF, tariff(daily=1.1))
    assert journal.sent_like(TARIFF, AUTONOMOUS)
    assert journal.sent_like(MODE, AUTONOMOUS)
