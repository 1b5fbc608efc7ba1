"""Where a home's services are."""

from dataclasses import dataclass, field

from ..const import (
    AEMO_URL,
    CONF_SEED,
    CONF_SIMULATED,
    NEMWEB_URL,
    TESLEMETRY_URL,
    TESSIE_URL,
)
from ..runtime import PowerSyncConfigEntry
from ..simulated import start_simulated_home
from ..sources import SourceAddresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the services are that have no address of their own in a subentry."""

    sources: SourceAddresses = field(default_factory=SourceAddresses)
    teslemetry: str = TESLEMETRY_URL
    tessie: str = TESSIE_URL
    aemo: str = AEMO_URL
    nemweb: str = NEMWEB_URL
    """Where the wholesale market is that the response to spikes watches."""


async def find_addresses(entry: PowerSyncConfigEntry) -> Addresses:
    """Return the services' addresses; a simulated home's are started for it."""
    if not entry.data.get(CONF_SIMULATED):
        return Addresses()
    server = await start_simulated_home(entry.data[CONF_SEED])
    # First on the list, last to go: also when the set-up fails half-way.
    entry.async_on_unload(server.stop)
    return Addresses(
        sources=SourceAddresses(
            amber=server.amber_url, amber_stream=server.amber_ws_url
        ),
        teslemetry=server.teslemetry_url,
        tessie=server.tessie_url,
        aemo=server.aemo_url,
        nemweb=server.nemweb_url,
    )
