"""What a simulated home consists of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ..core.model.powerwall import ExportRule, OperationMode
from .faults import Fault
from .nem_market import REGIONS
from .owners_tariff import OWNERS_TARIFF
from .powerwall_units import POWERWALL_TWO, Unit
from .prices import PriceTruth
from .retail import RetailPlan
from .situation import Situation
from .tokens import unsigned_token

AMBER_TOKEN = "psk_simulated_home_amber"  # noqa: S105 - opens nothing real
TESLEMETRY_TOKEN = "simulated-home-teslemetry"  # noqa: S105 - opens nothing real
FLEET_TOKEN = unsigned_token(
    {
        "iss": "https://fleet-auth.tesla.com/oauth2/v3/nts",
        "sub": "00000000-0000-4000-8000-0000000000f1",
        "scp": ["openid", "offline_access", "energy_device_data", "energy_cmds"],
        "ou_code": "NA",
    }
)
"""Like a real one it says what it may do: everything about energy, nothing with cars."""
TESSIE_TOKEN = "simulated-home-tessie"  # noqa: S105 - opens nothing real
VEHICLE_VIN = "LRWYHCEK0PC000001"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmberSite:
    """A site of the Amber account, as ``/sites`` lists it.

    ``status`` is ``active``, ``pending`` or ``closed``; only active sites have
    prices.
    """

    site_id: str = "01J9QK3V6E2ZB8W4S1T0XN7RMD"
    nmi: str = "4102345678"
    network: str = "Ausgrid"
    status: str = "active"
    interval_minutes: int = 5
    feed_in: bool = True
    controlled_load: bool = False
    active_from: str = "2025-07-14"
    closed_on: str | None = None

    def __post_init__(self) -> None:
        """Refuse intervals that Amber does not have.

        Raises:
            ValueError: the interval is neither 5 nor 30 minutes.
        """
        if self.interval_minutes not in (5, 30):
            raise ValueError("An Amber site has intervals of 5 or 30 minutes")


@dataclass(frozen=True, slots=True, kw_only=True)
class TeslaSite:
    """An energy site of the Tesla account and the owner's settings on it.

    ``charge_percent`` is the state of charge at first (``HomeConfig.lived_in``). Sites
    without Powerwalls are the empty placeholders that Tesla also lists. ``tariff`` is
    the ``tariff_content_v2`` that the owner entered in Tesla's app.

    Without an ``export_rule`` the site belongs to a virtual power plant: its rule can
    be sent, but is never shown. ``omits_zeros`` leaves zeros and flags that are off
    out of ``site_info``; without ``tells_stored`` nothing says how many kWh are in
    the battery.

    Of the accepted commands ``late_share`` come into force 1 to 45 minutes later
    (unless a newer one overtakes them), ``lost_share`` never, and those of
    ``unanswered_share`` are carried out without an answer.
    """

    site_id: int = 2252000000000001
    name: str = "Home"
    powerwalls: int = 1
    unit: Unit = POWERWALL_TWO
    charge_percent: float = 45.0
    mode: OperationMode = OperationMode.AUTONOMOUS
    reserve_percent: int = 20
    export_rule: ExportRule | None = ExportRule.BATTERY_OK
    grid_charging: bool = True
    storm_watch: bool = False
    export_cap_w: float = 10_000
    wall_connectors: int = 2
    firmware: str = "26.18.3 00000000"
    tariff: Mapping[str, Any] | None = field(default_factory=lambda: OWNERS_TARIFF)
    situation: Situation = field(default_factory=Situation)
    omits_zeros: bool = False
    tells_stored: bool = True
    late_share: float = 0.0
    lost_share: float = 0.0
    unanswered_share: float = 0.0

    def __post_init__(self) -> None:
        """Refuse shares that are none.

        Raises:
            ValueError: a share is not 0 to 1.
        """
        for share in (self.late_share, self.lost_share, self.unanswered_share):
            if not 0 <= share <= 1:
                raise ValueError("A share of commands is 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeConfig:
    """Everything that makes one simulated home differ from another.

    ``time_zone`` is passed ready-made where reading zone files would block. Without
    ``prices`` the synthetic market of ``seed`` is used. The home has been running
    for ``lived_in`` when the simulation begins, so that there is a history to show.
    ``latitude`` is in degrees, south negative. ``region`` is the part of AEMO's market
    whose prices are the truth. ``comed_zone`` is Chicago's time zone, passed
    ready-made for the same reason; without it ComEd's service is not there.
    ``amber_socket`` says whether the Amber account may use the WebSocket, and
    ``speed`` how many seconds of the home pass in one of the event loop.
    """

    seed: int = 1
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Australia/Sydney"))
    latitude: float = -33.9
    solar_kwp: float = 8.0
    amber_sites: tuple[AmberSite, ...] = (AmberSite(),)
    tesla_sites: tuple[TeslaSite, ...] = (TeslaSite(),)
    prices: PriceTruth | None = None
    region: str = "NSW1"
    comed_zone: ZoneInfo | None = None
    amber_socket: bool = True
    speed: float = 1.0
    retail: RetailPlan = field(default_factory=RetailPlan)
    lived_in: timedelta = timedelta(days=1)
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        """Refuse regions that the market does not have.

        Raises:
            ValueError: it is not one of the five.
        """
        if self.region not in REGIONS:
            raise ValueError(f"The market's regions are {', '.join(REGIONS)}")
