"""What happens between two steps, to one lever of several, or at the wrong moment."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
import pytest

from custom_components.power_sync.clients.errors import RejectedError
from custom_components.power_sync.control.debts import owe
from custom_components.power_sync.control.orders import Batch, Look
from custom_components.power_sync.core.model.decisions import (
    Action,
    Feature,
    Lever,
    Reason,
    Record,
)
from custom_components.power_sync.core.model.force import Direction
from custom_components.power_sync.core.model.powerwall import ExportRule, OperationMode
from custom_components.power_sync.core.model.switches import Switch
from custom_components.power_sync.core.model.tariff_document import read_tariff
from custom_components.power_sync.core.model.tesla_tariff import TeslaTariff
from custom_components.power_sync.sim.config import TeslaSite
from custom_components.power_sync.sim.faults import FaultKind, Service
from custom_components.power_sync.sim.owners_tariff import OWNERS_TARIFF

from .conftest import NOW
from .house import POWERWALL, House, Steady
from .test_features import done
from .test_force import controller, force, settings
from .test_owner import choose_another_plan

type MakeHouse = Callable[..., Awaitable[House]]

TOU = "time_of_use_settings"
EXPORT = "/grid_import_export"


def another_tariff() -> TeslaTariff:
    """Return a tariff that a user may have saved."""
    tariff = read_tariff(OWNERS_TARIFF)
    rates = tuple(
        replace(
            season, rates=tuple((label, price + 0.1) for label, price in season.rates)
        )
        for season in tariff.buy.energy_rates
    )
    return replace(tariff, buy=replace(tariff.buy, name="Saved", energy_rates=rates))


# One lever that is refused


# covers B-09, B-12
async def test_a_setting_that_is_refused_does_not_hold_up_the_others(
    steady: House,
) -> None:
    """At the beginning, and, which counts more, when all is to be put back."""
    house = steady
    house.home.powerwall.set_mode(OperationMode.SELF_CONSUMPTION, house.home.advance())
    await house.tick(60)
    house.break_(Service.TESLA, FaultKind.STATUS_400, match=EXPORT)
    await force(house, Direction.DISCHARGE, 15)
    await house.live(3)
    assert house.tariff_name == "PowerSync force discharge"
    assert settings(house)["mode"] is OperationMode.AUTONOMOUS
    await house.live(14)
    assert house.tariff_name == "PowerSync"
    assert settings(house)["mode"] is OperationMode.SELF_CONSUMPTION


async def test_a_refusal_holds_up_the_spike_tariff_no_more_than_a_step(
    steady: House,
) -> None:
    """What was moved goes back while one of the settings is refused for good."""
    house = steady
    house.home.powerwall.settings.export_rule = ExportRule.PV_ONLY
    await house.tick(60)
    await force(house, Direction.DISCHARGE, 15)
    assert house.tariff_name == "PowerSync force discharge"
    house.break_(Service.TESLA, FaultKind.STATUS_400, match=EXPORT)
    await house.live(18)
    assert house.tariff_name == "PowerSync"
    house.repair()
    await house.live(2)
    assert settings(house)["export_rule"] is ExportRule.PV_ONLY
    assert settings(house)["grid_charging"] is True


async def test_one_stubborn_setting_is_told_although_others_work(
    steady: House, market: Steady
) -> None:
    house = steady
    await house.tick(60)
    house.break_(Service.TESLA, FaultKind.NOT_APPLIED, match=EXPORT)
    await done(house, controller(house).turn(Switch.CURTAILMENT, True))
    for step in range(6):
        market.price = -100.0 - 20 * step
        await house.live(5)
    assert house.issues >= {"not_applied"}
    house.repair()
    await house.live(3)
    assert "not_applied" not in house.issues


# Tariffs that are saved by themselves


# covers B-12
async def test_the_owners_saved_tariff_outlives_lost_state(
    steady: House, hass_storage: dict[str, Any]
) -> None:
    """It is the last copy there is: not overwritten with one of ours."""
    house = steady
    assert controller(house).profiles.get("before PowerSync").tariff.buy.name == (
        "Example TOU"
    )
    await house.unload()
    hass_storage[f"power_sync.{house.entry.entry_id}"]["data"].clear()
    await house.tick(600)
    await house.set_up()
    await house.live(10)
    assert "state_lost" in house.issues
    assert controller(house).profiles.get("before PowerSync").tariff.buy.name == (
        "Example TOU"
    )


async def test_an_owner_without_a_tariff_gets_none_of_ours_saved(
    make_house: MakeHouse,
) -> None:
    house = await make_house(tesla_sites=(TeslaSite(tariff=None),))
    await house.set_up()
    await house.act("switch", "turn_off", "auto_sync_tou_schedule")
    await house.tick(300)
    await house.act("switch", "turn_on", "auto_sync_tou_schedule")
    await house.live(6)
    assert house.tariff_name == "PowerSync"
    assert "before PowerSync" not in controller(house).profiles.all


async def test_a_force_is_not_what_was_before_the_spike(steady: House) -> None:
    house = steady
    await force(house, Direction.DISCHARGE, 15)
    await done(house, controller(house).simulate_spike(1.0, 60))
    await house.live(16)
    assert house.tariff_name == "PowerSync price spike"
    assert "before spike" not in controller(house).profiles.all


async def test_profiles_are_not_written_again_and_again(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await make_house()
    house.break_(Service.AMBER, FaultKind.STATUS_503)
    await house.set_up()
    house.repair()
    house.break_(Service.TESLA, FaultKind.STATUS_503)
    profiles = controller(house).profiles
    writes = []
    keep = profiles.keep

    async def counted(*args: Any) -> None:
        writes.append(args)
        await keep(*args)

    monkeypatch.setattr(profiles, "keep", counted)
    await house.live(10)
    assert len(writes) == 1


# The user's tariff


# covers B-11, B-12
async def test_a_saved_tariff_that_is_lost_is_sent_again(steady: House) -> None:
    """A force that gave way to it must not leave its tariff behind."""
    house = steady
    await force(house, Direction.DISCHARGE, 120)
    house.break_(Service.TESLA, FaultKind.NOT_APPLIED, match=TOU, count=1)
    record = await done(house, controller(house).send_tariff(another_tariff()))
    assert record.action is Action.NOT_APPLIED
    assert controller(house).force is None
    await house.live(10)
    assert house.tariff_name == "Saved"
    assert "tariff" not in house.journal


async def test_a_saved_tariff_is_kept_although_nothing_was_held(
    make_house: MakeHouse, market: Steady
) -> None:
    """Sent before there were any prices, it stays as long as at other times."""
    house = await make_house(prices=market)
    house.break_(Service.AMBER, FaultKind.STATUS_503)
    await house.set_up()
    await done(house, controller(house).send_tariff(another_tariff()))
    house.repair()
    await house.live(20)
    assert house.tariff_name == "Saved"


async def test_a_rehearsal_of_nothing_changes_nothing(steady: House) -> None:
    house = steady
    choose_another_plan(house)
    await house.tick(300)
    assert controller(house).manual_until is not None
    await done(house, controller(house).simulate_spike(0.01, 5))
    await house.live(10)
    assert house.tariff_name == "New plan"


async def test_nothing_is_held_for_ever(steady: House) -> None:
    house = steady
    choose_another_plan(house)
    await house.tick(300)
    assert controller(house).manual_until == NOW + timedelta(seconds=300, hours=4)
    await house.live(245, stride=300)
    assert controller(house).manual_until is None


async def test_a_push_that_is_interrupted_still_counts(
    steady: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something newer may cut its read-back short, but not undo it."""
    house = steady
    await house.act("switch", "turn_off", "auto_sync_tou_schedule")
    await house.tick(600)
    assert house.tariff_name == "Example TOU"
    client = controller(house)._actuator._client
    send = client.send_tariff

    async def and_interrupt(tariff: TeslaTariff) -> None:
        await send(tariff)
        monkeypatch.setattr(client, "send_tariff", send)
        controller(house)._hurry()

    monkeypatch.setattr(client, "send_tariff", and_interrupt)
    record = await done(house, controller(house).push())
    assert record.action in {Action.SUPERSEDED, Action.SENT}
    await house.live(10)
    assert house.tariff_name == "PowerSync"


# A new look


# covers B-09, B-10
@pytest.mark.parametrize(
    ("kind", "seconds"),
    [(FaultKind.STATUS_503, 0.0), (FaultKind.NOT_APPLIED, 0.0), (FaultKind.LATE, 70.0)],
)
async def test_the_end_of_a_force_is_looked_at_whatever_it_takes(
    steady: House, kind: FaultKind, seconds: float
) -> None:
    """Without a new look the Powerwall would go on discharging for up to 45 minutes."""
    house = steady
    await force(house, Direction.DISCHARGE, 15)
    await house.live(14, stride=10)
    house.home.tesla.commands.clear()
    house.break_(Service.TESLA, kind, match=TOU, count=1, seconds=seconds)
    await house.live(8, stride=10)
    assert house.tariff_name == "PowerSync"
    assert house.sent.count("operation") == 2
    assert settings(house)["mode"] is OperationMode.AUTONOMOUS


async def test_a_force_that_arrives_late_is_looked_at(steady: House) -> None:
    house = steady
    # The next poll comes before the next attempt.
    await house.tick(30)
    house.break_(Service.TESLA, FaultKind.LATE, match=TOU, count=1, seconds=25.0)
    await force(house, Direction.DISCHARGE, 30)
    assert house.tariff_name == "PowerSync"
    await house.live(4, stride=10)
    assert house.tariff_name == "PowerSync force discharge"
    assert house.sent.count("operation") == 2


async def test_a_push_at_the_end_of_a_force_is_looked_at(steady: House) -> None:
    house = steady
    await force(house, Direction.DISCHARGE, 15)
    await house.live(14, stride=10)
    house.home.tesla.commands.clear()
    standing = controller(house)._store.standing
    await controller(house)._store.put(replace(standing, force=None))
    await done(house, controller(house).push())
    await house.live(1, stride=10)
    assert house.tariff_name == "PowerSync"
    assert house.sent.count("operation") == 2


# At the wrong moment


async def test_a_push_that_is_overtaken_before_its_turn_is_not_forgotten(
    steady: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = steady
    await house.tick(300)
    helm = controller(house)._helm
    decide = helm._decide

    async def and_hurry(*args: Any) -> Any:
        monkeypatch.setattr(helm, "_decide", decide)
        decision = await decide(*args)
        controller(house)._hurry()
        return decision

    monkeypatch.setattr(helm, "_decide", and_hurry)
    record = await done(house, controller(house).push())
    assert record.action is Action.SENT


# covers B-12
async def test_what_the_owner_changes_during_a_step_wins_too(steady: House) -> None:
    house = steady
    house.home.powerwall.set_mode(OperationMode.SELF_CONSUMPTION, house.home.advance())
    await house.tick(60)
    await force(house, Direction.DISCHARGE, 60)
    assert settings(house)["mode"] is OperationMode.AUTONOMOUS

    def change(command: Any) -> None:
        if command.name == TOU:
            house.home.tesla.listeners.remove(change)
            house.home.powerwall.set_mode(OperationMode.BACKUP, house.home.advance())

    house.home.tesla.listeners.append(change)
    await done(house, controller(house).extend_force(60))
    await house.live(3)
    assert settings(house)["mode"] is OperationMode.BACKUP
    assert controller(house).force is None
    assert house.tariff_name == "PowerSync"
    assert ("operation_mode", "owner_changed", "changed_elsewhere") in house.decisions


async def test_a_refused_setting_takes_back_nothing_newer(
    steady: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = steady
    client = controller(house)._actuator._client
    begun: list[asyncio.Task[Any]] = []

    async def refuse(percent: float) -> None:
        begun.append(
            house.hass.async_create_task(
                controller(house).start_force(Direction.DISCHARGE, 15)
            )
        )
        await asyncio.sleep(0)
        raise RejectedError("no")

    monkeypatch.setattr(client, "send_backup_reserve", refuse)
    record = await done(house, controller(house).set_lever(Lever.BACKUP_RESERVE, 55.0))
    assert record.action is Action.FAILED
    await begun[0]
    assert controller(house).force is not None
    assert house.tariff_name == "PowerSync force discharge"


def test_what_has_arrived_meanwhile_is_no_failure() -> None:
    def record(action: Action) -> Record:
        return Record(
            at=NOW,
            lever=Lever.TARIFF,
            action=action,
            feature=Feature.FORCE,
            reason=Reason.FORCED,
        )

    batch = Batch(Look())
    for earlier in (Action.NOT_APPLIED, Action.SUPERSEDED, Action.FAILED):
        batch.add(record(earlier))
        batch.add(record(Action.UNCHANGED))
        assert batch.records[Lever.TARIFF].action is Action.UNCHANGED
    batch.add(record(Action.SENT))
    batch.add(record(Action.UNCHANGED))
    assert batch.records[Lever.TARIFF].action is Action.SENT


# covers B-12
async def test_what_was_put_back_and_comes_late_is_nobodys_choice(
    steady: House,
) -> None:
    house = steady
    await force(house, Direction.DISCHARGE, 15)
    await house.live(14, stride=10)
    late = 100.0
    house.break_(Service.TESLA, FaultKind.LATE, match=EXPORT, count=1, seconds=late)
    await done(house, controller(house).restore())
    await house.tick(20)
    await force(house, Direction.DISCHARGE, 60)
    await house.live(5, stride=10)
    assert controller(house).force is not None
    assert settings(house)["grid_charging"] is False
    assert ("grid_charging", "owner_changed", "changed_elsewhere") not in (
        house.decisions
    )


async def test_failures_that_take_turns_are_told_once_each(steady: House) -> None:
    """A night without the service must not push everything else out of the log."""
    house = steady
    log = controller(house).log
    before = len(log.records)

    def tell(action: Action, error: str | None = None) -> None:
        log.add(
            Record(
                at=NOW,
                lever=Lever.TARIFF,
                action=action,
                feature=Feature.PRICE_SYNC,
                reason=Reason.PRICES_CHANGED,
                error=error,
            )
        )

    for _ in range(30):
        tell(Action.FAILED, "unavailable")
        tell(Action.NOT_APPLIED)
        tell(Action.FAILED, "outcome_unknown")
    assert len(log.records) == before + 3
    tell(Action.SENT)
    tell(Action.FAILED, "unavailable")
    assert len(log.records) == before + 5, "another night is news again"


# Dry run


# covers B-15
async def test_dry_run_leaves_no_tariff_that_steers(make_house: MakeHouse) -> None:
    house = await make_house(tesla_sites=(TeslaSite(tariff=None),))
    await house.set_up()
    await force(house, Direction.DISCHARGE, 60)
    assert house.tariff_name == "PowerSync force discharge"
    house.hass.config_entries.async_update_entry(house.entry, options={"dry_run": True})
    await house.settle()
    await house.live(3)
    assert house.tariff_name == "PowerSync"
    assert settings(house)["grid_charging"] is True


async def test_dry_run_puts_back_while_prices_are_away(steady: House) -> None:
    house = steady
    house.break_(Service.AMBER, FaultKind.STATUS_503)
    house.hass.config_entries.async_update_entry(house.entry, options={"dry_run": True})
    await house.settle()
    await house.live(3)
    assert house.tariff_name == "Example TOU"
    assert house.journal == {}


async def test_disabling_in_dry_run_puts_back_what_was_real(
    steady: House, market: Steady
) -> None:
    house = steady
    house.break_(Service.TESLA, FaultKind.STATUS_503, match=TOU)
    house.hass.config_entries.async_update_entry(house.entry, options={"dry_run": True})
    await house.settle()
    market.price = 300.0
    await house.live(6)
    assert ("tariff", "dry_run", "prices_changed") in house.decisions
    assert house.tariff_name == "PowerSync"
    house.repair()
    await house.hass.config_entries.async_set_disabled_by(
        house.entry.entry_id, ConfigEntryDisabler.USER
    )
    assert house.tariff_name == "Example TOU"
    assert not house.issues


# Nobody is left


# covers B-12
async def test_a_removed_home_leaves_no_tariff_that_steers(
    make_house: MakeHouse,
) -> None:
    """Also where there was none before, and nobody could be reached at first."""
    house = await make_house(tesla_sites=(TeslaSite(tariff=None),))
    await house.set_up()
    await force(house, Direction.DISCHARGE, 60)
    await house.hass.config_entries.async_remove(house.entry.entry_id)
    await house.hass.async_block_till_done()
    assert house.tariff_name == "PowerSync"


async def test_disabling_leaves_no_tariff_that_steers(make_house: MakeHouse) -> None:
    house = await make_house(tesla_sites=(TeslaSite(tariff=None),))
    await house.set_up()
    await force(house, Direction.DISCHARGE, 60)
    await house.hass.config_entries.async_set_disabled_by(
        house.entry.entry_id, ConfigEntryDisabler.USER
    )
    assert house.tariff_name == "PowerSync"


# Clocks


async def test_a_clock_that_is_set_back_does_not_stop_control(
    steady: House, market: Steady
) -> None:
    house = steady
    house.break_(Service.TESLA, FaultKind.NOT_APPLIED, match=EXPORT)
    await done(house, controller(house).turn(Switch.CURTAILMENT, True))
    market.price = -100.0
    await house.live(6)
    sent = controller(house)._actuator._sent
    assert Lever.EXPORT_RULE in sent
    house.repair()
    # As if it had been sent an hour from now.
    sent[Lever.EXPORT_RULE] = replace(
        sent[Lever.EXPORT_RULE], at=sent[Lever.EXPORT_RULE].at + timedelta(hours=1)
    )
    await house.live(2)
    assert house.home.powerwall.settings.export_rule is ExportRule.NEVER


# What is found on disk


def owed(sent: Any, feature: str = "force", owner: Any = None) -> dict[str, Any]:
    """Return an entry of the journal as it is on disk."""
    return {
        "owner": owner,
        "previous": owner,
        "sent": sent,
        "confirmed": True,
        "feature": feature,
        "since": NOW.isoformat(),
        "sent_at": NOW.isoformat(),
    }


# covers B-12
async def test_a_setting_whose_owner_is_unknown_gets_no_tariff(
    steady: House, hass_storage: dict[str, Any]
) -> None:
    """It is left as it is, and everything else goes on."""
    house = steady
    await house.unload()
    data = hass_storage[f"power_sync.{house.entry.entry_id}"]["data"]
    data["journal"]["entries"]["grid_charging"] = owed(sent=False)
    house.home.powerwall.settings.grid_charging = False
    await house.tick(300)
    await house.set_up()
    await house.live(2)
    assert set(house.journal) == {"tariff"}
    assert settings(house)["grid_charging"] is False


async def test_a_late_tariff_of_a_force_does_not_stay_for_want_of_another(
    make_house: MakeHouse, hass_storage: dict[str, Any]
) -> None:
    house = await make_house(tesla_sites=(TeslaSite(tariff=None),))
    await house.set_up()
    await force(house, Direction.DISCHARGE, 60)
    await house.unload()
    data = hass_storage[f"power_sync.{house.entry.entry_id}"]["data"]
    data |= {"switches": [], "force": None}
    data["journal"]["entries"]["tariff"]["feature"] = "replan"
    await house.tick(300)
    await house.set_up()
    await house.live(2)
    assert house.tariff_name == "PowerSync"


async def test_a_debt_is_taken_over_beside_what_is_owed_anyway(steady: House) -> None:
    house = steady
    await house.unload()
    house.home.powerwall.settings.grid_charging = False
    await owe(
        house.hass,
        "Home",
        "an older one",
        house.entry.subentries[POWERWALL].data,
        {"entries": {"grid_charging": owed(sent=False, owner=True)}, "echoes": {}},
        ["grid charging: off instead of on"],
    )
    await house.tick(300)
    await house.set_up()
    await house.live(2)
    assert settings(house)["grid_charging"] is True
    assert not house.issues
    await house.tick(300)
    await house.act("switch", "turn_off", "auto_sync_tou_schedule")
    assert house.tariff_name == "Example TOU"
