"""What is owed to the owner: the rules, and a machine that tries to lose it."""

from dataclasses import replace
import math
from typing import override

from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
import pytest

from custom_components.power_sync.core.journal import (
    WORTH_SENDING,
    Journal,
    difference,
    lever_value,
    same,
)
from custom_components.power_sync.core.model.decisions import (
    Feature,
    Lever,
    LeverValue,
)
from custom_components.power_sync.core.model.powerwall import OperationMode, SiteInfo
from custom_components.power_sync.core.model.prices import StandingCharges
from custom_components.power_sync.core.model.tariff_document import (
    read_tariff,
    write_tariff,
)
from custom_components.power_sync.core.model.tesla_tariff import TeslaTariff
from custom_components.power_sync.core.tesla_tariff import (
    daily_tariff,
    same_conditions,
)

from .support import HOUR, utc

T = utc("2026-06-15 02:00")
SELF, AUTONOMOUS, BACKUP = (
    OperationMode.SELF_CONSUMPTION,
    OperationMode.AUTONOMOUS,
    OperationMode.BACKUP,
)


def ours(price: float) -> TeslaTariff:
    return daily_tariff(
        [price] * 48, [0.1] * 48, name="PowerSync", utility="Amber", currency="AUD"
    )


def owners(price: float) -> TeslaTariff:
    tariff = ours(price)
    return replace(tariff, buy=replace(tariff.buy, name="Mine", code="X"))


def begun(
    owner: LeverValue | None, value: LeverValue, *, lever: Lever = Lever.TARIFF
) -> Journal:
    return Journal().begun(lever, owner, value, Feature.PRICE_SYNC, T)


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


def test_other_values() -> None:
    assert difference(AUTONOMOUS, AUTONOMOUS) == 0
    assert difference(AUTONOMOUS, BACKUP) == math.inf
    assert difference(None, None) == 0
    assert difference(None, ours(0.3)) == math.inf
    assert difference(ours(0.3), AUTONOMOUS) == math.inf
    assert difference(ours(0.3), ours(0.4)) == pytest.approx(0.1)
    assert not same(ours(0.3), replace(ours(0.3), sell=None))


def test_levers_are_read_from_the_site() -> None:
    site = SiteInfo(
        name="Home",
        firmware=None,
        operation_mode=BACKUP,
        backup_reserve=20,
        export_rule=None,
        grid_charging=True,
        storm_watch=None,
        time_zone=None,
        battery_count=1,
        nameplate_energy=None,
        nameplate_power=None,
        has_solar=True,
        has_battery=True,
        tariff=owners(0.2),
    )

    assert lever_value(site, Lever.TARIFF) == owners(0.2)
    assert lever_value(site, Lever.OPERATION_MODE) is BACKUP


# --- entries


def test_the_first_command_remembers_the_owners_value() -> None:
    entry = begun(owners(0.2), ours(0.3)).tariff

    assert entry is not None
    assert entry.owner == entry.previous == owners(0.2)
    assert entry.sent == ours(0.3)
    assert not entry.confirmed
    assert (entry.feature, entry.since) == (Feature.PRICE_SYNC, T)


def test_later_commands_keep_it() -> None:
    journal = begun(owners(0.2), ours(0.3)).confirmed(Lever.TARIFF)

    journal = journal.begun(
        Lever.TARIFF, ours(0.3), ours(0.4), Feature.MANUAL, T + HOUR
    )

    entry = journal.tariff
    assert entry is not None
    assert entry.owner == owners(0.2)
    assert entry.previous == ours(0.3)
    assert entry.sent == ours(0.4)
    assert not entry.confirmed
    assert (entry.feature, entry.since) == (Feature.MANUAL, T)


@pytest.mark.parametrize("current", [None, ours(0.9)])
def test_there_is_nothing_to_put_back_where_nothing_or_ours_was(
    current: LeverValue | None,
) -> None:
    entry = begun(current, ours(0.3)).tariff

    assert entry is not None
    assert entry.owner is None
    assert entry.previous == current


def test_levers_are_apart() -> None:
    journal = begun(AUTONOMOUS, SELF, lever=Lever.OPERATION_MODE)

    assert journal.tariff is None
    assert journal.entry(Lever.OPERATION_MODE) is journal.operation_mode
    both = journal.begun(Lever.TARIFF, None, ours(0.3), Feature.PRICE_SYNC, T)
    assert both.operation_mode == journal.operation_mode
    assert both.entry(Lever.TARIFF) is both.tariff is not None
    assert both.with_entry(Lever.TARIFF, None) == journal


def test_nothing_is_confirmed_or_owned_where_nothing_is_held() -> None:
    for lever in Lever:
        assert Journal().confirmed(lever) == Journal()
        assert Journal().with_owner(lever, BACKUP) == Journal()
        assert not Journal().foreign_change(lever, BACKUP)


# --- changes by somebody else


def test_a_read_back_that_lags_is_no_change() -> None:
    journal = begun(owners(0.2), ours(0.3)).confirmed(Lever.TARIFF)
    journal = journal.begun(Lever.TARIFF, ours(0.3), ours(0.4), Feature.PRICE_SYNC, T)

    for current in (None, ours(0.4), ours(0.3), owners(0.2), ours(0.35)):
        assert not journal.foreign_change(Lever.TARIFF, current)
    assert journal.foreign_change(Lever.TARIFF, owners(0.5))


def test_a_tariff_that_means_the_same_as_ours_is_no_change() -> None:
    journal = begun(owners(0.2), ours(0.3)).confirmed(Lever.TARIFF)

    assert not journal.foreign_change(Lever.TARIFF, owners(0.3))


def test_a_mode_that_was_confirmed_does_not_lag() -> None:
    journal = begun(AUTONOMOUS, SELF, lever=Lever.OPERATION_MODE)

    assert not journal.foreign_change(Lever.OPERATION_MODE, AUTONOMOUS)
    assert journal.foreign_change(Lever.OPERATION_MODE, BACKUP)
    confirmed = journal.confirmed(Lever.OPERATION_MODE)
    assert confirmed.foreign_change(Lever.OPERATION_MODE, AUTONOMOUS)
    assert confirmed.foreign_change(Lever.OPERATION_MODE, BACKUP)
    assert not confirmed.foreign_change(Lever.OPERATION_MODE, SELF)
    assert not confirmed.foreign_change(Lever.OPERATION_MODE, None)


def test_a_mode_may_lag_behind_the_last_command_but_one() -> None:
    journal = begun(AUTONOMOUS, SELF, lever=Lever.OPERATION_MODE)
    journal = journal.confirmed(Lever.OPERATION_MODE).begun(
        Lever.OPERATION_MODE, SELF, BACKUP, Feature.SAFETY, T + HOUR
    )

    for current in (AUTONOMOUS, SELF, BACKUP):
        assert not journal.foreign_change(Lever.OPERATION_MODE, current)


def test_the_owners_newer_tariff_is_what_goes_back() -> None:
    journal = begun(owners(0.2), ours(0.3)).confirmed(Lever.TARIFF)

    journal = journal.with_owner(Lever.TARIFF, owners(0.5))

    entry = journal.tariff
    assert entry is not None
    assert entry.owner == owners(0.5)
    assert entry.sent == ours(0.3)
    assert entry.confirmed
    assert not journal.foreign_change(Lever.TARIFF, owners(0.5))


# --- a Powerwall that loses commands and lags, an owner who interferes, crashes

TARIFFS = [ours(tick / 100) for tick in range(20, 25)]
OWNERS = [owners(tick / 100) for tick in range(50, 55)]


class Bookkeeping(RuleBasedStateMachine):
    """Follow the protocol of the controller against a model of what is true.

    ``stored`` is what the Powerwall has, ``owner`` what its owner chose last and
    we could know of.
    """

    def __init__(self) -> None:
        super().__init__()
        self.journal = Journal()
        self.stored: TeslaTariff = OWNERS[0]
        self.owner: TeslaTariff = OWNERS[0]
        self.in_flight: TeslaTariff | None = None
        self.told_owner = True
        self.now = T

    @initialize(owner=st.sampled_from(OWNERS))
    def begin(self, owner: TeslaTariff) -> None:
        self.stored = self.owner = owner

    @precondition(lambda self: self.told_owner)
    @rule(
        value=st.sampled_from(TARIFFS), applied=st.sampled_from(["yes", "no", "late"])
    )
    def send(self, value: TeslaTariff, applied: str) -> None:
        """Journal first, then send; the Powerwall may or may not apply it."""
        before = self.journal
        self.journal = self.journal.begun(
            Lever.TARIFF, self.stored, value, Feature.PRICE_SYNC, self.now
        )
        # A crash here must find the owner's value in the journal.
        assert self.owed() == self.owner
        if before.tariff is not None and self.journal.tariff is not None:
            assert self.journal.tariff.since == before.tariff.since
        self.in_flight = value if applied == "late" else None
        if applied == "yes":
            self.stored = value

    @precondition(lambda self: self.in_flight is not None)
    @rule()
    def arrive(self) -> None:
        """A command that seemed lost is applied after all."""
        assert self.in_flight is not None
        self.stored, self.in_flight = self.in_flight, None
        self.told_owner = True

    @precondition(lambda self: self.told_owner and self.in_flight is None)
    @rule(value=st.sampled_from(OWNERS))
    def interfere(self, value: TeslaTariff) -> None:
        """The owner picks another tariff in the app."""
        self.stored = self.owner = value
        self.told_owner = False

    @rule()
    def observe(self) -> None:
        """Look at the site, as before every decision."""
        entry = self.journal.tariff
        if entry is not None:
            if self.journal.foreign_change(Lever.TARIFF, self.stored):
                assert self.stored in OWNERS, "our own tariff taken for the owner's"
                self.journal = self.journal.with_owner(Lever.TARIFF, self.stored)
            elif same(self.stored, entry.sent):
                self.journal = self.journal.confirmed(Lever.TARIFF)
            elif self.stored in OWNERS and not self.told_owner:
                # Not to be told from a lag: it equals what the owner had before,
                # which is then still what goes back.
                assert same(self.stored, entry.owner) or same(
                    self.stored, entry.previous
                )
                if isinstance(entry.owner, TeslaTariff):
                    self.owner = entry.owner
        self.told_owner = True

    @precondition(lambda self: self.told_owner and self.in_flight is None)
    @rule(applied=st.booleans())
    def give_back(self, applied: bool) -> None:
        """Restore; the entry goes only after the owner's value is read back."""
        entry = self.journal.tariff
        if entry is None:
            return
        assert entry.owner == self.owner
        if applied:
            assert isinstance(entry.owner, TeslaTariff)
            self.stored = entry.owner
        if same(self.stored, entry.owner):
            self.journal = self.journal.with_entry(Lever.TARIFF, None)

    @rule()
    def pass_time(self) -> None:
        self.now += HOUR

    def owed(self) -> LeverValue | None:
        entry = self.journal.tariff
        return entry.owner if entry else None

    @invariant()
    def the_owner_is_never_lost(self) -> None:
        """Whatever happens: the owner's tariff is on the wall or in the journal."""
        if self.told_owner:
            assert self.owner in (self.stored, self.owed())

    @invariant()
    def what_we_hold_is_written_down(self) -> None:
        if self.stored in TARIFFS:
            assert self.journal.tariff is not None

    @invariant()
    def our_own_tariff_is_never_taken_for_the_owners(self) -> None:
        assert self.owed() not in TARIFFS

    @override
    def teardown(self) -> None:
        """Removal puts everything back."""
        self.in_flight = None
        self.observe()
        self.give_back(True)
        assert self.stored == self.owner
        assert self.journal == Journal()


TestBookkeeping = Bookkeeping.TestCase
TestBookkeeping.settings = settings(max_examples=60, stateful_step_count=25)


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
    assert journal.sent_like(Lever.TARIFF, tariff())
    journal = journal.begun(
        Lever.TARIFF, None, tariff(), Feature.PRICE_SYNC, utc("2026-06-15 02:00")
    )
    assert journal.sent_like(Lever.TARIFF, tariff())
    stored = read_tariff(write_tariff(tariff(daily=2.0, demand=3.0)))
    assert same_conditions(stored, tariff(daily=2.0, demand=3.0)), "after a restart"
    assert not journal.sent_like(Lever.TARIFF, tariff(demand=10.0))
    assert not journal.sent_like(Lever.TARIFF, tariff(daily=1.1))
    assert journal.sent_like(Lever.TARIFF, OperationMode.AUTONOMOUS)
    assert journal.sent_like(Lever.OPERATION_MODE, OperationMode.AUTONOMOUS)
