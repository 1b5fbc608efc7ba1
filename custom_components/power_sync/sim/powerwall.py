"""A Powerwall site: the battery, the owner's settings, and who obeys them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
import math
from random import Random
from zoneinfo import ZoneInfo

from ..core.household import (
    Action,
    Battery,
    Flow,
    Rules,
    share_power,
)
from ..core.model.powerwall import ExportRule, OperationMode
from .config import TeslaSite
from .energy_history import EnergyHistory
from .premises import HALF_HOUR, Premises
from .tesla_tariff import Tariff
from .time_based_control import Slot, decide

_BACKUP_CHARGE_W = 3_300.0
_RESERVE_CHARGE_W = 1_700.0
"""Grid charging power of one unit by mode (tesla.md, 3.6)."""
_SNAP_AFTER = 20 * 60.0
"""Seconds until a reserve of 81 to 99 % turns out to be 80."""


@dataclass(slots=True)
class Settings:
    """What is stored for the site in the cloud."""

    mode: OperationMode
    reserve_percent: int
    export_rule: ExportRule
    grid_charging: bool
    storm_watch: bool
    tariff: Tariff | None = None


class Powerwall:
    """One energy site in time.

    ``settings`` is what the cloud stores. In time-based control the battery acts on
    the tariff it last noticed: it plans at every half hour, and some minutes after an
    upload (1 to 5, one in five 15 to 45), and does the same thing until it plans
    again. Changing the mode makes it notice and plan at once.
    """

    def __init__(
        self, config: TeslaSite, premises: Premises, time_zone: ZoneInfo, seed: int
    ) -> None:
        """Put the site into its initial state.

        Raises:
            TariffRefusedError: the configured tariff has a structural mistake.
        """
        tariff = Tariff(config.tariff) if config.tariff else None
        self.config = config
        self.battery: Battery = config.unit.times(max(1, config.powerwalls))
        self.stored_kwh = self.battery.capacity_kwh * config.charge_percent / 100
        self.settings = Settings(
            config.mode,
            config.reserve_percent,
            config.export_rule,
            config.grid_charging,
            config.storm_watch,
            tariff,
        )
        self.history = EnergyHistory(time_zone)
        self.action = Action.SELF_USE
        self.flow = Flow(0, 0, 0, 0, 0, self.stored_kwh)
        self.plans = 0
        """How often time-based control has planned."""
        self._premises = premises
        self._zone = time_zone
        self._draws = Random(f"{seed}/powerwall/{config.site_id}")
        self._noticed = tariff
        self._due: list[tuple[float, Callable[[float], None]]] = []
        self._notice_at = math.inf
        self._plan_at = 0.0
        self._refilling = False

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
            export=self.settings.export_rule,
            grid_charging=self.settings.grid_charging,
            export_cap_w=self.config.export_cap_w,
        )

    @property
    def noticed_tariff(self) -> Tariff | None:
        """The tariff that time-based control plans with."""
        return self._noticed

    def set_mode(self, mode: OperationMode, at: float) -> None:
        """Change the mode; doing so makes the Powerwall look at everything anew."""
        self.settings.mode = mode
        self._notice_at = at
        self._plan_at = at

    def set_reserve(self, percent: int, at: float) -> None:
        """Change the reserve; 81 to 99 % do not last."""
        self.settings.reserve_percent = percent
        self._due = [due for due in self._due if due[1] != self._snap]
        if 80 < percent < 100:
            self._do_at(at + _SNAP_AFTER, self._snap)

    def set_tariff(self, tariff: Tariff, at: float) -> None:
        """Store a tariff; it is noticed later."""
        self.settings.tariff = tariff
        slow = self._draws.random() < 0.2
        minutes = self._draws.uniform(15, 45) if slow else self._draws.uniform(1, 5)
        self._notice_at = min(self._notice_at, at + 60 * minutes)

    def store_later(self, at: float, store: Callable[[float], None]) -> None:
        """Let a change that was accepted be stored at a later time."""
        self._do_at(at, store)

    def next_event(self) -> float:
        """Return when something happens by itself (unix seconds)."""
        due = self._due[0][0] if self._due else math.inf
        return min(due, self._notice_at, self._plan_at)

    def settle(self, at: float) -> None:
        """Do what is due by now."""
        while self._due and self._due[0][0] <= at:
            _, change = self._due.pop(0)
            change(at)
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
        rules = self.rules
        if at % 60 == 0:
            # Once a minute, so that it does not matter how often somebody looks.
            self._see_to_reserve(rules)
        action, limit = self._what_to_do()
        self.flow = share_power(
            self.battery, rules, action, self.stored_kwh, solar_w, load_w, hours, limit
        )
        self.stored_kwh = self.flow.stored_kwh
        self.history.add(at, self.flow, hours)

    def look(self, solar_w: float, load_w: float) -> None:
        """Show the powers of this moment without letting time pass."""
        rules = self.rules
        self._see_to_reserve(rules)
        action, limit = self._what_to_do()
        self.flow = share_power(
            *(self.battery, rules, action, self.stored_kwh, solar_w, load_w),
            *(1 / 60, limit),
        )

    def _what_to_do(self) -> tuple[Action, float | None]:
        """Return the action by mode, and a limit of its charging power."""
        units = self.config.powerwalls
        if self.settings.mode is OperationMode.BACKUP:
            return Action.CHARGE, _BACKUP_CHARGE_W * units
        if self._refilling:
            return Action.CHARGE, _RESERVE_CHARGE_W * units
        if self.settings.mode is OperationMode.AUTONOMOUS:
            return self.action, None
        return Action.SELF_USE, None

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

    def _do_at(self, at: float, change: Callable[[float], None]) -> None:
        self._due.append((at, change))
        self._due.sort(key=lambda due: due[0])

    def _snap(self, _at: float) -> None:
        self.settings.reserve_percent = 80
