"""Names that are stored or published, each in one place."""

from logging import Logger, getLogger
from typing import Final

DOMAIN: Final = "power_sync"
LOGGER: Final[Logger] = getLogger(__package__)

SUBENTRY_PRICE_SOURCE: Final = "price_source"
SUBENTRY_POWERWALL: Final = "powerwall"

CONF_ACCESS_TOKEN: Final = "access_token"  # noqa: S105 - a name
CONF_ADVANCED: Final = "advanced"
CONF_API_TOKEN: Final = "api_token"  # noqa: S105 - a name
CONF_BASE_URL: Final = "base_url"
CONF_CHANNELS: Final = "channels"
CONF_DRY_RUN: Final = "dry_run"
CONF_ENERGY_SITE_ID: Final = "energy_site_id"
CONF_FALLBACK: Final = "fallback"
CONF_FORECAST: Final = "forecast"
CONF_PROVIDER: Final = "provider"
CONF_SEED: Final = "seed"
CONF_SIMULATED: Final = "simulated"
CONF_SITE_ID: Final = "site_id"
CONF_SUBENTRY_ID: Final = "subentry_id"
CONF_TIME_ZONE: Final = "time_zone"
CONF_WAY: Final = "way"

PROVIDER_AMBER: Final = "amber"
WAY_TESLEMETRY: Final = "teslemetry"

AMBER_URL: Final = "https://api.amber.com.au/v1"
TESLEMETRY_URL: Final = "https://api.teslemetry.com"

EVENT_DECISION: Final = f"{DOMAIN}_decision"
