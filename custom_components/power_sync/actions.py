"""What a user can ask for by button or service."""

from typing import Any

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .control.log import describe
from .coordinator.base import ServiceCoordinator
from .core.model.decisions import Action, Record
from .core.model.prices import Channel
from .core.model.tariff_plan import TariffPlan
from .runtime import Home

_IN_VAIN = {Action.BLOCKED, Action.FAILED, Action.NOT_APPLIED, Action.POSTPONED}


async def push_tariff(home: Home) -> dict[str, Any]:
    """Fetch prices, build the tariff, send it; return what was done.

    Raises ServiceValidationError if the home lacks what that needs, and
    HomeAssistantError if nothing could be sent.
    """
    if home.prices is None or home.powerwall is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="home_incomplete"
        )
    await home.prices.refresh_now()
    if not home.prices.last_update_success:
        raise _refresh_failed([home.prices.service])
    return _outcome(await home.powerwall.controller.push())


async def push_plan(home: Home, plan: TariffPlan) -> dict[str, Any]:
    """Send a whole tariff plan; return what was done.

    Raises ServiceValidationError if the home has no Powerwall or follows other
    prices, which would replace the plan within minutes; HomeAssistantError if
    nothing could be sent.
    """
    if home.powerwall is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_powerwall"
        )
    followed = home.prices.source.plan if home.prices else None
    if (
        home.powerwall.controller.sync_enabled
        and home.prices is not None
        and followed != plan
    ):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="sync_is_on"
        )
    return _outcome(await home.powerwall.controller.push(plan))


def _outcome(record: Record) -> dict[str, Any]:
    """Return what became of a push; raises HomeAssistantError if nothing did."""
    if record.action in _IN_VAIN:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=f"push_{record.action.value}",
            translation_placeholders={
                "reason": record.reason.value,
                "error": record.error or "",
            },
        )
    return describe(record)


async def refresh(home: Home) -> dict[str, Any]:
    """Fetch everything anew, send nothing; return what is known now.

    Raises HomeAssistantError naming the services that could not be reached.
    """
    coordinators: list[ServiceCoordinator[Any]] = []
    if home.prices is not None:
        coordinators.append(home.prices)
    if home.powerwall is not None:
        powerwall = home.powerwall
        coordinators += [powerwall.live, powerwall.site, powerwall.energy]
    for coordinator in coordinators:
        await coordinator.refresh_now()
    failed = {
        coordinator.service
        for coordinator in coordinators
        if not coordinator.last_update_success
    }
    if failed:
        raise _refresh_failed(sorted(failed))

    result: dict[str, Any] = {}
    if home.prices is not None:
        series = home.prices.data.series
        result["prices"] = {
            "fetched_at": series.fetched_at.isoformat(),
            **{
                f"{channel.value}_price": point.price
                for channel in Channel
                if (point := series.running(channel, dt_util.utcnow())) is not None
            },
        }
    if home.powerwall is not None:
        live = home.powerwall.live.data
        result["powerwall"] = {
            "measured_at": live.measured_at.isoformat(),
            "solar_power": live.solar_power,
            "grid_power": live.grid_power,
            "battery_power": live.battery_power,
            "home_load": live.load_power,
            "battery_level": live.state_of_charge,
        }
    return result


def _refresh_failed(services: list[str]) -> HomeAssistantError:
    """Return the error that names which services did not answer."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="refresh_failed",
        translation_placeholders={"services": ", ".join(services)},
    )
