"""Names that are stored or published, each in one place."""

from logging import Logger, getLogger
from typing import Final

DOMAIN: Final = "power_sync"
LOGGER: Final[Logger] = getLogger(__package__)

SUBENTRY_PRICE_SOURCE: Final = "price_source"
SUBENTRY_POWERWALL: Final = "powerwall"
SUBENTRY_TARIFF_PLAN: Final = "tariff_plan"

CONF_ACCESS_TOKEN: Final = "access_token"  # noqa: S105 - a name
CONF_ACTIVE_PLAN: Final = "active_plan"
CONF_ADVANCED: Final = "advanced"
CONF_API_TOKEN: Final = "api_token"  # noqa: S105 - a name
CONF_BASE_URL: Final = "base_url"
CONF_CHANNELS: Final = "channels"
CONF_DEMAND: Final = "demand"
CONF_DELIVERY: Final = "delivery"
CONF_DRY_RUN: Final = "dry_run"
CONF_ENERGY_SITE_ID: Final = "energy_site_id"
CONF_EXPORT_ENTITY: Final = "export_entity"
CONF_FALLBACK: Final = "fallback"
CONF_FORECAST: Final = "forecast"
CONF_IMPORT_ENTITY: Final = "import_entity"
CONF_INTERVAL: Final = "interval_minutes"
CONF_MONTHLY_CHARGE: Final = "monthly_charge"
CONF_NEMWEB_URL: Final = "nemweb_url"
CONF_PROVIDER: Final = "provider"
CONF_REGION: Final = "region"
CONF_RETAIL: Final = "retail"
CONF_RETAILER: Final = "retailer"
CONF_SEED: Final = "seed"
CONF_SIMULATED: Final = "simulated"
CONF_SITE_ID: Final = "site_id"
CONF_STREAM_URL: Final = "stream_url"
CONF_SUBENTRY_ID: Final = "subentry_id"
CONF_TIME_ZONE: Final = "time_zone"
CONF_UNIT: Final = "unit"
CONF_WAY: Final = "way"

PROVIDER_AEMO: Final = "aemo"
PROVIDER_AMBER: Final = "amber"
PROVIDER_COMED: Final = "comed"
PROVIDER_PLAN: Final = "plan"
PROVIDER_SENSOR: Final = "sensor"
WAY_TESLEMETRY: Final = "teslemetry"

AEMO_URL: Final = "https://visualisations.aemo.com.au/aemo/apps/api/report"
AMBER_STREAM_URL: Final = "wss://api-ws.amber.com.au"
AMBER_URL: Final = "https://api.amber.com.au/v1"
COMED_URL: Final = "https://hourlypricing.comed.com"
NEMWEB_URL: Final = "https://nemweb.com.au/Reports/Current"
TESLEMETRY_URL: Final = "https://api.teslemetry.com"

EVENT_DECISION: Final = f"{DOMAIN}_decision"
