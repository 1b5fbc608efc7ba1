"""What happens to a home while it is cut: one script per feature."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import override

from homeassistant.config_entries import ConfigEntryDisabler

from custom_components.power_sync.core.household import Action, Rules
from custom_components.power_sync.core.model.decisions import Lever
from custom_components.power_sync.core.model.force import Direction
from custom_components.power_sync.core.model.powerwall import ExportRule, OperationMode
from custom_components.power_sync.core.model.switches import Switch
from custom_components.power_sync.core.model.tariff_document import read_tariff
from custom_components.power_sync.sim.faults import Fault, FaultKind, Service
from custom_components.power_sync.sim.home import SimulatedHome
from custom_components.power_sync.sim.owners_tariff import OWNERS_TARIFF
from custom_components.power_sync.sim.powerwall import Powerwall

from .scene import OUR_CODE, SETTLED, Document, Scene

FORCE_MINUTES = 15
CALM_AFTER = 18.0
"""Minutes after the end of a spike in which its response ends: two calm intervals,
each of them published a little late."""

CHARGING = {Lever.OPERATION_MODE: OperationMode.AUTONOMOUS, Lever.GRID_CHARGING: True}
DISCHARGING = {
    Lever.OPERATION_MODE: OperationMode.AUTONOMOUS,
    Lever.EXPORT_RULE: ExportRule.BATTERY_OK,
    Lever.GRID_CHARGING: False,
}


def my_profile() -> Document:
    """Return a tariff of the owner's that is not the one of the first day."""
    tariff = deepcopy(dict(OWNERS_TARIFF))
    for side in (tariff, tariff["sell_tariff"]):
        side["name"] = "My profile"
        rates = side["energy_charges"]["AllYear"]["rates"]
        for period in rates:
            rates[period] += 0.03
    return tariff


class UnrulyPowerwall(Powerwall):
    """A site that stores an export rule and sells what it has nevertheless."""

    @override
    def _what_to_do(self) -> tuple[Action, Rules, float | None]:
        return Action.DISCHARGE, replace(self.rules, export=ExportRule.BATTERY_OK), None


# Prices


async def first_sync(scene: Scene) -> None:
    """Start for the first time: the owner's tariff is replaced."""
    await scene.sleep(SETTLED)


async def sync_off_and_on(scene: Scene) -> None:
    """Switch the sync off, and later on again."""
    scene.begin()
    await scene.controller.turn(Switch.AUTO_SYNC, False)
    await scene.sleep(60)
    await scene.controller.turn(Switch.AUTO_SYNC, True)
    await _prices_are_followed(scene)


async def _prices_are_followed(scene: Scene) -> None:
    """Wait for a tariff of prices; there are only so many in five minutes."""

    def followed() -> bool:
        tariff = scene.home.powerwall.settings.tariff
        return tariff is not None and tariff.document["code"] == OUR_CODE

    await scene.until(followed, 400, "prices are followed again")
    await scene.sleep(30)


async def replan(scene: Scene) -> None:
    """Let the mode change for a moment with each settled price."""
    scene.begin()
    await scene.controller.turn(Switch.REPLAN, True)
    await scene.sleep(600)
    await scene.controller.turn(Switch.REPLAN, False)
    await scene.sleep(30)


async def fallback(scene: Scene) -> None:
    """Lose the prices for two hours, and have them back."""

    def mode() -> OperationMode:
        return scene.home.powerwall.settings.mode

    scene.home.faults.add(Fault(service=Service.AMBER, kind=FaultKind.STATUS_500))
    await scene.sleep(7100)
    scene.begin()
    await scene.until(
        lambda: mode() is OperationMode.SELF_CONSUMPTION, 600, "the fallback"
    )
    await scene.sleep(60)
    scene.home.faults.clear()
    await scene.until(
        lambda: mode() is OperationMode.AUTONOMOUS, 600, "the end of the fallback"
    )
    await scene.sleep(30)


# What the user orders


async def force_charge(scene: Scene) -> None:
    """Charge with a reserve, and call it off."""
    scene.begin()
    scene.wants_for(FORCE_MINUTES)
    await scene.controller.start_force(Direction.CHARGE, FORCE_MINUTES, 70.0)
    scene.promised({**CHARGING, Lever.BACKUP_RESERVE: 70})
    await scene.sleep(20)
    scene.promises_nothing()
    await scene.controller.restore()
    scene.wants_no_more()
    await scene.sleep(60)


async def force_discharge(scene: Scene) -> None:
    """Discharge until the time is up."""
    scene.begin()
    scene.wants_for(FORCE_MINUTES)
    await scene.controller.start_force(Direction.DISCHARGE, FORCE_MINUTES)
    scene.promised(DISCHARGING)
    await scene.sleep(60 * FORCE_MINUTES + 60)


async def force_extend(scene: Scene) -> None:
    """Charge, extend that, and call it off."""
    scene.begin()
    scene.wants_for(FORCE_MINUTES)
    await scene.controller.start_force(Direction.CHARGE, FORCE_MINUTES)
    await scene.sleep(5)
    scene.wants_for(2 * FORCE_MINUTES)
    await scene.controller.extend_force(10)
    scene.promised(CHARGING)
    await scene.sleep(5)
    scene.promises_nothing()
    await scene.controller.restore()
    scene.wants_no_more()
    await scene.sleep(60)


async def force_again(scene: Scene) -> None:
    """Charge, then discharge instead, and switch the sync off meanwhile."""
    scene.begin()
    scene.wants_for(FORCE_MINUTES)
    await scene.controller.start_force(Direction.CHARGE, FORCE_MINUTES, 60.0)
    await scene.sleep(5)
    scene.wants_for(FORCE_MINUTES)
    await scene.controller.start_force(Direction.DISCHARGE, FORCE_MINUTES)
    await scene.sleep(5)
    await scene.controller.turn(Switch.AUTO_SYNC, False)
    await scene.sleep(5)
    await scene.controller.restore()
    scene.wants_no_more()
    await scene.sleep(60)


async def settings(scene: Scene) -> None:
    """Change each setting that the user can change."""
    scene.begin()
    for lever, value in (
        (Lever.BACKUP_RESERVE, 35.0),
        (Lever.OPERATION_MODE, OperationMode.SELF_CONSUMPTION),
        (Lever.EXPORT_RULE, ExportRule.PV_ONLY),
        (Lever.GRID_CHARGING, False),
        (Lever.STORM_WATCH, True),
    ):
        scene.intent.values[lever].add(value)
        await scene.controller.set_lever(lever, value)
        scene.intent.values[lever] = {value}
    await scene.sleep(30)


async def setting_over_force(scene: Scene) -> None:
    """Change the mode while the battery is being charged."""
    scene.begin()
    scene.wants_for(FORCE_MINUTES)
    await scene.controller.start_force(Direction.CHARGE, FORCE_MINUTES, 70.0)
    await scene.sleep(5)
    mode = OperationMode.SELF_CONSUMPTION
    scene.intent.values[Lever.OPERATION_MODE].add(mode)
    await scene.controller.set_lever(Lever.OPERATION_MODE, mode)
    scene.intent.values[Lever.OPERATION_MODE] = {mode}
    scene.wants_no_more()
    await scene.sleep(60)


async def profile(scene: Scene) -> None:
    """Send a saved tariff, and go back to prices."""
    scene.begin()
    saved = my_profile()
    scene.intent.tariffs.append(saved)
    await scene.controller.send_tariff(read_tariff(saved))
    scene.intent.tariffs[:] = [saved]
    await scene.sleep(30)
    await scene.controller.restore()
    await _prices_are_followed(scene)


# What the market calls for


async def rehearsal(scene: Scene) -> None:
    """Rehearse a spike until the time is up."""
    scene.begin()
    scene.wants_for(3)
    await scene.controller.simulate_spike(15.0, 3)
    await scene.sleep(240)


async def rehearsal_called_off(scene: Scene) -> None:
    """Rehearse a spike, and call it off."""
    scene.begin()
    scene.wants_for(10)
    await scene.controller.simulate_spike(15.0, 10)
    scene.promised(DISCHARGING)
    await scene.sleep(10)
    scene.promises_nothing()
    await scene.controller.restore()
    scene.wants_no_more()
    await scene.sleep(60)


async def market_spike(scene: Scene) -> None:
    """Let the market spike, and calm down."""
    await scene.controller.turn(Switch.SPIKE_RESPONSE, True)
    scene.home.spike(15_000, 5)
    scene.begin()
    scene.wants_for(10 + CALM_AFTER)
    await scene.sleep(60 * (10 + CALM_AFTER))


def _has_rule(scene: Scene, rule: ExportRule) -> Callable[[], bool]:
    return lambda: scene.home.powerwall.settings.export_rule is rule


async def curtailment(scene: Scene) -> None:
    """Export stops, goes on in spite of the rule, and the rule is set once more."""
    await scene.controller.turn(Switch.CURTAILMENT, True)
    await scene.controller.turn(Switch.REAPPLY_EXPORT_RULE, True)
    site = scene.home.powerwall
    site.__class__ = UnrulyPowerwall
    site.stored_kwh = site.battery.capacity_kwh
    scene.home.spike(-300, 10)
    scene.begin()
    scene.wants_for(15 + CALM_AFTER)
    for rule in (ExportRule.NEVER, ExportRule.PV_ONLY, ExportRule.NEVER):
        await scene.until(_has_rule(scene, rule), 600, f"{rule} to curtail")
    await scene.until(
        _has_rule(scene, ExportRule.BATTERY_OK), 60 * CALM_AFTER, "export again"
    )
    await scene.sleep(60)


async def curtailment_off(scene: Scene) -> None:
    """Switch curtailment off while export costs money."""
    await scene.controller.turn(Switch.CURTAILMENT, True)
    scene.home.spike(-300, 60)
    await scene.until(_has_rule(scene, ExportRule.NEVER), 600, "never to curtail")
    scene.begin()
    scene.wants_for(60)
    await scene.controller.turn(Switch.CURTAILMENT, False)
    await scene.sleep(60)
    scene.wants_no_more()


def calm(home: SimulatedHome) -> None:
    """Let the market calm down with the next interval."""
    home.calm()


# Letting go


async def disable(scene: Scene) -> None:
    """Switch the home off while the battery is being discharged."""
    await scene.controller.start_force(Direction.DISCHARGE, FORCE_MINUTES)
    scene.begin()
    scene.wants_for(FORCE_MINUTES)
    assert scene.entry is not None
    await scene.hass.config_entries.async_set_disabled_by(
        scene.entry.entry_id, ConfigEntryDisabler.USER
    )
    await scene.sleep(30)


async def remove(scene: Scene) -> None:
    """Remove the home while the battery is being discharged."""
    await scene.controller.start_force(Direction.DISCHARGE, FORCE_MINUTES)
    scene.begin()
    scene.wants_for(FORCE_MINUTES)
    assert scene.entry is not None
    await scene.hass.config_entries.async_remove(scene.entry.entry_id)
    await scene.sleep(30)


async def remove_unreachable(scene: Scene) -> None:
    """Remove the home while Tesla is away."""
    await scene.controller.start_force(Direction.DISCHARGE, FORCE_MINUTES)
    scene.home.faults.add(Fault(service=Service.TESLA, kind=FaultKind.STATUS_503))
    scene.begin()
    scene.wants_for(FORCE_MINUTES)
    assert scene.entry is not None
    await scene.hass.config_entries.async_remove(scene.entry.entry_id)
    scene.home.faults.clear()
    await scene.sleep(3700)
