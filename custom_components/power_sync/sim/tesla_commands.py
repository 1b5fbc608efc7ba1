"""What Tesla's commands for a site check and change.

Each function of COMMANDS checks the body of a POST and returns the changes by setting, to be
carried out when (and if) they are stored.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..core.model.powerwall import ExportRule, OperationMode
from .agenda import Store
from .powerwall import Powerwall
from .tesla_tariff import Tariff, TariffRefusedError

type Changes = Mapping[str, Store]
type Check = Callable[[Powerwall, Mapping[str, Any]], Changes]


class RefusedError(ValueError):
    """A request that Tesla answers with 400."""


def _time_of_use_settings(site: Powerwall, body: Mapping[str, Any]) -> Changes:
    settings = body.get("tou_settings")
    content = settings.get("tariff_content_v2") if isinstance(settings, dict) else None
    if content is None:
        raise RefusedError("Must provide either a valid TOU setting or tariffID")
    try:
        tariff = Tariff(content)
    except TariffRefusedError as err:
        raise RefusedError(str(err)) from None
    return {"tariff": lambda at: site.set_tariff(tariff, at)}


def _operation(site: Powerwall, body: Mapping[str, Any]) -> Changes:
    try:
        mode = OperationMode(str(body.get("default_real_mode")))
    except ValueError:
        raise RefusedError("invalid default_real_mode") from None
    return {"mode": lambda at: site.set_mode(mode, at)}


def _backup(site: Powerwall, body: Mapping[str, Any]) -> Changes:
    percent = body.get("backup_reserve_percent")
    if (
        isinstance(percent, bool)
        or not isinstance(percent, int | float)
        or not 0 <= percent <= 100
    ):
        raise RefusedError("backup_reserve_percent must be 0 to 100")
    whole = round(percent)
    return {"reserve": lambda at: site.set_reserve(whole, at)}


def _grid_import_export(site: Powerwall, body: Mapping[str, Any]) -> Changes:
    rule = body.get("customer_preferred_export_rule")
    disallow = body.get("disallow_charge_from_grid_with_solar_installed")
    if rule is None and disallow is None:
        raise RefusedError("nothing to set")
    if not isinstance(disallow, bool | None):
        raise RefusedError("disallow_charge_from_grid... must be true or false")
    try:
        export = None if rule is None else ExportRule(rule)
    except ValueError:
        raise RefusedError("invalid customer_preferred_export_rule") from None

    changes: dict[str, Store] = {}
    if export is not None:
        changes["export_rule"] = lambda _: site.set_export_rule(export)
    if disallow is not None:
        changes["grid_charging"] = lambda _: site.set_grid_charging(not disallow)
    return changes


def _storm_mode(site: Powerwall, body: Mapping[str, Any]) -> Changes:
    enabled = body.get("enabled")
    if not isinstance(enabled, bool):
        raise RefusedError("enabled must be true or false")

    return {"storm_watch": lambda _: site.set_storm_watch(enabled)}


COMMANDS: dict[str, tuple[Check, int]] = {
    "time_of_use_settings": (_time_of_use_settings, 201),
    "operation": (_operation, 201),
    "backup": (_backup, 201),
    "grid_import_export": (_grid_import_export, 204),
    "storm_mode": (_storm_mode, 201),
}
"""Commands by the end of their path, with the code of the answer."""
