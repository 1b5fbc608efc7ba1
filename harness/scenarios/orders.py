"""What the user asks for in Home Assistant: services, buttons, switches, numbers."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from custom_components.power_sync import const
from custom_components.power_sync.core.model.switches import Switch

from .claims import FORCE_LEVERS, PRICES, SPIKE_LEVERS, Claim, Name, Rank
from .cloud import TARIFF
from .course import MINUTE, Action, Course

SWITCHES = {
    Switch.AUTO_SYNC: "auto_sync_tou_schedule",
    Switch.SPIKE_PROTECTION: "spike_protection",
    Switch.EXPORT_BOOST: "export_boost",
    Switch.SPIKE_RESPONSE: "spike_response",
    Switch.CURTAILMENT: "solar_curtailment",
    Switch.REAPPLY_EXPORT_RULE: "reapply_export_rule",
    Switch.REPLAN: "force_mode_toggle",
}
"""The entities by what they switch."""
PACED = timedelta(minutes=7)
"""How long it may take to give a tariff back that nobody waits for."""


class Orders(Course):
    """A course with everything that its user can ask for."""

    async def call(self, domain: str, service: str, **data: Any) -> None:
        """Call a service of Home Assistant; raises HomeAssistantError as it does."""
        await self.house.hass.services.async_call(domain, service, data, blocking=True)

    def force(
        self, direction: str, minutes: int, *, reserve: int | None = None
    ) -> Action:
        """Charge or discharge by service."""

        async def act() -> None:
            self.tell(f"force {direction} for {minutes} min")
            data = {"duration": minutes}
            values = dict(FORCE_LEVERS[direction])
            if reserve is not None:
                data["reserve"] = reserve
                values["backup_reserve"] = (reserve,)
            self._begin_force(values, minutes)
            await self.call(const.DOMAIN, f"force_{direction}", **data)

        return act

    def press_force(self, direction: str, minutes: int) -> Action:
        """Charge or discharge by button, after choosing how long."""

        async def act() -> None:
            self.tell(f"button: force {direction} for {minutes} min")
            await self.call(
                "select",
                "select_option",
                entity_id=self.house.entity_id("force_duration"),
                option=str(minutes),
            )
            self._begin_force(FORCE_LEVERS[direction], minutes)
            await self.call(
                "button", "press", entity_id=self.house.entity_id(f"force_{direction}")
            )

        return act

    def _begin_force(
        self, values: Mapping[str, tuple[Name, ...]], minutes: int
    ) -> None:
        now = self.now
        self.claims.end(Rank.FORCE, now)
        self.claims.rests_until = None
        end = (now + minutes * MINUTE).replace(second=0, microsecond=0)
        self.claims.add(Claim(rank=Rank.FORCE, values=values, since=now, until=end))

    def extend(self, minutes: int) -> Action:
        """Let the running force end later, or sooner."""

        async def act() -> None:
            self.tell(f"extend the force by {minutes} min")
            for claim in self.claims.live(TARIFF, self.now):
                if claim.rank is Rank.FORCE and claim.until is not None:
                    claim.until = max(self.now, claim.until + minutes * MINUTE)
            await self.call(const.DOMAIN, "extend_force", minutes=minutes)

        return act

    def restore(self) -> Action:
        """Call off everything temporary."""

        async def act() -> None:
            self.tell("restore")
            now = self.now
            for rank in (Rank.FORCE, Rank.SPIKE, Rank.CURTAILMENT):
                self.claims.end(rank, now)
            self.spikes.overrule()
            self.curtailment.overrule()
            self.claims.rests_until = None
            await self.call(const.DOMAIN, "restore")

        return act

    def rehearse(self, price: float, minutes: int) -> Action:
        """Simulate a spike."""

        async def act() -> None:
            self.tell(f"rehearse {price:.0f} $/MWh for {minutes} min")
            now = self.now
            self.claims.rests_until = None
            self.claims.add(
                Claim(
                    rank=Rank.SPIKE,
                    values=SPIKE_LEVERS,
                    since=now,
                    until=now + minutes * MINUTE,
                )
            )
            await self.call(
                const.DOMAIN, "simulate_spike", price=price, duration=minutes
            )

        return act

    def switch(self, switch: Switch, *, on: bool) -> Action:
        """Let PowerSync do something on its own, or not."""

        async def act() -> None:
            self.tell(f"switch {switch.value} {'on' if on else 'off'}")
            self._switched(switch, on=on)
            await self.call(
                "switch",
                "turn_on" if on else "turn_off",
                entity_id=self.house.entity_id(SWITCHES[switch]),
            )

        return act

    def _switched(self, switch: Switch, *, on: bool) -> None:
        now = self.now
        match switch:
            case Switch.AUTO_SYNC:
                self.claims.rests_until = None
                if on:
                    self.prices_flow()
                else:
                    self.claims.end(Rank.SYNC, now)
                    self.claims.end(Rank.FALLBACK, now)
                    # Giving back keeps to the pace of tariffs.
                    self.invariants.excuse(now + PACED, TARIFF)
            case Switch.SPIKE_RESPONSE:
                self.spikes.switch(now, on=on)
            case Switch.CURTAILMENT:
                self.curtailment.switch(now, on=on)
            case Switch.REAPPLY_EXPORT_RULE:
                self.curtailment.values = {
                    "export_rule": ("never", "pv_only") if on else ("never",)
                }
            case Switch.REPLAN:
                self.invariants.replans = on

    def prices_flow(self) -> None:
        """Let prices make the tariff from now on."""
        self.claims.add(
            Claim(rank=Rank.SYNC, values={TARIFF: (PRICES,)}, since=self.now)
        )

    def set_reserve(self, percent: int) -> Action:
        """Give the backup reserve another value, by its entity."""

        async def act() -> None:
            self.tell(f"entity: backup reserve {percent} %")
            self.claims.chosen["backup_reserve"] = percent
            self.invariants.user_asks("backup_reserve", self.now)
            await self.call(
                "number",
                "set_value",
                entity_id=self.house.entity_id("backup_reserve"),
                value=percent,
            )

        return act

    def push(self) -> Action:
        """Send the tariff of the newest prices now."""

        async def act() -> None:
            self.tell("send the tariff now")
            self.claims.rests_until = None
            self.invariants.user_asks(TARIFF, self.now)
            await self.call(const.DOMAIN, "sync_tou_schedule")

        return act
