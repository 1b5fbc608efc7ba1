"""What happens to a home from outside: Tesla's app, the market, outages, restarts."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from custom_components.power_sync.sim.faults import Fault, FaultKind, Service
from custom_components.power_sync.sim.situation import Situation

from .claims import PRICES, Claim, Rank
from .cloud import APP_SETTINGS, TARIFF, Value
from .course import MINUTE, Action, Course
from .invariants import BACK_WITHIN
from .stories import NOTICED_WITHIN

FALLBACK_AFTER = timedelta(hours=2)
PRICES_BACK = timedelta(minutes=8)
"""How long after an outage prices may still be missing."""


class Outside(Course):
    """A course with everything that is not its user's doing."""

    def app(self, **settings: Any) -> Action:
        """Change settings in Tesla's app."""

        async def act() -> None:
            now = self.now
            for setting, value in settings.items():
                lever = APP_SETTINGS[setting]
                shown = value["name"] if lever == TARIFF else value
                self.tell(f"Tesla's app: {lever} {shown}")
                self._owner_chooses(lever, value, now)
            site_id = self.house.config.tesla_sites[0].site_id
            self.house.home.tesla.use_app(site_id, **settings)

        return act

    def _owner_chooses(self, lever: str, value: Value, now: datetime) -> None:
        is_synced = lever == TARIFF and bool(self.claims.live(lever, now))
        ended = self.claims.owner_chose(lever, value, now)
        if ended or is_synced:
            self.invariants.stories.change(lever, now)
        for claim in ended:
            match claim.rank:
                case Rank.SPIKE:
                    self.spikes.overrule()
                case Rank.CURTAILMENT:
                    self.curtailment.overrule()
            self.invariants.excuse(now + NOTICED_WITHIN + BACK_WITHIN, *claim.values)
        if lever in (TARIFF, "operation_mode"):
            self.invariants.excuse(now + NOTICED_WITHIN + BACK_WITHIN, lever)

    # What happens outside

    def market(self, price: float, minutes: int) -> Action:
        """Let the wholesale price go somewhere."""

        async def act() -> None:
            self.tell(f"market: {price:.0f} $/MWh for {minutes} min")
            self.house.home.spike(price, minutes)

        return act

    def situation(self, minutes: int, **what: bool) -> Action:
        """Let a storm, a dispatch or an outage of the grid come and go."""

        async def act() -> None:
            self.tell(f"{' '.join(what)} for {minutes} min")
            site_id = self.house.config.tesla_sites[0].site_id
            tesla = self.house.home.tesla
            before = self.powerwall.situation
            tesla.set_situation(site_id, replace(before, **what))
            self.invariants.hands_off_since = self.now
            await asyncio.sleep(minutes * 60)
            tesla.set_situation(site_id, Situation())
            self.tell(f"{' '.join(what)} over")
            self.invariants.hands_off_since = None
            self.invariants.excuse(self.now + BACK_WITHIN)

        return act

    def tesla_away(self, minutes: int, kind: FaultKind, **details: Any) -> Action:
        """Let Tesla's service fail for a while."""

        async def act() -> None:
            fault = Fault(service=Service.TESLA, kind=kind, **details)
            self.tell(f"Tesla: {kind.value} for {minutes} min")
            self.invariants.away = True
            self.house.home.faults.add(fault)
            await asyncio.sleep(minutes * 60)
            self.house.home.faults.clear()
            self.tell("Tesla: back")
            self._is_back()

        return act

    def token_refused(self, minutes: int) -> Action:
        """Let Tesla's service refuse the token, until it accepts it again."""

        async def act() -> None:
            self.tell(f"Tesla: token refused for {minutes} min")
            tesla = self.house.home.tesla
            token, tesla.token = tesla.token, None
            self.invariants.away = True
            await asyncio.sleep(minutes * 60)
            tesla.token = token
            self.tell("Tesla: token accepted")
            self._is_back()

        return act

    def _is_back(self) -> None:
        self.invariants.away = False
        self.invariants.excuse(self.now + BACK_WITHIN)

    def amber_away(
        self, minutes: int, kind: FaultKind = FaultKind.STATUS_503
    ) -> Action:
        """Let Amber fail for a while; after two hours of it there is a fallback."""

        async def act() -> None:
            now = self.now
            self.tell(f"Amber: {kind.value} for {minutes} min")
            self.house.home.faults.add(Fault(service=Service.AMBER, kind=kind))
            back = now + minutes * MINUTE
            self.claims.end(Rank.SYNC, now)
            values = {TARIFF: (PRICES,)}
            self.claims.add(
                Claim(
                    rank=Rank.SYNC,
                    values=values,
                    since=now,
                    until=back + PRICES_BACK,
                    must=False,
                )
            )
            begin = now + FALLBACK_AFTER
            if back > begin - PRICES_BACK:
                fallback = {"operation_mode": ("self_consumption",)}
                for since, until, must in (
                    (begin - PRICES_BACK, back + PRICES_BACK, False),
                    (begin + PRICES_BACK, back, True),
                ):
                    self.claims.add(
                        Claim(
                            rank=Rank.FALLBACK,
                            values=fallback,
                            since=since,
                            until=until,
                            must=must,
                            # Nothing else acts on prices.
                            needs=("operation_mode", "autonomous"),
                        )
                    )
            await asyncio.sleep(minutes * 60)
            self.house.home.faults.clear()
            self.tell("Amber: back")
            self.claims.add(
                Claim(rank=Rank.SYNC, values=values, since=back + PRICES_BACK)
            )

        return act

    # What happens to Home Assistant

    def restart(self, minutes: float) -> Action:
        """Stop Home Assistant, and start a new one on the same folder later."""

        async def act() -> None:
            self.tell("Home Assistant stops")
            self.invariants.away = True
            await self.house.stop()
            await asyncio.sleep(minutes * 60)
            await self.house.start()
            self.listen()
            self.tell("Home Assistant has started")
            self.invariants.away = False
            self.invariants.excuse(self.now + BACK_WITHIN)

        return act

    def reload(self) -> Action:
        """Unload the home and set it up again."""

        async def act() -> None:
            self.tell("the home is reloaded")
            entry = self.house.entry
            await self.house.hass.config_entries.async_reload(entry.entry_id)
            self.listen()
            self.invariants.excuse(self.now + BACK_WITHIN)

        return act
