"""What a report about a home contains: what explains, and nothing that identifies.

Built from what is known to be harmless, rather than by striking secrets from
everything: tokens, sites, meters, names, addresses and coordinates never get in.
"""

from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .const import CONF_PROVIDER, CONF_SIMULATED
from .control.log import describe
from .control.tariff_view import todays_tariff
from .coordinator.base import ServiceCoordinator
from .coordinator.prices import PriceCoordinator
from .core.model.decisions import Feature, Lever, Record
from .core.model.prices import Channel
from .core.model.switches import Switch
from .preferences import Preferences
from .runtime import PowerSyncConfigEntry, Powerwall
from .stored.ways import ways_from_stored

_RECORDS = 20


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: PowerSyncConfigEntry
) -> dict[str, Any]:
    """Return what is needed to understand what a home does."""
    home = entry.runtime_data
    preferences = Preferences.from_options(entry.options)
    return {
        "home": {
            "simulated": bool(entry.data.get(CONF_SIMULATED)),
            "parts": sorted(item.subentry_type for item in entry.subentries.values()),
            "currency": hass.config.currency,
        },
        "options": {
            "forecast": preferences.forecast.value,
            "fallback": preferences.fallback.value,
            "dry_run": preferences.dry_run,
            "own_time_zone": preferences.time_zone is not None,
            "demand": preferences.demand is not None,
            "demand_to_tariff": preferences.demand_to_tariff,
        },
        "prices": None if home.prices is None else _prices(entry, home.prices),
        "powerwall": None if home.powerwall is None else _powerwall(home.powerwall),
    }


def _coordinator(coordinator: ServiceCoordinator[Any]) -> dict[str, Any]:
    """Return whether a service answers and, if not, since when and why."""
    at = coordinator.last_success_at
    error = coordinator.last_exception
    return {
        "answers": coordinator.last_update_success,
        "seconds_since_success": (
            round((dt_util.utcnow() - at).total_seconds()) if at else None
        ),
        "error": str(error) if error else None,
        "not_before": (
            coordinator.not_before.isoformat() if coordinator.not_before else None
        ),
    }


def _prices(entry: PowerSyncConfigEntry, prices: PriceCoordinator) -> dict[str, Any]:
    """Return where prices come from and how far they reach, not the prices."""
    data = _coordinator(prices) | {
        # One of our own words: it names the service, not the customer.
        "provider": entry.subentries[prices.subentry_id].data[CONF_PROVIDER],
        "stream": prices.stream_state.value if prices.stream_state else None,
    }
    for entity in prices.source.watches:
        if data["error"] is not None:
            data["error"] = data["error"].replace(entity, "(an entity)")
    if (known := prices.known) is None:
        return data
    settlement = known.series.settlement
    data |= {
        "origin": known.series.origin,
        "days_recorded": known.summary.days if known.summary else 0.0,
        "settlement_minutes": (
            None if settlement is None else settlement // timedelta(minutes=1)
        ),
    }
    for channel in Channel:
        if points := known.series.channel(channel):
            data[channel.value] = {
                "intervals": len(points),
                "from": points[0].start.isoformat(),
                "until": points[-1].end.isoformat(),
                "minutes": sorted({p.duration.seconds // 60 for p in points}),
            }
    return data


def _powerwall(powerwall: Powerwall) -> dict[str, Any]:
    """Return how a Powerwall is set, what we did and what we owe."""
    controller = powerwall.controller
    data: dict[str, Any] = {
        "live": _coordinator(powerwall.live),
        "site": _coordinator(powerwall.site),
        "energy": _coordinator(powerwall.energy),
        "ways": _ways(powerwall),
        "control": {
            "switches": {switch.value: controller.is_on(switch) for switch in Switch},
            "in_charge": _feature(controller.in_charge),
            "force": None
            if controller.force is None
            else {
                "direction": controller.force.direction.value,
                "until": controller.force.until.isoformat(),
            },
            "manual_until": (
                controller.manual_until.isoformat() if controller.manual_until else None
            ),
            "profiles": len(controller.profiles.all),
            "last_sync_at": (
                controller.last_sync_at.isoformat() if controller.last_sync_at else None
            ),
            "owed": _owed(powerwall),
            "latest": {
                lever.value: _decision(record)
                for lever, record in controller.log.latest.items()
            },
            # All half hours of each would be a long report.
            "decisions": [
                {
                    key: value
                    for key, value in _decision(record).items()
                    if key != "slots"
                }
                for record in list(controller.log.records)[-_RECORDS:]
            ],
        },
    }
    if (live := powerwall.live.known) is not None:
        data["live"] |= {
            "grid_status": live.grid_status.value,
            "storm_mode_active": live.storm_mode_active,
            "grid_services_active": live.grid_services_active,
        }
    if (site := powerwall.site.known) is not None:
        data["site"] |= {
            "firmware": site.firmware,
            "operation_mode": site.operation_mode,
            "backup_reserve": site.backup_reserve,
            "export_rule": site.export_rule,
            "grid_charging": site.grid_charging,
            "storm_watch": site.storm_watch,
            "units": site.battery_count,
            "has_solar": site.has_solar,
            "knows_its_time_zone": site.time_zone is not None,
        }
        if site.tariff is not None:
            today = todays_tariff(site.tariff, controller.zone, dt_util.utcnow())
            data["tariff"] = {
                "running": today.running,
                "buy": today.buy,
                "sell": today.sell,
            }
    return data


def _ways(powerwall: Powerwall) -> dict[str, Any]:
    """Return by which way a Powerwall is reached, and what is wrong with the others."""
    client = powerwall.client
    return {
        "offered": [way.label for way in ways_from_stored(powerwall.subentry.data)],
        "used": client.current,
        "refused": sorted(client.refused),
        "failures": {name: str(error) for name, error in client.failures.items()},
    }


def _decision(record: Record) -> dict[str, Any]:
    """Return a decision; a tariff has a name that somebody gave it."""
    data = describe(record)
    if record.lever is Lever.TARIFF:
        data.pop("from", None)
        data.pop("to", None)
    return data


def _owed(powerwall: Powerwall) -> dict[str, Any]:
    """Return for which settings the owner's value is kept; not what tariffs say."""
    journal = powerwall.controller.journal
    return {
        lever.value: {
            "feature": _feature(entry.feature),
            "since": entry.since.isoformat(),
            "confirmed": entry.confirmed,
            "owner_had_one": entry.owner is not None,
        }
        | ({} if lever is Lever.TARIFF else {"owner": entry.owner, "sent": entry.sent})
        | {"late_commands": len(journal.echoes.get(lever, ()))}
        for lever in Lever
        if (entry := journal.entry(lever)) is not None
    }


def _feature(feature: Feature | None) -> str | None:
    """Return a feature's name."""
    return feature.name.lower() if feature else None
