"""The course of a home's days: an agenda, and everybody who watches."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
import random

from homeassistant.exceptions import HomeAssistantError

from custom_components.power_sync import const
from custom_components.power_sync.core.model.decisions import Record
from custom_components.power_sync.sim.powerwall import Powerwall
from custom_components.power_sync.sim.tesla_account import Command
from harness.virtual.network import Request

from .claims import SPIKE_LEVERS, Claim, Claims, Rank, steering
from .cloud import TARIFF, stored
from .diary import Diary
from .effects import Effects
from .episodes import Episodes
from .house import House
from .invariants import Invariants
from .price_rules import PriceRule
from .sync_day import Watcher

type Action = Callable[[], Awaitable[None]]

MINUTE = timedelta(minutes=1)
LOOK_AT = 55
"""Second of each minute at which the levers are looked at."""


@dataclass(frozen=True, slots=True, order=True)
class _Item:
    at: datetime
    number: int
    action: Action


class Course:
    """One home, its agenda and its watchers."""

    def __init__(self, house: House, seed: int, first_day: date, name: str) -> None:
        """Begin on a date; ``number`` counts the days of the agenda."""
        self.house = house
        self.seed = seed
        self.number = 0
        self.claims = Claims(chosen=dict(stored(house.home.powerwall)))
        self.invariants = Invariants(self, self.claims)
        self.effects = Effects(house.home)
        self.diary = Diary(house.config.time_zone)
        self.records: list[tuple[datetime, Record]] = []
        self.prices: Watcher | None = None
        """Who compares every tariff of prices with the reference."""
        self.unexpected: list[str] = []
        self.answers: list[str] = []
        """What services said that could not do all they were asked for."""
        self._name = name
        self._first_day = first_day
        self._agenda: list[_Item] = []
        self._began = self.now
        self._tasks: set[asyncio.Task[None]] = set()
        market, retail = house.home.market, house.config.retail
        options = house.options.get(const.CONF_SPIKE_RESPONSE) or {}
        threshold = options.get("threshold", 300.0) / 1000
        self.spikes = Episodes(
            rank=Rank.SPIKE,
            values=SPIKE_LEVERS,
            rule=PriceRule(limit=threshold, calm=0.95 * threshold),
            price=lambda start: (
                market.spot(market.region, int(start.timestamp())) / 1000
            ),
            claims=self.claims,
        )
        margin = (house.options.get(const.CONF_CURTAILMENT) or {}).get("margin", 0.002)
        self.curtailment = Episodes(
            rank=Rank.CURTAILMENT,
            values={"export_rule": ("never",)},
            rule=PriceRule(limit=0.0, calm=margin, doubt=0.015, low=True),
            price=lambda start: (
                retail.export_price(market.spot(market.region, int(start.timestamp())))
                / 100
            ),
            claims=self.claims,
        )
        house.home.tesla.listeners.append(self._on_command)

    # The sites of the invariants

    @property
    def powerwall(self) -> Powerwall:
        """The site as the cloud and the battery see it."""
        return self.house.home.powerwall

    @property
    def requests(self) -> list[Request]:
        """Everything that was ever asked of any service."""
        return self.house.network.requests

    @property
    def lives(self) -> int:
        """How often Home Assistant has been started."""
        return self.house.lives

    def today(self, moment: datetime) -> date:
        """Return the local date of a moment."""
        return moment.astimezone(self.house.config.time_zone).date()

    def is_settled(self, moment: datetime) -> bool:
        """Return whether everything that begins the first day was over by then."""
        return moment > self._began + MINUTE

    @property
    def now(self) -> datetime:
        """The time, UTC."""
        return self.house.loop.now()

    # The agenda

    def draws(self) -> random.Random:
        """Return the luck of this day, the same at every run of a seed."""
        return random.Random(  # noqa: S311 - keeps no secret
            f"{self.seed}/{self._name}/{self.number}"
        )

    def moment(self, clock: str, *, second: int = 0) -> datetime:
        """Return a local time of this day in UTC."""
        hour, minute = map(int, clock.split(":"))
        local = datetime.combine(
            self._first_day + timedelta(days=self.number),
            datetime.min.time(),
            tzinfo=self.house.config.time_zone,
        ) + timedelta(hours=hour, minutes=minute, seconds=second)
        return local.astimezone(UTC)

    def at(self, when: str | datetime, action: Action) -> None:
        """Enter something into the agenda, at a local time or a moment.

        What would have been before the beginning is left out.
        """
        moment = self.moment(when) if isinstance(when, str) else when
        if moment >= self._began:
            self._agenda.append(_Item(moment, len(self._agenda), action))

    async def run(self, until: datetime) -> None:
        """Let time pass, do what is due and look at everything in each minute."""
        self._agenda.sort()
        while (now := self.now) < until:
            await self._wait_until(now.replace(second=0, microsecond=0) + MINUTE)
            self.spikes.follow(self.now)
            self.curtailment.follow(self.now)
            await self._wait_until(self.now + timedelta(seconds=LOOK_AT))
            self.look()

    async def _wait_until(self, moment: datetime) -> None:
        """Let time pass until then; what is due on the way is begun."""
        while self._agenda and self._agenda[0].at <= moment:
            item = self._agenda.pop(0)
            await self._sleep_until(item.at)
            task = asyncio.get_running_loop().create_task(self._do(item.action))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await self._sleep_until(moment)

    async def _sleep_until(self, moment: datetime) -> None:
        await asyncio.sleep(max(0.0, (moment - self.now).total_seconds()))

    async def _do(self, action: Action) -> None:
        try:
            await action()
        except HomeAssistantError as error:
            # Commands are lost and late here: what matters is what becomes of it.
            self.answers.append(f"{self.now:%H:%M:%S} UTC: {error}")
        except Exception as error:  # noqa: BLE001 - told with the results
            self.unexpected.append(f"{self.now:%H:%M:%S} UTC: {error!r}")

    async def finish(self) -> None:
        """Drop what is still on the agenda and wait for what has begun."""
        self._agenda.clear()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def look(self) -> None:
        """Look at everything once."""
        now = self.now
        self.house.home.advance()
        self.invariants.look(now)
        self.effects.look(self._steers(now), now)
        if self.prices is not None:
            self.prices.look()
        self.claims.forget(now - timedelta(hours=1))

    def _steers(self, now: datetime) -> Claim | None:
        """Return the force that runs, if one does."""
        forces = [c for c in steering(self.claims.live(TARIFF, now)) if c.must]
        return next(
            (c for c in forces if c.rank is Rank.FORCE and c.spans(now, now)), None
        )

    def _on_command(self, command: Command) -> None:
        self.diary.command(command)
        self.invariants.command(command)

    def listen(self) -> None:
        """Hear of every decision of this life."""
        self.house.controller.log.async_add_news_listener(self._on_decision)

    def _on_decision(self, record: Record) -> None:
        self.records.append((self.now, record))
        self.invariants.stories.decision(record, self.now)

    def tell(self, what: str) -> None:
        """Write down what is done to the home."""
        self.diary.happening(self.now, what)
