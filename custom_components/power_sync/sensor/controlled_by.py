"""A sensor that tells who has the Powerwall in hand."""

from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)

from ..control_entity import ControlEntity
from ..core.model.decisions import Feature, Keep, Lever, LeverValue
from ..core.model.tesla_tariff import TeslaTariff
from ..runtime import Powerwall

OWNER = "owner"
"""Nobody but the owner."""


class ControlledBySensor(ControlEntity, SensorEntity):
    """The foremost feature that holds a setting; by setting, all that explains it."""

    def __init__(self, powerwall: Powerwall) -> None:
        """Describe the sensor."""
        super().__init__(
            powerwall,
            SensorEntityDescription(
                key="controlled_by",
                translation_key="controlled_by",
                device_class=SensorDeviceClass.ENUM,
                options=[OWNER, *(_name(feature) for feature in Feature)],
            ),
        )

    @property
    @override
    def native_value(self) -> str:
        """Return the feature."""
        feature = self.controller.in_charge
        return OWNER if feature is None else _name(feature)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return, for each setting that is not simply the owner's, what holds it."""
        found = {lever.value: self._explain(lever) for lever in Lever}
        return {name: held for name, held in found.items() if held is not None}

    def _explain(self, lever: Lever) -> dict[str, Any] | None:
        """Return who holds a setting, why, until when, and what will be put back.

        None for one that nobody holds. Without a reason nobody wants it any more, and
        it has not come back yet.
        """
        want, entry = (
            self.controller.holder(lever),
            self.controller.journal.entry(lever),
        )
        if want is not None:
            feature = want.feature
        elif entry is not None:
            feature = entry.feature
        else:
            return None
        held: dict[str, Any] = {
            "feature": _name(feature),
            "reason": want.reason.value if want else None,
            "until": want.expires.isoformat() if want and want.expires else None,
        }
        if want is not None and not isinstance(want.value, Keep):
            held["value"] = _plain(want.value)
        if entry is not None:
            held["owner"] = _plain(entry.owner)
        return held


def _name(feature: Feature) -> str:
    """Return how a feature is written in states."""
    return feature.name.lower()


def _plain(value: LeverValue | None) -> str | float | bool | None:
    """Return a value as JSON; a tariff is known by its name."""
    return value.buy.name if isinstance(value, TeslaTariff) else value
