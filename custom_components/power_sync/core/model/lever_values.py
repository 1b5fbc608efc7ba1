"""What a site says of each lever."""

from .decisions import Lever, LeverValue
from .powerwall import SiteInfo


def lever_value(site: SiteInfo, lever: Lever) -> LeverValue | None:
    """Return what a lever is set to; None where the site has no such setting."""
    match lever:
        case Lever.TARIFF:
            return site.tariff
        case Lever.OPERATION_MODE:
            return site.operation_mode
        case Lever.EXPORT_RULE:
            return site.export_rule
        case Lever.GRID_CHARGING:
            return site.grid_charging
        case Lever.BACKUP_RESERVE:
            return site.backup_reserve
        case Lever.STORM_WATCH:
            return site.storm_watch
