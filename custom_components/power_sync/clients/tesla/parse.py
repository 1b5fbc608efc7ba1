"""Tesla's answers about energy sites into ``core.model.powerwall``.

Wire: everything in ``{"response": …}``, power in W, energy in Wh, absent means zero,
false or unknown depending on the field. What is absent or null is reported as such;
what is there but of the wrong kind refuses the whole answer (InvalidDataError naming
the field), because a controller must not act on half of one.
Source: Tesla's Fleet API documentation and Home Assistant's test fixtures.
"""

from enum import StrEnum

from ...core.model.powerwall import (
    EnergySite,
    ExportRule,
    GridStatus,
    LiveStatus,
    OperationMode,
    SiteInfo,
)
from ...core.model.tariff_document import TariffDocumentError, read_tariff
from ...core.model.tesla_tariff import TeslaTariff
from ..errors import InvalidDataError
from ..json_fields import (
    JsonObject,
    flag,
    instant,
    json_list,
    json_object,
    number,
    optional,
    text,
    whole,
)

_PER_KILO = 1000
_ISLANDING = {
    "on_grid": GridStatus.ON_GRID,
    "off_grid": GridStatus.OFF_GRID,
    "off_grid_unintentional": GridStatus.OFF_GRID,
    "off_grid_intentional": GridStatus.OFF_GRID_INTENTIONAL,
}


def parse_products(answer: object) -> tuple[EnergySite, ...]:
    """Return the energy sites among an account's products.

    Cars are left out, and so are the empty sites that Tesla keeps for accounts
    without equipment. ``name`` is empty if the owner never gave one.
    """
    sites = []
    for index, entry in enumerate(json_list(_response(answer), "response")):
        where = f"product {index}"
        product = json_object(entry, where)
        if product.get("energy_site_id") is None:
            continue
        parts = optional(json_object, product.get("components"), f"{where} components")
        parts = parts or {}
        has_battery = _is_set(parts, "battery", f"{where} components")
        has_solar = _is_set(parts, "solar", f"{where} components")
        chargers = optional(
            json_list, parts.get("wall_connectors"), f"{where} wall_connectors"
        )
        if has_battery or has_solar or chargers:
            sites.append(
                EnergySite(
                    site_id=whole(product["energy_site_id"], f"{where} energy_site_id"),
                    name=_name(product, where),
                    has_battery=has_battery,
                    has_solar=has_solar,
                )
            )
    return tuple(sites)


def parse_live_status(answer: object) -> LiveStatus:
    """Return the power flows of a live status; sites without any have no object."""
    return read_live_status(_response(answer))


def read_live_status(document: object) -> LiveStatus:
    """Return the power flows of a live status that has no envelope."""
    live = json_object(document, "live_status")
    energy_left = _number(live, "energy_left")
    return LiveStatus(
        measured_at=instant(live.get("timestamp"), "timestamp"),
        solar_power=_number(live, "solar_power"),
        grid_power=_number(live, "grid_power"),
        battery_power=_number(live, "battery_power"),
        load_power=_number(live, "load_power"),
        state_of_charge=_number(live, "percentage_charged"),
        energy_left=None if energy_left is None else energy_left / _PER_KILO,
        grid_status=_grid_status(live),
        storm_mode_active=_is_set(live, "storm_mode_active"),
        grid_services_active=_is_set(live, "grid_services_active"),
    )


def parse_site_info(answer: object) -> SiteInfo:
    """Return the settings of a site."""
    return read_site_info(_response(answer))


def read_site_info(document: object) -> SiteInfo:
    """Return the settings of a site from a document that has no envelope.

    A stored tariff that cannot be understood refuses the whole answer: without it
    the site would look as if its owner had none, and the owner's could be
    overwritten without a copy to put back.
    """
    info = json_object(document, "site_info")
    parts = json_object(info.get("components"), "components")
    settings = optional(json_object, info.get("user_settings"), "user_settings") or {}
    energy = _number(info, "nameplate_energy")
    return SiteInfo(
        name=_name(info, "site_info"),
        firmware=optional(text, info.get("version"), "version"),
        operation_mode=_known(OperationMode, info, "default_real_mode"),
        backup_reserve=_reserve(info, parts),
        export_rule=_export_rule(parts),
        grid_charging=not _is_set(
            parts, "disallow_charge_from_grid_with_solar_installed"
        ),
        storm_watch=_storm_watch(settings, parts),
        time_zone=optional(
            text, info.get("installation_time_zone"), "installation_time_zone"
        )
        or None,
        battery_count=optional(whole, info.get("battery_count"), "battery_count"),
        nameplate_energy=None if energy is None else energy / _PER_KILO,
        nameplate_power=_number(info, "nameplate_power"),
        has_solar=_is_set(parts, "solar"),
        has_battery=_is_set(parts, "battery"),
        tariff=_tariff(info),
    )


def read_tariff_content(document: object, where: str) -> TeslaTariff | None:
    """Return a stored tariff, None for an empty document or none at all."""
    content = optional(json_object, document, where)
    if not content:
        return None
    try:
        return read_tariff(content)
    except TariffDocumentError as err:
        raise InvalidDataError(f"{where}: {err}") from None


def _response(answer: object) -> object:
    """Return what is in the envelope, None if that is empty."""
    return json_object(answer, "the answer").get("response")


def _name(body: JsonObject, where: str) -> str:
    """Return the name the owner gave a site, empty if none."""
    return optional(text, body.get("site_name"), f"{where} site_name") or ""


def _number(body: JsonObject, key: str) -> float | None:
    """Return a number that may be absent."""
    return optional(number, body.get(key), key)


def _is_set(body: JsonObject, key: str, where: str = "") -> bool:
    """Return a flag that is left out when it is not set."""
    return optional(flag, body.get(key), f"{where} {key}".strip()) or False


def _known[E: StrEnum](values: type[E], body: JsonObject, key: str) -> E | None:
    """Return a setting, None if it is absent or one that Tesla has added since."""
    name = optional(text, body.get(key), key)
    return next((value for value in values if value.value == name), None)


def _grid_status(live: JsonObject) -> GridStatus:
    """Return the grid status; the older field only tells when all is well."""
    island = optional(text, live.get("island_status"), "island_status")
    grid = optional(text, live.get("grid_status"), "grid_status")
    if island is None:
        return GridStatus.ON_GRID if grid == "Active" else GridStatus.UNKNOWN
    return _ISLANDING.get(island, GridStatus.UNKNOWN)


def _export_rule(parts: JsonObject) -> ExportRule | None:
    """Return what may be exported, None where a programme of the utility decides."""
    rule = _known(ExportRule, parts, "customer_preferred_export_rule")
    never = _is_set(parts, "non_export_configured")
    if parts.get("customer_preferred_export_rule") is None and never:
        return ExportRule.NEVER
    return rule


def _reserve(info: JsonObject, parts: JsonObject) -> float | None:
    """Return the backup reserve; of a battery that has a mode, 0 may be left out."""
    key = "backup_reserve_percent"
    if key not in info and "default_real_mode" in info and _is_set(parts, "battery"):
        return 0.0
    return _number(info, key)


def _storm_watch(settings: JsonObject, parts: JsonObject) -> bool | None:
    """Return whether storm watch is on; where there is one, off may be left out."""
    key = "storm_mode_enabled"
    if key not in settings and _is_set(parts, "storm_mode_capable"):
        return False
    return optional(flag, settings.get(key), key)


def _tariff(info: JsonObject) -> TeslaTariff | None:
    """Return the stored tariff, from the old document only if there is no new one."""
    for key in ("tariff_content_v2", "tariff_content"):
        tariff = read_tariff_content(info.get(key), key)
        if tariff is not None:
            return tariff
    return None
