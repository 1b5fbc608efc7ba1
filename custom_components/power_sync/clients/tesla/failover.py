"""Several ways in to one Powerwall as one, of which the best that works is used."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
import logging
from typing import override

from ...core.model.powerwall import (
    EnergyTotals,
    ExportRule,
    LiveStatus,
    OperationMode,
    SiteInfo,
)
from ...core.model.tesla_tariff import TeslaTariff
from ..errors import (
    AuthError,
    ClientError,
    InvalidDataError,
    OutcomeUnknownError,
    RateLimitedError,
)
from ..protocols import PowerwallClient
from .way_health import STRIKES, WayHealth

_MAY_BE_APPLIED = (OutcomeUnknownError, InvalidDataError)
"""After these a command is not sent anywhere else; whoever sent it reads back."""

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Way:
    """A way in, under a name that people may read."""

    name: str
    client: PowerwallClient


@dataclass(frozen=True, slots=True, kw_only=True)
class WayChange:
    """Another way is used now; ``error`` is what the former did, None on a return."""

    at: datetime
    before: str
    after: str
    error: ClientError | None


class FailoverPowerwall(PowerwallClient):
    """Ways in to one Powerwall, best first, as one ``PowerwallClient``.

    - The way in use is asked. If it does not accept the credentials or asks to wait,
      the next one takes over at once; for other failures after three in a row. A way
      that was given up, or asks to wait, is passed over.
    - The call that brings about a take-over is made again on the new way, but never
      a command whose outcome is unknown: that one is raised as it is.
    - While a lesser way is used, a read first sees whether a better one is healthy
      again (``site_info``), at most every 5 minutes for each: not before the end of
      the wait that was asked for, and after 15 minutes if the credentials were not
      accepted. The first healthy one is returned to.
    - If no way works, the caller sees the error of the best one that was asked for
      this call. If all that were asked want to wait, or none may be asked, it is a
      RateLimitedError that says when the first one may be.

    A single way is asked every time, and its errors are raised as they are.
    """

    def __init__(
        self,
        ways: Sequence[Way],
        *,
        now: Callable[[], datetime],
        on_change: Callable[[WayChange], None] | None = None,
        on_refused: Callable[[str], None] | None = None,
        strikes: int = STRIKES,
    ) -> None:
        """Use the first way; raises ValueError without one or for two of one name.

        ``on_refused`` hears the name of a better way that was to be returned to but
        does not accept the credentials: no call fails of that.
        """
        self._ways = tuple(ways)
        if len({way.name for way in ways}) != len(ways) or not ways:
            raise ValueError("there must be a way, and each must have its own name")
        self._health = tuple(WayHealth(strikes) for _ in ways)
        self._now = now
        self._on_change = on_change
        self._on_refused = on_refused
        self._used = 0
        self._changes = 0

    @property
    def current(self) -> str:
        """Return the name of the way in use."""
        return self._ways[self._used].name

    @property
    def failures(self) -> Mapping[str, ClientError]:
        """Return the newest error of each way that has not worked since, by name."""
        return {
            way.name: health.error
            for way, health in zip(self._ways, self._health, strict=True)
            if health.error is not None
        }

    @property
    def refused(self) -> frozenset[str]:
        """Return the names of the ways whose credentials were not accepted.

        Only a success shows that they are now, not another failure.
        """
        return frozenset(
            way.name
            for way, health in zip(self._ways, self._health, strict=True)
            if health.refused
        )

    @override
    async def live_status(self) -> LiveStatus:
        """Return the power flows of this moment."""
        return await self._read(lambda way: way.live_status())

    @override
    async def site_info(self) -> SiteInfo:
        """Return settings, equipment and the stored tariff."""
        return await self._read(lambda way: way.site_info())

    @override
    async def energy_today(self) -> EnergyTotals:
        """Return the energy since local midnight."""
        return await self._read(lambda way: way.energy_today())

    @override
    async def energy_lifetime(self) -> EnergyTotals:
        """Return the energy since installation."""
        return await self._read(lambda way: way.energy_lifetime())

    @override
    async def send_tariff(self, tariff: TeslaTariff) -> None:
        """Store a tariff; success says it was accepted, not that it is in force."""
        await self._command(lambda way: way.send_tariff(tariff))

    @override
    async def send_operation_mode(self, mode: OperationMode) -> None:
        """Set the operation mode; success says it was accepted."""
        await self._command(lambda way: way.send_operation_mode(mode))

    @override
    async def send_backup_reserve(self, percent: float) -> None:
        """Set the backup reserve in %; success says it was accepted."""
        await self._command(lambda way: way.send_backup_reserve(percent))

    @override
    async def send_export_rule(self, rule: ExportRule) -> None:
        """Set what may be sent to the grid; success says it was accepted."""
        await self._command(lambda way: way.send_export_rule(rule))

    @override
    async def send_grid_charging(self, allowed: bool) -> None:
        """Allow or forbid charging from the grid; success says it was accepted."""
        await self._command(lambda way: way.send_grid_charging(allowed))

    @override
    async def send_storm_watch(self, enabled: bool) -> None:
        """Let Tesla fill the battery before storms, or not."""
        await self._command(lambda way: way.send_storm_watch(enabled))

    async def _read[T](self, ask: Callable[[PowerwallClient], Awaitable[T]]) -> T:
        await self._return_to_better()
        return await self._call(ask, final=())

    async def _command(self, ask: Callable[[PowerwallClient], Awaitable[None]]) -> None:
        await self._call(ask, final=_MAY_BE_APPLIED)

    async def _call[T](
        self,
        ask: Callable[[PowerwallClient], Awaitable[T]],
        *,
        final: tuple[type[ClientError], ...],
    ) -> T:
        """Ask one way after the other until one works or is not given up yet.

        Several calls run at a time, so the way in use may be another one when the
        answer comes: then the failure is old news, and the new way is asked.
        """
        failed: dict[int, ClientError] = {}
        while (index := self._way_to_ask(failed)) is not None:
            changes = self._changes
            try:
                return await self._ask(index, ask)
            except ClientError as error:
                failed[index] = error
            old_news = changes != self._changes
            health = self._health[index]
            health.failed(failed[index], self._now(), counts=not old_news)
            if not old_news and health.given_up:
                self._take_over(failed)
            if isinstance(failed[index], final):
                raise failed[index]
        raise self._verdict(failed)

    async def _ask[T](
        self, index: int, ask: Callable[[PowerwallClient], Awaitable[T]]
    ) -> T:
        """Ask a way and note that it worked."""
        health = self._health[index]
        failures = health.failures
        answer = await ask(self._ways[index].client)
        health.worked(failures)
        return answer

    def _way_to_ask(self, failed: Mapping[int, ClientError]) -> int | None:
        """Return the way in use, or None if it has failed already or must not be asked.

        One that has asked to wait meanwhile is left for another one.
        """
        if self._must_wait(self._used):
            self._take_over(failed)
        blocked = self._used in failed or self._must_wait(self._used)
        return None if blocked else self._used

    def _must_wait(self, index: int) -> bool:
        """Return whether a way has asked to wait; a single one is asked all the same."""
        return len(self._ways) > 1 and self._health[index].is_limited(self._now())

    def _take_over(self, failed: Mapping[int, ClientError]) -> None:
        """Use the next way that there is a point in asking, if there is one."""
        now = self._now()
        after, before = range(self._used + 1, len(self._ways)), range(self._used)
        for index in (*after, *before):
            if index not in failed and self._health[index].may_take_over(now):
                self._use(index, self._health[self._used].error)
                return

    async def _return_to_better(self) -> None:
        """Use the best way again that is found healthy."""
        for index, health in enumerate(self._health):
            if index >= self._used:
                return
            if not health.may_be_probed(self._now()):
                continue
            # Noted first, so that no other call does the same meanwhile.
            health.probe_later(self._now())
            try:
                await self._ask(index, lambda way: way.site_info())
            except ClientError as error:
                health.failed(error, self._now(), counts=False)
                if isinstance(error, AuthError) and self._on_refused is not None:
                    self._on_refused(self._ways[index].name)
                continue
            # Others may have got further, or been told to wait, in the meantime.
            if index < self._used and health.error is None:
                self._use(index, None)

    def _use(self, index: int, error: ClientError | None) -> None:
        """Use another way from now on, and say so."""
        change = WayChange(
            at=self._now(),
            before=self.current,
            after=self._ways[index].name,
            error=error,
        )
        self._used = index
        self._changes += 1
        self._health[index].begin()
        if error is None:
            _LOGGER.info("The Powerwall is reached through %s again", change.after)
        else:
            _LOGGER.warning(
                "The Powerwall is reached through %s now, because %s failed: %s",
                change.after,
                change.before,
                error,
            )
        if self._on_change is not None:
            self._on_change(change)

    def _verdict(self, failed: Mapping[int, ClientError]) -> ClientError:
        """Return the error of a call that no way could answer."""
        for index in sorted(failed):
            error = failed[index]
            if len(self._ways) == 1 or not isinstance(error, RateLimitedError):
                return error
        now = self._now()
        return RateLimitedError(
            "no way to Tesla may be asked yet",
            min(health.free_in(now) for health in self._health),
        )
