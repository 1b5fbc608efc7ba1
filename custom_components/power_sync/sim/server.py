"""All services of a simulated home on one loopback port."""

from aiohttp import web

from . import admin_service
from .aemo_service import REPORTS
from .home import SimulatedHome
from .nemweb_service import CURRENT


class SimulatorServer:
    """Serves a home's services, each under its own name, and ``/_sim``.

    The home's state stays when the server stops; a new start may get another port.
    """

    def __init__(self, home: SimulatedHome) -> None:
        """Prepare to serve a home."""
        self.home = home
        self._runner: web.AppRunner | None = None
        self._base = ""

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Begin to serve; port 0 takes a free one.

        Raises:
            OSError: the port is taken.
        """
        root = web.Application()
        root.add_subapp("/amber/ws", self.home.amber_socket_app())
        root.add_subapp("/amber", self.home.amber_app())
        root.add_subapp("/visualisations", self.home.aemo_app())
        root.add_subapp("/nemweb", self.home.nemweb_app())
        if self.home.comed is not None:
            root.add_subapp("/comed", self.home.comed_app())
        root.add_subapp("/teslemetry", self.home.tesla_app())
        root.add_subapp("/fleet", self.home.fleet_app())
        root.add_subapp("/tessie", self.home.tessie_app())
        root.add_subapp("/_sim", admin_service.app(self.home))
        # The access log needs a local clock, which a frozen test clock lacks.
        runner = web.AppRunner(root, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self._base = f"http://{host}:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop serving; does nothing if not started."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    @property
    def amber_url(self) -> str:
        """Base URL of the Amber service, in place of ``https://api.amber.com.au/v1``."""
        return f"{self._base}/amber/v1"

    @property
    def amber_ws_url(self) -> str:
        """URL of Amber's WebSocket, in place of ``wss://api-ws.amber.com.au``."""
        return f"{self._base}/amber/ws".replace("http", "ws", 1)

    @property
    def aemo_url(self) -> str:
        """Base URL of AEMO's reports.

        In place of ``https://visualisations.aemo.com.au/aemo/apps/api/report``.
        """
        return f"{self._base}/visualisations{REPORTS}"

    @property
    def nemweb_url(self) -> str:
        """Base URL of the files, in place of ``https://nemweb.com.au/Reports/Current``."""
        return f"{self._base}/nemweb{CURRENT}"

    @property
    def comed_url(self) -> str:
        """Base URL of ComEd, in place of ``https://hourlypricing.comed.com``."""
        return f"{self._base}/comed"

    @property
    def teslemetry_url(self) -> str:
        """Base URL of Teslemetry, in place of ``https://api.teslemetry.com``."""
        return f"{self._base}/teslemetry"

    @property
    def fleet_url(self) -> str:
        """Base URL of the Fleet API or a proxy of it.

        In place of ``https://fleet-api.prd.na.vn.cloud.tesla.com``.
        """
        return f"{self._base}/fleet"

    @property
    def tessie_url(self) -> str:
        """Base URL of Tessie, in place of ``https://api.tessie.com``."""
        return f"{self._base}/tessie"

    @property
    def admin_url(self) -> str:
        """Base URL of the service for tests and the demo."""
        return f"{self._base}/_sim"
