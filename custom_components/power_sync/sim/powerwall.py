"""A Powerwall site: the battery, the owner's settings, and who obeys them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
import math
from random import Random
from zoneinfo import ZoneInfo

from ..core.household import Action, Battery, Flow, Rules, share_power
from ..core.model.powerwall import ExportRule, OperationMode
from .agenda import Agenda, Store
from .config import TeslaSite
from .energy_history import EnergyHistory
from .premises import HALF_HOUR, Premises
from .situation import Situation, SituationError
from .tesla_tariff import Tariff
from .time_based_control import Slot, decide

_BACKUP_CHARGE_W = 3_300.0
_RESERVE_CHARGE_W = 1_700.0
"""Grid charging power of one unit by mode, as owners of Powerwalls 2 report it."""
_TAPER_FROM, _TAPER = 80.0, 0.7
"""From which % of charge backup slows down, and how much of its power full costs."""
_SNAP_AFTER = 20 * 60.0
"""Seconds until a reserve of 81 to 99 % turns out to be 80."""

_NO_WATCH = "Storm Watch is off on this site"


@dataclass(slots=True)
class Settings:
    """What is stored for the site in the cloud."""

    mode: OperationMode
    reserve_percent: int
    export_rule: ExportRule | None
    """None until one was sent to a site whose rule a programme decides."""
    grid_charging: bool
    storm_watch: bool
    tariff: Tariff | None = None


class Powerwall:
    """One energy site in time.

    ``settings`` is what the cloud stores. In time-based control the battery acts on
    the tariff it last noticed: it plans at every half hour, and some minutes after an
    upload (1 to 5, one in five 15 to 45), and does the same thing until it plans
    again. Changing the mode makes it notice and plan at once. What the ``situation``
    demands goes before all that, an outage first, then a storm.
    """

    def __init__(
        self, config: TeslaSite, premises: Premises, time_zone: ZoneInfo, seed: int
    ) -> None:
        """Put the site into its initial state.

        Raises:
            TariffRefusedError: the configured tariff has a structural mistake.
            SituationError: a storm is configured, and Storm Watch is off.
        """
        if config.situation.storm and not config.storm_watch:
            raise SituationError(_NO_WATCH)
        tariff = Tariff(config.tariff) if config.tariff else None
        self.config = config
        self.battery: Battery = config.unit.battery.times(max(1, config.powerwalls))
        self.stored_kwh = self.battery.capacity_kwh * config.charge_percent / 100
        self.settings = Settings(
            config.mode,
            config.reserve_percent,
            config.export_rule,
            config.grid_charging,
            config.storm_watch,
            tariff,
        )
        self.situation = config.situation
        self.history = EnergyHistory(time_zone)
        self.action = Action.SELF_USE
        self.flow = Flow(0, 0, 0, 0, 0, self.stored_kwh)
        self.plans = 0
        """How often time-based control has planned."""
        self._premises = premises
        self._zone = time_zone
        self._draws = Random(f"{seed}/powerwall/{config.site_id}")
        self._noticed = tariff
        self._late = Agenda()
        self._snap_at = math.inf
        self._notice_at = math.inf
        self._plan_at = 0.0
        self._refilling = False
        self._backup_w = 0.0

    @property
    def charge_percent(self) -> float:
        """State of charge in %."""
        return 100 * self.stored_kwh / self.battery.capacity_kwh

    @property
    def rules(self) -> Rules:
        """The owner's settings in the words of the household model."""
        reserve = self.settings.reserve_percent
        if self.settings.mode is OperationMode.BACKUP:
            reserve = 100
        return Rules(
            reserve_kwh=self.battery.capacity_kwh * reserve / 100,
            export=self.settings.export_rule or ExportRule.BATTERY_OK,
            grid_charging=self.settings.grid_charging,
            export_cap_w=self.config.export_cap_w,
        )

    @property
    def noticed_tariff(self) -> Tariff | None:
        """The tariff that time-based control plans with."""
        return self._noticed

    @property
    def pending(self) -> int:
        """How many accepted changes are not in force yet."""
        return len(self._late)

    @property
    def storm_mode_active(self) -> bool:
        """Whether Storm Watch is filling the battery: only where it is on."""
        return self.situation.storm and self.settings.storm_watch

    @property
    def grid_services_active(self) -> bool:
        """Whether the virtual power plant has the battery: not in storm or outage."""
        return (
            self.situation.grid_services
            and not self.storm_mode_active
            and not self.situation.off_grid
        )

    def set_situation(self, situation: Situation, at: float) -> None:
        """Let something happen, with an effect that shows at once.

        Raises:
            SituationError: a storm is announced, and Storm Watch is off.
        """
        new_storm = situation.storm and not self.situation.storm
        if new_storm and not self.settings.storm_watch:
            raise SituationError(_NO_WATCH)
        self.situation = situation
        self.look(*self._premises.power(at))

    def set_mode(self, mode: OperationMode, at: float) -> None:
        """Change the mode; doing so makes the Powerwall look at everything anew."""
        self.settings.mode = mode
        self._notice_at = at
        self._plan_at = at

    def set_reserve(self, percent: int, at: float) -> None:
        """Change the reserve; 81 to 99 % do not last."""
        self.settings.reserve_percent = percent
        self._snap_at = at + _SNAP_AFTER if 80 < percent < 100 else math.inf

    def set_export_rule(self, rule: ExportRule) -> None:
        """Change what may be exported."""
        self.settings.export_rule = rule

    def set_grid_charging(self, allowed: bool) -> None:
        """Allow or forbid charging from the grid."""
        self.settings.grid_charging = allowed

    def set_storm_watch(self, enabled: bool) -> None:
        """Switch Storm Watch; switched off it also ends what it does at the moment."""
        self.settings.storm_watch = enabled

    def set_tariff(self, tariff: Tariff, at: float) -> None:
        """Store a tariff; it is noticed later."""
        self.settings.tariff = tariff
        slow = self._draws.random() < 0.2
        minutes = self._draws.uniform(15, 45) if slow else self._draws.uniform(1, 5)
        self._notice_at = min(self._notice_at, at + 60 * minutes)

    def store(
        self, changes: Mapping[str, Store], at: float, delay: float = 0.0
    ) -> None:
        """Store changes by setting, now or some seconds later.

        What was still to come about a setting is overtaken by a newer change of it.
        """
        for setting, change in changes.items():
            self._late.drop(setting)
            if delay > 0:
                self._late.add(at + delay, setting, change)
            else:
                change(at)

    def next_event(self) -> float:
        """Return when something happens by itself (unix seconds)."""
        return min(self._late.next, self._snap_at, self._notice_at, self._plan_at)

    def settle(self, at: float) -> None:
        """Do what is due by now."""
        for change in self._late.take(at):
            change(at)
        if self._snap_at <= at:
            self._snap_at = math.inf
            self.settings.reserve_percent = 80
        if self._notice_at <= at:
            self._notice_at = math.inf
            self._noticed = self.settings.tariff
            self._plan_at = at
        if self._plan_at <= at:
            self._plan_at = (at // HALF_HOUR + 1) * HALF_HOUR
            self._plan(at)

    def step(self, at: float, seconds: float, solar_w: float, load_w: float) -> None:
        """Live through some seconds of constant power."""
        hours = seconds / 3600
        if at % 60 == 0:
            # Once a minute, so that it does not matter how often somebody looks.
            self._take_stock()
        self.flow = self._flow(solar_w, load_w, hours)
        self.stored_kwh = self.flow.stored_kwh
        self.history.add(at, self.flow, hours)

    def look(self, solar_w: float, load_w: float) -> None:
        """Show the powers of this moment without letting time pass."""
        self._take_stock()
        self.flow = self._flow(solar_w, load_w, 1 / 60)

    def _flow(self, solar_w: float, load_w: float, hours: float) -> Flow:
        action, rules, limit = self._what_to_do()
        flow = share_power(
            self.battery, rules, action, self.stored_kwh, solar_w, load_w, hours, limit
        )
        if self.situation.off_grid:
            # What sun and battery cannot carry stays dark.
            carried = flow.solar_w + flow.battery_w
            flow = replace(flow, load_w=carried, grid_w=0.0)
        return flow

    def _what_to_do(self) -> tuple[Action, Rules, float | None]:
        """Return the action, its rules, and a limit of its charging power."""
        rules = self.rules
        if self.situation.off_grid:
            rules = Rules(0.0, ExportRule.NEVER, grid_charging=False)
            return Action.SELF_USE, rules, None
        if self.storm_mode_active:
            rules = replace(
                rules, reserve_kwh=self.battery.capacity_kwh, grid_charging=True
            )
            return Action.CHARGE, rules, self._backup_w
        if self.grid_services_active:
            percent = self.settings.reserve_percent
            rules = replace(
                rules,
                reserve_kwh=self.battery.capacity_kwh * percent / 100,
                export=ExportRule.BATTERY_OK,
            )
            return Action.DISCHARGE, rules, None
        if self.settings.mode is OperationMode.BACKUP:
            return Action.CHARGE, rules, self._backup_w
        if self._refilling:
            return Action.CHARGE, rules, _RESERVE_CHARGE_W * self.config.powerwalls
        if self.settings.mode is OperationMode.AUTONOMOUS:
            return self.action, rules, None
        return Action.SELF_USE, rules, None

    def _take_stock(self) -> None:
        """See what the state of charge means for the minute to come."""
        self._see_to_reserve(self.rules)
        above = max(0.0, self.charge_percent - _TAPER_FROM) / (100 - _TAPER_FROM)
        self._backup_w = (
            _BACKUP_CHARGE_W * self.config.powerwalls * (1 - _TAPER * above)
        )

    def _see_to_reserve(self, rules: Rules) -> None:
        """Refill the reserve when half a percent is missing, until it is full."""
        missing = rules.reserve_kwh - self.stored_kwh
        if missing <= 0:
            self._refilling = False
        elif missing > 0.005 * self.battery.capacity_kwh:
            self._refilling = True

    def _plan(self, at: float) -> None:
        """Choose what to do until the next plan."""
        if self.settings.mode is not OperationMode.AUTONOMOUS or self._noticed is None:
            self.action = Action.SELF_USE
            return
        self.plans += 1
        tariff = self._noticed
        local = datetime.fromtimestamp(at, self._zone)
        today = tariff.day(local.date())
        tomorrow = tariff.day(datetime.fromtimestamp(at + 86_400, self._zone).date())
        label = local.hour * 2 + local.minute // 30
        begin = int(at) // HALF_HOUR
        first = (begin + 1) * HALF_HOUR - at
        buy, sell = tariff.at(local.date(), local.hour * 60 + local.minute)
        slots = [Slot(first / 3600, buy, sell, *self._premises.usual_power(begin))]
        for ahead in range(1, 49):
            later = label + ahead
            day, index = (today, later) if later < 48 else (tomorrow, later - 48)
            hours = 0.5 if ahead < 48 else (HALF_HOUR - first) / 3600
            slots.append(
                Slot(
                    hours,
                    day.buy[index],
                    day.sell[index],
                    *self._premises.usual_power(begin + ahead),
                )
            )
        self.action = decide(self.battery, self.rules, self.stored_kwh, slots)
