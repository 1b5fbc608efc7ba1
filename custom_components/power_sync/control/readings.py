"""What moving levers needs of whoever reads the site and keeps the state."""

from datetime import datetime
from typing import Protocol

from ..core.model.powerwall import SiteInfo
from ..core.standing import Standing


class SiteReadings(Protocol):
    """The settings of a site, read again on demand."""

    data: SiteInfo
    last_update_success: bool

    @property
    def known(self) -> SiteInfo | None:
        """Return the newest settings, None if there never were any."""
        ...

    async def async_refresh(self) -> None:
        """Read the site; failure shows in ``last_update_success``."""
        ...

    def start_reauth(self) -> None:
        """Ask the user for new credentials."""
        ...


class StandingKeeper(Protocol):
    """What must not be forgotten, and where it is written down."""

    standing: Standing

    async def put(self, standing: Standing) -> None:
        """Change the state; when this returns it is safe."""
        ...

    async def put_sometimes(self, standing: Standing, now: datetime) -> None:
        """Change the state, which a crash may lose."""
        ...
