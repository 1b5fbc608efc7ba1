"""Run the simulated home inside Home Assistant, for whoever has no account."""

from zoneinfo import ZoneInfo

from homeassistant.util import dt as dt_util

from .sim.config import HomeConfig
from .sim.home import SimulatedHome
from .sim.server import SimulatorServer

TIME_ZONE = "Australia/Sydney"
"""Where the simulated home stands: Amber sells only in Australia."""


async def start_simulated_home(seed: int) -> SimulatorServer:
    """Start the services of a simulated home on a free port of this machine.

    Equal seeds give equal homes. The caller stops what is returned.
    """
    zone = await dt_util.async_get_time_zone(TIME_ZONE)
    if not isinstance(zone, ZoneInfo):
        raise TypeError(f"no time zone data for {TIME_ZONE}")
    server = SimulatorServer(
        # Looked up at every call, so that a test's clock counts too.
        SimulatedHome(HomeConfig(seed=seed, time_zone=zone), lambda: dt_util.utcnow())  # noqa: PLW0108
    )
    await server.start()
    return server
