"""Push tariffs and fetch everything anew."""

from typing import Any

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..coordinator.base import ServiceCoordinator
from ..core.model.prices import Channel
from ..core.model.switches import Switch
from ..core.model.tariff_plan import TariffPlan
from ..runtime import Home
from .outcome import outcome, powerwall_of


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
    return outcome(await home.powerwall.controller.push())


async def push_plan(home: Home, plan: TariffPlan) -> dict[str, Any]:
    """Send a whole tariff plan; return what was done.

    Raises ServiceValidationError if the home has no Powerwall or follows other
    prices, which would replace the plan within minutes; HomeAssistantError if
    nothing could be sent.
    """
    powerwall = powerwall_of(home)
    followed = home.prices.source.plan if home.prices else None
    if (
        powerwall.controller.is_on(Switch.AUTO_SYNC)
        and home.prices is not None
        and followed != plan
    ):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="sync_is_on"
        )
    return outcome(await powerwall.controller.push(plan))


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
