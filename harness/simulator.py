"""Serve a simulated home on its own: ``python -m harness.simulator``.

Prints one line of JSON with the URLs and tokens and serves until SIGTERM or SIGINT.
"""

import argparse
import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import signal
import sys
import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from . import bare

bare.install()

from custom_components.power_sync.sim.config import (  # noqa: E402
    AMBER_TOKEN,
    FLEET_TOKEN,
    TESLEMETRY_TOKEN,
    TESSIE_TOKEN,
    AmberSite,
    HomeConfig,
)
from custom_components.power_sync.sim.home import SimulatedHome  # noqa: E402
from custom_components.power_sync.sim.nem_market import REGIONS  # noqa: E402
from custom_components.power_sync.sim.price_files import (  # noqa: E402
    PriceFileError,
    read_prices,
)
from custom_components.power_sync.sim.prices import NEM, Market  # noqa: E402
from custom_components.power_sync.sim.server import SimulatorServer  # noqa: E402


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        config = _config(options)
    except PriceFileError as err:
        print(f"simulator: {err}", file=sys.stderr)
        return 2
    except ZoneInfoNotFoundError:
        print(
            f"simulator: no time zone {options.time_zone!r}; "
            "use a name such as Australia/Sydney",
            file=sys.stderr,
        )
        return 2
    home = SimulatedHome(config, _clock(options.speed))
    try:
        asyncio.run(_serve(SimulatorServer(home), options.port))
    except OSError as err:
        print(
            f"simulator: port {options.port} cannot be used ({err.strerror}); "
            "choose another or 0",
            file=sys.stderr,
        )
        return 1
    return 0


async def _serve(server: SimulatorServer, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await server.start(port=port)
    try:
        print(
            json.dumps(
                {
                    "amber_url": server.amber_url,
                    "amber_ws_url": server.amber_ws_url,
                    "aemo_url": server.aemo_url,
                    "nemweb_url": server.nemweb_url,
                    "comed_url": server.comed_url,
                    "teslemetry_url": server.teslemetry_url,
                    "fleet_url": server.fleet_url,
                    "tessie_url": server.tessie_url,
                    "admin_url": server.admin_url,
                    "amber_token": AMBER_TOKEN,
                    "teslemetry_token": TESLEMETRY_TOKEN,
                    "fleet_token": FLEET_TOKEN,
                    "tessie_token": TESSIE_TOKEN,
                }
            ),
            flush=True,
        )
        await stop.wait()
    finally:
        await server.stop()


def _clock(speed: float) -> Callable[[], datetime]:
    """Return the home's clock: it starts at the present and runs ``speed`` times."""
    if speed == 1:
        return lambda: datetime.now(UTC)
    begin, started = datetime.now(UTC), time.monotonic()
    return lambda: begin + timedelta(seconds=(time.monotonic() - started) * speed)


def _config(options: argparse.Namespace) -> HomeConfig:
    prices = None
    if options.prices:
        today = datetime.now(NEM).date()
        prices = Market(read_prices(options.prices, onto=today), options.seed)
    return HomeConfig(
        seed=options.seed,
        time_zone=ZoneInfo(options.time_zone),
        amber_sites=(AmberSite(interval_minutes=options.interval),),
        prices=prices,
        region=options.region,
        comed_zone=ZoneInfo("America/Chicago"),
        speed=options.speed,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m harness.simulator", description="Serve a simulated home."
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=1, help="another home")
    parser.add_argument(
        "--prices",
        type=Path,
        nargs="+",
        default=(),
        metavar="FILE",
        help="recorded prices, shown from today on (AEMO's PRICE_AND_DEMAND and others)",
    )
    parser.add_argument(
        "--region", choices=REGIONS, default="NSW1", help="whose prices these are"
    )
    parser.add_argument("--time-zone", default="Australia/Sydney", metavar="ZONE")
    parser.add_argument(
        "--speed", type=_positive, default=1.0, help="seconds per second"
    )
    parser.add_argument(
        "--interval", type=int, choices=(5, 30), default=5, help="of Amber's prices"
    )
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be above 0")
    return value


if __name__ == "__main__":
    sys.exit(main())
