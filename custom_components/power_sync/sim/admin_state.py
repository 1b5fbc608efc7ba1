"""What is true of a simulated home at the moment, as JSON."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .front_door import FrontDoor
from .powerwall import Powerwall
from .tesla_account import AppChange, Command

if TYPE_CHECKING:
    from .home import SimulatedHome


def doors(home: SimulatedHome) -> dict[str, FrontDoor]:
    """Return the doors of the services without an account, by service."""
    known = {"aemo": home.aemo.door, "nemweb": home.nemweb.door}
    if home.comed is not None:
        known["comed"] = home.comed.door
    return known


def state(home: SimulatedHome) -> dict[str, Any]:
    """Return what is true at the moment."""
    at = home.advance()
    buy, sell = home.price_now(at)
    return {
        "now": datetime.fromtimestamp(at, UTC).isoformat(),
        "import_price": buy,
        "export_price": sell,
        "cost": home.account.cost,
        "amber_requests": home.amber.requests,
        "amber_subscribers": home.amber_socket.subscribers,
        **{
            f"{service}_requests": host.requests
            for service, host in home.tesla.hosts.items()
        },
        **{f"{name}_requests": door.requests for name, door in doors(home).items()},
        "spikes": [
            {
                "region": event.region,
                "start": datetime.fromtimestamp(event.start, UTC).isoformat(),
                "end": datetime.fromtimestamp(event.end, UTC).isoformat(),
                "price": event.price,
            }
            for event in home.market.events.all
        ],
        "app_changes": [_app_change(change) for change in home.tesla.app_changes],
        "sites": [
            _site(site)
            | {
                "site_id": site_id,
                "commands": sum(c.site_id == site_id for c in home.tesla.commands),
            }
            for site_id, site in home.sites.items()
        ],
    }


def situation(site: Powerwall) -> dict[str, bool]:
    """Return what happens to a site, and what it makes of it."""
    return {
        "storm": site.situation.storm,
        "grid_services": site.situation.grid_services,
        "off_grid": site.situation.off_grid,
        "storm_mode_active": site.storm_mode_active,
        "grid_services_active": site.grid_services_active,
    }


def command(accepted: Command) -> dict[str, Any]:
    """Return an accepted command."""
    return {
        "received_at": accepted.received_at.isoformat(),
        "via": accepted.via,
        "site_id": accepted.site_id,
        "name": accepted.name,
        "body": accepted.body,
        "stored": accepted.stored,
        "delay": accepted.delay,
    }


def _app_change(change: AppChange) -> dict[str, Any]:
    return {
        "changed_at": change.changed_at.isoformat(),
        "site_id": change.site_id,
        "setting": change.setting,
        "value": change.value,
    }


def _site(site: Powerwall) -> dict[str, Any]:
    return {
        "name": site.config.name,
        "unit": site.config.unit.part_name,
        "solar_w": site.flow.solar_w,
        "load_w": site.flow.load_w,
        "battery_w": site.flow.battery_w,
        "grid_w": site.flow.grid_w,
        "curtailed_w": site.flow.curtailed_w,
        "charge_percent": site.charge_percent,
        "action": site.action,
        "plans": site.plans,
        "mode": site.settings.mode,
        "reserve_percent": site.settings.reserve_percent,
        "export_rule": site.settings.export_rule,
        "grid_charging": site.settings.grid_charging,
        "storm_watch": site.settings.storm_watch,
        "stored_tariff": site.settings.tariff and site.settings.tariff.document,
        "tariff_noticed": site.noticed_tariff is site.settings.tariff,
        "pending": site.pending,
        "situation": situation(site),
    }
